"""A signed label's code is as large as was said, and a scanner reads every word of it."""

from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image
from qrcode.util import lost_point

from labels.qr import matrix
from tests.labels.made import SORTS, made

Scan = Callable[[Image.Image], list[zxingcpp.Barcode]]


@pytest.mark.parametrize("sort", SORTS)
def test_a_scanner_reads_it_at_error_level_m_and_in_version_8(sort: str, scan: Scan) -> None:
    own = made(sort).own()  # type: ignore[arg-type]
    modules = own.code()
    image = Image.new("L", (len(modules) + 8, len(modules) + 8), 255)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            image.putpixel((x + 4, y + 4), 0 if dark else 255)
    (code,) = scan(image.resize((4 * image.width, 4 * image.height), Image.Resampling.NEAREST))

    assert (code.text, code.ec_level, len(modules)) == (own.text, "M", 17 + 4 * 8)


def test_the_mask_that_nobody_judged_is_hardly_worse_than_the_best() -> None:
    job = made("sack")

    for own in map(job.own, range(5)):
        best, mine = (lost_point([list(row) for row in each]) for each in (matrix(own.text), own.code()))
        assert mine <= 1.35 * best
