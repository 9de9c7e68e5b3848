"""Labels by the thousand: a job of signed labels as one PDF and as ZPL, against the codes alone, and in how much memory."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from common import figure, process, rounds, seconds  # noqa: E402
from reportlab.pdfgen.canvas import Canvas  # noqa: E402

from labels.job import pdf_of, zpl_of  # noqa: E402
from labels.label import Own, Plan, plan  # noqa: E402
from labels.paper import PAPERS  # noqa: E402
from labels.qr import matrix, runs  # noqa: E402
from tests.labels.made import made  # noqa: E402

LABELS, FEW = 500, 20
JOB = made("sack")


class Nowhere:
    """A file that keeps nothing."""

    def write(self, data: bytes, /) -> int:
        """Say that all was written."""
        return len(data)


def owns(count: int) -> Iterator[Own]:
    """Labels that are all different, signed beforehand: what is measured is the drawing."""
    return (SIGNED[at % len(SIGNED)] for at in range(count))


def laid(paper: str) -> Plan:
    """Where all stands."""
    return plan(JOB.label, PAPERS[paper], "en", SIGNED[0])


SIGNED = [JOB.own(number) for number in range(1024)]


def bare(count: int) -> None:
    """What nobody can do without: each code made, and drawn by reportlab on a page of its own."""
    canvas = Canvas(BytesIO(), pagesize=(298, 420))
    for own in owns(count):
        path = canvas.beginPath()
        for x, y, length in runs(own.code()):
            path.rect(40 + x * 3, 300 - y * 3, length * 3, 3)
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.showPage()
    canvas.save()


def to_file(paper: str, count: int) -> None:
    """The job that `python bench_labels.py PAPER COUNT` does in a process of its own."""
    with TemporaryDirectory() as folder, (Path(folder) / "labels.pdf").open("wb") as file:
        pdf_of(laid(paper), owns(count), file)


def main() -> None:
    """Print the figures."""
    plans = {paper: laid(paper) for paper in ("a6", "a4", "100")}
    variants: dict[str, Callable[[], float]] = {
        "bare": partial(seconds, partial(bare, LABELS)),
        "codes": partial(seconds, lambda: [own.code() for own in owns(LABELS)]),
        "a6": partial(seconds, lambda: pdf_of(plans["a6"], owns(LABELS), Nowhere())),
        "a4": partial(seconds, lambda: pdf_of(plans["a4"], owns(LABELS), Nowhere())),
        "zpl": partial(seconds, lambda: zpl_of(plans["100"], owns(FEW), Nowhere())),
        "judged": partial(seconds, lambda: [matrix(own.text) for own in owns(FEW)]),
    }
    took = rounds(variants)
    figure("labels as one PDF, A6, against bare drawing of their codes", took["a6"] / took["bare"], "x time", most=1.5)
    figure("labels as one PDF, four on A4, against the same", took["a4"] / took["bare"], "x time", most=1.5)
    figure("labels as ZPL for 100 mm, against the same", took["zpl"] / FEW / (took["bare"] / LABELS), "x time")
    figure("codes of one mask, against judging all eight", took["codes"] / LABELS / (took["judged"] / FEW), "x time", most=0.3)
    figure("labels a second, four on A4", LABELS / took["a4"], "labels/s")
    runs = {count: process([sys.executable, __file__, "a4", str(count)], {}) for count in (1_000, 10_000)}
    figure("10,000 labels, against 1,000 (process and all)", runs[10_000][0] / runs[1_000][0], "x time", most=10.5)
    figure("10,000 labels, memory", runs[10_000][1], "MB", most=1.2 * runs[1_000][1])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        to_file(sys.argv[1], int(sys.argv[2]))
    else:
        main()
