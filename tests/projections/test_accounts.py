"""What an organisation pays, is offered and owes, against figures worked out by hand."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.house import House
from ledger.schema import Connection
from projections import follow
from projections.accounts import Balance, Offer, Price, balance, offered, price_at
from projections.rebuild import rebuild

EARLY, MAY, JUNE, JULY, AUGUST = (f"2026-0{month}-02T10:00:00-05:00" for month in (1, 5, 6, 7, 8))
COOP, OTHER, EXPORTER = "main/AG-1", "main/AG-2", "main/EX-1"


def enrol(party: str, role: str) -> dict[str, Any]:
    return {"do": "enrol-party", "party_id": party, "role": role, "name": party, "district": "220501", "enrolled_at": EARLY}


def plot(plot_id: str, holder: str) -> dict[str, Any]:
    return {
        "do": "register-plot", "plot_id": plot_id, "holder_id": holder, "area_ha": "1", "district": "220501", "system": "full_sun",
        "planted_at": EARLY, "surveyed_at": EARLY, "accuracy_m": "3", "geometry": {"type": "Point", "coordinates": [-76.4, -6.5]},
    }  # fmt: skip


def harvest(lot: str, plot_id: str, kg: str) -> dict[str, Any]:
    return {"do": "record-harvest", "lot_id": lot, "plot_id": plot_id, "kg": kg, "from_at": MAY, "to_at": MAY}


def buy(lot: str, holder: str, source: str, kg: str, price: str, premium: str | None = None) -> dict[str, Any]:
    return {
        "do": "buy-lot", "lot_id": lot, "holder_id": holder, "inputs": [{"lot_id": source, "kg": kg}], "kg": kg, "started_at": JUNE,
        "ended_at": JUNE, "price_pen_kg": price, "premium_pct": premium,
    }  # fmt: skip


def pay(payment: str, payer: str, party: str, pen: str, lot: str | None = None) -> dict[str, Any]:
    return {
        "do": "make-payment", "payment_id": payment, "payer_id": payer, "party_id": party, "lot_id": lot, "pen": pen, "paid_at": JULY,
    }  # fmt: skip


def advance(advance_id: str, payer: str, party: str, pen: str) -> dict[str, Any]:
    return {"do": "pay-advance", "advance_id": advance_id, "payer_id": payer, "party_id": party, "pen": pen, "paid_at": MAY}


def price(price_id: str, pen: str, since: str, until: str | None = None, **further: Any) -> dict[str, Any]:
    body = {"do": "set-price", "price_id": price_id, "holder_id": "AG-1", "form": "wet", "price_pen_kg": pen, "premiums": []}
    return body | {"valid_from": since, "valid_to": until} | further


def offer(lot: str, to: str, at: str, until: str | None = None) -> dict[str, Any]:
    return {"do": "offer-lot", "lot_id": lot, "to_id": to, "offered_at": at, "until": until}


@pytest.fixture
def market(house: House, tell: Callable[..., None]) -> Iterator[Connection]:
    """Two farmers with two harvests of 100 kg, two aggregators and an exporter."""
    roles = {"FA-1": "farmer", "FA-2": "farmer", "AG-1": "aggregator", "AG-2": "aggregator", "EX-1": "exporter"}
    tell(house, *(enrol(party, role) for party, role in roles.items()), plot("P-1", "FA-1"), plot("P-2", "FA-2"))
    tell(house, harvest("H-1", "P-1", "100"), harvest("H-2", "P-2", "100"))
    with follow.connected(house.url) as conn:
        yield conn


def test_a_sellers_account_is_what_was_sold_less_what_was_paid(house: House, market: Connection, tell: Callable[..., None]) -> None:
    tell(
        house, advance("A-1", "AG-1", "FA-1", "50"), buy("B-1", "AG-1", "H-1", "40.5", "3.333", "10"),
        buy("B-2", "AG-1", "H-1", "20", "3"), pay("P-1", "AG-1", "FA-1", "100.25", "B-1"),
        advance("A-2", "AG-1", "FA-2", "75.5"), buy("B-3", "AG-2", "H-2", "10", "4"), pay("P-2", "AG-2", "FA-2", "40"),
    )  # fmt: skip

    # 40.5 kg x 3.333 x 1.1 = 148.48515 soles, and 20 kg x 3 = 60: 208.49 of which 150.25 are paid
    assert balance(market, COOP) == [
        Balance("main/FA-1", 60_500, 20_849, 15_025, 5_824),
        Balance("main/FA-2", 0, 0, 7_550, -7_550),
    ]
    assert balance(market, OTHER) == [Balance("main/FA-2", 10_000, 4_000, 4_000, 0)]
    assert balance(market, COOP, "main/FA-2") == [Balance("main/FA-2", 0, 0, 7_550, -7_550)]
    assert balance(market, EXPORTER) == []


def test_half_a_centimo_is_rounded_purchase_by_purchase(house: House, market: Connection, tell: Callable[..., None]) -> None:
    tell(house, buy("B-1", "AG-1", "H-1", "0.001", "5"), buy("B-2", "AG-1", "H-1", "0.001", "5"), buy("B-3", "AG-1", "H-1", "0.001", "4.9"))

    assert balance(market, COOP) == [Balance("main/FA-1", 3, 2, 0, 2)]


def test_money_has_a_row_for_every_purchase_advance_and_payment(house: House, market: Connection, tell: Callable[..., None]) -> None:
    tell(house, advance("A-1", "AG-1", "FA-1", "50"), buy("B-1", "AG-1", "H-1", "10", "3"), org=COOP)
    tell(house, pay("P-1", "AG-1", "FA-1", "30", "B-1"), org=COOP)

    assert market.execute("SELECT * FROM views.money ORDER BY position").fetchall() == [
        ("advance", COOP, "main/FA-1", "main/A-1", None, None, None, None, 5_000, MAY, 10, COOP),
        ("purchase", COOP, "main/FA-1", "main/B-1", "main/B-1", 10_000, 3_000, None, 3_000, JUNE, 11, COOP),
        ("payment", COOP, "main/FA-1", "main/P-1", "main/B-1", None, None, None, 3_000, JULY, 12, COOP),
    ]


def test_of_prices_that_hold_the_one_that_began_last_is_paid(house: House, market: Connection, tell: Callable[..., None]) -> None:
    premiums = {"premiums": [{"name": "orgánico", "pct": "10"}, {"name": "comercio justo", "pct": "2.5"}]}
    tell(house, price("R-1", "3", MAY), price("R-2", "3.25", JUNE, JULY, **premiums), price("R-3", "9", MAY, form="dry"))

    first, second = (
        Price("main/R-1", 3_000, MAY, None, {}),
        Price("main/R-2", 3_250, JUNE, JULY, {"orgánico": 10_000, "comercio justo": 2_500}),
    )
    assert price_at(market, COOP, "wet", "2026-05-02T09:59:59-05:00") is None
    assert price_at(market, COOP, "wet", MAY) == first
    assert price_at(market, COOP, "wet", JUNE) == second
    assert price_at(market, COOP, "wet", JULY) == second
    assert price_at(market, COOP, "wet", "2026-07-02T10:00:01-05:00") == first
    assert price_at(market, COOP, "fermented", JUNE) is None
    assert price_at(market, OTHER, "wet", JUNE) is None


def test_a_lot_is_offered_up_to_its_last_moment_and_while_something_is_left(
    house: House, market: Connection, tell: Callable[..., None]
) -> None:
    tell(house, buy("B-1", "AG-1", "H-1", "100", "3"), buy("B-2", "AG-1", "H-2", "100", "3"))
    tell(house, offer("B-1", "EX-1", JUNE, JULY), offer("B-2", "EX-1", JUNE), offer("B-2", "AG-2", JULY))
    tell(house, buy("X-1", "EX-1", "B-1", "30", "8") | {"started_at": JULY, "ended_at": JULY})

    some, all_ = Offer("main/B-1", COOP, "wet", 70_000, JUNE, JULY), Offer("main/B-2", COOP, "wet", 100_000, JUNE, None)
    assert offered(market, EXPORTER, MAY) == []
    assert offered(market, EXPORTER, JULY) == [some, all_]
    assert offered(market, EXPORTER, AUGUST) == [all_]
    assert offered(market, OTHER, JULY) == [Offer("main/B-2", COOP, "wet", 100_000, JULY, None)]
    assert offered(market, COOP, JULY) == []

    tell(house, buy("X-2", "EX-1", "B-2", "100", "8") | {"started_at": JULY, "ended_at": JULY})
    assert offered(market, EXPORTER, JULY) == [some]


def test_the_latest_offer_of_a_lot_is_the_one_that_stands(house: House, market: Connection, tell: Callable[..., None]) -> None:
    tell(house, offer("H-1", "AG-1", MAY), offer("H-1", "AG-1", JUNE, JULY))

    assert offered(market, COOP, MAY) == [Offer("main/H-1", "main/FA-1", "wet", 100_000, MAY, None)]
    assert offered(market, COOP, JULY) == [Offer("main/H-1", "main/FA-1", "wet", 100_000, JUNE, JULY)]
    assert offered(market, COOP, AUGUST) == []


def test_accounts_are_the_same_after_a_rebuild(house: House, market: Connection, tell: Callable[..., None]) -> None:
    premiums = [{"name": "orgánico", "pct": "10"}, {"name": "comercio justo", "pct": "2.5"}]
    tell(house, price("R-1", "3", MAY, premiums=premiums), offer("H-1", "AG-1", MAY), advance("A-1", "AG-1", "FA-1", "5"))
    before = price_at(market, COOP, "wet", MAY)

    at, compared = rebuild(house.url)
    assert at == 12
    assert price_at(market, COOP, "wet", MAY) == before
    assert [each for each in compared if each.before != each.after] == []
