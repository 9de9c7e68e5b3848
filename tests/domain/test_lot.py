"""A lot gives what it has and no more; harvests make it, losses lower it, inspections leave it as it is."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from pydantic import ValidationError

from domain.lot import HarvestRecorded, Loss, Lot, LotInspected, LotWrittenOff, evolve, on_hand
from domain.values import Refused

MAY, MAY_31, JUNE, JULY = (f"2026-{day}T10:00:00-05:00" for day in ("05-02", "05-31", "06-02", "07-02"))
ABOVE_0 = "wanted above 0, at most 1,000,000, with at most 3 decimals"
FROM_0 = "wanted 0 or more, at most 1,000,000, with at most 3 decimals"
WET = Lot("wet", "main/FARMER", 40_500, MAY)
FAULTS: dict[str, dict[str, dict[str, Any]]] = {
    "record-harvest": {
        "unknown-plot": {"plot:main/PLOT": None},
        "duplicate-id": {"lot:main/NEW": WET},
        "bad-quantity": {"kg": "0"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"plot:main/PLOT": {"surveyed_at": JULY}},
    },
    "inspect-lot": {
        "unknown-lot": {"lot:main/DRY": None},
        "duplicate-id": {"lot:main/DRY": {"inspections": frozenset({JUNE})}},
        "bad-quantity": {"slaty_pct": "100.001"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"lot:main/DRY": {"ended_at": JULY}},
    },
    "write-off": {
        "unknown-lot": {"lot:main/WET": None},
        "duplicate-id": {"loss:main/NEW": Loss()},
        "bad-quantity": {"kg": "0.0001"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"lot:main/WET": {"ended_at": JULY}},
        "overdrawn": {"lot:main/WET": {"on_hand": 2_249}},
    },
}


def test_a_harvest_makes_a_wet_lot_of_the_plots_holder(accepted: Callable[..., Any]) -> None:
    fact = accepted("record-harvest")

    assert fact == HarvestRecorded(
        lot_id="main/NEW", plot_id="main/PLOT", holder_id="main/FARMER", form="wet", grams=40_500, from_at=MAY_31, to_at=JUNE
    )
    assert evolve(None, "main/NEW", fact) == Lot("wet", "main/FARMER", 40_500, JUNE)


def test_a_loss_lowers_what_is_on_hand(accepted: Callable[..., Any]) -> None:
    fact = accepted("write-off")

    assert fact == LotWrittenOff(
        loss_id="main/NEW", lot_id="main/WET", holder_id="main/FARMER", grams=2_250, reason="spoiled", lost_at=JUNE
    )
    assert evolve(WET, "main/WET", fact) == Lot("wet", "main/FARMER", 38_250, MAY)


def test_an_inspection_leaves_the_beans_and_is_remembered_by_its_time(accepted: Callable[..., Any]) -> None:
    fact = accepted("inspect-lot")

    assert fact == LotInspected(
        lot_id="main/DRY", inspected_at=JUNE, moisture=7_100, beans_100g=82, mouldy=1_000, slaty=2_500, defective=333
    )
    assert evolve(WET, "main/DRY", fact) == Lot("wet", "main/FARMER", 40_500, MAY, frozenset({JUNE}))


def test_a_lot_of_any_form_can_be_inspected_again_at_another_time(accepted: Callable[..., Any]) -> None:
    assert accepted("inspect-lot", {"lot_id": "WET", "lot:main/WET": {"inspections": frozenset({MAY})}}).lot_id == "main/WET"


@pytest.mark.parametrize("measured", ["moisture_pct", "mouldy_pct", "slaty_pct", "defective_pct"])
def test_a_measured_percentage_is_from_0_to_100(accepted: Callable[..., Any], refused: Callable[..., Any], measured: str) -> None:
    field = measured.removesuffix("_pct")

    assert getattr(accepted("inspect-lot", {measured: "0"}), field) == 0
    assert getattr(accepted("inspect-lot", {measured: "100"}), field) == 100_000
    assert refused("inspect-lot", {measured: "100.001"})[0] == "bad-quantity"
    assert refused("inspect-lot", {measured: "-0.001"})[0] == "bad-quantity"


def test_no_beans_in_100_g_may_be_counted(accepted: Callable[..., Any]) -> None:
    assert accepted("inspect-lot", {"beans_100g": "0"}).beans_100g == 0


def test_a_lot_cannot_give_more_than_it_has() -> None:
    on_hand(WET, "HV-12", 40_500)
    with pytest.raises(Refused, match=r"^lot HV-12 has 40\.5 kg on hand, not 60 kg$"):
        on_hand(WET, "HV-12", 60_000)


def test_all_of_a_lot_can_be_lost_and_then_nothing_more(accepted: Callable[..., Any], refused: Callable[..., Any]) -> None:
    left = evolve(WET, "main/WET", accepted("write-off", {"kg": "40.5"}))

    assert left == Lot("wet", "main/FARMER", 0, MAY)
    assert refused("write-off", {"kg": "0.001", "lot:main/WET": left}) == ("overdrawn", "lot WET has 0 kg on hand, not 0.001 kg")


def test_a_harvest_weighs_a_thousand_tonnes_at_most(accepted: Callable[..., Any], refused: Callable[..., Any]) -> None:
    assert accepted("record-harvest", {"kg": "1000000"}).grams == 1_000_000_000
    assert refused("record-harvest", {"kg": "1000000.001"})[0] == "bad-quantity"


@pytest.mark.parametrize("reason", ["spoiled", "stolen", "sample", "shrinkage"])
def test_every_reason_of_a_loss_is_kept(accepted: Callable[..., Any], reason: str) -> None:
    assert accepted("write-off", {"reason": reason}).reason == reason


@pytest.mark.parametrize(("do", "code"), [(do, code) for do, faults in FAULTS.items() for code in faults])
def test_it_is_refused_with_the_code_of_its_fault(refused: Callable[..., Any], do: str, code: str) -> None:
    assert refused(do, FAULTS[do][code])[0] == code


@pytest.mark.parametrize(("do", "earlier", "later"), [(do, *pair) for do, faults in FAULTS.items() for pair in combinations(faults, 2)])
def test_of_two_faults_the_earlier_is_the_answer(refused: Callable[..., Any], do: str, earlier: str, later: str) -> None:
    assert refused(do, FAULTS[do][later], FAULTS[do][earlier])[0] == earlier


@pytest.mark.parametrize(
    ("do", "difference", "code", "sentence"),
    [
        ("record-harvest", {"plot_id": "X"}, "unknown-plot", "no plot X was ever accepted"),
        ("record-harvest", {"lot_id": "DRY"}, "duplicate-id", "lot DRY was accepted before, with other content"),
        ("record-harvest", {"kg": "40.5000"}, "bad-quantity", f"kg 40.5000: {ABOVE_0}"),
        ("record-harvest", {"as_of": MAY_31}, "in-the-future", f"{JUNE} is later than {MAY_31}"),
        ("record-harvest", {"plot:main/PLOT": {"surveyed_at": JUNE}}, "before-origin", f"{MAY_31} is before the plot's survey of {JUNE}"),
        ("record-harvest", {"from_at": JULY}, "before-origin", f"the end {JUNE} is before the start {JULY}"),
        ("inspect-lot", {"lot_id": "X"}, "unknown-lot", "no lot X was ever accepted"),
        (
            "inspect-lot", FAULTS["inspect-lot"]["duplicate-id"],
            "duplicate-id", f"lot DRY was inspected at {JUNE} before, with other content",
        ),
        ("inspect-lot", {"beans_100g": "-1"}, "bad-quantity", f"beans_100g -1: {FROM_0}"),
        ("inspect-lot", FAULTS["inspect-lot"]["before-origin"], "before-origin", f"{JUNE} is before the lot of {JULY}"),
        ("write-off", {"lot_id": "X"}, "unknown-lot", "no lot X was ever accepted"),
        ("write-off", {"loss:main/NEW": Loss()}, "duplicate-id", "loss NEW was accepted before, with other content"),
        ("write-off", {"kg": "-1"}, "bad-quantity", f"kg -1: {ABOVE_0}"),
        ("write-off", {"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        ("write-off", FAULTS["write-off"]["before-origin"], "before-origin", f"{JUNE} is before the lot of {JULY}"),
        ("write-off", {"kg": "40.501"}, "overdrawn", "lot WET has 40.5 kg on hand, not 40.501 kg"),
    ],
)  # fmt: skip
def test_it_is_refused_in_words(refused: Callable[..., Any], do: str, difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused(do, difference) == (code, sentence)


@pytest.mark.parametrize(
    ("do", "difference"),
    [
        ("record-harvest", {"kg": 40.5}), ("record-harvest", {"kg": "40,5"}), ("record-harvest", {"kg": ""}),
        ("record-harvest", {"lot_id": "hv"}),
        ("inspect-lot", {"moisture_pct": None}), ("inspect-lot", {"beans_100g": "82.5"}), ("inspect-lot", {"mouldy_pct": "1 %"}),
        ("write-off", {"reason": "eaten"}), ("write-off", {"reason": ""}), ("write-off", {"loss_id": ""}), ("write-off", {"lost_at": ""}),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_no_command(ask: Callable[..., Any], do: str, difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(do, difference)
