"""The history in order, for people and for machines: what happened, when it happened, and when it was written."""

from collections.abc import Iterator
from datetime import UTC, datetime

from api.sentences import sentence
from ledger.entry import Entry, read
from ledger.schema import SERVER, connect

PAGE = 2_000


def entries(url: str, until: int | datetime | None = None, tag: str | None = None) -> Iterator[Entry]:
    """Entries in order, up to a position or to a moment of writing, of one tag or all. Page by page: memory does not grow."""
    after = 0
    with connect(url, SERVER) as conn:
        while True:
            of_tag = "position IN (SELECT position FROM ledger.tags WHERE tag = %(tag)s) AND " if tag else ""
            rows = conn.execute(
                f"SELECT position, line FROM ledger.entries WHERE {of_tag}position > %(after)s ORDER BY position LIMIT %(page)s",
                {"tag": tag, "after": after, "page": PAGE},
            ).fetchall()
            for position, line in rows:
                entry = read(position, bytes(line))
                if _beyond(entry, until):
                    return
                yield entry
            if len(rows) < PAGE:
                return
            after = rows[-1][0]


def _beyond(entry: Entry, until: int | datetime | None) -> bool:
    if isinstance(until, int):
        return entry.position > until
    return until is not None and datetime.fromisoformat(entry.seen) > until


def moment_or_position(written: str) -> int | datetime:
    """`--until`: a position, or a moment (RFC 3339; without an offset it is UTC). Raises ValueError."""
    if written.isascii() and written.isdigit():
        return int(written)
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def spoken(entry: Entry) -> str:
    """One line for people."""
    return f"{entry.position:>8}  {entry.at}  {sentence(entry.fact)}  (written {entry.seen} by {entry.by})"
