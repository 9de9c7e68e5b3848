"""What a label says, and that it stays on the paper."""

from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.marks import POINT, Code, Mark, Rule, Text
from labels.raster import width
from labels.sheet import ContainerLabel, container_label, draw, lay_out

SVG = "{http://www.w3.org/2000/svg}"
ANYTHING = st.text(max_size=300)
LABEL = ContainerLabel(
    number="TRHU6368220",
    seal="PE 0123456",
    grams=17_545_809,
    farms=312,
    link="https://cacao.example/c/TRHU6368220/2421",
    address="cacao.example/c/TRHU6368220",
    draft=False,
)

Box = tuple[float, float, float, float]


def box(mark: Mark) -> Box:
    """Left, top, right, bottom of all black of a mark; for a code, of its quiet zone too."""
    match mark:
        case Text(x, y, size, across, _, _):
            return x, y - 0.93 * size, x + across, y + 0.24 * size  # Vera's ascender and descender
        case Rule(x, y, across, height):
            return x, y, x + across, y + height
        case Code(x, y, module, modules):
            quiet, side = 4 * module, len(modules) * module
            return x - quiet, y - quiet, x + side + quiet, y + side + quiet


def apart(one: Box, other: Box) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def boxes(label: ContainerLabel) -> Iterator[tuple[Mark, Box]]:
    return ((mark, box(mark)) for mark in lay_out(label).marks)


def code(label: ContainerLabel) -> Code:
    (found,) = (mark for mark in lay_out(label).marks if isinstance(mark, Code))
    return found


def said(label: ContainerLabel) -> str:
    """The label read aloud from its SVG."""
    root = ET.fromstring(draw(label, "svg"))  # noqa: S314 our own document
    return " ".join(text.text or "" for text in root.iter(f"{SVG}text"))


def test_a_label_says_what_a_port_worker_needs_in_spanish_first_then_in_english(public: ContainerLabel) -> None:
    words = said(public)

    for sentence in (
        "Cacao en grano / Cocoa beans",
        "TRHU 636822 0",
        "Escanee para ver el origen / Scan to see the origin",
        "cacao.example/c/TRHU6368220",
        "Precinto / Seal PE 0123456",
        "Peso / Weight 17,545.809 kg",
        "Fincas / Farms 312",
    ):
        assert sentence in words


@pytest.mark.parametrize(("grams", "words"), [(1, "0.001 kg"), (40_500, "40.5 kg"), (1_000_000, "1,000 kg"), (17_500_010, "17,500.01 kg")])
def test_weights_are_written_as_in_peru(grams: int, words: str) -> None:
    assert f"Weight {words} " in said(replace(LABEL, grams=grams))


@pytest.mark.parametrize("farms", [None, 0, 1, 4])
def test_fewer_than_five_farms_are_not_counted_out(farms: int | None) -> None:
    words = said(replace(LABEL, farms=farms))

    assert words.endswith("Fincas / Farms menos de 5 / fewer than 5")


def test_five_farms_are_counted() -> None:
    assert said(replace(LABEL, farms=5)).endswith("Fincas / Farms 5")


@pytest.mark.parametrize("seal", [None, "", " \t"])
def test_a_container_without_a_seal_says_so(seal: str | None) -> None:
    assert "Precinto / Seal sin precinto / not sealed" in said(replace(LABEL, seal=seal))


@pytest.mark.parametrize("base", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000"])
def test_a_label_nobody_else_can_open_is_a_draft(base: str) -> None:
    label = container_label(base, "TRHU6368220", 2421, seal=None, grams=1000, farms=None)
    words = said(label)

    assert label.draft
    assert "BORRADOR / DRAFT Esta dirección solo funciona en esta computadora This address works only on this computer" in words
    assert lay_out(label).title.startswith("BORRADOR / DRAFT")


@pytest.mark.parametrize("base", ["https://cacao.example", "http://192.168.1.20:8000"])
def test_a_label_others_can_open_is_no_draft(base: str) -> None:
    label = container_label(base, "TRHU6368220", 2421, seal=None, grams=1000, farms=None)

    assert not label.draft
    assert "DRAFT" not in draw(label, "svg").decode()


@pytest.mark.parametrize("form", ["draft", "public"])
def test_nothing_touches_anything_else_nor_the_codes_quiet_zone(form: str, request: pytest.FixtureRequest) -> None:
    marks = list(boxes(request.getfixturevalue(form)))

    for place, (mark, one) in enumerate(marks):
        for other, two in marks[place + 1 :]:
            assert apart(one, two), (mark, other)


def test_the_number_and_the_word_draft_can_be_read_from_afar(draft: ContainerLabel) -> None:
    sizes = {mark.words: mark.size / POINT for mark in lay_out(draft).marks if isinstance(mark, Text)}

    assert sizes["TRHU 636822 0"] >= 18
    assert sizes["BORRADOR / DRAFT"] >= 18


@pytest.mark.parametrize(("form", "across"), [("public", 60), ("draft", 45)])
def test_the_code_is_as_large_as_a_door_deserves(form: str, across: float, request: pytest.FixtureRequest) -> None:
    mark = code(request.getfixturevalue(form))

    assert mark.module * len(mark.modules) >= across
    assert mark.module >= 0.75
    assert (mark.module / 0.125).is_integer()


@pytest.mark.parametrize("draft", [True, False])
def test_a_link_is_drawn_with_modules_of_half_a_millimetre_or_not_at_all(*, draft: bool) -> None:
    """Half a millimetre in 61 mm is 122 modules less the quiet zone: version 24 (113), which holds 911 bytes at level M."""
    label = replace(LABEL, draft=draft, link="a" * 911)

    assert code(label).module >= 0.5
    with pytest.raises(ValueError, match="too fine"):
        draw(replace(label, link="a" * 2331), "png")


@given(seal=ANYTHING, address=ANYTHING, draft=st.booleans())
def test_whatever_a_seal_and_an_address_are_made_of_stays_on_the_paper(*, seal: str, address: str, draft: bool) -> None:
    label = replace(LABEL, seal=seal, address=address, draft=draft)
    quiet = box(code(label))

    for mark, (left, top, right, bottom) in boxes(label):
        assert left >= 5.99, mark
        assert right <= 99.01, mark
        assert top >= 4, mark
        assert bottom <= 144, mark
        assert isinstance(mark, Code) or apart((left, top, right, bottom), quiet), mark


@settings(deadline=None, max_examples=25)
@given(seal=ANYTHING, address=ANYTHING)
def test_whatever_a_seal_and_an_address_are_made_of_can_be_drawn(seal: str, address: str) -> None:
    label = replace(LABEL, seal=seal, address=address)
    texts = list(ET.fromstring(draw(label, "svg")).iter(f"{SVG}text"))  # noqa: S314 our own document

    assert len(texts) == sum(isinstance(mark, Text) for mark in lay_out(label).marks)
    assert draw(label, "pdf").endswith(b"%%EOF\n")
    assert draw(label, "png").endswith(b"IEND\xaeB\x60\x82")


def test_signs_that_mean_something_in_xml_are_only_signs() -> None:
    label = replace(LABEL, number="<&>U6368220", seal="""</text>&amp;<"'>""", address="<!--&-->")
    words = said(label)

    assert """Seal </text>&amp;<"'> Peso""" in words
    assert "origin <!--&--> Precinto" in words
    assert ET.fromstring(draw(label, "svg")).findtext(f"{SVG}title") == "Cacao en grano / Cocoa beans: <&>U6368220"  # noqa: S314 our own document


@given(words=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=120))
def test_a_seal_loses_no_letter_when_it_is_wrapped(words: str) -> None:
    assert words in "".join(mark.words for mark in lay_out(replace(LABEL, seal=words)).marks if isinstance(mark, Text))


def test_a_text_is_as_wide_as_it_says(draft: ContainerLabel) -> None:
    for mark in lay_out(draft).marks:
        if isinstance(mark, Text):
            assert mark.width == pytest.approx(width(mark.words, mark.size, bold=mark.bold))
