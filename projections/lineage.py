"""Lineage: which beans came from which, in grams, from the plot to the container; and exact shares along it.

A node is a tag: plot:…, lot:…, loss:…, stuffing:…. Every edge into a lot stands at the position where the lot was made, so edges in
order of position are in order of time, and one pass is enough in either direction.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import gcd, lcm
from operator import attrgetter
from typing import NamedTuple

from ledger.schema import Connection
from projections.lots import STEPS
from projections.past import joined
from projections.view import Fact, Rows, View, annullable, table


class Edge(NamedTuple):
    """Grams drawn from one node into another, at a position."""

    src: str
    dst: str
    grams: int
    position: int


def _harvested(position: int, fact: Fact) -> Rows:
    yield "edges", (f"plot:{fact['plot_id']}", f"lot:{fact['lot_id']}", fact["grams"], position, fact["holder_id"], fact["org"])


def _stepped(position: int, fact: Fact) -> Rows:
    made, holder = f"lot:{fact['lot_id']}", fact.get("seller_id", fact["holder_id"])
    for draw in fact["inputs"]:
        yield "edges", (f"lot:{draw['lot_id']}", made, draw["grams"], position, holder, fact["org"])


def _lost(position: int, fact: Fact) -> Rows:
    yield "edges", (f"lot:{fact['lot_id']}", f"loss:{fact['loss_id']}", fact["grams"], position, fact["holder_id"], fact["org"])


def _loaded(position: int, fact: Fact) -> Rows:
    into = f"stuffing:{fact['container_no']}@{fact['stuffing']}"
    yield "edges", (f"lot:{fact['lot_id']}", into, fact["grams"], position, fact["holder_id"], fact["org"])


LINEAGE = View(
    "lineage",
    annullable(
        table(
            "edges",
            "src text, dst text, grams int8, position int8, holder text, org text",
            "dst, src, position",
            "src, dst",
            theirs="{org} OR {holder} OR src IN (SELECT 'lot:' || lot FROM {schema}.offers)",
        ),
    ),
    {
        "harvest-recorded.v1": _harvested,
        "lot-written-off.v1": _lost,
        "lot-loaded.v1": _loaded,
        **dict.fromkeys(STEPS, _stepped),
    },
)

_UP = """WITH RECURSIVE up AS (SELECT src, dst, grams, position FROM {0}.edges WHERE dst = ANY(%s)
 UNION SELECT e.src, e.dst, e.grams, e.position FROM up JOIN {1})
SELECT src, dst, grams, position FROM up ORDER BY position DESC, src"""
_DOWN = """WITH RECURSIVE down(node) AS (
 SELECT n COLLATE "C" FROM unnest(%s::text[]) n UNION SELECT e.dst FROM down JOIN {0})
SELECT e.src, e.dst, e.grams, e.position FROM down JOIN {1} ORDER BY e.position, e.src"""


def up(conn: Connection, nodes: Iterable[str], schema: str = "views") -> list[Edge]:
    """All edges above some nodes, the latest first."""
    query = _UP.format(schema, _edges(schema, "e.dst = up.src"))
    return list(map(Edge._make, conn.execute(query, (list(nodes),), binary=True).fetchall()))


def down(conn: Connection, nodes: Iterable[str], schema: str = "views") -> list[Edge]:
    """All edges into what lies below some nodes (those from elsewhere too, for they dilute), the earliest first."""
    query = _DOWN.format(_edges(schema, "e.src = down.node"), _edges(schema, "e.dst = down.node"))
    return list(map(Edge._make, conn.execute(query, (list(nodes),), binary=True).fetchall()))


def _edges(schema: str, condition: str) -> str:
    return joined(schema, "edges", "e", condition)


def drawn_into(edges: Iterable[Edge]) -> dict[str, int]:
    """Grams drawn into each node."""
    drawn: dict[str, int] = defaultdict(int)
    for edge in edges:
        drawn[edge.dst] += edge.grams
    return drawn


class _Shares:
    """Sums of exact fractions by node, kept apart by denominator: most beans on one path share one, and adding them is adding integers."""

    def __init__(self, edges: Iterable[Edge], start: Mapping[str, Fraction]) -> None:
        self._drawn = drawn_into(edges)
        self._parts: dict[str, dict[int, int]] = {node: {share.denominator: share.numerator} for node, share in start.items()}
        self._grams: dict[str, tuple[int, int]] = {}

    def __contains__(self, node: str) -> bool:
        return node in self._parts

    def of(self, node: str) -> tuple[int, int]:
        """The sum so far as (part, whole); called when nothing more is added to the node."""
        parts = self._parts[node]
        if len(parts) == 1:
            ((whole, part),) = parts.items()
            return part, whole
        common = lcm(*parts)
        return sum(part * (common // whole) for whole, part in parts.items()), common

    def a_gram_into(self, dst: str) -> tuple[int, int]:
        """What one gram drawn into a node stands for, in lowest terms: its share, by all that was drawn into it."""
        if dst not in self._grams:
            part, whole = self.of(dst)
            whole *= self._drawn[dst]
            common = gcd(part, whole)
            self._grams[dst] = part // common, whole // common
        return self._grams[dst]

    def add(self, node: str, part: int, whole: int) -> None:
        """Add part/whole to a node's share."""
        parts = self._parts.setdefault(node, {})
        parts[whole] = parts.get(whole, 0) + part

    def drawn(self, dst: str) -> int:
        """Grams drawn into a node, from everywhere."""
        return self._drawn[dst]

    def fractions(self, prefix: str) -> dict[str, Fraction]:
        """The shares of the nodes whose names begin so."""
        return {node: Fraction(*self.of(node)) for node in self._parts if node.startswith(prefix)}


def shares_above(node: str, edges: Iterable[Edge], prefix: str = "") -> dict[str, Fraction]:
    """The exact share that each node above has in `node`; `edges` as `up` gives them. The shares of plots add up to one."""
    edges = list(edges)
    shares = _Shares(edges, {node: Fraction(1)})
    for src, dst, grams, _ in edges:
        part, whole = shares.a_gram_into(dst)
        shares.add(src, part * grams, whole)
    return shares.fractions(prefix)


def shares_below(sources: Mapping[str, Fraction], edges: Iterable[Edge], prefix: str = "") -> dict[str, Fraction]:
    """The exact share of each node below that came from the sources; `edges` as `down` gives them."""
    edges = list(edges)
    shares = _Shares(edges, sources)
    for src, dst, grams, _ in edges:
        if src in shares and dst not in sources:
            part, whole = shares.of(src)
            common = gcd(part, whole)
            shares.add(dst, part // common * grams, whole // common * shares.drawn(dst))
    return shares.fractions(prefix)


def above(node: str, into: Mapping[str, list[Edge]]) -> list[Edge]:
    """The edges above one node, the latest first, out of edges by what they lead into (those above several nodes, read at once)."""
    found: list[Edge] = []
    seen, waiting = {node}, [node]
    while waiting:
        edges = into.get(waiting.pop(), [])
        found += edges
        further = {edge.src for edge in edges} - seen
        seen |= further
        waiting += further
    return sorted(found, key=attrgetter("position"), reverse=True)
