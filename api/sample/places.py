"""Where the sample happens: villages of three regions, each in a 0.09-degree cell of its own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Village:
    """A settlement, near which its farmers have their plots; in some live fewer than five."""

    district: str
    longitude: float
    latitude: float
    farmers: int


@dataclass(frozen=True)
class Region:
    """Villages that one aggregator buys in, a pair of them on a day."""

    name: str
    aggregator: str
    weekday: int
    rounds: tuple[tuple[Village, ...], ...]

    @property
    def villages(self) -> tuple[Village, ...]:
        """All villages of the region."""
        return tuple(village for pair in self.rounds for village in pair)


SAN_MARTIN = Region(
    "San Martín",
    "AG-01",
    0,
    (
        (Village("220605", -76.67, -7.16, 7), Village("220604", -76.94, -7.25, 2)),
        (Village("220603", -76.79, -7.34, 6), Village("220602", -76.66, -7.52, 5)),
    ),
)
UCAYALI = Region(
    "Ucayali",
    "AG-02",
    1,
    (
        (Village("250304", -75.01, -8.63, 7), Village("250301", -75.51, -9.04, 2)),
        (Village("250302", -75.22, -8.86, 6), Village("250303", -75.14, -8.42, 5)),
    ),
)
HUANUCO = Region(
    "Huánuco",
    "AG-03",
    3,
    (
        (Village("100604", -76.10, -8.95, 6), Village("100603", -75.84, -9.13, 3)),
        (Village("100605", -75.98, -9.23, 6), Village("100602", -75.88, -9.23, 5)),
    ),
)
REGIONS = (SAN_MARTIN, UCAYALI, HUANUCO)
