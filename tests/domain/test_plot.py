"""A plot is registered once, by a boundary that is put away, for a holder who was enrolled by then."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from pydantic import ValidationError

from domain.party import Party
from domain.plot import Plot, PlotRegistered, evolve

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
ABOVE_0 = "wanted above 0, at most 1,000,000, with at most 3 decimals"
FROM_0 = "wanted 0 or more, at most 1,000,000, with at most 3 decimals"
SQUARE = [[-76.500, -6.500], [-76.499, -6.500], [-76.499, -6.499], [-76.500, -6.499], [-76.500, -6.500]]
SWAPPED = [[lat, lon] for lon, lat in SQUARE]
PARIS = [[lon + 78, lat + 55] for lon, lat in SQUARE]


def ring(corners: list[list[float]]) -> dict[str, Any]:
    return {"geometry": {"type": "Polygon", "coordinates": [corners]}}


POINT = {"geometry": {"type": "Point", "coordinates": [-76.46, -6.5]}}
FAULTS: dict[str, dict[str, Any]] = {
    "unknown-party": {"party:main/FARMER": None},
    "duplicate-id": {"plot:main/NEW": Plot("main/COOP", MAY)},
    "bad-geometry": ring(SWAPPED[:4]),
    "swapped-coordinates": ring(SWAPPED),
    "outside-region": ring(PARIS),
    "needs-polygon": POINT | {"area_ha": "4.0001"},
    "area-mismatch": {"area_ha": "99.0001"},
    "bad-quantity": {"accuracy_m": "-1"},
    "in-the-future": {"planted_at": JULY, "as_of": MAY},
    "before-origin": {"party:main/FARMER": {"enrolled_at": JULY}},
}


def test_a_registered_plot_says_nothing_finer_than_its_cell(accepted: Callable[..., Any]) -> None:
    fact = accepted("register-plot")

    assert fact == PlotRegistered(
        plot_id="main/NEW", holder_id="main/FARMER", area_m2=12_230, district="220501", system="agroforestry", shape="polygon",
        cell="-7650/-657", planted_at=MAY, surveyed_at=JUNE, accuracy_mm=3_500, seal=None,
    )  # fmt: skip
    assert evolve(None, fact) == Plot("main/FARMER", JUNE)


def test_a_point_is_a_plot_up_to_4_ha(accepted: Callable[..., Any]) -> None:
    fact = accepted("register-plot", POINT, {"area_ha": "4"})

    assert (fact.shape, fact.area_m2, fact.cell) == ("point", 40_000, "-7650/-657")


def test_accuracy_may_be_zero(accepted: Callable[..., Any]) -> None:
    assert accepted("register-plot", {"accuracy_m": "0"}).accuracy_mm == 0


def test_the_holder_need_not_be_a_farmer(accepted: Callable[..., Any]) -> None:
    assert accepted("register-plot", {"holder_id": "BUYER"}).holder_id == "main/BUYER"


@pytest.mark.parametrize("code", FAULTS)
def test_a_plot_is_refused_with_the_code_of_its_fault(refused: Callable[..., Any], code: str) -> None:
    assert refused("register-plot", FAULTS[code])[0] == code


@pytest.mark.parametrize(("earlier", "later"), list(combinations(FAULTS, 2)))
def test_of_two_faults_the_earlier_is_the_answer(refused: Callable[..., Any], earlier: str, later: str) -> None:
    assert refused("register-plot", FAULTS[later], FAULTS[earlier])[0] == earlier


@pytest.mark.parametrize(
    ("difference", "code", "sentence"),
    [
        ({"holder_id": "NOBODY"}, "unknown-party", "no party NOBODY was ever accepted"),
        ({"book": "acopagro"}, "unknown-party", "no party FARMER was ever accepted"),
        (FAULTS["duplicate-id"], "duplicate-id", "plot NEW was accepted before, with other content"),
        ({"geometry": None}, "bad-geometry", "wanted a Polygon, or a Point"),
        ({"geometry": {"type": "MultiPolygon", "coordinates": [[SQUARE]]}}, "bad-geometry", "wanted a Polygon, or a Point"),
        ({"geometry": "POINT (-76.5 -6.5)"}, "bad-geometry", "wanted a Polygon, or a Point"),
        (FAULTS["bad-geometry"], "bad-geometry", "the ring is open: its last position is not its first"),
        (FAULTS["outside-region"], "outside-region", "5 of 5 positions lie outside Peru"),
        (FAULTS["needs-polygon"], "needs-polygon", "4.0001 ha by one point: above 4 ha a boundary is wanted"),
        (
            {"area_ha": "1.5"},
            "area-mismatch",
            "the boundary holds 1.223 ha, 1.5 ha are declared: they may differ by 10 %",
        ),
        ({"area_ha": "1.2231"}, "bad-quantity", f"area_ha 1.2231: {ABOVE_0}"),
        (POINT | {"area_ha": "0"}, "bad-quantity", f"area_ha 0: {ABOVE_0}"),
        (POINT | {"area_ha": "-1"}, "bad-quantity", f"area_ha -1: {ABOVE_0}"),
        ({"accuracy_m": "-1"}, "bad-quantity", f"accuracy_m -1: {FROM_0}"),
        ({"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        (
            {"planted_at": "2026-06-02T10:00:01-05:00", "as_of": JUNE},
            "in-the-future",
            f"planted 2026-06-02T10:00:01-05:00, later than {JUNE}",
        ),
        (FAULTS["before-origin"], "before-origin", f"{JUNE} is before the holder's enrolment of {JULY}"),
    ],
)
def test_a_plot_is_refused_in_words(refused: Callable[..., Any], difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused("register-plot", difference) == (code, sentence)


@pytest.mark.parametrize("planted_at", ["1960-01-01T00:00:00-05:00", JUNE, JULY])
def test_planting_is_compared_with_the_clock_alone(accepted: Callable[..., Any], planted_at: str) -> None:
    fact = accepted("register-plot", {"planted_at": planted_at, "party:main/FARMER": Party("farmer", JUNE, None)})

    assert (fact.planted_at, fact.surveyed_at) == (planted_at, JUNE)


@pytest.mark.parametrize(
    "difference",
    [
        {"system": "Agroforestry"}, {"system": ""}, {"district": "2205"}, {"area_ha": 1.223}, {"area_ha": "1,223"}, {"area_ha": ""},
        {"accuracy_m": None}, {"plot_id": "new"}, {"holder_id": ""}, {"planted_at": "2019"}, {"surveyed_at": "2026-06-02T10:00:00Z"},
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_no_plot(ask: Callable[..., Any], difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask("register-plot", difference)


def test_a_geometry_without_a_bottom_cannot_be_read(ask: Callable[..., Any]) -> None:
    deep: Any = []
    for _ in range(50):
        deep = [deep]
    with pytest.raises(ValidationError, match="wanted a GeoJSON geometry"):
        ask("register-plot", {"geometry": {"type": "Polygon", "coordinates": deep}})
