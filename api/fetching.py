"""A line to another machine that is asked again and again: kept open, bounded in time and size, and true to the address that was given."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, NamedTuple

from api.sending import readable

SECONDS: Final = 5.0
"""For connecting, and for each part of an answer."""


class NoAnswer(Exception):
    """Nothing came back, or too much."""


class Reply(NamedTuple):
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Line:
    """One connection, for one thread; it follows no redirect and asks no proxy. Raises ValueError for what is no address."""

    def __init__(self, base: str, most: int, seconds: float = SECONDS) -> None:
        parts = readable(base, local=True)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._conn = kind(parts.hostname or "", parts.port, timeout=seconds)
        self._path, self._most = parts.path.rstrip("/"), most

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask; where a line that was kept open turns out to be closed, once more on a new one. Raises NoAnswer."""
        kept = self._conn.sock is not None
        try:
            return self._asked(method, path, body, {"User-Agent": "cacao-ledger", **(headers or {})})
        except NoAnswer:
            self.close()
            if not kept:
                raise
        return self.ask(method, path, body, headers)

    def _asked(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        try:
            self._conn.request(method, f"{self._path}{path}", body, headers)
            answer = self._conn.getresponse()
            read = answer.read(self._most + 1)
        except (OSError, HTTPException) as failure:
            raise NoAnswer(f"no answer ({type(failure).__name__})") from None
        if len(read) > self._most:
            raise NoAnswer(f"an answer of more than {self._most:,} bytes")
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, read)

    def close(self) -> None:
        """Close the connection; the next question opens a new one."""
        self._conn.close()

    def cut(self) -> None:
        """From another thread: end what is under way."""
        with suppress(OSError, AttributeError):
            self._conn.sock.shutdown(socket.SHUT_RDWR)
