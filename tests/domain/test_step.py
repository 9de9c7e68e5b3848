"""Every step draws kilograms from lots on hand into one new lot: from whom it may, of the forms it takes, and never a gram more."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from pydantic import ValidationError

from domain.lot import Draw, Lot, evolve
from domain.step import LotBought, LotsBlended, LotsDried, LotsFermented, LotSplit

MAY, MAY_31, JUNE, JULY = (f"2026-{day}T10:00:00-05:00" for day in ("05-02", "05-31", "06-02", "07-02"))
ABOVE_0 = "wanted above 0, at most 1,000,000, with at most 3 decimals"
FROM_0 = "wanted 0 or more, at most 1,000,000, with at most 3 decimals"
UP_TO_100 = "wanted 0 or more, at most 100, with at most 3 decimals"
STEPS = ("buy-lot", "ferment-lots", "dry-lots", "blend-lots", "split-lot")
DRAWN = (Draw(lot_id="main/WET", grams=40_000), Draw(lot_id="main/WET-2", grams=10_000))
MADE: dict[str, Any] = {"lot_id": "main/NEW", "holder_id": "main/FARMER", "inputs": DRAWN, "started_at": MAY_31, "ended_at": JUNE}


def draws(*asks: tuple[str, str]) -> dict[str, Any]:
    return {"inputs": [{"lot_id": lot, "kg": kg} for lot, kg in asks]}


def faults(do: str) -> dict[str, dict[str, Any]]:
    """A fault for every code that the step can get, in the order in which codes are checked."""
    every: dict[str, dict[str, Any]] = {
        "unknown-party": {"party:main/COOP": None, "party:main/FARMER": None},
        "unknown-lot": {"lot:main/WET": None},
        "duplicate-id": {"lot:main/NEW": Lot("wet", "main/FARMER", 1, MAY)},
        "bad-quantity": draws(("WET", "40.0001")) if do == "split-lot" else draws(("WET", "40.0001"), ("WET-2", "10")),
        "in-the-future": {"as_of": MAY},
        "before-origin": {"lot:main/WET": {"ended_at": JULY}},
        "not-held": {"lot:main/WET": {"holder_id": "main/COOP"}},
        "wrong-form": {"lot:main/WET": {"form": "dry"}},
        "overdrawn": {"lot:main/WET": {"on_hand": 14_999}},
        "gain": {"kg": "50.002"},
    }
    return {code: fault for code, fault in every.items() if (do, code) != ("split-lot", "wrong-form")}


def test_a_sale_moves_the_beans_to_the_buyer(accepted: Callable[..., Any]) -> None:
    fact = accepted("buy-lot")

    assert fact == LotBought(
        **MADE | {"holder_id": "main/COOP"}, form="wet", grams=50_000, seller_id="main/FARMER", price_pen_kg=9_400, premium=5_000
    )
    assert evolve(None, "main/NEW", fact) == Lot("wet", "main/COOP", 50_000, JUNE)
    assert evolve(Lot("wet", "main/FARMER", 40_500, MAY), "main/WET", fact) == Lot("wet", "main/FARMER", 500, MAY)


def test_fermenting_makes_wet_beans_fermented(accepted: Callable[..., Any]) -> None:
    assert accepted("ferment-lots") == LotsFermented(**MADE, form="fermented", grams=45_000, method="box", max_temp=48_500, turns=3)


def test_drying_makes_wet_beans_dry(accepted: Callable[..., Any]) -> None:
    assert accepted("dry-lots") == LotsDried(**MADE, form="dry", grams=20_000, method="sun", moisture=7_000)


def test_a_blend_keeps_the_form(accepted: Callable[..., Any]) -> None:
    assert accepted("blend-lots") == LotsBlended(**MADE, form="wet", grams=50_000)


def test_a_split_leaves_the_rest_where_it_was(accepted: Callable[..., Any]) -> None:
    fact = accepted("split-lot")

    assert fact == LotSplit(**MADE | {"inputs": (Draw(lot_id="main/WET", grams=15_000),)}, form="wet", grams=15_000)
    assert evolve(Lot("wet", "main/FARMER", 40_500, MAY), "main/WET", fact) == Lot("wet", "main/FARMER", 25_500, MAY)


@pytest.mark.parametrize(
    ("do", "found", "made"),
    [
        *((do, form, form) for do in ("buy-lot", "blend-lots", "split-lot") for form in ("wet", "fermented", "dry")),
        ("ferment-lots", "wet", "fermented"),
        ("dry-lots", "wet", "dry"),
        ("dry-lots", "fermented", "dry"),
    ],
)
def test_a_step_takes_these_forms_and_makes_those(accepted: Callable[..., Any], do: str, found: str, made: str) -> None:
    assert accepted(do, {"lot:main/WET": {"form": found}, "lot:main/WET-2": {"form": found}}).form == made


@pytest.mark.parametrize(
    ("do", "one", "other", "sentence"),
    [
        ("buy-lot", "wet", "dry", "dry and wet beans, wanted all of one form among wet, fermented, dry"),
        ("blend-lots", "fermented", "wet", "fermented and wet beans, wanted all of one form among wet, fermented, dry"),
        ("ferment-lots", "wet", "dry", "dry and wet beans, wanted all of one form among wet"),
        ("ferment-lots", "dry", "dry", "dry beans, wanted all of one form among wet"),
        ("ferment-lots", "fermented", "fermented", "fermented beans, wanted all of one form among wet"),
        ("dry-lots", "wet", "fermented", "fermented and wet beans, wanted all of one form among wet, fermented"),
        ("dry-lots", "dry", "dry", "dry beans, wanted all of one form among wet, fermented"),
    ],
)
def test_other_forms_are_refused_in_words(refused: Callable[..., Any], do: str, one: str, other: str, sentence: str) -> None:
    assert refused(do, {"lot:main/WET": {"form": one}, "lot:main/WET-2": {"form": other}}) == ("wrong-form", sentence)


@pytest.mark.parametrize("do", ["ferment-lots", "dry-lots", "blend-lots"])
def test_kilograms_may_be_lost_in_a_step(accepted: Callable[..., Any], do: str) -> None:
    assert accepted(do, {"kg": "0.001"}).grams == 1
    assert accepted(do, {"kg": "50.000"}).grams == 50_000


@pytest.mark.parametrize(
    ("do", "kg", "sentence"),
    [
        ("ferment-lots", "50.001", "50.001 kg out of 50 kg: wanted no more"),
        ("dry-lots", "51", "51 kg out of 50 kg: wanted no more"),
        ("blend-lots", "50.001", "50.001 kg out of 50 kg: wanted no more"),
        ("buy-lot", "50.001", "50.001 kg out of 50 kg: wanted exactly as much"),
        ("buy-lot", "49.999", "49.999 kg out of 50 kg: wanted exactly as much"),
        ("split-lot", "15.001", "15.001 kg out of 15 kg: wanted exactly as much"),
        ("split-lot", "14.999", "14.999 kg out of 15 kg: wanted exactly as much"),
    ],
)
def test_kilograms_may_not_be_gained(refused: Callable[..., Any], do: str, kg: str, sentence: str) -> None:
    assert refused(do, {"kg": kg}) == ("gain", sentence)


@pytest.mark.parametrize(
    ("do", "difference", "sentence"),
    [
        ("buy-lot", {"lot:main/WET-2": {"holder_id": "main/OTHER"}}, "the beans are held by FARMER, OTHER: a sale has one seller"),
        ("buy-lot", {"lot:main/WET-2": {"holder_id": "main/COOP"}}, "the beans are held by COOP, FARMER: a sale has one seller"),
        ("buy-lot", {"holder_id": "FARMER"}, "FARMER cannot buy from itself"),
        ("blend-lots", {"holder_id": "COOP"}, "the beans are held by FARMER, not COOP"),
        ("ferment-lots", {"lot:main/WET-2": {"holder_id": "main/OTHER"}}, "the beans are held by FARMER, OTHER, not FARMER"),
        ("dry-lots", {"holder_id": "BUYER"}, "the beans are held by FARMER, not BUYER"),
        ("split-lot", {"holder_id": "COOP"}, "the beans are held by FARMER, not COOP"),
    ],
)
def test_beans_are_drawn_from_whom_the_step_allows(refused: Callable[..., Any], do: str, difference: dict[str, Any], sentence: str) -> None:
    assert refused(do, difference) == ("not-held", sentence)


@pytest.mark.parametrize(("do", "code"), [(do, code) for do in STEPS for code in faults(do)])
def test_a_step_is_refused_with_the_code_of_its_fault(refused: Callable[..., Any], do: str, code: str) -> None:
    assert refused(do, faults(do)[code])[0] == code


@pytest.mark.parametrize(("do", "earlier", "later"), [(do, *pair) for do in STEPS for pair in combinations(faults(do), 2)])
def test_of_two_faults_the_earlier_is_the_answer(refused: Callable[..., Any], do: str, earlier: str, later: str) -> None:
    assert refused(do, faults(do)[later], faults(do)[earlier])[0] == earlier


@pytest.mark.parametrize(
    ("do", "difference", "code", "sentence"),
    [
        ("buy-lot", {"holder_id": "X"}, "unknown-party", "no party X was ever accepted"),
        ("blend-lots", draws(("WET", "1"), ("X", "1")), "unknown-lot", "no lot X was ever accepted"),
        ("split-lot", {"lot_id": "WET"}, "duplicate-id", "lot WET was accepted before, with other content"),
        ("split-lot", {"lot_id": "NEW"} | draws(("NEW", "1")), "unknown-lot", "no lot NEW was ever accepted"),
        ("split-lot", draws(("WET", "0")), "bad-quantity", f"kg of WET 0: {ABOVE_0}"),
        ("split-lot", {"kg": "-1"}, "bad-quantity", f"kg -1: {ABOVE_0}"),
        ("buy-lot", {"price_pen_kg": "0"}, "bad-quantity", f"price_pen_kg 0: {ABOVE_0}"),
        ("buy-lot", {"premium_pct": "100.001"}, "bad-quantity", f"premium_pct 100.001: {UP_TO_100}"),
        ("ferment-lots", {"max_temp_c": "-1"}, "bad-quantity", f"max_temp_c -1: {FROM_0}"),
        ("ferment-lots", {"turns": "-1"}, "bad-quantity", f"turns -1: {FROM_0}"),
        ("dry-lots", {"moisture_pct": "101"}, "bad-quantity", f"moisture_pct 101: {UP_TO_100}"),
        ("blend-lots", {"as_of": MAY_31}, "in-the-future", f"{JUNE} is later than {MAY_31}"),
        ("blend-lots", {"lot:main/WET-2": {"ended_at": JUNE}}, "before-origin", f"{MAY_31} is before lot WET-2 of {JUNE}"),
        ("dry-lots", {"party:main/FARMER": {"enrolled_at": JUNE}}, "before-origin", f"{MAY_31} is before the holder's enrolment of {JUNE}"),
        ("blend-lots", {"started_at": JULY}, "before-origin", f"the end {JUNE} is before the start {JULY}"),
        ("blend-lots", draws(("WET", "40"), ("WET-2", "10.001")), "overdrawn", "lot WET-2 has 10 kg on hand, not 10.001 kg"),
    ],
)  # fmt: skip
def test_a_step_is_refused_in_words(refused: Callable[..., Any], do: str, difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused(do, difference) == (code, sentence)


@pytest.mark.parametrize(
    ("do", "measured", "field"),
    [
        ("buy-lot", "premium_pct", "premium"),
        ("ferment-lots", "max_temp_c", "max_temp"),
        ("ferment-lots", "turns", "turns"),
        ("dry-lots", "moisture_pct", "moisture"),
    ],
)
def test_what_is_measured_may_be_zero_or_not_be_there(accepted: Callable[..., Any], do: str, measured: str, field: str) -> None:
    assert getattr(accepted(do, {measured: "0"}), field) == 0
    assert getattr(accepted(do, {measured: None}), field) is None


@pytest.mark.parametrize("do", ["ferment-lots", "dry-lots"])
def test_a_method_need_not_be_named(accepted: Callable[..., Any], do: str) -> None:
    assert accepted(do, {"method": None}).method is None


@pytest.mark.parametrize(
    ("do", "difference"),
    [
        ("blend-lots", draws(("WET", "50"))), ("blend-lots", draws()), ("split-lot", draws()),
        ("split-lot", draws(("WET", "1"), ("WET-2", "1"))),
        ("buy-lot", draws()), ("buy-lot", draws(("WET", "1"), ("WET", "2"))), ("dry-lots", draws(("WET", "1"), ("WET", "1.0"))),
        ("blend-lots", draws(*((f"L-{n}", "1") for n in range(501)))), ("buy-lot", draws(("wet", "1"))), ("buy-lot", draws(("WET", "NaN"))),
        ("buy-lot", {"inputs": "WET:1"}), ("buy-lot", {"price_pen_kg": None}), ("ferment-lots", {"price_pen_kg": "9"}),
        ("blend-lots", {"method": "box"}), ("split-lot", {"moisture_pct": "7"}), ("dry-lots", {"turns": "3"}),
        ("ferment-lots", {"method": "sun"}), ("dry-lots", {"method": "box"}), ("ferment-lots", {"turns": "1.5"}),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_no_step(ask: Callable[..., Any], do: str, difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(do, difference)


def test_a_step_may_draw_on_500_lots(ask: Callable[..., Any]) -> None:
    assert len(ask("blend-lots", draws(*((f"L-{n}", "1") for n in range(500)))).inputs) == 500
