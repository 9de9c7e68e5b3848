"""A code that another library reads back."""

import re
from collections.abc import Callable

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labels.qr import matrix, runs, svg_path

LINK = "https://cacao.example/c/TRHU6368220/2421"


def picture(modules: tuple[tuple[bool, ...], ...]) -> Image.Image:
    side = len(modules)
    image = Image.new("L", (side + 8, side + 8), 255)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            image.putpixel((x + 4, y + 4), 0 if dark else 255)
    return image.resize((4 * (side + 8), 4 * (side + 8)), Image.Resampling.NEAREST)


def test_a_scanner_reads_the_text_at_error_level_m(scan: Callable[[Image.Image], list[zxingcpp.Barcode]]) -> None:
    (code,) = scan(picture(matrix(LINK)))

    assert code.text == LINK
    assert code.ec_level == "M"


def test_a_code_has_no_quiet_zone_of_its_own() -> None:
    modules = matrix(LINK)
    finder = (True,) * 7 + (False,)

    assert all(corner[:8] == finder for corner in (modules[0], modules[-1], modules[0][::-1]))


def test_forty_two_bytes_are_version_three_and_one_more_is_four() -> None:
    """ISO/IEC 18004, table 7: at level M version 3 (29 modules) holds 42 bytes, version 4 (33 modules) 62."""
    assert [len(matrix("a" * length)) for length in (42, 43, 62)] == [29, 33, 33]


def test_a_text_no_code_can_hold_is_refused_in_words() -> None:
    """ISO/IEC 18004, table 7: the largest code of level M holds 2,331 bytes."""
    assert len(matrix("a" * 2331)) == 177
    with pytest.raises(ValueError, match="2,332 characters is too long"):
        matrix("a" * 2332)


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6).map(tuple), min_size=1, max_size=6).map(tuple))
def test_runs_and_path_cover_the_dark_modules_and_no_others(modules: tuple[tuple[bool, ...], ...]) -> None:
    dark = {(x, y) for y, row in enumerate(modules) for x, cell in enumerate(row) if cell}
    drawn = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", svg_path(modules))

    assert {(x + step, y) for x, y, length in runs(modules) for step in range(length)} == dark
    assert {(int(x) + step, int(y)) for x, y, out, _ in drawn for step in range(int(out))} == dark
    assert all(out == back for _, _, out, back in drawn)
