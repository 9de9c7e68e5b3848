"""How a page is served: in the reader's language, from those made lately, so that a thousand scans of one label cost one rendering."""

import asyncio
import gzip
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import insider as is_insider
from api.house import House
from api.look import LANGUAGES, Language, accepted, look, said, sentence
from api.problems import problem
from ledger.store import OUT_OF_REACH
from projections import public

SECURITY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
ANY_SITE: Final = {"Access-Control-Allow-Origin": "*"}
PUBLIC, NO_STORE = "public, max-age=30", "no-store"
WAIT_SECONDS: Final = 10.0
_WAITERS: Final = 16
_FAR: Final = 2**53
SECONDS: Final = 20.0
"""How long a page is served as it was made; with `max-age` it is at most a minute old where it is read."""
MOST: Final = 512
_WORTH_GZIP: Final = 400


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered answer: what any reader gets, whole and compressed."""

    body: bytes
    media_type: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    gzipped: bytes | None = None
    position: int = 0
    """Of the ledger, that the page shows."""


def page(body: bytes, media_type: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Page:
    """A page with its tag and its compressed form."""
    squeezable = len(body) >= _WORTH_GZIP and not media_type.startswith(("image/png", "application/pdf"))
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Page(body, media_type, status, dict(headers or {}), tag, gzip.compress(body, 6, mtime=0) if squeezable else None)


@dataclass(slots=True)
class Cache:
    """Pages by key, the least used dropped first; a page that is being made is made once, however many ask for it."""

    seconds: float = SECONDS
    most: int = MOST
    clock: Callable[[], float] = time.monotonic
    _kept: "OrderedDict[Hashable, tuple[float, Page]]" = field(default_factory=OrderedDict)
    _making: "dict[Hashable, asyncio.Task[Page]]" = field(default_factory=dict)

    async def get(self, key: Hashable, make: Callable[[], Page], at: int = 0) -> Page:
        """The page kept under a key that shows a position, or made now; only pages that were found are kept."""
        if (kept := self._kept.get(key)) and kept[0] > self.clock() and kept[1].position >= at:
            self._kept.move_to_end(key)
            return kept[1]
        if key not in self._making:
            self._making[key] = asyncio.create_task(self._make(key, make))
        return await asyncio.shield(self._making[key])

    async def _make(self, key: Hashable, make: Callable[[], Page]) -> Page:
        try:
            made = await run_in_threadpool(make)
        finally:
            del self._making[key]
        if made.status == HTTPStatus.OK:
            self._kept[key] = (self.clock() + self.seconds, made)
            self._kept.move_to_end(key)
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return made


def answer(request: Request, of: Page, control: str = PUBLIC) -> Response:
    """The response to this request: 304 where the reader has it, compressed where the reader can, without body for HEAD."""
    headers = {"Vary": "Accept-Encoding", **of.headers, "Cache-Control": control, "ETag": of.etag}
    if of.status == HTTPStatus.OK and _has(request.headers.get("if-none-match", ""), of.etag):
        return Response(status_code=304, headers=headers)
    body = of.body
    if of.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = of.gzipped, "gzip"
    headers["Content-Length"] = str(len(body))
    return Response(b"" if request.method == "HEAD" else body, of.status, headers, of.media_type)


def _has(given: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return etag.removeprefix("W/") in tags or "*" in tags


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for a page, how: over which house, in which language, and whether the address said which.

    `insider`: with the token, and so shown what is not public too.
    """

    house: House
    language: Language
    chosen: bool
    data: bool = False
    insider: bool = False

    def html(
        self,
        template: str,
        status: int = 200,
        query: str = "",
        headers: Mapping[str, str] = SECURITY,
        **of: Any,  # noqa: ANN401 - what a template shows
    ) -> Page:
        """A page in the asker's language."""
        root = urlsplit(self.house.settings.base).path
        kept = f"?lang={self.language}" if self.chosen else ""
        text = look(self.language).render(template, root=root, kept=kept, query=query, trouble=self.trouble(), **of)
        further = {"Content-Language": self.language, "Vary": "Accept-Language, Accept-Encoding"}
        return page(text.encode(), "text/html; charset=utf-8", status, {**headers, **further})

    def trouble(self) -> str | None:
        """Why the log is not signed any more, in the asker's language; None while all is well."""
        found = self.house.trouble
        return found and sentence(self.language, found.template, found.values)

    def message(self, status: int, title: str, *sentences: str, **of: Any) -> Page:  # noqa: ANN401 - what a template shows
        """A page that says one thing; English in, the asker's language out."""
        of = {"search": False, "code": "", **of}
        spoken = [said(self.language, each) for each in sentences]
        return self.html("message.html", status, title=said(self.language, title), sentences=spoken, **of)


def asking(request: Request, *, data: bool = False) -> Ask:
    """What a request says of its reader."""
    house, chosen = request.app.state.house, request.query_params.get("lang")
    insider = is_insider(request)
    for language in LANGUAGES:
        if chosen == language:
            return Ask(house, language, chosen=True, data=data, insider=insider)
    return Ask(house, accepted(request.headers.get("accept-language", "")), chosen=False, data=data, insider=insider)


def unknown(ask: Ask, asked: str = "") -> Page:
    """What is unknown and what is not public look alike."""
    if ask.data:
        return refusal(404, "not-found", "there is nothing here, or nothing that is public")
    sentences = (
        "There is no page of that name: it is unknown, or not public.",
        "Containers have a page, and so have the lots that were loaded in them. A container number is four letters and seven digits.",
    )
    return ask.message(404, "Not found", *sentences, search=True, asked=asked)


def refusal(status: int, code: str, sentence: str, **headers: str) -> Page:
    """Problem details, where data was asked for."""
    response = problem(status, code, sentence)
    return page(bytes(response.body), str(response.media_type), status, SECURITY | ANY_SITE | headers)


async def serve(request: Request, make: Callable[[Ask], Page], *, data: bool = False, neutral: bool = False) -> Response:
    """A page from those made lately; with `?at=`, one that shows at least that position."""
    ask, at = asking(request, data=data), request.query_params.get("at")
    try:
        if at is not None:
            late = await anyio.to_thread.run_sync(_late, ask, at, limiter=_waiters(request))
            if late is not None:
                return answer(request, late, NO_STORE)
        if ask.insider:
            return answer(request, await run_in_threadpool(make, ask), NO_STORE)
        key = (
            request.scope["path"],
            "" if neutral or data else ask.language,
            ask.chosen and not neutral and not data,
            str(ask.house.trouble),
        )
        made = await _cache(request).get(key, partial(make, ask), int(at or 0))
        if at is not None and made.position < int(at):  # it was being made when the views did not show the position yet
            made = await run_in_threadpool(make, ask)
    except OUT_OF_REACH:
        made = _wait(ask, "The database is out of reach for the moment.")
    return answer(request, made, PUBLIC if made.status == HTTPStatus.OK and at is None else NO_STORE)


def _cache(request: Request) -> Cache:
    state = request.app.state
    if not hasattr(state, "pages"):
        state.pages = Cache()
    cache: Cache = state.pages
    return cache


def _waiters(request: Request) -> anyio.CapacityLimiter:
    """Those who wait for a position have threads of their own, so that they keep nobody else waiting."""
    state = request.app.state
    if not hasattr(state, "waiters"):
        state.waiters = anyio.CapacityLimiter(_WAITERS)
    limiter: anyio.CapacityLimiter = state.waiters
    return limiter


def _late(ask: Ask, at: str) -> Page | None:
    """None once the views show the position; else the answer that says why not."""
    if not re.fullmatch(r"[0-9]{1,16}", at) or not 1 <= int(at) <= _FAR:
        if ask.data:
            return refusal(400, "malformed", "at: wanted a position, a whole number from 1")
        return ask.message(400, "This address cannot be read", "After `at=` stands a position of the ledger: a whole number from 1.")
    with ask.house.pool.connection() as conn:
        there = int(at) <= public.size(conn)
    if there and ask.house.follower.wait_for(int(at), WAIT_SECONDS):
        return None
    return _wait(ask, "This page does not show that position yet.", HTTPStatus.SERVICE_UNAVAILABLE if there else HTTPStatus.NOT_FOUND)


def _wait(ask: Ask, sentence: str, status: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE) -> Page:
    """Try again: what is asked for may be there in a moment. Nobody makes us answer 5xx by asking for what never was."""
    retry = {"Retry-After": "5"}
    if ask.data:
        return refusal(status, "not-found" if status == HTTPStatus.NOT_FOUND else "unavailable", said("en", sentence), **retry)
    made = ask.message(status, "Please try again in a moment", sentence)
    return page(made.body, made.media_type, made.status, made.headers | retry)
