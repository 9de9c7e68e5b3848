"""A long PDF: right to the byte, the same each time, and no larger in memory for being long."""

import re
import subprocess
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import zxingcpp
from PIL import Image

from labels.job import pdf_of
from labels.label import Own, plan
from labels.paper import PAPERS
from tests.labels.made import made

Scan = Callable[[Image.Image], list[zxingcpp.Barcode]]
Find = Callable[[str], str]
PLAIN = Own("0K3V9ZQ1", "HTTPS://A.EXAMPLE/K/0K3V9ZQ1", "a.example/K/0K3V9ZQ1")


def written(paper: str, count: int) -> tuple[bytes, list[int]]:
    it, file, told = made("sack"), BytesIO(), list[int]()
    done = pdf_of(plan(it.label, PAPERS[paper], "en", it.own()), map(it.own, range(count)), file, told.append)
    assert done == count
    return file.getvalue(), told


class Sink:
    """A file that keeps nothing."""

    def write(self, data: bytes, /) -> int:
        return len(data)


def test_a_pdf_of_labels_says_where_each_of_its_objects_begins() -> None:
    """ISO 32000-1, 7.5: the cross-reference table names the byte at which `N 0 obj` stands, the last line but one that of the table."""
    data, _ = written("a6", 3)
    start = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    table = data[start:].split(b"trailer")[0].splitlines()
    places = [int(line[:10]) for line in table[3:]]

    assert table[:3] == [b"xref", b"0 %d" % (len(places) + 1), b"0000000000 65535 f "]
    assert all(data[place:].startswith(b"%d 0 obj\n" % number) for number, place in enumerate(places, 1))
    assert all(len(line) == 19 for line in table[2:])


def test_streams_are_as_long_as_they_say_and_hold_the_serial_of_each_label() -> None:
    data, _ = written("a4", 5)
    found = [(int(length), at.end()) for at in re.finditer(rb"/Length (\d+) [^\n]*\nstream\n", data) for length in (at[1],)]
    texts = [zlib.decompress(data[at : at + length]) for length, at in found]

    assert all(data[at + length :].startswith(b"\nendstream") for length, at in found)
    assert b"".join(texts).count(b"(0K3V 9Z0") == 5
    assert sum(b"(Saco de cacao)" in text for text in texts) == 1


def test_the_same_labels_give_the_same_bytes_and_progress_is_told_page_by_page() -> None:
    (one, told), (other, _) = written("a4", 6), written("a4", 6)

    assert one == other
    assert told == [4, 6]
    assert one.count(b"/Type /Page ") == 2


def test_ten_times_the_labels_do_not_take_twice_the_memory() -> None:
    laid = plan(made("sack", signed=False).label, PAPERS["a6"], "en", PLAIN)
    most = []
    for count in (10, 100):
        tracemalloc.start()
        pdf_of(laid, (replace(PLAIN, serial=f"0K3V9{number:03}") for number in range(count)), Sink())
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert most[1] < 2 * most[0]


def test_a_page_of_four_is_read_from_the_pdf_as_a_printer_gets_it(tmp_path: Path, program: Find, scan: Scan) -> None:
    data, _ = written("a4", 4)
    (tmp_path / "labels.pdf").write_bytes(data)
    subprocess.run([program("pdftoppm"), "-r", "203", "-png", "-singlefile", "labels.pdf", "page"], cwd=tmp_path, check=True, timeout=60)
    words = subprocess.run([program("pdftotext"), "labels.pdf", "-"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    codes = scan(Image.open(tmp_path / "page.png"))

    assert sorted(code.text for code in codes) == sorted(made("sack").own(number).text for number in range(4))
    assert "Cooperativa Agraria Cacaotera Alto Huallaga Ltda." in words
    assert "teléfono que ya abrió esta dirección" in " ".join(words.split())
