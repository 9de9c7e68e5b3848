"""Words set on lines, so that whatever a seal or an address is made of stays on the paper."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from labels.marks import Text
from labels.raster import width

_LEADING = 1.2  # from one baseline to the next, in ems
_RISE = 0.95  # from a line's top to its baseline, in ems
_GENTLY = 0.97


class Side(Enum):
    """Where words stand in their frame: the share of the spare room that is left of them."""

    LEFT = 0.0
    MIDDLE = 0.5
    RIGHT = 1.0


@dataclass(frozen=True)
class Frame:
    """Room for words, in millimetres from the paper's top left corner."""

    x: float
    y: float
    width: float
    height: float


def fitted(words: str, frame: Frame, size: float, side: Side = Side.LEFT, *, bold: bool = True) -> Iterator[Text]:
    """Words within `frame`, at an em of `size` millimetres or, if they need it, smaller and on several lines."""
    words = clean(words)
    while len(lines := list(_wrapped(words, frame.width, size, bold=bold))) * size * _LEADING > frame.height:
        size *= _GENTLY
    top = frame.y + (frame.height - len(lines) * size * _LEADING) / 2
    for place, line in enumerate(lines):
        yield _placed(_text(line, size, bold=bold), frame, top + (place * _LEADING + _RISE) * size, side)


def bilingual(spanish: str, english: str, frame: Frame, size: float, side: Side = Side.LEFT, *, bold: bool = True) -> Iterator[Text]:
    """Spanish at an em of `size` millimetres and English beside it, smaller and never bold, on one line in `frame`.

    Both are our own words: that they fit is for the tests to say.
    """
    first, second = _text(spanish, size, bold=bold), _text(english, size * 0.75, bold=False)
    gap = size * 0.35
    baseline = frame.y + (frame.height - size * _LEADING) / 2 + _RISE * size
    together = _placed(replace(first, width=first.width + gap + second.width), frame, baseline, side)
    yield replace(first, x=together.x, y=baseline)
    yield replace(second, x=together.x + first.width + gap, y=baseline)


def clean(words: str) -> str:
    """The words without what has no shape on paper (control characters, halves of characters) and with single spaces."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _wrapped(words: str, room: float, size: float, *, bold: bool) -> Iterator[str]:
    line, used = "", 0.0
    for letter in words:
        step = width(letter, size, bold=bold)
        if line and used + step > room:
            yield line
            line, used = "", 0.0
        line, used = line + letter, used + step
    if line:
        yield line


def _text(words: str, size: float, *, bold: bool) -> Text:
    return Text(0, 0, size, width(words, size, bold=bold), words, bold)


def _placed(text: Text, frame: Frame, baseline: float, side: Side) -> Text:
    return replace(text, x=frame.x + (frame.width - text.width) * side.value, y=baseline)
