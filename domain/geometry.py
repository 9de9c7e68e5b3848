"""Where a plot lies and how large it is: rings, axis order, Peru's box, geodesic area."""

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from pyproj import Geod
from shapely import Point, Polygon, STRtree
from shapely.affinity import affine_transform

from domain.values import Refused, short

Position = tuple[float, float]
PERU: Final = (-81.4, -18.4, -68.6, 0.0)
"""West, south, east, north in degrees; no position lies inside it in both axis orders."""
CELL: Final = 0.09
"""Side of a public cell in degrees: 10 km of latitude, 9.5 to 10 km of longitude in Peru."""
POINT_MOST_HA: Final = 4
_TOLERANCE: Final = Decimal("0.1")
_RING_LEAST: Final = 4
_FAR: Final = 1_000_000
_GEOD: Final = Geod(ellps="WGS84")
_METRES: Final = 110_900
"""Metres of a degree, within 0.4 % in Peru both ways."""


def positions(geometry: object) -> tuple[Position, ...]:
    """The positions of a GeoJSON Point (one) or Polygon (its ring, closed), longitude first as written. Raises Refused `bad-geometry`."""
    match geometry:
        case {"type": "Point", "coordinates": coordinates}:
            return (_position(coordinates),)
        case {"type": "Polygon", "coordinates": [ring]} if isinstance(ring, Sequence):
            return _ring(tuple(_position(each) for each in ring))
        case {"type": "Polygon"}:
            raise Refused("bad-geometry", "wanted a polygon of one ring, without holes")
        case _:
            raise Refused("bad-geometry", "wanted a Polygon, or a Point")


def in_peru(corners: Sequence[Position]) -> None:
    """All positions must lie in Peru, longitude first. Raises Refused `swapped-coordinates`, `outside-region`."""
    outside = sum(not _inside(lon, lat) for lon, lat in corners)
    if outside and all(_inside(lat, lon) for lon, lat in corners):
        raise Refused(
            "swapped-coordinates", "all positions lie in Peru only when longitude and latitude are exchanged: longitude comes first"
        )
    if outside:
        raise Refused("outside-region", "{count} of {all} positions lie outside Peru", count=outside, all=len(corners))


def agrees(corners: Sequence[Position], area_ha: Decimal) -> None:
    """A boundary's geodesic area must be within 10 % of what was declared; a point is enough up to 4 ha.

    Raises Refused `needs-polygon`, `area-mismatch`.
    """
    if len(corners) == 1:
        if area_ha > POINT_MOST_HA:
            raise Refused("needs-polygon", "{found} ha by one point: above {most} ha a boundary is wanted", found=short(area_ha), most=4)
        return
    measured = Decimal(area(corners))
    if abs(measured - area_ha) > _TOLERANCE * area_ha:
        raise Refused(
            "area-mismatch", "the boundary holds {measured} ha, {found} ha are declared: they may differ by 10 %",
            measured=f"{measured:.3f}", found=short(area_ha),
        )  # fmt: skip


def area(corners: Sequence[Position]) -> float:
    """Geodesic area in hectares on WGS 84."""
    lons, lats = zip(*corners, strict=True)
    square_metres, _ = _GEOD.polygon_area_perimeter(lons, lats)
    return abs(float(square_metres)) / 10_000


def cell(corners: Sequence[Position]) -> str:
    """The public cell of a boundary's middle, by its south-west corner in hundredths of a degree: '-7650/-657'."""
    lon, lat = (sum(axis) / len(corners) for axis in zip(*corners, strict=True))
    west, south = (math.floor(value / CELL) * round(CELL * 100) for value in (lon, lat))
    return f"{west}/{south}"


class Outline(NamedTuple):
    """A plot's boundary, or its point, and how far its survey may err."""

    plot: str
    corners: tuple[Position, ...]
    accuracy_m: float


class Overlap(NamedTuple):
    """Ground that two outlines share, and its part of the smaller one; both 0 where `one` is a point within `other`."""

    one: str
    other: str
    square_metres: float
    share: float


def overlaps(outlines: Sequence[Outline]) -> Iterator[Overlap]:
    """Outlines that share ground even where each is drawn in by what its survey may err."""
    shapes = [Point(*each.corners) if len(each.corners) == 1 else Polygon(each.corners) for each in outlines]
    pairs = STRtree(shapes).query(shapes, predicate="intersects").T.tolist() if shapes else []
    for at, beside in pairs:
        if isinstance(shapes[beside], Point) or (at >= beside and isinstance(shapes[at], Polygon)):
            continue  # each pair of boundaries once, each point with the boundaries around it
        flat = [_flat(shapes[each], outlines[at].corners[0][1]) for each in (at, beside)]
        errors = outlines[at].accuracy_m, outlines[beside].accuracy_m
        if isinstance(shapes[at], Point):
            if flat[1].buffer(-sum(errors)).contains(flat[0]):
                yield Overlap(outlines[at].plot, outlines[beside].plot, 0, 0)
        elif flat[0].buffer(-errors[0]).intersection(flat[1].buffer(-errors[1])).area:
            shared = flat[0].intersection(flat[1]).area
            yield Overlap(outlines[at].plot, outlines[beside].plot, shared, shared / min(flat[0].area, flat[1].area))


def _flat(shape: Any, latitude: float) -> Any:  # noqa: ANN401 - a point or a polygon
    """A shape in metres, near a latitude."""
    east = _METRES * math.cos(math.radians(latitude))
    return affine_transform(shape, [east, 0, 0, _METRES, 0, 0])


def _inside(lon: float, lat: float) -> bool:
    west, south, east, north = PERU
    return west <= lon <= east and south <= lat <= north


def _position(written: Any) -> Position:  # noqa: ANN401 - whatever stands in a file
    if isinstance(written, (list, tuple)) and len(written) in (2, 3) and all(map(_is_number, written)):
        lon, lat = written[:2]
        if -_FAR < lon < _FAR and -_FAR < lat < _FAR:
            return float(lon), float(lat)
    raise Refused("bad-geometry", "wanted positions of longitude, latitude and perhaps altitude, as numbers")


def _is_number(written: object) -> bool:
    return isinstance(written, (int, float, Decimal)) and not isinstance(written, bool)


def _ring(ring: tuple[Position, ...]) -> tuple[Position, ...]:
    if len(ring) < _RING_LEAST:
        raise Refused("bad-geometry", "a ring of {count} positions: wanted at least 4", count=len(ring))
    if ring[0] != ring[-1]:
        raise Refused("bad-geometry", "the ring is open: its last position is not its first")
    if not Polygon(ring).is_valid:
        raise Refused("bad-geometry", "the ring crosses or touches itself")
    return ring
