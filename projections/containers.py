"""Containers: each stuffing from opening to emptying, its loads, and the exact share of every plot in it."""

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Any

from ledger.schema import Connection
from projections.lineage import shares_above, up
from projections.view import Fact, Rows, View, book_of, table

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
    yield "containers", (f"stuffing:{number}@{position}", number, position, book_of(holder), holder, fact["at"], *nothing, position)


def _loaded(position: int, fact: Fact) -> Rows:
    yield "loads", (stuffing(fact), fact["lot_id"], fact["grams"], fact["bags"], fact["at"], position)


def _settle(conn: Connection, schema: str, facts: list[tuple[int, Fact]]) -> None:
    """What happened to containers, in order; then the shares of those that were loaded."""
    for position, fact in facts:
        if columns := _UPDATES.get(fact["kind"]):
            values: list[Any] = [fact[_FROM.get(column, column)] for column in columns]
            sets = ", ".join(f"{column} = %s" for column in columns)
            conn.execute(f"UPDATE {schema}.containers SET {sets}, position = %s WHERE stuffing = %s", (*values, position, stuffing(fact)))
    for node in sorted({stuffing(fact) for _, fact in facts if fact["kind"] == "lot-loaded.v1"}):
        _share(conn, schema, node)


def _share(conn: Connection, schema: str, node: str) -> None:
    shares = shares_above(node, up(conn, [node], schema), "plot:")
    whole = common(shares.values())
    conn.execute(f"UPDATE {schema}.containers SET whole = %s WHERE stuffing = %s", (whole, node))
    conn.execute(f"DELETE FROM {schema}.origins WHERE stuffing = %s", (node,))
    with conn.cursor().copy(f"COPY {schema}.origins FROM STDIN") as copy:
        for plot in sorted(shares):
            copy.write_row((node, plot.removeprefix("plot:"), str(shares[plot].numerator * (whole // shares[plot].denominator))))


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
            " emptied_at text, whole numeric, position int8",
            "stuffing",
            "container_no, first",
        ),
        table("loads", "stuffing text, lot text, grams int8, bags int8, at text, position int8", "position", "stuffing", "lot"),
        table("origins", "stuffing text, plot text, parts numeric", "stuffing, plot", "plot"),
    ),
    {"container-opened.v1": _opened, "lot-loaded.v1": _loaded},
    _settle,
    frozenset({*_UPDATES, "lot-loaded.v1"}),
)
"""A plot's share of a stuffing is `origins.parts / containers.whole`, exactly."""
