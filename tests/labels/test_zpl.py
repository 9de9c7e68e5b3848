"""What a thermal printer is sent, read as ZPL II says and compared dot by dot with the picture of the same label."""

import re
from collections.abc import Callable
from io import BytesIO
from itertools import islice

import pytest
import zxingcpp
from PIL import Image, ImageChops

from labels.job import zpl_of
from labels.label import Own, Plan, plan
from labels.paper import DPI, PAPERS
from labels.raster import png
from tests.labels.made import Made, made

Scan = Callable[[Image.Image], list[zxingcpp.Barcode]]


def laid(it: Made, paper: str) -> Plan:
    return plan(it.label, PAPERS[paper], "en", it.own())


def commands(plan: Plan, owns: list[Own]) -> str:
    file = BytesIO()
    assert zpl_of(plan, owns, file) == len(owns)
    return file.getvalue().decode("ascii")


def unpacked(data: str, row: int) -> bytes:
    """Graphic data as a printer reads it: counts G to Y and g to z before a digit, `,` and `!` to a row's end, `:` the row before."""
    rows, digits, times = [""], "", 0
    for sign in data:
        if sign in ",!:":
            rows[-1] = rows[-2] if sign == ":" else rows[-1].ljust(2 * row, "0" if sign == "," else "F")
        elif "G" <= sign <= "Y":
            times += ord(sign) - ord("F")
        elif "g" <= sign <= "z":
            times += 20 * (ord(sign) - ord("f"))
        else:
            rows[-1], times = rows[-1] + sign * (times or 1), 0
        if len(rows[-1]) >= 2 * row:
            rows.append("")
    assert rows.pop() == ""
    assert all(len(each) == 2 * row for each in rows)
    return bytes.fromhex(digits.join(rows))


def printer(text: str) -> list[Image.Image]:
    """The labels that come out: a picture is stored by ~DG, recalled by ^XG and drawn by ^GFA where ^FO says; black is added to black."""
    (total, row, stored), sheets = re.findall(r"~DGR:CACAO\.GRF,(\d+),(\d+),([^\n]+)", text)[0], []
    for format_ in re.findall(r"\^XA(.*?)\^XZ", text, re.DOTALL):
        across, down = (int(re.findall(rf"\^{name}(\d+)", format_)[0]) for name in ("PW", "LL"))
        (x, y), (left, top, size, each, data) = (
            re.findall(r"\^FO(\d+),(\d+)\^XGR:CACAO\.GRF,1,1\^FS", format_)[0],
            re.findall(r"\^FO(\d+),(\d+)\^GFA,\d+,(\d+),(\d+),([^^]+)\^FS", format_)[0],
        )
        black = Image.new("1", (across, down), 0)
        for at, bytes_, wide, packed in (((x, y), total, row, stored), ((left, top), size, each, data)):
            dots = unpacked(packed, int(wide))
            assert len(dots) == int(bytes_)
            part = Image.frombytes("1", (int(wide) * 8, len(dots) // int(wide)), dots)
            black.paste(255, (int(at[0]), int(at[1])), part)
        sheets.append(ImageChops.invert(black))
    return sheets


@pytest.mark.parametrize("paper", ["a6", "100", "80", "58"])
def test_what_the_printer_prints_is_the_picture_of_the_label_dot_by_dot(paper: str, scan: Scan) -> None:
    it = made("sack")
    plan, owns = laid(it, paper), list(map(it.own, range(2)))
    sheets = printer(commands(plan, owns))

    assert [code.text for sheet in sheets for code in scan(sheet)] == [own.text for own in owns]
    for sheet, own in zip(sheets, owns, strict=True):
        drawn = Image.open(BytesIO(png(plan.sheet(own), DPI)))
        assert drawn.size == sheet.size
        assert ImageChops.difference(drawn.convert("L"), sheet.convert("L")).getbbox() is None


def test_a_code_and_a_serial_are_all_that_is_sent_anew_for_each_label() -> None:
    it = made("sack")
    lines = commands(laid(it, "100"), list(islice(map(it.own, range(9)), 3))).splitlines()

    assert [line[:4] for line in lines] == ["~DGR", "^XA^", "^XA^", "^XA^"]
    assert max(map(len, lines[1:])) < 15_000


def test_paper_of_four_labels_a_page_is_none_of_a_label_printer() -> None:
    it = made("sack")
    with pytest.raises(ValueError, match="no paper of label printers"):
        commands(laid(it, "a4"), [it.own()])
