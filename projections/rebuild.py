"""Rebuild the views beside those that serve, compare them, and swap: nobody waits, and a difference is seen.

Memory: one batch of entries, and the lineage of one container at a time; flat in the number of entries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ledger.schema import Connection
from projections.follow import BATCH, SHAPE, VIEWS, connected, create, fill, finish, open_to_readers, position, shape
from projections.view import Table, View

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
    """All entries into tables without keys; then the keys, and what needs settling, once."""
    with conn.transaction():
        create(conn, NEXT)
    reached, settling = 0, []
    while True:
        with conn.transaction():
            further, facts = fill(conn, NEXT, reached, BATCH)
        settling += facts
        progress(further, _size(conn))
        if further == reached:
            break
        reached = further
    with conn.transaction():
        finish(conn, NEXT)
        _settle(conn, settling)
        conn.execute(f"UPDATE {NEXT}.progress SET position = %s", (reached,))
        open_to_readers(conn, NEXT)


def _swap(conn: Connection, progress: Callable[[int, int], None]) -> tuple[int, list[Compared]]:
    """Bring both to one position while nobody follows, compare, and exchange their names: one commit."""
    with conn.transaction():
        conn.execute("SELECT position FROM views.progress FOR UPDATE")
        target, same_shape = _size(conn), shape(conn) == SHAPE
        for schema in ("views", NEXT) if same_shape else (NEXT,):
            _follow_to(conn, schema, target)
        before = digests(conn) if same_shape else {}
        compared = [Compared(view.name, before.get(view.name, ""), digest(conn, NEXT, view)) for view in VIEWS]
        conn.execute(f"ALTER SCHEMA views RENAME TO {OLD}")
        conn.execute(f"ALTER SCHEMA {NEXT} RENAME TO views")
        conn.execute(f"DROP SCHEMA {OLD} CASCADE")
    progress(target, target)
    return target, compared


def _follow_to(conn: Connection, schema: str, target: int) -> None:
    reached = position(conn, schema)
    while reached < target:
        further, facts = fill(conn, schema, reached, min(BATCH, target - reached))
        _settle(conn, facts, schema)
        reached = further
    conn.execute(f"UPDATE {schema}.progress SET position = %s", (reached,))


def _settle(conn: Connection, facts: list[tuple[int, Any]], schema: str = NEXT) -> None:
    for view in VIEWS:
        if view.settle:
            view.settle(conn, schema, [each for each in facts if each[1]["kind"] in view.settles])


def _size(conn: Connection) -> int:
    row = conn.execute("SELECT size FROM ledger.head").fetchone()
    return int(row[0]) if row else 0


def digests(conn: Connection) -> dict[str, str]:
    """The digest of every view that serves."""
    return {view.name: digest(conn, "views", view) for view in VIEWS}


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
