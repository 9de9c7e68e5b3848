"""What machines of an organisation ask for by id, or page by page: its lots, one party, one plot. On a connection that sees its rows."""

from typing import Final, NamedTuple

from ledger.schema import Connection


class Lot(NamedTuple):
    """A lot: grams when it was made, and on hand."""

    lot: str
    form: str
    holder: str
    made_by: str
    grams: int
    left: int
    started_at: str
    ended_at: str
    position: int


class Party(NamedTuple):
    """A party, without name."""

    party: str
    role: str
    organisation: bool
    district: str
    enrolled_at: str
    position: int


class Plot(NamedTuple):
    """A plot by its latest survey and holder, without boundary."""

    plot: str
    holder: str
    district: str
    system: str
    shape: str
    area_m2: int
    accuracy_mm: int
    planted_at: str
    surveyed_at: str
    position: int


_LOTS: Final = """SELECT lot, form, holder, made_by, grams, "left", started_at, ended_at, position FROM (SELECT l.*,
 l.grams - coalesce((SELECT sum(e.grams) FROM {0}.edges e WHERE e.src = 'lot:' || l.lot), 0)::int8 AS "left"
 FROM {0}.lots l WHERE l.lot > %(after)s AND (%(org)s::text IS NULL OR l.org = %(org)s)) AS lots
 WHERE %(used_up)s OR "left" > 0 ORDER BY lot LIMIT %(most)s"""
_PARTY: Final = f"""SELECT {", ".join(Party._fields)} FROM {{0}}.parties
 WHERE party = %(key)s AND (%(org)s::text IS NULL OR org = %(org)s OR party = %(org)s)"""
_PLOT: Final = f"SELECT {', '.join(Plot._fields)} FROM {{0}}.plots WHERE plot = %(key)s AND (%(org)s::text IS NULL OR org = %(org)s)"


def lots(conn: Connection, org: str | None, after: str, most: int, *, used_up: bool, schema: str = "views") -> list[Lot]:
    """Lots that an organisation recorded (None: those of all), by their keys, beginning behind one; with those used up, or without."""
    asked = {"org": org, "after": after, "most": most, "used_up": used_up}
    return [Lot(*row) for row in conn.execute(_LOTS.format(schema), asked)]


def party(conn: Connection, org: str | None, key: str, schema: str = "views") -> Party | None:
    """The organisation itself, or a party that it enrolled; None for another's, known or not."""
    row = conn.execute(_PARTY.format(schema), {"org": org, "key": key}).fetchone()
    return Party(*row) if row else None


def plot(conn: Connection, org: str | None, key: str, schema: str = "views") -> Plot | None:
    """A plot that an organisation registered; None for another's, known or not."""
    row = conn.execute(_PLOT.format(schema), {"org": org, "key": key}).fetchone()
    return Plot(*row) if row else None
