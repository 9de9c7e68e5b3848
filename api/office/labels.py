"""Labels in the office: print, draw, void and reprint those of lots, containers and farmers."""

import re
from functools import partial
from io import BytesIO
from typing import Final

import anyio
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api import labelkeys
from api.access import Actor
from api.cache import NO_STORE, SECURITY, Ask, Page, answer, asking, page, unknown
from api.forms import Fields, denied, fields, member
from api.labelling import Wanted, parts, reprinting, typed_serials
from api.limits import refused
from api.office.acts import org_of, upper
from api.office.desk import onward
from api.office.frame import WHOLE_FORM, Draft, Wrong, acting, attempt, book_of, decimal, framed, new_id, office
from api.printing import FORMS, SORTS, Unsignable, batch, drawn, serials_of
from api.roles import may_command, may_read
from api.sentences import REASONS
from domain.label import MOST_PRINTED, MOST_REPLACED, MOST_VOIDED
from labels.paper import PAPERS
from labels.words import SECOND
from projections import identities, labels

router: Final = APIRouter(include_in_schema=False)
HERE: Final = "/labels"
DOES: Final = {
    "sack": "print-lot-labels", "pallet": "print-lot-labels", "sample": "print-lot-labels", "container": "print-container-labels",
    "card": "print-card",
}  # fmt: skip
"""Sort of label -> the command that prints it."""
SAID: Final = {
    "sack": "sack labels", "pallet": "pallet labels", "sample": "sample labels", "container": "container labels", "card": "cards",
}  # fmt: skip
"""Sort of label -> the words for many of it."""
_READS: Final = ("lots", "farmers")
_READ_OF: Final = {"card": "farmers", "container": "containers"}
_DRAUGHTSMEN, _MOST_WAITING = 2, 8
_MOST_SHOWN: Final = 300
_TURNS: Final = 3
_POSITION: Final = re.compile(r"[1-9][0-9]{0,15}")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}")
_ABOUT: Final = {
    "lot_id": "of", "container_no": "of", "party_id": "of", "unknown-lot": "of", "unknown-container": "of", "unknown-party": "of",
    "erased": "of", "net_kg": "kg", "not-held": "gtin", "serials": "count", "gtin": "gtin", "sscc": "sscc", "duplicate-id": "sscc",
    "before-origin": WHOLE_FORM,
}  # fmt: skip
_COUNT: Final = "{found} labels: wanted a whole number from 1 to {most}"
_NONE: Final = "no label was chosen"
_GONE: Final = "These labels were signed with a key that is not on this machine any more: they cannot be drawn again. Print them anew."


@router.get("/labels")
async def printed(request: Request) -> Response:
    """What was printed, the latest first."""
    return await office(request, _printed, member(request, *_READS), request.query_params.get("lot", ""))


def _printed(ask: Ask, who: Actor, lot: str) -> Page:
    with ask.house.reading(who.org) as conn:
        listed = labels.printings(conn, lot=f"{book_of(who)}/{lot.upper()}" if lot else None)
    found = [each for each in listed if _sees(who, each.sort)]
    return framed(ask, who, "labels.html", here=HERE, found=found, said_of=SAID, prints=bool(_sorts(who)), lot=lot)


def _sorts(who: Actor) -> list[str]:
    """The sorts of labels that somebody may print."""
    return [sort for sort in SORTS if who.org and may_command(who.roles, DOES[sort])]


@router.get("/labels/new")
async def new(request: Request) -> Response:
    """The form of printing; the address may say of what."""
    asked = request.query_params
    return await office(request, _new, acting(request, *_READS), dict(asked))


def _new(ask: Ask, who: Actor, asked: Fields, *, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    sorts = _sorts(who)
    if not sorts:
        return denied(ask)
    with ask.house.reading(who.org) as conn:
        products = [(each.gtin, each.name_es or each.gtin) for each in identities.products(conn, who.org)]
    return framed(
        ask, who, "labels_new.html", typed, wrong, here=HERE, sorts=sorts, said_of=SAID, asked=asked, products=products,
        now=ask.house.now(), key=labelkeys.current(ask.house), most=MOST_PRINTED,
    )  # fmt: skip


@router.post("/labels")
async def record(request: Request) -> Response:
    """Record that labels are printed; then they can be drawn."""
    typed = await fields(request)
    who = acting(request, *_READS, do=DOES.get(typed.get("sort", ""), DOES["sack"]))
    result = await run_in_threadpool(_record, request, who, typed)
    if isinstance(result, Wrong):
        return await office(request, _new, who, {}, typed=typed, wrong=result)
    return onward(request, f"/labels/{result}?done")


def _record(request: Request, who: Actor, typed: Fields) -> int | Wrong:
    house, sort, count = request.app.state.house, typed.get("sort", "sack"), typed.get("count", "1") or "1"
    if not _NUMBER.fullmatch(count) or not 1 <= int(count) <= (1 if sort == "card" else MOST_PRINTED):
        return Wrong("count", _COUNT, {"found": count[:20], "most": "1" if sort == "card" else f"{MOST_PRINTED:,}"}, "bad-quantity")
    sscc = re.sub(r"[\s()]", "", typed.get("sscc", "")) if sort in ("pallet", "container") else ""
    lot = sort not in ("container", "card")
    of = re.sub(r"[\s-]", "", upper(typed, "of")) if sort == "container" else upper(typed, "of")
    wanted = Wanted(
        sort, of, book_of(who), decimal(typed.get("kg", "")) if lot else "", typed.get("gtin", "") if lot and not sscc else "",
        sscc, typed.get("public") == "yes", issuer=org_of(who).rpartition("/")[2],
    )  # fmt: skip
    kid, id_ = labelkeys.current(house) if typed.get("signed", "yes") == "yes" else None, new_id(typed)
    result: int | Wrong = 0
    for turn in range(_TURNS):
        numbers = [sscc] if sscc else serials_of(id_, int(count), turn)
        result = attempt(house, who, id_, *(Draft(body, _ABOUT) for body in wanted.bodies(numbers, kid, typed.get("at", ""))))
        if sscc or not (isinstance(result, Wrong) and result.code == "duplicate-id"):
            break
    return result


@router.get("/labels/{position}")
async def printing(request: Request, position: str) -> Response:
    """The labels that one entry recorded."""
    return await office(request, _printing, member(request, *_READS), position, done="done" in request.query_params)


def _rows(ask: Ask, who: Actor, position: str) -> list[labels.Label]:
    if not _POSITION.fullmatch(position):
        return []
    with ask.house.reading(who.org) as conn:
        return [row for row in labels.of_entry(conn, int(position)) if _sees(who, row.sort)]


def _sees(who: Actor, sort: str) -> bool:
    """Whether somebody may see labels of a sort: whoever reads of what they are on."""
    return may_read(who.roles, _READ_OF.get(sort, "lots"))


def _printing(ask: Ask, who: Actor, position: str, *, done: bool = False, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    rows = _rows(ask, who, position)
    if not rows:
        return unknown(ask)
    counting = [row for row in rows if row.void is None]
    voided = [row for row in rows if row.void]
    draws = may_command(who.roles, DOES[rows[0].sort])
    does = [do for do in ("void-labels", "reprint-labels") if who.org == rows[0].holder and may_command(who.roles, do)]
    return framed(
        ask, who, "label_printing.html", typed, wrong, here=HERE, it=rows[0], said_of=SAID, counting=counting, shown=counting[:_MOST_SHOWN],
        voided=voided[:_MOST_SHOWN], more=max(0, len(counting) - _MOST_SHOWN), does=does, done=done, now=ask.house.now(), papers=PAPERS,
        seconds=SECOND, reasons=REASONS["labels-voided.v1"], position=int(position), key=labelkeys.current(ask.house),
        draws=draws,
    )  # fmt: skip


@router.get("/labels/{position}/labels.{form}")
async def file(request: Request, position: str, form: str) -> Response:
    """The labels as a file for a printer; `serial` chooses one of them."""
    who, asked = member(request, *_READS), request.query_params
    limiter = _draughtsmen(request)
    if limiter.statistics().tasks_waiting >= _MOST_WAITING:
        return refused(request, 503, "other labels are being drawn: ask again in a moment", {"Retry-After": "10"})
    made = await anyio.to_thread.run_sync(_file, asking(request), who, position, form, dict(asked), limiter=limiter)
    return answer(request, made, NO_STORE)


def _draughtsmen(request: Request) -> anyio.CapacityLimiter:
    """So many files are drawn at once: a printing takes seconds, and whoever asks for many of them keeps nobody else waiting."""
    state = request.app.state
    if not hasattr(state, "draughtsmen"):
        state.draughtsmen = anyio.CapacityLimiter(_DRAUGHTSMEN)
    limiter: anyio.CapacityLimiter = state.draughtsmen
    return limiter


def _file(ask: Ask, who: Actor, position: str, form: str, asked: Fields) -> Page:
    paper, second, serial = asked.get("paper", "a6"), asked.get("second", "en"), asked.get("serial", "")
    rows = [row for row in _rows(ask, who, position) if serial in ("", row.serial)]
    if not rows or not may_command(who.roles, DOES[rows[0].sort]) or form not in FORMS or paper not in PAPERS or second not in SECOND:
        return unknown(ask)
    made = BytesIO()
    try:
        drawn(form, [batch(ask.house, rows)], PAPERS[paper], second, made)
    except Unsignable:
        return ask.message(409, "These labels cannot be drawn", _GONE)
    except ValueError:
        return ask.message(409, "These labels cannot be drawn", "None of them counts any more, or they do not fit on this paper.")
    named = {"Content-Disposition": f'inline; filename="labels-{position}{f"-{serial}" if serial else ""}-{paper}.{form}"'}
    return page(made.getvalue(), FORMS[form], 200, SECURITY | named)


@router.get("/labels/{position}/{act}")
async def back(request: Request, position: str, act: str) -> Response:  # noqa: ARG001 - void or reprint
    """The language was changed at a form that was refused."""
    return await printing(request, position)


@router.post("/labels/{position}/void")
async def void(request: Request, position: str) -> Response:
    """Say of labels that they no longer count."""
    typed = await fields(request)
    who = acting(request, *_READS, do="void-labels")
    bodies = (
        {"do": "void-labels", "serials": some, "reason": typed.get("reason", ""), "voided_at": typed.get("at", "")}
        for some in parts(_chosen(typed), MOST_VOIDED)
    )
    return await _changed(request, who, typed, position, [Draft(body, {"serials": "serials"}) for body in bodies], position)


@router.post("/labels/{position}/reprint")
async def reprint(request: Request, position: str) -> Response:
    """Record new labels in place of others."""
    typed = await fields(request)
    who = acting(request, *_READS, do="reprint-labels")
    rows = await run_in_threadpool(_rows, asking(request), who, position)
    chosen, kid = _chosen(typed), labelkeys.current(request.app.state.house) if rows and rows[0].kid is not None else None
    news = serials_of(new_id(typed), len(chosen))
    pairs = zip(parts(chosen, MOST_REPLACED), parts(news, MOST_REPLACED), strict=True)
    of = rows[0].printing if rows else 1
    drafts = [
        Draft(reprinting(of, old, new, typed.get("reason", ""), kid, typed.get("at", "")), {"serials": "serials", "replaced": "serials"})
        for old, new in pairs
    ]
    return await _changed(request, who, typed, position, drafts, None)


def _chosen(typed: Fields) -> list[str]:
    """The serials that were ticked or typed, each once."""
    ticked = [name.removeprefix("label-") for name in typed if name.startswith("label-")]
    return typed_serials([*ticked, typed.get("serials", "")])


async def _changed(request: Request, who: Actor, typed: Fields, position: str, drafts: list[Draft], then: str | None) -> Response:
    if drafts:
        result = await run_in_threadpool(attempt, request.app.state.house, who, new_id(typed), *drafts)
    else:
        result = Wrong("serials", _NONE)
    if isinstance(result, Wrong):
        return await office(request, partial(_printing, typed=typed, wrong=result), who, position)
    return onward(request, f"/labels/{then or result}?done")
