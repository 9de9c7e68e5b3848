"""Lineage: which beans came from which, in grams, from the plot to the container; and exact shares along it.

A node is a tag: plot:…, lot:…, loss:…, stuffing:…. Every edge into a lot stands at the position where the lot was made, so edges in
order of position are in order of time, and one pass is enough in either direction.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from ledger.schema import Connection
from projections.lots import STEPS
from projections.view import Fact, Rows, View, table


class Edge(NamedTuple):
    """Grams drawn from one node into another, at a position."""

    src: str
    dst: str
    grams: int
    position: int


def _harvested(position: int, fact: Fact) -> Rows:
    yield "edges", (f"plot:{fact['plot_id']}", f"lot:{fact['lot_id']}", fact["grams"], position)


def _stepped(position: int, fact: Fact) -> Rows:
    made = f"lot:{fact['lot_id']}"
    for draw in fact["inputs"]:
        yield "edges", (f"lot:{draw['lot_id']}", made, draw["grams"], position)


def _lost(position: int, fact: Fact) -> Rows:
    yield "edges", (f"lot:{fact['lot_id']}", f"loss:{fact['loss_id']}", fact["grams"], position)


def _loaded(position: int, fact: Fact) -> Rows:
    yield "edges", (f"lot:{fact['lot_id']}", f"stuffing:{fact['container_no']}@{fact['stuffing']}", fact["grams"], position)


LINEAGE = View(
    "lineage",
    (table("edges", "src text, dst text, grams int8, position int8", "dst, src, position", "src, dst"),),
    {
        "harvest-recorded.v1": _harvested,
        "lot-written-off.v1": _lost,
        "lot-loaded.v1": _loaded,
        **dict.fromkeys(STEPS, _stepped),
    },
)

_UP = """WITH RECURSIVE up(node) AS (SELECT unnest(%s::text[]) UNION SELECT e.src FROM up JOIN {0}.edges e ON e.dst = up.node)
SELECT e.src, e.dst, e.grams, e.position FROM up JOIN {0}.edges e ON e.dst = up.node ORDER BY e.position DESC, e.src"""
_DOWN = """WITH RECURSIVE down(node) AS (SELECT unnest(%s::text[]) UNION SELECT e.dst FROM down JOIN {0}.edges e ON e.src = down.node)
SELECT e.src, e.dst, e.grams, e.position FROM down JOIN {0}.edges e ON e.dst = down.node ORDER BY e.position, e.src"""


def up(conn: Connection, nodes: Iterable[str], schema: str = "views") -> list[Edge]:
    """All edges above some nodes, the latest first."""
    return [Edge(*row) for row in conn.execute(_UP.format(schema), (list(nodes),))]


def down(conn: Connection, nodes: Iterable[str], schema: str = "views") -> list[Edge]:
    """All edges into what lies below some nodes (those from elsewhere too, for they dilute), the earliest first."""
    return [Edge(*row) for row in conn.execute(_DOWN.format(schema), (list(nodes),))]


def drawn_into(edges: Iterable[Edge]) -> dict[str, int]:
    """Grams drawn into each node."""
    drawn: dict[str, int] = defaultdict(int)
    for edge in edges:
        drawn[edge.dst] += edge.grams
    return drawn


def shares_above(node: str, edges: Iterable[Edge]) -> dict[str, Fraction]:
    """The exact share that each node above has in `node`; `edges` as `up` gives them. The shares of plots add up to one."""
    edges = list(edges)
    drawn = drawn_into(edges)
    shares: dict[str, Fraction] = defaultdict(Fraction, {node: Fraction(1)})
    for edge in edges:
        shares[edge.src] += shares[edge.dst] * Fraction(edge.grams, drawn[edge.dst])
    return shares


def shares_below(sources: Mapping[str, Fraction], edges: Iterable[Edge]) -> dict[str, Fraction]:
    """The exact share of each node below that came from the sources; `edges` as `down` gives them."""
    edges = list(edges)
    drawn = drawn_into(edges)
    shares: dict[str, Fraction] = defaultdict(Fraction, sources)
    for edge in edges:
        if edge.src in shares and edge.dst not in sources:
            shares[edge.dst] += shares[edge.src] * Fraction(edge.grams, drawn[edge.dst])
    return shares
