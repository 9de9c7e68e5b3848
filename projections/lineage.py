"""Lineage: which beans came from which, in grams, from the plot to the container; and exact shares along it.

A node is a tag: plot:…, lot:…, loss:…, stuffing:…. Every edge into a lot stands at the position where the lot was made, so edges in
order of position are in order of time, and one pass is enough in either direction.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
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
    return [Edge(*row) for row in conn.execute(_UP.format(schema), (list(nodes),), binary=True)]


def down(conn: Connection, nodes: Iterable[str], schema: str = "views") -> list[Edge]:
    """All edges into what lies below some nodes (those from elsewhere too, for they dilute), the earliest first."""
    return [Edge(*row) for row in conn.execute(_DOWN.format(schema), (list(nodes),), binary=True)]


def drawn_into(edges: Iterable[Edge]) -> dict[str, int]:
    """Grams drawn into each node."""
    drawn: dict[str, int] = defaultdict(int)
    for edge in edges:
        drawn[edge.dst] += edge.grams
    return drawn


class _Shares:
    """Sums of exact fractions by node, kept apart by denominator: most beans on one path share one, and adding them is adding integers."""

    def __init__(self, edges: list[Edge], start: Mapping[str, Fraction]) -> None:
        self._drawn = drawn_into(edges)
        self._parts: dict[str, dict[int, int]] = defaultdict(dict)
        for node, share in start.items():
            self._parts[node][share.denominator] = share.numerator
        self._whole: dict[str, Fraction] = {}

    def __contains__(self, node: str) -> bool:
        return node in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def of(self, node: str) -> Fraction:
        """The sum so far; called when nothing more is added to the node."""
        if node not in self._whole:
            first, *further = (Fraction(part, whole) for whole, part in self._parts[node].items())
            self._whole[node] = sum(further, first)
        return self._whole[node]

    def drawn(self, dst: str) -> int:
        """Grams drawn into a node, from everywhere."""
        return self._drawn[dst]

    def a_gram_into(self, dst: str) -> Fraction:
        """What one gram drawn into a node stands for: its share, by all that was drawn into it."""
        parts = self._parts[dst]
        if len(parts) == 1:
            ((whole, part),) = parts.items()
            return Fraction(part, whole * self._drawn[dst])
        return self.of(dst) / self._drawn[dst]

    def add(self, node: str, whole: int, part: int) -> None:
        """Add part/whole to a node's share."""
        parts = self._parts[node]
        parts[whole] = parts.get(whole, 0) + part


def shares_above(node: str, edges: Iterable[Edge], prefix: str = "") -> dict[str, Fraction]:
    """The exact share that each node above has in `node`; `edges` as `up` gives them. The shares of plots add up to one."""
    edges = list(edges)
    shares = _Shares(edges, {node: Fraction(1)})
    weights: dict[str, tuple[int, int]] = {}
    for src, dst, grams, _ in edges:
        if dst not in weights:
            a_gram = shares.a_gram_into(dst)
            weights[dst] = a_gram.numerator, a_gram.denominator
        part, whole = weights[dst]
        shares.add(src, whole, part * grams)
    return {above: shares.of(above) for above in shares if above.startswith(prefix)}


def shares_below(sources: Mapping[str, Fraction], edges: Iterable[Edge], prefix: str = "") -> dict[str, Fraction]:
    """The exact share of each node below that came from the sources; `edges` as `down` gives them."""
    edges = list(edges)
    shares = _Shares(edges, sources)
    for src, dst, grams, _ in edges:
        if src in shares and dst not in sources:
            share = shares.of(src)
            shares.add(dst, share.denominator * shares.drawn(dst), share.numerator * grams)
    return {below: shares.of(below) for below in shares if below.startswith(prefix)}
