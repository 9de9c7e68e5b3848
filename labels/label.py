"""What labels of lots, containers and farmers say, and where on the paper: what all of one printing share, and what is each one's own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final, Literal

from labels.column import Column, worded
from labels.lines import Frame, Side, clean, fitted
from labels.marks import POINT, Code, Mark, Sheet
from labels.paper import DOT, Paper
from labels.qr import QUIET, Matrix, matrix
from labels.words import Pair, pair

Sort = Literal["sack", "pallet", "sample", "container", "card"]
_SMALLEST, _LARGEST = 0.5, 1.5  # millimetres a module
_EDGE: Final = 5.0  # millimetres below the last line, where many printers print nothing
_GROUP: Final = 4
_MASK: Final = 4
"""Of signed codes. A signature's bits are as chance has them, so that no mask is better than another; none is judged."""


@dataclass(frozen=True, slots=True)
class Label:
    """What all labels of one printing say.

    `number` is the lot's, container's or farmer's id; `day` (YYYY-MM-DD) when it was printed; `organisation` only where it may be named
    in public; `grams` the net weight, on a container all of it; `kid` the number of the key that signed, None where nothing is signed; a
    `draft` says that the address works only on the computer that drew it. No person, place or price stands on any label.
    """

    sort: Sort
    number: str
    day: str
    organisation: str = ""
    grams: int | None = None
    seal: str | None = None
    kid: int | None = None
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """What one label alone says.

    `link` is what its code opens, `digits` the signature behind it; `address` what one types where no camera is; `elements` what the
    code holds as GS1 writes it for people, empty without numbers of GS1.
    """

    serial: str
    link: str
    address: str
    digits: str = ""
    elements: str = ""

    def code(self) -> Matrix:
        """Its QR code. Raises ValueError for a text longer than any code holds."""
        return matrix(self.text, mask=_MASK if self.digits else None)

    @property
    def text(self) -> str:
        """What a scanner reads."""
        return f"{self.link}?s={self.digits}" if self.digits else self.link


@dataclass(frozen=True, slots=True)
class Plan:
    """Where all stands on the labels of one printing, in millimetres: `common` is on each of them, `own` makes the rest.

    `code` is the room for the code, `under` that for its address, `serial` that for the serial where it has a row.
    """

    title: str
    paper: Paper
    height: float
    common: tuple[Mark, ...]
    code: Frame
    under: Frame
    serial: Frame | None

    def own(self, own: Own) -> Iterator[Mark]:
        """The marks of one label. Raises ValueError where its code would be too fine for a phone."""
        yield _code(own, self.code, self.paper)
        yield from self._under(own)
        if self.serial:
            yield from fitted(grouped(own.serial), self.serial, 13 * POINT * self.paper.scale, Side.RIGHT)

    def _under(self, own: Own) -> Iterator[Mark]:
        size, half = 12 * POINT * self.paper.scale, self.under.height / 2
        lines = [own.elements, own.address] if own.elements else [own.address]
        for at, line in enumerate(lines):
            frame = replace(self.under, y=self.under.y + at * half, height=half) if own.elements else self.under
            yield from worded(line, frame, size if at == 0 else size * 0.8, Side.MIDDLE, bold=at == 0)

    def sheet(self, own: Own) -> Sheet:
        """One label alone on its paper. Raises ValueError as `own` does."""
        return Sheet(self.title, (*self.common, *self.own(own)), self.paper.width, self.height)


def plan(label: Label, paper: Paper, second: str, sample: Own) -> Plan:
    """Where all stands on labels that say this, in Spanish and a second language (`es`: none), their codes as large as that of `sample`.

    Raises ValueError where the code would be too fine for a phone.
    """
    above, below = Column(paper), Column(paper)
    _head(label, second, above)
    under, serial = _foot(label, second, below, sample)
    top, across = above.y, len(sample.code())
    tall = paper.height - _EDGE - top - below.y if paper.height else _module(paper, across) * (across + 2 * QUIET)
    down = top + tall
    return Plan(
        _title(label, second), paper, paper.height or round(down + below.y + _EDGE / 2, 0),
        (*above.marks, *(replace(mark, y=mark.y + down) for mark in below.marks)),
        Frame(above.x, top, above.width, tall), replace(under, y=under.y + down), serial and replace(serial, y=serial.y + down),
    )  # fmt: skip


def _head(label: Label, second: str, column: Column) -> None:
    column.room(4)
    column.said(pair(label.sort, second), 7.5, 15)
    column.value(_number(label), 13, 36)
    if label.draft:
        column.room(0.5)
        column.rule(1)
        column.said(pair("draft", second), 8.5, 22, Side.MIDDLE)
        column.said(pair("here", second), 7, 9, Side.MIDDLE)
        column.rule(1)


def _foot(label: Label, second: str, column: Column, sample: Own) -> tuple[Frame, Frame | None]:
    """What stands below the code; the room for what is each label's own: its address, its serial."""
    column.said(pair("show" if label.sort == "card" else "scan", second), 6, 10.5, Side.MIDDLE)
    under = column.room(10 if sample.elements else 7)
    column.rule(0.4)
    for key, value in _facts(label, second):
        column.row(pair(key, second), value)
    serial = None if sample.elements.startswith("(00)") else column.row(pair("label", second))
    if label.kid is not None:
        for words in pair("signed", second):
            if words:
                column.paragraph(words.format(kid=label.kid), 7)
    return under, serial


def _facts(label: Label, second: str) -> Sequence[tuple[str, str | Pair]]:
    seal = clean(label.seal or "") or pair("unsealed", second)
    return [
        *([("seal", seal)] if label.sort == "container" else []),
        *([("weight", _kilograms(label.grams))] if label.grams is not None else []),
        *([("by", label.organisation)] if clean(label.organisation) else []),
        ("printed", label.day),
    ]


def _title(label: Label, second: str) -> str:
    title = f"{_both(pair(label.sort, second))}: {clean(label.number)}"
    return f"{_both(pair('draft', second))}: {title}" if label.draft else title


def _both(words: Pair) -> str:
    return " / ".join(each for each in words if each)


def _module(paper: Paper, across: int, height: float = inf) -> float:
    """How wide a module of a code may be, in whole dots: the code where printers print, the white around it anywhere on the paper."""
    printed, around = paper.width - 2 * paper.margin, across + 2 * QUIET
    return min(min(printed / across, (paper.width - 2) / around, height / around) // DOT * DOT, _LARGEST)


def _code(own: Own, box: Frame, paper: Paper) -> Code:
    modules = own.code()
    module = _module(paper, len(modules), box.height)
    if module < _SMALLEST:
        raise ValueError(f"the link has {len(own.text):,} characters: its QR code would be too fine for a phone on this paper")
    side = len(modules) * module
    x, y = (round(edge / DOT) * DOT for edge in (box.x + (box.width - side) / 2, box.y + (box.height - side) / 2))
    return Code(x, y, module, modules)


def grouped(serial: str) -> str:
    """A serial as one reads it aloud: `0K3V 9ZQ1`."""
    return " ".join(serial[at : at + _GROUP] for at in range(0, len(serial), _GROUP))


def _number(label: Label) -> str:
    number = label.number
    return f"{number[:4]} {number[4:10]} {number[10:]}" if label.sort == "container" and len(number) == len("CSQU3054383") else number


def _kilograms(grams: int) -> str:
    whole, rest = divmod(grams, 1000)
    return f"{whole:,}.{rest:03d}".rstrip("0").rstrip(".") + " kg"
