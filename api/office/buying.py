"""Buying from a farmer: find them, weigh, price, and write harvest, purchase and payment as one act."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Actor
from api.cache import Ask, Page, unknown
from api.forms import Fields, fields
from api.house import House
from api.office.desk import MOST, bare, cards, key_of, onward, org_id, pen, person, proposed, search, soles
from api.office.frame import WHOLE_FORM, Draft, Wrong, acting, attempt, decimal, framed, moment, new_id, office
from api.office.weighing import Weighed, weighed, worth
from api.roles import may_read
from domain.values import plain
from projections import accounts, office_farmers, office_money
from projections.office_farmers import OnHand, Plot

router: Final = APIRouter(include_in_schema=False)
_LATEST: Final = 8
_SUM, _SENT_BEFORE = "sum", "this form was sent before, with other figures: for a further purchase begin again at the farmer"
_HARVEST, _PAYMENT = "-H", "-P"
"""What the ids of a purchase's harvest and payment have behind the purchase's own."""
_ABOUT: Final = {
    **dict.fromkeys(("kg", "bad-quantity", "gain", "overdrawn"), "weighings"),
    **dict.fromkeys(("plot_id", "unknown-plot", "unknown-lot", "not-held"), "plot"),
    **dict.fromkeys(("lot_id", "payment_id", "duplicate-id"), "lot"),
    **dict.fromkeys(("to_at", "started_at", "ended_at", "paid_at"), "at"),
    "price_pen_kg": "price", "premium_pct": "premium", "pen": "price", "from_at": "since",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seller:
    """Whom one buys from: their plots, what they have on hand, and the lot that is bought where it is one that is there already."""

    party: str
    plots: list[Plot]
    on_hand: list[OnHand]
    lot: OnHand | None
    farmer: bool = True

    @property
    def form(self) -> str:
        """The form of the beans."""
        return self.lot.form if self.lot else "wet"


def _seller(house: House, who: Actor, id_: str, lot: str) -> Seller | None:
    """A farmer of this organisation, or whoever offered it the lot; None where it is nobody of these, or the lot is not theirs."""
    party, org = key_of(who, id_), who.org or ""
    with house.reading(org) as conn:
        farmer = office_farmers.farmer(conn, org, party)
        if farmer is None:
            offers = [each for each in accounts.offered(conn, org, house.now()) if (each.holder, bare(each.lot)) == (party, lot)]
            there = [OnHand(lot, each.form, each.grams, each.offered_at) for each in offers]
            return Seller(party, [], [], there[0], farmer=False) if there else None
        on_hand = office_farmers.on_hand(conn, party)
        chosen = next((each for each in on_hand if bare(each.lot) == lot), None)
        return None if lot and chosen is None else Seller(party, office_farmers.plots(conn, party), on_hand, chosen)


@router.get("/buy")
async def buy(request: Request) -> Response:
    """Where a purchase begins: whose beans they are."""
    return await office(request, _find, acting(request, do="buy-lot"))


@router.post("/buy/find")
async def find(request: Request) -> Response:
    """Farmers by what was asked; where it is one, straight on to them."""
    who, typed = acting(request, do="buy-lot"), await fields(request)
    hits = await run_in_threadpool(search, request.app.state.house, who, typed.get("q", ""))
    return onward(request, f"/buy/{hits[0].id}") if len(hits) == 1 else await office(request, _find, who, typed, hits)


def _find(ask: Ask, who: Actor, typed: Fields | None = None, hits: list[Any] | None = None) -> Page:
    with ask.house.reading(who.org) as conn:
        latest = office_money.sellers(conn, who.org or "", _LATEST) if hits is None else []
        known = [farmer for party in latest if (farmer := office_farmers.farmer(conn, who.org, party))]
        offers = accounts.offered(conn, who.org or "", ask.house.now())
    return framed(
        ask, who, "buy.html", typed, here="/buy", hits=hits, latest=cards(ask.house, who, known), most=MOST, offers=offers, bare=bare
    )


@router.get("/buy/{party}")
async def weigh(request: Request, party: str) -> Response:
    """The form of a purchase from one farmer."""
    who = acting(request, do="buy-lot")
    if party == "find":
        return onward(request, "/buy")
    return await office(request, _form, who, party, {"source": request.query_params.get("lot", "")})


def _form(ask: Ask, who: Actor, party: str, typed: Fields, wrong: Wrong | None = None, summed: tuple[Weighed, int] | None = None) -> Page:
    house, now = ask.house, ask.house.now()
    seller = _seller(house, who, party, typed.get("source", ""))
    if seller is None:
        return unknown(ask)
    with house.reading(who.org) as conn:
        price = accounts.price_at(conn, who.org or "", seller.form, now)
    number = proposed(house, who, "lot", "C")
    if wrong and wrong.code == "duplicate-id" and typed.get("lot") == typed.get("proposed"):
        typed = {name: value for name, value in typed.items() if name != "lot"}
    return framed(
        ask, who, "buy_from.html", typed, wrong, here="/buy", seller=seller, party=party, number=number, now=now[:16], bare=bare,
        name=person(house, who, seller.party).get("name", ""), price=price and plain(Decimal(price.price_pen_kg) / 1000),
        premiums=[(plain(Decimal(pct) / 1000), name) for name, pct in price.premiums.items()] if price else [],
        scale=summed and summed[0], total=summed and soles(summed[1]),
    )  # fmt: skip


@router.post("/buy/{party}")
async def bought(request: Request, party: str) -> Response:
    """Write the purchase, or only work out what it comes to."""
    who, typed = acting(request, do="buy-lot"), await fields(request)
    scale = weighed(typed.get("weighings", ""), typed.get("tare", ""))
    total = _total(typed, scale)
    if isinstance(scale, Wrong) or isinstance(total, Wrong):
        return await office(request, _form, who, party, typed, scale if isinstance(scale, Wrong) else total)
    if typed.get("do") == _SUM:
        return await office(request, _form, who, party, typed, None, (scale, total))
    done = await run_in_threadpool(_buy, request.app.state.house, who, party, typed, scale.kg, total)
    if isinstance(done, Wrong):
        return await office(request, _form, who, party, typed, done)
    if not may_read(who.roles, "money"):
        return onward(request, f"/stock/{typed['lot']}")
    parts = quote(" ".join(map(plain, scale.parts)))
    return onward(request, f"/receipts/{typed['lot']}?weighed={parts}&tare={plain(scale.tare)}")


def _total(typed: Fields, scale: Weighed | Wrong) -> int | Wrong:
    return scale if isinstance(scale, Wrong) else worth(scale.net, decimal(typed.get("price", "")), typed.get("premium", ""))


def _buy(house: House, who: Actor, party: str, typed: Fields, kg: str, total: int) -> int | Wrong:
    """Harvest, purchase and payment as one act."""
    seller, lot = _seller(house, who, party, typed.get("source", "")), typed.get("lot", "")
    if seller is None or not (seller.lot or typed.get("plot") in {bare(plot.plot) for plot in seller.plots}):
        return Wrong("plot", "choose the plot from which the beans come")
    at, source = moment(typed.get("at", "")), f"{lot}{_HARVEST}" if seller.lot is None else bare(seller.lot.lot)
    harvest = {"do": "record-harvest", "lot_id": source, "plot_id": typed.get("plot"), "kg": kg, "to_at": at}
    sale = {
        "do": "buy-lot", "lot_id": lot, "holder_id": org_id(who), "inputs": [{"lot_id": source, "kg": kg}], "kg": kg,
        "started_at": at, "ended_at": at, "price_pen_kg": decimal(typed.get("price", "")), "premium_pct": typed.get("premium"),
    }  # fmt: skip
    payment = {
        "do": "make-payment", "payment_id": f"{lot}{_PAYMENT}", "payer_id": org_id(who), "party_id": party, "lot_id": lot,
        "pen": pen(total), "paid_at": at,
    }  # fmt: skip
    act: list[dict[str, Any]] = [
        *([harvest | {"from_at": moment(typed.get("since", "")) or at}] if seller.lot is None else []),
        sale,
        *([] if typed.get("paid") == "owed" else [payment]),
    ]
    done = attempt(house, who, new_id(typed), *(Draft(body, _ABOUT) for body in act))
    sent_before = isinstance(done, Wrong) and done.code == "duplicate-id" and "thing" not in done.values
    return Wrong(WHOLE_FORM, _SENT_BEFORE, code="sent-before") if sent_before else done
