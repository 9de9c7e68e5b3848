"""The door for machines that ask what their organisation has: its lots with what is on hand, one party, one plot."""

from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.access import Actor
from api.asof import AsOfQuery, for_data, past
from api.house import House
from api.machines import NO_STORE, Name, asked, key_of, missing, problems, reader
from api.roles import may_read
from domain.values import plain
from ledger.schema import Connection
from projections import own

router: Final = APIRouter()
_GRAMS, _SQUARE_METRES, _MILLIMETRES = 1_000, 10_000, 1_000
MOST, USUAL = 1_000, 100
LOT: Final = {
    "lot": "main/HV-001", "form": "wet", "holder": "main/FA-0001", "made_by": "harvest-recorded.v1", "kg": "412.5", "kg_on_hand": "12.5",
    "started_at": "2026-05-02T07:00:00-05:00", "ended_at": "2026-05-02T15:00:00-05:00", "position": 13,
}  # fmt: skip
PARTY: Final = {
    "party": "main/FA-0002", "role": "farmer", "organisation": False, "district": "220505", "enrolled_at": "2024-01-15T09:00:00-05:00",
    "name": "Luis Tuanama Salas", "position": 46,
}  # fmt: skip
PLOT: Final = {
    "plot": "main/P-00002", "holder": "main/FA-0002", "holder_name": "Luis Tuanama Salas", "district": "220505", "system": "full_sun",
    "shape": "point", "area_ha": "1.5", "accuracy_m": "4", "planted_at": "2020-03-01T00:00:00-05:00",
    "surveyed_at": "2024-02-02T10:00:00-05:00", "position": 48,
}  # fmt: skip


class Lot(BaseModel):
    """A lot. Keys are BOOK/ID; weights are decimal strings."""

    lot: str
    form: str = Field(description="wet, fermented or dry.")
    holder: str
    made_by: str = Field(description="The kind of entry that made it.")
    kg: str = Field(description="When it was made.")
    kg_on_hand: str
    started_at: str
    ended_at: str
    position: int = Field(description="Of the entry that made it.")


class Lots(BaseModel):
    """Lots by their keys."""

    lots: list[Lot]
    next: str | None = Field(description="`after` for the rest; null where there is none.")


class Party(BaseModel):
    """A party; its name where the role reads farmers, and it was not erased."""

    party: str
    role: str
    organisation: bool
    district: str
    enrolled_at: str
    name: str | None
    position: int


class Plot(BaseModel):
    """A plot by its latest survey and holder."""

    plot: str
    holder: str
    holder_name: str | None
    district: str
    system: str
    shape: str
    area_ha: str
    accuracy_m: str
    planted_at: str
    surveyed_at: str
    position: int


def _said(model: type[BaseModel], example: dict[str, Any], *statuses: int) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model, "content": {"application/json": {"example": example}}}, **problems(403, *statuses)}


@router.get(
    "/lots",
    operation_id="list_lots",
    tags=["holdings"],
    summary="Lots of one's own organisation",
    response_class=Response,
    responses=_said(Lots, {"lots": [LOT], "next": LOT["lot"]}, 404, 422),
)
async def list_lots(
    request: Request,
    by: Annotated[Actor, Depends(reader("lots"))],
    after: Annotated[str, Query(max_length=41, description="Lots behind this one: an id, or `next` of the part before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many at most.")] = USUAL,
    used_up: Annotated[bool, Query(description="Also those of which nothing is left.")] = False,  # noqa: FBT002
    as_of: AsOfQuery = None,
) -> Response:
    """Lots that the organisation recorded, its own and its farmers', in the order of their keys."""
    key = key_of(by, after) if after else ""
    return await _answer(request, partial(_lots, by=by, after=key, limit=limit, used_up=used_up, as_of=as_of))


@router.get(
    "/parties/{name:path}",
    operation_id="find_party",
    tags=["holdings"],
    summary="One party",
    response_class=Response,
    responses=_said(Party, PARTY, 404, 422),
)
async def find_party(
    request: Request, by: Annotated[Actor, Depends(reader("farmers", "lots"))], name: Name, as_of: AsOfQuery = None
) -> Response:
    """One's own organisation, or a party that it enrolled."""
    return await _answer(request, partial(_party, by=by, key=key_of(by, name), as_of=as_of))


@router.get(
    "/plots/{name:path}",
    operation_id="find_plot",
    tags=["holdings"],
    summary="One plot",
    response_class=Response,
    responses=_said(Plot, PLOT, 404, 422),
)
async def find_plot(request: Request, by: Annotated[Actor, Depends(reader("plots"))], name: Name, as_of: AsOfQuery = None) -> Response:
    """A plot that one's own organisation registered; its boundary is not shown here."""
    return await _answer(request, partial(_plot, by=by, key=key_of(by, name), as_of=as_of))


async def _answer(request: Request, make: Any) -> Response:  # noqa: ANN401 - a question without its house
    found = await asked(make, request.app.state.house)
    if found is None:
        raise missing()
    return JSONResponse(found, headers=NO_STORE)


def _lots(house: House, by: Actor, after: str, limit: int, as_of: str | None, *, used_up: bool) -> dict[str, Any]:
    with house.standing(by.org, for_data(house, as_of)) as (conn, schema):
        found = own.lots(conn, by.org, after, limit + 1, used_up=used_up, schema=schema)
    shown = [{**_without(lot, "grams", "left"), "kg": _kilos(lot.grams), "kg_on_hand": _kilos(lot.left)} for lot in found[:limit]]
    return {"lots": shown, "next": shown[-1]["lot"] if len(found) > limit else None}


def _party(house: House, by: Actor, key: str, as_of: str | None) -> dict[str, Any] | None:
    at = for_data(house, as_of)
    then = None if at is None else past(house, by.org, at).own_party(key)
    with house.reading(by.org) as conn:
        found = own.party(conn, by.org, key) if at is None else then
        return found and {**found._asdict(), "name": _name(house, conn, by, key)}


def _plot(house: House, by: Actor, key: str, as_of: str | None) -> dict[str, Any] | None:
    at = for_data(house, as_of)
    then = None if at is None else past(house, by.org, at).own_plot(key)
    with house.reading(by.org) as conn:
        found = own.plot(conn, by.org, key) if at is None else then
        if found is None:
            return None
        area, accuracy = plain(Decimal(found.area_m2) / _SQUARE_METRES), plain(Decimal(found.accuracy_mm) / _MILLIMETRES)
        further = {"holder_name": _name(house, conn, by, found.holder), "area_ha": area, "accuracy_m": accuracy}
        return {**_without(found, "area_m2", "accuracy_mm"), **further}


def _name(house: House, conn: Connection, by: Actor, party: str) -> str | None:
    """A party's name, where the role reads farmers; the connection opens what the organisation itself sealed."""
    if not may_read(by.roles, "farmers"):
        return None
    opened = house.vault.open(conn, [f"party:{party}"])
    return next((str(each.content["name"]) for each in opened.values()), None)


def _without(of: own.Lot | own.Plot, *names: str) -> dict[str, Any]:
    return {name: value for name, value in of._asdict().items() if name not in names}


def _kilos(grams: int) -> str:
    return plain(Decimal(grams) / _GRAMS)
