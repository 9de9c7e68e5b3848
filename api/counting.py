"""Scans are counted in memory and written down together, off the way of whoever scans; a kill loses those of the last seconds."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self

import psycopg

from api import logs, scans
from ledger.schema import SERVER, Connection, connect
from ledger.store import OUT_OF_REACH

SECONDS: Final = 2.0
"""How often what was counted is written."""
MOST: Final = 50_000
"""Rows that are kept while the database is away; further ones are not counted."""


class Tally:
    """What was scanned since it was last written: (serial, day, country) -> how often. Any thread may add to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def add(self, serial: str, day: str, country: str, n: int = 1) -> None:
        """Count a scan; the day as 2026-06-01."""
        key = (serial, day, country)
        with self._lock:
            if key in self._counts or len(self._counts) < MOST:
                self._counts[key] += n

    def write(self, conn: Connection) -> int:
        """Write down what was counted, how many rows; where that fails it is counted on. Raises psycopg.Error."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        try:
            scans.add(conn, taken)
        except BaseException:
            for key, n in taken.items():
                self.add(*key, n)
            raise
        return len(taken)


class Counting:
    """The thread that writes scans down and, once a day, forgets old ones, while a process serves."""

    def __init__(self, url: str, tally: Tally, now: Callable[[], str], seconds: float = SECONDS) -> None:
        self._url, self._tally, self._now, self._seconds = url, tally, now, seconds
        self._closed = threading.Event()
        self._forgotten = ""
        self._thread = threading.Thread(target=self._run, name="scans", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        """End after what was counted is written."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            try:
                with suppress(*OUT_OF_REACH), connect(self._url, SERVER) as conn:
                    while not self._closed.wait(self._seconds):
                        self._turn(conn)
                    self._turn(conn)
                    return
            except psycopg.Error as failure:
                logs.failure(failure)
            ended = self._closed.wait(self._seconds)

    def _turn(self, conn: Connection) -> None:
        self._tally.write(conn)
        today = self._now()[:10]
        if today != self._forgotten:
            scans.forget(conn, today)
            self._forgotten = today
