"""How much the doors take, from whom, and how slowly: whatever is too much is refused before anything is decided."""

import asyncio
import math
import time
from collections.abc import Iterable
from hashlib import sha256
from ipaddress import ip_address, ip_network
from string import printable
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request, Response
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.cache import Ask, answer
from api.health import PATHS
from api.languages import shipped
from api.look import accepted
from api.metrics import Metrics
from api.problems import MEANINGS, problem
from api.settings import Settings

FREE: Final = (*PATHS, "/static/")
"""Addresses that are not counted: those that probers ask, and files of our own."""
SHARED, SHARED_A_MINUTE = "/d/", 60
"""Addresses of shared dossiers, and how many a minute are taken from one address: nobody tries links."""
MOST_KEYS: Final = 20_000
"""Callers that are counted at once; beyond it all are forgotten, for then it is no single caller who asks too much."""
TOO_MUCH: Final = {408: "too-slow", 413: "too-large", 414: "too-long", 422: "too-much", 429: "too-many", 431: "too-long", 503: "busy"}


def refused(request: Request, status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """A page where a browser asks, problem details elsewhere."""
    code = TOO_MUCH[status]
    if "text/html" not in request.headers.get("accept", ""):
        return problem(status, code, sentence, headers)
    language = accepted(request.headers.get("accept-language", ""), shipped())
    ask = Ask(request.app.state.house, language, chosen=False, public=True)
    response = answer(request, ask.message(status, "This was too much", MEANINGS[code], code=code), "no-store")
    response.headers.update(headers or {})
    return response


def _readable(scope: Scope) -> None:
    """Make the address one that can be read everywhere: a NUL, which PostgreSQL takes in no text, and bytes beyond ASCII are replaced."""
    scope["path"] = scope["path"].replace("\0", "\ufffd")
    scope["query_string"] = quote(scope["query_string"], safe=printable).encode()


class Rates:
    """Who asked how often in the last minute, in this process's memory."""

    def __init__(self, settings: Settings) -> None:
        self._store = MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._store)
        self._token, self._address = (_per_minute(most) for most in (settings.rate_token, settings.rate_address))
        self._shared = _per_minute(SHARED_A_MINUTE) if settings.rate_address else None

    def exceeded(self, request: Request) -> tuple[str, int] | None:
        """By what it came too soon, and the seconds until it may come again."""
        if len(self._store.storage) > MOST_KEYS:
            self._store.reset()
        caller, shared = address_of(request), self._shared if request.scope["path"].startswith(SHARED) else None
        links, secret = caller and f"{caller} {SHARED}", _secret_of(request)
        for by, most, who in (("address", shared, links), ("token", self._token, secret), ("address", self._address, caller)):
            if most and who and not self._limiter.hit(most, by, who):
                ready = self._limiter.get_window_stats(most, by, who).reset_time
                return by, max(1, math.ceil(ready - time.time()))
        return None


def _per_minute(most: int) -> RateLimitItem | None:
    return RateLimitItemPerMinute(most) if most else None


def _secret_of(request: Request) -> str | None:
    """The caller's token or session, hashed; whether it is a true one is not asked, for its address is counted too."""
    secret = request.headers.get("authorization") or request.cookies.get("__Host-cacao")
    return sha256(secret.encode()).hexdigest()[:20] if secret else None


def address_of(request: Request) -> str | None:
    """The caller's address, of IPv6 the network that one line is given; None for this machine itself."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host or None
    if address.is_loopback:
        return None
    return str(address) if address.version == 4 else str(ip_network(f"{address}/64", strict=False))  # noqa: PLR2004


class Body:
    """A request's body as it comes: not larger and not slower than is allowed."""

    def __init__(self, receive: Receive, most: int, seconds: int) -> None:
        self._receive, self._most, self._seconds = receive, most, seconds
        self._due: float | None = None
        self._read, self._whole = 0, False

    async def __call__(self) -> Message:
        """The next part. Raises HTTPException 408 or 413."""
        if self._whole:
            return await self._receive()
        self._due = self._due or asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._due):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"the body did not arrive within {self._seconds} seconds", {"Connection": "close"}) from None
        self._whole = not message.get("more_body", False)
        self._read += len(message.get("body", b""))
        if self._read > self._most:
            raise HTTPException(413, _too_large(self._most))
        return message


def _too_large(most: int) -> str:
    return f"a body of more than {most:,} bytes: send less at a time"


class Limits:
    """The layer that refuses what is too much."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._rates = Rates(settings)
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        _readable(scope)
        request = Request(scope)
        if (no := self._too_much(request)) or (no := self._too_often(request)):
            await no(scope, receive, send)
            return
        self._under_way += 1
        try:
            bounded = _Answer(self._settings.result_bytes, scope, receive, send)
            await self._app(scope, Body(receive, self._most(request), self._settings.body_seconds), bounded)
        finally:
            self._under_way -= 1

    def _most(self, request: Request) -> int:
        with_files = request.headers.get("content-type", "").startswith("multipart/form-data")
        return self._settings.upload_bytes if with_files else self._settings.body_bytes

    def _too_much(self, request: Request) -> Response | None:
        limits, scope = self._settings, request.scope
        if len(scope["raw_path"]) + len(scope["query_string"]) > limits.url_bytes:
            return refused(request, 414, f"an address of more than {limits.url_bytes:,} bytes")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > limits.header_bytes:
            return refused(request, 431, f"headers of more than {limits.header_bytes:,} bytes")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most(request):
            return refused(request, 413, _too_large(self._most(request)))
        return None

    def _too_often(self, request: Request) -> Response | None:
        if request.scope["path"].startswith(FREE):
            return None
        if exceeded := self._rates.exceeded(request):
            by, wait = exceeded
            self._metrics.limited(by)
            return refused(request, 429, f"too many requests a minute from this {by}: wait {wait} seconds", {"Retry-After": str(wait)})
        if self._under_way >= self._settings.requests:
            return refused(request, 503, "too many requests are under way: send the same again in a moment", {"Retry-After": "1"})
        return None


class _Answer:
    """An answer on its way out: one that is made whole and is too large is replaced by a refusal."""

    def __init__(self, most: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._most, self._scope, self._receive, self._send = most, scope, receive, send
        self._replaced = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _length(message) > self._most:
            self._replaced = True
            no = refused(Request(self._scope), 422, f"the answer would be larger than {self._most:,} bytes: ask for less")
            await no(self._scope, self._receive, self._send)
        elif not self._replaced:
            await self._send(message)


def _length(message: Message) -> int:
    return next((int(value) for name, value in message["headers"] if name.lower() == b"content-length"), 0)


def nested_deeper(value: Any, most: int) -> bool:  # noqa: ANN401 - any JSON value
    """Whether a JSON value is nested deeper than `most`."""
    level = [value]
    for _ in range(most):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:  # noqa: ANN401 - any JSON value
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
