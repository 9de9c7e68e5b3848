"""`?as_of=`: a page or an answer as the record stood at a position, on a day or at a moment; exact, whatever happened since."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import AfterValidator, WithJsonSchema

from api.cache import Ask, Page
from api.house import House
from api.machines import FARTHEST, missing
from api.moments import AsOf, resolved, said_as
from projections.then import Then

_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": FARTHEST},
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date-time"},
    ]
}


def _named(written: str) -> str:
    named = said_as(written)
    if isinstance(named, int) and not 1 <= named <= FARTHEST:
        raise ValueError("wanted a position from 1")
    return written


AsOfQuery = Annotated[
    Annotated[str, AfterValidator(_named), WithJsonSchema(_SCHEMA)] | None,
    Query(
        description="As the record stood at this position, at the end of this day in Peru, or at this moment: what was written up to then.",
        examples=["41", "2026-06-01", "2026-06-01T10:00:00-05:00"],
    ),
]
NO_MOMENT: Final = "After `as_of=` stands a position, a day or a moment: 41, 2026-06-01 or 2026-06-01T10:00:00-05:00."
NOT_YET: Final = "The record does not reach that position yet."
NOT_THEN: Final = "As the record stood then, there was nothing of that number, or nothing of yours."


def for_page(ask: Ask, written: str) -> AsOf | Page | None:
    """The moment that an address names; None where it names none, and the page that says so where it cannot be."""
    if not written:
        return None
    try:
        return resolved(ask.house, written) or ask.message(404, "Not found", NOT_YET)
    except ValueError:
        return ask.message(422, "This address cannot be read", NO_MOMENT)


def not_then(ask: Ask) -> Page:
    """What was not there then, and what is another's, look alike."""
    return ask.message(404, "Not found", NOT_THEN)


def for_data(house: House, named: str | None) -> int | None:
    """The position that a machine names; None where it names none. Raises Refusal 404 where the record does not reach it."""
    found = resolved(house, named) if named else None
    if named and found is None:
        raise missing()
    return found and found.position


def past(house: House, org: str | None, at: int) -> Then:
    """What an organisation may see of the record as it stood at a position."""
    return Then(house.pool.connection, partial(house.standing, org, at), org, at)
