"""What labels say in every language, that nothing leaves the paper or lies on something else, and that nothing personal is on them."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.job import page_of
from labels.label import Label, Own, grouped, plan
from labels.marks import Code, Mark, Rule, Text
from labels.paper import PAPERS
from labels.svg import svg
from labels.words import SECOND, WORDS
from tests.labels.made import LOT, SORTS, Made, drafted, made

Box = tuple[float, float, float, float]
ANYTHING = st.text(max_size=200)
SHORT = Own("0K3V9ZQ1", "HTTPS://A.EXAMPLE/K/0K3V9ZQ1", "a.example/K/0K3V9ZQ1")
"""A small code, so that what is tried here is the layout."""


def said(it: Made, paper: str = "a6", second: str = "en") -> str:
    """A label read aloud from its SVG."""
    root = ET.fromstring(svg(plan(it.label, PAPERS[paper], second, it.own()).sheet(it.own())))  # noqa: S314 our own document
    return " ".join(text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text"))


def box(mark: Mark) -> Box:
    """Left, top, right, bottom of all black of a mark; for a code, of its quiet zone too."""
    match mark:
        case Text(x, y, size, across, words, _):
            drop = 0.24 if any(letter in "gjpqyç,;()/Q" for letter in words) else 0.02
            return x, y - 0.76 * size, x + across, y + drop * size  # capitals and descenders of Vera
        case Rule(x, y, across, height):
            return x, y, x + across, y + height
        case Code(x, y, module, modules):
            quiet, side = 4 * module, len(modules) * module
            return x - quiet, y - quiet, x + side + quiet, y + side + quiet


def collisions(marks: tuple[Mark, ...]) -> Iterator[tuple[Mark, Mark]]:
    boxes = [(mark, box(mark)) for mark in marks]
    for at, (mark, one) in enumerate(boxes):
        for other, two in boxes[at + 1 :]:
            if min(one[2], two[2]) - max(one[0], two[0]) > 0.01 and min(one[3], two[3]) - max(one[1], two[1]) > 0.01:
                yield mark, other


def stays_apart(label: Label, paper: str, second: str, own: Own) -> None:
    sheet = plan(label, PAPERS[paper], second, own).sheet(own)
    edges = [box(mark) for mark in sheet.marks]

    assert list(collisions(sheet.marks)) == []
    assert min(min(left, top) for left, top, _, _ in edges) >= 1
    assert max(right for _, _, right, _ in edges) <= sheet.width - 1
    assert max(bottom for _, _, _, bottom in edges) <= sheet.height - 1


@pytest.mark.parametrize("paper", PAPERS)
def test_every_label_stays_on_its_paper_in_every_language_and_nothing_lies_on_something_else(paper: str) -> None:
    for sort, second, signed in product(SORTS, SECOND, (True, False)):
        it = made(sort, signed=signed)
        own = replace(SHORT, address=it.own().address)
        stays_apart(it.label, paper, second, own)
        stays_apart(drafted(it).label, paper, second, own)


@settings(max_examples=40, deadline=None)
@given(ANYTHING, ANYTHING, st.integers(0, 10**12), st.sampled_from(list(PAPERS)), st.from_regex(r"[A-Z0-9-]{1,20}", fullmatch=True))
def test_whatever_a_seal_or_an_organisation_is_called_it_stays_on_the_paper(
    organisation: str, seal: str, grams: int, paper: str, number: str
) -> None:
    label = Label("container", number, "2026-09-04", organisation, grams, seal, 65_535, draft=True)

    stays_apart(label, paper, "fr", replace(SHORT, address=f"{'long-host.' * 5}example/c/{number}/9007199254740991/s/0K3V9ZQ1"))


def test_a_sack_says_lot_weight_who_when_which_label_and_that_it_is_signed() -> None:
    words = said(made("sack"), second="de")

    for each in (
        "Saco de cacao / Sack Kakao", LOT, "Escanee para ver el origen", "ledger.cacao.example/L/DR-2026-000769/S/0K3V9Z00",
        "Peso neto / Nettogewicht 69 kg", "De / Von Cooperativa Agraria Cacaotera", "Impresa / Gedruckt 2026-09-04",
        "Etiqueta / Etikett", "0K3V 9Z00", "Firmada (clave 7)", "Signiert (Schlüssel 7)",
    ):  # fmt: skip
        assert each in words


def test_a_label_that_is_not_signed_does_not_say_so_and_a_draft_says_that_it_is_one() -> None:
    unsigned, draft = said(made("sample", signed=False)), said(drafted(made("sample")))

    assert "Firmada" not in unsigned
    assert "BORRADOR" not in unsigned
    assert "BORRADOR / DRAFT" in draft
    assert "Esta dirección solo funciona en esta computadora" in draft


def test_numbers_of_gs1_stand_under_the_code_in_brackets_and_an_sscc_is_its_own_serial() -> None:
    sack, pallet = said(made("sack", gs1=True)), said(made("pallet", gs1=True))

    assert "(01)09521234543213(10)DR-2026-000769(21)0K3V9Z00 ledger.cacao.example" in sack
    assert "(00)395212340000000012" in pallet
    assert "Etiqueta" not in pallet


def test_a_container_shows_its_seal_to_compare_and_says_where_it_has_none() -> None:
    sealed, unsealed = made("container"), made("container")

    assert "CSQU 305438 3" in said(sealed)
    assert "Precinto / Seal PE 0123456 Peso neto / Net weight 17,545.809 kg" in said(sealed)
    assert "sin precinto / non scellé" in said(replace(unsealed, label=replace(unsealed.label, seal=None)), second="fr")


def test_a_card_says_neither_who_somebody_is_nor_where_nor_what_a_kilo_costs() -> None:
    assert said(made("card", signed=False), second="es") == (
        "Tarjeta de productor FA-000123 Muéstrela al vender su cacao Impresa 2026-09-04 Etiqueta ledger.cacao.example/K/0K3V9Z00 0K3V 9Z00"
    )


def test_a_page_of_a4_has_four_labels_in_its_four_corners() -> None:
    it = made("sample")
    page = page_of(plan(it.label, PAPERS["a4"], "en", it.own()), [it.own(number) for number in range(6)])
    places = [(code.x > 105, code.y > 148.5) for code in page.marks if isinstance(code, Code)]

    assert (page.width, page.height) == (210, 297)
    assert sorted(places) == [(False, False), (False, True), (True, False), (True, True)]


def test_a_code_too_fine_for_a_phone_is_refused_in_words() -> None:
    own = replace(SHORT, link="https://cacao.example/" + "a" * 900)

    with pytest.raises(ValueError, match="too fine for a phone on this paper"):
        plan(made("card").label, PAPERS["58"], "en", own).sheet(own)


def test_every_language_says_everything_and_serials_are_read_in_groups() -> None:
    assert {tuple(words) for words in WORDS.values()} == {tuple(WORDS["es"])}
    assert all("{kid}" in words["signed"] for words in WORDS.values())
    assert grouped("0K3V9ZQ1") == "0K3V 9ZQ1"
