"""The nursery: raise, hand out, take back, cut sticks, graft, count; and each farmer's debt of seedlings on one line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, get_args

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Actor
from api.cache import Ask, Page, answer, asking, unknown
from api.forms import Fields, fields, member
from api.house import House
from api.look import said
from api.office.acts import Field, Form, form_page, given, now, org_of, upper
from api.office.desk import proposed
from api.office.frame import Draft, Wrong, acting, book_of, framed, moment, names, office
from api.roles import may_command
from domain.nursery import Species
from domain.values import bare
from projections import office_nursery

router: Final = APIRouter(include_in_schema=False)
HERE: Final = "/nursery"
TWO_FOR_ONE: Final = 2
"""Plantains owed back for one given, where nothing else is agreed."""

Body = dict[str, Any]
_UNKNOWN: Final = "no {thing} {id} was ever accepted"


@dataclass(frozen=True, slots=True)
class Act:
    """Something done in the nursery: its command, words, fields (`chosen`: what it is begun from), body, and where refusals stand."""

    do: str
    title: str
    button: str
    time: str
    listed: Callable[[Ask, Actor, str], list[Field]]
    body: Callable[[House, Actor, Fields], Body | Wrong]
    about: Mapping[str, str]


def _species(ask: Ask, species: str) -> str:
    return said(ask.language, species.capitalize())


def _raising(ask: Ask, who: Actor, _chosen: str) -> list[Field]:
    species = [(each, _species(ask, each)) for each in get_args(Species)]
    return [
        Field("species", "Species", "choice", options=species),
        Field("clone", "Clone, for cacao only", required=False),
        Field("count", "How many seedlings", "whole"),
        Field("nursery_lot_id", "Number of the nursery lot", value=proposed(ask.house, who, "nursery-lot", "V")),
    ]


def _raised(_house: House, who: Actor, typed: Fields) -> Body:
    return {"nursery_id": bare(org_of(who)), "nursery_lot_id": upper(typed, "nursery_lot_id"),
            **{name: typed.get(name, "") for name in ("species", "clone", "count")}}  # fmt: skip


def _plots(ask: Ask, who: Actor) -> list[tuple[str, str]]:
    with ask.house.reading(who.org) as conn:
        found = office_nursery.plots(conn)
    named = names(ask.house, who, list({plot.holder for plot in found}))
    return [(bare(plot.plot), f"{named.get(plot.holder, bare(plot.holder))}, {plot.district}") for plot in found]


def _handing_out(ask: Ask, who: Actor, chosen: str) -> list[Field]:
    with ask.house.reading(who.org) as conn:
        lots = [lot for lot in office_nursery.nursery_lots(conn, who.org) if lot.left]
    shown = [(lot.id, f"{lot.id}: {' '.join((_species(ask, lot.species), lot.clone or '')).strip()}, {lot.left:,}") for lot in lots]
    return [
        Field("plot_id", "For which plot", "pick", chosen, "Its holder is who gets the seedlings.", options=_plots(ask, who)),
        Field("nursery_lot_id", "From which nursery lot", "choice", options=shown),
        Field("count", "How many seedlings", "whole"),
        Field("return_due", "How many are owed back", "whole", hint="Empty: of plantains two for one, of others none.", required=False),
        Field("handout_id", "Number of the handout", value=proposed(ask.house, who, "handout", "E")),
    ]


def _handed_out(house: House, who: Actor, typed: Fields) -> Body | Wrong:
    plot, lot_id, count = upper(typed, "plot_id"), upper(typed, "nursery_lot_id"), typed.get("count", "")
    with house.reading(who.org) as conn:
        holder = office_nursery.holder(conn, f"{book_of(who)}/{plot}")
        species = {lot.id: lot.species for lot in office_nursery.nursery_lots(conn, who.org)}.get(lot_id)
    if holder is None:
        return Wrong("plot_id", _UNKNOWN, {"thing": "plot", "id": plot}, "unknown-plot")
    usual = str(TWO_FOR_ONE * int(count)) if species == "plantain" and count.isdecimal() else "0"
    return {"handout_id": upper(typed, "handout_id"), "nursery_lot_id": lot_id, "plot_id": plot, "count": count,
            "party_id": bare(holder), "return_due": typed.get("return_due") or usual}  # fmt: skip


def _taking_back(ask: Ask, who: Actor, chosen: str) -> list[Field]:
    with ask.house.reading(who.org) as conn:
        owing = [each for each in office_nursery.handouts(conn, who.org) if each.owed > 0]
    named = names(ask.house, who, list({each.party for each in owing}))
    shown = [(each.id, f"{named.get(each.party, bare(each.party))}, {_species(ask, each.species)}, {each.owed:,}") for each in owing]
    return [
        Field("handout_id", "Of which handout", "pick", chosen, options=shown),
        Field("count", "How many were brought back", "whole"),
        Field("return_id", "Number of the return", value=proposed(ask.house, who, "return", "R")),
    ]


def _taken_back(_house: House, _who: Actor, typed: Fields) -> Body:
    return {"handout_id": upper(typed, "handout_id"), "return_id": upper(typed, "return_id"), "count": typed.get("count", "")}


def _cutting(ask: Ask, who: Actor, chosen: str) -> list[Field]:
    return [
        Field("mother_plot_id", "On which plot", "pick", chosen, options=_plots(ask, who)),
        Field("clone", "Clone"),
        Field("sticks", "How many sticks", "whole"),
        Field("budwood_id", "Number of the cut", value=proposed(ask.house, who, "budwood", "Y")),
    ]


def _cut(_house: House, _who: Actor, typed: Fields) -> Body:
    ids = {name: upper(typed, name) for name in ("mother_plot_id", "budwood_id")}
    return ids | {"clone": typed.get("clone", ""), "sticks": typed.get("sticks", "")}


def _grafting(ask: Ask, who: Actor, chosen: str) -> list[Field]:
    with ask.house.reading(who.org) as conn:
        stocks = [each for each in office_nursery.handouts(conn, who.org) if each.species == "cacao" and each.ungrafted > 0]
        sticks = office_nursery.budwood(conn)
    named = names(ask.house, who, list({each.party for each in stocks}))
    shown = [(each.id, f"{named.get(each.party, bare(each.party))}, {bare(each.plot)}, {each.ungrafted:,}") for each in stocks]
    return [
        Field("handout_id", "On plants of which handout", "pick", chosen, options=shown),
        Field("budwood_id", "With buds of which cut", "pick", options=[(bare(e.budwood), f"{e.clone}, {e.buds:,}") for e in sticks]),
        Field("grafted", "How many plants", "whole"),
        Field("graft_id", "Number of the graft", value=proposed(ask.house, who, "graft", "I")),
    ]


def _grafted(house: House, who: Actor, typed: Fields) -> Body | Wrong:
    ids = {name: upper(typed, name) for name in ("handout_id", "budwood_id", "graft_id")}
    with house.reading(who.org) as conn:
        of = office_nursery.handout(conn, f"{book_of(who)}/{ids['handout_id']}")
    if of is None:
        return Wrong("handout_id", _UNKNOWN, {"thing": "handout", "id": ids["handout_id"]}, "unknown-handout")
    return ids | {"plot_id": bare(of.plot), "grafted": typed.get("grafted", "")}


def _counting(ask: Ask, who: Actor, chosen: str) -> list[Field]:
    with ask.house.reading(who.org) as conn:
        found = office_nursery.grafts(conn)
    shown = [(bare(each.graft), f"{bare(each.plot)}, {each.clone}, {each.grafted:,}") for each in found]
    return [Field("graft_id", "Which graft", "pick", chosen, options=shown), Field("alive", "How many are alive", "whole")]


def _counted(_house: House, _who: Actor, typed: Fields) -> Body:
    return {"graft_id": upper(typed, "graft_id"), "alive": typed.get("alive", "")}


ACTS: Final = {
    "raise": Act("raise-seedlings", "Raise seedlings", "Write down the seedlings", "raised_at", _raising, _raised,
                 {"duplicate-id": "nursery_lot_id", "a field": "clone"}),
    "hand-out": Act("hand-out-seedlings", "Hand out seedlings", "Write down the handout", "handed_at", _handing_out, _handed_out,
                    {"duplicate-id": "handout_id", "overdrawn": "count", "not-held": "plot_id", "unknown-plot": "plot_id",
                     "unknown-party": "plot_id", "unknown-nursery-lot": "nursery_lot_id", "party_id": "plot_id"}),
    "take-back": Act("return-seedlings", "Take seedlings back", "Write down the return", "returned_at", _taking_back, _taken_back,
                     {"duplicate-id": "return_id", "overdrawn": "count", "unknown-handout": "handout_id"}),
    "cut": Act("cut-budwood", "Cut sticks", "Write down the cut", "cut_at", _cutting, _cut,
               {"duplicate-id": "budwood_id", "unknown-plot": "mother_plot_id"}),
    "graft": Act("graft-plants", "Graft", "Write down the graft", "grafted_at", _grafting, _grafted,
                 {"duplicate-id": "graft_id", "overdrawn": "grafted", "unknown-plot": "handout_id", "unknown-handout": "handout_id",
                  "unknown-budwood": "budwood_id", "wrong-form": "handout_id", "not-held": "handout_id", "plot_id": "handout_id"}),
    "count": Act("count-grafts", "Count grafts", "Write down the count", "counted_at", _counting, _counted,
                 {"duplicate-id": "counted_at", "overdrawn": "alive", "unknown-graft": "graft_id"}),
}  # fmt: skip
"""Last part of the address -> act."""


@router.get("/nursery")
async def nursery(request: Request) -> Response:
    """Debts, handouts and what is left."""
    return await office(request, _nursery, member(request, "nursery"))


def _nursery(ask: Ask, who: Actor) -> Page:
    with ask.house.reading(who.org) as conn:
        debts, handouts = office_nursery.debts(conn, who.org), office_nursery.handouts(conn, who.org)
        lots, grafts = office_nursery.nursery_lots(conn, who.org), office_nursery.grafts(conn)
    named = names(ask.house, who, list({debt.party for debt in debts} | {each.party for each in handouts}))
    acts = [(name, of.title) for name, of in ACTS.items() if who.org and may_command(who.roles, of.do)]
    return framed(
        ask, who, "nursery.html", here=HERE, debts=debts, handouts=handouts, lots=lots, grafts=grafts, named=named, acts=acts, bare=bare
    )


@router.get("/nursery/{name}")
async def act(request: Request, name: str) -> Response:
    """The form of one act; `?of=` says what it is begun from."""
    if name not in ACTS:
        return answer(request, unknown(asking(request)))
    who = acting(request, "nursery", do=ACTS[name].do)
    return await office(request, partial(_act, name), who, chosen=request.query_params.get("of", ""))


def _act(name: str, ask: Ask, who: Actor, *, chosen: str = "", typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    of = ACTS[name]
    listed = [*of.listed(ask, who, chosen), Field(of.time, "When", "moment", now(ask.house))]
    return form_page(ask, who, Form(f"/nursery/{name}", of.title, of.button, listed, HERE), typed, wrong)


@router.post("/nursery/{name}")
async def do(request: Request, name: str) -> Response:
    """Do it."""
    if name not in ACTS:
        return answer(request, unknown(asking(request)))
    typed, of = await fields(request), ACTS[name]
    who = acting(request, "nursery", do=of.do)
    body = await run_in_threadpool(of.body, request.app.state.house, who, typed)
    if isinstance(body, Wrong):
        return await office(request, partial(_act, name), who, typed=typed, wrong=body)
    draft = Draft({"do": of.do, **body, of.time: moment(typed.get(of.time, ""))}, dict(of.about))
    return await given(request, who, typed, [draft], partial(_act, name), "/nursery")
