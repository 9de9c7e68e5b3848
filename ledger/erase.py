"""Erasing as the ledger does it: the entry that says so and the destruction of key, salts and content are one commit.

What survives a restore of older copies: whatever an entry, the vault's own list or somebody's memory names is destroyed again by
`finish`. Entries do not change, so every proof holds; `standing` says of each seal whether its content is kept, erased or broken.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

import orjson
import psycopg

from ledger.entry import fact_of
from ledger.schema import Connection, connect
from ledger.vault import ERASED, Vault, WrongKey, commitment

KIND: Final = "subject-erased.v1"
_PAGE: Final = 2_000


class Erasure(NamedTuple):
    """One subject that was erased: why, and when. The subject is random, and says nothing."""

    subject: str
    basis: str
    erased_at: str


def owner(conn: Connection, subject: str) -> str | None:
    """Tag of the party or user whose subject it is, by what the vault holds; None where it holds nothing."""
    row = conn.execute("SELECT tag FROM vault.sealed WHERE subject = %s ORDER BY position LIMIT 1", (subject,)).fetchone()
    return str(row[0]) if row else None


def listed(conn: Connection) -> list[Erasure]:
    """All subjects on the vault's own list."""
    return [Erasure(str(subject), basis, at) for subject, basis, at in conn.execute("SELECT subject, basis, erased_at FROM vault.erased")]


def finish(conn: Connection, remembered: Iterable[Erasure] = ()) -> int:
    """Put what entries say, and what is remembered, on the vault's list, and destroy what is left of all on it; how many rows went.

    Safe to call at any time, by several processes at once.
    """
    with conn.transaction():
        there = {each.subject for each in listed(conn)}
        for each in (*_said(conn), *remembered):
            if each.subject not in there:
                conn.execute(f"INSERT INTO {ERASED} VALUES (%s, %s, %s)", each)
        gone = "DELETE FROM vault.{} t USING vault.erased e WHERE t.subject = e.subject"
        return sum(conn.execute(gone.format(table)).rowcount for table in ("sealed", "subjects"))


def _said(conn: Connection) -> Iterator[Erasure]:
    """Erasures that an entry says and the vault's list does not: the entry came back without the vault."""
    rows = conn.execute(
        "SELECT e.line FROM ledger.tags t JOIN ledger.entries e USING (position) WHERE t.tag >= 'subject:' AND t.tag < 'subject;'"
        " AND t.kind = %s AND NOT EXISTS (SELECT FROM vault.erased v WHERE t.tag = 'subject:' || v.subject::text)",
        (KIND,),
    )
    for (line,) in rows.fetchall():
        fact = fact_of(orjson.loads(line))
        yield Erasure(fact["subject"], fact["basis"], fact["erased_at"])


def unsaid(conn: Connection) -> int:
    """How many subjects the vault's list names of which no entry says that they were erased."""
    row = conn.execute(
        "SELECT count(DISTINCT subject) FROM vault.erased v WHERE NOT EXISTS"
        " (SELECT FROM ledger.tags t WHERE t.tag = 'subject:' || v.subject::text AND t.kind = %s)",
        (KIND,),
    ).fetchone()
    return int(row[0]) if row else 0


def without_key(conn: Connection) -> int:
    """Drop what is sealed under subjects that have no key: nobody can open it; how many subjects that were."""
    missing = "NOT EXISTS (SELECT FROM vault.subjects k WHERE k.subject = s.subject)"
    return len(set(conn.execute(f"DELETE FROM vault.sealed s WHERE {missing} RETURNING subject").fetchall()))


def tidy(url: str) -> None:
    """Leave no destroyed key in the tables' files: keys are written anew, freed room is given back. Where somebody reads, later."""
    with connect(url) as conn:
        conn.execute("SET lock_timeout = '2s'")
        for words in ("VACUUM (FULL) vault.subjects", "VACUUM vault.subjects", "VACUUM vault.sealed"):
            with suppress(psycopg.errors.LockNotAvailable):
                conn.execute(words)


class Broken(NamedTuple):
    """The entry at a position whose personal part is neither kept nor erased, and why."""

    position: int
    why: str


class _Sealed(NamedTuple):
    """The seal of an entry, and the tag under which its content lies."""

    position: int
    tag: str
    subject: str
    commitment: str


@dataclass(slots=True)
class Standing:
    """What became of the personal parts of entries: how many are kept (salt and content give the commitment), how many erased.

    `unsaid`: erased by the vault's list, and no entry says so: the ledger was restored from before. `broken`: anything else.
    """

    kept: int = 0
    erased: int = 0
    unsaid: int = 0
    broken: list[Broken] = field(default_factory=list)
    _rows: int = 0
    _said: set[str] = field(default_factory=set)
    _gone: dict[int, str] = field(default_factory=dict)

    def _look(self, conn: Connection, vault: Vault, seals: list[_Sealed]) -> None:
        rows = conn.execute(_HELD, [list(column) for column in zip(*seals, strict=True)][:3]) if seals else ()
        held = {row[0]: row[1:] for row in rows}
        for seal in seals:
            subject, key, sealed = held[seal.position]
            self._rows += sealed is not None
            if key is None:
                self._gone[seal.position] = seal.subject
            elif why := _why(vault, seal, subject, key, sealed):
                self.broken.append(Broken(seal.position, why))
            else:
                self.kept += 1

    def _end(self, conn: Connection) -> None:
        on_list = {each.subject for each in listed(conn)}
        for position, subject in self._gone.items():
            if subject in self._said:
                self.erased += 1
            elif subject in on_list:
                self.unsaid += 1
            else:
                self.broken.append(Broken(position, "the key of its subject is gone, and no entry says that it was erased"))
        for (position,) in conn.execute(_AGAIN, (list(self._said),)):
            self.kept -= 1
            self.broken.append(Broken(position, "its subject was erased, and its data are there again"))
        if conn.execute("SELECT count(*) FROM vault.sealed").fetchone() != (self._rows,):
            self.broken += [Broken(position, "something is sealed for it that it does not name") for (position,) in conn.execute(_MORE)]
        self.broken.sort()


_HELD: Final = """SELECT a.position, s.subject, k.key, s.sealed
FROM unnest(%s::int8[], %s::text[], %s::uuid[]) AS a(position, tag, subject)
LEFT JOIN vault.sealed s ON s.tag = a.tag AND s.position = a.position LEFT JOIN vault.subjects k ON k.subject = a.subject"""
_AGAIN: Final = "SELECT s.position FROM vault.sealed s JOIN vault.subjects k USING (subject) WHERE subject = ANY(%s::uuid[])"
_MORE: Final = """SELECT s.position FROM vault.sealed s LEFT JOIN ledger.entries e USING (position)
WHERE e.position IS NULL OR e.tags[1] <> s.tag OR position('"seal":{'::bytea IN e.line) = 0"""


def standing(
    conn: Connection, vault: Vault, entries: Iterable[tuple[int, bytes]], progress: Callable[[int], None] = lambda _more: None
) -> Standing:
    """Judge the seals of all entries (position, stored line). Page by page: memory grows with what was erased, not with the ledger."""
    found, remaining = Standing(), iter(entries)
    while page := list(islice(remaining, _PAGE)):
        found._look(conn, vault, list(_seals(page, found._said)))  # noqa: SLF001 - of the same file
        progress(len(page))
    found._end(conn)  # noqa: SLF001 - see above
    return found


def _seals(page: Iterable[tuple[int, bytes]], said: set[str]) -> Iterator[_Sealed]:
    """The seals of those entries that have one; subjects that an entry says were erased go to `said`."""
    for position, line in page:
        if b'"subject":"' in line:
            with suppress(ValueError, KeyError, TypeError):  # a line that was changed, which fsck names
                body = orjson.loads(line)
                fact = fact_of(body)
                if fact["kind"] == KIND:
                    said.add(fact["subject"])
                if seal := fact.get("seal"):
                    yield _Sealed(position, body["tags"][0], seal["subject"], seal["commitment"])


def _why(vault: Vault, seal: _Sealed, subject: UUID | None, key: bytes, sealed: bytes | None) -> str:
    """What is wrong with content whose subject has its key; empty where nothing is."""
    if subject is None or sealed is None:
        return "what it sealed is gone, and the key of its subject is not"
    if str(subject) != seal.subject:
        return "what it sealed is under another subject"
    try:
        salt, content = vault.unsealed(seal.tag, seal.position, subject, key, sealed)
    except WrongKey:
        return "what it sealed does not open: it was changed, moved, or sealed with another key"
    return "" if commitment(salt, content) == seal.commitment else "what it sealed is not what the entry commits to"
