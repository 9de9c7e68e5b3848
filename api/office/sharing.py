"""What the exporter shows of a container: its dossier shared for a time, who opened it, and what was paid to producers shown to all."""

import secrets
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api import looks
from api.access import Actor
from api.cache import NO_STORE, Ask, Page, answer, asking, unknown
from api.forms import Fields, fields, member
from api.house import House
from api.office.acts import given, org_of, upper
from api.office.frame import Draft, Wrong, acting, framed, moment, office
from api.roles import may_command
from domain.values import bare
from projections import office_containers
from projections.office import organisations
from projections.producers import paid_by
from projections.sharing import publishers, shares

router: Final = APIRouter(include_in_schema=False)
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LONG: Final = 8
DAYS: Final = timedelta(days=90)
"""For which the form proposes to share a dossier."""
_ABOUT: Final = {"unknown-party": "for_id", "not-held": "for_id", "shared_at": "until", "until": "until", "for_id": "for_id"}


def new_share() -> str:
    """The id of a new share: 40 random bits, so that it tells nothing of how many there are."""
    return f"S-{''.join(secrets.choice(_DIGITS) for _ in range(_LONG))}"


@router.get("/containers/{number}/sharing")
async def sharing(request: Request, number: str) -> Response:
    """What is shown of a container to whom, and who looked."""
    return await office(request, partial(_sharing, number), member(request, "containers"))


def _sharing(number: str, ask: Ask, who: Actor, *, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    now = ask.house.now()
    with ask.house.reading(who.org) as conn:
        it = office_containers.latest(conn, who.org, number) if number.isascii() and number.isalnum() else None
        if it is None:
            return unknown(ask)
        node = f"stuffing:{number}@{it.first}"
        listed, shown = shares(conn, number, it.holder), it.holder in publishers(conn, node)
        seen = looks.looks(conn, listed, it.holder)
        parties = [(bare(party), role) for party, role in organisations(conn, who.org)] if who.org else []
        price = paid_by(conn, node, [it.holder])
    opens = who.org == it.holder and may_command(who.roles, "share-container")
    links = {each.share: ask.house.settings.base + looks.link(ask.house.settings, each.share) for each in listed} if opens else {}
    ahead = (datetime.fromisoformat(now) + DAYS).isoformat()[:16]
    return framed(
        ask, who, "sharing.html", typed, wrong, here="/containers", it=it, shares=listed, looks=seen, links=links, opens=opens, now=now,
        ahead=ahead, base=ask.house.settings.base,
        parties=parties, shown=shown, price=price, bare=bare,
    )  # fmt: skip


@router.post("/containers/{number}/sharing")
async def share(request: Request, number: str) -> Response:
    """Share its dossier."""
    typed, who = await fields(request), acting(request, "containers", do="share-container")
    body = {
        "do": "share-container", "container_no": number, "share_id": new_share(), "for_id": upper(typed, "for_id"),
        "shared_at": request.app.state.house.now(), "until": moment(typed.get("until", "")),
    }  # fmt: skip
    return await _given(request, who, typed, number, Draft(body, _ABOUT))


@router.post("/containers/{number}/sharing/end")
async def end(request: Request, number: str) -> Response:
    """End a share before its time."""
    typed, who = await fields(request), acting(request, "containers", do="end-share")
    body = {"do": "end-share", "share_id": upper(typed, "share_id"), "ended_at": request.app.state.house.now()}
    return await _given(request, who, typed, number, Draft(body))


@router.post("/containers/{number}/sharing/price")
async def price(request: Request, number: str) -> Response:
    """Show what the organisation paid to producers, or show it no more."""
    typed = await fields(request)
    do, at = ("withdraw-price", "withdrawn_at") if typed.get("show") == "no" else ("publish-price", "published_at")
    who = acting(request, "containers", do=do)
    if not await run_in_threadpool(_theirs, request.app.state.house, who, number):
        return answer(request, unknown(asking(request)), NO_STORE)
    body = {"do": do, "holder_id": bare(org_of(who)), "container_no": number, at: request.app.state.house.now()}
    return await _given(request, who, typed, number, Draft(body))


def _theirs(house: House, who: Actor, number: str) -> bool:
    """Whether somebody acts for the holder of a container."""
    with house.reading(who.org) as conn:
        return office_containers.latest(conn, who.org, number) is not None


async def _given(request: Request, who: Actor, typed: Fields, number: str, draft: Draft) -> Response:
    return await given(request, who, typed, [draft], partial(_sharing, number), f"/containers/{number}/sharing")
