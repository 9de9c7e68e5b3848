"""The day book: what was bought against what was paid, by farmer; paying what is owed, and ahead; the day as a spreadsheet."""

from datetime import date
from decimal import Decimal
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Actor
from api.cache import NO_STORE, Ask, Page, answer, asking, unknown
from api.forms import Fields, fields
from api.house import House
from api.look import said
from api.office.desk import ID, bare, key_of, onward, org_id, pen, person, proposed, soles
from api.office.frame import Draft, Wrong, acting, attempt, decimal, framed, moment, names, new_id, office
from api.office.sheets import sheet
from domain.values import plain
from projections import accounts, office_farmers, office_money
from projections.accounts import Balance

router: Final = APIRouter(include_in_schema=False)
_MOST_OWED: Final = 50
_AHEAD: Final = "advance"
_HEAD: Final = ("Time", "Lot", "Farmer", "Name", "Form", "kg", "Price, soles a kg", "Premium, %", "Total, soles", "Paid, soles", "Position")
_PAY: Final = {
    "duplicate-id": "number", "payment_id": "number", "advance_id": "number",
    "unknown-lot": "lot_id", "not-held": "lot_id",
}  # fmt: skip


def _day(request: Request) -> str:
    """The day that is asked for; today where none is, or none that there was."""
    try:
        return date.fromisoformat(request.query_params.get("day", "")).isoformat()
    except ValueError:
        return str(request.app.state.house.now()[:10])


@router.get("/daybook")
async def daybook(request: Request) -> Response:
    """One day's purchases and cash."""
    return await office(request, _book, acting(request, "money"), _day(request))


def _book(ask: Ask, who: Actor, day: str) -> Page:
    org = who.org or ""
    with ask.house.reading(org) as conn:
        bought, paid = office_money.purchases(conn, org, day), office_money.cash(conn, org, day)
        sums, by_farmer = office_money.sums(conn, org, day), office_money.by_farmer(conn, org, day)
        balances = {each.party: each for each in accounts.balance(conn, org)}
    owed = sorted((each for each in balances.values() if each.owed > 0), key=lambda each: (-each.owed, each.party))
    parties = dict.fromkeys([*(each.party for each in by_farmer), *(each.party for each in owed[:_MOST_OWED])])
    return framed(
        ask, who, "daybook.html", here="/daybook", day=day, bought=bought, paid=paid, sums=sums, by_farmer=by_farmer, balances=balances,
        owed=owed[:_MOST_OWED], owed_by_all=sum(each.owed for each in owed), owed_count=len(owed),
        named=names(ask.house, who, list(parties)), soles=soles, bare=bare,
    )  # fmt: skip


@router.get("/daybook.csv")
async def spreadsheet(request: Request) -> Response:
    """The purchases of a day."""
    who, day, ask = acting(request, "money"), _day(request), asking(request)
    return answer(request, await run_in_threadpool(_sheet, ask, who, day), NO_STORE)


def _sheet(ask: Ask, who: Actor, day: str) -> Page:
    org = who.org or ""
    with ask.house.reading(org) as conn:
        bought = office_money.purchases(conn, org, day)
    named = names(ask.house, who, list({each.party for each in bought}))
    rows = [
        (
            each.at, bare(each.lot), bare(each.party), named.get(each.party, ""), said(ask.language, each.form),
            plain(Decimal(each.grams) / 1000), plain(Decimal(each.price_pen_kg) / 1000),
            plain(Decimal(each.premium) / 1000) if each.premium else "", pen(each.total), pen(each.paid), str(each.position),
        )
        for each in bought
    ]  # fmt: skip
    return sheet(f"daybook-{day}", [said(ask.language, head) for head in _HEAD], rows)


@router.get("/pay/{party}")
async def till(request: Request, party: str) -> Response:
    """The forms that pay a farmer: what is owed, or ahead."""
    ahead = {"do": _AHEAD} if "ahead" in request.query_params else {}
    return await office(request, _till, acting(request, "money", do="make-payment"), party, ahead)


def _till(ask: Ask, who: Actor, party: str, typed: Fields, wrong: Wrong | None = None) -> Page:
    house, key = ask.house, key_of(who, party)
    with house.reading(who.org) as conn:
        farmer = office_farmers.farmer(conn, who.org, key) if ID.fullmatch(party) else None
        account = next(iter(accounts.balance(conn, who.org or "", key)), Balance(key, 0, 0, 0, 0))
    if farmer is None:
        return unknown(ask)
    if wrong and wrong.code == "duplicate-id" and typed.get("number") == typed.get("proposed"):
        typed = {name: value for name, value in typed.items() if name != "number"}
    ahead = typed.get("do") == _AHEAD
    return framed(
        ask, who, "pay.html", typed, wrong, here="/daybook", party=party, name=person(house, who, key).get("name", ""), account=account,
        number=proposed(house, who, "money", "A" if ahead else "P"), now=house.now()[:16], soles=soles, ahead=ahead,
        owed=pen(account.owed) if account.owed > 0 and not ahead else "",
    )  # fmt: skip


@router.post("/pay/{party}")
async def pay(request: Request, party: str) -> Response:
    """Write a payment or an advance."""
    who, typed = acting(request, "money", do="make-payment"), await fields(request)
    done = await run_in_threadpool(_pay, request.app.state.house, who, party, typed)
    if isinstance(done, Wrong):
        return await office(request, _till, who, party, typed, done)
    return onward(request, f"/farmers/{party}")


def _pay(house: House, who: Actor, party: str, typed: Fields) -> int | Wrong:
    ahead = typed.get("do") == _AHEAD
    do = {"do": "pay-advance", "advance_id": typed.get("number")} if ahead else {"do": "make-payment", "payment_id": typed.get("number")}
    paid = {"payer_id": org_id(who), "party_id": party, "pen": decimal(typed.get("pen", "")), "paid_at": moment(typed.get("paid_at", ""))}
    return attempt(house, who, new_id(typed), Draft(do | paid | {"lot_id": "" if ahead else typed.get("lot_id", "")}, _PAY))
