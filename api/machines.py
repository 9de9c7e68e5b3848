"""What the doors for machines share: who may read what, ids in addresses, and the refusals that every operation documents."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Path
from starlette.concurrency import run_in_threadpool

from api.access import Actor, Refusal, actor
from api.problems import problem
from api.roles import may_read
from ledger.store import OUT_OF_REACH

NO_STORE: Final = {"Cache-Control": "no-store"}
FARTHEST: Final = 2**53
"""Beyond every position, and still a whole number everywhere."""
READ_SCOPE: Final = "read"
T = TypeVar("T")
_ID: Final = re.compile(r"(?:[a-z0-9-]{1,20}/)?[A-Z0-9-]{1,20}")
Name = Annotated[str, Path(description="An id of one's own book, or BOOK/ID.", max_length=41, examples=["FA-0001", "main/FA-0001"])]

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Where the code is explained."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "One of a closed list; programs decide by it."},
        "detail": {"type": "string", "description": "A sentence that says what was found and what was wanted."},
    },
}
"""Problem details of RFC 9457, as the OpenAPI document shows them."""
WHEN: Final = {
    400: ("not-json", "The body is not JSON."),
    401: ("unauthorized", "No token or session, or one that holds no more."),
    403: ("forbidden", "The role, or the token's scopes, do not allow it."),
    404: ("not-found", "Unknown, or not one's own: both answer alike."),
    408: ("too-slow", "The body did not arrive in time."),
    409: ("overdrawn", "The rules refuse it; nothing was changed."),
    413: ("too-large", "The body is too large."),
    414: ("too-long", "The address is too long."),
    415: ("unsupported-media-type", "The body is not said to be JSON."),
    422: ("malformed", "The body, the address or its parameters cannot be read."),
    431: ("too-long", "The headers are too long."),
    429: ("too-many", "Too many requests within a minute: wait as long as `Retry-After` says."),
    503: ("unavailable", "The database is out of reach, or too much is under way: send the same again after `Retry-After`."),
}
"""Status -> an example of its codes, and when it is answered."""


BODY: Final = (408, 413)
"""Refusals of what has a body."""
_ALL: Final = (414, 429, 431, 503)


def problems(*statuses: int, public: bool = False) -> dict[int | str, dict[str, Any]]:
    """Refusals of an operation as its `responses`, with those that all have; 401 too, unless it is for everybody."""
    return {status: documented(status, *WHEN[status]) for status in sorted({*statuses, *_ALL} | (set() if public else {401}))}


def documented(status: int, code: str, sentence: str) -> dict[str, Any]:
    """A refusal in the OpenAPI document."""
    example = {"type": f"/problems/{code}", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": sentence}
    headers = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}} if status in (429, 503) else {}
    content = {"application/problem+json": {"schema": PROBLEM, "example": example}}
    return {"description": sentence, "content": content, **({"headers": headers} if headers else {})}


def reader(*reads: str) -> Callable[[Actor], Actor]:
    """A dependency: who asks, allowed to read one of these. Raises Refusal 401, 403."""

    def allowed(by: Annotated[Actor, Depends(actor)]) -> Actor:
        if by.scopes and READ_SCOPE not in by.scopes:
            raise Refusal(problem(403, "forbidden", f"this token's scopes do not hold `{READ_SCOPE}`"))
        if not any(may_read(by.roles, each) for each in reads):
            roles = ", ".join(by.roles) or "no role"
            raise Refusal(problem(403, "forbidden", f"{roles} may not read {' or '.join(reads)}"))
        return by

    return allowed


async def asked(work: Callable[..., T], *of: Any) -> T:  # noqa: ANN401 - passed on
    """What some work on the database gives, done in a thread. Raises Refusal 503 where the database is out of reach."""
    try:
        return await run_in_threadpool(work, *of)
    except OUT_OF_REACH:
        raise Refusal(problem(503, "unavailable", "the database is out of reach for the moment", {"Retry-After": "5"})) from None


def key_of(by: Actor, name: str) -> str:
    """An id in an address as a key: of one's own book where none is said. Raises Refusal 404 for what can be no id."""
    if not _ID.fullmatch(name):
        raise missing()
    return name if "/" in name else f"{(by.org or 'main/').partition('/')[0]}/{name}"


def missing() -> Refusal:
    """What is unknown and what is another's look alike."""
    return Refusal(problem(404, "not-found", "there is nothing of that id, or nothing of yours"))
