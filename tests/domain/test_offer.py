"""A lot is offered to another party while there is something left of it; its beans stay where they are."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.lot import Lot, evolve
from domain.offer import LotOffered

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))


def test_an_offer_names_lot_holder_and_who_may_buy(accepted: Callable[..., Any]) -> None:
    fact = accepted("offer-lot")

    assert fact == LotOffered(lot_id="main/DRY", holder_id="main/COOP", to_id="main/BUYER", offered_at=JUNE, until=JULY)
    assert fact.tags(9) == ["lot:main/DRY", "party:main/COOP", "party:main/BUYER"]


def test_an_offer_leaves_the_lot_as_it_is(accepted: Callable[..., Any]) -> None:
    lot = Lot("dry", "main/COOP", 5_000, MAY)

    assert evolve(lot, "main/DRY", accepted("offer-lot")) == lot


def test_a_lot_is_bought_without_an_offer_too(accepted: Callable[..., Any]) -> None:
    assert accepted("buy-lot").seller_id == "main/FARMER"


@pytest.mark.parametrize(
    ("difference", "code", "sentence"),
    [
        ({"to_id": "X"}, "unknown-party", "no party X was ever accepted"),
        ({"lot_id": "X"}, "unknown-lot", "no lot X was ever accepted"),
        ({"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        ({"lot:main/DRY": {"ended_at": JULY}}, "before-origin", f"{JUNE} is before the lot of {JULY}"),
        ({"to_id": "COOP"}, "not-held", "COOP cannot buy from itself"),
        ({"lot:main/DRY": {"on_hand": 0}}, "overdrawn", "lot DRY has nothing on hand to offer"),
    ],
)
def test_an_offer_is_refused_in_words(refused: Callable[..., Any], difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused("offer-lot", difference) == (code, sentence)
