"""What should be looked at: the findings of all checks, each with what is usual and its entries; nothing was refused for them."""

from functools import partial
from itertools import groupby
from typing import Final

from fastapi import APIRouter, Request, Response

from api.access import Actor
from api.auditing import found, name_of
from api.cache import Ask, Page
from api.forms import member
from api.look import sentence
from api.office.frame import framed, steady
from api.roles import may_read
from domain.values import bare
from projections.findings import CHECKS, About

router: Final = APIRouter(include_in_schema=False)
HERE: Final = "/office/findings"
SHOWN: Final = 20
"""Entries of a finding that a page names."""
TITLES: Final = {
    "yield": "Plots that gave more than they can", "outturn": "Dry beans that weigh too much or too little",
    "picked": "More picked in a day than can be", "bought": "More bought of one farmer in a day than can be picked",
    "repeated": "The same weight again and again", "after-seal": "Beans dated after the seal",
    "written-late": "Written only after the container was sealed", "labelled": "Labels of more than the lot weighed",
    "overlap": "Plots of two holders on the same ground",
}  # fmt: skip
"""Check -> what it looks for."""

_PAGES: Final = {"plot": ("/land/{id}", "plots"), "lot": ("/stock/{key}", "lots"), "party": ("/office/balance?by=lot&holder={key}", "lots")}
"""Sort of thing -> where its page is, or its list of lots, and what one must be allowed to read for it."""


@router.get(HERE)
async def page(request: Request) -> Response:
    """The findings of what the organisation wrote."""
    return await steady(request, _page, member(request, "entries"))


def _page(ask: Ask, who: Actor) -> Page:
    each = found(ask.house, who.org)
    by_check = {check: list(of) for check, of in groupby(each, key=lambda one: one.check)}
    return framed(
        ask, who, "findings.html", here=HERE, by_check=by_check, checks=CHECKS, titles=TITLES, shown=SHOWN,
        said=lambda one: sentence(ask.language, one.template, one.values), link=partial(_link, who), bare=_bare,
    )  # fmt: skip


def _bare(about: About) -> str:
    return bare(name_of(about[1]).partition("@")[0])


def _link(who: Actor, about: About) -> str:
    """Where a thing's page is, for those who may read it."""
    sort, key = about
    if sort == "container":
        return f"/c/{name_of(key).replace('@', '/')}"
    path, read = _PAGES[sort]
    return path.format(id=bare(key), key=key) if may_read(who.roles, read) else ""
