"""What a sheet is made of, in millimetres from its top left corner, so that all three forms draw the same sheet."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from labels.qr import Matrix

WIDTH, HEIGHT = 105.0, 148.0
"""A6 portrait, in millimetres."""

POINT = 25.4 / 72
"""Millimetres in a typographic point."""


@dataclass(frozen=True)
class Text:
    """Words on one line: `x` is their left edge, `y` their baseline, `size` the em, `width` what they take, all in millimetres."""

    x: float
    y: float
    size: float
    width: float
    words: str
    bold: bool


@dataclass(frozen=True)
class Rule:
    """A black bar whose top left corner is at `x`, `y`."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Code:
    """A QR code whose first module's top left corner is at `x`, `y`; one module is `module` millimetres wide."""

    x: float
    y: float
    module: float
    modules: Matrix


Mark = Text | Rule | Code


@dataclass(frozen=True)
class Sheet:
    """A page of paper: its title, for screens and screen readers, the black on it, and how large it is in millimetres."""

    title: str
    marks: tuple[Mark, ...]
    width: float = WIDTH
    height: float = HEIGHT


def face(*, bold: bool) -> Path:
    """The font file letters are measured and drawn with: Bitstream Vera, which comes with reportlab and may be embedded."""
    return Path(str(files("reportlab") / "fonts" / ("VeraBd.ttf" if bold else "Vera.ttf")))
