"""The nursery of an organisation: what is left of each lot of seedlings, who owes what, and what may be grafted and counted."""

from typing import Any, Final, NamedTuple

from domain.graft import BUDS_A_STICK
from ledger.schema import Connection

_MOST: Final = 500
"""Things that a page lists, or offers to pick from, at once: the latest."""


class NurseryLot(NamedTuple):
    """Seedlings raised together, and how many are left."""

    nursery_lot: str
    species: str
    clone: str | None
    raised: int
    left: int
    raised_at: str

    @property
    def id(self) -> str:
        """Its id within its book."""
        return self.nursery_lot.rpartition("/")[2]


class Debt(NamedTuple):
    """A farmer's account of seedlings: plantains and others given, owed back as agreed, and brought back."""

    party: str
    plantains: int
    others: int
    due: int
    back: int

    @property
    def owed(self) -> int:
        """Still owed."""
        return self.due - self.back


class Handout(NamedTuple):
    """One handout: to whom, for which plot, what is owed on it and brought back, and how many are grafted."""

    handout: str
    party: str
    plot: str
    species: str
    given: int
    due: int
    back: int
    grafted: int
    handed_at: str

    @property
    def id(self) -> str:
        """Its id within its book."""
        return self.handout.rpartition("/")[2]

    @property
    def owed(self) -> int:
        """Still owed on it."""
        return self.due - self.back

    @property
    def ungrafted(self) -> int:
        """Plants of it that bear no graft."""
        return self.given - self.grafted


class Budwood(NamedTuple):
    """Sticks that were cut, and how many buds are left on them."""

    budwood: str
    clone: str
    plot: str
    buds: int


class Graft(NamedTuple):
    """A graft, with what was counted last."""

    graft: str
    plot: str
    clone: str
    grafted: int
    alive: int | None
    counted_at: str | None


class Plot(NamedTuple):
    """A plot to pick, and whose it is."""

    plot: str
    holder: str
    district: str


_LOTS: Final = """SELECT n.nursery_lot, n.species, n.clone, n.count,
 n.count - coalesce((SELECT sum(h.count) FROM views.handouts h WHERE h.nursery_lot = n.nursery_lot), 0)::int8, n.raised_at
 FROM views.nursery_lots n WHERE %(org)s::text IS NULL OR n.nursery = %(org)s ORDER BY n.raised_at DESC, n.nursery_lot LIMIT %(most)s"""
_HANDOUTS: Final = """SELECT h.handout, h.party, h.plot, h.species, h.count, h.return_due,
 coalesce((SELECT sum(r.count) FROM views.returns r WHERE r.handout = h.handout), 0)::int8,
 coalesce((SELECT sum(g.grafted) FROM views.grafts g WHERE g.plot = h.plot AND g.handout = h.handout), 0)::int8, h.handed_at
 FROM views.handouts h JOIN views.nursery_lots n USING (nursery_lot) WHERE (%(org)s::text IS NULL OR n.nursery = %(org)s)"""
_DEBTS: Final = f"""SELECT party, coalesce(sum(count) FILTER (WHERE species = 'plantain'), 0)::int8,
 coalesce(sum(count) FILTER (WHERE species <> 'plantain'), 0)::int8, sum(return_due)::int8, sum(back)::int8
 FROM ({_HANDOUTS}) AS handed (handout, party, plot, species, count, return_due, back) GROUP BY party
 ORDER BY sum(return_due) - sum(back) DESC, party LIMIT %(most)s"""
_BUDWOOD: Final = """SELECT * FROM (SELECT b.budwood, b.clone, b.plot,
 b.sticks * %(buds)s - coalesce((SELECT sum(g.grafted) FROM views.grafts g WHERE g.budwood = b.budwood), 0)::int8 AS buds
 FROM views.budwood b) AS cut WHERE buds > 0 ORDER BY budwood DESC LIMIT %(most)s"""
_GRAFTS: Final = """SELECT DISTINCT ON (g.grafted_at, g.graft) g.graft, g.plot, g.clone, g.grafted, c.alive, c.counted_at
 FROM views.grafts g LEFT JOIN views.graft_counts c USING (graft)
 ORDER BY g.grafted_at DESC, g.graft, c.counted_at DESC NULLS LAST LIMIT %(most)s"""


def _asked(conn: Connection, query: str, org: str | None = None) -> list[tuple[Any, ...]]:
    return conn.execute(query, {"org": org, "most": _MOST, "buds": BUDS_A_STICK}).fetchall()


def nursery_lots(conn: Connection, org: str | None) -> list[NurseryLot]:
    """Lots of seedlings that an organisation raised, the latest first."""
    return [NurseryLot(*row) for row in _asked(conn, _LOTS, org)]


def debts(conn: Connection, org: str | None) -> list[Debt]:
    """Every farmer's account of seedlings with an organisation's nursery, who owes most first."""
    return [Debt(*row) for row in _asked(conn, _DEBTS, org)]


def handouts(conn: Connection, org: str | None) -> list[Handout]:
    """Handouts of an organisation's nursery, the latest first."""
    return [Handout(*row) for row in _asked(conn, f"{_HANDOUTS} ORDER BY h.handed_at DESC, h.handout LIMIT %(most)s", org)]


def handout(conn: Connection, key: str) -> Handout | None:
    """One handout, if it may be seen."""
    row = conn.execute(f"{_HANDOUTS} AND h.handout = %(key)s", {"org": None, "key": key}).fetchone()
    return Handout(*row) if row else None


def budwood(conn: Connection) -> list[Budwood]:
    """Sticks with buds left on them."""
    return [Budwood(*row) for row in _asked(conn, _BUDWOOD)]


def grafts(conn: Connection) -> list[Graft]:
    """Grafts with their latest count, the latest first."""
    return [Graft(*row) for row in _asked(conn, _GRAFTS)]


def plots(conn: Connection) -> list[Plot]:
    """Plots to pick from."""
    return [Plot(*row) for row in _asked(conn, "SELECT plot, holder, district FROM views.plots ORDER BY plot LIMIT %(most)s")]


def holder(conn: Connection, plot: str) -> str | None:
    """Who holds a plot, if it may be seen."""
    row = conn.execute("SELECT holder FROM views.plots WHERE plot = %s", (plot,)).fetchone()
    return str(row[0]) if row else None
