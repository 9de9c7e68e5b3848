"""Words and rows set one below the other, from the top of a label down."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from labels.lines import Frame, Side, bilingual, clean, fitted
from labels.marks import POINT, Mark, Rule, Text
from labels.paper import Paper
from labels.raster import width
from labels.words import Pair

_BESIDE, _GAP = 0.75, 0.35  # the second language: its size, and what is left before it, in ems of the first
_LEADING: Final = 1.25
_GENTLY: Final = 0.97
_LEAST: Final = 6.5 * POINT
_SMALL: Final = 0.75  # what both languages may shrink to before the second goes below the first
_MOST_LINES: Final = 3
_PIECE: Final = re.compile(r"[^ /]*[ /]|[^ /]+")


class Column:
    """Where the next line stands (`y`, millimetres), and the marks of all above it. Heights and sizes are those of A6; `paper` scales them.

    `y` counts from the column's own top, whose place on the paper is decided when its height is known.
    """

    def __init__(self, paper: Paper) -> None:
        self.x, self.width, self.scale = paper.margin, paper.width - 2 * paper.margin, paper.scale
        self.y = 0.0
        self.marks: list[Mark] = []

    def room(self, height: float) -> Frame:
        """Room across the whole width."""
        frame = Frame(self.x, self.y, self.width, height * self.scale)
        self.y += frame.height
        return frame

    def said(self, words: Pair, height: float, points: float, side: Side = Side.LEFT, *, bold: bool = True) -> None:
        """Words in both languages: on one line, or where they are too long for it, the second below the first."""
        self.marks += _paired(words, self.room(height), points * POINT * self.scale, side, bold=bold)

    def value(self, words: str, height: float, points: float, side: Side = Side.LEFT) -> None:
        """Words of no language."""
        self.marks += fitted(words, self.room(height), points * POINT * self.scale, side)

    def rule(self, height: float) -> None:
        """A bar across, and a little room below it."""
        self.marks.append(Rule(self.x, self.y, self.width, height))
        self.y += height + self.scale

    def row(self, name: Pair, value: str | Pair | None = None) -> Frame:
        """A name and, right of it, a value; the frame of the value, to be filled on each label where it is None here."""
        frame, size = self.room(6), 11 * POINT * self.scale
        marks = list(_paired(name, Frame(frame.x, frame.y, frame.width * 0.6, frame.height), size, Side.LEFT, bold=False))
        right = max(mark.x + mark.width for mark in marks) + 2 * self.scale
        beside, large = Frame(right, frame.y, frame.x + frame.width - right, frame.height), 13 * POINT * self.scale
        self.marks += marks
        if isinstance(value, Pair):
            self.marks += _paired(value, beside, large, Side.RIGHT, bold=True)
        elif value is not None:
            self.marks += worded(value, beside, large, Side.RIGHT)
        return beside

    def paragraph(self, words: str, points: float) -> None:
        """A sentence, in lines that end between words."""
        size = points * POINT * self.scale
        for line in _lines(_PIECE.findall(words), self.width, size, bold=False):
            self.marks.append(Text(self.x, self.y + size, size, width(line, size, bold=False), line, bold=False))
            self.y += size * _LEADING


def _paired(words: Pair, frame: Frame, size: float, side: Side, *, bold: bool) -> Iterator[Text]:
    if not words.second:
        return fitted(words.first, frame, size, side, bold=bold)
    second, smaller = f"/ {words.second}", size
    while smaller >= max(size * _SMALL, _LEAST):
        if _across(words.first, second, smaller, bold=bold) <= frame.width:
            return bilingual(words.first, second, frame, smaller, side, bold=bold)
        smaller *= _GENTLY
    half = Frame(frame.x, frame.y, frame.width, frame.height * 0.54)
    rest = Frame(frame.x, frame.y + half.height, frame.width, frame.height - half.height)
    most = _shrunk(words.first, half, size, bold=bold)
    least = _shrunk(words.second, rest, size * _BESIDE, bold=False)
    return iter([*fitted(words.first, half, most, side, bold=bold), *fitted(words.second, rest, least, side, bold=False)])


def _across(first: str, second: str, size: float, *, bold: bool) -> float:
    return width(first, size, bold=bold) + _GAP * size + width(second, size * _BESIDE, bold=False)


def _shrunk(words: str, frame: Frame, size: float, *, bold: bool) -> float:
    """The size at which words are one line of a frame."""
    while width(words, size, bold=bold) > frame.width:
        size *= _GENTLY
    return size


def worded(words: str, frame: Frame, size: float, side: Side = Side.LEFT, *, bold: bool = True) -> Iterator[Text]:
    """As `labels.lines.fitted`, but lines end after a blank or a slash, where the words have some and are not too long in between."""
    pieces = _PIECE.findall(clean(words))
    while True:
        lines = list(_lines(pieces, frame.width, size, bold=bold))
        if any(width(line, size, bold=bold) > frame.width for line in lines) or len(lines) > _MOST_LINES:
            return fitted(words, frame, size, side, bold=bold)
        if len(lines) * size * _LEADING <= frame.height:
            break
        size *= _GENTLY
    each = size * _LEADING
    top = frame.y + (frame.height - len(lines) * each) / 2
    of = [Frame(frame.x, top + at * each, frame.width, each) for at in range(len(lines))]
    return (text for line, room in zip(lines, of, strict=True) for text in fitted(line, room, size, side, bold=bold))


def _lines(pieces: Sequence[str], room: float, size: float, *, bold: bool) -> Iterator[str]:
    line = ""
    for piece in pieces:
        if line and width((line + piece).rstrip(), size, bold=bold) > room:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()
