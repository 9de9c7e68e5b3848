"""Compose and open: the web application over an opened house."""

import time
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import (  # fmt: skip
    auditing,
    commands,
    dossier,
    entries,
    health,
    holdings,
    identified,
    keylist,
    labelpages,
    log,
    logs,
    oidcpages,
    pages,
    resolver,
    robots,
    scripted,
    signin,
    themed,
    userpages,
    verifypage,
    webhooks,
)
from api.access import Knowing, Refusal
from api.cache import NO_STORE, OUT, Cache, answer, asking, kept, wait
from api.counting import Counting
from api.delivery import Deliveries
from api.evidence import doors
from api.health import Health
from api.house import House
from api.languages import shipped
from api.limits import TOO_MUCH, Limits, refused
from api.metrics import Metrics
from api.office import (  # fmt: skip
    audit,
    balance,
    buying,
    containers,
    daybook,
    entry,
    farmers,
    findings,
    labels,
    numbers,
    nursery,
    plots,
    prices,
    receipt,
    sharing,
    steps,
    stock,
    today,
    undoing,
)
from api.problems import problem
from api.publishing import Publishing
from api.theme import theme
from domain.vocabulary import COMMANDS
from ledger.store import OUT_OF_REACH

DOORS: Final = (
    labelpages, pages, commands, entries, holdings, auditing, webhooks, identified, resolver, keylist, numbers,
    robots, health, log, doors, dossier, verifypage,
    scripted, themed, signin, oidcpages, userpages,
    today, buying, receipt, farmers, plots, daybook, prices, stock, steps, labels, sharing, containers, nursery, balance,
    findings, audit, entry, undoing,
)  # fmt: skip
"""Every file with routes, in the order in which they are looked through: first what most people ask for."""


def create(house: House) -> FastAPI:
    """The application; it does not close the house. Raises BadTheme."""

    @asynccontextmanager
    async def running(_app: FastAPI) -> Any:  # noqa: ANN401 - a context
        house.follower.wake()
        with Deliveries(house), Publishing(house), Counting(house.url, house.scans, house.now):
            yield

    shipped()
    theme(house.settings.theme)
    app = FastAPI(
        title="Cacao Ledger", version="0.1.0", docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=running,
        license_info={"name": "Apache-2.0"},
    )  # fmt: skip
    app.state.house, app.state.health, app.state.metrics, app.state.steady = house, Health(house), Metrics(house), Cache()
    for each in DOORS:
        app.include_router(each.router)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for lost in OUT_OF_REACH:
        app.add_exception_handler(lost, _away)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    app.add_middleware(Knowing)
    app.add_middleware(Limits, settings=house.settings, metrics=app.state.metrics)
    app.add_middleware(Watch, metrics=app.state.metrics)
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document with the schemas of all commands."""
    if not app.openapi_schema:
        schema = FastAPI.openapi(app)
        further = COMMANDS.json_schema(ref_template="#/components/schemas/{model}")["$defs"]
        schema.setdefault("components", {}).setdefault("schemas", {}).update(further)
        schema["paths"]["/commands"]["post"]["requestBody"] = commands.request_body(app.state.house.settings.batch)
    return app.openapi_schema or {}


async def _refusal(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        raise refusal
    return refusal.response


SAID: Final = {
    400: ("malformed", "the body cannot be read"),
    404: ("not-found", "there is nothing here"),
    405: ("method-not-allowed", "this is not possible here"),
}
"""Status of what the frameworks refuse -> code and sentence."""


def _unsniffed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """An answer's headers: no browser guesses what sort of thing it is."""
    sniff = (b"x-content-type-options", b"nosniff")
    return headers if any(name.lower() == sniff[0] for name, _ in headers) else [*headers, sniff]


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == HTTPStatus.NOT_FOUND and (found := await resolver.compressed(request)):
        return found
    if status == HTTPStatus.NOT_FOUND and "text/html" in request.headers.get("accept", ""):
        return pages.missing(request)
    if status in TOO_MUCH and isinstance(error, HTTPException):
        return refused(request, status, error.detail, headers=dict(error.headers or {}))
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    code, sentence = SAID.get(status, SAID[405])
    return problem(status, code, sentence, headers)


def _methods(request: Request) -> list[str]:
    """What may be done at an address, by all of its routes."""
    return [
        method
        for method in ("GET", "HEAD", "POST", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] == Match.FULL for route in request.app.routes)
    ]


async def _away(request: Request, _lost: Exception) -> Response:
    """Whatever door it was that found the database gone."""
    await kept(request).lost()
    ask = asking(request, data="text/html" not in request.headers.get("accept", ""), public=True)
    return answer(request, wait(ask, OUT), NO_STORE)


async def _invalid(_request: Request, _error: Exception) -> Response:
    return problem(422, "malformed", "the body, the address or its parameters cannot be read")


class Watch:
    """The outermost layer: each request is noted without query or body; a failure is answered, and noted without its words."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, size = time.perf_counter(), 0, 0

        async def noting(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _unsniffed(message["headers"])
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the caller gets an answer
            logs.failure(failure)
            if not status:
                await problem(500, "failure", "something went wrong here; nothing that was acknowledged is lost")(scope, receive, noting)
        route = getattr(scope.get("route"), "path", "-")
        self._metrics.request(scope["method"], route, status)
        logs.request(scope["method"], route, status, time.perf_counter() - began, size)
