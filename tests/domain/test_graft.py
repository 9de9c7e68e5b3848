"""One stick gives three buds; buds are set on cacao that was handed out for the plot it stands on; no more live than were set."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from pydantic import ValidationError

from domain.graft import Budwood, BudwoodCut, Graft, GraftsCounted, PlantsGrafted, evolve_budwood, evolve_graft, evolve_handout
from domain.nursery import Handout

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
ABOVE_0 = "wanted above 0, at most 1,000,000, with at most 3 decimals"
FROM_0 = "wanted 0 or more, at most 1,000,000, with at most 3 decimals"
GRAFT = Graft("main/PLOT", "main/GIVEN", "main/STICKS", 30, MAY, frozenset())
FAULTS: dict[str, dict[str, dict[str, Any]]] = {
    "cut-budwood": {
        "unknown-plot": {"plot:main/PLOT": None},
        "duplicate-id": {"budwood:main/NEW": Budwood("main/PLOT", "Bellavista", 3, MAY)},
        "bad-quantity": {"sticks": "0"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"plot:main/PLOT": {"surveyed_at": JULY}},
    },
    "graft-plants": {
        "unknown-plot": {"plot:main/PLOT": None},
        "unknown-budwood": {"budwood:main/STICKS": None},
        "unknown-handout": {"handout:main/GIVEN": None},
        "duplicate-id": {"graft:main/NEW": GRAFT},
        "bad-quantity": {"grafted": "0"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"budwood:main/STICKS": {"cut_at": JULY}},
        "not-held": {"handout:main/GIVEN": {"plot_id": "main/OTHER"}},
        "wrong-form": {"handout:main/GIVEN": {"species": "bolaina"}},
        "overdrawn": {"budwood:main/STICKS": {"buds": 24}},
    },
    "count-grafts": {
        "unknown-graft": {"graft:main/GRAFT": None},
        "duplicate-id": {"graft:main/GRAFT": {"counts": frozenset({JUNE})}},
        "bad-quantity": {"alive": "-1"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"graft:main/GRAFT": {"grafted_at": JULY}},
        "overdrawn": {"graft:main/GRAFT": {"grafted": 27}},
    },
}


def test_a_stick_gives_three_buds(accepted: Callable[..., Any]) -> None:
    fact = accepted("cut-budwood", {"sticks": "12"})

    assert fact == BudwoodCut(budwood_id="main/NEW", mother_plot_id="main/PLOT", clone="Bellavista", sticks=12, cut_at=JUNE)
    assert evolve_budwood(None, fact) == Budwood("main/PLOT", "Bellavista", 36, JUNE)


def test_a_graft_takes_buds_and_rootstock_and_carries_clone_and_mother(accepted: Callable[..., Any]) -> None:
    fact = accepted("graft-plants")

    assert fact == PlantsGrafted(
        graft_id="main/NEW", plot_id="main/PLOT", handout_id="main/GIVEN", budwood_id="main/STICKS", mother_plot_id="main/MOTHER",
        clone="Bellavista", grafted=25, grafted_at=JUNE,
    )  # fmt: skip
    assert evolve_budwood(Budwood("main/MOTHER", "Bellavista", 30, MAY), fact) == Budwood("main/MOTHER", "Bellavista", 5, MAY)
    assert evolve_handout(Handout("main/FARMER", "main/PLOT", "cacao", 40, 20, MAY), fact) == Handout(
        "main/FARMER", "main/PLOT", "cacao", ungrafted=15, owed=20, handed_at=MAY
    )
    assert evolve_graft(None, fact) == Graft("main/PLOT", "main/GIVEN", "main/STICKS", 25, JUNE, frozenset())


def test_a_graft_may_be_counted_again_and_at_any_time_once(accepted: Callable[..., Any]) -> None:
    fact = accepted("count-grafts", {"graft:main/GRAFT": {"counts": frozenset({MAY, JULY})}})

    assert fact == GraftsCounted(
        graft_id="main/GRAFT", plot_id="main/PLOT", handout_id="main/GIVEN", budwood_id="main/STICKS", alive=28, counted_at=JUNE
    )
    assert evolve_graft(GRAFT, fact) == Graft("main/PLOT", "main/GIVEN", "main/STICKS", 30, MAY, frozenset({JUNE}))


@pytest.mark.parametrize("alive", ["0", "30"])
def test_none_or_all_may_be_alive(accepted: Callable[..., Any], alive: str) -> None:
    assert accepted("count-grafts", {"alive": alive}).alive == int(alive)


def test_all_buds_of_a_cut_and_all_rootstock_of_a_handout_can_be_used(accepted: Callable[..., Any]) -> None:
    assert accepted("graft-plants", {"grafted": "30"}).grafted == 30
    assert accepted("graft-plants", {"grafted": "30", "handout:main/GIVEN": {"ungrafted": 30}}).grafted == 30


@pytest.mark.parametrize(("do", "code"), [(do, code) for do, faults in FAULTS.items() for code in faults])
def test_it_is_refused_with_the_code_of_its_fault(refused: Callable[..., Any], do: str, code: str) -> None:
    assert refused(do, FAULTS[do][code])[0] == code


@pytest.mark.parametrize(("do", "earlier", "later"), [(do, *pair) for do, faults in FAULTS.items() for pair in combinations(faults, 2)])
def test_of_two_faults_the_earlier_is_the_answer(refused: Callable[..., Any], do: str, earlier: str, later: str) -> None:
    assert refused(do, FAULTS[do][later], FAULTS[do][earlier])[0] == earlier


@pytest.mark.parametrize(
    ("do", "difference", "code", "sentence"),
    [
        ("cut-budwood", {"mother_plot_id": "X"}, "unknown-plot", "no plot X was ever accepted"),
        (
            "cut-budwood", FAULTS["cut-budwood"]["duplicate-id"],
            "duplicate-id", "budwood NEW was accepted before, with other content",
        ),
        ("cut-budwood", {"sticks": "0"}, "bad-quantity", f"sticks 0: {ABOVE_0}"),
        ("cut-budwood", {"plot:main/PLOT": {"surveyed_at": JULY}}, "before-origin", f"{JUNE} is before the plot's survey of {JULY}"),
        ("graft-plants", {"plot_id": "X"}, "unknown-plot", "no plot X was ever accepted"),
        ("graft-plants", {"budwood_id": "X"}, "unknown-budwood", "no budwood X was ever accepted"),
        ("graft-plants", {"handout_id": "X"}, "unknown-handout", "no handout X was ever accepted"),
        ("graft-plants", {"graft_id": "GRAFT"}, "duplicate-id", "graft GRAFT was accepted before, with other content"),
        ("graft-plants", {"grafted": "0"}, "bad-quantity", f"grafted 0: {ABOVE_0}"),
        ("graft-plants", {"plot:main/PLOT": {"surveyed_at": JULY}}, "before-origin", f"{JUNE} is before the plot's survey of {JULY}"),
        ("graft-plants", {"budwood:main/STICKS": {"cut_at": JULY}}, "before-origin", f"{JUNE} is before the cut of {JULY}"),
        ("graft-plants", {"handout:main/GIVEN": {"handed_at": JULY}}, "before-origin", f"{JUNE} is before the handout of {JULY}"),
        (
            "graft-plants", {"handout:main/GIVEN": {"plot_id": "main/OTHER"}},
            "not-held", "handout GIVEN was for plot OTHER, not PLOT",
        ),
        (
            "graft-plants", {"handout:main/GIVEN": {"species": "plantain"}},
            "wrong-form", "handout GIVEN was of plantain: buds are set on cacao",
        ),
        ("graft-plants", {"grafted": "31"}, "overdrawn", "budwood STICKS has 30 buds, not 31"),
        (
            "graft-plants", {"handout:main/GIVEN": {"ungrafted": 24}},
            "overdrawn", "handout GIVEN has 24 ungrafted seedlings, not 25",
        ),
        ("count-grafts", {"graft_id": "X"}, "unknown-graft", "no graft X was ever accepted"),
        (
            "count-grafts", FAULTS["count-grafts"]["duplicate-id"],
            "duplicate-id", f"graft GRAFT was counted at {JUNE} before, with other content",
        ),
        ("count-grafts", {"alive": "-1"}, "bad-quantity", f"alive -1: {FROM_0}"),
        ("count-grafts", {"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        ("count-grafts", {"graft:main/GRAFT": {"grafted_at": JULY}}, "before-origin", f"{JUNE} is before the grafting of {JULY}"),
        ("count-grafts", {"alive": "31"}, "overdrawn", "graft GRAFT has 30 plants, not 31 alive"),
    ],
)  # fmt: skip
def test_it_is_refused_in_words(refused: Callable[..., Any], do: str, difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused(do, difference) == (code, sentence)


@pytest.mark.parametrize(
    ("do", "difference"),
    [
        ("cut-budwood", {"sticks": "1.5"}), ("cut-budwood", {"clone": ""}), ("cut-budwood", {"clone": None}),
        ("graft-plants", {"grafted": "2.0"}), ("graft-plants", {"handout_id": None}), ("graft-plants", {"graft_id": "g 1"}),
        ("count-grafts", {"alive": ""}), ("count-grafts", {"alive": 28}), ("count-grafts", {"counted_at": "June"}),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_no_command(ask: Callable[..., Any], do: str, difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(do, difference)
