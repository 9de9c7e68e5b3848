"""The reference of `bench_page`: FastAPI, an autocommit pool, one read, ten rows by Jinja. `BENCH_URL` says which database."""

import contextlib
import os
from collections.abc import AsyncIterator

import jinja2
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from psycopg_pool import ConnectionPool

TEMPLATE = jinja2.Environment(autoescape=True).from_string("""<!doctype html><html lang="en"><head><title>{{ title }}</title>
<link rel="stylesheet" href="/style.css"></head><body><h1>{{ title }}</h1><table><tr><th>Lot<th>Holder<th>Weight<th>Moisture<th>Date</tr>
{% for row in rows %}<tr><td><a href="/l/{{ row.lot }}">{{ row.lot }}</a><td>{{ row.holder }}<td>{{ row.kg }}<td>{{ row.moisture }}
<td>{{ row.at }}</tr>{% endfor %}</table></body></html>""")
ROWS = [{"lot": f"D-{at:06d}", "holder": f"AG-{at:02d}", "kg": "1234.5", "moisture": "6.9", "at": "2025-05-02"} for at in range(10)]


@contextlib.asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool, and close it."""
    with ConnectionPool(os.environ["BENCH_URL"], min_size=8, max_size=8, open=True, kwargs={"autocommit": True}) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=running)


@app.get("/c/{number}")
def container(number: str) -> HTMLResponse:
    """One read by key, one page."""
    with app.state.pool.connection() as conn:
        conn.execute("SELECT * FROM views.containers WHERE container_no = %s", (number,), prepare=True).fetchone()
    return HTMLResponse(TEMPLATE.render(title=number, rows=ROWS))
