"""Where a printed label leads: what can be said of that label, and the page of what it is on.

Unknown labels, void ones and those of what is not public are answered alike, byte for byte and by the same questions to the database,
unless the code that was scanned bears this house's own signature: whoever tries numbers finds out nothing.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from api import scans, scripted, whole
from api.cache import ANY_SITE, SECURITY, Ask, Page, refusal, serve
from api.headlines import Kind
from api.known import Place, known
from api.labelparts import parts
from api.lately import Lately
from api.look import said
from api.pages import Book, First, Lot, Number, data_at
from api.shown import Shell, spoken
from api.verdict import Known, grouped, verdict
from labels.link import MISREAD, label_at
from projections import labels, public

router: Final = APIRouter()
HEADERS: Final = scripted.HEADERS
_DIGITS: Final = re.compile(r"[0-9]{1,320}")
_SEEN: Final = {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}
_WHOLES: Final[Lately["_Whole | None"]] = Lately(8.0, 256)
"""Kept shorter than pages are, so that with both, and with what a browser may keep, a change shows within a minute."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """What all labels of one thing share: what it is, and its page with gaps, in one language."""

    it: public.Container | public.Lot
    like: Page
    shell: Shell


async def scanned(request: Request, path: str, *, data: bool = False) -> Response:
    """The answer to whoever scanned a label: `path` is its path in any case, beneath the folder of the house; digits stand in `?s=`."""
    digits, asked = request.query_params.get("s"), path.upper()
    if digits is None:  # typed by hand
        above, _, serial = asked.rpartition("/")
        asked = f"{above}/{serial.translate(MISREAD)}"
    place = label_at(asked)
    if digits is not None and not _DIGITS.fullmatch(digits):
        digits = ""
    make = partial(_page, Place(*place) if place else None, digits, "at" in request.query_params)
    answer = await serve(request, make, data=data, further="label" if digits is None else f"s={digits}")
    ahead = "prefetch" in request.headers.get("sec-purpose", "")  # a browser looks for somebody who may never come
    if place and not data and request.method == "GET" and answer.status_code in _SEEN and not ahead:
        scans.note(request.app.state.house, place[2], scans.country(request))
    return answer


def _page(place: Place | None, digits: str | None, anew: bool, ask: Ask) -> Page:  # noqa: FBT001 - bound where it is asked
    of = known(ask, place, digits) if place else None
    if place is None or of is None or of.label is None:
        return unknown(ask)
    it = _made(ask, of.label) if anew else _whole(ask, of.label)
    if it is not None:
        of = replace(of, doubts=[*of.doubts, *it.it.questions])
    if it is not None and isinstance(it.it, public.Container):
        of = replace(of, number=it.it.container, seal=it.it.seal)
    if ask.data:
        return replace(whole.data(_data(of, it.it if it else None)), headers=SECURITY | ANY_SITE | {"X-Robots-Tag": "noindex"})
    return _html(ask, place, digits, of, it)


def unknown(ask: Ask) -> Page:
    """The one page of all labels of which nothing may be said."""
    if ask.data:
        return refusal(404, "not-found", "there is no valid label of this number here")
    sentences = (
        "It was never printed here, or it is no longer valid, or its lot is not public.",
        "Look whether the whole code was scanned, and whether the address of this page is the one printed on the label.",
    )
    made = ask.message(404, "There is no valid label of this number here.", *sentences, search=True, asked="")
    return replace(made, headers=made.headers | {"X-Robots-Tag": "noindex"})


def _whole(ask: Ask, label: labels.Label) -> _Whole | None:
    """What was made lately, or is made now."""
    thing = label.lot or label.stuffing
    key = (ask.house.url, thing, label.public or ask.insider, ask.language, ask.chosen, ask.data, str(ask.house.trouble))
    return _WHOLES.get(key, partial(_made, ask, label))


def _made(ask: Ask, label: labels.Label) -> _Whole | None:
    """What lies behind a label, as far as it is public; None for a card, and for a lot that nobody may see yet."""
    if label.sort == "card":
        return None
    gaps: dict[str, Any] = {"scan": whole.gap("l"), "keep": whole.gap("k"), "query": whole.gap("q"), "headers": HEADERS}
    gaps |= {"scripted": scripted.of(), "log": []}
    if label.sort == "container":
        stuffing = whole.container(ask, label.container_no or "", label.stuffing)
        return None if stuffing is None else _shell(stuffing, whole.container_page(ask, stuffing, f"/{stuffing.first}", **gaps))
    lot = whole.lot(ask, label.lot or "", everything=label.public or ask.insider)
    return None if lot is None else _shell(lot, whole.lot_page(ask, lot, **gaps))


def _shell(it: public.Container | public.Lot, like: Page) -> _Whole:
    return _Whole(it, replace(like, body=b"", gzipped=None), Shell(like.body.decode()))


def _html(ask: Ask, place: Place, digits: str | None, of: Known, it: _Whole | None) -> Page:
    assert of.label is not None  # noqa: S101 - whoever asks has looked
    scan, keep = parts(ask, place, digits, of, of.label)
    query = f"s={digits}&" if digits else ""
    if it is not None:
        return it.shell.page({"l": scan, "k": keep, "q": query.replace("&", "&amp;")}, it.like)
    return _closed(ask, of, {"scan": scan, "keep": keep, "query": query})


def _closed(ask: Ask, of: Known, shown: dict[str, Any]) -> Page:
    """A card, or a genuine label of what nobody may see yet."""
    label = of.label
    assert label is not None  # noqa: S101 - whoever asks has looked
    card = label.sort == "card"
    what = "Farmer's card" if card else "Label of cocoa beans"
    alone = "Whose card it is stands on no public page: only the organisation that issued it can see that."
    closed = alone if card else "Its lot is not public yet: it will be shown here once it is loaded into a container."
    return ask.html(
        "card.html", what=said(ask.language, what), title=grouped(label.serial), closed=said(ask.language, closed), headers=HEADERS,
        scripted=scripted.of(), **shown,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """The log's newest signed head: entries under it, when it was signed, and how many of how many witnesses cosigned it."""

    size: int
    signed_at: str
    cosigned: int
    witnesses: int


@dataclass(frozen=True, slots=True)
class Scans:
    """Scans from one country (empty: not known) within 90 days, as far as they are known."""

    country: str
    first: date
    last: date
    count: int


@dataclass(frozen=True, slots=True)
class Scanned:
    """What may be said of one printed label. `position` is the entry that recorded its printing; sentences are English."""

    kind: Kind
    sentences: list[str]
    sort: str
    serial: str
    signed: bool
    printed: date
    issued_by: str | None
    position: int
    head: Head | None
    scans: list[Scans]
    container: public.Container | None
    lot: public.Lot | None


def _data(of: Known, it: public.Container | public.Lot | None) -> Scanned:
    label, given = of.label, verdict(of)
    assert label is not None  # noqa: S101 - whoever asks has looked
    newest = of.head and Head(of.head.size, of.head.signed_at, of.head.cosigned, of.head.witnesses)
    return Scanned(
        kind=given.kind, sentences=[spoken("en", line) for line in (given.headline, *given.lines)], sort=label.sort, serial=label.serial,
        signed=label.kid is not None, printed=date.fromisoformat(label.printed_at[:10]), issued_by=of.holder, position=label.position,
        head=newest, scans=[Scans(*each) for each in (of.seen.countries if of.seen else ())],
        container=it if isinstance(it, public.Container) else None, lot=it if isinstance(it, public.Lot) else None,
    )  # fmt: skip


_S: Final = {"name": "s", "in": "query", "schema": {"type": "string"}, "description": "The digits of the label's signature."}
Serial = Annotated[str, Path(description="The label's serial: eight letters and digits.", examples=["0K3V9ZQ1"])]
_page_at = partial(router.api_route, methods=["GET", "HEAD"], include_in_schema=False)
_data_at = partial(data_at, router)


def _path(request: Request) -> str:
    return str(request.scope["path"])


@_data_at("/c/{number}/{first}/s/{serial}.json", "A label of a container", Scanned, _S)
async def container_label(request: Request, number: Number, first: First, serial: Serial) -> Response:
    """What the label's page says, as data; a label of which nothing may be said is answered 404, whatever the reason."""
    return await scanned(request, f"/C/{number}/{first}/S/{serial}", data=True)


@_data_at("/l/{id_}/s/{serial}.json", "A label of a lot", Scanned, _S)
async def lot_label(request: Request, id_: Lot, serial: Serial) -> Response:
    """What the label's page says, as data."""
    return await scanned(request, f"/L/{id_}/S/{serial}", data=True)


@_data_at("/l/{book}/{id_}/s/{serial}.json", "A label of a lot of another book", Scanned, _S)
async def lot_label_of_book(request: Request, book: Book, id_: Lot, serial: Serial) -> Response:
    """What the label's page says, as data."""
    return await scanned(request, f"/L/{book}/{id_}/S/{serial}", data=True)


@_data_at("/k/{serial}.json", "A farmer's card", Scanned, _S)
async def card(request: Request, serial: Serial) -> Response:
    """That there is such a card, and of which organisation; nothing of whose it is."""
    return await scanned(request, f"/K/{serial}", data=True)


@_page_at("/c/{number}/{first}/s/{serial}")
@_page_at("/C/{number}/{first}/S/{serial}")
@_page_at("/l/{id_}/s/{serial}")
@_page_at("/L/{id_}/S/{serial}")
@_page_at("/l/{book}/{id_}/s/{serial}")
@_page_at("/L/{book}/{id_}/S/{serial}")
@_page_at("/k/{serial}")
@_page_at("/K/{serial}")
async def label(request: Request) -> Response:
    """The page of a label; with `.json` behind the address as it is printed, the same as data."""
    path = _path(request)
    return await scanned(request, path.removesuffix(".json"), data=path.endswith(".json"))
