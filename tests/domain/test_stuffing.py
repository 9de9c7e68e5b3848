"""A container is opened, loaded with its holder's dry lots, sealed, sent, sold and emptied, and then it is a new stuffing."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from pydantic import ValidationError

from domain.container import (
    Container,
    ContainerDeparted,
    ContainerEmptied,
    ContainerOpened,
    ContainerSealed,
    ContainerSold,
    LotLoaded,
    evolve,
)
from domain.lot import Lot
from domain.lot import evolve as evolve_lot

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
ABOVE_0 = "wanted above 0, at most 1,000,000, with at most 3 decimals"
NO = "CSQU3054383"
OPEN = Container(41, "main/COOP", "open", grams=3_000, departed=False, sold=False, at=MAY)
SEALED = Container(51, "main/COOP", "sealed", grams=3_000, departed=True, sold=True, at=MAY)
EMPTIED = Container(51, "main/COOP", "emptied", grams=3_000, departed=True, sold=True, at=MAY)
FAULTS: dict[str, dict[str, dict[str, Any]]] = {
    "open-container": {
        "unknown-party": {"party:main/COOP": None},
        "duplicate-id": {"container:CSQU3054383": OPEN, "container:CSQU3054384": OPEN},
        "bad-container-number": {"container_no": "CSQU3054384"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"party:main/COOP": {"enrolled_at": JULY}},
        "sealed": {"container:CSQU3054383": SEALED, "container:CSQU3054384": SEALED},
    },
    "load-lot": {
        "unknown-lot": {"lot:main/DRY": None},
        "unknown-container": {"container:OPEN": None},
        "bad-quantity": {"bags": "0"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"lot:main/DRY": {"ended_at": JULY}},
        "not-held": {"lot:main/DRY": {"holder_id": "main/OTHER"}},
        "wrong-form": {"lot:main/DRY": {"form": "fermented"}},
        "overdrawn": {"lot:main/DRY": {"on_hand": 4_499}},
        "sealed": {"container:OPEN": {"stage": "sealed"}},
    },
    "seal-container": {
        "unknown-container": {"container:OPEN": None},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"container:OPEN": {"at": JULY}},
        "sealed": {"container:OPEN": {"stage": "sealed"}},
        "empty": {"container:OPEN": {"grams": 0}},
    },
    "depart-container": {
        "unknown-container": {"container:SEALED": None},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"container:SEALED": {"at": JULY}},
        "not-sealed": {"container:SEALED": {"stage": "open"}},
        "already": {"container:SEALED": {"departed": True}},
    },
    "sell-container": {
        "unknown-party": {"party:main/BUYER": None},
        "unknown-container": {"container:SEALED": None},
        "bad-quantity": {"price_usd_t": "0"},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"container:SEALED": {"at": JULY}},
        "not-sealed": {"container:SEALED": {"stage": "open"}},
        "already": {"container:SEALED": {"sold": True}},
    },
    "empty-container": {
        "unknown-container": {"container:SEALED": None},
        "in-the-future": {"as_of": MAY},
        "before-origin": {"container:SEALED": {"at": JULY}},
        "not-sealed": {"container:SEALED": {"stage": "open"}},
    },
}


def test_a_voyage_from_opening_to_emptying(accepted: Callable[..., Any]) -> None:
    tag = f"container:{NO}"
    opened = accepted("open-container")
    assert opened == ContainerOpened(container_no=NO, holder_id="main/COOP", at=JUNE)
    container = evolve(None, opened, 7)
    assert container == Container(7, "main/COOP", "open", grams=0, departed=False, sold=False, at=JUNE)

    on_it: dict[str, Any] = {"container_no": NO, "stuffing": 7, "at": JUNE}
    after: dict[str, Any] = {"departed": False, "sold": False, "at": JUNE}
    expected = {
        "load-lot": LotLoaded(**on_it, lot_id="main/DRY", holder_id="main/COOP", grams=4_500, bags=2),
        "seal-container": ContainerSealed(**on_it, seal_no="ML-PE 0042"),
        "depart-container": ContainerDeparted(**on_it, destination="NLRTM"),
        "sell-container": ContainerSold(
            **on_it, seller_id="main/COOP", buyer_id="main/BUYER", contract_no="C-7", price_usd_t=8_250_500, incoterm="FOB"
        ),
        "empty-container": ContainerEmptied(**on_it),
    }
    lives = [
        Container(7, "main/COOP", "open", grams=4_500, **after),
        Container(7, "main/COOP", "sealed", grams=4_500, **after),
        Container(7, "main/COOP", "sealed", grams=4_500, **after | {"departed": True}),
        Container(7, "main/COOP", "sealed", grams=4_500, **after | {"departed": True, "sold": True}),
        Container(7, "main/COOP", "emptied", grams=4_500, **after | {"departed": True, "sold": True}),
    ]
    for position, (do, life) in enumerate(zip(expected, lives, strict=True), start=8):
        fact = accepted(do, {"container_no": NO, tag: container})
        container = evolve(container, fact, position)
        assert (fact, container) == (expected[do], life)


def test_loading_takes_from_the_lot(accepted: Callable[..., Any]) -> None:
    left = evolve_lot(Lot("dry", "main/COOP", 5_000, MAY), "main/DRY", accepted("load-lot"))

    assert left == Lot("dry", "main/COOP", 500, MAY)


def test_an_emptied_container_opened_again_is_a_new_stuffing(accepted: Callable[..., Any]) -> None:
    again = accepted("open-container", {f"container:{NO}": EMPTIED, "holder_id": "BUYER"})

    assert again.tags(90) == [f"container:{NO}", f"stuffing:{NO}@90", "party:main/BUYER"]
    assert evolve(EMPTIED, again, 90) == Container(90, "main/BUYER", "open", grams=0, departed=False, sold=False, at=JUNE)


@pytest.mark.parametrize("do", ["load-lot", "seal-container", "depart-container", "sell-container", "empty-container"])
def test_an_emptied_container_is_no_longer_there(refused: Callable[..., Any], do: str) -> None:
    assert refused(do, {"container_no": "GONE", "container:GONE": EMPTIED}) == (
        "unknown-container",
        "container GONE was emptied and not opened again",
    )


def test_a_container_may_be_sold_before_it_departs_and_emptied_before_either(accepted: Callable[..., Any]) -> None:
    assert accepted("depart-container", {"container:SEALED": {"sold": True}}).destination == "NLRTM"
    assert accepted("sell-container", {"container:SEALED": {"departed": True}}).buyer_id == "main/BUYER"
    assert accepted("empty-container").stuffing == 51


def test_a_lot_may_be_loaded_again_and_elsewhere(accepted: Callable[..., Any]) -> None:
    assert accepted("load-lot", {"kg": "5"}).grams == 5_000
    assert accepted("load-lot", {"kg": "0.001", "lot:main/DRY": {"on_hand": 1}, "container_no": "B", "container:B": OPEN}).stuffing == 41


@pytest.mark.parametrize("number", ["CSQU3054384", "CSQJ3054383", "CSQU305438", "CSQU30543833", "-"])
def test_a_bad_number_is_refused_in_words(refused: Callable[..., Any], number: str) -> None:
    assert refused("open-container", {"container_no": number}) == (
        "bad-container-number",
        f"{number} is not an ISO 6346 number of category U with its check digit",
    )


@pytest.mark.parametrize(("do", "code"), [(do, code) for do, faults in FAULTS.items() for code in faults])
def test_it_is_refused_with_the_code_of_its_fault(refused: Callable[..., Any], do: str, code: str) -> None:
    assert refused(do, FAULTS[do][code])[0] == code


@pytest.mark.parametrize(("do", "earlier", "later"), [(do, *pair) for do, faults in FAULTS.items() for pair in combinations(faults, 2)])
def test_of_two_faults_the_earlier_is_the_answer(refused: Callable[..., Any], do: str, earlier: str, later: str) -> None:
    assert refused(do, FAULTS[do][later], FAULTS[do][earlier])[0] == earlier


@pytest.mark.parametrize(
    ("do", "difference", "code", "sentence"),
    [
        ("open-container", {"holder_id": "X"}, "unknown-party", "no party X was ever accepted"),
        ("open-container", {f"container:{NO}": OPEN}, "duplicate-id", f"container {NO} is open already"),
        (
            "open-container", {f"container:{NO}": SEALED},
            "sealed", f"container {NO} is sealed: it must be emptied before it is opened again",
        ),
        (
            "open-container", {"party:main/COOP": {"enrolled_at": JULY}},
            "before-origin", f"{JUNE} is before the holder's enrolment of {JULY}",
        ),
        (
            "open-container", {f"container:{NO}": replace(EMPTIED, at=JULY)},
            "before-origin", f"{JUNE} is before the last action of {JULY}",
        ),
        ("load-lot", {"lot_id": "X"}, "unknown-lot", "no lot X was ever accepted"),
        ("load-lot", {"container_no": "X"}, "unknown-container", "no container X was ever accepted"),
        ("load-lot", {"kg": "4.5000"}, "bad-quantity", f"kg 4.5000: {ABOVE_0}"),
        ("load-lot", {"bags": "-2"}, "bad-quantity", f"bags -2: {ABOVE_0}"),
        ("load-lot", {"lot:main/DRY": {"ended_at": JULY}}, "before-origin", f"{JUNE} is before the lot of {JULY}"),
        ("load-lot", {"container:OPEN": {"at": JULY}}, "before-origin", f"{JUNE} is before the last action of {JULY}"),
        ("load-lot", {"container:OPEN": {"holder_id": "main/X"}}, "not-held", "lot DRY is held by COOP, the container by X"),
        ("load-lot", {"lot:main/DRY": {"form": "wet"}}, "wrong-form", "wet beans: a container takes dry beans"),
        ("load-lot", {"kg": "5.001"}, "overdrawn", "lot DRY has 5 kg on hand, not 5.001 kg"),
        ("load-lot", {"container_no": "SEALED"}, "sealed", "container SEALED is sealed"),
        ("seal-container", {"container_no": "SEALED"}, "sealed", "container SEALED is sealed"),
        ("seal-container", {"container:OPEN": {"grams": 0}}, "empty", "container OPEN has nothing loaded"),
        ("depart-container", {"container_no": "OPEN"}, "not-sealed", "container OPEN is not sealed yet"),
        ("depart-container", {"container:SEALED": SEALED}, "already", "container SEALED departed before"),
        ("sell-container", {"buyer_id": "X"}, "unknown-party", "no party X was ever accepted"),
        (
            "sell-container", {"price_usd_t": "0"},
            "bad-quantity", f"price_usd_t 0: {ABOVE_0}",
        ),
        (
            "sell-container", {"party:main/BUYER": {"enrolled_at": JULY}},
            "before-origin", f"{JUNE} is before the buyer's enrolment of {JULY}",
        ),
        ("sell-container", {"container_no": "OPEN"}, "not-sealed", "container OPEN is not sealed yet"),
        ("sell-container", {"container:SEALED": SEALED}, "already", "container SEALED was sold before"),
        ("empty-container", {"container_no": "OPEN"}, "not-sealed", "container OPEN is not sealed yet"),
        ("empty-container", {"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
    ],
)  # fmt: skip
def test_it_is_refused_in_words(refused: Callable[..., Any], do: str, difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused(do, difference) == (code, sentence)


@pytest.mark.parametrize(
    ("do", "difference"),
    [
        ("open-container", {"container_no": "csqu3054383"}), ("open-container", {"container_no": "CSQU 305438 3"}),
        ("open-container", {"lot_id": "DRY"}),
        ("load-lot", {"bags": "2.0"}), ("load-lot", {"bags": None}), ("load-lot", {"seal_no": "1"}), ("seal-container", {"seal_no": ""}),
        ("depart-container", {"destination": "NLRT"}), ("depart-container", {"destination": "nlrtm"}),
        ("depart-container", {"destination": "NLRT1"}),
        ("sell-container", {"incoterm": "DAT"}), ("sell-container", {"incoterm": "fob"}), ("sell-container", {"contract_no": " "}),
        ("empty-container", {"at": "2026-06-02T10:00:00Z"}),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_no_command(ask: Callable[..., Any], do: str, difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(do, difference)


@pytest.mark.parametrize("incoterm", ["EXW", "FCA", "CPT", "CIP", "DAP", "DPU", "DDP", "FAS", "FOB", "CFR", "CIF"])
def test_all_incoterms_of_2020_can_be_sold_under(accepted: Callable[..., Any], incoterm: str) -> None:
    assert accepted("sell-container", {"incoterm": incoterm}).incoterm == incoterm
