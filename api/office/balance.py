"""Where every kilogram went: the balance as tables, and the way of the beans as a picture with the same figures beside it."""

import re
from decimal import Decimal
from functools import partial
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from api.access import Actor
from api.auditing import BYS, Told, name_of, told
from api.cache import Ask, Page
from api.forms import member
from api.office.frame import framed, steady
from api.office.ways import BALANCE, way
from domain.values import bare
from projections.balance import By, Row, Wanted
from projections.flow import flow
from projections.yields import LEAST, MOST

router: Final = APIRouter(include_in_schema=False)
AT_ONCE: Final = 100
"""Groups on a page."""
_ASKED: Final = {
    "holder": re.compile(r"[a-z0-9-]{1,20}/[A-Z0-9-]{1,20}"), "form": re.compile("wet|fermented|dry"),
    "made": re.compile(r"[0-9]{4}(-[0-9]{2})?"), "after": re.compile(r"[A-Za-z0-9:@/-]{1,64}"),
}  # fmt: skip
NAMES: Final = {"season": "Season", "holder": "Holder", "site": "Place", "lot": "Lot", "container": "Container"}
_IN: Final = {"carried": "brought over", "harvested": "harvested", "bought": "bought", "made": "made in a step", "stuffed": "loaded"}
_OUT: Final = {"stepped": "used in a step", "sold": "sold", "loaded": "loaded", "emptied": "unloaded"}
"""Figures of a row -> the word for each."""


@router.get(BALANCE)
async def page(request: Request) -> Response:
    """The balance, by season or as the address asks."""
    return await steady(request, partial(_page, asked=dict(request.query_params)), member(request, "lots"))


def _page(ask: Ask, who: Actor, asked: dict[str, str]) -> Page:
    by: By = next((each for each in BYS if each == asked.get("by")), "season")
    only = {name: asked[name] for name, shape in _ASKED.items() if shape.fullmatch(asked.get(name, ""))}
    with ask.house.reading(who.org) as conn:
        of = told(conn, who.org, by, Wanted(most=AT_ONCE, **only))
        beans = flow(conn, who.org) if by == "season" else None
    shown = {name: value for name, value in only.items() if name != "after"}
    return framed(
        ask, who, "balance.html", here=BALANCE, query=f"{urlencode({'by': by, **only})}&", by=by, names=NAMES, of=of,
        ins=_used(of, _IN), outs=_used(of, _OUT), kg=lambda grams: Decimal(grams) / 1000, name=partial(_name, by), only=shown,
        share=lambda share: None if share is None else round(Decimal(share), 3), link=partial(_link, by), least=LEAST, most=MOST,
        more=f"{BALANCE}?{urlencode({'by': by, **shown, 'after': of.next})}" if of.next else "", way=beans and way(ask, who, beans),
    )  # fmt: skip


def _used(of: Told, figures: dict[str, str]) -> dict[str, str]:
    """The figures that are anything at all in these rows."""
    return {name: word for name, word in figures.items() if any(getattr(row, name) for row in of.rows)}


def _name(by: By, key: str) -> str:
    """A group's key for people."""
    return name_of(key).partition("@")[0] if by == "container" else bare(key)


def _link(by: By, row: Row) -> str:
    """Where a group leads: nowhere, where there is no page of it."""
    match by:
        case "season":
            return f"{BALANCE}?by=lot&made={row.key}"
        case "holder":
            return f"{BALANCE}?by=lot&holder={row.key}"
        case "lot":
            return f"/stock/{row.key}"
        case "container":
            return f"/c/{name_of(row.key).replace('@', '/')}"
        case "site":
            return ""
