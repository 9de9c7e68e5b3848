"""The doors of shared dossiers: by a link that its exporter gave away, or by the account of the party that it was shared with.

A link that is forged, over, ended, or never was, answers as what is unknown. Each look is written down before the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api import dossierfiles, looks
from api.access import Actor
from api.cache import NO_STORE, OUT, SECURITY, Ask, Page, answer, asking, page, unknown, wait
from api.forms import member
from api.looks import Way, What
from api.office.frame import framed, office
from api.roles import may_command, may_read
from domain.values import bare
from ledger.schema import Connection
from ledger.store import OUT_OF_REACH
from projections.dossier import Dossier, dossier
from projections.doubt import Questioned, questioned
from projections.public import names
from projections.sharing import Share, shared_with

router: Final = APIRouter(include_in_schema=False)
HIDDEN: Final = SECURITY | {"X-Robots-Tag": "noindex, nofollow, noarchive"}
FILES: Final[dict[str, What]] = {"data.json": "data", "plots.geojson": "plots", "history.jsonl": "history"}
"""Last part of the address -> what is taken away."""
_MEDIA: Final = {"data": "application/json", "plots": "application/geo+json", "history": "application/jsonl"}
_LONGEST: Final = 16
_ORIGINS: Final = "SELECT stuffing FROM views.containers WHERE container_no = %s AND first = %s"


@dataclass(frozen=True, slots=True)
class Opened:
    """A dossier that may be shown: by which share (None: to those whose container it is), and by which way."""

    it: Dossier
    by: Share | None
    way: Way
    questions: list[Questioned]


Find = Callable[[Ask, Connection], tuple[str, Share | None, Way] | None]
"""(asker, connection that sees all) -> node of the stuffing, share and way; None where nothing may be shown."""


def _by_link(written: str) -> Find:
    def find(ask: Ask, conn: Connection) -> tuple[str, Share | None, Way] | None:
        share = looks.opened_by(ask.house, conn, written)
        return (share.stuffing, share, "link") if share else None

    return find


def _by_account(who: Actor, number: str, first: str) -> Find:
    def find(ask: Ask, conn: Connection) -> tuple[str, Share | None, Way] | None:
        if not (first.isdecimal() and first.isascii() and len(first) <= _LONGEST) or not who.session:
            return None
        row = conn.execute(_ORIGINS, (number, int(first))).fetchone()
        if row is None:
            return None
        node = str(row[0])
        share = next((each for each in _theirs(ask, conn, who) if each.stuffing == node), None)
        return (node, share, "account") if share or _own(conn, who, node) else None

    return find


def _theirs(ask: Ask, conn: Connection, who: Actor) -> list[Share]:
    """What is shared with the party for which somebody acts, as far as their role may read of lots."""
    return shared_with(conn, who.org, ask.house.now()) if who.org and may_read(who.roles, "lots") else []


def _own(conn: Connection, who: Actor, node: str) -> bool:
    """Whether somebody may share the container themselves, or reads all entries for the house."""
    row = conn.execute("SELECT holder FROM views.containers WHERE stuffing = %s", (node,)).fetchone()
    if who.org is None:
        return may_read(who.roles, "entries")
    return row is not None and row[0] == who.org and may_command(who.roles, "share-container")


def _shown(ask: Ask, find: Find, name: str, here: str) -> Page:
    what = FILES.get(name, "page")
    with ask.house.pool.connection() as conn:
        found = find(ask, conn) if name in ("", *FILES) else None
        it = dossier(conn, found[0]) if found else None
        if found is None or it is None:
            return _hidden(unknown(ask))
        opened = Opened(it, *found[1:], questioned(conn, it.of.node))
        if opened.by:
            looks.note(conn, opened.by, opened.way, what, ask.house.now())
        return _page(ask, conn, opened, here) if what == "page" else _file(ask, conn, it, what, name)


def _page(ask: Ask, conn: Connection, opened: Opened, here: str) -> Page:
    holder = opened.it.of.holder
    return ask.html(
        "dossier.html", headers=HIDDEN, it=opened.it, by=opened.by, here=urlsplit(ask.house.settings.base).path + here,
        questions=opened.questions, bare=bare, exporter=names(conn, ask.house.vault, [holder]).get(holder) or bare(holder),
    )  # fmt: skip


def _file(ask: Ask, conn: Connection, it: Dossier, what: What, name: str) -> Page:
    root = urlsplit(ask.house.settings.base).path
    makers: dict[What, Callable[[], bytes]] = {
        "data": lambda: dossierfiles.data(it),
        "plots": lambda: dossierfiles.plots(ask.house, conn, it),
        "history": lambda: dossierfiles.history(conn, it, root),
    }
    named = {"Content-Disposition": f'attachment; filename="{it.of.container_no}-{it.of.first}-{name}"'}
    return page(makers[what](), _MEDIA[what], 200, HIDDEN | named)


def _hidden(of: Page) -> Page:
    return page(of.body, of.media_type, of.status, {**of.headers, **HIDDEN})


async def _answered(request: Request, find: Find, name: str, here: str) -> Response:
    ask = asking(request)
    try:
        made = await run_in_threadpool(_shown, ask, find, name, here)
    except OUT_OF_REACH:
        made = _hidden(wait(ask, OUT))
    return answer(request, made, NO_STORE)


@router.get("/d/{link}")
async def by_link(request: Request, link: str) -> Response:
    """The dossier that a link opens."""
    return await _answered(request, _by_link(link), "", f"/d/{link}")


@router.get("/d/{link}/{name}")
async def file_by_link(request: Request, link: str, name: str) -> Response:
    """A file of it."""
    return await _answered(request, _by_link(link), name or "-", f"/d/{link}")


@router.get("/dossier")
async def listed(request: Request) -> Response:
    """The dossiers that are shared with the party for which somebody acts."""
    return await office(request, _listed, member(request, "lots"))


def _listed(ask: Ask, who: Actor) -> Page:
    with ask.house.pool.connection() as conn:
        found = _theirs(ask, conn, who)
    return framed(ask, who, "dossiers.html", here="/dossier", shares=found, bare=bare)


@router.get("/dossier/{number}/{first}")
async def by_account(request: Request, number: str, first: str) -> Response:
    """The dossier that was shared with the party for which somebody acts, or of their own container."""
    return await _answered(request, _by_account(member(request), number, first), "", f"/dossier/{number}/{first}")


@router.get("/dossier/{number}/{first}/{name}")
async def file_by_account(request: Request, number: str, first: str, name: str) -> Response:
    """A file of it."""
    return await _answered(request, _by_account(member(request), number, first), name or "-", f"/dossier/{number}/{first}")
