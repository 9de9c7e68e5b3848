"""Rebuild the views beside those that serve, compare them, and swap: nobody waits, and a difference is seen.

Memory: one batch of entries, and the lineage of one container at a time; flat in the number of entries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from domain.annulment import ANNULLED
from ledger.schema import Connection
from projections.follow import (
    BATCH,
    SHAPE,
    VIEWS,
    Filled,
    connected,
    create,
    fill,
    finish,
    follow,
    open_to_readers,
    position,
    settle,
    shape,
    tables,
)
from projections.past import close_past, open_past
from projections.view import Facts, Table, View

NEXT, OLD = "views_next", "views_old"
ROWS_A_PART: Final = 10_000


@dataclass(frozen=True, slots=True)
class Compared:
    """A view's digest before and after, at the same position; nothing before where the views were of another release's shape."""

    view: str
    before: str
    after: str


def rebuild(url: str, progress: Callable[[int, int], None] = lambda _done, _size: None) -> tuple[int, list[Compared]]:
    """Replay all entries into a second schema, compare at the position that both show, and swap.

    `progress` is called with (entries replayed, entries in all). Returns that position and a comparison for each view.
    """
    with connected(url) as conn:
        conn.execute("SELECT pg_advisory_lock(7263003)")
        conn.execute(f"DROP SCHEMA IF EXISTS {NEXT} CASCADE")
        _replay(conn, progress)
        return _swap(conn, progress)


def _replay(conn: Connection, progress: Callable[[int, int], None]) -> None:
    """All entries into views that nobody reads yet."""
    with conn.transaction():
        create(conn, NEXT)
    reached = replay(conn, NEXT, _size(conn), progress)
    with conn.transaction():
        open_to_readers(conn, NEXT)
    while reached < _size(conn):  # what was written meanwhile
        with conn.transaction():
            reached = follow(conn, NEXT, reached, BATCH)


def replay(conn: Connection, schema: str, target: int, progress: Callable[[int, int], None] = lambda _done, _size: None) -> int:
    """The entries up to a position into empty tables without keys; then the keys, and what needs settling, once. Returns the position."""
    gone, reached, settling = annulments(conn, target), 0, Facts()
    while reached < target:
        with conn.transaction():
            reached, facts, _ = fill(conn, schema, reached, min(BATCH, target - reached), gone)
        settling += facts
        progress(reached, target)
    with conn.transaction():
        finish(conn, schema)
        settle(conn, schema, Filled(reached, settling, []))
        conn.execute(f"UPDATE {schema}.progress SET position = %s", (reached,))
    return reached


def annulments(conn: Connection, upto: int) -> dict[int, int]:
    """Position of each annulled entry -> that of its annulment, of those up to a position."""
    found = conn.execute(
        "SELECT substr(tag, 7)::int8, position FROM ledger.tags WHERE tag >= 'entry:' AND tag < 'entry;' AND kind = %s AND position <= %s",
        (ANNULLED, upto),
    )
    return dict(found.fetchall())


def _swap(conn: Connection, progress: Callable[[int, int], None]) -> tuple[int, list[Compared]]:
    """Bring both to one position while nobody follows, compare, and exchange their names: one commit."""
    with conn.transaction():
        conn.execute("SELECT position FROM views.progress FOR UPDATE")
        target, same_shape = _size(conn), shape(conn) == SHAPE
        for schema in ("views", NEXT) if same_shape else (NEXT,):
            reached = position(conn, schema)
            while reached < target:
                reached = follow(conn, schema, reached, min(BATCH, target - reached))
        before = digests(conn) if same_shape else {}
        compared = [Compared(view.name, before.get(view.name, ""), digest(conn, NEXT, view)) for view in VIEWS]
        close_past(conn)
        conn.execute(f"ALTER SCHEMA views RENAME TO {OLD}")
        conn.execute(f"ALTER SCHEMA {NEXT} RENAME TO views")
        conn.execute(f"DROP SCHEMA {OLD} CASCADE")
        open_past(conn, tables())
    progress(target, target)
    return target, compared


def _size(conn: Connection) -> int:
    row = conn.execute("SELECT size FROM ledger.head").fetchone()
    return int(row[0]) if row else 0


def digests(conn: Connection, schema: str = "views") -> dict[str, str]:
    """The digest of every view, of those that serve."""
    return {view.name: digest(conn, schema, view) for view in VIEWS}


def digest(conn: Connection, schema: str, view: View) -> str:
    """SHA-256 over a view's rows in the order of their keys, as PostgreSQL spells them, hashed there by the thousand."""
    whole = sha256()
    for each in view.tables:
        whole.update(each.name.encode())
        for (part,) in conn.execute(_digest_of(schema, each), {"part": ROWS_A_PART}):
            whole.update(part)
    return whole.hexdigest()


def _digest_of(schema: str, of: Table) -> str:
    columns = ", ".join(of.columns)
    return (
        "SELECT sha256(convert_to(string_agg(spelled, chr(10) ORDER BY at), 'UTF8'))"
        f" FROM (SELECT row_number() OVER (ORDER BY {of.key}) AS at, ROW({columns})::text AS spelled FROM {schema}.{of.name}) AS rows"
        " GROUP BY at / %s ORDER BY at / %s".replace("%s", "%(part)s")
    )
