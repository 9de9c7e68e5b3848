"""Containers: opened, loaded with dry lots on hand, sealed, sent, sold, emptied; each act offered when the state allows it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, get_args

from fastapi import APIRouter, Request, Response

from api.access import Actor
from api.asof import for_page, not_then, past
from api.cache import Ask, Page, answer, asking, unknown
from api.forms import Fields, fields, member
from api.moments import AsOf
from api.office.acts import Field, Form, Takes, form_page, given, marks, now, org_of, taken, upper
from api.office.frame import Draft, Wrong, acting, decimal, framed, moment, office
from api.office.told import told_doubts
from api.roles import may_command
from domain.container import Incoterm
from domain.values import bare, plain
from projections.doubt import doubts
from projections.office import organisations
from projections.office_containers import FULL_GRAMS, Stuffing, latest, loaded, stuffings
from projections.office_stock import kilos, own_on_hand

router: Final = APIRouter(include_in_schema=False)
HERE: Final = "/containers"
_NUMBER: Final = re.compile(r"[A-Z0-9-]{1,20}")
_DRY: Final = ("dry",)
_STAY: Final = "%(kg)s kg of dry beans on hand are not loaded: what is not in it when it is sealed stays here."
_OPENED: Final = {
    "duplicate-id": "container_no", "sealed": "container_no", "bad-container-number": "container_no", "container_no": "container_no",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """Something done with a container: its command, its words, its own fields, and where refusals of it stand."""

    do: str
    title: str
    button: str
    listed: Callable[[Ask, Actor], list[Field]] = lambda _ask, _who: []
    about: tuple[tuple[str, str], ...] = ()


def _buyer(ask: Ask, who: Actor) -> list[Field]:
    with ask.house.reading(who.org) as conn:
        buyers = [(bare(party), role) for party, role in organisations(conn, org_of(who))]
    return [
        Field("buyer_id", "Buyer's code", "pick", hint="Such as BU-01", options=buyers),
        Field("contract_no", "Contract"),
        Field("price_usd_t", "Price, US$ a tonne", "number"),
        Field("incoterm", "Incoterm", "choice", "FOB", options=[(each, each) for each in get_args(Incoterm)]),
    ]


def _seal(_ask: Ask, _who: Actor) -> list[Field]:
    return [Field("seal_no", "Number of the seal")]


def _port(_ask: Ask, _who: Actor) -> list[Field]:
    return [Field("destination", "Destination, UN/LOCODE", hint="Two letters of the country and three of the place, such as NLRTM")]


ACTS: Final = {
    "load": Act("load-lot", "Load", "Load"),
    "seal": Act("seal-container", "Seal it", "Seal it", _seal, (("empty", ""), ("sealed", ""))),
    "depart": Act("depart-container", "Depart", "Write down the departure", _port),
    "sell": Act("sell-container", "Sell", "Write down the sale", _buyer, (("unknown-party", "buyer_id"),)),
    "empty": Act("empty-container", "Empty", "Write down that it was emptied"),
}
"""Last part of the address -> act."""


@router.get("/containers")
async def containers(request: Request) -> Response:
    """The organisation's containers."""
    return await office(request, _containers, member(request, "containers"), request.query_params.get("as_of", ""))


def _containers(ask: Ask, who: Actor, written: str = "", *, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    then = for_page(ask, written)
    if isinstance(then, Page):
        return then
    found = _all(ask, who, then)
    opens = not then and who.org is not None and may_command(who.roles, "open-container")
    return framed(
        ask, who, "containers.html", typed, wrong, here=HERE, found=found, opens=opens, now=now(ask.house), full=_tonnes(), then=then
    )


def _all(ask: Ask, who: Actor, then: AsOf | None) -> list[Stuffing]:
    if then is None:
        with ask.house.reading(who.org) as conn:
            return stuffings(conn, who.org)
    return past(ask.house, who.org, then.position).stuffings()


def _tonnes() -> int:
    return FULL_GRAMS // 1_000_000


@router.post("/containers")
async def open_one(request: Request) -> Response:
    """Begin a stuffing."""
    typed = await fields(request)
    who = acting(request, "containers", do="open-container")
    number = re.sub(r"[\s-]", "", upper(typed, "container_no"))
    body = {"do": "open-container", "container_no": number, "holder_id": bare(org_of(who)), "at": moment(typed.get("at", ""))}
    return await given(request, who, typed, [Draft(body, _OPENED)], _containers, f"/containers/{number}")


@router.get("/containers/{number}")
async def container(request: Request, number: str) -> Response:
    """One container, as it is now."""
    return await office(request, _container, member(request, "containers"), number, request.query_params.get("as_of", ""))


def _found(ask: Ask, who: Actor, number: str) -> Stuffing | None:
    with ask.house.reading(who.org) as conn:
        return latest(conn, who.org, number) if _NUMBER.fullmatch(number) else None


def _container(ask: Ask, who: Actor, number: str, written: str = "") -> Page:
    then = for_page(ask, written)
    if isinstance(then, Page):
        return then
    it = _stood(ask, who, number, then) if then else _found(ask, who, number)
    if it is None:
        return not_then(ask) if then else unknown(ask)
    with ask.house.standing(who.org, then and then.position) as (conn, schema):
        lots = loaded(conn, it, schema)
        doubted = doubts(conn, [f"stuffing:{it.container_no}@{it.first}"], schema)
    acts = [(act, ACTS[act].title) for act in it.acts if who.org == it.holder and not then and may_command(who.roles, ACTS[act].do)]
    return framed(
        ask, who, "container.html", here=HERE, it=it, lots=lots, acts=acts, full=_tonnes(), then=then, doubted=told_doubts(ask, doubted)
    )


def _stood(ask: Ask, who: Actor, number: str, then: AsOf) -> Stuffing | None:
    """One container as the record stood."""
    if not _NUMBER.fullmatch(number):
        return None
    return next(iter(past(ask.house, who.org, then.position).stuffings(number, 1)), None)


@router.get("/containers/{number}/{name}")
async def act(request: Request, number: str, name: str) -> Response:
    """The form of one act."""
    if name not in ACTS:
        return answer(request, unknown(asking(request)))
    who = acting(request, "containers", do=ACTS[name].do)
    return await office(request, partial(_act, number, name), who)


def _act(number: str, name: str, ask: Ask, who: Actor, *, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    it, of = _found(ask, who, number), ACTS[name]
    if it is None:
        return unknown(ask)
    with ask.house.reading(who.org) as conn:
        lots = own_on_hand(conn, org_of(who), _DRY) if name in ("load", "seal") else []
    listed = [*of.listed(ask, who), Field("at", "When", "moment", now(ask.house))]
    stays = kilos(sum(lot.grams for lot in lots))
    form = Form(
        f"/containers/{number}/{name}", of.title, of.button, listed, HERE, Takes(lots, marks(typed), bags=True) if name == "load" else None,
        [_STAY] if name == "seal" and stays else [], f"{number} · {it.tonnes} t", {"kg": plain(stays)},
    )  # fmt: skip
    return form_page(ask, who, form, typed, wrong)


@router.post("/containers/{number}/{name}")
async def do(request: Request, number: str, name: str) -> Response:
    """Do it."""
    if name not in ACTS:
        return answer(request, unknown(asking(request)))
    typed, of = await fields(request), ACTS[name]
    who = acting(request, "containers", do=of.do)
    drafts = _loads(typed, number) if name == "load" else [_draft(of, typed, number)]
    return await given(request, who, typed, drafts, partial(_act, number, name), f"/containers/{number}")


def _draft(of: Act, typed: Fields, number: str) -> Draft:
    names = ("seal_no", "contract_no", "incoterm")
    body = {"do": of.do, "container_no": number, "at": moment(typed.get("at", "")), **{name: typed.get(name, "") for name in names}}
    body |= {name: upper(typed, name) for name in ("destination", "buyer_id")} | {"price_usd_t": decimal(typed.get("price_usd_t", ""))}
    return Draft(body, dict(of.about))


def _loads(typed: Fields, number: str) -> list[Draft]:
    """A command a lot; where none is marked, one that says that it needs a lot."""
    at = moment(typed.get("at", ""))
    return [
        Draft(
            {"do": "load-lot", "container_no": number, "at": at, "lot_id": lot, "kg": kg, "bags": typed.get(f"bags-{lot}", "")},
            {"overdrawn": f"kg-{lot}", "kg": f"kg-{lot}", "bags": f"bags-{lot}",
                           "wrong-form": "takes", "not-held": "takes", "lot_id": "takes", "unknown-lot": "takes"},
        )
        for lot, kg in taken(typed) or [("", "")]
    ]  # fmt: skip
