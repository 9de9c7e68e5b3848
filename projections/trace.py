"""Trace both ways: from a container or lot up to its farms and mother plots, from a plot, party, clone or budwood down to containers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal

from ledger.schema import Connection
from projections import then
from projections.follow import position
from projections.lineage import Edge, down, shares_above, shares_below, up
from projections.past import SCHEMA, cut

Sort = Literal["container", "lot", "plot", "party", "clone", "budwood"]
SORTS: Final[tuple[Sort, ...]] = ("container", "lot", "plot", "party", "clone", "budwood")
_PLOTS_OF: Final = {
    "plot": "SELECT plot FROM views.plots WHERE plot = %s",
    "party": "SELECT plot FROM views.plots WHERE holder = %s",
    "clone": "SELECT DISTINCT plot FROM {0}.grafts WHERE clone = %s",
    "budwood": "SELECT DISTINCT plot FROM {0}.grafts WHERE budwood = %s",
}
_KNOWN: Final = {
    "lot": "SELECT 'lot:' || lot FROM {0}.lots WHERE lot = %s",
    "container": "SELECT stuffing FROM views.containers WHERE container_no = %s ORDER BY first DESC LIMIT 1",
    "plot": "SELECT plot FROM views.plots WHERE plot = %s",
    "party": "SELECT party FROM views.parties WHERE party = %s",
    "clone": "SELECT clone FROM {0}.budwood WHERE clone = %s UNION SELECT clone FROM {0}.nursery_lots WHERE clone = %s LIMIT 1",
    "budwood": "SELECT budwood FROM {0}.budwood WHERE budwood = %s",
}
_GROWN: Final = ("lot", "clone", "budwood")
"""What is only added: the rest changes, and is folded again."""


class Unknown(LookupError):
    """Nothing of that id was ever accepted."""


@dataclass(frozen=True, slots=True)
class Part:
    """A node of the tree: its exact share of what was asked for (up) or of itself that comes from it (down), and those grams."""

    node: str
    share: Fraction
    grams: Fraction


@dataclass(frozen=True, slots=True)
class Grafting:
    """Buds of a clone from a mother plot's budwood, set on a plot."""

    plot: str
    clone: str
    budwood: str
    mother_plot: str
    grafted: int


@dataclass(frozen=True, slots=True)
class Trace:
    """The tree of one thing, both ways, as the views stand at `position`."""

    sort: Sort
    id: str
    position: int
    up: list[Part] = field(default_factory=list)
    up_edges: list[Edge] = field(default_factory=list)
    down: list[Part] = field(default_factory=list)
    down_edges: list[Edge] = field(default_factory=list)
    grafts: list[Grafting] = field(default_factory=list)


def trace(conn: Connection, sort: Sort, key: str, at: int | None = None) -> Trace:
    """Trace a container by its number, a clone by its name, anything else by BOOK/ID; with `at`, as the record stood at that position.

    Raises Unknown.
    """
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if at is not None:
            cut(conn, at)
        schema = "views" if at is None else SCHEMA
        node = _known(conn, sort, key, schema) if at is None or sort in _GROWN else then.known(conn, sort, key, at)
        if node is None:
            raise Unknown(f"no {sort} {key} was ever accepted" if at is None else f"there was no {sort} {key} at position {at:,}")
        reached = position(conn) if at is None else at
        if sort in ("container", "lot"):
            return _of_beans(conn, sort, key, node, reached, schema)
        plots = _plots(conn, sort, key, schema) if at is None or sort in _GROWN else then.plots_of(conn, sort, key, at)
        return _of_plots(conn, sort, key, plots, reached, schema)


def _known(conn: Connection, sort: Sort, key: str, schema: str) -> str | None:
    query = _KNOWN[sort]
    row = conn.execute(query.format(schema), (key,) * query.count("%s")).fetchone()
    return str(row[0]) if row else None


def _plots(conn: Connection, sort: Sort, key: str, schema: str) -> list[str]:
    return [plot for (plot,) in conn.execute(_PLOTS_OF[sort].format(schema), (key,))]


def _of_beans(conn: Connection, sort: Sort, key: str, node: str, at: int, schema: str) -> Trace:
    above, below = up(conn, [node], schema), down(conn, [node], schema)
    shares = shares_above(node, above)
    whole = _weights(conn, [node], schema).get(node, 0)
    parts = [Part(each, share, share * whole) for each, share in shares.items() if each != node]
    plots = [part.node.removeprefix("plot:") for part in parts if part.node.startswith("plot:")]
    down_to = _below(conn, {node: Fraction(1)}, below, schema)
    return Trace(sort, key, at, _largest(parts), above, *down_to, _grafts(conn, plots, schema))


def _of_plots(conn: Connection, sort: Sort, key: str, plots: list[str], at: int, schema: str) -> Trace:
    sources = {f"plot:{plot}": Fraction(1) for plot in plots}
    edges = down(conn, sources, schema)
    return Trace(sort, key, at, [], [], *_below(conn, sources, edges, schema), _grafts(conn, plots, schema))


def _below(conn: Connection, sources: dict[str, Fraction], edges: list[Edge], schema: str) -> tuple[list[Part], list[Edge]]:
    shares = {node: share for node, share in shares_below(sources, edges).items() if node not in sources and not node.startswith("loss:")}
    weights = _weights(conn, shares, schema)
    return _largest(Part(node, share, share * weights.get(node, 0)) for node, share in shares.items()), edges


def _weights(conn: Connection, nodes: Iterable[str], schema: str) -> dict[str, int]:
    """Grams of lots as made, and of stuffings as loaded."""
    names = list(nodes)
    lots = [node.removeprefix("lot:") for node in names if node.startswith("lot:")]
    found: list[tuple[Any, ...]] = conn.execute(f"SELECT 'lot:' || lot, grams FROM {schema}.lots WHERE lot = ANY(%s)", (lots,)).fetchall()
    found += conn.execute(
        f"SELECT stuffing, sum(grams)::int8 FROM {schema}.loads WHERE stuffing = ANY(%s) GROUP BY stuffing", (names,)
    ).fetchall()
    return dict(found)


def _largest(parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: (-part.grams, part.node))


def _grafts(conn: Connection, plots: list[str], schema: str) -> list[Grafting]:
    found = conn.execute(
        f"SELECT plot, clone, budwood, mother_plot, sum(grafted)::int8 FROM {schema}.grafts WHERE plot = ANY(%s)"
        " GROUP BY plot, clone, budwood, mother_plot ORDER BY plot, clone, budwood",
        (plots,),
    )
    return [Grafting(*row) for row in found]


def origins(conn: Connection, node: str) -> list[tuple[str, Fraction]]:
    """Plot -> exact share of a stuffing, as the views keep it: one look-up."""
    found = conn.execute(
        "SELECT o.plot, o.parts, c.whole FROM views.origins o JOIN views.containers c USING (stuffing) WHERE o.stuffing = %s", (node,)
    )
    return [(plot, Fraction(int(parts), int(whole))) for plot, parts, whole in found]


def destinations(conn: Connection, plot: str) -> list[tuple[str, Fraction]]:
    """Stuffing -> exact share that comes from a plot, as the views keep it: one look-up."""
    found = conn.execute(
        "SELECT o.stuffing, o.parts, c.whole FROM views.origins o JOIN views.containers c USING (stuffing) WHERE o.plot = %s", (plot,)
    )
    return [(node, Fraction(int(parts), int(whole))) for node, parts, whole in found]
