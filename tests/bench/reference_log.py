"""The application of `bench_log`: the log's doors, and beside them a bare route with one read. The house is CACAO_HOME's."""

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from api import log
from api.app import create
from api.house import House, opened

entered = opened()
house = entered.__enter__()
app: FastAPI = FastAPI()
app.state = create(house).state
app.include_router(log.router)


def _line(of: House, position: int) -> bytes:
    with of.pool.connection() as conn:
        row = conn.execute("SELECT line FROM ledger.entries WHERE position = %s", (position,), binary=True, prepare=True).fetchone()
    return bytes(row[0]) if row else b""


@app.get("/bare/{position}")
async def bare(request: Request, position: int) -> Response:
    """One read by key."""
    return Response(await run_in_threadpool(_line, request.app.state.house, position), 200, None, "application/json")
