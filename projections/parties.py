"""Parties: who takes part, without name, document or phone; those are joined from the vault when shown."""

from ledger.schema import Connection
from projections.view import Fact, Rows, View, book_of, table


def _enrolled(position: int, fact: Fact) -> Rows:
    seal = fact["seal"] or {}
    yield (
        "parties",
        (
            fact["party_id"],
            book_of(fact["party_id"]),
            fact["role"],
            fact["sex"],
            fact["organisation"],
            fact["district"],
            fact["enrolled_at"],
            seal.get("subject"),
            position,
            fact["org"],
        ),
    )


def _settle(conn: Connection, schema: str, facts: list[tuple[int, Fact]]) -> None:
    """What the newest document says of a party, in order."""
    for position, fact in facts:
        conn.execute(
            f"UPDATE {schema}.parties SET organisation = coalesce(%s, organisation), position = %s WHERE party = %s",
            (fact["organisation"], position, fact["party_id"]),
        )


PARTIES = View(
    "parties",
    (
        table(
            "parties",
            "party text, book text, role text, sex text, organisation bool, district text, enrolled_at text, subject text, position int8,"
            " org text",
            "party",
            theirs="{org} OR {party} OR role <> 'farmer'",
        ),
    ),
    {"party-enrolled.v1": _enrolled},
    _settle,
    frozenset({"party-amended.v1"}),
)
