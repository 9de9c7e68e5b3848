"""Farmers as an organisation's office sees them: whom it enrolled, their plots, what they have on hand, and the seedlings they owe.

Names, phones and boundaries are joined from the vault where a page is made.
"""

from typing import Final, NamedTuple

from ledger.schema import Connection


class Farmer(NamedTuple):
    """A farmer, without name: their key, district and since when."""

    party: str
    district: str
    enrolled_at: str


class Plot(NamedTuple):
    """A plot by its latest survey, and who holds it."""

    plot: str
    holder: str
    district: str
    system: str
    shape: str
    area_m2: int
    accuracy_mm: int
    planted_at: str
    surveyed_at: str


class OnHand(NamedTuple):
    """A lot with something left of it."""

    lot: str
    form: str
    grams: int
    ended_at: str


class Seedlings(NamedTuple):
    """Seedlings that a farmer got, what must come back for them, and what came."""

    given: int
    due: int
    returned: int

    @property
    def owed(self) -> int:
        """What must still come back."""
        return max(0, self.due - self.returned)


_THEIRS: Final = "role = 'farmer' AND (%(org)s::text IS NULL OR org = %(org)s)"
_FARMERS: Final = (
    f"SELECT party, district, enrolled_at FROM views.parties WHERE {_THEIRS} AND party > %(after)s ORDER BY party LIMIT %(most)s"
)
_FARMER: Final = f"SELECT party, district, enrolled_at FROM {{0}}.parties WHERE {_THEIRS} AND party = %(party)s"
_PLOTS: Final = "SELECT plot, holder, district, system, shape, area_m2, accuracy_mm, planted_at, surveyed_at FROM {0}.plots WHERE"
_ON_HAND: Final = """SELECT lot, form, grams, ended_at FROM (SELECT l.lot, l.form, l.ended_at,
 l.grams - coalesce((SELECT sum(e.grams) FROM views.edges e WHERE e.src = 'lot:' || l.lot), 0)::int8 AS grams
 FROM views.lots l WHERE l.holder = %s) AS lots WHERE grams > 0 ORDER BY ended_at, lot"""
_SEEDLINGS: Final = """SELECT coalesce(sum(h.count), 0)::int8, coalesce(sum(h.return_due), 0)::int8,
 coalesce(sum((SELECT sum(r.count) FROM views.returns r WHERE r.handout = h.handout)), 0)::int8
 FROM views.handouts h WHERE h.party = %s"""
_ALL: Final = 1_000_000


def farmers(conn: Connection, org: str | None, after: str = "", most: int = _ALL) -> list[Farmer]:
    """Farmers that an organisation enrolled (None: all), by their ids, beginning behind one."""
    return [Farmer(*row) for row in conn.execute(_FARMERS, {"org": org, "after": after, "most": most})]


def farmer(conn: Connection, org: str | None, party: str, schema: str = "views") -> Farmer | None:
    """One farmer; None for another's, known or not."""
    row = conn.execute(_FARMER.format(schema), {"org": org, "party": party}).fetchone()
    return Farmer(*row) if row else None


def plots(conn: Connection, party: str) -> list[Plot]:
    """The plots that a party holds."""
    return [Plot(*row) for row in conn.execute(f"{_PLOTS.format('views')} holder = %s ORDER BY plot", (party,))]


def plot(conn: Connection, org: str | None, key: str, schema: str = "views") -> Plot | None:
    """One plot, held by a farmer of the organisation or by itself; None for another's."""
    row = conn.execute(f"{_PLOTS.format(schema)} plot = %s", (key,)).fetchone()
    found = Plot(*row) if row else None
    return found if found and (found.holder == org or farmer(conn, org, found.holder, schema)) else None


def on_hand(conn: Connection, party: str) -> list[OnHand]:
    """Lots that a party holds and that have something left, the oldest first."""
    return [OnHand(*row) for row in conn.execute(_ON_HAND, (party,))]


def seedlings(conn: Connection, party: str) -> Seedlings:
    """The seedlings of a farmer, over all handouts."""
    row = conn.execute(_SEEDLINGS, (party,)).fetchone()
    return Seedlings(*row) if row else Seedlings(0, 0, 0)


def district(conn: Connection, party: str) -> str:
    """The district of a party."""
    row = conn.execute("SELECT district FROM views.parties WHERE party = %s", (party,)).fetchone()
    return str(row[0]) if row else ""
