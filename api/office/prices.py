"""Prices: what the organisation pays for beans of each form, since when and until when; a new one; and what it shows everybody."""

import re
from decimal import Decimal
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Actor
from api.cache import Ask, Page
from api.forms import Fields, fields
from api.house import House
from api.office.acts import given, upper
from api.office.desk import a_kg, bare, onward, org_id, proposed
from api.office.frame import Draft, Wrong, acting, attempt, decimal, framed, moment, new_id, office
from domain.values import plain
from projections import office_money
from projections.sharing import shown_by

router: Final = APIRouter(include_in_schema=False)
PREMIUMS: Final = 3
"""Premiums that the form has room for; a price may have up to ten."""
_PERCENT: Final = re.compile(r"100|[0-9]{1,2}(\.[0-9]{1,3})?")
_ABOUT: Final = {"duplicate-id": "price_id", "premiums": "premium_1"}
_OF_SHOWING: Final = {"not-held": "container_no", "not-sealed": "container_no", "already": "container_no"}


@router.get("/prices")
async def prices(request: Request) -> Response:
    """All prices, the newest first, and the form of a new one."""
    return await office(request, _prices, acting(request, "prices"))


def _prices(ask: Ask, who: Actor, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    now, org = ask.house.now(), who.org or ""
    with ask.house.reading(org) as conn:
        listed, shown = office_money.prices(conn, org), shown_by(conn, org)
    current: dict[str, str] = {}
    for each in sorted(listed, key=lambda price: (price.valid_from, price.position)):
        if each.valid_from <= now and (each.valid_to is None or now <= each.valid_to):
            current[each.form] = each.price
    return framed(
        ask, who, "prices.html", typed, wrong, here="/prices", listed=listed, current=set(current.values()), now=now, bare=bare, pct=_pct,
        a_kg=a_kg, number=proposed(ask.house, who, "price", "PR"), rows=range(1, PREMIUMS + 1), shown=shown,
    )  # fmt: skip


def _pct(thousandths: int) -> str:
    return plain(Decimal(thousandths) / 1000)


@router.post("/prices")
async def set_price(request: Request) -> Response:
    """Set a price."""
    who, typed = acting(request, "prices", do="set-price"), await fields(request)
    done = await run_in_threadpool(_set, request.app.state.house, who, typed)
    return await office(request, _prices, who, typed, done) if isinstance(done, Wrong) else onward(request, "/prices")


@router.post("/prices/shown")
async def show(request: Request) -> Response:
    """Show everybody what the organisation paid for the beans in a container, whoever holds it; or show it no more."""
    typed = await fields(request)
    do, at = ("withdraw-price", "withdrawn_at") if typed.get("show") == "no" else ("publish-price", "published_at")
    who = acting(request, "prices", do=do)
    body = {"do": do, "holder_id": org_id(who), "container_no": upper(typed, "container_no"), at: request.app.state.house.now()}
    return await given(request, who, typed, [Draft(body, _OF_SHOWING)], _prices, "/prices")


def _set(house: House, who: Actor, typed: Fields) -> int | Wrong:
    premiums: list[dict[str, str]] = []
    about = dict(_ABOUT)
    for row in range(1, PREMIUMS + 1):
        name, pct = typed.get(f"premium_{row}", ""), decimal(typed.get(f"pct_{row}", ""))
        if bool(name) != bool(pct):
            return Wrong(f"pct_{row}" if name else f"premium_{row}", "a premium has a name and a percentage: one of them is empty")
        if name:
            about |= {f"premiums.{len(premiums)}.name": f"premium_{row}", f"premiums.{len(premiums)}.pct": f"pct_{row}"}
            premiums.append({"name": name, "pct": pct})
        if name and not _PERCENT.fullmatch(pct):
            about.setdefault("pct", f"pct_{row}")
    body = {
        "do": "set-price", "price_id": typed.get("price_id", ""), "holder_id": org_id(who), "form": typed.get("form", ""),
        "price_pen_kg": decimal(typed.get("price_pen_kg", "")), "premiums": premiums, "valid_from": moment(typed.get("valid_from", "")),
        "valid_to": moment(typed.get("valid_to", "")),
    }  # fmt: skip
    return attempt(house, who, new_id(typed), Draft(body, about))
