"""The transparency log's tables: tiles grown from entries that are read back and hashed again, and the checkpoints that were signed.

PostgreSQL hashes the stored bytes here, Python hashed them at the append: two programs must agree before anything is signed.
"""

import json
from collections.abc import Iterator
from typing import Final, NamedTuple

from ledger import schema
from ledger.merkle import EMPTY, HASH_BYTES, Subtree, root_of
from ledger.schema import PROJECTOR, PUBLISHER, SERVER, Connection, connect
from ledger.tile import WIDTH, reader

TABLES: Final = """
CREATE SCHEMA IF NOT EXISTS log;
CREATE TABLE IF NOT EXISTS log.tiles (level int NOT NULL, index bigint NOT NULL, hashes bytea NOT NULL, PRIMARY KEY (level, index));
ALTER TABLE log.tiles ALTER hashes SET STORAGE EXTERNAL;
CREATE TABLE IF NOT EXISTS log.tree (one boolean PRIMARY KEY DEFAULT true CHECK (one), size bigint NOT NULL);
INSERT INTO log.tree (size) VALUES (0) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS log.checkpoints (
  origin text NOT NULL, size bigint NOT NULL, note bytea NOT NULL, signed_at text NOT NULL, PRIMARY KEY (origin, size));
CREATE TABLE IF NOT EXISTS log.witnessed (origin text NOT NULL, witness text NOT NULL, size bigint NOT NULL, PRIMARY KEY (origin, witness));
CREATE TABLE IF NOT EXISTS log.trouble (
  one boolean PRIMARY KEY DEFAULT true CHECK (one), template text NOT NULL, values jsonb NOT NULL, since text NOT NULL, position bigint);
"""
RIGHTS: Final = f"""
GRANT USAGE ON SCHEMA log, ledger TO {PUBLISHER};
GRANT SELECT ON ledger.entries, ledger.head TO {PUBLISHER};
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA log TO {PUBLISHER};
GRANT DELETE ON log.trouble TO {PUBLISHER};
GRANT UPDATE (sealed) ON ledger.head TO {PUBLISHER};
GRANT USAGE ON SCHEMA log TO {SERVER}, {PROJECTOR};
GRANT SELECT ON ALL TABLES IN SCHEMA log TO {SERVER}, {PROJECTOR};
"""
_GRANTED: Final = f"SELECT has_table_privilege('{PUBLISHER}', 'log.tiles', 'INSERT')"
CHUNK: Final = 100 * WIDTH
"""Entries read back and hashed in one commit."""
_HASHED: Final = """SELECT min(position), count(*), string_agg(sha256('\\x00'::bytea || line), ''::bytea ORDER BY position)
 FROM ledger.entries WHERE position > %s AND position <= %s GROUP BY (position - 1) / 256 ORDER BY 1"""
_MISSING: Final = """SELECT p FROM generate_series(%s::int8, %s::int8) AS p
 WHERE NOT EXISTS (SELECT FROM ledger.entries WHERE position = p) ORDER BY p LIMIT 1"""
_GROWN: Final = """INSERT INTO log.tiles AS t VALUES (%s, %s, %s)
 ON CONFLICT (level, index) DO UPDATE SET hashes = t.hashes || EXCLUDED.hashes
 RETURNING hashes"""

_TROUBLE: Final = """INSERT INTO log.trouble AS t (template, values, since, position) VALUES (%s, %s, %s, %s)
 ON CONFLICT (one) DO UPDATE SET template = EXCLUDED.template, values = EXCLUDED.values, since = EXCLUDED.since,
 position = EXCLUDED.position WHERE t.template <> EXCLUDED.template OR t.values <> EXCLUDED.values"""


class Diverged(Exception):
    """What is stored and what was signed do not agree: nothing further may be signed.

    `template` with `values` says what was found, kept apart so that it can be translated; `position`: the first bad entry, where known.
    `forked`: what is written from here on would go on from another history than the one that was signed.
    """

    def __init__(self, template: str, position: int | None = None, *, forked: bool = False, **values: object) -> None:
        self.template, self.position, self.forked = template, position, forked
        self.values = {name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in values.items()}
        super().__init__(template.format(**self.values))


class Trouble(NamedTuple):
    """Why nothing is signed any more: a sentence with its values apart, and since when."""

    template: str
    values: dict[str, str]
    since: str

    def __str__(self) -> str:
        """The sentence in English."""
        return self.template.format(**self.values)


def install(url: str) -> None:
    """Make the tables and rights where they are missing."""
    with connect(url) as conn, conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(7263001)")  # the lock of `schema.install`, which gives rights on the same tables
        if conn.execute("SELECT to_regclass('log.trouble') IS NULL").fetchone() == (True,):
            conn.execute(TABLES)
        if not schema.not_held(conn) and conn.execute(_GRANTED).fetchone() == (False,):
            conn.execute(RIGHTS)


def size(conn: Connection) -> int:
    """Entries that the tiles cover."""
    return int(conn.execute("SELECT size FROM log.tree").fetchall()[0][0])


def grow(conn: Connection, upto: int) -> int:
    """Read further entries back, hash them, and put the hashes into the tiles: one commit a chunk. Returns the size reached.

    Raises Diverged where an entry is missing.
    """
    with conn.transaction():
        began = int(conn.execute("SELECT size FROM log.tree FOR UPDATE").fetchall()[0][0])
        end = min(upto, began - began % WIDTH + CHUNK)
        if end <= began:
            return began
        for first, count, hashes in _read_back(conn, began, end):
            _add(conn, 0, (first - 1) // WIDTH, hashes, (first - 1 + count) % WIDTH == 0)
        conn.execute("UPDATE log.tree SET size = %s", (end,))
        return end


def _read_back(conn: Connection, after: int, upto: int) -> Iterator[tuple[int, int, bytes]]:
    expected = after + 1
    for first, count, hashes in conn.execute(_HASHED, (after, upto), binary=True).fetchall():
        if first != expected or first + count != min(upto, first + WIDTH - 1 - (first - 1) % WIDTH) + 1:
            break
        expected += count
        yield first, count, hashes
    if expected != upto + 1:
        gone = conn.execute(_MISSING, (expected, upto)).fetchone()
        at = int(gone[0]) if gone else expected
        raise Diverged("entry {at} is missing", at, forked=True, at=at)


def _add(conn: Connection, level: int, index: int, hashes: bytes, full: bool) -> None:  # noqa: FBT001 - of one caller and itself
    """Further hashes of a tile; the root of a tile that is full becomes a hash of the tile above."""
    ((whole,),) = conn.execute(_GROWN, (level, index, hashes), binary=True, prepare=True).fetchall()
    if full:
        if len(whole) != WIDTH * HASH_BYTES:
            raise Diverged(
                "tile {tile} has {count} hashes where it should be full", tile=f"{level}/{index}", count=len(whole) // HASH_BYTES
            )
        above = root_of(whole[at : at + HASH_BYTES] for at in range(0, len(whole), HASH_BYTES))
        _add(conn, level + 1, index // WIDTH, above, index % WIDTH == WIDTH - 1)


def tile(conn: Connection, level: int, index: int) -> bytes:
    """The hashes of a tile, as far as they are there; empty where there is none."""
    row = conn.execute("SELECT hashes FROM log.tiles WHERE level = %s AND index = %s", (level, index), binary=True, prepare=True).fetchone()
    return bytes(row[0]) if row else b""


def tree(conn: Connection, upto: int) -> Subtree:
    """The hashes of the tree of the first `upto` entries, out of its tiles; (0, 0) is the empty tree."""
    subtree = reader(upto, lambda level, index: tile(conn, level, index))
    return lambda lo, hi: subtree(lo, hi) if hi else EMPTY


def newest(conn: Connection, origin: str) -> bytes | None:
    """The newest checkpoint that is published, or None."""
    row = conn.execute("SELECT note FROM log.checkpoints WHERE origin = %s ORDER BY size DESC LIMIT 1", (origin,), binary=True).fetchone()
    return bytes(row[0]) if row else None


def signed_at(conn: Connection, origin: str, upto: int) -> bytes | None:
    """The checkpoint of exactly that size, where one was signed."""
    row = conn.execute("SELECT note FROM log.checkpoints WHERE origin = %s AND size = %s", (origin, upto), binary=True).fetchone()
    return bytes(row[0]) if row else None


def first_over(conn: Connection, origin: str, position: int) -> tuple[int, str] | None:
    """Size and time of the first signed checkpoint that holds an entry; None while none does."""
    row = conn.execute(
        "SELECT size, signed_at FROM log.checkpoints WHERE origin = %s AND size >= %s ORDER BY size LIMIT 1", (origin, position)
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def note_trouble(conn: Connection, diverged: Diverged, since: str) -> None:
    """Keep, for all to see, why nothing is signed; of the same trouble the first moment stands."""
    conn.execute(_TROUBLE, (diverged.template, json.dumps(diverged.values), since, diverged.position))


def trouble(conn: Connection) -> Trouble | None:
    """Why nothing is signed any more, or None."""
    row = conn.execute("SELECT template, values, since FROM log.trouble").fetchone()
    return Trouble(*row) if row else None
