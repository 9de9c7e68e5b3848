"""Recompute everything from the stored bytes: entries, leaves, tiles, head, checkpoints; the first thing that is not so is named.

It trusts nothing that was stored beside the entries. One snapshot is read, so writing may go on.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import orjson

from domain.vocabulary import KINDS
from ledger import log
from ledger.checkpoint import parse as parse_checkpoint
from ledger.crypto import verify
from ledger.merkle import EMPTY, HASH_BYTES, Range, root_of
from ledger.note import BadSignature, Key, Malformed, Unsigned, opened
from ledger.schema import Connection
from ledger.tile import WIDTH

CHANGED: Final = "the first {size} entries are not those whose head was signed: history was changed"
CHUNK: Final = 80 * WIDTH
_SEPARATOR: Final = "\x1f"
_ENTRIES: Final = """SELECT position, kind, array_to_string(tags, chr(31)), line FROM ledger.entries
 WHERE position > %s AND position <= %s ORDER BY position"""
_SUMS: Final = """SELECT (SELECT sum(hashtextextended(t || chr(31) || kind, position)::numeric) FROM ledger.entries, unnest(tags) AS t)
 IS NOT DISTINCT FROM (SELECT sum(hashtextextended(tag || chr(31) || kind, position)::numeric) FROM ledger.tags)"""
_ODD: Final = """SELECT min(position) FROM (
 (SELECT t AS tag, kind, position FROM ledger.entries, unnest(tags) AS t EXCEPT SELECT tag, kind, position FROM ledger.tags) UNION ALL
 (SELECT tag, kind, position FROM ledger.tags EXCEPT SELECT t, kind, position FROM ledger.entries, unnest(tags) AS t)) AS odd"""

_TILES: Final = "SELECT hashes FROM log.tiles WHERE level = %s AND index >= %s AND index <= %s ORDER BY index"
_COMMANDS: Final = "SELECT first, count, id::text FROM ledger.commands ORDER BY first"


_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: a sentence with its values apart, and the position it is about, where there is one."""

    template: str
    values: dict[str, str]
    position: int | None = None

    def __str__(self) -> str:
        """The sentence in English."""
        return self.template.format(**self.values)


def _finding(template: str, position: int | None = None, **values: object) -> Finding:
    return Finding(template, {name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in values.items()}, position)


def heads(signed: Iterable[tuple[str, bytes]], origin: str, keys: Sequence[Key]) -> tuple[dict[int, bytes], list[Finding]]:
    """Size -> root of signed checkpoints (each with what to call it), and what is wrong with them."""
    roots: dict[int, bytes] = {}
    wrong = []
    for name, note in signed:
        try:
            head = parse_checkpoint(opened(note, keys, verify).text)
        except (Malformed, Unsigned, BadSignature):
            wrong.append(_finding("{name} is not signed by the log's key", name=name))
            continue
        if head.origin != origin:
            wrong.append(_finding("{name} is of the log {origin}", name=name, origin=head.origin))
        elif roots.setdefault(head.size, head.root) != head.root:
            wrong.append(_finding("two heads of {size} entries were signed, with different roots", head.size, size=head.size))
    return roots, wrong


@dataclass(slots=True)
class Fsck:
    """One look through the ledger of an origin. `last`: the last signed head, as its file holds it."""

    conn: Connection
    origin: str
    keys: Sequence[Key]
    last: bytes | None
    progress: Callable[[int, int], None] = lambda _done, _size: None
    size: int = 0
    root: bytes = b""
    _above: Range = field(default_factory=Range)
    _level_1: list[bytes] = field(default_factory=list)
    _tail: list[bytes] = field(default_factory=list)
    _seen: str = ""
    _ahead: list[tuple[int, str]] = field(default_factory=list)
    _commands: Any = None

    def findings(self) -> Iterator[Finding]:
        """What is wrong, in the order in which it is looked for; nothing where all is well."""
        with self.conn.transaction():
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            ((self.size, nodes, seen),) = self.conn.execute("SELECT size, nodes, seen FROM ledger.head", binary=True).fetchall()
            roots, wrong = heads(self._signed(), self.origin, self.keys)
            yield from wrong
            if roots and max(roots) > self.size:
                yield _finding(
                    "a head of {signed} entries was signed, and there are {size}: entries were lost",
                    self.size + 1, signed=max(roots), size=self.size,
                )  # fmt: skip
            grown, gone = log.size(self.conn), None
            with self.conn.cursor("commands") as self._commands:
                self._commands.execute(_COMMANDS)
                for after, rows in self._read():
                    upto = min(after + CHUNK, self.size)
                    gone = yield from self._chunk(after, upto, rows, grown, roots)
                    if gone is not None:
                        break
                    self.progress(upto, self.size)
            if gone is None:
                yield from self._whole(bytes(nodes), seen, roots, grown)
            else:
                yield _finding("entry {at} is missing: what follows it cannot be checked", gone, at=gone)

    def _signed(self) -> Iterator[tuple[str, bytes]]:
        if self.last is not None:
            yield "the last signed head", self.last
        rows = self.conn.execute("SELECT size, note FROM log.checkpoints WHERE origin = %s ORDER BY size", (self.origin,), binary=True)
        for size, note in rows.fetchall():
            yield f"the checkpoint of {size:,}", bytes(note)

    def _read(self) -> Iterator[tuple[int, list[_Row]]]:
        """The entries part by part; one is read while the one before is looked at."""

        def read(after: int) -> list[_Row]:
            return self.conn.execute(_ENTRIES, (after, min(after + CHUNK, self.size)), binary=True, prepare=True).fetchall()

        with ThreadPoolExecutor(1) as ahead:
            waiting = ahead.submit(read, 0)
            for after in range(0, self.size, CHUNK):
                rows, waiting = waiting.result(), ahead.submit(read, after + CHUNK)
                yield after, rows

    def _chunk(self, after: int, upto: int, rows: list[_Row], grown: int, roots: dict[int, bytes]) -> Generator[Finding, None, int | None]:
        """One part of the entries, beginning at a whole tile; returns the position of the first that is missing."""
        positions = [row[0] for row in rows]
        if positions != list(range(after + 1, upto + 1)):
            there = set(positions)
            return next(at for at in range(after + 1, upto + 1) if at not in there)
        leaves = [sha256(b"\x00" + line).digest() for _, _, _, line in rows]
        yield from self._spelled(rows)
        yield from self._hashed(after, leaves[: max(0, grown - after)])
        yield from self._signed_in(after, leaves, sorted(size for size in roots if after < size <= upto), roots)
        whole = len(leaves) - len(leaves) % WIDTH
        tiles = [root_of(leaves[at : at + WIDTH]) for at in range(0, whole, WIDTH)]
        self._level_1 += tiles
        self._above, self._tail = self._above.extend(tiles), leaves[whole:]
        return None

    def _signed_in(self, after: int, leaves: list[bytes], sizes: list[int], roots: dict[int, bytes]) -> Iterator[Finding]:
        """That the heads which were signed within a part are those of its entries."""
        tree = Range(after, self._above.nodes)
        for size in sizes:
            tree = tree.extend(leaves[tree.size - after : size - after])
            if tree.root() != roots[size]:
                yield _finding(CHANGED, size=size)

    def _written_by(self, upto: int) -> dict[int, str]:
        """Position -> the command that wrote it, as the table of commands says, from where it was read last."""
        found: dict[int, str] = {}
        while True:
            ahead: list[tuple[int, str]] = []
            for position, id_ in self._ahead:
                if position > upto:
                    ahead.append((position, id_))
                else:
                    found[position] = "" if position in found else id_  # two commands cannot both have written it
            rows = [] if ahead else self._commands.fetchmany(CHUNK)
            self._ahead = ahead or [(position, id_) for first, count, id_ in rows for position in range(first, first + count)]
            if ahead or not rows:
                return found

    def _spelled(self, rows: list[_Row]) -> Iterator[Finding]:
        """That kind, tags and command stand beside the bytes as they stand in them, and that time goes forward."""
        commands = self._written_by(rows[-1][0])
        for position, kind, tags, line in rows:
            try:
                body = orjson.loads(line)
                if kind in KINDS and commands.pop(position, None) != body["id"]:
                    yield _finding("the table of commands does not say which command wrote entry {at}", position, at=position)
                if body["kind"] != kind or _SEPARATOR.join(body["tags"]) != tags:
                    yield _finding("kind or tags of entry {at} are not those in its bytes", position, at=position)
                if body["seen"] < self._seen:
                    yield _finding("entry {at} was written before the one before it", position, at=position)
                self._seen = body["seen"]
            except (ValueError, KeyError, TypeError):
                if kind in KINDS:
                    yield _finding("entry {at} cannot be read", position, at=position)
        for position in sorted(commands):
            yield _finding("the table of commands names entry {at}, which no command wrote", position, at=position)

    def _hashed(self, after: int, leaves: list[bytes]) -> Iterator[Finding]:
        """That the tiles of level 0 hold the hashes of the bytes."""
        rows = self.conn.execute(_TILES, (0, after // WIDTH, (after + len(leaves) - 1) // WIDTH), binary=True, prepare=True)
        stored = b"".join(bytes(hashes) for (hashes,) in rows) if leaves else b""
        if stored[: len(leaves) * HASH_BYTES] != b"".join(leaves):
            at = next(after + at + 1 for at, leaf in enumerate(leaves) if stored[at * HASH_BYTES : (at + 1) * HASH_BYTES] != leaf)
            yield _finding("entry {at} is not the one that was hashed: its bytes, or its tile, were changed", at, at=at)

    def _whole(self, nodes: bytes, seen: str, roots: dict[int, bytes], grown: int) -> Iterator[Finding]:
        """Head, upper tiles, and the tables beside the entries."""
        head = Range(self.size, (*self._above.nodes, *Range().extend(self._tail).nodes))
        self.root = head.root()
        if head.packed() != nodes:
            yield _finding("the head of {size} entries is not the root of the entries that are stored", size=self.size)
        if 0 in roots and roots[0] != EMPTY:
            yield _finding(CHANGED, size=0)
        if self._seen > seen:
            yield _finding("the head was written before its last entry", self.size)
        if grown > self.size:
            yield _finding("the tiles hold {grown} entries, and there are {size}", grown=grown, size=self.size)
        else:
            yield from self._tiles_above(grown)
        yield from self._beside()

    def _tiles_above(self, grown: int) -> Iterator[Finding]:
        level, hashes = 1, self._level_1[: grown // WIDTH]
        while hashes:
            rows = self.conn.execute(_TILES, (level, 0, len(hashes) // WIDTH), binary=True)
            stored = b"".join(bytes(part) for (part,) in rows)
            if stored != b"".join(hashes):
                at = next((at for at, each in enumerate(hashes) if stored[at * HASH_BYTES : (at + 1) * HASH_BYTES] != each), len(hashes))
                yield _finding("tile {tile} does not hold the hashes of the tiles below it", tile=f"{level}/{at // WIDTH}")
            whole = len(hashes) - len(hashes) % WIDTH
            level, hashes = level + 1, [root_of(hashes[at : at + WIDTH]) for at in range(0, whole, WIDTH)]

    def _beside(self) -> Iterator[Finding]:
        """The table of tags."""
        if self.conn.execute(_SUMS).fetchone() != (True,):
            for (at,) in self.conn.execute(_ODD):
                yield _finding("the table of tags does not say what entry {at} says", at, at=at)
