"""The plots: surveyed outlines whose hectares are measured on the ellipsoid, and a few points."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, floor, pi, radians, sin, sqrt
from random import Random

from pyproj import Geod

from api.sample.book import LIMA, Book
from api.sample.people import Farmer
from api.sample.places import Village

CELL = 0.09
SLOTS = 4
METRES_PER_DEGREE = 111_000
WGS84 = Geod(ellps="WGS84")
SECOND_PLOTS = 4  # every fourth farmer has a second plot
POINTS = 14  # every fourteenth plot was taken as a point


@dataclass(frozen=True)
class Plot:
    """What later sheets need to know of a plot."""

    plot_id: str
    farmer: Farmer
    hectares: float
    surveyed_at: datetime


Position = tuple[float, float]


def survey(book: Book, rng: Random, farmers: list[Farmer]) -> list[Plot]:
    """Lay out one or two plots for each farmer, none over another."""
    free = {village: _slots(rng, village) for village in {farmer.village: None for farmer in farmers}}
    twice = farmers + farmers[::SECOND_PLOTS]
    return [_plot(book, rng, number, farmer, next(free[farmer.village])) for number, farmer in enumerate(twice, 1)]


def _plot(book: Book, rng: Random, number: int, farmer: Farmer, centre: Position) -> Plot:
    ring = _outline(rng, centre, rng.triangular(0.7, 3.6, 1.7))
    hectares = round(abs(WGS84.polygon_area_perimeter([x for x, _ in ring], [y for _, y in ring])[0]) / 10_000, 2)
    geometry: dict[str, object] = {"type": "Polygon", "coordinates": [ring]}
    if number % POINTS == 0:
        geometry = {"type": "Point", "coordinates": centre}
    surveyed = farmer.enrolled_at + timedelta(days=rng.randrange(10, 700), minutes=rng.randrange(300))
    planted = datetime(rng.randint(2006, 2018), rng.randint(1, 12), rng.randint(1, 28), tzinfo=LIMA)
    plot = Plot(f"P-{number:04d}", farmer, hectares, surveyed)
    book.note(
        "plots.geojson",
        plot_id=plot.plot_id,
        holder_id=farmer.party_id,
        area_ha=hectares,
        district=farmer.village.district,
        system=rng.choices(("agroforestry", "full_sun"), (85, 15))[0],
        planted_at=planted.isoformat(),
        surveyed_at=surveyed.isoformat(),
        accuracy_m=round(rng.uniform(1.2, 6), 1),
        geometry=geometry,
    )
    return plot


def _outline(rng: Random, centre: Position, hectares: float) -> list[Position]:
    corners = rng.randint(7, 12)
    radius = sqrt(hectares * 10_000 / pi) / METRES_PER_DEGREE
    ring = [_corner(centre, 2 * pi * corner / corners, radius * rng.uniform(0.85, 1.2)) for corner in range(corners)]
    return [*ring, ring[0]]


def _corner(centre: Position, angle: float, radius: float) -> Position:
    longitude, latitude = centre
    return round(longitude + radius * cos(angle) / cos(radians(latitude)), 6), round(latitude + radius * sin(angle), 6)


def _slots(rng: Random, village: Village) -> Iterator[Position]:
    west, south = (floor(degrees / CELL) * CELL for degrees in (village.longitude, village.latitude))
    step = CELL / SLOTS
    places = [(west + step * (column + 0.5), south + step * (row + 0.5)) for column in range(SLOTS) for row in range(SLOTS)]
    rng.shuffle(places)
    return ((round(x + rng.uniform(-0.006, 0.006), 6), round(y + rng.uniform(-0.006, 0.006), 6)) for x, y in places)
