"""Stock: lots on hand by form and place, as a table to keep too; and the page of one lot, from which one goes on with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import Final

from fastapi import APIRouter, Request, Response

from api.access import Actor
from api.asof import for_page, not_then
from api.cache import Ask, Page, unknown
from api.forms import Fields, fields, member
from api.look import region, said, sentence
from api.office.acts import given, upper
from api.office.frame import WHOLE_FORM, Draft, Wrong, acting, book_of, framed, office, steady
from api.office.history import history
from api.office.sheets import sheet
from api.office.told import told_doubts
from api.roles import may_command, may_read
from domain.values import bare
from projections.doubt import doubts
from projections.office import organisations
from projections.office_stock import OnHand, Outturn, Story, kilos, on_hand, outturn, story

router: Final = APIRouter(include_in_schema=False)
HERE: Final = "/stock"
MADE: Final = {
    "harvest-recorded.v1": "Harvested", "lot-bought.v1": "Bought", "lots-fermented.v1": "Fermented", "lots-dried.v1": "Dried",
    "lots-blended.v1": "Blended", "lot-split.v1": "Split",
}  # fmt: skip
"""Kind of fact that made a lot -> the word for it."""
_HEAD: Final = ("Lot", "Form", "kg on hand", "Since", "Days", "Made by", "Holder", "District", "Department")
_DO: Final = (
    ("/step/ferment", "Ferment", "ferment-lots", ("wet",)),
    ("/step/dry", "Dry", "dry-lots", ("wet", "fermented")),
    ("/step/blend", "Blend", "blend-lots", ("wet", "fermented", "dry")),
    ("/step/split", "Split a lot", "split-lot", ("wet", "fermented", "dry")),
    ("/step/inspect", "Inspect", "inspect-lot", ("wet", "fermented", "dry")),
    ("/step/lose", "Write off a loss", "write-off", ("wet", "fermented", "dry")),
)
"""Where a lot goes on, what that is called, the command it takes, and the forms it takes."""
_USUAL: Final = (Decimal("0.30"), Decimal("0.42"))
_KEY: Final = re.compile(r"[a-z0-9-]{1,20}/[A-Z0-9-]{1,20}")


@dataclass(frozen=True, slots=True)
class Group:
    """Lots of one form, or of one place, and what they weigh together."""

    name: str
    lots: list[OnHand]

    @property
    def kg(self) -> Decimal:
        """Kilograms of all."""
        return kilos(sum(lot.grams for lot in self.lots))


def _by_form(lots: Sequence[OnHand]) -> list[Group]:
    return [Group(form, list(of)) for form, of in groupby(lots, key=lambda lot: lot.form)]


def _by_place(lots: Sequence[OnHand]) -> list[Group]:
    placed = sorted(lots, key=lambda lot: lot.district or "")
    return [Group(district, list(of)) for district, of in groupby(placed, key=lambda lot: lot.district or "")]


@router.get("/stock")
async def stock(request: Request) -> Response:
    """Lots on hand, now or as the record stood."""
    return await steady(request, partial(_stock, written=request.query_params.get("as_of", "")), member(request, "lots"))


def _stock(ask: Ask, who: Actor, written: str) -> Page:
    then = for_page(ask, written)
    if isinstance(then, Page):
        return then
    with ask.house.standing(who.org, then and then.position) as (conn, schema):
        lots = on_hand(conn, who.org, schema=schema)
    own = [lot for lot in lots if who.org in (None, lot.holder)]
    farmers = [lot for lot in lots if lot not in own]
    does = [(path, label) for path, label, do, _ in _DO if who.org and not then and may_command(who.roles, do)]
    return framed(
        ask, who, "stock.html", here=HERE, forms=_by_form(own), places=_by_place(own), farmers=_by_form(farmers), own=Group("", own),
        now=(then and then.seen) or ask.house.now(), made=MADE, does=does, then=then,
    )  # fmt: skip


@router.get("/stock.csv")
async def stock_sheet(request: Request) -> Response:
    """Lots on hand, for a spreadsheet."""
    return await office(request, _sheet, member(request, "lots"), request.query_params.get("as_of", ""))


def _sheet(ask: Ask, who: Actor, written: str) -> Page:
    then = for_page(ask, written)
    if isinstance(then, Page):
        return then
    with ask.house.standing(who.org, then and then.position) as (conn, schema):
        lots = on_hand(conn, who.org, schema=schema)
    now = (then and then.seen) or ask.house.now()
    rows = (
        (
            lot.id, said(ask.language, f"{lot.form} beans"), lot.kg, lot.since, lot.days(now), said(ask.language, MADE[lot.made_by]),
            lot.holder.rpartition("/")[2], lot.district, region(lot.district or ""),
        )
        for lot in lots
    )  # fmt: skip
    return sheet(f"stock-{now[:10]}", [said(ask.language, each) for each in _HEAD], rows)


@router.get("/stock/{id_}")
async def lot(request: Request, id_: str) -> Response:
    """One lot of the actor's book."""
    who = member(request, "lots")
    asked = request.query_params
    return await office(request, _lot, who, f"{book_of(who)}/{id_}", done="done" in asked, written=asked.get("as_of", ""))


@router.get("/stock/{id_}/offer")
async def back(request: Request, id_: str) -> Response:
    """The language was changed at an offer that was refused."""
    return await lot(request, id_)


@router.get("/stock/{book}/{id_}")
async def lot_of_book(request: Request, book: str, id_: str) -> Response:
    """One lot of another book."""
    return await office(request, _lot, member(request, "lots"), f"{book}/{id_}", written=request.query_params.get("as_of", ""))


def _lot(
    ask: Ask, who: Actor, key: str, *, done: bool = False, typed: Fields | None = None, wrong: Wrong | None = None, written: str = ""
) -> Page:
    then = for_page(ask, written)
    if isinstance(then, Page):
        return then
    if not _KEY.fullmatch(key):
        return unknown(ask)
    with ask.house.standing(who.org, then and then.position) as (conn, schema):
        of = story(conn, key, schema)
        if of is None:
            return not_then(ask) if then else unknown(ask)
        result, doubted = outturn(conn, key, schema), doubts(conn, [f"lot:{key}"], schema)
        buyers = [] if then else [(bare(party), role) for party, role in organisations(conn, who.org or "")]
    own = who.org == of.made.holder and of.made.left > 0 and not then
    prices = may_read(who.roles, "prices") or may_read(who.roles, "money")
    told = [(each.at, sentence(ask.language, each.template, each.values)) for each in history(of, prices=prices)]
    return framed(
        ask, who, "lot.html", typed, wrong, here=HERE, it=of.made, of=of, told=told, done=done, made=MADE, left=kilos(of.made.left),
        grams=kilos(of.made.grams), id_=key.rpartition("/")[2], does=_goes_on(who, of) if own else [], outturn=_told(of, result),
        offer=own and may_command(who.roles, "offer-lot"), buyers=buyers, now=ask.house.now(), then=then,
        doubted=told_doubts(ask, doubted),
    )  # fmt: skip


def _goes_on(who: Actor, of: Story) -> list[tuple[str, str]]:
    return [(path, label) for path, label, do, forms in _DO if may_command(who.roles, do) and of.made.form in forms]


@dataclass(frozen=True, slots=True)
class Told:
    """An outturn for people: kilograms in, the share that came out, that of the wet beans behind, and whether it is as usual."""

    drawn: Decimal
    share: Decimal
    of_wet: Decimal | None
    usual: str


def _told(of: Story, result: Outturn | None) -> Told | None:
    """The outturn of a lot that lost weight in the making; dry beans are judged by the wet ones behind them."""
    if result is None or of.made.made_by not in ("lots-fermented.v1", "lots-dried.v1", "lots-blended.v1"):
        return None
    share, of_wet = _rounded(result.share), None if result.of_wet is None else _rounded(result.of_wet)
    judged = of_wet if of.made.form == "dry" and of_wet is not None else None
    usual = "" if judged is None else "low" if judged < _USUAL[0] else "high" if judged > _USUAL[1] else "usual"
    return Told(kilos(result.drawn), share, of_wet if of.made.form == "dry" else None, usual)


def _rounded(share: Fraction) -> Decimal:
    return round(Decimal(share.numerator) / share.denominator, 3)


@router.post("/stock/{id_}/offer")
async def offer(request: Request, id_: str) -> Response:
    """Offer a lot to a buyer."""
    typed = await fields(request)
    who = acting(request, "lots", do="offer-lot")
    until = f"{typed['until']}T23:59:59-05:00" if typed.get("until") else ""
    body = {"do": "offer-lot", "lot_id": id_, "to_id": upper(typed, "to_id"), "offered_at": request.app.state.house.now(), "until": until}
    about = {"unknown-party": "to_id", "not-held": "to_id", "offered_at": WHOLE_FORM}

    def again(ask: Ask, who: Actor, typed: Fields, wrong: Wrong) -> Page:
        return _lot(ask, who, f"{book_of(who)}/{id_}", typed=typed, wrong=wrong)

    return await given(request, who, typed, [Draft(body, about)], again, f"/stock/{id_}")
