"""Decide, group, answer: one thread a process drains the waiting acts, decides them in order, appends them in one commit, answers each.

What survives a crash: an act is answered only after its commit. One whose answer was lost is found by its command ids and answered
from where its facts stand.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.annulment import FactAnnulled
from domain.values import Fact, Moment
from ledger.act import Act, Given, Job, ReadOnly, Unavailable, Unsure
from ledger.decision import Answer, Batch, moment_of
from ledger.entry import now, read, typed
from ledger.memory import Memory
from ledger.store import OUT_OF_REACH, Head, Store, Taken
from ledger.vault import Vault

MOST_COMMANDS: Final = 500
"""Commands decided and appended in one commit."""
PATIENCE_SECONDS: Final = 20.0
"""How long a lost database is waited for before the waiting acts are given up."""


class Writer:
    """The writer of this process. Thread-safe; `submit` returns at once.

    `rehearse`: decide as if appending, and append nothing.
    """

    def __init__(
        self,
        url: str,
        vault: Vault,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        revive: Callable[[], object] = lambda: None,
        *,
        rehearse: bool = False,
    ) -> None:
        self._store, self._vault, self._clock, self._revive = Store(url), vault, clock, revive
        self._rehearsed: dict[UUID, Taken] | None = {} if rehearse else None
        self._memory = Memory(float("inf")) if rehearse else Memory()
        vault.check(self._store.conn)
        self._head = self._known = self._store.head()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._listeners: list[Callable[[int], None]] = []
        self._closed = False
        self._gate = threading.Lock()
        self._turn = threading.Lock()  # one at a time decides and appends: the thread, or a caller that found it idle
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Act | Given) -> "Future[list[Answer]]":
        """Hand over an act; the future gives one answer a command, or raises Unavailable."""
        job = Job(work)
        job.answer.set_running_or_notify_cancel()  # a caller that goes away cannot take back what it handed over
        with self._gate:
            if self._closed:
                raise RuntimeError("the writer is closed")
            self._jobs.put(job)
        return job.answer

    def ask(self, work: Act | Given) -> list[Answer]:
        """Hand over an act and wait for its answers. Where nobody else waits, the caller does the work itself."""
        if self._jobs.empty() and not self._closed and self._turn.acquire(blocking=False):
            try:
                job = Job(work)
                self._settle([job])
            finally:
                self._turn.release()
            return job.answer.result()
        return self.submit(work).result()

    def on_append(self, listener: Callable[[int], None]) -> None:
        """Call `listener` with the new size after every commit, from the writer's thread; it must be quick."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Answer all that waits, then end."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)  # nothing comes after it
        self._thread.join()
        with self._turn:
            self._store.close()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            with self._turn:
                jobs, weight, last = [job], job.weight(), False
                while weight < MOST_COMMANDS and not self._jobs.empty() and not last:
                    further = self._jobs.get()
                    last = further is None
                    if further is not None:
                        jobs.append(further)
                        weight += further.weight()
                self._settle(jobs)
                if last:
                    return

    def _settle(self, jobs: list[Job]) -> None:
        """Every job gets its answer here, on every path."""
        try:
            self._until_done(jobs)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the callers must hear of it
            self._memory.forget()
            if len(jobs) > 1 and not isinstance(failure, Unavailable):
                for job in jobs:
                    self._settle([job])
                return
            for job in jobs:
                if not job.answer.done():
                    job.answer.set_exception(failure)

    def _until_done(self, jobs: list[Job]) -> None:
        lost_at: float | None = None
        lock = False
        while jobs:
            try:
                done = self._locked(jobs, unsure=lost_at is not None) if lock else self._attempt(jobs, unsure=lost_at is not None)
            except OUT_OF_REACH as lost:
                lost_at = lost_at or time.monotonic()
                self._give_up(jobs)
                self._reach_again(lost_at, lost)
                continue
            if done is not None:
                self._commit(*done)
                return
            self._catch_up(self._store.head())
            lock = True

    def _give_up(self, jobs: list[Job]) -> None:
        """What cannot be looked for by command ids, or keeps a journal, is not tried again: its caller looks how far it came."""
        for job in [job for job in jobs if isinstance(job.work, Given) or job.work.note]:
            job.answer.set_exception(Unsure("the connection was lost: whether this was appended is unknown"))
            jobs.remove(job)

    def _reach_again(self, since: float, lost: Exception) -> None:
        self._memory.forget()
        while True:
            try:
                self._revive()
                self._store.reconnect()
                self._head = self._known = self._store.head()
            except OUT_OF_REACH:
                if time.monotonic() - since > PATIENCE_SECONDS:
                    raise Unavailable(f"the database is out of reach: {type(lost).__name__}") from lost
                time.sleep(0.2)
            else:
                return

    def _locked(self, jobs: list[Job], *, unsure: bool) -> "_Done | None":
        """Decide and append while nobody else can move the head: after having been too late once, so that a slow batch cannot starve."""
        with self._store.conn.transaction():
            self._catch_up(self._store.head(lock=True))
            return self._attempt(jobs, unsure=unsure)

    def _attempt(self, jobs: list[Job], *, unsure: bool) -> "_Done | None":
        """Decide and append; None, and all decisions taken back, where another process was first."""
        commands = [command for job in jobs if isinstance(job.work, Act) for command in job.work.commands]
        taken = dict(self._rehearsed or {})
        if commands:
            missing = self._memory.missing(tag for command in commands for tag in command.reads())
            further, entries = self._store.known([command.id for command in commands], missing, self._known.size)
            self._memory.learn(missing, entries)
            taken |= further
        clock = self._clock()
        batch = Batch(
            self._store, self._vault, self._memory, self._head, taken, now(clock), unsure=unsure, rehearsed=self._rehearsed is not None
        )
        latest = moment_of(clock)
        answers = [(job, self._decide(job.work, batch, latest)) for job in jobs]
        new = self._append(batch)
        if new is None:
            self._memory.back_to(0)
            return None
        return new, answers

    def _commit(self, new: Head, answers: "list[tuple[Job, list[Answer] | Exception]]") -> None:
        self._memory.keep()
        self._head = new
        if self._rehearsed is None:
            self._known = new
        for job, answer in answers:
            if isinstance(answer, Exception):
                job.answer.set_exception(answer)
            else:
                job.answer.set_result(answer)
        for listener in self._listeners:
            with suppress(Exception):  # what was committed and answered must not be tried again
                listener(new.size)

    def _decide(self, work: Act | Given, batch: Batch, latest: Moment) -> list[Answer] | Exception:
        mark = batch.mark()
        try:
            if isinstance(work, Given):
                return batch.given(work.records, work.condition)
            answers = batch.act(work.commands, work.by, work.org, work.as_of or latest, whole=work.whole)
            if work.note:
                batch.add(work.note(answers))
        except OUT_OF_REACH:
            raise
        except Exception as failure:  # noqa: BLE001 - one caller's failure is not the others'
            batch.back_to(mark)
            return failure
        return answers

    def _append(self, batch: Batch) -> Head | None:
        if self._rehearsed is not None:
            self._rehearsed.update({each.id: each for each in batch.taken})
            return batch.advanced()
        if not batch.records and self._store.head().size != self._head.size:
            return None  # refused on what is no longer true: decide again
        if not batch.records and not batch.rows:
            return self._head
        return self._store.append(self._head, batch.records, batch.taken, batch.rows, batch.seen)

    def _catch_up(self, head: Head) -> None:
        """Fold what other processes appended into the states at hand. Raises ReadOnly where nothing may be appended."""
        if head.sealed:
            raise ReadOnly("the ledger is read only until what was restored was compared with what was signed: `cacao reopen`")
        for position, tags, line in self._store.since(self._head.size):
            if position > head.size:
                break
            if any(tag in self._memory.states for tag in tags):
                self._fold(typed(read(position, line).fact), tags, position)
        self._memory.keep()
        self._head = self._known = head

    def _fold(self, fact: Fact, tags: list[str], position: int) -> None:
        if isinstance(fact, FactAnnulled):
            self._memory.drop(tags)
        else:
            self._memory.apply(fact, tags, position)


_Done = tuple[Head, list[tuple[Job, list[Answer] | Exception]]]
