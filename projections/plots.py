"""Plots by their latest survey and holder, and what was planted on them: seedlings, returned or not, budwood cut, grafts counted."""

from projections.entity import Entity
from projections.view import Fact, Rows, View, annullable, book_of, table


def _registered(position: int, fact: Fact) -> Rows:
    yield (
        "plots",
        (
            fact["plot_id"],
            book_of(fact["plot_id"]),
            fact["holder_id"],
            fact["district"],
            fact["system"],
            fact["shape"],
            fact["cell"],
            fact["area_m2"],
            fact["accuracy_mm"],
            fact["planted_at"],
            fact["surveyed_at"],
            position,
            fact["org"],
        ),
    )


def _raised(position: int, fact: Fact) -> Rows:
    names = ("nursery_lot_id", "nursery_id", "species", "clone", "count", "raised_at")
    yield "nursery_lots", (*(fact[name] for name in names), position, fact["org"])


def _handed_out(position: int, fact: Fact) -> Rows:
    names = ("handout_id", "nursery_lot_id", "party_id", "plot_id", "species", "count", "return_due", "handed_at")
    yield "handouts", (*(fact[name] for name in names), position, fact["org"])


def _returned(position: int, fact: Fact) -> Rows:
    yield "returns", (*(fact[name] for name in ("return_id", "handout_id", "party_id", "count", "returned_at")), position, fact["org"])


def _cut(position: int, fact: Fact) -> Rows:
    yield "budwood", (*(fact[name] for name in ("budwood_id", "mother_plot_id", "clone", "sticks", "cut_at")), position, fact["org"])


def _grafted(position: int, fact: Fact) -> Rows:
    names = ("graft_id", "plot_id", "handout_id", "budwood_id", "mother_plot_id", "clone", "grafted", "grafted_at")
    yield "grafts", (*(fact[name] for name in names), position, fact["org"])


def _counted(position: int, fact: Fact) -> Rows:
    yield "graft_counts", (fact["graft_id"], fact["counted_at"], fact["alive"], position, fact["org"])


PLOT = Entity(
    table(
        "plots",
        "plot text, book text, holder text, district text, system text, shape text, cell text, area_m2 int8, accuracy_mm int8,"
        " planted_at text, surveyed_at text, position int8, org text",
        "plot",
        "holder",
    ),
    "plot-registered.v1",
    _registered,
    {
        "plot-resurveyed.v1": {name: name for name in ("area_m2", "shape", "cell", "accuracy_mm", "surveyed_at")},
        "plot-transferred.v1": {"holder": "to_id"},
    },
    lambda fact: str(fact["plot_id"]),
    "plot:",
)
"""A plot by its latest survey and holder."""
PLOTS = View(
    "plots",
    annullable(
        PLOT.table,
        table(
            "nursery_lots",
            "nursery_lot text, nursery text, species text, clone text, count int8, raised_at text, position int8, org text",
            "nursery_lot",
        ),
        table(
            "handouts",
            "handout text, nursery_lot text, party text, plot text, species text, count int8,"
            " return_due int8, handed_at text, position int8, org text",
            "handout",
            "plot",
        ),
        table(
            "returns", "return text, handout text, party text, count int8, returned_at text, position int8, org text", "return", "handout"
        ),
        table(
            "budwood", "budwood text, plot text, clone text, sticks int8, cut_at text, position int8, org text", "budwood", "plot", "clone"
        ),
        table(
            "grafts",
            "graft text, plot text, handout text, budwood text, mother_plot text, clone text, grafted int8, grafted_at text,"
            " position int8, org text",
            "graft",
            "plot",
            "budwood",
            "clone",
        ),
        table(
            "graft_counts",
            "graft text, counted_at text, alive int8, position int8, org text",
            "graft, counted_at",
            theirs="graft IN (SELECT graft FROM {schema}.grafts)",
        ),
    ),
    {
        "plot-registered.v1": _registered,
        "seedlings-raised.v1": _raised,
        "seedlings-handed-out.v1": _handed_out,
        "seedlings-returned.v1": _returned,
        "budwood-cut.v1": _cut,
        "plants-grafted.v1": _grafted,
        "grafts-counted.v1": _counted,
    },
    PLOT.change,
    frozenset(PLOT.changes),
    PLOT.undo,
)
