"""The map of a container's cells, drawn here: a graticule, shaded squares of 10 km, a scale; no outline, no tile, no other host."""

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

CELL: Final = 9
"""Side of a cell in hundredths of a degree."""
_WIDTH: Final = 400.0
_MARGIN: Final = (50.0, 24.0, 6.0, 34.0)  # left, top, right, bottom
_LEAST: Final = 110.0  # hundredths of a degree that are shown at least, so that 50 km have room
_TALLEST: Final = 1.25
_STEPS: Final = (25, 50, 100, 200, 500, 1000)
_MOST_LINES: Final = 5
_KM: Final = 100 / 111.2  # hundredths of a degree of latitude
_BAR_KM: Final = 50
CLASSES: Final = (Decimal("0.05"), Decimal("0.1"), Decimal("0.2"), Decimal(1))
"""Upper bounds of the shades."""


class Square(NamedTuple):
    """A cell, its shade (0: an outline alone) and what it says."""

    code: str
    shade: int
    title: str


class Words(NamedTuple):
    """What the map says in a language: its title, the sides of the earth as letters, and how it writes a decimal point."""

    title: str
    north: str
    south: str
    east: str
    west: str
    point: str = "."


class _Frame(NamedTuple):
    """What is shown, in hundredths of a degree, and how large."""

    west: float
    north: float
    east: float
    south: float
    by_lon: float
    by_lat: float

    def x(self, lon: float) -> float:
        return _MARGIN[0] + (lon - self.west) * self.by_lon

    def y(self, lat: float) -> float:
        return _MARGIN[1] + (self.north - lat) * self.by_lat


def corner(code: str) -> tuple[int, int]:
    """West and south of a cell in hundredths of a degree."""
    west, south = code.split("/")
    return int(west), int(south)


def shade(share: Decimal) -> int:
    """The class of a share, from 1."""
    return next(n for n, bound in enumerate(CLASSES, 1) if share <= bound)


def svg(squares: Sequence[Square], words: Words) -> str:
    """The map as an SVG element, to stand in a page; the same squares give the same text."""
    frame = _framed([corner(square.code) for square in squares])
    height = frame.y(frame.south) + _MARGIN[3]
    return "".join(
        (
            f'<svg class="map" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" aria-labelledby="map-title" xmlns="http://www.w3.org/2000/svg">',
            f'<title id="map-title">{escape(words.title)}</title>',
            *_graticule(frame, words),
            *_cells(frame, squares),
            *_scale(frame, height),
            f'<g class="north"><path d="M{_WIDTH - 28:.0f} 52l8 -22l8 22l-8 -6z"/>',
            f'<text x="{_WIDTH - 20:.0f}" y="67" text-anchor="middle">{escape(words.north)}</text></g></svg>',
        )
    )


def _framed(corners: Sequence[tuple[int, int]]) -> _Frame:
    """Room around the cells, at least as much as the scale needs, not much taller than wide."""
    middle = sum(south for _, south in corners) / len(corners) + CELL / 2
    squeeze = math.cos(math.radians(middle / 100))
    west, east = _wide(min(west for west, _ in corners), max(west for west, _ in corners) + CELL, _LEAST)
    south, north = _wide(min(south for _, south in corners), max(south for _, south in corners) + CELL, _LEAST * 0.7)
    west, east = _wide(west, east, (north - south) / squeeze / _TALLEST, pad=0)
    by_lon = (_WIDTH - _MARGIN[0] - _MARGIN[2]) / (east - west)
    return _Frame(west, north, east, south, by_lon, by_lon / squeeze)


def _wide(low: float, high: float, least: float, pad: float = 14) -> tuple[float, float]:
    more = max(pad, (least - (high - low)) / 2)
    return low - more, high + more


def _graticule(frame: _Frame, words: Words) -> Iterator[str]:
    step = next(step for step in _STEPS if max(frame.east - frame.west, frame.north - frame.south) / step <= _MOST_LINES)
    left, right, top, bottom = frame.x(frame.west), frame.x(frame.east), frame.y(frame.north), frame.y(frame.south)
    yield f'<rect class="ground" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"/><g class="graticule">'
    for lon in _lines(frame.west, frame.east, step):
        yield f'<path d="M{frame.x(lon):.1f} {top:.1f}V{bottom:.1f}"/>'
        yield f'<text x="{frame.x(lon):.1f}" y="{top - 8:.1f}" text-anchor="middle">{_degrees(lon, words, words.east, words.west)}</text>'
    for lat in _lines(frame.south, frame.north, step):
        yield f'<path d="M{left:.1f} {frame.y(lat):.1f}H{right:.1f}"/>'
        named = _degrees(lat, words, words.north, words.south)
        yield f'<text x="{left - 6:.1f}" y="{frame.y(lat) + 5:.1f}" text-anchor="end">{named}</text>'
    yield "</g>"


def _lines(low: float, high: float, step: int) -> range:
    return range(math.ceil(low / step) * step, math.floor(high / step) * step + 1, step)


def _degrees(hundredths: int, words: Words, above: str, below: str) -> str:
    return degrees(hundredths, above, below).replace(".", words.point)


def degrees(hundredths: int, above: str, below: str) -> str:
    """A degree as people read it: 76.5°W; `above` and `below` name the sides of zero."""
    value = f"{Decimal(abs(hundredths)) / 100}"
    return f"{value.rstrip('0').rstrip('.') if '.' in value else value}°{below if hundredths < 0 else above}"


def _cells(frame: _Frame, squares: Sequence[Square]) -> Iterator[str]:
    for code, dark, title in sorted(squares):
        west, south = corner(code)
        x, y = frame.x(west), frame.y(south + CELL)
        size = f'width="{CELL * frame.by_lon:.1f}" height="{CELL * frame.by_lat:.1f}"'
        yield f'<rect class="cell s{dark}" x="{x:.1f}" y="{y:.1f}" {size}><title>{escape(title)}</title></rect>'


def _scale(frame: _Frame, height: float) -> Iterator[str]:
    length, left, y = _BAR_KM * _KM * frame.by_lat, frame.x(frame.west), height - 14
    yield f'<g class="scale"><path d="M{left:.1f} {y - 5:.0f}V{y:.0f}H{left + length:.1f}V{y - 5:.0f}"/>'
    yield f'<text x="{left + length + 8:.1f}" y="{y + 1:.0f}">{_BAR_KM} km</text></g>'
