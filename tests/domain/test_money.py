"""Money is whole céntimos: what beans come to is exact, and who pays is not who is paid."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.money import AdvancePaid, PaymentMade, Premium, PriceSet, total_centimos
from domain.money import Payment as Paid

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
MONEY = "wanted above 0, at most 1,000,000, with at most 2 decimals"
FAULTS: dict[str, Any] = {
    "unknown-party": {"party:main/FARMER": None},
    "unknown-lot": {"lot:main/DRY": None},
    "duplicate-id": {"payment:main/NEW": Paid()},
    "bad-quantity": {"pen": "0"},
    "in-the-future": {"as_of": MAY},
    "before-origin": {"lot:main/DRY": {"ended_at": JULY}},
    "not-held": {"lot:main/DRY": {"holder_id": "main/BUYER"}},
}


@pytest.mark.parametrize(
    ("kg", "price", "premium", "soles"),
    [
        ("400", "3.25", "10", "1430"),  # 1300 and a tenth
        ("40.5", "9.4", None, "380.70"),
        ("0.001", "5", None, "0.01"),  # half a céntimo
        ("0.001", "4.999", None, "0"),
        ("0.003", "5", None, "0.02"),  # one céntimo and a half
        ("1", "0.001", "400", "0.01"),  # half a céntimo by its premium
        ("1000000", "1000000", "100", "2000000000000"),
    ],
)
def test_what_beans_come_to_is_exact_to_the_half_centimo(kg: str, price: str, premium: str | None, soles: str) -> None:
    grams, pen_kg = int(Decimal(kg) * 1000), int(Decimal(price) * 1000)

    assert total_centimos(grams, pen_kg, None if premium is None else int(Decimal(premium) * 1000)) == Decimal(soles) * 100


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 100_000))
def test_what_beans_come_to_is_what_decimals_say(grams: int, price: int, premium: int) -> None:
    soles = Decimal(grams) / 1000 * price / 1000 * (1 + Decimal(premium) / 100_000)

    assert total_centimos(grams, price, premium) == (soles * 100).quantize(Decimal(1), ROUND_HALF_UP)


def test_a_price_is_kept_in_thousandths_with_its_premiums(accepted: Callable[..., Any]) -> None:
    fact = accepted("set-price")

    assert fact == PriceSet(
        price_id="main/NEW", holder_id="main/COOP", form="wet", price_pen_kg=3_250,
        premiums=(Premium(name="orgánico", pct=10_000), Premium(name="comercio justo", pct=2_500)), valid_from=JUNE, valid_to=JULY,
    )  # fmt: skip
    assert fact.tags(9) == ["price:main/NEW", "party:main/COOP"]


def test_a_price_may_have_no_premium_and_ten_at_most(accepted: Callable[..., Any], ask: Callable[..., Any]) -> None:
    premiums = [{"name": f"prima {n}", "pct": "0"} for n in range(11)]

    assert accepted("set-price", {"premiums": []}).premiums == ()
    assert len(accepted("set-price", {"premiums": premiums[:10]}).premiums) == 10
    with pytest.raises(ValidationError):
        ask("set-price", {"premiums": premiums})


def test_an_advance_is_kept_in_centimos(accepted: Callable[..., Any]) -> None:
    fact = accepted("pay-advance")

    assert fact == AdvancePaid(advance_id="main/NEW", payer_id="main/COOP", party_id="main/FARMER", centimos=15_050, paid_at=JUNE)
    assert fact.tags(9) == ["advance:main/NEW", "party:main/COOP", "party:main/FARMER"]


def test_a_payment_may_name_the_lot_it_is_for(accepted: Callable[..., Any]) -> None:
    fact = accepted("make-payment")

    assert fact == PaymentMade(
        payment_id="main/NEW", payer_id="main/COOP", party_id="main/FARMER", lot_id="main/DRY", centimos=120_075, paid_at=JUNE
    )
    assert fact.tags(9) == ["payment:main/NEW", "lot:main/DRY", "party:main/COOP", "party:main/FARMER"]
    assert accepted("make-payment", {"lot_id": None}).tags(9) == ["payment:main/NEW", "party:main/COOP", "party:main/FARMER"]


@pytest.mark.parametrize("code", FAULTS)
def test_a_payment_is_refused_with_the_code_of_its_fault(refused: Callable[..., Any], code: str) -> None:
    assert refused("make-payment", FAULTS[code])[0] == code


@pytest.mark.parametrize(("earlier", "later"), list(combinations(FAULTS, 2)))
def test_of_two_faults_the_earlier_is_the_answer(refused: Callable[..., Any], earlier: str, later: str) -> None:
    if {earlier, later} == {"before-origin", "not-held"}:
        both = {"lot:main/DRY": {"ended_at": JULY, "holder_id": "main/BUYER"}}
        assert refused("make-payment", both)[0] == earlier
    else:
        assert refused("make-payment", FAULTS[later], FAULTS[earlier])[0] == earlier


@pytest.mark.parametrize(
    ("do", "difference", "code", "sentence"),
    [
        ("set-price", {"holder_id": "X"}, "unknown-party", "no party X was ever accepted"),
        ("set-price", {"price:main/NEW": object()}, "duplicate-id", "price NEW was accepted before, with other content"),
        (
            "set-price", {"price_pen_kg": "0"}, "bad-quantity",
            "price_pen_kg 0: wanted above 0, at most 1,000,000, with at most 3 decimals",
        ),
        (
            "set-price", {"premiums": [{"name": "x", "pct": "100.001"}]}, "bad-quantity",
            "pct 100.001: wanted 0 or more, at most 100, with at most 3 decimals",
        ),
        (
            "set-price", {"party:main/COOP": {"enrolled_at": JULY}}, "before-origin",
            f"{JUNE} is before the holder's enrolment of {JULY}",
        ),
        ("pay-advance", {"payer_id": "X"}, "unknown-party", "no party X was ever accepted"),
        ("pay-advance", {"party_id": "X"}, "unknown-party", "no party X was ever accepted"),
        ("pay-advance", {"advance:main/NEW": object()}, "duplicate-id", "advance NEW was accepted before, with other content"),
        ("pay-advance", {"pen": "1.005"}, "bad-quantity", f"pen 1.005: {MONEY}"),
        ("pay-advance", {"pen": "1000000.01"}, "bad-quantity", f"pen 1000000.01: {MONEY}"),
        ("pay-advance", {"payer_id": "FARMER"}, "not-held", "FARMER cannot pay itself"),
        ("make-payment", {"party_id": "COOP"}, "not-held", "COOP cannot pay itself"),
        ("make-payment", {"lot_id": "WET"}, "not-held", "the beans are held by FARMER, not COOP"),
    ],
)  # fmt: skip
def test_it_is_refused_in_words(refused: Callable[..., Any], do: str, difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused(do, difference) == (code, sentence)


@pytest.mark.parametrize(
    ("do", "difference"),
    [
        ("set-price", {"form": "roasted"}), ("set-price", {"premiums": None}), ("set-price", {"premiums": [{"name": "x"}]}),
        ("set-price", {"premiums": [{"name": "x" * 41, "pct": "1"}]}), ("set-price", {"premiums": [{"name": "x", "pct": "1"}] * 2}),
        ("pay-advance", {"pen": 150.5}), ("pay-advance", {"pen": "150,5"}), ("make-payment", {"lot_id": ""}),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_no_command(ask: Callable[..., Any], do: str, difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(do, difference)
