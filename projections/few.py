"""What may be told of a group of families: by district, 10-km cell and month, nothing of fewer than five.

No figure stands for fewer than five families, nor for what is left when one figure is taken from another: rows that are too small
are merged, districts and cells are cut so that every district within every cell holds five families or none, weights within a
lineage and areas are rounded, and shares are told of sealed containers alone: they no longer change with each lot that is loaded,
and lots have none of their own.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

FEWEST: Final = 5
"""Families that a figure must stand for."""
Month = str
"""YYYY-MM: public pages tell time by month."""


@dataclass(frozen=True, slots=True)
class Area:
    """A district by its code or a cell by its south-west corner; `code` None: all others together, and those whose share is None."""

    code: str | None
    share: Decimal | None
    hectares: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where beans come from, as far as it may be said; all None or empty where fewer than five families stand behind them."""

    families: int | None = None
    plots: int | None = None
    hectares: int | None = None
    districts: list[Area] = field(default_factory=list)
    cells: list[Area] = field(default_factory=list)


class Plot(NamedTuple):
    """A plot as far as it matters here: its holder is a family."""

    holder: str
    district: str
    cell: str
    area_m2: int
    shape: str
    share: Fraction


def permille(share: Fraction) -> Decimal:
    """A share to a thousandth."""
    return Decimal(round(share * 1000)) / 1000


def hundreds(grams: Fraction | int) -> int:
    """Kilograms of grams, to the nearest hundred."""
    return round(Fraction(grams) / 100_000) * 100


def _hectares(plots: Iterable[Plot]) -> int:
    """To the nearest five, so that two containers do not differ by one farm's area."""
    return max(FEWEST, round(sum(plot.area_m2 for plot in plots) / 50_000) * 5)


def families(plots: Iterable[Plot]) -> int:
    """How many families hold these plots."""
    return len({plot.holder for plot in plots})


def origin(plots: Sequence[Plot], *, shares: bool) -> Origin:
    """Districts and cells of plots, merged until every figure, and every difference of figures, stands for five families."""
    if families(plots) < FEWEST:
        return Origin()
    districts = _large(plots)
    cells = _apart(plots, districts) if shares else _large_cells(plots)
    of_district = _rows(plots, lambda plot: _shown(plot.district, districts), shares=shares)
    of_cell = _rows(plots, lambda plot: _shown(plot.cell, cells), shares=shares)
    with_others = [Area(code, None, None) for code in sorted(_large_cells(plots) - cells)] if shares else []
    return Origin(families(plots), len(plots), _hectares(plots), of_district, of_cell[: len(cells)] + with_others + of_cell[len(cells) :])


def _shown(code: str, shown: set[str]) -> str | None:
    return code if code in shown else None


def _by(plots: Iterable[Plot], code: Callable[[Plot], Any]) -> dict[Any, list[Plot]]:
    groups: dict[Any, list[Plot]] = defaultdict(list)
    for plot in plots:
        groups[code(plot)].append(plot)
    return groups


def _large(plots: Sequence[Plot]) -> set[str]:
    """Districts of five families and more; the smallest of them joins the others where those alone are fewer than five."""
    groups = _by(plots, lambda plot: plot.district)
    shown = sorted((code for code, group in groups.items() if families(group) >= FEWEST), key=lambda code: (-families(groups[code]), code))
    while shown and 0 < families(plot for plot in plots if plot.district not in shown) < FEWEST:
        shown.pop()
    return set(shown)


def _large_cells(plots: Sequence[Plot]) -> set[str]:
    return {code for code, group in _by(plots, lambda plot: plot.cell).items() if families(group) >= FEWEST}


def _apart(plots: Sequence[Plot], districts: set[str]) -> set[str]:
    """Cells whose share may be told: within each row of districts, each row of cells holds five families or none."""
    cells = _large_cells(plots)
    while True:
        pairs = _by(plots, lambda plot: (_shown(plot.district, districts), _shown(plot.cell, cells)))
        small = sorted((pair for pair, group in pairs.items() if families(group) < FEWEST), key=str)
        if not small:
            return cells
        district, cell = small[0]
        beside = sorted((families(group), code) for (row, code), group in pairs.items() if row == district and code is not None)
        cells.discard(cell or beside[0][1])


def _rows(plots: Iterable[Plot], code: Callable[[Plot], str | None], *, shares: bool) -> list[Area]:
    """One row a code, the largest share first, all others last."""
    groups = _by(plots, code).items()
    if not shares:
        return [Area(name, None, None) for name, _ in sorted(groups, key=lambda group: (group[0] is None, group[0] or ""))]
    rows = [(sum((plot.share for plot in group), Fraction()), name, _hectares(group)) for name, group in groups]
    rows.sort(key=lambda row: (row[1] is None, -row[0], row[1] or ""))
    return [Area(name, permille(share), hectares) for share, name, hectares in rows]


def merged(months: dict[Month, tuple[Fraction, set[str]]]) -> list[tuple[Month, Month, Fraction, set[str]]]:
    """Months, each of five families: too few join the next month, the last the one before."""
    groups: list[tuple[Month, Month, Fraction, set[str]]] = []
    for month, (share, families) in sorted(months.items()):
        if groups and len(groups[-1][3]) < FEWEST:
            start, _, before, there = groups.pop()
            groups.append((start, month, before + share, there | families))
        else:
            groups.append((month, month, share, families))
    if len(groups) > 1 and len(groups[-1][3]) < FEWEST:
        (start, _, before, there), (_, end, share, families) = groups[-2:]
        groups[-2:] = [(start, end, before + share, there | families)]
    return [group for group in groups if len(group[3]) >= FEWEST]
