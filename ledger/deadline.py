"""Ends an append that hangs: the connection's socket is shut down, so that the waiting call fails as if the server had gone."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ledger.schema import Connection

APPEND_SECONDS: Final = 60.0
"""After this long the client gives an append up; its outcome is then looked for by command ids."""


class Deadline:
    """One watch for one connection; its thread starts with the first append."""

    def __init__(self) -> None:
        self._due: tuple[float, int] | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, conn: Connection) -> Iterator[None]:
        """While this lasts, the connection may be shut down for taking too long."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="append-deadline", daemon=True)
            self._thread.start()
        self._due = (time.monotonic() + APPEND_SECONDS, conn.fileno())
        try:
            yield
        finally:
            with self._lock:
                self._due = None

    def _run(self) -> None:
        while True:
            time.sleep(1)
            with self._lock:
                if self._due and time.monotonic() > self._due[0]:
                    with socket.socket(fileno=os.dup(self._due[1])) as line:
                        line.shutdown(socket.SHUT_RDWR)
                    self._due = None
