"""Labels: one serial one label, numbers of GS1 by their licence, signed with an open key, void once and for good."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from domain.gs1 import Gs1Prefix, Product
from domain.label import MOST_PRINTED, MOST_REPLACED, MOST_VOIDED
from domain.labelkey import LabelKey, LabelKeyClosed, LabelKeyOpened
from domain.printing import CardPrinted, ContainerLabelsPrinted, Label, LabelsReprinted, LabelsVoided, LotLabelsPrinted
from domain.values import Fact
from domain.vocabulary import COMMANDS, evolve
from ledger.entry import MOST_BYTES, spell

MAY, MAY_31, JUNE, JULY = (f"2026-{day}T10:00:00-05:00" for day in ("05-02", "05-31", "06-02", "07-02"))
SSCC = "095212340000000013"
PALLET = {"sort": "pallet", "sscc": SSCC, "serials": [SSCC], "gtin": None}


def test_labels_of_a_lot_say_whose_it_is_and_are_found_by_serial_lot_product_and_key(accepted: Callable[..., Any]) -> None:
    fact = accepted("print-lot-labels")

    assert fact == LotLabelsPrinted(
        holder_id="main/COOP", sort="sack", serials=("4J7NB2T5", "4J7NB2T6"), kid=7, printed_at=JUNE, lot_id="main/DRY", public=True,
        gtin="09521234000013", sscc=None, prefix=None, grams=69_000,
    )  # fmt: skip
    assert fact.tags(9) == [
        "printing:9", "lot:main/DRY", "party:main/COOP", "label-key:7", "label:4J7NB2T5", "label:4J7NB2T6", "product:09521234000013",
    ]  # fmt: skip


def test_labels_of_a_container_are_of_its_latest_stuffing_and_a_cards_are_of_whoever_gives_it(accepted: Callable[..., Any]) -> None:
    assert accepted("print-container-labels") == ContainerLabelsPrinted(
        holder_id="main/COOP", serials=("4J7NB2T5",), kid=7, printed_at=JUNE, container_no="SEALED", stuffing=51,
        sscc=None, prefix=None, grams=3_000,
    )  # fmt: skip
    assert accepted("print-card", {"kid": None}) == CardPrinted(
        holder_id="main/COOP", serials=("4J7NB2T5",), kid=None, printed_at=JUNE, party_id="main/FARMER"
    )


def test_the_number_of_a_pallet_or_container_is_the_serial_of_its_one_label(accepted: Callable[..., Any]) -> None:
    fact = accepted("print-lot-labels", PALLET)
    of_container = accepted("print-container-labels", {"sscc": SSCC, "serials": [SSCC]})

    assert (fact.serials, fact.sscc, fact.prefix) == ((SSCC,), SSCC, "9521234")
    assert (of_container.serials, of_container.sscc, of_container.prefix) == ((SSCC,), SSCC, "9521234")
    assert of_container.tags(9)[-2:] == fact.tags(9)[-2:]
    assert fact.tags(9)[-2:] == [f"label:{SSCC}", "gs1-prefix:9521234"]


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("print-lot-labels", {"lot_id": "NONE"}, "unknown-lot", "no lot NONE was ever accepted"),
    ("print-lot-labels", {"kid": 9}, "unknown-label-key", "no label key 9 was ever accepted"),
    ("print-lot-labels", {"serials": ["0K3V9ZQ1"]}, "duplicate-id", "label 0K3V9ZQ1 was accepted before, with other content"),
    ("print-lot-labels", {"net_kg": "0"}, "bad-quantity", "net_kg 0: wanted above 0, at most 1,000,000, with at most 3 decimals"),
    (
        "print-lot-labels", {"product:09521234000013": Product("main/BUYER", MAY)}, "not-held",
        "GTIN 09521234000013 is no product of the lot's holder",
    ),
    ("print-lot-labels", {"product:09521234000013": None}, "not-held", "GTIN 09521234000013 is no product of the lot's holder"),
    (
        "print-lot-labels", PALLET | {"gs1-prefix:9521234": Gs1Prefix("9521234", "main/BUYER", MAY)}, "not-held",
        f"{SSCC} is under no GS1 prefix that was recorded of this organisation",
    ),
    (
        "print-lot-labels", {"label-key:7": LabelKey(MAY, MAY_31, "rotated")}, "already",
        f"label key 7 was closed at {MAY_31}: a label is signed with an open one",
    ),
    (
        "print-card", {"label-key:7": LabelKey(MAY, JULY, "compromised")}, "already",
        f"label key 7 was closed at {JULY}: a label is signed with an open one",
    ),
    ("print-container-labels", {"container:SEALED": {"stage": "emptied"}}, "unknown-container",
     "container SEALED was emptied and not opened again"),
    ("print-card", {"party:main/FARMER": {"erased": True}}, "erased", "the data of FARMER were erased"),
    ("void-labels", {"serials": ["0K3V9ZQ1", "ZZZZZZZZ"]}, "unknown-label", "no label ZZZZZZZZ was ever accepted"),
    ("void-labels", {"label:0K3V9ZQ1": {"ended": "voided"}}, "already", "label 0K3V9ZQ1 was voided before"),
    ("reprint-labels", {"label:0K3V9ZQ1": {"ended": "replaced"}}, "already", "label 0K3V9ZQ1 was replaced before"),
    ("reprint-labels", {"printing": 72}, "unknown-label", "label 0K3V9ZQ1 is not of printing 72"),
    ("reprint-labels", {"serials": ["0K3V9ZQ1"]}, "duplicate-id", "label 0K3V9ZQ1 was accepted before, with other content"),
    ("open-label-key", {"kid": 7}, "duplicate-id", "label key 7 was accepted before, with other content"),
    ("close-label-key", {"kid": 9, "reason": "lost", "since": None}, "unknown-label-key", "no label key 9 was ever accepted"),
    ("close-label-key", {"reason": "lost", "since": None, "label-key:7": LabelKey(MAY, MAY_31, "rotated")}, "already",
     f"label key 7 was closed before, at {MAY_31}"),
    ("close-label-key", {"label-key:7": LabelKey(MAY, MAY_31, "compromised")}, "already", f"label key 7 was closed before, at {MAY_31}"),
]  # fmt: skip


@pytest.mark.parametrize(("do", "difference", "code", "sentence"), REFUSED)
def test_what_does_not_hold_is_refused(
    refused: Callable[..., tuple[str, str]], do: str, difference: dict[str, Any], code: str, sentence: str
) -> None:
    assert refused(do, difference) == (code, sentence)


def test_a_key_closed_after_the_printing_signed_it_and_a_rotated_one_may_turn_out_compromised(accepted: Callable[..., Any]) -> None:
    assert accepted("print-lot-labels", {"label-key:7": LabelKey(MAY, JUNE, "rotated")}).kid == 7
    assert accepted("close-label-key", {"label-key:7": LabelKey(MAY, MAY_31, "rotated")}) == LabelKeyClosed(
        kid=7, reason="compromised", since=MAY_31, closed_at=JUNE
    )
    assert isinstance(accepted("open-label-key"), LabelKeyOpened)


MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("print-lot-labels", {"serials": ["0K3V9ZQI"]}),
    ("print-lot-labels", {"serials": []}),
    ("print-lot-labels", {"serials": ["4J7NB2T5", "4J7NB2T5"]}),
    ("print-lot-labels", {"serials": [SSCC]}),
    ("print-lot-labels", PALLET | {"sort": "sack"}),
    ("print-lot-labels", PALLET | {"serials": [SSCC, "4J7NB2T5"]}),
    ("print-lot-labels", PALLET | {"sscc": "095212340000000014", "serials": ["095212340000000014"]}),
    ("print-lot-labels", {"kid": 0}),
    ("print-card", {"serials": ["4J7NB2T5", "4J7NB2T6"]}),
    ("reprint-labels", {"serials": ["4J7NB2T5", "4J7NB2T6"]}),
    ("open-label-key", {"public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbh="}),
    ("open-label-key", {"kid": 65_536}),
    ("close-label-key", {"reason": "lost"}),
]


@pytest.mark.parametrize(("do", "difference"), MALFORMED)
def test_what_no_label_can_have_is_not_read(ask: Callable[..., Any], do: str, difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(do, difference)


def test_labels_of_two_organisations_are_not_voided_in_one_go(refused: Callable[..., Any], world: dict[str, Any]) -> None:
    mine: Label = world["label:0K3V9ZQ1"]
    theirs = replace(mine, printed=mine.printed.model_copy(update={"holder_id": "main/BUYER"}))

    code, _ = refused("void-labels", {"label:0K3V9ZQ2": theirs, "serials": ["0K3V9ZQ1", "0K3V9ZQ2"]})
    assert code == "not-held"


def test_a_new_label_is_what_the_old_one_was_but_for_its_key_and_each_stands_in_the_histories(accepted: Callable[..., Any]) -> None:
    again, void = accepted("reprint-labels"), accepted("void-labels")

    assert again == LabelsReprinted(
        printing=71, holder_id="main/COOP", sort="sack", lot_id="main/DRY", container_no=None, stuffing=None, party_id=None, public=True,
        gtin=None, grams=69_000, replaced=("0K3V9ZQ1",), serials=("4J7NB2T5",), about=("lot:main/DRY", "party:main/COOP"),
        reason="damaged", kid=7, printed_at=JUNE,
    )  # fmt: skip
    assert again.tags(9) == ["printing:71", "lot:main/DRY", "party:main/COOP", "label-key:7", "label:0K3V9ZQ1", "label:4J7NB2T5"]
    assert void == LabelsVoided(
        holder_id="main/COOP", serials=("0K3V9ZQ1",), about=("lot:main/DRY", "party:main/COOP"), reason="lost", voided_at=JUNE
    )
    assert void.tags(9) == ["lot:main/DRY", "party:main/COOP", "label:0K3V9ZQ1"]


def test_a_label_remembers_its_printing_through_reprints_and_ends_once(accepted: Callable[..., Any]) -> None:
    printed, again = accepted("print-lot-labels"), accepted("reprint-labels")

    first = evolve("label:4J7NB2T5", None, printed, 71)
    assert first == Label(71, JUNE, printed)
    assert evolve("label:0K3V9ZQ1", first, again, 80) == replace(first, ended="replaced")
    assert evolve("label:4J7NB2T5", None, again, 80) == Label(71, JUNE, again)
    assert evolve("label:0K3V9ZQ1", first, accepted("void-labels"), 81) == replace(first, ended="voided")
    assert evolve("label-key:7", LabelKey(MAY), accepted("close-label-key"), 9) == LabelKey(MAY, JUNE, "compromised")


def _fullest(accepted: Callable[..., Any]) -> list[Fact]:
    serials = [f"{at:08}" for at in range(MOST_PRINTED)]
    lot, holder = "b" * 20 + "/" + "L" * 20, "b" * 20 + "/" + "H" * 20
    printed = accepted("print-lot-labels", {"serials": serials}).model_copy(update={"lot_id": lot, "holder_id": holder})
    again = accepted("reprint-labels").model_copy(
        update={"replaced": tuple(serials[:MOST_REPLACED]), "serials": tuple(serials[-MOST_REPLACED:]), "about": (f"lot:{lot}",) * 2}
    )
    lots = tuple(f"lot:{'b' * 20}/{at:020}" for at in range(MOST_VOIDED))
    return [printed, again, accepted("void-labels").model_copy(update={"serials": tuple(serials[:MOST_VOIDED]), "about": lots})]


def test_as_many_labels_as_a_command_may_have_fit_in_an_entry_and_so_does_its_annulment(accepted: Callable[..., Any]) -> None:
    annul = COMMANDS.validate_python(
        {"do": "annul-fact", "id": "018f0000-0000-7000-8000-000000000001", "position": 1, "reason": "practice", "annulled_at": JUNE}
    )
    for fact in _fullest(accepted):
        _, tags, line = spell(annul, "annul-fact", fact, 2**50, "2026-06-02T15:00:00.000000Z", "u" * 80, "b" * 41)
        about = accepted("annul-fact").model_copy(update={"about": tuple(tags)})
        _, _, undone = spell(annul, "annul-fact", about, 2**50, "2026-06-02T15:00:00.000000Z", "u" * 80, "b" * 41)

        assert max(len(line), len(undone)) <= MOST_BYTES
