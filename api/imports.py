"""A season folder in, answers out: each row a command, each answer journaled in the commit of its entries.

Interrupted at any point and started again, an import goes on after the last answered row; a finished folder answers from its journal.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import psycopg

from api.problems import Unreadable
from api.season import FILES, Folder, Row
from domain.values import Command
from ledger.act import Act, Unsure
from ledger.decision import Accepted, Answer, Denied, Repeated
from ledger.schema import SERVER, connect
from ledger.store import Rows
from ledger.writer import Writer

CHUNK: Final = 500
"""Rows decided and appended in one commit."""
AHEAD: Final = 2
"""Chunks read while earlier ones are being appended."""
_JOURNAL: Final = "ledger.journal (run, file, row, answer, why)"
_TRIES: Final = 5
_WAIT_SECONDS: Final = 10
ACCEPTED, REPEAT = "accepted", "repeat"


class Busy(Exception):
    """The same folder is being imported by another process."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One journaled answer: `accepted`, `repeat` or a refusal's code; `why` a refusal's sentence and its values."""

    file: int
    row: int
    answer: str
    template: str = ""
    values: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Import:
    """One run over a folder. `progress` is called with the number of rows answered since the last call."""

    folder: Folder
    writer: Writer
    url: str
    by: str = "cli"
    org: str | None = None
    """The organisation that writes; without it, the book."""
    rehearse: bool = False
    progress: Callable[[int], None] = lambda _rows: None
    _rehearsed: list[Answered] = field(default_factory=list)
    _run: bytes = b""

    def take(self) -> None:
        """Answer every row that was not answered before. Raises NotASeason, Busy, ledger.writer.Unavailable."""
        self._run = self.folder.digest()
        with self._alone():
            self.progress(sum(self.counts().values()))
            for left in reversed(range(_TRIES)):
                try:
                    self._take_from(self._last())
                except Unsure:
                    if not left:
                        raise
                else:
                    return

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One import of a folder at a time: two would journal the same rows."""
        with connect(self.url, SERVER) as conn:
            conn.execute(f"SET lock_timeout = '{_WAIT_SECONDS}s'")
            try:
                conn.execute("SELECT pg_advisory_lock(%s)", (int.from_bytes(self._run[:8], signed=True),))
            except psycopg.errors.LockNotAvailable:
                raise Busy("another import of this very folder is running") from None
            yield

    def begun(self) -> bool:
        """Whether rows of this very folder were answered before."""
        self._run = self.folder.digest()
        return self._last() != (-1, 0)

    def answers(self, *, refusals: bool = True, repeats: bool = True) -> Iterator[Answered]:
        """Refusals and repeats in the order of rows."""
        for each in self._rehearsed if self.rehearse else self._journaled():
            if (each.answer == REPEAT and repeats) or (each.answer not in (REPEAT, ACCEPTED) and refusals):
                yield each

    def counts(self) -> dict[tuple[int, str], int]:
        """How many rows of a file got which answer."""
        if self.rehearse:
            counted: dict[tuple[int, str], int] = {}
            for each in self._rehearsed:
                counted[each.file, each.answer] = counted.get((each.file, each.answer), 0) + 1
            return counted
        with connect(self.url, SERVER) as conn:
            found = conn.execute("SELECT file, answer, count(*) FROM ledger.journal WHERE run = %s GROUP BY file, answer", (self._run,))
            return {(file, answer): count for file, answer, count in found}

    def _last(self) -> tuple[int, int]:
        if self.rehearse:
            return -1, 0
        with connect(self.url, SERVER) as conn:
            row = conn.execute(
                "SELECT file, row FROM ledger.journal WHERE run = %s ORDER BY file DESC, row DESC LIMIT 1", (self._run,)
            ).fetchone()
        return (row[0], row[1]) if row else (-1, 0)

    def _journaled(self) -> Iterator[Answered]:
        with connect(self.url, SERVER) as conn, conn.transaction(), psycopg.ServerCursor(conn, "journal") as cursor:
            cursor.execute(
                "SELECT file, row, answer, why FROM ledger.journal WHERE run = %s AND answer <> %s ORDER BY file, row",
                (self._run, ACCEPTED),
            )
            for file, row, answer, why in cursor:
                yield Answered(file, row, answer, *(json.loads(why) if why else ("", {})))

    def _take_from(self, last: tuple[int, int]) -> None:
        rows = self.folder.rows(after=last)
        waiting: deque[tuple[int, Future[list[Answer]]]] = deque()
        before: Future[list[Answer]] | None = None
        while chunk := list(islice(rows, CHUNK)):
            before = self.writer.submit(self._act(chunk, before))
            waiting.append((len(chunk), before))
            if len(waiting) > AHEAD:
                self._finish(*waiting.popleft())
        for pending in waiting:
            self._finish(*pending)

    def _finish(self, count: int, answer: "Future[list[Answer]]") -> None:
        answer.result()
        self.progress(count)

    def _act(self, chunk: Sequence[Row], before: "Future[list[Answer]] | None") -> Act:
        def note(answers: Sequence[Answer]) -> Rows:
            if before is not None and before.done() and before.exception():
                raise Unsure("the rows before these were not answered")
            decided = iter(answers)
            answered = [_answered(row, row.asks if isinstance(row.asks, Unreadable) else next(decided)) for row in chunk]
            if self.rehearse:
                self._rehearsed += answered
                return {}
            return {_JOURNAL: [self._line(each) for each in answered]}

        commands = [row.asks for row in chunk if isinstance(row.asks, Command)]
        return Act(commands, self.by, self.org or self.folder.book, as_of=self.folder.season.as_of, note=note)

    def _line(self, each: Answered) -> tuple[Any, ...]:
        why = json.dumps([each.template, each.values]) if each.template else None
        return self._run, each.file, each.row, each.answer, why


def _answered(row: Row, answer: Answer | Unreadable) -> Answered:
    match answer:
        case Unreadable(template, values):
            return Answered(row.file, row.number, "malformed", template, values)
        case Denied(code, template, values):
            return Answered(row.file, row.number, code, template, values)
        case Repeated():
            return Answered(row.file, row.number, REPEAT)
        case Accepted():
            return Answered(row.file, row.number, ACCEPTED)


def expected_rows(folder: Folder) -> int:
    """How many rows the folder says it has, for progress."""
    return sum(folder.season.rows.get(file.name, 0) for file in FILES)
