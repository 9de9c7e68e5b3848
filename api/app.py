"""Compose and open: the web application over an opened house."""

import logging
import time
import traceback
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import commands, pages
from api.access import Refusal
from api.house import House
from api.problems import problem
from domain.vocabulary import COMMANDS

log: Final = logging.getLogger("cacao")


def create(house: House) -> FastAPI:
    """The application; it does not close the house."""

    @asynccontextmanager
    async def running(_app: FastAPI) -> Any:  # noqa: ANN401 - a context
        house.follower.wake()
        yield

    app = FastAPI(
        title="Cacao Ledger", version="0.1.0", docs_url=None, redoc_url=None, lifespan=running, license_info={"name": "Apache-2.0"}
    )
    app.state.house = house
    app.include_router(commands.router)
    app.include_router(pages.router)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    app.add_middleware(Watch)
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document with the schemas of all commands."""
    if not app.openapi_schema:
        schema = FastAPI.openapi(app)
        further = COMMANDS.json_schema(ref_template="#/components/schemas/{model}")["$defs"]
        schema.setdefault("components", {}).setdefault("schemas", {}).update(further)
    return app.openapi_schema or {}


async def _refusal(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        raise refusal
    return refusal.response


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == HTTPStatus.NOT_FOUND and "text/html" in request.headers.get("accept", ""):
        return pages.missing(request)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    code = {404: "not-found", 405: "method-not-allowed"}.get(status, "http")
    return problem(status, code, "there is nothing here" if status == HTTPStatus.NOT_FOUND else "this is not possible here", headers)


async def _invalid(_request: Request, _error: Exception) -> Response:
    return problem(422, "malformed", "the address or its parameters cannot be read")


class Watch:
    """The outermost layer: one log line a request, without query or body; a failure is answered, and logged without its words."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the caller gets an answer
            _log_failure(failure)
            if not status:
                await problem(500, "failure", "something went wrong here; nothing that was acknowledged is lost")(scope, receive, noting)
        route = getattr(scope.get("route"), "path", "-")
        log.info("%s %s %s %.1f ms", scope["method"], route, status, (time.perf_counter() - began) * 1000)


def _log_failure(failure: Exception) -> None:
    """Where it happened and of what kind: the message itself may hold what somebody wrote."""
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(failure.__traceback__)]
    log.error("%s at %s", type(failure).__name__, " < ".join(reversed(places[-6:])))
