"""The door for machines that check: where every kilogram went, and what should be looked at."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.access import Actor
from api.house import House
from api.machines import NO_STORE, asked, problems, reader
from domain.values import plain
from ledger.schema import Connection
from projections.balance import By, Row, Wanted, balance, whole
from projections.checking import findings
from projections.findings import CHECKS, Finding, written_until
from projections.flow import Flow, flow
from projections.yields import Outturn, outturns

router: Final = APIRouter()
BYS: Final[tuple[By, ...]] = get_args(By)
MOST, USUAL = 1_000, 100
_FIGURES: Final = Row._fields[2:]


class Told(NamedTuple):
    """One part of a balance: its rows, their yields, all together (None where that is no sum of these), and what comes next."""

    rows: list[Row]
    yields: list[Outturn]
    whole: Row | None
    next: str | None


def told(conn: Connection, org: str | None, by: By, wanted: Wanted, schema: str = "views") -> Told:
    """The balance of the groups behind a key, at most so many, and their yields."""
    most = wanted.most or MOST
    rows = balance(conn, org, by, wanted._replace(most=most + 1) if by == "lot" else wanted._replace(most=None, after=""), schema)
    keys = [key for key in dict.fromkeys(row.key for row in rows) if not wanted.after or key > wanted.after]
    shown = keys[:most]
    return Told(
        [row for row in rows if row.key in set(shown)],
        outturns(conn, org, by, shown, schema),
        None if by in ("lot", "container") else whole(rows),
        shown[-1] if len(keys) > most else None,
    )


def found(house: House, org: str | None, done: Callable[[int], None] = lambda _: None) -> list[Finding]:
    """What the checks find in what an organisation may see; `done` is told how many more of CHECKS are through."""

    def until(moment: datetime) -> int:
        with house.pool.connection() as conn:
            return written_until(conn, moment)

    with house.reading(org) as conn:
        return list(findings(conn, org, house.vault, until, done=done))


def name_of(key: str) -> str:
    """A group's key as people and machines say it: of a stuffing its container and where it was opened."""
    return key.removeprefix("stuffing:")


def kilos(grams: int) -> str:
    """Kilograms as a decimal string."""
    return plain(Decimal(grams) / 1000)


def _figures(row: Row) -> dict[str, str]:
    return {name: kilos(getattr(row, name)) for name in _FIGURES} | {"apart": kilos(row.apart)}


def _share(share: float | None) -> str | None:
    return None if share is None else f"{share:.3f}"


def balance_data(by: By, of: Told) -> dict[str, Any]:
    """A balance as JSON."""
    return {
        "by": by,
        "rows": [{"key": name_of(row.key), "form": row.form, "kg": _figures(row)} for row in of.rows],
        "yields": [
            {
                "key": name_of(each.key), "fermenting": _share(each.fermenting), "drying": _share(each.drying),
                "drying_wet": _share(each.drying_wet), "chain": _share(each.chain), "usual": each.usual,
            }
            for each in of.yields
        ],
        "whole": of.whole and _figures(of.whole),
        "next": of.next and name_of(of.next),
    }  # fmt: skip


def flow_data(of: Flow) -> dict[str, Any]:
    """The way of the beans as JSON: groups, and links between them by their places."""
    return {
        "groups": [group._asdict() for group in of.groups],
        "links": [{"from": start, "to": end, "kg": kilos(grams)} for (start, end), grams in of.links.items()],
    }


def finding_data(of: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    about = [{"sort": sort, "id": name_of(key)} for sort, key in of.about]
    return {"check": of.check, "about": about, "sentence": str(of), "values": of.values, "entries": list(of.positions)}


class Kilos(BaseModel):
    """Kilograms as decimal strings: what came in, went out, was lost, is on hand, went as water; `apart` is 0 in a sound record."""

    carried: str = Field(description="On hand when the season began; 0 unless by season.")
    harvested: str
    bought: str
    made: str = Field(description="In steps: fermented, dried, blended, split.")
    stuffed: str = Field(description="Put into the container.")
    stepped: str = Field(description="Drawn into steps.")
    sold: str
    loaded: str
    emptied: str = Field(description="Unloaded from the container.")
    lost: str
    on_hand: str
    water: str = Field(description="What the steps that made this took away.")
    apart: str


class Group(BaseModel):
    """One form in one group."""

    key: str = Field(description="A year, a holder, the district of the holder, a lot, or CONTAINER@POSITION of its opening.")
    form: str = Field(description="wet, fermented or dry.")
    kg: Kilos


class GroupYields(BaseModel):
    """Shares of what went in. `chain`: dry beans of the wet ones behind them; usual is 0.30 to 0.42."""

    key: str
    fermenting: str | None
    drying: str | None = Field(description="Of fermented beans.")
    drying_wet: str | None = Field(description="Of wet beans.")
    chain: str | None
    usual: Literal["low", "usual", "high"] | None


class Balance(BaseModel):
    """Where every kilogram went."""

    by: By
    rows: list[Group]
    yields: list[GroupYields]
    whole: Kilos | None = Field(description="All together; null for lots and containers, which come part by part.")
    next: str | None = Field(description="`after` for the rest; null where there is none.")


class Place(BaseModel):
    """What stands at one place of the picture."""

    column: int
    sort: str
    form: str
    key: str
    holder: str
    month: str
    size: int


class Link(BaseModel):
    """Kilograms from one group to another, by their places in `groups`."""

    start: int = Field(alias="from")
    end: int = Field(alias="to")
    kg: str


class Ways(BaseModel):
    """The way of the beans."""

    groups: list[Place]
    links: list[Link]


class About(BaseModel):
    """A thing."""

    sort: str
    id: str


class Look(BaseModel):
    """Something to look at."""

    check: Literal[CHECKS]  # type: ignore[valid-type]
    about: list[About]
    sentence: str
    values: dict[str, str]
    entries: list[int] = Field(description="Positions of the entries that it rests on.")


class Findings(BaseModel):
    """What the checks found; nothing was refused for it."""

    findings: list[Look]


@router.get("/balance", operation_id="balance", tags=["auditing"], summary="Where every kilogram went", response_class=Response,
            responses={200: {"model": Balance}, **problems(403, 422)})  # fmt: skip
async def list_balance(
    request: Request,
    who: Annotated[Actor, Depends(reader("lots"))],
    by: Annotated[By, Query(description="What is grouped by; site is the district of the holder.")] = "season",
    after: Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9@/-]*$", description="Groups behind this one.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many groups at most.")] = USUAL,
) -> Response:
    """What came in, went out, was lost and is on hand of what the organisation wrote or holds; for every group and form it balances."""
    start = f"stuffing:{after}" if by == "container" and after else after

    def ask() -> dict[str, Any]:
        with request.app.state.house.reading(who.org) as conn:
            return balance_data(by, told(conn, who.org, by, Wanted(after=start, most=limit)))

    return JSONResponse(await asked(ask), headers=NO_STORE)


@router.get("/flow", operation_id="flow", tags=["auditing"], summary="The way of the beans, as a picture shows it",
            response_class=Response, responses={200: {"model": Ways}, **problems(403)})  # fmt: skip
async def list_flow(request: Request, who: Annotated[Actor, Depends(reader("lots"))]) -> Response:
    """Groups of plots, lots and containers, and the kilograms that went from one to another; many lots are grouped."""

    def ask() -> dict[str, Any]:
        with request.app.state.house.reading(who.org) as conn:
            return flow_data(flow(conn, who.org))

    return JSONResponse(await asked(ask), headers=NO_STORE)


@router.get("/findings", operation_id="findings", tags=["auditing"], summary="What should be looked at", response_class=Response,
            responses={200: {"model": Findings}, **problems(403)})  # fmt: skip
async def list_findings(request: Request, who: Annotated[Actor, Depends(reader("entries"))]) -> Response:
    """Signs of trouble in what the organisation wrote. A finding is no proof; each names its entries."""
    of = await asked(partial(found, request.app.state.house, who.org))
    return JSONResponse({"findings": [finding_data(each) for each in of]}, headers=NO_STORE)
