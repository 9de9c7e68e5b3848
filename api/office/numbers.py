"""Numbers that the world reads: an organisation's prefix of GS1, its products and places, and the forms of further ones."""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Actor
from api.cache import Ask, Page, asking, unknown
from api.forms import Fields, fields
from api.office.desk import onward, org_id
from api.office.frame import Draft, Wrong, acting, attempt, framed, new_id, office
from projections import identities

router: Final = APIRouter(include_in_schema=False)
ACTS: Final = {
    "prefix": ("record-gs1-prefix", ("prefix",), "recorded_at", "prefix"),
    "product": ("register-product", ("gtin", "name_es", "name_en"), "registered_at", "gtin"),
    "place": ("record-gln", ("gln", "stands_for", "district"), "recorded_at", "gln"),
}
"""What a form does: its command, fields, moment, and the field that a refusal is about."""


@router.get("/numbers")
async def numbers(request: Request) -> Response:
    """All numbers of the organisation, and the forms of further ones."""
    return await office(request, _numbers, acting(request, "users"))


def _numbers(ask: Ask, who: Actor, typed: Fields | None = None, wrong: Wrong | None = None, act: str = "") -> Page:
    with ask.house.reading(who.org) as conn:
        of = {
            "prefixes": identities.prefixes(conn, who.org), "products": identities.products(conn, who.org),
            "places": identities.places(conn, who.org),
        }  # fmt: skip
    return framed(ask, who, "numbers.html", typed, wrong, here="/numbers", act=act, **of)


@router.post("/numbers/{act}")
async def number(request: Request, act: str) -> Response:
    """Record a prefix, a product or a place."""
    if act not in ACTS:
        return await office(request, unknown)
    do, names, moment, about = ACTS[act]
    who, typed = acting(request, "users", do=do), await fields(request)
    house = asking(request).house
    body = {"do": do, "org_id": org_id(who), moment: house.now(), **{name: typed.get(name, "") for name in names}}
    codes = dict.fromkeys(("duplicate-id", "not-held"), about)
    done = await run_in_threadpool(attempt, house, who, new_id(typed), Draft(body, codes))
    return await office(request, _numbers, who, typed, done, act) if isinstance(done, Wrong) else onward(request, "/numbers")
