"""After a restore, or where history and signature parted: nothing is written until what is here was compared with what was signed.

A lost tail comes back from a mirror. What survives a crash: each step is one commit, and until the last one the ledger stays read only.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg

from ledger.checkpoint import Checkpoint
from ledger.log import Diverged, note_trouble
from ledger.merkle import EMPTY, Range, leaf_hash, unpacked
from ledger.store import UNKNOWN

BATCH: Final = 2_000
RESTORED: Final = "this ledger was restored from a backup: it is read only until it was compared with what was signed"
ELSEWHERE: Final = "what is here and the entries of the mirror do not lead to the head of {size} entries that was signed"
Connection = psycopg.Connection[tuple[Any, ...]]


def seal(conn: Connection, since: str) -> None:
    """From here on nothing is appended and nothing is signed, by whatever process."""
    with conn.transaction():
        conn.execute("UPDATE ledger.head SET sealed = true")
        conn.execute("TRUNCATE log.tiles")
        conn.execute("UPDATE log.tree SET size = 0")
        note_trouble(conn, Diverged(RESTORED), since)


def unseal(conn: Connection) -> None:
    """What is here goes on from what was signed: it may be written on."""
    with conn.transaction():
        conn.execute("UPDATE ledger.head SET sealed = false")
        conn.execute("DELETE FROM log.trouble")


def sealed(conn: Connection) -> bool:
    """Whether nothing may be appended."""
    return conn.execute("SELECT sealed FROM ledger.head").fetchone() == (True,)


def size(conn: Connection) -> int:
    """Entries that are here."""
    return int(conn.execute("SELECT size FROM ledger.head").fetchall()[0][0])


def roots(conn: Connection, sizes: Iterable[int], progress: Callable[[int], None] = lambda _more: None) -> dict[int, bytes]:
    """The roots of the first so many entries, worked out from their bytes; of sizes beyond what is here there is none."""
    wanted, tree, found = sorted(set(sizes)), Range(), {}
    if wanted[:1] == [0]:
        found[wanted.pop(0)] = EMPTY
    with conn.transaction(), conn.cursor("entries") as cursor:
        cursor.itersize = BATCH
        cursor.execute("SELECT line FROM ledger.entries WHERE position <= %s ORDER BY position", (max(wanted, default=0),))
        while wanted and (lines := cursor.fetchmany(min(BATCH, wanted[0] - tree.size))):
            tree = tree.extend(leaf_hash(bytes(line)) for (line,) in lines)
            progress(len(lines))
            if tree.size == wanted[0]:
                found[wanted.pop(0)] = tree.root()
    return found


def differing(conn: Connection, heads: Iterable[Checkpoint], progress: Callable[[int], None] = lambda _more: None) -> list[Checkpoint]:
    """Those of some signed heads, none larger than what is here, that are not the root of as many entries here."""
    heads = list(heads)
    here = roots(conn, (head.size for head in heads), progress)
    return [head for head in heads if here.get(head.size) != head.root]


def bring_back(conn: Connection, lines: Iterator[bytes], head: Checkpoint, progress: Callable[[int], None] = lambda _more: None) -> int:
    """Append the missing entries up to a signed head, in one commit that holds only if they lead to its root; returns how many.

    The command ids come back too, without what their commands said: sent again, each answers as a repeat. What was sealed with these
    entries is not in them and does not come back. Raises Diverged.
    """
    with conn.transaction():
        ((at, nodes, seen),) = conn.execute("SELECT size, nodes, seen FROM ledger.head FOR UPDATE").fetchall()
        tree = unpacked(at, bytes(nodes))
        while some := list(islice(lines, BATCH)):
            seen = _append(conn, tree.size, some)
            tree = tree.extend(map(leaf_hash, some))
            progress(len(some))
        if tree.size != head.size or roots(conn, [head.size])[head.size] != head.root:  # from the bytes of all, not from the head alone
            raise Diverged(ELSEWHERE, size=head.size)
        conn.execute("UPDATE ledger.head SET size = %s, nodes = %s, seen = %s", (tree.size, tree.packed(), seen))
        return tree.size - int(at)


def _append(conn: Connection, after: int, lines: list[bytes]) -> str:
    """Put lines at the next positions, with their tags and commands; returns when the last was written."""
    bodies = [orjson.loads(line) for line in lines]
    placed = list(enumerate(zip(lines, bodies, strict=True), after + 1))
    with conn.cursor() as cursor:
        with cursor.copy("COPY ledger.entries FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(("int8", "text", "text[]", "bytea"))
            for position, (line, body) in placed:
                copy.write_row((position, body["kind"], body["tags"], line))
        with cursor.copy("COPY ledger.tags FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(("text", "text", "int8"))
            for position, (_, body) in placed:
                for tag in dict.fromkeys(body["tags"]):
                    copy.write_row((tag, body["kind"], position))
        with cursor.copy("COPY ledger.commands FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(("uuid", "int8", "int4", "bytea"))
            for position, (_, body) in placed:
                if body["n"] == 0:
                    copy.write_row((UUID(body["id"]), position, 1, UNKNOWN))
    return str(bodies[-1]["seen"])
