"""The office's first page: what one's role can do, and what the day has come to so far."""

from decimal import Decimal
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.access import Actor
from api.cache import Ask, Page
from api.forms import member
from api.house import House
from api.office.desk import own_name, soles
from api.office.frame import framed, steady
from api.roles import may_read
from projections import accounts, office_money
from projections.sharing import shared_with

router: Final = APIRouter(include_in_schema=False)


@router.get("/office")
async def today(request: Request) -> Response:
    """Where one begins."""
    return await steady(request, _today, member(request))


def _today(ask: Ask, who: Actor) -> Page:
    house, day = ask.house, ask.house.now()[:10]
    told: dict[str, Any] = _told(house, who, who.org, day) if who.org else {"sums": None, "waiting": None, "owed": None}
    with house.pool.connection() as conn:
        told["shared"] = bool(who.org and may_read(who.roles, "lots") and shared_with(conn, who.org, house.now()))
    return framed(ask, who, "today.html", here="/office", name=own_name(house, who) if who.org else None, day=day, soles=soles, **told)


def _told(house: House, who: Actor, org: str, day: str) -> dict[str, Any]:
    """What the role may read of the day: purchases and cash, beans that wait, what is owed."""
    money, lots = may_read(who.roles, "money"), may_read(who.roles, "lots")
    with house.reading(org) as conn:
        sums = office_money.sums(conn, org, day) if money else None
        waiting = office_money.waiting(conn, org) if lots else None
        owed = [each.owed for each in accounts.balance(conn, org) if each.owed > 0] if money else None
    return {
        "sums": sums,
        "kg": sums and Decimal(sums.grams) / 1000,
        "waiting": waiting and (waiting[0], Decimal(waiting[1]) / 1000),
        "owed": None if owed is None else (len(owed), sum(owed)),
    }
