"""The map: the same cells give the same drawing, in which everything stands where it belongs."""

from decimal import Decimal
from xml.etree import ElementTree as ET

import hypothesis.strategies as st
import pytest
from hypothesis import given

from api.look import drawn
from api.map import CELL, Square, Words, degrees, shade, svg
from projections.few import Area

SVG = "{http://www.w3.org/2000/svg}"
WORDS = Words("Map <of> cells", "N", "S", "E", "W")
CELLS = st.tuples(st.integers(-9 * 100, -9 * 80), st.integers(-9 * 20, 0)).map(lambda at: f"{at[0] * 9}/{at[1] * 9}")


def read(drawing: str) -> ET.Element:
    return ET.fromstring(drawing)  # noqa: S314 - our own drawing


def squares(codes: set[str]) -> list[Square]:
    return [Square(code, 1, f"{code} & more") for code in codes]


@given(st.sets(CELLS, min_size=1, max_size=30))
def test_every_cell_stands_inside_the_frame(codes: set[str]) -> None:
    tree = read(svg(squares(codes), WORDS))
    ground, *cells = [{name: float(rect.get(name, "")) for name in ("x", "y", "width", "height")} for rect in tree.iter(f"{SVG}rect")]

    assert len(cells) == len(codes)
    for cell in cells:
        assert ground["x"] <= cell["x"] <= ground["x"] + ground["width"] - cell["width"]
        assert ground["y"] <= cell["y"] <= ground["y"] + ground["height"] - cell["height"]


def test_the_same_cells_give_the_same_drawing_in_any_order() -> None:
    cells = squares({"-7650/-657", "-7596/-945", "-7452/-936"})

    assert svg(cells, WORDS) == svg(cells[::-1], WORDS)


def test_the_scale_is_fifty_kilometres_long() -> None:
    tree = read(svg(squares({"-7650/-657", "-7560/-657"}), WORDS))
    first, second = sorted(float(rect.get("x", "")) for rect in tree.iter(f"{SVG}rect") if "cell" in rect.get("class", ""))
    bar = next(tree.iterfind(f".//{SVG}g[@class='scale']/{SVG}path")).get("d", "")
    length = float(bar.split("H")[1].split("V")[0]) - float(bar.split("V")[0].split(" ")[0][1:])

    kilometres = 0.9 * 110.6  # between the two cells, 0.9 degrees of longitude at 6.5 degrees south
    assert length / (second - first) * kilometres == pytest.approx(50, rel=0.01)


def test_it_has_a_name_a_graticule_with_degrees_and_an_arrow() -> None:
    tree = read(svg(squares({"-7650/-657"}), WORDS))
    texts = [text.text for text in tree.iter(f"{SVG}text")]

    assert tree.get("role") == "img"
    assert tree.findtext(f"{SVG}title") == "Map <of> cells"
    assert {"76.5°W", "6.5°S", "50 km", "N"} <= set(texts)


@pytest.mark.parametrize(("hundredths", "read"), [(-7650, "76.5°W"), (-7600, "76°W"), (25, "0.25°E"), (0, "0°E")])
def test_degrees_are_read_with_their_side(hundredths: int, read: str) -> None:
    assert degrees(hundredths, "E", "W") == read


def test_shades_grow_with_shares() -> None:
    assert [shade(Decimal(share)) for share in ("0", "0.05", "0.051", "0.2", "0.201", "1")] == [1, 1, 2, 3, 4, 4]
    assert CELL == 9


def test_a_cell_whose_share_is_told_with_others_is_an_outline() -> None:
    areas = [Area("-7650/-657", Decimal("0.5"), 5), Area("-7452/-936", None, None), Area(None, Decimal("0.5"), 5)]
    tree = read(drawn("es", areas) or "")
    cells = {rect.findtext(f"{SVG}title"): rect.get("class") for rect in tree.iter(f"{SVG}rect") if "cell" in rect.get("class", "")}

    assert list(cells.values()) == ["cell s0", "cell s4"]
    assert "50.0 %" in str(list(cells))


def test_where_nothing_may_be_drawn_there_is_no_map() -> None:
    assert drawn("es", [Area(None, None, None)]) is None
