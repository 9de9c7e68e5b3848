"""The one append: gapless positions, the new head, entries, tags and command ids in one commit that holds only if the head stood still."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import psycopg

from ledger.deadline import Deadline
from ledger.merkle import Range, leaf_hash, unpacked
from ledger.schema import BY_INDEX, SERVER, Connection, connect

ONE_STATEMENT: Final = 200
"""Entries up to which one statement is quicker than COPY."""
WALLED: Final = "vault."
"""Where the tables with row-level security lie."""
_SEPARATOR, _RECORD = "\x1f", "\x1e"
_TEXT_OID: Final = 25


@dataclass(frozen=True, slots=True)
class Head:
    """Where the ledger stands: its compact range, and when the last entry was written."""

    range: Range = field(default_factory=Range)
    seen: str = ""
    sealed: bool = False
    """Nothing may be appended: what was restored is not compared yet with what was signed."""

    @property
    def size(self) -> int:
        """Number of entries: the last position."""
        return self.range.size


@dataclass(frozen=True, slots=True)
class Record:
    """One entry to append."""

    kind: str
    tags: Sequence[str]
    line: bytes


UNKNOWN: Final = b""
"""In place of the digest of a command's content, where its entry came back from a mirror: then every content is the same."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A command id that is taken, for ever: where its facts stand, and the digest of its content."""

    id: UUID
    first: int
    count: int
    digest: bytes


Rows = dict[str, list[tuple[Any, ...]]]
"""Table with its columns -> further rows that belong into the same commit."""

_APPEND = """
WITH moved AS (UPDATE ledger.head SET size = %(new)s, nodes = %(nodes)s, seen = %(seen)s
 WHERE size = %(old)s AND NOT sealed RETURNING size),
e AS (INSERT INTO ledger.entries SELECT p, k, string_to_array(t, chr(31)), l FROM moved,
  unnest(%(positions)b::int8[], %(kinds)b::text[], %(joined)b::text[], %(lines)b::bytea[]) AS u(p, k, t, l)),
t AS (INSERT INTO ledger.tags SELECT t, k, p FROM moved, unnest(%(tag)b::text[], %(tag_kind)b::text[], %(tag_at)b::int8[]) AS u(t, k, p)){}
SELECT size FROM moved"""
_COMMANDS = """,
c AS (INSERT INTO ledger.commands SELECT i, f, n, d FROM moved,
  unnest(%(ids)b::uuid[], %(firsts)b::int8[], %(counts)b::int4[], %(digests)b::bytea[]) AS u(i, f, n, d))"""


_KNOWN = """
SELECT NULL AS tag, first AS position, digest AS line, id, count FROM ledger.commands WHERE id = ANY(string_to_array(%(ids)b, ',')::uuid[])
UNION ALL
SELECT w.tag, e.position, e.line, NULL, NULL
  FROM unnest(string_to_array(%(tags)b, chr(30)), string_to_array(%(kinds)b, chr(30))) AS w(tag, kinds)
  JOIN ledger.tags t ON t.tag = w.tag AND t.kind = ANY(string_to_array(w.kinds, chr(31)))
  JOIN ledger.entries e ON e.position = t.position WHERE t.position <= %(upto)b
ORDER BY position"""


class Store:
    """One connection that appends. Not for use by two threads at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._deadline = Deadline()
        self.conn = self._connect()

    def _connect(self) -> Connection:
        return connect(self._url, SERVER, options=BY_INDEX)

    def reconnect(self) -> None:
        """A new connection in place of a broken one. Raises psycopg.OperationalError while the server is away."""
        self.close()
        self.conn = self._connect()

    def close(self) -> None:
        """Close the connection."""
        self.conn.close()

    def head(self, *, lock: bool = False) -> Head:
        """Where the ledger stands; with `lock`, nobody else moves it until the transaction ends."""
        row = self.conn.execute("SELECT size, nodes, seen, sealed FROM ledger.head" + (" FOR UPDATE" if lock else "")).fetchone()
        if row is None:
            raise RuntimeError("the ledger has no head: run `cacao doctor`")
        return Head(unpacked(row[0], row[1]), row[2], row[3])

    def append(
        self, head: Head, records: Sequence[Record], taken: Sequence[Taken] = (), rows: Rows | None = None, seen: str = ""
    ) -> Head | None:
        """Give `records` the next positions, in one commit with `taken` and `rows`.

        Returns the new head, or None (and nothing is changed) where another process moved the head. Inside an open
        transaction it is part of that.
        """
        new = Head(head.range.extend(leaf_hash(record.line) for record in records), max(seen, head.seen))
        with self._deadline.watch(self.conn):
            if not rows and len(records) <= ONE_STATEMENT:
                return new if self._one_statement(head, new, records, taken) else None
            try:
                with self.conn.transaction():
                    self._copy(head, new, records, taken, rows or {})
            except _Moved:
                return None
        return new

    def _one_statement(self, head: Head, new: Head, records: Sequence[Record], taken: Sequence[Taken]) -> bool:
        tags = [(tag, record.kind, at) for at, record in enumerate(records, head.size + 1) for tag in record.tags]
        moved = self.conn.execute(
            _APPEND.format(_COMMANDS if taken else ""),
            {
                "old": head.size,
                "new": new.size,
                "nodes": new.range.packed(),
                "seen": new.seen,
                "positions": list(range(head.size + 1, new.size + 1)),
                "kinds": [record.kind for record in records],
                "joined": [_SEPARATOR.join(record.tags) for record in records],
                "lines": [record.line for record in records],
                "tag": [tag for tag, _, _ in tags],
                "tag_kind": [kind for _, kind, _ in tags],
                "tag_at": [at for _, _, at in tags],
                "ids": [each.id for each in taken],
                "firsts": [each.first for each in taken],
                "counts": [each.count for each in taken],
                "digests": [each.digest for each in taken],
            },
            prepare=True,
        )
        return moved.rowcount == 1

    def _copy(self, head: Head, new: Head, records: Sequence[Record], taken: Sequence[Taken], rows: Rows) -> None:
        if records:
            moved = self.conn.execute(
                "UPDATE ledger.head SET size = %s, nodes = %s, seen = %s WHERE size = %s AND NOT sealed",
                (new.size, new.range.packed(), new.seen, head.size),
            )
            if moved.rowcount != 1:
                raise _Moved
        placed = list(enumerate(records, head.size + 1))
        self._fill("ledger.entries", ("int8", "text", "bytea", "bytea"), ((at, r.kind, _array(r.tags), r.line) for at, r in placed))
        self._fill("ledger.tags", ("text", "text", "int8"), ((tag, r.kind, at) for at, r in placed for tag in r.tags))
        self._fill("ledger.commands", ("uuid", "int8", "int4", "bytea"), ((each.id, each.first, each.count, each.digest) for each in taken))
        for table, values in rows.items():
            if table.startswith(WALLED):
                self._insert(table, values)
            else:
                self._fill(table, None, values)

    def _fill(self, table: str, types: Sequence[str] | None, values: Iterable[tuple[Any, ...]]) -> None:
        with self.conn.cursor().copy(f"COPY {table} FROM STDIN" + (" (FORMAT BINARY)" if types else "")) as copy:
            if types:
                copy.set_types(types)
            for row in values:
                copy.write_row(row)

    def _insert(self, table: str, values: Sequence[tuple[Any, ...]]) -> None:
        """Rows of a table with row-level security, which takes no COPY: one statement, at most two such rows a command."""
        if values:
            row = f"({', '.join(['%s'] * len(values[0]))})"
            self.conn.execute(f"INSERT INTO {table} VALUES {', '.join([row] * len(values))}", [cell for line in values for cell in line])

    def known(
        self, ids: list[UUID], wanted: dict[str, frozenset[str]], upto: int
    ) -> tuple[dict[UUID, Taken], list[tuple[str, int, bytes]]]:
        """All that a batch of decisions asks of the past, in one round trip.

        Those of the command ids that are taken; and (tag, position, line), in order, of the entries up to a position that carry a
        tag and one of the kinds wanted for it.
        """
        found = self.conn.execute(
            _KNOWN,
            {
                "ids": ",".join([id_.hex for id_ in ids]),
                "tags": _RECORD.join(wanted),
                "kinds": _RECORD.join([_SEPARATOR.join(kinds) for kinds in wanted.values()]),
                "upto": upto,
            },
            prepare=True,
            binary=True,
        ).fetchall()
        taken = {id_: Taken(id_, position, count, digest) for tag, position, digest, id_, count in found if tag is None}
        return taken, [(tag, position, line) for tag, position, line, _, _ in found if tag is not None]

    def since(self, position: int) -> Iterator[tuple[int, list[str], bytes]]:
        """(position, tags, line) of all entries after a position, in order."""
        yield from self.conn.execute("SELECT position, tags, line FROM ledger.entries WHERE position > %s ORDER BY position", (position,))


def _array(texts: Sequence[str]) -> bytes:
    """A text[] in PostgreSQL's binary form, as a COPY takes it; made here it is ten times quicker than by the driver."""
    parts = [text.encode() for text in texts]
    head = struct.pack("!iiIii", 1, 0, _TEXT_OID, len(parts), 1) if parts else struct.pack("!iiI", 0, 0, _TEXT_OID)
    return head + b"".join([struct.pack("!i", len(part)) + part for part in parts])


class _Moved(Exception):
    """Another process moved the head."""


OUT_OF_REACH: Final = (psycopg.OperationalError, psycopg.InterfaceError)
"""What psycopg raises when the server is gone; an append's outcome is then unknown."""
