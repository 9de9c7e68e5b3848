"""Containers: each stuffing from opening to emptying, its loads, and the exact share of every plot in it."""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Any, Final

from ledger.schema import Connection
from projections.lineage import Edge, above, shares_above, up
from projections.view import Fact, Rows, View, book_of, table

AT_ONCE: Final = 50
"""Containers whose lineage is read in one question: memory holds that of so many."""
_UPDATES = {
    "container-sealed.v1": ("seal_no", "sealed_at"),
    "container-departed.v1": ("destination", "departed_at"),
    "container-sold.v1": ("buyer", "contract_no", "price_usd_t", "incoterm", "sold_at"),
    "container-emptied.v1": ("emptied_at",),
}
_FROM = {"buyer": "buyer_id", "sealed_at": "at", "departed_at": "at", "sold_at": "at", "emptied_at": "at"}


def stuffing(fact: Fact) -> str:
    """The node of the stuffing that a fact is about."""
    return f"stuffing:{fact['container_no']}@{fact['stuffing']}"


def _opened(position: int, fact: Fact) -> Rows:
    number, holder = fact["container_no"], fact["holder_id"]
    nothing = (None,) * 11
    yield (
        "containers",
        (f"stuffing:{number}@{position}", number, position, book_of(holder), holder, fact["at"], *nothing, position, fact["org"]),
    )


def _loaded(position: int, fact: Fact) -> Rows:
    yield "loads", (stuffing(fact), fact["lot_id"], fact["grams"], fact["bags"], fact["at"], position, fact["org"])


def _settle(conn: Connection, schema: str, facts: list[tuple[int, Fact]]) -> None:
    """What happened to containers, in order; then the shares of those that were loaded."""
    for position, fact in facts:
        if columns := _UPDATES.get(fact["kind"]):
            values: list[Any] = [fact[_FROM.get(column, column)] for column in columns]
            sets = ", ".join(f"{column} = %s" for column in columns)
            conn.execute(f"UPDATE {schema}.containers SET {sets}, position = %s WHERE stuffing = %s", (*values, position, stuffing(fact)))
    loaded = sorted({stuffing(fact) for _, fact in facts if fact["kind"] == "lot-loaded.v1"})
    for some in (loaded[at : at + AT_ONCE] for at in range(0, len(loaded), AT_ONCE)):
        into: dict[str, list[Edge]] = defaultdict(list)
        for edge in up(conn, some, schema):
            into[edge.dst].append(edge)
        _keep(conn, schema, {node: shares_above(node, above(node, into), "plot:") for node in some})


def _keep(conn: Connection, schema: str, shares: dict[str, dict[str, Fraction]]) -> None:
    """The shares of some stuffings, in place of those kept before."""
    wholes = {node: common(of.values()) for node, of in shares.items()}
    conn.execute(f"DELETE FROM {schema}.origins WHERE stuffing = ANY(%s)", (list(shares),))
    with conn.cursor().copy(f"COPY {schema}.origins FROM STDIN") as copy:
        for node, of in shares.items():
            for plot in sorted(of):
                copy.write_row((node, plot.removeprefix("plot:"), str(of[plot].numerator * (wholes[node] // of[plot].denominator))))
    for node, whole in wholes.items():
        conn.execute(f"UPDATE {schema}.containers SET whole = %s WHERE stuffing = %s", (whole, node))


def common(shares: Iterable[Fraction]) -> int:
    """The least denominator that all shares have in common."""
    return lcm(*(share.denominator for share in shares))


CONTAINERS = View(
    "containers",
    (
        table(
            "containers",
            "stuffing text, container_no text, first int8, book text, holder text, opened_at text, seal_no text, sealed_at text,"
            " destination text, departed_at text, buyer text, contract_no text, price_usd_t int8, incoterm text, sold_at text,"
            " emptied_at text, whole numeric, position int8, org text",
            "stuffing",
            "container_no, first",
            theirs="{org} OR {holder}",
        ),
        table("loads", "stuffing text, lot text, grams int8, bags int8, at text, position int8, org text", "position", "stuffing", "lot"),
        table("origins", "stuffing text, plot text, parts numeric", "stuffing, plot", "plot", theirs=None),
    ),
    {"container-opened.v1": _opened, "lot-loaded.v1": _loaded},
    _settle,
    frozenset({*_UPDATES, "lot-loaded.v1"}),
)
"""A plot's share of a stuffing is `origins.parts / containers.whole`, exactly."""
