"""Land as people bring it: a GeoJSON file or corners typed by hand; and a boundary as a drawing and a verdict in words."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import orjson
from markupsafe import Markup

from api.office.frame import Wrong, decimal
from domain.geometry import Position, area, positions
from domain.values import DECIMAL, Refused

_NUMBER: Final = re.compile(DECIMAL)
_LEAST_CORNERS: Final = 3
_SIDE, _PAD = 240.0, 30.0
_BARS: Final = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_METRES: Final = 111_320.0
"""Metres of a degree of latitude."""

Geometry = dict[str, Any]


def from_file(content: bytes) -> Geometry | Wrong:
    """The one geometry of a GeoJSON file."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return Wrong("map", "the file cannot be read: wanted GeoJSON, as mapping programs save it")
    features = found.get("features") if isinstance(found, dict) else None
    if isinstance(features, list):
        if len(features) != 1:
            return Wrong("map", "the file holds {found} shapes: wanted the one of this plot", {"found": str(len(features))})
        found = features[0]
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = found.get("geometry")
    return found if isinstance(found, dict) else Wrong("map", "the file holds no shape")


def from_corners(written: str) -> Geometry | Wrong:
    """Corners as typed, "latitude, longitude" on each line: one is a point, three and more are a boundary, closed here."""
    corners: list[list[float]] = []
    for at, line in enumerate(filter(str.strip, written.splitlines()), 1):
        parts = line.split(";") if ";" in line else line.split()
        parts = line.split(",") if len(parts) == 1 else parts
        lat, lon = ([decimal(part.strip(" ,")) for part in parts] + ["", ""])[:2]
        if len(parts) != 2 or not (_NUMBER.fullmatch(lat) and _NUMBER.fullmatch(lon)):  # noqa: PLR2004 - latitude and longitude
            return Wrong("corners", "corner {at} cannot be read: wanted latitude, longitude such as -6.48213, -76.37291", {"at": str(at)})
        corners.append([float(lon), float(lat)])
    if len(corners) == 1:
        return {"type": "Point", "coordinates": corners[0]}
    if len(corners) < _LEAST_CORNERS:
        return Wrong("corners", "{found} corners: wanted one point, or at least 3 corners", {"found": str(len(corners))})
    ring = corners if corners[0] == corners[-1] else [*corners, corners[0]]
    return {"type": "Polygon", "coordinates": [ring]}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said of a boundary that was accepted: hectares measured within it (None: it is a point), and by how much they differ."""

    declared: Decimal
    measured: Decimal | None
    apart: Decimal | None


def verdict(geometry: object, area_m2: int) -> Verdict:
    """The area inside a boundary beside what was declared."""
    declared, corners = Decimal(area_m2) / 10_000, _corners(geometry)
    if len(corners) < _LEAST_CORNERS:
        return Verdict(declared, None, None)
    measured = round(Decimal(area(corners)), 3)
    return Verdict(declared, measured, abs(measured - declared) / declared)


def _corners(geometry: object) -> tuple[Position, ...]:
    try:
        return positions(geometry)
    except Refused:
        return ()


def drawing(geometry: object, title: str) -> Markup | None:
    """A boundary as an SVG: north is up, a bar says how long metres are; no place is told."""
    corners = _corners(geometry)
    if not corners:
        return None
    squeeze = math.cos(math.radians(corners[0][1]))
    flat = [(lon * squeeze * _METRES, -lat * _METRES) for lon, lat in corners]
    left, top = min(x for x, _ in flat), min(y for _, y in flat)
    long = max(max(x for x, _ in flat) - left, max(y for _, y in flat) - top) or 100.0
    by = _SIDE / long
    spots = [(_PAD + (x - left) * by, _PAD + (y - top) * by) for x, y in flat]
    width, height = (max(spot[axis] for spot in spots) + _PAD for axis in (0, 1))
    return Markup(_svg(spots, max(width, 150.0), height + 24, by, Markup.escape(title)))  # noqa: S704 - of numbers; the title is escaped


def _svg(spots: Sequence[Position], width: float, height: float, by: float, title: str) -> str:
    if len(spots) == 1:
        shape = f'<circle cx="{spots[0][0]:.1f}" cy="{spots[0][1]:.1f}" r="7"/>'
    else:
        shape = '<polygon points="{}"/>'.format(" ".join(f"{x:.1f},{y:.1f}" for x, y in spots))
    metres = next((bar for bar in reversed(_BARS) if bar * by <= _SIDE / 2), _BARS[0])
    bar = (
        f'<path d="M12 {height - 18:.1f}v6h{metres * by:.1f}v-6"/><text x="{20 + metres * by:.1f}" y="{height - 10:.1f}">{metres} m</text>'
    )
    north = f'<path d="M{width - 14:.1f} 30v-18m-5 7l5 -7l5 7"/><text x="{width - 14:.1f}" y="44" text-anchor="middle">N</text>'
    return f'<svg class="land" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{title}">{shape}{bar}{north}</svg>'
