"""Mistakes: which entries were annulled, and which were questioned, with what came of it."""

from ledger.schema import Connection
from projections.view import Fact, Facts, Rows, View, table

_NODES = ("printing:", "label:", "share:", "stuffing:", "lot:", "plot:")


def touched(tags: list[str]) -> str:
    """What an entry is about, by its tags: what it filled, made or looked at. The first lot named is the one that was made.

    Of labels and shares it is these alone: beans are no worse for what was printed on paper.
    """
    return next((tag for node in _NODES for tag in tags if tag.startswith(node)), tags[0])


def _annulled(position: int, fact: Fact) -> Rows:
    yield "annulments", (fact["position"], position, fact["reason"], fact["annulled_at"], fact["org"])


def _questioned(position: int, fact: Fact) -> Rows:
    nothing = (None,) * 3
    asked = (fact["position"], touched(fact["about"]), fact["reason"], fact["questioned_at"])
    yield "questions", (position, *asked, fact["org"], *nothing)


def _settle(conn: Connection, schema: str, facts: Facts) -> None:
    """What came of questions."""
    for position, fact in facts:
        conn.execute(
            f"UPDATE {schema}.questions SET settled_by = %s, outcome = %s, settled_at = %s WHERE position = %s",
            (position, fact["outcome"], fact["settled_at"], fact["position"]),
        )


MISTAKES = View(
    "mistakes",
    (
        table("annulments", "position int8, by_position int8, reason text, at text, org text", "position", "by_position"),
        table(
            "questions",
            "position int8, entry int8, touches text, reason text, at text, org text, settled_by int8, outcome text, settled_at text",
            "position",
            "entry",
            "touches",
        ),
    ),
    {"fact-annulled.v1": _annulled, "fact-questioned.v1": _questioned},
    _settle,
    frozenset({"question-settled.v1"}),
)
"""`annulments` by the position of the annulled; `questions` by their own, with the tag that the questioned entry `touches`."""
