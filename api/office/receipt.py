"""The receipt of a purchase, to print on A6 or on a roll of 80 mm, as the ledger has it."""

import re
from decimal import Decimal
from typing import Final

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.access import Actor
from api.cache import Ask, Page, unknown
from api.office.desk import ID, a_kg, bare, key_of, own_name, person, soles
from api.office.frame import Wrong, acting, framed, office
from api.office.weighing import Weighed, weighed
from domain.values import plain
from labels.link import lot_link
from labels.qr import QUIET, matrix, svg_path
from projections import office_money

router: Final = APIRouter(include_in_schema=False)
PAPERS: Final = ("a6", "80")
_WRITTEN: Final = re.compile(r"[0-9. ]{1,800}")


@router.get("/receipts/{lot}")
async def receipt(request: Request, lot: str) -> Response:
    """The receipt of the purchase that made a lot; `paper` is what it is printed on."""
    return await office(request, _receipt, acting(request, "money"), lot, dict(request.query_params))


def _receipt(ask: Ask, who: Actor, lot: str, asked: dict[str, str]) -> Page:
    house, org = ask.house, who.org or ""
    with house.reading(org) as conn:
        of = office_money.purchase(conn, org, key_of(who, lot)) if ID.fullmatch(lot) else None
    if of is None:
        return unknown(ask)
    paper = asked.get("paper") if asked.get("paper") in PAPERS else "a6"
    kept = {name: asked[name] for name in ("weighed", "tare") if name in asked}
    return framed(
        ask, who, "receipt.html", here="/buy", of=of, lot=lot, paper=paper, papers=PAPERS, asked=kept, bare=bare, soles=soles,
        buyer=own_name(house, who), seller=person(house, who, of.party).get("name", ""), scale=_scale(asked, of.grams),
        price=a_kg(of.price_pen_kg), premium=of.premium and plain(Decimal(of.premium) / 1000), owed=of.total - of.paid,
        code=_code(lot_link(house.settings.base, of.lot)),
    )  # fmt: skip


def _scale(asked: dict[str, str], grams: int) -> Weighed | None:
    """The weighings behind a receipt, if they come to what the ledger has: only their sum is a fact."""
    parts, tare = asked.get("weighed", ""), asked.get("tare", "0")
    scale = weighed(parts, tare) if _WRITTEN.fullmatch(parts) else None
    return None if scale is None or isinstance(scale, Wrong) or scale.net * 1000 != grams else scale


def _code(link: str) -> Markup:
    """A link to scan."""
    modules = matrix(link)
    side = len(modules) + 2 * QUIET
    ground = f'<rect x="{-QUIET}" y="{-QUIET}" width="{side}" height="{side}" fill="#fff"/>'
    path = f'<path shape-rendering="crispEdges" d="{svg_path(modules)}"/>'
    box = f'viewBox="{-QUIET} {-QUIET} {side} {side}" width="{side * 4}" height="{side * 4}"'
    return Markup(f'<svg class="code" {box} role="img" aria-label="QR">{ground}{path}</svg>')  # noqa: S704 - of numbers
