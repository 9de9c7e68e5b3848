"""A page as it is sent, whole and compressed, and those made lately, so that a thousand scans of one label cost one rendering."""

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool

SECONDS: Final = 20.0
"""How long a page is served as it was made; with `max-age` it is at most a minute old where it is read."""
MOST: Final = 512
_WORTH_GZIP: Final = 400


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered answer: what any reader gets, whole and compressed."""

    body: bytes
    media_type: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    gzipped: bytes | None = None
    position: int = 0
    """Of the ledger, that the page shows."""


def page(body: bytes, media_type: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Page:
    """A page with its tag and its compressed form."""
    squeezable = len(body) >= _WORTH_GZIP and not media_type.startswith(("image/png", "application/pdf"))
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Page(body, media_type, status, dict(headers or {}), tag, gzip.compress(body, 6, mtime=0) if squeezable else None)


@dataclass(slots=True)
class Cache:
    """Pages by key, the least used dropped first; a page that is being made is made once, however many ask for it."""

    seconds: float = SECONDS
    most: int = MOST
    clock: Callable[[], float] = time.monotonic
    _kept: "OrderedDict[Hashable, tuple[float, Page]]" = field(default_factory=OrderedDict)
    _making: "dict[Hashable, asyncio.Task[Page]]" = field(default_factory=dict)

    async def get(self, key: Hashable, make: Callable[[], Page], at: int = 0) -> Page:
        """The page kept under a key that shows a position, or made now; only pages that were found are kept."""
        if (kept := self._kept.get(key)) and kept[0] > self.clock() and kept[1].position >= at:
            self._kept.move_to_end(key)
            return kept[1]
        if key not in self._making:
            self._making[key] = asyncio.create_task(self._make(key, make))
        return await asyncio.shield(self._making[key])

    async def _make(self, key: Hashable, make: Callable[[], Page]) -> Page:
        try:
            made = await run_in_threadpool(make)
        finally:
            del self._making[key]
        if made.status == HTTPStatus.OK:
            self._kept[key] = (self.clock() + self.seconds, made)
            self._kept.move_to_end(key)
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return made
