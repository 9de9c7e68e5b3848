"""The ledger as the event store that the eventsourcing library knows: read by tags and kinds, append under a condition, subscribe."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from eventsourcing.dcb.api import (
    DCBAppendCondition,
    DCBEvent,
    DCBQuery,
    DCBReadResponse,
    DCBRecorder,
    DCBSequencedEvent,
    DCBSubscription,
)
from eventsourcing.persistence import IntegrityError, ProgrammingError

from domain.vocabulary import KINDS
from ledger.act import Given
from ledger.decision import Accepted
from ledger.schema import SERVER, Connection, connect
from ledger.store import Head, Record
from ledger.writer import Writer

PAGE: Final = 5_000
POLL_SECONDS: Final = 0.25
"""How often a subscription looks for entries of other processes; those of its own process wake it at once."""


class Recorder(DCBRecorder):
    """`DCBRecorder` on the ledger's tables. Appends go through the process's writer: there is one append."""

    def __init__(self, url: str, writer: Writer) -> None:
        self._url, self._writer = url, writer
        self._grown = threading.Condition()
        writer.on_append(self._wake)

    def read(self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None) -> DCBReadResponse:
        """Events after a position that match any item of the query, in order.

        `head` is the ledger's size, or under a limit the position of the last event.
        """
        return _Response(self._url, query, after or 0, limit)

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Append events, and return the position of the last. Raises IntegrityError where the condition fails,
        ProgrammingError for a kind that only commands append.
        """
        if own := sorted({event.type for event in events} & KINDS):
            raise ProgrammingError(f"{', '.join(own)}: these are appended by commands alone")
        records = [Record(event.type, list(dict.fromkeys(event.tags)), event.data) for event in events]
        answer = self._writer.ask(Given(records, _refusing(condition) if condition else None))[0]
        if not isinstance(answer, Accepted):
            raise TypeError(f"records were answered by {answer}")
        return answer.positions[-1]

    def subscribe(self, query: DCBQuery | None = None, *, after: int | None = None) -> DCBSubscription["Recorder"]:
        """Events after a position, and then each as it is appended, by this process or another."""
        return _Subscription(self, query, after)

    def wait(self, stopped: Callable[[], bool]) -> None:
        """Wait until something may have been appended."""
        with self._grown:
            if not stopped():
                self._grown.wait(POLL_SECONDS)

    def _wake(self, _size: int) -> None:
        with self._grown:
            self._grown.notify_all()


class _Response(DCBReadResponse):
    def __init__(self, url: str, query: DCBQuery | None, after: int, limit: int | None) -> None:
        self._limit = limit
        self._last: int | None = None
        with connect(url, SERVER) as conn:
            row = conn.execute("SELECT size FROM ledger.head").fetchone()
        self._size = row[0] if row else 0
        self._events = _events(url, query, after, self._size, limit)

    @property
    def head(self) -> int | None:
        if self._limit is None:
            return self._size or None
        self._ahead = list(self._events)
        self._events = iter(self._ahead)
        return self._ahead[-1].position if self._ahead else self._last

    def __next__(self) -> DCBSequencedEvent:
        event = next(self._events)
        self._last = event.position
        return event


class _Subscription(DCBSubscription[Recorder]):
    def __next__(self) -> DCBSequencedEvent:
        while not self._has_been_stopped:
            for event in self._recorder.read(self._query, after=self._last_position, limit=1):
                self._last_position = event.position
                return event
            self._recorder.wait(lambda: self._has_been_stopped)
        raise StopIteration


def _events(url: str, query: DCBQuery | None, after: int, upto: int, limit: int | None) -> Iterator[DCBSequencedEvent]:
    """Page by page, so that a long read holds neither memory nor a transaction."""
    left = limit if limit is not None else upto
    with connect(url, SERVER) as conn:
        while left > 0:
            page = _page(conn, query, after, upto, min(left, PAGE))
            for position, kind, tags, line in page:
                after = position
                yield DCBSequencedEvent(DCBEvent(kind, line, tags), position)
            left -= len(page)
            if len(page) < PAGE:
                return


def _page(conn: Connection, query: DCBQuery | None, after: int, upto: int, limit: int) -> list[tuple[Any, ...]]:
    where, values = _where(query)
    return conn.execute(
        f"SELECT position, kind, tags, line FROM ledger.entries e WHERE position > %s AND position <= %s AND {where}"
        " ORDER BY position LIMIT %s",
        (after, upto, *values, limit),
    ).fetchall()


def _where(query: DCBQuery | None) -> tuple[str, list[Any]]:
    """Entries that match any item: its kind among the item's (where it names any), and all the item's tags."""
    items = query.items if query else []
    parts: list[str] = []
    values: list[Any] = []
    for item in items:
        own = ["true"]
        if item.types:
            own.append("kind = ANY(%s)")
            values.append(item.types)
        if item.tags:
            own.append(
                "position IN (SELECT position FROM ledger.tags WHERE tag = ANY(%s) GROUP BY position HAVING count(DISTINCT tag) = %s)"
            )
            values += [item.tags, len(set(item.tags))]
        parts.append(f"({' AND '.join(own)})")
    return (" OR ".join(parts) and f"({' OR '.join(parts)})") or "true", values


def _refusing(condition: DCBAppendCondition) -> Callable[[Connection, Head, Sequence[Record]], None]:
    """Raise IntegrityError where an event after the condition's position matches: among those stored, and those about to be."""
    query, after = condition.fail_if_events_match, condition.after or 0

    def check(conn: Connection, head: Head, pending: Sequence[Record]) -> None:
        waiting = (record for position, record in enumerate(pending, head.size + 1) if position > after)
        if _page(conn, query, after, head.size, 1) or any(_matches(query, record) for record in waiting):
            raise IntegrityError(f"an event after position {after} matches the condition")

    return check


def _matches(query: DCBQuery, record: Record) -> bool:
    return not query.items or any(
        (not item.types or record.kind in item.types) and set(item.tags) <= set(record.tags) for item in query.items
    )
