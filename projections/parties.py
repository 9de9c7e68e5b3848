"""Parties: who takes part, without name, document or phone; those are joined from the vault when shown."""

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
        ),
    )


PARTIES = View(
    "parties",
    (
        table(
            "parties",
            "party text, book text, role text, sex text, organisation bool, district text, enrolled_at text, subject text, position int8",
            "party",
        ),
    ),
    {"party-enrolled.v1": _enrolled},
)
