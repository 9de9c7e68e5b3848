"""How a page is served: in the reader's language, from those made lately, and from those made last while the database is away."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import anyio
from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import insider as is_insider
from api.house import House
from api.kept import AS_OF, Kept
from api.languages import OFFICE, Language, shipped
from api.look import accepted, look, said, sentence
from api.page import Cache, Page, page
from api.problems import problem
from api.theme import theme
from ledger.store import OUT_OF_REACH
from projections import public

__all__ = ["Ask", "Cache", "Page", "answer", "asking", "kept", "page", "refusal", "serve", "unknown", "wait"]
SECURITY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
VISITED: Final = SECURITY | {"Content-Security-Policy": f"{SECURITY['Content-Security-Policy']}; connect-src 'self'"}
"""Of pages without script: nothing in them connects, and what judges pages from within may ask this house for its robots.txt."""
ANY_SITE: Final = {"Access-Control-Allow-Origin": "*"}
PUBLIC, NO_STORE, FOR_EVER = "public, max-age=30", "no-store", "public, max-age=31536000, immutable"
WAIT_SECONDS: Final = 10.0
OUT: Final = "The database is out of reach for the moment."
_WAITERS: Final = 16
_FAR: Final = 2**53


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


def versioned(request: Request, version: str, otherwise: str) -> str:
    """How long a file may be kept that its address names with its version: for ever under its own, by nobody under another one.

    Else whoever asks for tomorrow's version today leaves today's file under its name in every cache on the way.
    """
    asked = request.query_params.get("v")
    return otherwise if asked is None else FOR_EVER if asked == version else NO_STORE


def _has(given: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return etag.removeprefix("W/") in tags or "*" in tags


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for a page, how: over which house, in which language, and whether the address said which.

    `insider`: with the token, and so shown what is not public too. `public`: for a page that anybody may see, which is spoken in more
    languages than the office, and in the look of whoever shows it.
    """

    house: House
    language: Language
    chosen: bool
    data: bool = False
    insider: bool = False
    public: bool = False

    @property
    def languages(self) -> tuple[Language, ...]:
        """Those in which it could be asked."""
        return shipped() if self.public else OFFICE

    def html(
        self,
        template: str,
        status: int = 200,
        query: str = "",
        headers: Mapping[str, str] = VISITED,
        **of: Any,  # noqa: ANN401 - what a template shows
    ) -> Page:
        """A page in the asker's language."""
        root = urlsplit(self.house.settings.base).path
        kept = f"?lang={self.language}" if self.chosen else ""
        of = {"root": root, "kept": kept, "query": query, "trouble": self.trouble(), "languages": self.languages, "theme": None, **of}
        if self.public:
            of["theme"] = theme(self.house.settings.theme)
        text = look(self.language).render(template, **of)
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


def asking(request: Request, *, data: bool = False, public: bool = False) -> Ask:
    """What a request says of its reader."""
    languages, wanted = shipped() if public else OFFICE, request.query_params.get("lang")
    liked = accepted(request.headers.get("accept-language", ""), languages)
    chosen = next((each for each in languages if each == wanted), None)
    insider = is_insider(request)
    return Ask(request.app.state.house, chosen or liked, chosen=chosen is not None, data=data, insider=insider, public=public)


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


async def serve(
    request: Request, make: Callable[[Ask], Page], *, data: bool = False, neutral: bool = False, still: bool = False, further: str = ""
) -> Response:
    """A page from those made lately; with `?at=`, one that shows at least that position.

    `neutral`: the same in every language; `still`: it shows nothing of the database; `further`: what names it beyond its address.
    """
    ask, at = asking(request, data=data, public=True), request.query_params.get("at")
    plain = neutral or data
    key = (request.scope["path"], further, "" if plain else ask.language, ask.chosen and not plain)

    async def getting() -> Page:
        late = None if at is None else await anyio.to_thread.run_sync(_late, ask, at, limiter=_waiters(request))
        if late is not None:
            return late
        if ask.insider:
            return await run_in_threadpool(make, ask)
        made = await _cache(request, "scans" if further else "pages").get((*key, str(ask.house.trouble)), partial(make, ask), int(at or 0))
        stale = at is not None and made.position < int(at)  # it was being made when the views did not show the position yet
        return await run_in_threadpool(make, ask) if stale else made

    try:
        named = None if ask.insider else key
        made = await (getting() if still else kept(request).reached(named, ask.language, getting, further=bool(further)))
    except OUT_OF_REACH:
        made = wait(ask, OUT)
    lasting = made.status == HTTPStatus.OK and at is None and not ask.insider and AS_OF not in made.headers
    return answer(request, made, PUBLIC if lasting else NO_STORE)


def kept(request: Request) -> Kept:
    """The pages of this application as they were made last."""
    state = request.app.state
    if not hasattr(state, "kept"):
        state.kept = Kept(state.house)
    there: Kept = state.kept
    return there


def _cache(request: Request, name: Literal["pages", "scans"]) -> Cache:
    """Pages made lately: those that their address names, and apart those of which anybody can make up as many as he likes."""
    state = request.app.state
    if not hasattr(state, name):
        setattr(state, name, Cache())
    cache: Cache = getattr(state, name)
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
    return wait(ask, "This page does not show that position yet.", HTTPStatus.SERVICE_UNAVAILABLE if there else HTTPStatus.NOT_FOUND)


def wait(ask: Ask, sentence: str, status: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE) -> Page:
    """Try again: what is asked for may be there in a moment. Nobody makes us answer 5xx by asking for what never was."""
    retry = {"Retry-After": "5"}
    if ask.data:
        return refusal(status, "not-found" if status == HTTPStatus.NOT_FOUND else "unavailable", said("en", sentence), **retry)
    made = ask.message(status, "Please try again in a moment", sentence)
    return page(made.body, made.media_type, made.status, made.headers | retry)
