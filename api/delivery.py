"""Webhooks are delivered: at least once, in order, signed; by one process at a time, each hook by itself, tried again until given up.

What survives a crash: how far a hook was delivered is written after its receiver answered. What was under way is delivered again.
"""

import random
import secrets
import threading
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, Self

import orjson
import psycopg

from api import feed, hooks, logs, sending
from api.hooks import Due
from api.house import House
from ledger.schema import SERVER, Connection, connect
from ledger.store import OUT_OF_REACH
from projections.history import Facets

BATCH: Final = 100
"""Entries in one POST, at most."""
LONGEST_PAUSE: Final = 300.0
MOST_FAILURES: Final = 300
"""In a row, before a hook is given up: after about a day."""
ELSEWHERE_SECONDS: Final = 5.0
"""How often a process asks whether the one that delivers is gone."""
IDLE_SECONDS: Final = 2.0
"""How soon a hook that another process was told of is seen."""
FAR: Final = 10_000
"""Entries that were none of a hook's, after which that is written down."""
_AT_ONCE: Final = 8
_GONE: Final = 410
_LOCK: Final = "SELECT pg_try_advisory_lock(7263005)"


class Deliveries:
    """The thread that delivers while a process serves."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._bell, self._closed = threading.Event(), threading.Event()
        self._senders = ThreadPoolExecutor(_AT_ONCE, "webhooks")
        self._busy: set[str] = set()
        self._looked: dict[tuple[str, int], int] = {}
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        """End after what is under way."""
        self._closed.set()
        self._bell.set()
        self._thread.join()
        self._senders.shutdown()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with suppress(*OUT_OF_REACH), connect(self._house.url, SERVER) as conn:
                    while not self._closed.is_set() and conn.execute(_LOCK).fetchone() != (True,):
                        self._closed.wait(ELSEWHERE_SECONDS)
                    with self._house.follower.ringing(self._bell.set):
                        self._serve(conn)
            except psycopg.Error as failure:
                logs.failure(failure)
            self._closed.wait(IDLE_SECONDS)

    def _serve(self, conn: Connection) -> None:
        while not self._closed.is_set():
            self._bell.clear()
            pause, busy = IDLE_SECONDS, frozenset(self._busy)  # noted first, so that of the others the rows are new
            for hook in hooks.active(conn):
                if hook.waits > 0:
                    pause = min(pause, hook.waits)
                elif hook.id not in busy and self._start(hook) < self._house.follower.reached:
                    self._busy.add(hook.id)
                    self._senders.submit(self._deliver, hook)
            self._bell.wait(pause)

    def _start(self, hook: Due) -> int:
        return max(hook.position, self._looked.get((hook.id, hook.replays), 0))

    def _deliver(self, hook: Due) -> None:
        """One part to one hook. Whatever goes wrong counts as a failure, except that our own database is away."""
        try:
            part = feed.own(self._house, Facets(hook.org, tuple(hook.kinds)), self._start(hook), BATCH)
            why = self._refused(hook, part) if part.entries else None
            with self._house.pool.connection() as conn:
                self._note(conn, hook, part, why)
        except (*OUT_OF_REACH, psycopg.Error):
            self._closed.wait(IDLE_SECONDS)
        except Exception as failure:  # noqa: BLE001 - it must not end the thread, nor be tried again at once
            logs.failure(failure)
            with suppress(*OUT_OF_REACH, psycopg.Error), self._house.pool.connection() as conn:
                hooks.failed(conn, hook, "something went wrong here", LONGEST_PAUSE)
        finally:
            self._busy.discard(hook.id)
            self._bell.set()

    def _refused(self, hook: Due, part: feed.Part) -> str | None:
        """Why a receiver did not take a part; None where it did."""
        secret = self._house.vault.open_secret(hook.id, hook.secret).decode()
        body = orjson.dumps({"hook": hook.id, "entries": part.items(), "next": part.reached})
        id_, now = f"{hook.id}-{hook.replays}-{part.entries[0][0]}-{part.entries[-1][0]}", int(time.time())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "cacao-ledger",
            "Webhook-Id": id_,
            "Webhook-Timestamp": str(now),
            "Webhook-Signature": sending.signature(secret, id_, now, body),
        }
        try:
            status = sending.post(hook.url, body, headers, local=self._house.settings.webhooks_local)
        except sending.NotSent as failure:
            return str(failure)
        return None if 200 <= status < 300 else f"answered {status}"  # noqa: PLR2004 - that is what 2xx means

    def _note(self, conn: Connection, hook: Due, part: feed.Part, why: str | None) -> None:
        if why is not None:
            pause = None if why == f"answered {_GONE}" or hook.failures + 1 >= MOST_FAILURES else pause_after(hook.failures + 1)
            hooks.failed(conn, hook, why, pause)
            state = "given up" if pause is None else "tried again later"
            said = {"event": "webhook", "hook": hook.id, "why": why, "failures": hook.failures + 1, "state": state}
            logs.log.warning("webhook %s %s: %s", hook.id, state, why, extra={"said": said})
        elif part.entries or part.reached - hook.position >= FAR:
            hooks.passed(conn, hook, part.reached, delivered=bool(part.entries))
        else:
            self._looked[hook.id, hook.replays] = part.reached


def pause_after(failures: int) -> float:
    """Seconds until the next try: 1, 2, 4 … 300, a fifth more or less, so that receivers are not all asked at once."""
    return float(min(2.0 ** min(failures - 1, 9), LONGEST_PAUSE)) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret


def new_secret() -> str:
    """What signs one hook's deliveries: 256 random bits."""
    return sending.MARK + b64encode(secrets.token_bytes(32)).decode()
