"""A boundary is one simple closed ring in Peru, longitude first, as large as was declared."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.geometry import agrees, area, cell, in_peru, positions
from domain.values import Refused

A, B, C, D = (-76.500, -6.500), (-76.499, -6.500), (-76.499, -6.499), (-76.500, -6.499)
RING = (A, B, C, D, A)


def polygon(*rings: object) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [*rings]}


def planar_ha(south: float, side: float, wide: float | None = None) -> float:
    """Hectares of a small rectangle by the WGS 84 radii of curvature at its middle: an approximation of its own."""
    middle, e2, a = math.radians(south + side / 2), 0.00669437999014, 6_378_137.0
    bend = 1 - e2 * math.sin(middle) ** 2
    north, east = a * (1 - e2) / math.sqrt(bend) ** 3, a / math.sqrt(bend) * math.cos(middle)
    return north * math.radians(side) * east * math.radians(wide or side) / 10_000


DECLARED = Decimal(str(planar_ha(-6.5, 0.001)))


def refusal(ask: Any, *values: object) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        ask(*values)
    return refused.value.code, str(refused.value)


@pytest.mark.parametrize("ring", [RING, RING[::-1], (B, C, D, A, B)])
def test_a_ring_is_taken_in_either_winding_from_any_corner(ring: tuple[Any, ...]) -> None:
    assert positions(polygon([list(each) for each in ring])) == ring


def test_a_triangle_has_the_fewest_positions() -> None:
    assert positions(polygon([A, B, C, A])) == (A, B, C, A)


def test_a_point_is_one_position() -> None:
    assert positions({"type": "Point", "coordinates": [-76.5, -6.5]}) == (A,)


def test_altitude_is_ignored_where_it_closes_the_ring_too() -> None:
    assert positions(polygon([[*A, 300], [*B, 301.5], [*C, 302], [*D, 303], [*A, 999]])) == RING
    assert positions({"type": "Point", "coordinates": [*A, 300]}) == (A,)


def test_numbers_may_come_as_decimals_or_whole() -> None:
    assert positions({"type": "Point", "coordinates": [Decimal("-76.5"), -6]}) == ((-76.5, -6.0),)


@pytest.mark.parametrize(
    ("geometry", "sentence"),
    [
        (polygon(RING, (A, B, C, A)), "wanted a polygon of one ring, without holes"),
        (polygon(), "wanted a polygon of one ring, without holes"),
        ({"type": "Polygon"}, "wanted a polygon of one ring, without holes"),
        ({"type": "Polygon", "coordinates": None}, "wanted a polygon of one ring, without holes"),
        (polygon((A, B, C, D)), "the ring is open: its last position is not its first"),
        (polygon(()), "a ring of 0 positions: wanted at least 4"),
        (polygon((A, B, A)), "a ring of 3 positions: wanted at least 4"),
        (polygon((A, C, B, D, A)), "the ring crosses or touches itself"),
        (polygon((A, B, C, B, D, A)), "the ring crosses or touches itself"),
        (polygon((A, B, (-76.4995, -6.5), C, D, A)), "the ring crosses or touches itself"),
        (polygon((A, (-76.4995, -6.4995), B, C, (-76.4995, -6.4995), D, A)), "the ring crosses or touches itself"),
        (polygon((A, B, A, B, A)), "the ring crosses or touches itself"),
        (polygon((A, A, A, A)), "the ring crosses or touches itself"),
        (None, "wanted a Polygon, or a Point"),
        ({}, "wanted a Polygon, or a Point"),
        ([], "wanted a Polygon, or a Point"),
        ("POINT(-76.5 -6.5)", "wanted a Polygon, or a Point"),
        ({"type": "LineString", "coordinates": RING}, "wanted a Polygon, or a Point"),
        ({"type": "MultiPolygon", "coordinates": [[RING]]}, "wanted a Polygon, or a Point"),
        ({"type": "polygon", "coordinates": [RING]}, "wanted a Polygon, or a Point"),
        ({"coordinates": [RING]}, "wanted a Polygon, or a Point"),
        *(
            (geometry, "wanted positions of longitude, latitude and perhaps altitude, as numbers")
            for geometry in (
                {"type": "Point", "coordinates": [-76.5]},
                {"type": "Point", "coordinates": [-76.5, -6.5, 300, 1]},
                {"type": "Point", "coordinates": ["-76.5", "-6.5"]},
                {"type": "Point", "coordinates": [True, False]},
                {"type": "Point", "coordinates": [-76.5, None]},
                {"type": "Point", "coordinates": [math.nan, -6.5]},
                {"type": "Point", "coordinates": [-math.inf, -6.5]},
                {"type": "Point", "coordinates": {"lon": -76.5, "lat": -6.5}},
                {"type": "Point", "coordinates": None},
                polygon("ABCA"),
                polygon((A, B, (-76.499,), D, A)),
                {"type": "Polygon", "coordinates": RING[:1]},
            )
        ),
    ],
)
def test_what_is_no_simple_closed_ring_is_refused_in_words(geometry: object, sentence: str) -> None:
    assert refusal(positions, geometry) == ("bad-geometry", sentence)


@pytest.mark.parametrize("corner", [(-81.4, -18.4), (-68.6, 0.0), (-81.4, 0.0), (-68.6, -18.4)])
def test_the_edge_of_peru_is_in_peru(corner: tuple[float, float]) -> None:
    in_peru([corner])


@pytest.mark.parametrize("corner", [(-81.41, -6.5), (-68.59, -6.5), (-76.5, -18.41), (-76.5, 0.01), (2.35, 48.85), (76.5, 6.5)])
def test_a_position_outside_peru_is_refused_in_words(corner: tuple[float, float]) -> None:
    assert refusal(in_peru, [corner]) == ("outside-region", "1 of 1 positions lie outside Peru")


def test_one_position_outside_is_enough() -> None:
    assert refusal(in_peru, (A, B, (2.35, 48.85), A)) == ("outside-region", "1 of 4 positions lie outside Peru")


def test_exchanged_axes_are_named() -> None:
    assert refusal(in_peru, [(lat, lon) for lon, lat in RING]) == (
        "swapped-coordinates",
        "all positions lie in Peru only when longitude and latitude are exchanged: longitude comes first",
    )


def test_axes_exchanged_in_one_position_only_are_outside() -> None:
    assert refusal(in_peru, (A, (-6.5, -76.499), C, A)) == ("outside-region", "1 of 4 positions lie outside Peru")


@pytest.mark.parametrize("area_ha", ["4", "4.000", "0.5"])
def test_a_point_is_enough_up_to_4_ha(area_ha: str) -> None:
    agrees((A,), Decimal(area_ha))


@pytest.mark.parametrize("area_ha", ["4.001", "4.0001", "900"])
def test_a_point_is_not_enough_above_4_ha(area_ha: str) -> None:
    assert refusal(agrees, (A,), Decimal(area_ha)) == (
        "needs-polygon",
        f"{area_ha} ha by one point: above 4 ha a boundary is wanted",
    )


@pytest.mark.parametrize("ring", [RING, RING[::-1]])
@pytest.mark.parametrize("part", ["1.0", "1.1101", "0.9100"])
def test_a_boundary_may_differ_by_10_percent_of_what_is_declared(ring: tuple[Any, ...], part: str) -> None:
    agrees(ring, DECLARED * Decimal(part))


@pytest.mark.parametrize("part", ["1.1121", "0.9080", "0", "-1", "100"])
def test_a_boundary_further_off_is_refused_in_words(part: str) -> None:
    declared = (DECLARED * Decimal(part)).quantize(Decimal("0.001"))

    assert refusal(agrees, RING, declared) == (
        "area-mismatch",
        f"the boundary holds {DECLARED:.3f} ha, {declared} ha are declared: they may differ by 10 %",
    )


@given(st.floats(-81.3, -68.7), st.floats(-18.3, -0.1), st.floats(0.0002, 0.01), st.floats(0.0002, 0.01), st.booleans())
def test_geodesic_area_is_within_1_percent_of_the_plane_for_small_plots(
    west: float,
    south: float,
    high: float,
    wide: float,
    clockwise: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    east, north = west + wide, south + high
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))

    assert area(ring[::-1] if clockwise else ring) == pytest.approx(planar_ha(south, high, wide), rel=0.01)


@pytest.mark.parametrize(
    ("corners", "named"),
    [((A,), "-7650/-657"), (((-76.415, -6.485),), "-7650/-657"), (((-76.405, -6.475),), "-7641/-648"), (RING, "-7650/-657")],
)
def test_a_public_cell_is_named_by_its_south_west_corner(corners: tuple[Any, ...], named: str) -> None:
    assert cell(corners) == named


@given(st.floats(-81.4, -68.6), st.floats(-18.4, 0))
def test_a_public_cell_holds_its_place_and_nothing_finer_than_nine_hundredths(lon: float, lat: float) -> None:
    west, south = map(int, cell(((lon, lat),)).split("/"))

    assert west % 9 == south % 9 == 0
    assert west - 1e-6 <= lon * 100 <= west + 9 + 1e-6
    assert south - 1e-6 <= lat * 100 <= south + 9 + 1e-6
