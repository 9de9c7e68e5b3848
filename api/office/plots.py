"""Plots: registered with a map file or typed corners, surveyed again, handed over; each with its verdict and drawing."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Actor
from api.asof import for_page, not_then, past
from api.cache import Ask, Page, unknown
from api.forms import Fields, fields, member, uploaded
from api.house import House
from api.look import said
from api.moments import AsOf
from api.office.desk import ID, bare, key_of, onward, person, proposed
from api.office.frame import Draft, Wrong, acting, attempt, decimal, framed, moment, new_id, office
from api.office.land import drawing, from_corners, from_file, verdict
from projections import office_farmers

router: Final = APIRouter(include_in_schema=False)
_SURVEY: Final = {"duplicate-id": "plot_id", "area-mismatch": "area_ha"}
_SHAPE: Final = ("geometry", "bad-geometry", "swapped-coordinates", "outside-region", "needs-polygon")
_OVER: Final = {"unknown-party": "to_id", "already": "to_id"}


@router.get("/farmers/{party}/plots/new")
async def newcomer(request: Request, party: str) -> Response:
    """The form that registers a plot."""
    return await office(request, _new, acting(request, "plots", do="register-plot"), party)


def _new(ask: Ask, who: Actor, party: str, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    with ask.house.reading(who.org) as conn:
        farmer = office_farmers.farmer(conn, who.org, key_of(who, party)) if ID.fullmatch(party) else None
    if farmer is None:
        return unknown(ask)
    return framed(
        ask, who, "plot_new.html", typed, wrong, here="/farmers", party=party, farmer=farmer, now=ask.house.now()[:16],
        name=person(ask.house, who, farmer.party).get("name", ""), number=proposed(ask.house, who, "plot", "PL"),
    )  # fmt: skip


@router.post("/farmers/{party}/plots/new")
async def register(request: Request, party: str) -> Response:
    """Register a plot."""
    who, typed = acting(request, "plots", do="register-plot"), await fields(request)
    planted = typed.get("planted_at", "")
    body = {
        "do": "register-plot", "holder_id": party, "district": typed.get("district", ""), "system": typed.get("system", ""),
        "planted_at": f"{planted}T00:00:00-05:00" if planted else "", "plot_id": typed.get("plot_id", ""),
    }  # fmt: skip
    done = await _surveyed(request, who, typed, body)
    return await office(request, _new, who, party, typed, done) if isinstance(done, Wrong) else onward(request, f"/land/{typed['plot_id']}")


async def _surveyed(request: Request, who: Actor, typed: Fields, body: dict[str, Any]) -> int | Wrong:
    """A survey with the boundary of its file or corners, given as a command."""
    file = await uploaded(request, "map")
    source = "map" if file else "corners"
    geometry = from_file(file) if file else from_corners(typed.get("corners", ""))
    if isinstance(geometry, Wrong):
        return geometry
    body |= {name: decimal(typed.get(name, "")) for name in ("area_ha", "accuracy_m")}
    body |= {"surveyed_at": moment(typed.get("surveyed_at", "")), "geometry": geometry}
    about = _SURVEY | dict.fromkeys(_SHAPE, source)
    done = await run_in_threadpool(attempt, request.app.state.house, who, new_id(typed), Draft(body, about))
    if isinstance(done, Wrong) and done.code == "swapped-coordinates" and source == "corners":
        return Wrong(source, "all corners lie in Peru only when latitude and longitude are exchanged: here latitude comes first")
    return done


@router.get("/land/{plot}")
async def one(request: Request, plot: str) -> Response:
    """One plot, now or as the record stood."""
    return await office(request, _one, member(request, "plots"), plot, written=request.query_params.get("as_of", ""))


def _one(ask: Ask, who: Actor, id_: str, typed: Fields | None = None, wrong: Wrong | None = None, written: str = "") -> Page:
    then, house, key = for_page(ask, written), ask.house, key_of(who, id_)
    if isinstance(then, Page):
        return then
    plot = _plot(house, who, key, then) if ID.fullmatch(id_) else None
    if plot is None:
        return not_then(ask) if then else unknown(ask)
    with house.reading(who.org) as conn:
        opened = house.vault.open(conn, [f"plot:{key}"], then and then.position)
    geometry = next((of.content.get("geometry") for of in opened.values()), None)
    return framed(
        ask, who, "plot.html", typed, wrong, here="/farmers", id_=id_, plot=plot, holder=bare(plot.holder), now=house.now()[:16],
        name=person(house, who, plot.holder).get("name", ""), verdict=verdict(geometry, plot.area_m2),
        drawing=drawing(geometry, said(ask.language, "The plot's boundary, north up")), known=geometry is not None, then=then,
    )  # fmt: skip


def _plot(house: House, who: Actor, key: str, then: AsOf | None) -> office_farmers.Plot | None:
    if then is None:
        with house.reading(who.org) as conn:
            return office_farmers.plot(conn, who.org, key)
    return past(house, who.org, then.position).plot(key)


@router.post("/land/{plot}/survey")
async def survey(request: Request, plot: str) -> Response:
    """Survey a plot again."""
    who, typed = acting(request, "plots", do="resurvey-plot"), await fields(request)
    done = await _surveyed(request, who, typed, {"do": "resurvey-plot", "plot_id": plot})
    return await office(request, _one, who, plot, typed, done) if isinstance(done, Wrong) else onward(request, f"/land/{plot}")


@router.post("/land/{plot}/transfer")
async def transfer(request: Request, plot: str) -> Response:
    """Hand a plot over to another holder."""
    who, typed = acting(request, "plots", do="transfer-plot"), await fields(request)
    done = await run_in_threadpool(_transfer, request.app.state.house, who, plot, typed)
    return await office(request, _one, who, plot, typed, done) if isinstance(done, Wrong) else onward(request, f"/land/{plot}")


def _transfer(house: House, who: Actor, plot: str, typed: Fields) -> int | Wrong:
    to, at = bare(typed.get("to_id", "")).upper(), moment(typed.get("transferred_at", ""))
    body = {"do": "transfer-plot", "plot_id": plot, "to_id": to, "transferred_at": at}
    return attempt(house, who, new_id(typed), Draft(body, _OVER))


@router.get("/land/{plot}/{act}")
async def back(request: Request, plot: str, act: str) -> Response:  # noqa: ARG001 - survey or transfer
    """The language was changed at a form that was refused."""
    return onward(request, f"/land/{plot}") if ID.fullmatch(plot) else await office(request, unknown)
