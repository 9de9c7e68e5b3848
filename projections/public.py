"""What a page may show to everyone: containers and the lots loaded in them, by district, 10-km cell and month; never a person or a farm.

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
from typing import Any, Final, Literal, NamedTuple

from ledger.schema import Connection
from ledger.vault import Vault
from projections.lineage import Edge, shares_above, up

FEWEST: Final = 5
"""Families that a figure must stand for."""
Stage = Literal["open", "sealed", "departed", "sold", "emptied"]
Form = Literal["wet", "fermented", "dry"]
Month = str
"""YYYY-MM: public pages tell time by month."""
_MADE: Final = {"lots-blended.v1": "blended", "lot-split.v1": "split", "lots-dried.v1": "dried", "lots-fermented.v1": "fermented"}
_LOT_STEPS: Final = ("resold", "blended", "split", "dried", "fermented", "bought", "harvested")


@dataclass(frozen=True, slots=True)
class Area:
    """A district by its code or a cell by its south-west corner; `code` None: all others together, and those whose share is None."""

    code: str | None
    share: Decimal | None
    hectares: int | None


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
class Unknown:
    """What the ledger does not say: a code, and the figures of its sentence (None: fewer than five)."""

    code: str
    count: int | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where beans come from, as far as it may be said; all None or empty where fewer than five families stand behind them."""

    families: int | None = None
    plots: int | None = None
    hectares: int | None = None
    districts: list[Area] = field(default_factory=list)
    cells: list[Area] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Voyage:
    """One stuffing of a container number."""

    container: str
    first: int
    stage: Stage
    opened: Month
    weight_kg: Decimal


@dataclass(frozen=True, slots=True)
class Container(Voyage):
    """One stuffing of a container, as its page shows it. `first` is the position at which it was opened."""

    latest: bool
    sealed: Month | None
    seal: str | None
    destination: str | None
    holder: str | None
    buyer: str | None
    bags: int
    traced: bool
    position: int
    size: int
    origin: Origin
    loaded: list[str]
    lineage_lots: int | None
    clones: list[str]
    more_clones: bool
    harvested: list[Months]
    steps: list[Step]
    not_known: list[Unknown]


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot that was loaded in a container."""

    lot: str
    form: Form
    weight_kg: Decimal
    made_by: str
    made: Month
    position: int
    size: int
    containers: list[Voyage]
    origin: Origin
    not_known: list[Unknown]


class _Plot(NamedTuple):
    holder: str
    district: str
    cell: str
    area_m2: int
    shape: str
    share: Fraction


def kg(grams: int) -> Decimal:
    """Grams as kilograms, exactly."""
    return Decimal(int(grams)) / 1000


def _permille(share: Fraction) -> Decimal:
    return Decimal(round(share * 1000)) / 1000


def _hundreds(grams: Fraction | int) -> int:
    return round(Fraction(grams) / 100_000) * 100


def _hectares(plots: Iterable[_Plot]) -> int:
    """To the nearest five, so that two containers do not differ by one farm's area."""
    return max(FEWEST, round(sum(plot.area_m2 for plot in plots) / 50_000) * 5)


def _families(plots: Iterable[_Plot]) -> int:
    return len({plot.holder for plot in plots})


def origin(plots: Sequence[_Plot], *, shares: bool) -> Origin:
    """Districts and cells of plots, merged until every figure, and every difference of figures, stands for five families."""
    if _families(plots) < FEWEST:
        return Origin()
    districts = _large(plots)
    cells = _apart(plots, districts) if shares else _large_cells(plots)
    of_district = _rows(plots, lambda plot: _shown(plot.district, districts), shares=shares)
    of_cell = _rows(plots, lambda plot: _shown(plot.cell, cells), shares=shares)
    with_others = [Area(code, None, None) for code in sorted(_large_cells(plots) - cells)] if shares else []
    return Origin(_families(plots), len(plots), _hectares(plots), of_district, of_cell[: len(cells)] + with_others + of_cell[len(cells) :])


def _shown(code: str, shown: set[str]) -> str | None:
    return code if code in shown else None


def _by(plots: Iterable[_Plot], code: Callable[[_Plot], Any]) -> dict[Any, list[_Plot]]:
    groups: dict[Any, list[_Plot]] = defaultdict(list)
    for plot in plots:
        groups[code(plot)].append(plot)
    return groups


def _large(plots: Sequence[_Plot]) -> set[str]:
    """Districts of five families and more; the smallest of them joins the others where those alone are fewer than five."""
    groups = _by(plots, lambda plot: plot.district)
    shown = sorted(
        (code for code, group in groups.items() if _families(group) >= FEWEST), key=lambda code: (-_families(groups[code]), code)
    )
    while shown and 0 < _families(plot for plot in plots if plot.district not in shown) < FEWEST:
        shown.pop()
    return set(shown)


def _large_cells(plots: Sequence[_Plot]) -> set[str]:
    return {code for code, group in _by(plots, lambda plot: plot.cell).items() if _families(group) >= FEWEST}


def _apart(plots: Sequence[_Plot], districts: set[str]) -> set[str]:
    """Cells whose share may be told: within each row of districts, each row of cells holds five families or none."""
    cells = _large_cells(plots)
    while True:
        pairs = _by(plots, lambda plot: (_shown(plot.district, districts), _shown(plot.cell, cells)))
        small = sorted((pair for pair, group in pairs.items() if _families(group) < FEWEST), key=str)
        if not small:
            return cells
        district, cell = small[0]
        beside = sorted((_families(group), code) for (row, code), group in pairs.items() if row == district and code is not None)
        cells.discard(cell or beside[0][1])


def _rows(plots: Iterable[_Plot], code: Callable[[_Plot], str | None], *, shares: bool) -> list[Area]:
    """One row a code, the largest share first, all others last."""
    groups = _by(plots, code).items()
    if not shares:
        return [Area(name, None, None) for name, _ in sorted(groups, key=lambda group: (group[0] is None, group[0] or ""))]
    rows = [(sum((plot.share for plot in group), Fraction()), name, _hectares(group)) for name, group in groups]
    rows.sort(key=lambda row: (row[1] is None, -row[0], row[1] or ""))
    return [Area(name, _permille(share), hectares) for share, name, hectares in rows]


def container(conn: Connection, vault: Vault, number: str, first: int | None = None) -> Container | None:
    """The latest stuffing of a container, or the one opened at a position; None where there is none."""
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = conn.execute(_CONTAINER, {"number": number, "first": first}).fetchone()
        return _container(conn, vault, found) if found else None


_CONTAINER: Final = """SELECT c.stuffing, c.container_no, c.first, c.holder, c.buyer, c.seal_no, c.destination, c.whole,
 c.opened_at, c.sealed_at, c.departed_at, c.sold_at, c.emptied_at,
 NOT EXISTS (SELECT FROM views.containers l WHERE l.container_no = c.container_no AND l.first > c.first),
 (SELECT position FROM views.progress), (SELECT size FROM ledger.head)
 FROM views.containers c WHERE c.container_no = %(number)s AND (%(first)s::int8 IS NULL OR c.first = %(first)s)
 ORDER BY c.first DESC LIMIT 1"""
_ORIGINS: Final = """SELECT p.holder, p.district, p.cell, p.area_m2, p.shape, o.parts FROM views.origins o JOIN views.plots p USING (plot)
 WHERE o.stuffing = %s"""
_LOADS: Final = """SELECT lot, sum(grams)::int8, sum(bags)::int8, min(at), max(at),
 EXISTS (SELECT FROM views.inspections i WHERE i.lot = l.lot)
 FROM views.loads l WHERE stuffing = %s GROUP BY lot ORDER BY lot"""


def _container(conn: Connection, vault: Vault, found: tuple[Any, ...]) -> Container:
    node, number, first, holder, buyer, seal, destination, whole, opened, sealed, departed, sold, emptied, latest, position, size = found
    loads = conn.execute(_LOADS, (node,)).fetchall()
    plots = [_Plot._make((*rest, Fraction(int(parts), int(whole)))) for *rest, parts in conn.execute(_ORIGINS, (node,))]
    names, grams, said = _names(conn, vault, [holder, buyer]), sum(load[1] for load in loads), origin(plots, shares=bool(sealed))
    path, events = _Path(conn, node), _happened(sealed, departed, sold, emptied)
    clones, more, grafted = _grafts(conn, node)
    return Container(
        container=number, first=first, latest=latest, position=position, size=size, opened=opened[:7], sealed=sealed and sealed[:7],
        stage=_stage(events), seal=seal, destination=destination, holder=names.get(holder), buyer=names.get(buyer),
        weight_kg=kg(grams), bags=sum(load[2] for load in loads), traced=sum(plot.share for plot in plots) == 1, origin=said,
        loaded=[load[0].removeprefix("main/") for load in loads], lineage_lots=len(path.lots) if said.families and sealed else None,
        clones=clones, more_clones=more, harvested=path.harvested(grams) if sealed else [],
        steps=[*_events(events), *_loading(loads), *path.steps(figures=bool(sealed)), *grafted],
        not_known=_not_known(seal, departed, sold, names, holder, buyer, plots, [load[5] for load in loads]),
    )  # fmt: skip


def _happened(sealed: str | None, departed: str | None, sold: str | None, emptied: str | None) -> dict[Stage, str | None]:
    return {"emptied": emptied, "sold": sold, "departed": departed, "sealed": sealed}


def _stage(events: dict[Stage, str | None]) -> Stage:
    happened = [(at, stage) for stage, at in reversed(events.items()) if at]
    return max(happened)[1] if happened else "open"


def _events(events: dict[Stage, str | None]) -> list[Step]:
    happened = sorted(((at, step) for step, at in events.items() if at), reverse=True)
    return [Step(step, at[:7], at[:7]) for at, step in happened]


def _loading(loads: Sequence[tuple[Any, ...]]) -> list[Step]:
    return [Step("loaded", min(load[3] for load in loads)[:7], max(load[4] for load in loads)[:7], len(loads))] if loads else []


def _names(conn: Connection, vault: Vault, parties: Sequence[str | None]) -> dict[str | None, str]:
    """Names of those parties that are organisations with a RUC of series 20."""
    rows = conn.execute("SELECT party FROM views.parties WHERE organisation AND party = ANY(%s)", ([each for each in parties if each],))
    named = [f"party:{party}" for (party,) in rows]
    return {tag.removeprefix("party:"): opened.content["name"] for tag, opened in vault.open(conn, named).items()} if named else {}


class _Path:
    """All that lies between plots and one lot or container, with the families behind every lot."""

    def __init__(self, conn: Connection, node: str) -> None:
        self.node, self.edges = node, up(conn, [node])
        found = conn.execute(
            "SELECT l.lot, l.made_by, l.grams, l.ended_at, p.holder, coalesce(s.role = 'farmer', false) FROM views.lots l"
            " LEFT JOIN views.plots p USING (plot) LEFT JOIN views.parties s ON s.party = l.seller WHERE l.lot = ANY(%s)",
            (sorted({edge.src[4:] for edge in self.edges if edge.src.startswith("lot:")}),),
        ).fetchall()
        self.lots = {
            f"lot:{lot}": (_step(made_by, at_farm=at_farm), grams, ended, holder) for lot, made_by, grams, ended, holder, at_farm in found
        }
        self.families = self._behind(self.edges)

    def _behind(self, edges: Sequence[Edge]) -> dict[str, set[str]]:
        behind: dict[str, set[str]] = defaultdict(set)
        for edge in reversed(edges):
            behind[edge.dst] |= behind[edge.src] if edge.src in self.lots else {self.lots[edge.dst][3]}
        return behind

    def steps(self, *, figures: bool) -> list[Step]:
        """One row a kind of step, the nearest to the container first."""
        behind = {step: [(lot[1], lot[2], self.families[node]) for node, lot in self.lots.items() if lot[0] == step] for step in _LOT_STEPS}
        return [_row(step, of, figures=figures) for step, of in behind.items() if of]

    def harvested(self, grams: int) -> list[Months]:
        """The container's beans by month of harvest; months of fewer than five families join the next, the last the one before."""
        shares = shares_above(self.node, self.edges, "lot:")
        months: dict[Month, tuple[Fraction, set[str]]] = defaultdict(lambda: (Fraction(), set()))
        for node, (step, _, ended, holder) in self.lots.items():
            if step == "harvested":
                share, families = months[ended[:7]]
                months[ended[:7]] = share + shares[node], families | {holder}
        return [Months(first, last, _permille(share), _hundreds(share * grams)) for first, last, share, _ in _merged(months)]


def _merged(months: dict[Month, tuple[Fraction, set[str]]]) -> list[tuple[Month, Month, Fraction, set[str]]]:
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


def _step(made_by: str, *, at_farm: bool) -> str:
    if made_by == "lot-bought.v1":
        return "bought" if at_farm else "resold"
    return _MADE.get(made_by, "harvested")


def _row(step: str, of: Sequence[tuple[int, str, set[str]]], *, figures: bool) -> Step:
    if len(set[str]().union(*(families for _, _, families in of))) < FEWEST:
        return Step(step, None, None)
    first, last = min(ended for _, ended, _ in of)[:7], max(ended for _, ended, _ in of)[:7]
    return Step(step, first, last, len(of), _hundreds(sum(grams for grams, _, _ in of))) if figures else Step(step, first, last)


def _grafts(conn: Connection, node: str) -> tuple[list[str], bool, list[Step]]:
    """Clones grafted on plots of five families and more, whether there are others, and when grafts were set."""
    rows = conn.execute(
        "SELECT g.clone, p.holder, g.grafted_at FROM views.origins o JOIN views.grafts g USING (plot) JOIN views.plots p USING (plot)"
        " WHERE stuffing = %s",
        (node,),
    ).fetchall()
    behind: dict[str, set[str]] = defaultdict(set)
    for clone, holder, _ in rows:
        behind[clone].add(holder)
    named = sorted(clone for clone, families in behind.items() if len(families) >= FEWEST)
    steps = [_row("grafted", [(0, at, {holder}) for _, holder, at in rows], figures=False)] if rows else []
    return named, len(named) < len(behind), steps


def _not_known(
    seal: str | None, departed: str | None, sold: str | None, names: dict[str | None, str], holder: str, buyer: str | None,
    plots: Sequence[_Plot], cut_tests: Sequence[bool],
) -> list[Unknown]:  # fmt: skip
    said = {
        "no-seal": not seal, "no-departure": not departed, "no-sale": not sold,
        "holder-not-named": holder not in names, "buyer-not-named": bool(sold) and buyer not in names,
    }  # fmt: skip
    points = [plot for plot in plots if plot.shape == "point"]
    rest = [plot for plot in plots if plot.shape != "point"]
    tellable = _families(points) >= FEWEST and (not rest or _families(rest) >= FEWEST)
    untested = cut_tests.count(False)
    return [
        *(Unknown(code) for code, unknown in said.items() if unknown),
        *([Unknown("points-only", len(points), len(plots)) if tellable else Unknown("points-only")] if points else []),
        *([Unknown("no-cut-test", untested, len(cut_tests))] if untested else []),
        Unknown("no-deforestation-check"),
        Unknown("not-witnessed"),
    ]


def lot(conn: Connection, key: str) -> Lot | None:
    """A lot that was loaded in a container; None for any other, known or not."""
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = conn.execute(_LOT, (key,)).fetchone()
        return _lot(conn, key, found) if found else None


_LOT: Final = """SELECT l.form, l.grams, l.made_by, l.ended_at,
 coalesce((SELECT role = 'farmer' FROM views.parties s WHERE s.party = l.seller), false),
 EXISTS (SELECT FROM views.inspections i WHERE i.lot = l.lot), (SELECT position FROM views.progress), (SELECT size FROM ledger.head)
 FROM views.lots l WHERE l.lot = %s AND EXISTS (SELECT FROM views.loads d WHERE d.lot = l.lot)"""


def _lot(conn: Connection, key: str, found: tuple[Any, ...]) -> Lot:
    form, grams, made_by, ended, at_farm, tested, position, size = found
    above = sorted({edge.src[5:] for edge in up(conn, [f"lot:{key}"]) if edge.src.startswith("plot:")})
    rows = conn.execute("SELECT holder, district, cell, area_m2, shape FROM views.plots WHERE plot = ANY(%s)", (above,))
    said = origin([_Plot._make((*row, Fraction())) for row in rows], shares=False)
    return Lot(
        lot=key.removeprefix("main/"), form=form, weight_kg=kg(grams), made_by=_step(made_by, at_farm=at_farm), made=ended[:7],
        position=position, size=size, containers=_voyages(conn, "stuffing IN (SELECT stuffing FROM views.loads WHERE lot = %s)", key),
        origin=said,
        not_known=[*([] if tested else [Unknown("no-cut-test", 1, 1)]), Unknown("no-deforestation-check"), Unknown("not-witnessed")],
    )  # fmt: skip


def _voyages(conn: Connection, where: str, *values: object, limit: int = 100) -> list[Voyage]:
    rows = conn.execute(
        "SELECT container_no, first, opened_at, sealed_at, departed_at, sold_at, emptied_at,"
        " coalesce((SELECT sum(grams) FROM views.loads d WHERE d.stuffing = c.stuffing), 0)::int8"
        f" FROM views.containers c WHERE {where} ORDER BY first DESC LIMIT {limit}",
        values,
    )
    return [
        Voyage(number, first, _stage(_happened(sealed, departed, sold, emptied)), opened[:7], kg(grams))
        for number, first, opened, sealed, departed, sold, emptied, grams in rows
    ]


def newest(conn: Connection) -> list[Voyage]:
    """The containers opened last, five at most."""
    return _voyages(conn, "true", limit=5)


def size(conn: Connection) -> int:
    """How many entries the ledger has."""
    row = conn.execute("SELECT size FROM ledger.head").fetchone()
    return int(row[0]) if row else 0


def find(conn: Connection, asked: str) -> str | None:
    """The address of what somebody asks for: a container number in any spelling, a lot, BOOK/ID; None where it has no page."""
    number, (book, _, id_) = "".join(asked.split()).replace("-", "").upper(), asked.strip().rpartition("/")
    key = f"{book.lower() or 'main'}/{id_.upper()}"
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM views.containers WHERE container_no = %s), EXISTS (SELECT FROM views.loads WHERE lot = %s)",
        (number, key),
    ).fetchone()
    there = row or (False, False)
    return f"/c/{number}" if there[0] else f"/l/{key.removeprefix('main/')}" if there[1] else None
