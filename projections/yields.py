"""Yields: what fermenting and drying gave of what went in, and whether dry beans weigh what the wet beans behind them can give."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final, Literal, NamedTuple

from ledger.schema import Connection
from projections.balance import KEYS, MINE, By, read_all
from projections.lineage import Edge, up

LEAST, MOST = 0.30, 0.42
"""Dry beans of wet ones: no official factor; in use are 0.38 (Peru, baba to dry) and one third, and what lies outside is looked at."""
Usual = Literal["low", "usual", "high"]


def judged(share: Fraction | float | None) -> Usual | None:
    """Whether a yield of dry beans of wet ones is as usual; it is never refused for that."""
    return None if share is None else "low" if float(share) < LEAST else "high" if float(share) > MOST else "usual"


class Made(NamedTuple):
    """Grams drawn into steps of one sort, and what came out."""

    drawn: int = 0
    grams: int = 0

    @property
    def share(self) -> Fraction | None:
        """What came out of what went in."""
        return Fraction(self.grams, self.drawn) if self.drawn else None


class Yields(NamedTuple):
    """What steps gave in one group: fermenting; drying of fermented and of wet beans."""

    key: str
    fermenting: Made = Made()
    drying: Made = Made()
    drying_wet: Made = Made()

    @property
    def chain(self) -> Fraction | None:
        """Dry beans of the wet ones behind them, both ways together; None where it cannot be told."""
        fermented, dried = self.fermenting.share, self.drying
        if not (dried.grams + self.drying_wet.grams) or (dried.drawn and not fermented):
            return None
        behind = self.drying_wet.drawn + (dried.drawn / fermented if fermented else 0)
        return (dried.grams + self.drying_wet.grams) / Fraction(behind)


_SORTS: Final = {
    ("lots-fermented.v1", "wet"): "fermenting", ("lots-dried.v1", "fermented"): "drying", ("lots-dried.v1", "wet"): "drying_wet",
}  # fmt: skip
_STEPS: Final = f"""WITH mine AS MATERIALIZED (SELECT {{key}} AS key, 'lot:' || l.lot AS node, l.made_by, l.grams
 FROM {{schema}}.lots l
 WHERE l.made_by IN ('lots-fermented.v1', 'lots-dried.v1') AND {MINE} AND (%(lots)s::text[] IS NULL OR l.lot = ANY(%(lots)s))),
drawn AS MATERIALIZED (SELECT m.node, substr(e.src, 5) AS lot, e.grams FROM mine m JOIN {{schema}}.edges e ON e.dst = m.node),
behind AS (SELECT w.node, s.form, sum(w.grams) AS drawn FROM drawn w JOIN {{schema}}.lots s ON s.lot = w.lot GROUP BY w.node, s.form)
SELECT m.key, m.made_by, i.form, sum(i.drawn)::int8, sum(m.grams)::int8 FROM mine m JOIN behind i ON i.node = m.node GROUP BY 1, 2, 3"""


def yields(conn: Connection, org: str | None, by: By, lots: list[str] | None = None, schema: str = "views") -> dict[str, Yields]:
    """What steps gave, by group; of some lots, or of all. Containers have no steps: see `chains`."""
    if by == "container":
        return {}
    found: dict[str, Yields] = {}
    query, values = _STEPS.format(key=KEYS[by], schema=schema), {"org": org, "lots": lots}
    rows = read_all(conn, query, **values) if lots is None else conn.execute(query, values, prepare=False).fetchall()
    for key, made_by, source, drawn, grams in rows:
        further: dict[str, Any] = {_SORTS[made_by, source]: Made(drawn, grams)}
        found[key] = found.get(key, Yields(key))._replace(**further)
    return found


class Lot(NamedTuple):
    """What a chain needs to know of a lot."""

    form: str
    grams: int


def wet_behind(edges: Iterable[Edge], lots: Mapping[str, Lot]) -> dict[str, float]:
    """Node -> grams of wet beans it stands for, the lots it was drawn from by their parts; without those whose beginning is not seen.

    `edges` in order of position. A yield is a measurement, so floats are near enough; grams themselves are never floats.
    """
    behind = {f"lot:{lot}": float(of.grams) for lot, of in lots.items() if of.form == "wet"}
    unseen: set[str] = set()
    weights = {f"lot:{lot}": of.grams for lot, of in lots.items()}
    parts: dict[str, float] = defaultdict(float)
    for src, dst, grams, _ in edges:
        if src.startswith("plot:") or (dst in behind and dst not in parts):
            continue
        if src not in behind or src not in weights or src in unseen:
            unseen.add(dst)
            continue
        parts[dst] += behind[src] * grams / weights[src]
        behind[dst] = parts[dst]
    return {node: grams for node, grams in behind.items() if node not in unseen}


def chains(conn: Connection, nodes: list[str], schema: str = "views") -> dict[str, float]:
    """Lot or stuffing (as a node) -> its dry grams of the wet ones behind, where all of those can be seen."""
    edges = up(conn, nodes, schema)[::-1]
    keys = {node.removeprefix("lot:") for edge in edges for node in (edge.src, edge.dst) if node.startswith("lot:")}
    lots = known(conn, list(keys), schema)
    behind = wet_behind(edges, lots)
    loaded: dict[str, int] = defaultdict(int)
    for edge in edges:
        loaded[edge.dst] += edge.grams if edge.dst.startswith("stuffing:") else 0
    weights = loaded | {f"lot:{key}": lot.grams for key, lot in lots.items() if lot.form == "dry"}
    return {node: weights[node] / behind[node] for node in nodes if behind.get(node) and weights.get(node)}


class Outturn(NamedTuple):
    """Yields as shares; None where there are none, or where they cannot be told."""

    key: str
    fermenting: float | None
    drying: float | None
    drying_wet: float | None
    chain: float | None

    @property
    def usual(self) -> Usual | None:
        """Whether dry beans of the wet ones behind them are as usual."""
        return judged(self.chain)


def outturns(conn: Connection, org: str | None, by: By, keys: list[str], schema: str = "views") -> list[Outturn]:
    """The yields of groups, in the order of their keys; those without any are left out."""
    single = by in ("lot", "container")
    steps = yields(conn, org, by, keys if by == "lot" else None, schema)
    nodes = {key: f"lot:{key}" if by == "lot" else key for key in keys} if single else {}
    whole = chains(conn, list(nodes.values()), schema) if single else {}
    told = []
    for key in keys:
        of = steps.get(key, Yields(key))
        chain = whole.get(nodes[key]) if single else of.chain
        fermenting, drying, drying_wet = (_float(made.share) for made in (of.fermenting, of.drying, of.drying_wet))
        told.append(Outturn(key, fermenting, drying, drying_wet, _float(chain)))
    return [each for each in told if any(share is not None for share in each[1:])]


def _float(share: Fraction | float | None) -> float | None:
    return None if share is None else float(share)


def known(conn: Connection, lots: list[str] | None, schema: str) -> dict[str, Lot]:
    """Forms and grams of some lots, or of all that are seen."""
    query = f"SELECT lot, form, grams FROM {schema}.lots WHERE %(lots)s::text[] IS NULL OR lot = ANY(%(lots)s)"
    rows = read_all(conn, query, lots=None) if lots is None else conn.execute(query, {"lots": lots}).fetchall()
    return {key: Lot(form, grams) for key, form, grams in rows}
