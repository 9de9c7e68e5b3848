"""What lies between plots and a lot or container: its steps, its months of harvest, its grafts, as far as they may be told."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, cast

from ledger.schema import Connection
from projections.few import FEWEST, Month, hundreds, merged, permille
from projections.lineage import Edge, shares_above, up
from projections.producers import paid

Form = Literal["wet", "fermented", "dry"]
_MADE: Final = {"lots-blended.v1": "blended", "lot-split.v1": "split", "lots-dried.v1": "dried", "lots-fermented.v1": "fermented"}
_LOT_STEPS: Final = ("resold", "blended", "split", "dried", "fermented", "bought", "harvested")


@dataclass(frozen=True, slots=True)
class Months:
    """A container's beans by when they were harvested; kilograms as they weigh in the container, to the nearest 100."""

    first: Month
    last: Month
    share: Decimal
    weight_kg: int


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of step behind a container. `weight_kg` to the nearest 100; all None where it stands for fewer than five families."""

    step: str
    first: Month | None
    last: Month | None
    lots: int | None = None
    weight_kg: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What producers were paid on average, with premiums, for a kilogram of beans of one form, where whoever paid publishes it.

    `share`: of the container's beans; `producers`: how many, never fewer than five.
    """

    form: Form
    pen_per_kg: Decimal
    share: Decimal
    producers: int


class Path:
    """All that lies between plots and one lot or container, with the families behind every lot."""

    def __init__(self, conn: Connection, node: str) -> None:
        self.node, self.edges = node, up(conn, [node])
        found = conn.execute(
            "SELECT l.lot, l.made_by, l.grams, l.ended_at, p.holder, coalesce(s.role = 'farmer', false) FROM views.lots l"
            " LEFT JOIN views.plots p USING (plot) LEFT JOIN views.parties s ON s.party = l.seller WHERE l.lot = ANY(%s)",
            (sorted({edge.src[4:] for edge in self.edges if edge.src.startswith("lot:")}),),
        ).fetchall()
        self.lots = {
            f"lot:{lot}": (step_of(made_by, at_farm=at_farm), grams, ended, holder) for lot, made_by, grams, ended, holder, at_farm in found
        }
        self.families = self._behind(self.edges)

    def _behind(self, edges: Sequence[Edge]) -> dict[str, set[str]]:
        behind: dict[str, set[str]] = defaultdict(set)
        for edge in reversed(edges):
            if edge.src in self.lots:
                behind[edge.dst] |= behind[edge.src]
            elif edge.dst in self.lots:  # else it is the lot itself that was harvested
                behind[edge.dst] |= {self.lots[edge.dst][3]}
        return behind

    def steps(self, *, figures: bool) -> list[Step]:
        """One row a kind of step, the nearest to the container first."""
        behind = {step: [(lot[1], lot[2], self.families[node]) for node, lot in self.lots.items() if lot[0] == step] for step in _LOT_STEPS}
        return [_told(step, of, figures=figures) for step, of in behind.items() if of]

    def harvested(self, grams: int) -> list[Months]:
        """The container's beans by month of harvest; months of fewer than five families join the next, the last the one before."""
        shares = shares_above(self.node, self.edges, "lot:")
        months: dict[Month, tuple[Fraction, set[str]]] = defaultdict(lambda: (Fraction(), set()))
        for node, (step, _, ended, holder) in self.lots.items():
            if step == "harvested":
                share, families = months[ended[:7]]
                months[ended[:7]] = share + shares[node], families | {holder}
        return [Months(first, last, permille(share), hundreds(share * grams)) for first, last, share, _ in merged(months)]


def step_of(made_by: str, *, at_farm: bool) -> str:
    """The kind of step that made a lot."""
    if made_by == "lot-bought.v1":
        return "bought" if at_farm else "resold"
    return _MADE.get(made_by, "harvested")


def _told(step: str, of: Sequence[tuple[int, str, set[str]]], *, figures: bool) -> Step:
    if len(set[str]().union(*(families for _, _, families in of))) < FEWEST:
        return Step(step, None, None)
    first, last = min(ended for _, ended, _ in of)[:7], max(ended for _, ended, _ in of)[:7]
    return Step(step, first, last, len(of), hundreds(sum(grams for grams, _, _ in of))) if figures else Step(step, first, last)


def grafts(conn: Connection, node: str) -> tuple[list[str], bool, list[Step]]:
    """Clones grafted on plots of five families and more, whether there are others, and when grafts were set and their budwood was cut."""
    rows = conn.execute(
        "SELECT g.clone, p.holder, g.grafted_at, b.cut_at, m.holder FROM views.origins o JOIN views.grafts g USING (plot)"
        " JOIN views.plots p USING (plot) LEFT JOIN views.budwood b USING (budwood) LEFT JOIN views.plots m ON m.plot = g.mother_plot"
        " WHERE stuffing = %s",
        (node,),
    ).fetchall()
    behind: dict[str, set[str]] = defaultdict(set)
    for clone, holder, *_ in rows:
        behind[clone].add(holder)
    named = sorted(clone for clone, families in behind.items() if len(families) >= FEWEST)
    grafted = [(0, at, {holder}) for _, holder, at, _, _ in rows]
    mothers = [(0, cut, {holder}) for *_, cut, holder in rows if cut and holder]
    steps = [_told(step, of, figures=False) for step, of in (("grafted", grafted), ("mothers", mothers)) if of]
    return named, len(named) < len(behind), steps


def prices(conn: Connection, node: str) -> list[Price]:
    """What producers were paid for the beans in a stuffing; of sealed ones alone, whose shares do not change any more."""
    return [Price(cast("Form", each.form), each.pen_per_kg, permille(each.share), each.producers) for each in paid(conn, node)]
