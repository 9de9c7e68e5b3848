"""Farmers: find, list, enrol, and one farmer's page with plots, account and seedlings; a name or phone amended."""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Actor
from api.cache import Ask, Page, unknown
from api.forms import Fields, fields, member
from api.house import House
from api.office.desk import ID, MOST, Card, bare, cards, key_of, onward, person, proposed, search, soles
from api.office.frame import WHOLE_FORM, Draft, Wrong, acting, attempt, framed, moment, new_id, office
from projections import accounts, office_farmers
from projections.accounts import Balance

router: Final = APIRouter(include_in_schema=False)
_PERSONAL: Final = ("name", "document", "phone")
_ENROL: Final = {"duplicate-id": "party_id"}


@router.get("/farmers")
async def listed(request: Request) -> Response:
    """Farmers by their ids, a page at a time."""
    after = request.query_params.get("after", "")
    return await office(request, _list, member(request, "farmers"), after if ID.fullmatch(after) else "")


def _list(ask: Ask, who: Actor, after: str) -> Page:
    with ask.house.reading(who.org) as conn:
        found = office_farmers.farmers(conn, who.org, key_of(who, after) if after else "", MOST + 1)
    further = bare(found[MOST - 1].party) if len(found) > MOST else None
    return framed(
        ask, who, "farmers.html", here="/farmers", found=cards(ask.house, who, found[:MOST]), further=further, most=MOST, hits=None
    )


@router.get("/farmers/find")
async def to_find(request: Request) -> Response:
    """The language was changed after a search: what was asked is not in the address, so the search begins anew."""
    return onward(request, "/farmers")


@router.post("/farmers/find")
async def find(request: Request) -> Response:
    """Farmers by what was asked; where it is one, straight on to them."""
    who, typed = member(request, "farmers"), await fields(request)
    hits = await run_in_threadpool(search, request.app.state.house, who, typed.get("q", ""))
    return onward(request, f"/farmers/{hits[0].id}") if len(hits) == 1 else await office(request, _found, who, typed, hits)


def _found(ask: Ask, who: Actor, typed: Fields, hits: list[Card]) -> Page:
    return framed(ask, who, "farmers.html", typed, here="/farmers", found=[], further=None, most=MOST, hits=hits)


@router.get("/farmers/new")
async def newcomer(request: Request) -> Response:
    """The form that enrols a farmer."""
    return await office(request, _new, acting(request, "farmers", do="enrol-party"))


def _new(ask: Ask, who: Actor, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    number, now = proposed(ask.house, who, "party", "F"), ask.house.now()[:16]
    with ask.house.reading(who.org) as conn:
        district = office_farmers.district(conn, who.org or "")
    return framed(ask, who, "enrol.html", typed, wrong, here="/farmers", number=number, now=now, district=district)


@router.post("/farmers/new")
async def enrol(request: Request) -> Response:
    """Enrol a farmer."""
    who, typed = acting(request, "farmers", do="enrol-party"), await fields(request)
    names = ("party_id", *_PERSONAL, "sex", "district")
    body = {"do": "enrol-party", "role": "farmer", "enrolled_at": moment(typed.get("enrolled_at", ""))} | {
        name: typed.get(name, "") for name in names
    }
    done = await run_in_threadpool(attempt, request.app.state.house, who, new_id(typed), Draft(body, _ENROL))
    return await office(request, _new, who, typed, done) if isinstance(done, Wrong) else onward(request, f"/farmers/{typed['party_id']}")


@router.get("/farmers/{party}")
async def one(request: Request, party: str) -> Response:
    """One farmer."""
    return await office(request, _one, member(request, "farmers"), party)


def _one(ask: Ask, who: Actor, party: str, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    house, key = ask.house, key_of(who, party)
    with house.reading(who.org) as conn:
        farmer = office_farmers.farmer(conn, who.org, key) if ID.fullmatch(party) else None
        if farmer is None:
            return unknown(ask)
        account = next(iter(accounts.balance(conn, who.org, key)), Balance(key, 0, 0, 0, 0)) if who.org else None
        plots, seedlings = office_farmers.plots(conn, key), office_farmers.seedlings(conn, key)
    of = person(house, who, key)
    return framed(
        ask, who, "farmer.html", typed or {name: of.get(name) or "" for name in _PERSONAL}, wrong, here="/farmers", party=party,
        farmer=farmer, of=of, plots=plots, seedlings=seedlings, account=account, soles=soles, bare=bare, amending=typed is not None,
    )  # fmt: skip


@router.post("/farmers/{party}")
async def amend(request: Request, party: str) -> Response:
    """Amend a name, document or phone: what is another than before."""
    who, typed = acting(request, "farmers", do="amend-party"), await fields(request)
    done = await run_in_threadpool(_amend, request.app.state.house, who, party, typed)
    return await office(request, _one, who, party, typed, done) if isinstance(done, Wrong) else onward(request, f"/farmers/{party}")


def _amend(house: House, who: Actor, party: str, typed: Fields) -> int | Wrong:
    of = person(house, who, key_of(who, party)) if ID.fullmatch(party) else {}
    other = {name: typed[name] for name in _PERSONAL if typed.get(name) and typed[name] != of.get(name)}
    if not typed.get("name"):
        return Wrong("name", "{field} is empty: it is needed", {"field": "name"})
    if not other:
        return Wrong("name", "nothing is another than before")
    body = {"do": "amend-party", "party_id": party, "amended_at": house.now(), **other}
    return attempt(house, who, new_id(typed), Draft(body, {"amended_at": WHOLE_FORM}))
