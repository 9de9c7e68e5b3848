"""What is shown while the database is out of reach: each public page as it was made last, with the moment from which it is."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from gzip import decompress
from http import HTTPStatus
from typing import Final, NamedTuple

import anyio
import psycopg

from api.house import House
from api.languages import Language
from api.look import look
from api.page import Page, page
from ledger.store import OUT_OF_REACH

AS_OF: Final = "Cacao-As-Of"
"""The header that says from when a page is that was not made now."""
MOST_BYTES: Final = 12_000_000
"""Of pages that an address alone names, and as much again of those that more than the address names: the least used go first."""
MOST_SHOWN: Final = 64
"""Pages with their banner that are kept ready."""
PATIENCE_SECONDS: Final = 3.0
"""How long a page is waited for that can be shown as it was."""
PAUSE_SECONDS: Final = 1.0
"""How often a database that is out of reach is looked for: meanwhile nobody waits for it."""
LOOK_SECONDS: Final = 0.5
STALE_SECONDS: Final = 60.0
"""How old what a page is made of may be: a page made so soon after an erasure may still show who was erased."""
_BEFORE: Final = b'<main id="main">'


class Away(psycopg.OperationalError):
    """The database is out of reach, and the page was never made."""


class _Last(NamedTuple):
    """A page as it was made last, and when; `lean`: without its whole body where there is a compressed one."""

    made: Page
    lean: Page
    at: datetime

    @property
    def size(self) -> int:
        return len(self.lean.body) + len(self.lean.gzipped or b"") + 1_000

    def shown(self, language: Language) -> Page:
        """With a banner that says from when it is."""
        body = decompress(self.lean.gzipped) if self.lean.gzipped else self.lean.body
        banner = look(language).render("kept.html", made=self.at).encode() if self.lean.media_type.startswith("text/html") else b""
        headers = self.lean.headers | {AS_OF: self.at.isoformat(timespec="seconds").replace("+00:00", "Z")}
        return page(body.replace(_BEFORE, banner + _BEFORE, 1), self.lean.media_type, self.lean.status, headers)


@dataclass(slots=True)
class _Store:
    """Pages by key within a number of bytes, the least used dropped first."""

    most: int
    pages: "OrderedDict[Hashable, _Last]" = field(default_factory=OrderedDict)
    bytes: int = 0

    def put(self, key: Hashable, made: Page) -> None:
        if (there := self.pages.get(key)) and there.made is made:
            self.pages.move_to_end(key)
            return
        self.drop(key)
        lean = Page(b"" if made.gzipped else made.body, made.media_type, made.status, made.headers, made.etag, made.gzipped, made.position)
        self.pages[key] = last = _Last(made, lean, datetime.now(UTC))
        self.bytes += last.size
        while self.bytes > self.most:
            self.drop(next(iter(self.pages)))

    def drop(self, key: Hashable) -> None:
        if there := self.pages.pop(key, None):
            self.bytes -= there.size


class Kept:
    """Pages as they were made last, and whether the database was there when it was looked for. For one event loop alone."""

    def __init__(self, house: House, most: int = MOST_BYTES) -> None:
        self._house = house
        self._stores = {False: _Store(most), True: _Store(most)}
        self._shown: OrderedDict[Hashable, Page] = OrderedDict()
        self._look_at: float | None = None
        self._one = anyio.CapacityLimiter(2)

    async def reached(self, key: Hashable, language: Language, getting: Callable[[], Awaitable[Page]], *, further: bool = False) -> Page:
        """What `getting` gives, kept under a key; where that takes the database and it is out of reach, the page made last, with a banner.

        Without a key it is not kept. `further`: more than its address names the page; whoever makes up many such names pushes out none
        of the others.
        Raises psycopg.OperationalError where there is no such page, or somebody's data were erased since it was made.
        """
        if await self.away():
            return self._as_it_was(key, language, further=further)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS if self._last(key, further=further) else None):
                made = await getting()
        except (TimeoutError, *OUT_OF_REACH):
            await self.lost()
            return self._as_it_was(key, language, further=further)
        if made.status == HTTPStatus.OK and key is not None:
            self._stores[further].put(key, made)
            self._shown.pop(key, None)
        return made

    def _last(self, key: Hashable, *, further: bool) -> _Last | None:
        """The page made last, unless what was erased since may stand in it."""
        last = self._stores[further].pages.get(key)
        with suppress(FileNotFoundError):
            if last and last.at.timestamp() <= self._house.settings.erased.stat().st_mtime + STALE_SECONDS:
                self._stores[further].drop(key)
                return None
        return last

    def _as_it_was(self, key: Hashable, language: Language, *, further: bool) -> Page:
        last = self._last(key, further=further)
        if last is None:
            raise Away("out of reach, and never made")
        if key not in self._shown:
            self._shown[key] = last.shown(language)
            while len(self._shown) > MOST_SHOWN:
                self._shown.popitem(last=False)
        return self._shown[key]

    async def lost(self) -> None:
        """Somebody found the database gone: until it answers again, nobody is kept waiting for it."""
        if not await self._answers():
            self._look_at = time.monotonic() + PAUSE_SECONDS

    async def away(self) -> bool:
        """Whether the database was out of reach a moment ago, and still is where it is time to look again; one request looks."""
        if self._look_at is None:
            return False
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + PAUSE_SECONDS
            if await self._answers():
                self._look_at = None
        return self._look_at is not None

    async def _answers(self) -> bool:
        with anyio.move_on_after(2 * LOOK_SECONDS):
            return await anyio.to_thread.run_sync(self._look, limiter=self._one, abandon_on_cancel=True)
        return False

    def _look(self) -> bool:
        try:
            self._house.pool.check()
            with self._house.pool.connection(LOOK_SECONDS) as conn:
                conn.execute("SELECT 1")
        except OUT_OF_REACH:
            return False
        return True
