"""Parties: who takes part, without name, document or phone; those are joined from the vault when shown."""

from projections.entity import Entity
from projections.view import Fact, Rows, View, annullable, book_of, table


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


PARTY = Entity(
    table(
        "parties",
        "party text, book text, role text, sex text, organisation bool, district text, enrolled_at text, subject text, position int8,"
        " org text",
        "party",
        theirs="{org} OR {party} OR role <> 'farmer'",
    ),
    "party-enrolled.v1",
    _enrolled,
    {"party-amended.v1": {"organisation": "organisation"}},
    lambda fact: str(fact["party_id"]),
    "party:",
)
"""A party as its newest document says."""
PARTIES = View("parties", annullable(PARTY.table), {PARTY.made: _enrolled}, PARTY.change, frozenset(PARTY.changes), PARTY.undo)
