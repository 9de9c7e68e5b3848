"""Lots: how each was made, inspected and lost. What is on hand is what was made less what was drawn (see `lineage`)."""

from projections.view import Fact, Rows, View, annullable, book_of, table

STEPS = ("lot-bought.v1", "lots-fermented.v1", "lots-dried.v1", "lots-blended.v1", "lot-split.v1")
"""Kinds of facts that draw on lots to make one."""


def _harvested(position: int, fact: Fact) -> Rows:
    lot = fact["lot_id"]
    yield (
        "lots",
        (
            lot,
            book_of(lot),
            fact["form"],
            fact["holder_id"],
            "harvest-recorded.v1",
            fact["grams"],
            fact["from_at"],
            fact["to_at"],
            fact["plot_id"],
            None,
            position,
            fact["org"],
        ),
    )


def _stepped(position: int, fact: Fact) -> Rows:
    lot = fact["lot_id"]
    yield (
        "lots",
        (
            lot,
            book_of(lot),
            fact["form"],
            fact["holder_id"],
            fact["kind"],
            fact["grams"],
            fact["started_at"],
            fact["ended_at"],
            None,
            fact.get("seller_id"),
            position,
            fact["org"],
        ),
    )


def _inspected(position: int, fact: Fact) -> Rows:
    names = ("lot_id", "inspected_at", "moisture", "beans_100g", "mouldy", "slaty", "defective")
    yield "inspections", (*(fact[name] for name in names), position, fact["org"])


def _lost(position: int, fact: Fact) -> Rows:
    yield "losses", (*(fact[name] for name in ("loss_id", "lot_id", "holder_id", "grams", "reason", "lost_at")), position, fact["org"])


LOTS = View(
    "lots",
    annullable(
        table(
            "lots",
            "lot text, book text, form text, holder text, made_by text, grams int8, started_at text, ended_at text, plot text,"
            " seller text, position int8, org text",
            "lot",
            theirs="{org} OR {holder} OR lot IN (SELECT lot FROM {schema}.offers)",
        ),
        table(
            "inspections",
            "lot text, inspected_at text, moisture int8, beans_100g int8, mouldy int8, slaty int8, defective int8, position int8, org text",
            "lot, inspected_at",
        ),
        table(
            "losses",
            "loss text, lot text, holder text, grams int8, reason text, lost_at text, position int8, org text",
            "loss",
            "lot",
            theirs="{org} OR {holder}",
        ),
    ),
    {
        "harvest-recorded.v1": _harvested,
        "lot-inspected.v1": _inspected,
        "lot-written-off.v1": _lost,
        **dict.fromkeys(STEPS, _stepped),
    },
)
