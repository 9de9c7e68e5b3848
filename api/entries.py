"""The door for machines that follow the record: an organisation's own entries after a position, in order, at once or when they come."""

import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field

from api.access import Actor
from api.feed import Part, own
from api.house import House
from api.machines import FARTHEST, NO_STORE, asked, problems, reader
from api.moments import day_of, happened_on, written_on
from api.waiting import HEADER, applied, moved, place
from projections.history import Facets
from projections.timeline import LATE_DAYS

router: Final = APIRouter()
MOST, USUAL = 1_000, 100
NDJSON: Final = "application/x-ndjson"
EXAMPLE: Final = {
    "position": 13,
    "entry": {
        "at": "2026-05-02T15:00:00-05:00",
        "by": "token-1a2b3c4d",
        "do": "record-harvest",
        "fact": {
            "form": "wet",
            "from_at": "2026-05-02T07:00:00-05:00",
            "grams": 412500,
            "holder_id": "main/FA-0001",
            "lot_id": "main/HV-001",
            "plot_id": "main/P-00001",
            "to_at": "2026-05-02T15:00:00-05:00",
        },
        "id": "0197a3c0-4b2e-700d-8c51-2f1b6d0e9a0d",
        "kind": "harvest-recorded.v1",
        "n": 0,
        "org": "main",
        "seen": "2026-05-02T20:01:12.345678Z",
        "tags": ["lot:main/HV-001", "plot:main/P-00001", "party:main/FA-0001"],
        "v": 1,
    },
}
After = Annotated[int, Query(ge=0, le=FARTHEST, description="Entries after this position: 0 begins at the beginning.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Kind = Annotated[str, Field(pattern=r"^[a-z-]{1,40}\.v[0-9]{1,3}$")]
Kinds = Annotated[list[Kind], Query(alias="kind", max_length=20, description="Only of these kinds.", examples=[["lot-bought.v1"]])]
Tag = Annotated[str, Field(pattern=r"^[a-z-]{1,20}:[A-Za-z0-9@/._:-]{1,200}$")]
Tags = Annotated[list[Tag], Query(alias="tag", max_length=5, description="Only with all of these tags.", examples=[["lot:main/HV-001"]])]
_Date = Annotated[date, BeforeValidator(day_of)]
Day = Annotated[_Date | None, Query(description="Only what happened on this day in Peru.", examples=["2026-05-02"])]
Written = Annotated[_Date | None, Query(description="Only what was written on this day in Peru.", examples=["2026-05-02"])]
Late = Annotated[bool, Query(description=f"Only what was written more than {LATE_DAYS} days after it happened.")]
Org = Annotated[
    str | None, Query(pattern=r"^[a-z0-9-]{1,20}/[A-Z0-9-]{1,20}$", description="For those of the house: only of this organisation.")
]


class Placed(BaseModel):
    """An entry and its position."""

    position: int
    entry: dict[str, Any] = Field(description="The stored line, byte for byte: canonical JSON (RFC 8785).")


class Entries(BaseModel):
    """Entries in order."""

    entries: list[Placed]
    next: int | None = Field(description="`after` for what follows; null where nothing more is there yet.")
    head: int = Field(description="Up to which position was looked: `after` for what will come, where `next` is null.")


_SAID: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": Entries,
        "description": f"Entries. With `Accept: {NDJSON}` one object a line, as the items of `entries`.",
        "content": {
            "application/json": {"example": {"entries": [EXAMPLE], "next": 13, "head": 41}},
            NDJSON: {"schema": {"type": "string"}, "example": orjson.dumps(EXAMPLE).decode() + "\n"},
        },
        "headers": {
            "Link": {"schema": {"type": "string"}, "description": '`rel="next"`, where `next` is not null.'},
            "Preference-Applied": {"schema": {"type": "string"}},
        },
    },
    **problems(403, 422),
}


@router.get(
    "/entries",
    operation_id="list_entries",
    tags=["entries"],
    summary="Entries of one's own organisation",
    response_class=Response,
    responses=_SAID,
    openapi_extra={"parameters": [HEADER]},
)
async def list_entries(
    request: Request,
    by: Annotated[Actor, Depends(reader("entries"))],
    kinds: Kinds = [],  # noqa: B006 - FastAPI copies it
    tags: Tags = [],  # noqa: B006 - as above
    day: Day = None,
    written: Written = None,
    late: Late = False,  # noqa: FBT002
    org: Org = None,
    after: After = 0,
    limit: Limit = USUAL,
) -> Response:
    """What an organisation wrote, in the order of the ledger; those of the house see what all wrote.

    With `Prefer: wait=SECONDS` the answer comes when there is something to tell, or when the time is over; for what was `written` on a
    day nothing is waited for.
    """
    since, until = happened_on(day) if day else (None, None)
    wanted = Facets(by.org or org, tuple(kinds), tuple(tags), since, until, late)
    house = request.app.state.house
    with place(request) as seconds:
        part = await _awaited(house, partial(_part, house, wanted, after, limit, written), 0 if written else seconds)
        return applied(_answer(request, part), seconds)


async def _awaited(house: House, part_now: Callable[[], Part], seconds: int) -> Part:
    due = time.monotonic() + seconds
    while True:
        part = await asked(part_now)
        left = due - time.monotonic()
        if part.entries or left <= 0 or not await moved(house, part.head, left):
            return part


def _part(house: House, wanted: Facets, after: int, limit: int, written: date | None) -> Part:
    first, last = (0, None) if written is None else written_on(house, written)
    return own(house, wanted, max(after, first), limit, last)


def _answer(request: Request, part: Part) -> Response:
    headers = {**NO_STORE, "Vary": "Accept"}
    if part.next is not None:
        target = request.url.include_query_params(after=part.next)
        headers["Link"] = f'<?{target.query}>; rel="next"'
    if NDJSON in request.headers.get("accept", ""):
        return Response(b"".join(orjson.dumps(each) + b"\n" for each in part.items()), 200, headers, NDJSON)
    body = orjson.dumps({"entries": part.items(), "next": part.next, "head": part.head})
    return Response(body, 200, headers, "application/json")
