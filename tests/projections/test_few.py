"""A group of families: nothing is told of fewer than five, by any row or by taking one row from another."""

from fractions import Fraction

import hypothesis.strategies as st
from hypothesis import given

from projections.few import FEWEST, Origin, Plot, merged, origin

HERE, THERE, FAR = "-7650/-657", "-7641/-657", "-7452/-936"
MAY = "2026-05-{:02d}T10:00:00-05:00"
NUMBER, ORGANISATION = "TRHU6368220", "20100000025"


def land(*groups: tuple[int, str, str]) -> list[Plot]:
    """Plots of so many families in a district and a cell, a family each, all of one share and of 2 ha."""
    total = sum(families for families, _, _ in groups)
    holders = iter(range(total))
    return [
        Plot(f"F{next(holders)}", district, cell, 20_000, "polygon", Fraction(1, total)) for n, district, cell in groups for _ in range(n)
    ]


def told(of: Origin) -> tuple[list[tuple[str | None, str]], list[tuple[str | None, str | None]]]:
    """Codes and shares of districts and of cells."""
    return (
        [(area.code, str(area.share)) for area in of.districts],
        [(area.code, None if area.share is None else str(area.share)) for area in of.cells],
    )


def test_of_fewer_than_five_families_nothing_is_told() -> None:
    assert origin(land((4, "220505", HERE)), shares=True) == Origin()


def test_a_family_with_five_plots_is_one_family() -> None:
    plots = [plot._replace(holder="F0") for plot in land((9, "220505", HERE))]

    assert origin(plots, shares=True) == Origin()


def test_small_districts_are_told_together() -> None:
    found = origin(land((10, "220505", HERE), (3, "100601", THERE), (2, "250103", FAR)), shares=True)

    assert told(found) == ([("220505", "0.667"), (None, "0.333")], [(HERE, "0.667"), (None, "0.333")])


def test_where_the_others_are_too_few_the_smallest_district_joins_them() -> None:
    found = origin(land((10, "220505", HERE), (6, "100601", THERE), (4, "250103", FAR)), shares=True)

    assert told(found)[0] == [("220505", "0.5"), (None, "0.5")]


def test_a_small_cell_hides_the_share_of_a_neighbour_from_which_it_could_be_taken() -> None:
    found = origin(land((10, "220505", HERE), (8, "250103", FAR), (2, "250103", THERE)), shares=True)

    assert told(found) == ([("220505", "0.5"), ("250103", "0.5")], [(HERE, "0.5"), (FAR, None), (None, "0.5")])


def test_areas_are_told_to_five_hectares() -> None:
    assert origin(land((9, "220505", HERE)), shares=True).hectares == 20


GROUPS = st.lists(st.tuples(st.integers(1, 12), st.sampled_from("ABCD"), st.sampled_from("wxyz")), min_size=1, max_size=12)


@given(GROUPS)
def test_no_row_and_no_difference_of_rows_stands_for_fewer_than_five(groups: list[tuple[int, str, str]]) -> None:
    plots = land(*groups)
    found = origin(plots, shares=True)

    districts = {area.code for area in found.districts if area.code}
    shares = {area.code for area in found.cells if area.code and area.share is not None}
    together = {(plot.district * (plot.district in districts), plot.cell * (plot.cell in shares)) for plot in plots}
    for district, cell in together if found.families else ():
        there = {plot.holder for plot in plots if (plot.district if plot.district in districts else "") == district and
                 (plot.cell if plot.cell in shares else "") == cell}  # fmt: skip
        assert len(there) >= FEWEST
    for code in (*districts, *(area.code for area in found.cells if area.code)):
        assert len({plot.holder for plot in plots if code in (plot.district, plot.cell)}) >= FEWEST


@given(st.dictionaries(st.integers(10, 40).map(lambda n: f"20{n}-01"), st.integers(1, 7), min_size=1))
def test_months_are_merged_until_each_stands_for_five_families(months: dict[str, int]) -> None:
    families = {month: {f"{month}{n}" for n in range(count)} for month, count in months.items()}
    groups = merged({month: (Fraction(1), there) for month, there in families.items()})

    assert all(len(there) >= FEWEST for *_, there in groups)
    assert sum(share for _, _, share, _ in groups) == (len(months) if sum(months.values()) >= FEWEST else 0)
