"""Seedlings are raised, given for a plot that the receiver holds, and brought back as far as they are owed."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from pydantic import ValidationError

from domain import nursery
from domain.graft import evolve_handout
from domain.nursery import Handout, NurseryLot, Return, SeedlingsHandedOut, SeedlingsRaised, SeedlingsReturned

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
ABOVE_0 = "wanted above 0, at most 1,000,000, with at most 3 decimals"
FROM_0 = "wanted 0 or more, at most 1,000,000, with at most 3 decimals"
FAULTS: dict[str, dict[str, dict[str, Any]]] = {
    "raise-seedlings": {
        "unknown-party": {"party:main/COOP": None},
        "duplicate-id": {"nursery-lot:main/NEW": NurseryLot("cacao", 1, MAY)},
        "bad-quantity": {"count": "0"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"party:main/COOP": {"enrolled_at": JULY}},
    },
    "hand-out-seedlings": {
        "unknown-party": {"party:main/FARMER": None},
        "unknown-plot": {"plot:main/PLOT": None},
        "unknown-nursery-lot": {"nursery-lot:main/ROOTS": None},
        "duplicate-id": {"handout:main/NEW": Handout("main/FARMER", "main/PLOT", "cacao", 1, 0, MAY)},
        "bad-quantity": {"return_due": "-1"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"plot:main/PLOT": {"surveyed_at": JULY}},
        "not-held": {"plot:main/PLOT": {"holder_id": "main/OTHER"}},
        "overdrawn": {"nursery-lot:main/ROOTS": {"on_hand": 59}},
    },
    "return-seedlings": {
        "unknown-handout": {"handout:main/GIVEN": None},
        "duplicate-id": {"return:main/NEW": Return()},
        "bad-quantity": {"count": "-5"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"handout:main/GIVEN": {"handed_at": JULY}},
        "overdrawn": {"handout:main/GIVEN": {"owed": 4}},
    },
}


def test_raised_seedlings_stand_in_their_nursery(accepted: Callable[..., Any]) -> None:
    fact = accepted("raise-seedlings")

    assert fact == SeedlingsRaised(
        nursery_lot_id="main/NEW", nursery_id="main/COOP", species="cacao", clone="IMC-67", count=500, raised_at=JUNE
    )
    assert nursery.evolve_nursery_lot(None, fact) == NurseryLot("cacao", 500, JUNE)


def test_a_handout_takes_from_the_nursery_and_knows_what_later_rules_need(accepted: Callable[..., Any]) -> None:
    fact = accepted("hand-out-seedlings", {"return_due": "120", "nursery-lot:main/ROOTS": {"species": "plantain"}})

    assert fact == SeedlingsHandedOut(
        handout_id="main/NEW", nursery_lot_id="main/ROOTS", party_id="main/FARMER", plot_id="main/PLOT", species="plantain", count=60,
        return_due=120, handed_at=JUNE,
    )  # fmt: skip
    assert nursery.evolve_nursery_lot(NurseryLot("plantain", 100, MAY), fact) == NurseryLot("plantain", 40, MAY)
    assert evolve_handout(None, fact) == Handout("main/FARMER", "main/PLOT", "plantain", ungrafted=60, owed=120, handed_at=JUNE)


def test_a_return_lowers_what_is_owed_and_nothing_else(accepted: Callable[..., Any]) -> None:
    fact = accepted("return-seedlings")
    before = Handout("main/FARMER", "main/PLOT", "plantain", ungrafted=40, owed=20, handed_at=MAY)

    assert fact == SeedlingsReturned(return_id="main/NEW", handout_id="main/GIVEN", party_id="main/FARMER", count=5, returned_at=JUNE)
    assert evolve_handout(before, fact) == Handout("main/FARMER", "main/PLOT", "plantain", ungrafted=40, owed=15, handed_at=MAY)


def test_all_that_is_there_can_be_given_and_all_that_is_owed_brought_back(accepted: Callable[..., Any]) -> None:
    assert accepted("hand-out-seedlings", {"count": "100"}).count == 100
    assert accepted("return-seedlings", {"count": "20"}).count == 20


@pytest.mark.parametrize("species", ["plantain", "bolaina", "capirona"])
def test_a_clone_is_named_for_cacao_and_for_nothing_else(ask: Callable[..., Any], species: str) -> None:
    assert ask("raise-seedlings", {"species": species, "clone": None}).clone is None
    for difference in ({"species": species}, {"clone": None}, {"clone": ""}):
        with pytest.raises(ValidationError):
            ask("raise-seedlings", difference)


@pytest.mark.parametrize(("do", "code"), [(do, code) for do, faults in FAULTS.items() for code in faults])
def test_it_is_refused_with_the_code_of_its_fault(refused: Callable[..., Any], do: str, code: str) -> None:
    assert refused(do, FAULTS[do][code])[0] == code


@pytest.mark.parametrize(("do", "earlier", "later"), [(do, *pair) for do, faults in FAULTS.items() for pair in combinations(faults, 2)])
def test_of_two_faults_the_earlier_is_the_answer(refused: Callable[..., Any], do: str, earlier: str, later: str) -> None:
    assert refused(do, FAULTS[do][later], FAULTS[do][earlier])[0] == earlier


@pytest.mark.parametrize(
    ("do", "difference", "code", "sentence"),
    [
        ("raise-seedlings", {"nursery_id": "X"}, "unknown-party", "no party X was ever accepted"),
        ("raise-seedlings", {"count": "1000001"}, "bad-quantity", f"count 1000001: {ABOVE_0}"),
        (
            "raise-seedlings", {"party:main/COOP": {"enrolled_at": JULY}},
            "before-origin", f"{JUNE} is before the nursery's enrolment of {JULY}",
        ),
        ("hand-out-seedlings", {"plot_id": "X"}, "unknown-plot", "no plot X was ever accepted"),
        ("hand-out-seedlings", {"nursery_lot_id": "X"}, "unknown-nursery-lot", "no nursery lot X was ever accepted"),
        (
            "hand-out-seedlings", FAULTS["hand-out-seedlings"]["duplicate-id"],
            "duplicate-id", "handout NEW was accepted before, with other content",
        ),
        ("hand-out-seedlings", {"count": "0"}, "bad-quantity", f"count 0: {ABOVE_0}"),
        (
            "hand-out-seedlings", {"return_due": "-1"},
            "bad-quantity", f"return_due -1: {FROM_0}",
        ),
        (
            "hand-out-seedlings", {"party:main/FARMER": {"enrolled_at": JULY}},
            "before-origin", f"{JUNE} is before the party's enrolment of {JULY}",
        ),
        (
            "hand-out-seedlings", {"plot:main/PLOT": {"surveyed_at": JULY}},
            "before-origin", f"{JUNE} is before the plot's survey of {JULY}",
        ),
        (
            "hand-out-seedlings", {"nursery-lot:main/ROOTS": {"raised_at": JULY}},
            "before-origin", f"{JUNE} is before the raising of {JULY}",
        ),
        ("hand-out-seedlings", {"party_id": "BUYER"}, "not-held", "plot PLOT is held by FARMER, not BUYER"),
        ("hand-out-seedlings", {"count": "101"}, "overdrawn", "nursery lot ROOTS has 100 seedlings on hand, not 101"),
        ("return-seedlings", {"handout_id": "X"}, "unknown-handout", "no handout X was ever accepted"),
        ("return-seedlings", {"return:main/NEW": Return()}, "duplicate-id", "return NEW was accepted before, with other content"),
        ("return-seedlings", {"count": "0"}, "bad-quantity", f"count 0: {ABOVE_0}"),
        ("return-seedlings", {"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        (
            "return-seedlings", {"handout:main/GIVEN": {"handed_at": JULY}},
            "before-origin", f"{JUNE} is before the handout of {JULY}",
        ),
        ("return-seedlings", {"count": "21"}, "overdrawn", "20 seedlings are still owed on handout GIVEN, not 21"),
        ("return-seedlings", {"handout:main/GIVEN": {"owed": 0}}, "overdrawn", "0 seedlings are still owed on handout GIVEN, not 5"),
    ],
)  # fmt: skip
def test_it_is_refused_in_words(refused: Callable[..., Any], do: str, difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused(do, difference) == (code, sentence)


@pytest.mark.parametrize(
    ("do", "difference"),
    [
        ("raise-seedlings", {"species": "coffee"}), ("raise-seedlings", {"count": "1.5"}), ("raise-seedlings", {"count": 500}),
        ("hand-out-seedlings", {"return_due": ""}), ("hand-out-seedlings", {"return_due": None}),
        ("hand-out-seedlings", {"party_id": "f-1"}),
        ("return-seedlings", {"count": "5.0"}), ("return-seedlings", {"returned_at": "2026-06-02"}),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_no_command(ask: Callable[..., Any], do: str, difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(do, difference)
