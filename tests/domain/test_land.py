"""A plot is surveyed again and passed on; its first survey stays its origin, and harvests follow its holder."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from domain.plot import Plot, PlotResurveyed, PlotTransferred, evolve
from domain.values import Seal

MAY, MAY_31, JUNE, JULY = (f"2026-{day}T10:00:00-05:00" for day in ("05-02", "05-31", "06-02", "07-02"))
SQUARE = [[-76.500, -6.500], [-76.499, -6.500], [-76.499, -6.499], [-76.500, -6.499], [-76.500, -6.500]]
POINT = {"type": "Point", "coordinates": [-76.46, -6.5]}
PLOT = Plot("main/FARMER", MAY, "farmers-subject")


def test_another_survey_says_what_was_found_for_the_holder_of_today(accepted: Callable[..., Any]) -> None:
    fact = accepted("resurvey-plot", {"plot:main/PLOT": {"holder_id": "main/COOP"}})

    assert fact == PlotResurveyed(
        plot_id="main/PLOT", holder_id="main/COOP", area_m2=12_500, shape="polygon", cell="-7650/-657", surveyed_at=JUNE, accuracy_mm=1_500
    )
    assert (fact.tags(9), fact.under()) == (["plot:main/PLOT", "party:main/COOP"], "plot:main/PLOT")


def test_the_first_survey_stays_the_origin(accepted: Callable[..., Any]) -> None:
    assert evolve(PLOT, accepted("resurvey-plot")) == PLOT


def test_a_plot_is_passed_on_with_the_subject_of_its_new_holder(accepted: Callable[..., Any]) -> None:
    fact = accepted("transfer-plot", {"party:main/COOP": {"subject": "coops-subject"}})

    assert fact == PlotTransferred(
        plot_id="main/PLOT", from_id="main/FARMER", to_id="main/COOP", transferred_at=JUNE, subject="coops-subject"
    )
    assert fact.tags(9) == ["plot:main/PLOT", "party:main/FARMER", "party:main/COOP"]
    assert evolve(PLOT, fact) == Plot("main/COOP", MAY, "coops-subject", JUNE)


def test_the_subject_of_a_registered_plot_is_its_holders(accepted: Callable[..., Any]) -> None:
    fact = accepted("register-plot").model_copy(update={"seal": Seal(subject="farmers-subject", commitment="00")})

    assert evolve(None, fact) == Plot("main/FARMER", JUNE, "farmers-subject")


def test_a_harvest_belongs_to_the_new_holder_and_begins_after_the_transfer(
    accepted: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    passed_on = {"plot:main/PLOT": Plot("main/COOP", MAY, None, MAY_31)}

    assert accepted("record-harvest", passed_on, {"from_at": MAY_31}).holder_id == "main/COOP"
    assert refused("record-harvest", passed_on, {"from_at": MAY}) == (
        "before-origin",
        f"{MAY} is before the transfer of the plot of {MAY_31}",
    )


@pytest.mark.parametrize(
    ("do", "difference", "code", "sentence"),
    [
        ("resurvey-plot", {"plot_id": "X"}, "unknown-plot", "no plot X was ever accepted"),
        ("resurvey-plot", {"geometry": None}, "bad-geometry", "wanted a Polygon, or a Point"),
        (
            "resurvey-plot", {"geometry": {"type": "Polygon", "coordinates": [[[lat, lon] for lon, lat in SQUARE]]}}, "swapped-coordinates",
            "all positions lie in Peru only when longitude and latitude are exchanged: longitude comes first",
        ),
        (
            "resurvey-plot", {"geometry": {"type": "Point", "coordinates": [2.35, 48.85]}}, "outside-region",
            "1 of 1 positions lie outside Peru",
        ),
        (
            "resurvey-plot", {"geometry": POINT, "area_ha": "4.001"}, "needs-polygon",
            "4.001 ha by one point: above 4 ha a boundary is wanted",
        ),
        (
            "resurvey-plot", {"area_ha": "1.5"}, "area-mismatch",
            "the boundary holds 1.223 ha, 1.5 ha are declared: they may differ by 10 %",
        ),
        (
            "resurvey-plot", {"accuracy_m": "-1"}, "bad-quantity",
            "accuracy_m -1: wanted 0 or more, at most 1,000,000, with at most 3 decimals",
        ),
        ("resurvey-plot", {"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        (
            "resurvey-plot", {"plot:main/PLOT": {"surveyed_at": JULY}}, "before-origin", f"{JUNE} is before the plot's survey of {JULY}",
        ),
        ("transfer-plot", {"to_id": "X"}, "unknown-party", "no party X was ever accepted"),
        ("transfer-plot", {"plot_id": "X"}, "unknown-plot", "no plot X was ever accepted"),
        ("transfer-plot", {"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        (
            "transfer-plot", {"plot:main/PLOT": {"transferred_at": JULY}}, "before-origin",
            f"{JUNE} is before the transfer of the plot of {JULY}",
        ),
        ("transfer-plot", {"to_id": "FARMER"}, "already", "plot PLOT is held by FARMER already"),
    ],
)  # fmt: skip
def test_it_is_refused_in_words(refused: Callable[..., Any], do: str, difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused(do, difference) == (code, sentence)


@pytest.mark.parametrize(
    ("do", "difference"),
    [("resurvey-plot", {"area_ha": 1.25}), ("resurvey-plot", {"holder_id": "COOP"}), ("transfer-plot", {"to_id": "coop"})],
)
def test_a_body_that_cannot_be_read_is_no_command(ask: Callable[..., Any], do: str, difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(do, difference)
