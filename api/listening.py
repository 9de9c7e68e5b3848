"""Answer on an address until told to stop."""

import signal

import uvicorn
from starlette.types import ASGIApp

from api import logs
from api.settings import Settings


def listen(app: ASGIApp, host: str, port: int, limits: Settings) -> None:
    """Answer on an address until SIGTERM or SIGINT; then answer what waits and end."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _leave)  # uvicorn answers what it has begun, then raises the signal again
    logs.begin()
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        log_level="warning",
        limit_concurrency=limits.connections,
        timeout_keep_alive=limits.idle_seconds,
        timeout_graceful_shutdown=limits.stop_seconds,
    )


def _leave(_signal: int, _frame: object) -> None:
    raise SystemExit(0)
