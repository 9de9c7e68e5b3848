"""A container's dossier, for whoever it is shared with: plots behind it, whose they are by their codes, what was bought, and its entries.

It holds no name. What a party paid is told where the container's holder paid it, or had it written: of others' prices it is not theirs to
tell. Boundaries are joined from the vault where a file is made.
"""

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from ledger.schema import Connection
from projections.lineage import shares_above, up


class Land(NamedTuple):
    """A plot with its exact share of the beans, and the codes of the farmers who harvested on it."""

    plot: str
    share: Fraction
    farmers: tuple[str, ...]
    district: str
    system: str
    shape: str
    area_m2: int
    accuracy_mm: int
    planted_at: str
    surveyed_at: str


class Purchase(NamedTuple):
    """Beans bought on their way here; price in thousandths of a sol a kilogram and premium in thousandths of a percent, where told."""

    lot: str
    at: str
    seller: str
    buyer: str
    form: str
    grams: int
    price_pen_kg: int | None
    premium: int | None


class Lot(NamedTuple):
    """A lot behind the container: how and when it was made, by the entry at `position`, and its exact share of the beans."""

    lot: str
    form: str
    made_by: str
    grams: int
    ended_at: str
    position: int
    share: Fraction


class Voyage(NamedTuple):
    """One stuffing of a container."""

    container_no: str
    first: int
    holder: str
    opened_at: str
    seal_no: str | None
    sealed_at: str | None
    destination: str | None

    @property
    def node(self) -> str:
        """As lineage names it."""
        return f"stuffing:{self.container_no}@{self.first}"


@dataclass(frozen=True, slots=True)
class Dossier:
    """What lies behind one stuffing. `entries`: positions of entries that its reader may have; `loads` as (lot, grams, bags)."""

    of: Voyage
    grams: int
    loads: list[tuple[str, int, int]]
    plots: list[Land]
    purchases: list[Purchase]
    lots: list[Lot]
    entries: list[int]

    @property
    def farmers(self) -> list[str]:
        """The codes of all farmers, in order."""
        return sorted({farmer for plot in self.plots for farmer in plot.farmers})


_CONTAINER: Final = """SELECT container_no, first, holder, opened_at, seal_no, sealed_at, destination FROM views.containers
 WHERE stuffing = %s"""
_LOADS: Final = "SELECT lot, sum(grams)::int8, sum(bags)::int8 FROM views.loads WHERE stuffing = %s GROUP BY lot ORDER BY lot"
_PLOTS: Final = """SELECT plot, district, system, shape, area_m2, accuracy_mm, planted_at, surveyed_at FROM views.plots
 WHERE plot = ANY(%s) ORDER BY plot"""
_LOTS: Final = (
    "SELECT lot, form, made_by, grams, ended_at, position, holder, org FROM views.lots WHERE lot = ANY(%s) ORDER BY ended_at, lot"
)
_BOUGHT: Final = """SELECT m.lot, m.at, m.party, m.payer, l.form, m.grams, m.price_pen_kg, m.premium, m.position,
 m.payer = %(holder)s OR m.org = %(holder)s FROM views.money m JOIN views.lots l ON l.lot = m.lot
 WHERE m.sort = 'purchase' AND m.lot = ANY(%(lots)s) ORDER BY m.at, m.lot"""
_ABOUT: Final = """SELECT DISTINCT t.position FROM ledger.tags t WHERE t.tag = ANY(%(tags)s) AND t.kind = ANY(%(kinds)s)
 AND NOT EXISTS (SELECT FROM ledger.tags a WHERE a.tag = 'entry:' || t.position AND a.kind = 'fact-annulled.v1')"""
_VOYAGE: Final = ["container-opened.v1", "lot-loaded.v1", "container-sealed.v1", "container-departed.v1", "container-emptied.v1"]
_LAND: Final = ["plot-registered.v1", "plot-resurveyed.v1"]
_TESTED: Final = ["lot-inspected.v1"]
_LINES: Final = "SELECT position, line FROM ledger.entries WHERE position = ANY(%s) ORDER BY position"


def dossier(conn: Connection, node: str) -> Dossier | None:
    """The dossier of a stuffing, for a connection that sees all; None where there is none."""
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = conn.execute(_CONTAINER, (node,)).fetchone()
        return _dossier(conn, Voyage(*found)) if found else None


def _dossier(conn: Connection, of: Voyage) -> Dossier:
    node, edges = of.node, up(conn, [of.node])
    shares = shares_above(node, edges)
    keys = [each.removeprefix("lot:") for each in shares if each.startswith("lot:")]
    rows = conn.execute(_LOTS, (keys,)).fetchall()
    holders = {lot: holder for lot, *_, holder, _ in rows}
    farmers: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if edge.src.startswith("plot:"):
            farmers[edge.src].add(holders[edge.dst.removeprefix("lot:")])
    plots = [
        Land(plot, shares[f"plot:{plot}"], tuple(sorted(farmers[f"plot:{plot}"])), *rest)
        for plot, *rest in conn.execute(_PLOTS, ([plot.removeprefix("plot:") for plot in farmers],))
    ]
    purchases, hidden = _purchases(conn, of.holder, keys)
    lots = [Lot._make((*row[:6], shares[f"lot:{row[0]}"])) for row in rows]
    loads = [(str(lot), int(grams), int(bags)) for lot, grams, bags in conn.execute(_LOADS, (node,))]
    tags = ((_VOYAGE, [node]), (_LAND, [f"plot:{each.plot}" for each in plots]), (_TESTED, [f"lot:{key}" for key in keys]))
    about = {at for kinds, of in tags for (at,) in conn.execute(_ABOUT, {"tags": of, "kinds": kinds})}
    entries = sorted(about | {lot.position for lot in lots} - hidden)
    return Dossier(of, sum(grams for _, grams, _ in loads), loads, plots, purchases, lots, entries)


def _purchases(conn: Connection, holder: str, lots: list[str]) -> tuple[list[Purchase], set[int]]:
    """What was bought, and the positions of entries with prices that are not the holder's to tell."""
    told, hidden = [], set()
    for *row, price, premium, position, theirs in conn.execute(_BOUGHT, {"holder": holder, "lots": lots}):
        told.append(Purchase(*row, *((price, premium) if theirs else (None, None))))
        if not theirs:
            hidden.add(position)
    return told, hidden


def lines(conn: Connection, positions: list[int]) -> list[tuple[int, bytes]]:
    """The bytes of entries, for a connection that sees them."""
    return [(position, bytes(line)) for position, line in conn.execute(_LINES, (positions,), binary=True)]
