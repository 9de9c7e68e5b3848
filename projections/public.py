"""What a page may show to everyone: containers and the lots loaded in them; never a person, a farm or a price (see `few`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal

from ledger.schema import Connection
from ledger.vault import Vault
from projections.behind import Form, Months, Path, Price, Step, grafts, prices, step_of
from projections.doubt import Questioned, questioned
from projections.few import FEWEST, Month, Origin, Plot, families, origin

Stage = Literal["open", "sealed", "departed", "sold", "emptied"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """What the ledger does not say: a code, and the figures of its sentence (None: fewer than five)."""

    code: str
    count: int | None = None
    of: int | None = None


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
    paid: list[Price]
    questions: list[Questioned]
    not_known: list[Unknown]


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot that was loaded in a container. `behind`: the kinds of steps that lie behind it, whose months its containers alone tell."""

    lot: str
    form: Form
    weight_kg: Decimal
    made_by: str
    made: Month
    position: int
    size: int
    containers: list[Voyage]
    origin: Origin
    behind: list[str]
    questions: list[Questioned]
    not_known: list[Unknown]


def kg(grams: int) -> Decimal:
    """Grams as kilograms, exactly."""
    return Decimal(int(grams)) / 1000


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
    plots = [Plot._make((*rest, Fraction(int(parts), int(whole)))) for *rest, parts in conn.execute(_ORIGINS, (node,))]
    named, grams, said = names(conn, vault, [holder, buyer]), sum(load[1] for load in loads), origin(plots, shares=bool(sealed))
    path, events = Path(conn, node), _happened(sealed, departed, sold, emptied)
    clones, more, grafted = grafts(conn, node)
    return Container(
        container=number, first=first, latest=latest, position=position, size=size, opened=opened[:7], sealed=sealed and sealed[:7],
        stage=_stage(events), seal=seal, destination=destination, holder=named.get(holder), buyer=named.get(buyer),
        weight_kg=kg(grams), bags=sum(load[2] for load in loads), traced=sum(plot.share for plot in plots) == 1, origin=said,
        loaded=[load[0].removeprefix("main/") for load in loads], lineage_lots=len(path.lots) if said.families and sealed else None,
        clones=clones, more_clones=more, harvested=path.harvested(grams) if sealed else [],
        questions=questioned(conn, node), paid=prices(conn, node) if sealed else [],
        steps=[*_events(events), *_loading(loads), *path.steps(figures=bool(sealed)), *grafted],
        not_known=_not_known(seal, departed, sold, named, holder, buyer, plots, [load[5] for load in loads]),
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


def names(conn: Connection, vault: Vault, parties: Sequence[str | None]) -> dict[str | None, str]:
    """Names of those parties that are organisations with a RUC of series 20."""
    rows = conn.execute("SELECT party FROM views.parties WHERE organisation AND party = ANY(%s)", ([each for each in parties if each],))
    named = [f"party:{party}" for (party,) in rows]
    return {tag.removeprefix("party:"): opened.content["name"] for tag, opened in vault.open(conn, named).items()} if named else {}


def _not_known(
    seal: str | None, departed: str | None, sold: str | None, names: dict[str | None, str], holder: str, buyer: str | None,
    plots: Sequence[Plot], cut_tests: Sequence[bool],
) -> list[Unknown]:  # fmt: skip
    said = {
        "no-seal": not seal, "no-departure": not departed, "no-sale": not sold,
        "holder-not-named": holder not in names, "buyer-not-named": bool(sold) and buyer not in names,
    }  # fmt: skip
    points = [plot for plot in plots if plot.shape == "point"]
    rest = [plot for plot in plots if plot.shape != "point"]
    tellable = families(points) >= FEWEST and (not rest or families(rest) >= FEWEST)
    untested = cut_tests.count(False)
    return [
        *(Unknown(code) for code, unknown in said.items() if unknown),
        *([Unknown("points-only", len(points), len(plots)) if tellable else Unknown("points-only")] if points else []),
        *([Unknown("no-cut-test", untested, len(cut_tests))] if untested else []),
        Unknown("no-deforestation-check"),
        Unknown("not-witnessed"),
    ]


def lot(conn: Connection, key: str, *, everything: bool = False) -> Lot | None:
    """A lot that was loaded in a container; None for any other, known or not, unless the asker may see everything."""
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = conn.execute(_LOT, (key, everything)).fetchone()
        return _lot(conn, key, found) if found else None


_LOT: Final = """SELECT l.form, l.grams, l.made_by, l.ended_at,
 coalesce((SELECT role = 'farmer' FROM views.parties s WHERE s.party = l.seller), false),
 EXISTS (SELECT FROM views.inspections i WHERE i.lot = l.lot), (SELECT position FROM views.progress), (SELECT size FROM ledger.head)
 FROM views.lots l WHERE l.lot = %s AND (%s OR EXISTS (SELECT FROM views.loads d WHERE d.lot = l.lot))"""


def _lot(conn: Connection, key: str, found: tuple[Any, ...]) -> Lot:
    form, grams, made_by, ended, at_farm, tested, position, size = found
    path = Path(conn, f"lot:{key}")
    above = sorted({edge.src[5:] for edge in path.edges if edge.src.startswith("plot:")})
    rows = conn.execute("SELECT holder, district, cell, area_m2, shape FROM views.plots WHERE plot = ANY(%s)", (above,))
    said = origin([Plot._make((*row, Fraction())) for row in rows], shares=False)
    return Lot(
        lot=key.removeprefix("main/"), form=form, weight_kg=kg(grams), made_by=step_of(made_by, at_farm=at_farm), made=ended[:7],
        position=position, size=size, containers=_voyages(conn, "stuffing IN (SELECT stuffing FROM views.loads WHERE lot = %s)", key),
        origin=said, behind=[step.step for step in path.steps(figures=False)], questions=questioned(conn, f"lot:{key}"),
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
