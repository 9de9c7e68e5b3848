"""Labels for thermal printers in ZPL II: the printer is sent what all labels share once, as a picture, and of each one its own dots."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from labels.label import Own, Plan
from labels.marks import Mark, Sheet
from labels.paper import DPI
from labels.raster import Dots, dots

_NAME: Final = "R:CACAO.GRF"
_TWENTY: Final = 20
_SAME: Final = re.compile(r"(.)\1+")


def zpl(plan: Plan, owns: Iterable[Own]) -> Iterator[bytes]:
    """First what all share, then one format a label; the printer forgets the shared picture with the next one, or when it is off.

    Raises ValueError for paper of which a page has several labels, and as labels.label.Plan.own does.
    """
    if plan.paper.many > 1:
        raise ValueError(f"{plan.paper.words} is no paper of label printers: one label a page is wanted")
    across, down = (round(side * DPI / 25.4) for side in (plan.paper.width, plan.height))
    shared = _black(plan, plan.common)
    yield f"~DG{_NAME},{_sizes(shared)},{_packed(shared)}\n".encode("ascii")
    head = f"^XA^PW{across}^LL{down}^LH0,0^FO{shared.x},{shared.y}^XG{_NAME},1,1^FS"
    for own in owns:
        each = _black(plan, plan.own(own))
        total, row = _sizes(each).split(",")
        yield f"{head}^FO{each.x},{each.y}^GFA,{total},{total},{row},{_packed(each)}^FS^XZ\n".encode("ascii")


def _black(plan: Plan, marks: Iterable[Mark]) -> Dots:
    return dots(Sheet("", tuple(marks), plan.paper.width, plan.height), DPI)


def _sizes(of: Dots) -> str:
    """Bytes in all, and of one row."""
    row = len(of.rows[0]) if of.rows else 0
    return f"{row * len(of.rows)},{row}"


def _packed(of: Dots) -> str:
    """Rows as hexadecimal digits, shortened as printers know it: a count before a digit, `,` and `!` to a row's end, `:` as before."""
    before, parts = b"", []
    for row in of.rows:
        parts.append(":" if row == before else _row(row.hex().upper()))
        before = row
    return "".join(parts)


def _row(digits: str) -> str:
    short = digits.rstrip("0")
    full = digits.rstrip("F")
    end = "," if len(short) < len(digits) else "!" if len(full) < len(digits) else ""
    body = short if end == "," else full if end == "!" else digits
    return _SAME.sub(_shortened, body) + end


def _shortened(same: re.Match[str]) -> str:
    return _count(len(same[0])) + same[1]


def _count(times: int) -> str:
    """`g` is 20, `h` 40 … `z` 400; `G` is 1 … `Y` 19."""
    most, rest = "", times
    while rest > _TWENTY * _TWENTY:
        most, rest = most + "z", rest - _TWENTY * _TWENTY
    twenties, ones = divmod(rest, _TWENTY)
    return most + (chr(ord("g") + twenties - 1) if twenties else "") + (chr(ord("G") + ones - 1) if ones else "")
