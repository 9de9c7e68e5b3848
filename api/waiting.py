"""`Prefer: wait` (RFC 7240): a caller waits until the views show more, without a thread, and without asking again and again."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from fastapi import Request, Response

from api.house import House

MOST_SECONDS, DEFAULT_SECONDS = 30, 10
MOST_WAITING: Final = 64
"""Those who wait at once; a further one is answered at once, without `Preference-Applied`."""
_WAIT: Final = re.compile(r"(?:^|,)\s*wait(?:\s*=\s*\"?([0-9]{1,6})\"?)?\s*(?:[,;]|$)", re.IGNORECASE)
HEADER: Final[dict[str, Any]] = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string"},
    "description": f"`wait=SECONDS` (RFC 7240), at most {MOST_SECONDS}.",
    "example": "wait=20",
}
"""The header in the OpenAPI document."""


@contextmanager
def place(request: Request) -> Iterator[int]:
    """The seconds that a request may wait: as many as it prefers; 0 where it does not say so, or too many wait already."""
    seconds, state = _preferred(request), request.app.state
    waiting = getattr(state, "waiting", 0)
    if not seconds or waiting >= MOST_WAITING:
        yield 0
        return
    state.waiting = waiting + 1
    try:
        yield seconds
    finally:
        state.waiting -= 1


def _preferred(request: Request) -> int:
    found = _WAIT.search(",".join(request.headers.getlist("prefer")))
    return min(int(found[1] or DEFAULT_SECONDS), MOST_SECONDS) if found else 0


def applied(response: Response, seconds: int) -> Response:
    """The answer, saying that it waited as was preferred."""
    if seconds:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


async def moved(house: House, beyond: int, seconds: float) -> bool:
    """Wait until the views show more than a position; False when it takes longer."""
    loop, rung = asyncio.get_running_loop(), asyncio.Event()
    with house.follower.ringing(lambda: loop.call_soon_threadsafe(rung.set)), suppress(TimeoutError):
        house.follower.wake()
        async with asyncio.timeout(seconds):
            while house.follower.reached <= beyond:
                await rung.wait()
                rung.clear()
    return house.follower.reached > beyond
