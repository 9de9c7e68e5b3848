"""The reading door for people: what a container or lot is, where it comes from, its label; the same as data beside every page."""

import mimetypes
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, TypeVar, get_args
from urllib.parse import urlencode, urlsplit

import anyio
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from api import whole
from api.cache import NO_STORE, OUT, SECURITY, Ask, Page, answer, asking, kept, page, serve, unknown, versioned, wait
from api.look import HERE, digest
from api.machines import FARTHEST, documented, problems
from api.problems import MEANINGS
from api.whole import data
from labels.sheet import Form, container_label, draw
from projections import public

router = APIRouter()
_ID, _BOOK, _POSITION = re.compile(r"[A-Z0-9-]{1,20}"), re.compile(r"[a-z0-9-]{1,20}"), re.compile(r"[0-9]{1,16}")
_ASKED: Final = re.compile(r"[A-Za-z0-9 /-]{1,60}")
_MEDIA: Final[dict[str, str]] = {"pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png"}
_STATIC: Final = HERE / "static"
_LONGEST_NAME: Final = 100
"""Of a file of ours; there are systems that fail where they are asked for longer ones."""
_route = partial(router.api_route, methods=["GET", "HEAD"], include_in_schema=False)


Number = Annotated[str, Path(description="Four letters and seven digits.", examples=["CSQU3054383"])]
First = Annotated[str, Path(description="The position at which the stuffing was opened.", examples=["22"])]
Lot = Annotated[str, Path(description="The lot's id.", examples=["BU-002"])]
Book = Annotated[str, Path(description="Whose numbering it is.", examples=["main"])]
_AT: Final = {
    "name": "at", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": FARTHEST}, "example": 22,
    "description": "Answer when the views show this position, or with 503 where that takes too long.",
}  # fmt: skip


def missing(request: Request) -> Response:
    """The page of an address that leads nowhere."""
    return answer(request, unknown(asking(request, public=True)), NO_STORE)


E = TypeVar("E", bound=Callable[..., Any])


def data_at(doors: APIRouter, path: str, summary: str, shows: type, *further: dict[str, Any]) -> Callable[[E], E]:
    """An address of data, with what it shows in the OpenAPI document; `further`: what may stand in its query besides `at`."""

    def register(endpoint: E) -> E:
        name = getattr(endpoint, "__name__", "")
        no = documented(400, "malformed", "`at` is no position of the ledger.")
        said: dict[int | str, dict[str, Any]] = {200: {"model": shows}, 400: no, **problems(404, 422, public=True)}
        doors.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)
        doors.add_api_route(
            path, endpoint, methods=["GET"], operation_id=name, tags=["pages"], summary=summary, response_class=Response, responses=said,
            openapi_extra={"parameters": [_AT, *further]},
        )  # fmt: skip
        return endpoint

    return register


_data = partial(data_at, router)


def _container(ask: Ask, number: str, first: str | None) -> public.Container | None:
    if not _ID.fullmatch(number) or not (first is None or _POSITION.fullmatch(first)):
        return None
    return whole.container(ask, number, None if first is None else int(first))


def _lot(ask: Ask, book: str, id_: str) -> public.Lot | None:
    if not _BOOK.fullmatch(book) or not _ID.fullmatch(id_):
        return None
    return whole.lot(ask, f"{book}/{id_}", everything=ask.insider)


def _container_page(number: str, first: str | None, ask: Ask) -> Page:
    it = _container(ask, number, first)
    if it is None:
        return unknown(ask)
    if ask.data:
        return replace(data(it), position=it.position)
    return whole.container_page(ask, it, f"/{first}" if first else "")


def _lot_page(book: str, id_: str, ask: Ask) -> Page:
    it = _lot(ask, book, id_)
    if it is None:
        return unknown(ask)
    return replace(data(it), position=it.position) if ask.data else whole.lot_page(ask, it)


def _label(number: str, first: str | None, form: str, ask: Ask) -> Page:
    it = _container(ask, number, first) if form in get_args(Form) else None
    if it is None:
        return unknown(ask)
    known: Literal["pdf", "svg", "png"] = "pdf" if form == "pdf" else "svg" if form == "svg" else "png"
    label = container_label(
        ask.house.settings.base, number, it.first, seal=it.seal, grams=int(it.weight_kg * 1000), farms=it.origin.families
    )
    named = {"Content-Disposition": f'inline; filename="{number}-{it.first}.{known}"'}
    return page(draw(label, known), _MEDIA[known], 200, SECURITY | named)


def _home(ask: Ask) -> Page:
    with ask.house.pool.connection() as conn:
        return ask.html("home.html", voyages=public.newest(conn), size=public.size(conn))


def _found(ask: Ask, asked: str) -> str | None:
    with ask.house.pool.connection() as conn:
        return public.find(conn, asked)


@_route("/")
async def home(request: Request) -> Response:
    """What this is, and where to begin."""
    return await serve(request, _home)


@_route("/search")
async def search(request: Request) -> Response:
    """To the page of whatever number is asked for."""
    ask, asked = asking(request, public=True), " ".join(request.query_params.get("q", "").split())
    if await kept(request).away():
        return answer(request, wait(ask, OUT), NO_STORE)
    found = await anyio.to_thread.run_sync(_found, ask, asked) if _ASKED.fullmatch(asked) else None
    if found is None:
        made = unknown(ask, asked[:60])
        return answer(request, made, NO_STORE)
    root, chosen = urlsplit(ask.house.settings.base).path, "?" + urlencode({"lang": ask.language}) if ask.chosen else ""
    return RedirectResponse(f"{root}{found}{chosen}", 303, SECURITY | {"Cache-Control": NO_STORE})


@_data("/c/{number}.json", "A container's latest stuffing", public.Container)
async def find_container(request: Request, number: Number) -> Response:
    """What the container's page shows, as data; weights in kg as decimal strings, shares as fractions of one, nothing personal."""
    return await serve(request, partial(_container_page, number, None), data=True)


@_data("/c/{number}/{first}.json", "One stuffing of a container", public.Container)
async def find_stuffing(request: Request, number: Number, first: First) -> Response:
    """The stuffing that was opened at position `first`, as data."""
    return await serve(request, partial(_container_page, number, first), data=True)


@_data("/l/{id_}.json", "A lot loaded in a container", public.Lot)
async def find_lot(request: Request, id_: Lot) -> Response:
    """What the lot's page shows, as data. Only lots that were loaded in containers are public."""
    return await serve(request, partial(_lot_page, "main", id_), data=True)


@_data("/l/{book}/{id_}.json", "A lot of another book", public.Lot)
async def find_lot_of_book(request: Request, book: Book, id_: Lot) -> Response:
    """The lot of that book, as data."""
    return await serve(request, partial(_lot_page, book, id_), data=True)


@_route("/c/{number}/label.{form}")
async def label(request: Request, number: str, form: str) -> Response:
    """The label of the latest stuffing."""
    return await serve(request, partial(_label, number, None, form), neutral=True)


@_route("/c/{number}/{first}/label.{form}")
async def label_of_stuffing(request: Request, number: str, first: str, form: str) -> Response:
    """The label of one stuffing."""
    return await serve(request, partial(_label, number, first, form), neutral=True)


@_route("/c/{number}")
async def container(request: Request, number: str) -> Response:
    """A container by its number, in capital letters or not."""
    if number != number.upper() and _ID.fullmatch(number.upper()):
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{urlsplit(request.app.state.house.settings.base).path}/c/{number.upper()}{query}", 308, SECURITY)
    return await serve(request, partial(_container_page, number, None))


@_route("/c/{number}/{first}")
async def stuffing(request: Request, number: str, first: str) -> Response:
    """One stuffing of a container: where its label leads."""
    return await serve(request, partial(_container_page, number, first))


@_route("/l/{id_}")
async def lot(request: Request, id_: str) -> Response:
    """A lot of the book that is not said."""
    return await serve(request, partial(_lot_page, "main", id_))


@_route("/l/{book}/{id_}")
async def lot_of_book(request: Request, book: str, id_: str) -> Response:
    """A lot of another book."""
    return await serve(request, partial(_lot_page, book, id_))


def _meaning(code: str, ask: Ask) -> Page:
    return ask.message(200, "What this code means", MEANINGS[code], code=code) if code in MEANINGS else unknown(ask)


@_route("/problems/{code}")
async def meaning(request: Request, code: str) -> Response:
    """What the code of a refusal means."""
    return await serve(request, partial(_meaning, code), still=True)


def _file(name: str, ask: Ask) -> Page:
    path = (_STATIC / name[:_LONGEST_NAME]).resolve()
    if not path.is_relative_to(_STATIC.resolve()) or not path.is_file():
        return unknown(ask)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return page(path.read_bytes(), f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, 200, SECURITY)


@_route("/static/{name:path}")
async def static(request: Request, name: str) -> Response:
    """A file of our own; one whose address carries its version never changes, and under another version it is kept by nobody."""
    made = await anyio.to_thread.run_sync(_file, name, asking(request, public=True))
    if made.status != HTTPStatus.OK:
        return answer(request, made, NO_STORE)
    return answer(request, made, versioned(request, digest(made.body), "public, max-age=3600"))
