"""Containers: each stuffing from opening to emptying, its loads, and the exact share of every plot in it."""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Final

from ledger.schema import Connection
from projections.entity import Entity
from projections.lineage import Edge, above, shares_above, up
from projections.view import Fact, Facts, Rows, View, annullable, book_of, table

AT_ONCE: Final = 50
"""Containers whose lineage is read in one question: memory holds that of so many."""


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


def _settle(conn: Connection, schema: str, facts: Facts) -> None:
    """What happened to containers, in order; then the shares of those that were loaded."""
    CONTAINER.change(conn, schema, facts)
    _share(conn, schema, facts)


def _undo(conn: Connection, schema: str, undone: Facts, upto: int) -> None:
    CONTAINER.undo(conn, schema, undone, upto)
    _share(conn, schema, undone)


def _share(conn: Connection, schema: str, facts: Facts) -> None:
    """The shares of plots in all stuffings of which some facts say that they were loaded."""
    loaded = sorted({stuffing(fact) for _, fact in facts if fact["kind"] == "lot-loaded.v1"})
    for some in (loaded[at : at + AT_ONCE] for at in range(0, len(loaded), AT_ONCE)):
        into: dict[str, list[Edge]] = defaultdict(list)
        for edge in up(conn, some, schema):
            into[edge.dst].append(edge)
        _keep(conn, schema, {node: shares_above(node, above(node, into), "plot:") for node in some})


def _keep(conn: Connection, schema: str, shares: dict[str, dict[str, Fraction]]) -> None:
    """The shares of some stuffings, in place of those kept before."""
    wholes = {node: common(of.values()) if of else None for node, of in shares.items()}
    conn.execute(f"DELETE FROM {schema}.origins WHERE stuffing = ANY(%s)", (list(shares),))
    with conn.cursor().copy(f"COPY {schema}.origins FROM STDIN") as copy:
        for node, of in shares.items():
            for plot, (part, of_all) in sorted((plot, share.as_integer_ratio()) for plot, share in of.items()):
                copy.write_row((node, plot.removeprefix("plot:"), str(part * ((wholes[node] or 0) // of_all))))
    for node, whole in wholes.items():
        conn.execute(f"UPDATE {schema}.containers SET whole = %s WHERE stuffing = %s", (whole, node))


def common(shares: Iterable[Fraction]) -> int:
    """The least denominator that all shares have in common."""
    return lcm(*(share.denominator for share in shares))


CONTAINER = Entity(
    table(
        "containers",
        "stuffing text, container_no text, first int8, book text, holder text, opened_at text, seal_no text, sealed_at text,"
        " destination text, departed_at text, buyer text, contract_no text, price_usd_t int8, incoterm text, sold_at text,"
        " emptied_at text, whole numeric, position int8, org text",
        "stuffing",
        "container_no, first",
        theirs="{org} OR {holder}",
    ),
    "container-opened.v1",
    _opened,
    {
        "container-sealed.v1": {"seal_no": "seal_no", "sealed_at": "at"},
        "container-departed.v1": {"destination": "destination", "departed_at": "at"},
        "container-sold.v1": {
            "buyer": "buyer_id", "contract_no": "contract_no", "price_usd_t": "price_usd_t", "incoterm": "incoterm", "sold_at": "at",
        },
        "container-emptied.v1": {"emptied_at": "at"},
    },
    stuffing,
)  # fmt: skip
"""One stuffing of a container; its `whole` is settled apart, from the lineage."""
CONTAINERS = View(
    "containers",
    (
        *annullable(
            CONTAINER.table,
            table(
                "loads", "stuffing text, lot text, grams int8, bags int8, at text, position int8, org text", "position", "stuffing", "lot"
            ),
        ),
        table("origins", "stuffing text, plot text, parts numeric", "stuffing, plot", "plot", theirs=None),
    ),
    {CONTAINER.made: _opened, "lot-loaded.v1": _loaded},
    _settle,
    frozenset({*CONTAINER.changes, "lot-loaded.v1"}),
    _undo,
)
"""A plot's share of a stuffing is `origins.parts / containers.whole`, exactly."""
