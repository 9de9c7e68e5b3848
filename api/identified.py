"""What is behind a number of GS1's that was recorded here: a product's page, an organisation's or site's, and the links of each.

An organisation is named only where anybody may know its name (a RUC of series 20), and no person ever is.
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Request, Response

from api.cache import Ask, Page, serve, unknown
from api.linkset import Level, Link
from api.pages import data_at
from api.whole import data
from domain.identity import is_gs1_number
from labels.digital_link import spell
from ledger.schema import Connection
from projections import identities, public

router: Final = APIRouter()
EXAMPLES: Final = "952"
"""How numbers begin that GS1 keeps for examples."""
_GTIN, _GLN = 14, 13
_OF_LOT: Final = """SELECT EXISTS (SELECT FROM views.loads WHERE lot = %(lot)s)
 AND EXISTS (SELECT FROM views.labels WHERE lot = %(lot)s AND gtin = %(gtin)s)"""
Gtin = Annotated[str, Path(description="A product's number, 14 digits.", examples=["09521234000013"])]
Gln = Annotated[str, Path(description="The number of an organisation or a site of one, 13 digits.", examples=["9521234000020"])]


@dataclass(frozen=True, slots=True)
class Product:
    """A product. `organisation`: whose it is, where it may be named; `example`: its number is of GS1's range for demonstrations."""

    gtin: str
    name_es: str | None
    name_en: str | None
    organisation: str | None
    registered: str
    example: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation (`party`) or a site of it, in the district of which it was recorded, if any."""

    gln: str
    stands_for: Literal["site", "party"]
    organisation: str
    district: str | None
    example: bool


def product(ask: Ask, gtin: str) -> Product | None:
    """A product by its number."""
    with ask.house.pool.connection() as conn:
        found = identities.product(conn, gtin) if is_gs1_number(gtin, _GTIN) else None
        names = public.names(conn, ask.house.vault, [found.holder]) if found else {}
    if found is None:
        return None
    example = found.prefix.startswith(EXAMPLES)
    return Product(found.gtin, found.name_es, found.name_en, names.get(found.holder), found.registered_at[:7], example)


def place(ask: Ask, gln: str) -> Place | None:
    """An organisation or site by its number; None too where the organisation may not be named."""
    with ask.house.pool.connection() as conn:
        found = identities.place(conn, gln) if is_gs1_number(gln, _GLN) else None
        names = public.names(conn, ask.house.vault, [found.holder]) if found else {}
    if found is None or found.holder not in names:
        return None
    sort: Literal["site", "party"] = "site" if found.stands_for == "site" else "party"
    return Place(found.gln, sort, names[found.holder], found.district, found.prefix.startswith(EXAMPLES))


def levels(ask: Ask, elements: tuple[tuple[str, str], ...]) -> list[Level]:
    """The links of what a GS1 Digital Link identifies, the most particular level first; none where nothing of it is known.

    Of serials nothing is looked up: whoever tries some finds out nothing.
    """
    values, base = dict(elements), ask.house.settings.base.rstrip("/")
    (key, number), *_ = elements
    if key == "01":
        return _of_product(ask, base, number, values.get("10"), values.get("21"))
    found = place(ask, number) if key in ("414", "417") else None
    if found is None or (key == "417" and found.stands_for != "party"):
        return []
    sort, title = ("homepage", "Organisation") if key == "417" else ("locationInfo", "Place")
    here = f"{base}/places/{number}"
    links = (Link(sort, here, title), Link("masterData", f"{here}.json", "The same as data (JSON)", "application/json"))
    return [Level(spell(((key, number),), base), found.organisation, links)]


def _of_product(ask: Ask, base: str, gtin: str, lot: str | None, serial: str | None) -> list[Level]:
    found = product(ask, gtin)
    if found is None:
        return []
    here, name = f"{base}/products/{gtin}", found.name_en or found.name_es or gtin
    pages = (Link("pip", here, "Product"), Link("masterData", f"{here}.json", "The same as data (JSON)", "application/json"))
    whole = [Level(spell((("01", gtin),), base), name, pages)]
    if lot is None:
        return whole
    with ask.house.pool.connection() as conn:
        public_lot = _is_of(conn, lot, gtin)
    at_lot = (("01", gtin), ("10", lot))
    if public_lot:
        whole.insert(0, Level(spell(at_lot, base), f"{name}, {lot}", _trace(f"{base}/l/{lot}", "Lot of cocoa beans")))
    if serial is not None:
        at = spell((*at_lot, ("21", serial)), base)
        whole.insert(0, Level(at, f"{name}, {lot}, {serial}", _trace(at, "Label of cocoa beans")))
    return whole


def of_pallet(ask: Ask, sscc: str) -> list[Level]:
    """The links of a pallet whose label may be shown."""
    at = spell((("00", sscc),), ask.house.settings.base.rstrip("/"))
    return [Level(at, sscc, _trace(at, "Label of cocoa beans"))]


def _trace(href: str, title: str) -> tuple[Link, ...]:
    """Where something comes from: a page that is its product passport as well."""
    return Link("traceability", href, title), Link("dpp", href, title)


def _is_of(conn: Connection, lot: str, gtin: str) -> bool:
    """Whether a lot has a public page, and a label of this product was printed for it."""
    return conn.execute(_OF_LOT, {"lot": f"main/{lot}", "gtin": gtin}).fetchone() == (True,)


def _product_page(gtin: str, ask: Ask) -> Page:
    it = product(ask, gtin)
    if it is None:
        return unknown(ask)
    here = f"{urlsplit(ask.house.settings.base).path}/products/{gtin}.json"
    names = (it.name_es, it.name_en) if ask.language == "es" else (it.name_en, it.name_es)
    return data(it) if ask.data else ask.html("product.html", it=it, name=next(filter(None, names), it.gtin), json=here)


def _place_page(gln: str, ask: Ask) -> Page:
    it = place(ask, gln)
    if it is None:
        return unknown(ask)
    here = f"{urlsplit(ask.house.settings.base).path}/places/{gln}.json"
    return data(it) if ask.data else ask.html("place.html", it=it, json=here)


@data_at(router, "/products/{gtin}.json", "A product by its GTIN", Product)
async def find_product(request: Request, gtin: Gtin) -> Response:
    """What the product's page shows, as data."""
    return await serve(request, partial(_product_page, gtin), data=True)


@data_at(router, "/places/{gln}.json", "An organisation or a site of one by its GLN", Place)
async def find_place(request: Request, gln: Gln) -> Response:
    """What the page of the organisation or site shows, as data. Only organisations that may be named have one."""
    return await serve(request, partial(_place_page, gln), data=True)


@router.api_route("/products/{gtin}", methods=["GET", "HEAD"], include_in_schema=False)
async def product_page(request: Request, gtin: str) -> Response:
    """A product by its GTIN."""
    return await serve(request, partial(_product_page, gtin))


@router.api_route("/places/{gln}", methods=["GET", "HEAD"], include_in_schema=False)
async def place_page(request: Request, gln: str) -> Response:
    """An organisation or a site of one by its GLN."""
    return await serve(request, partial(_place_page, gln))
