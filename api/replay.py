"""The history in order, for people and for machines: what happened, when it happened, and when it was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from api.moments import gap
from api.sentences import sentence
from ledger.entry import Entry, read
from ledger.schema import SERVER, connect
from projections.timeline import is_late

PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Of:
    """Which entries are meant: with all of some tags, of some kinds, of an organisation, of a day in Peru, or only those written late."""

    tags: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    org: str | None = None
    day: str | None = None
    late: bool = False

    def holds(self, entry: Entry) -> bool:
        """Whether an entry is meant, by what its envelope says."""
        ours, then = self.org in (None, entry.org), self.day in (None, entry.at[:10])
        return ours and then and (not self.late or is_late(entry.at, entry.seen))


_FURTHER = """SELECT position, line FROM ledger.entries WHERE position > %(after)s AND tags @> %(tags)s::text[]
 AND (%(first)s::text IS NULL OR position IN (SELECT position FROM ledger.tags WHERE tag = %(first)s))
 AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s)) ORDER BY position LIMIT %(page)s"""


def entries(url: str, until: int | datetime | None = None, of: Of | None = None) -> Iterator[Entry]:
    """Entries in order, up to a position or to a moment of writing, those that are meant. Page by page: memory does not grow."""
    of = of or Of()
    asked = {"tags": list(of.tags), "first": of.tags[0] if of.tags else None, "kinds": list(of.kinds) or None, "page": PAGE}
    after = 0
    with connect(url, SERVER) as conn:
        while rows := conn.execute(_FURTHER, asked | {"after": after}).fetchall():
            for position, line in rows:
                entry = read(position, bytes(line))
                if _beyond(entry, until):
                    return
                if of.holds(entry):
                    yield entry
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
    late = f", {gap(entry.at, entry.seen, 'en')} later" if is_late(entry.at, entry.seen) else ""
    return f"{entry.position:>8}  {entry.at}  {sentence(entry.fact)}  (written {entry.seen} by {entry.by}{late})"
