"""A resolver of GS1 Digital Link: whoever scans a number that the world reads comes to what is known of it here, or gets all its links.

A printed label's address is answered by the label's page itself. Serials and pallets that are unknown, void or not public are one
answer, so that nobody finds any by trying.
"""

import re
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api import gs1address, identified, labelpages, linkset
from api.cache import ANY_SITE, SECURITY, Ask, Page, answer, asking, page, refusal, serve, unknown
from api.gs1address import Address, Asked
from api.known import Place, known
from api.linkset import Level
from api.problems import problem
from labels.digital_link import BadLink, spell
from labels.link import label_at
from ledger.store import OUT_OF_REACH

router: Final = APIRouter()
KEYS: Final = ("00", "01", "414", "417")
"""Of pallets, products, places and organisations: the primary keys that are resolved."""
CORS: Final = ANY_SITE | {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS", "Access-Control-Allow-Headers": "*", "Access-Control-Expose-Headers": "Link",
}  # fmt: skip
_DIGITS: Final = re.compile(r"[0-9]{1,320}")
_CONTEXT: Final = "/gs1/context.jsonld"
_OF_A_LABEL: Final = (None, linkset.DEFAULT, "traceability", "dpp")


def _levels(asked: Asked, ask: Ask) -> list[Level]:
    """The links of what is asked for; of a pallet only where its label may be shown, which the digits of its code may prove."""
    (key, number), *_ = asked.elements
    if key != "00":
        return identified.levels(ask, asked.elements)
    place = label_at(f"/00/{number}")
    digits = dict(parse_qsl(asked.query)).get("s")
    if digits is not None and not _DIGITS.fullmatch(digits):
        digits = ""
    open_ = place is not None and known(ask, Place(*place), digits) is not None
    return identified.of_pallet(ask, number) if open_ else []


def _answered(asked: Asked, ask: Ask) -> Page:
    """All links, the way to one of them, or that there is none."""
    levels = _levels(asked, ask)
    base = ask.house.settings.base.rstrip("/")
    whole = f"{spell(asked.elements, base).partition('?')[0]}?linkType=linkset"
    if asked.every and levels:
        context = f'<{base}{_CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
        headers = SECURITY | CORS | {"Link": f"{linkset.header(levels, whole)}, {context}"}
        return page(linkset.linkset(levels), linkset.MEDIA_TYPE, 200, headers)
    link = linkset.chosen(levels, asked.sort or linkset.DEFAULT) if asked.sort != "" else None
    if link is None or asked.every:
        made = (labelpages.unknown if asked.elements[0][0] == "00" else unknown)(ask)
        return replace(made, headers=made.headers | CORS)
    href = link.href + (f"?{asked.query}" if asked.query else "")
    return page(b"", "text/plain", 307, SECURITY | CORS | {"Location": href, "Link": linkset.header(levels, whole)})


def _bad(ask: Ask) -> Page:
    if ask.data:
        return refusal(400, "malformed", "this is no GS1 Digital Link: a check digit, the order of its parts or a value is wrong")
    sentence = "It is no link of GS1's as it stands: a digit or a part is wrong or missing. Scan the whole code again."
    return ask.message(400, "This address cannot be read", sentence)


async def resolve(request: Request) -> Response:
    """What a number that the world reads leads to."""
    address = gs1address.sent(request)
    return await _resolved(request, gs1address.partly(address) or address)


async def compressed(request: Request) -> Response | None:
    """What a wholly compressed address leads to; None where an address is none, or of what is not resolved here."""
    address = gs1address.sent(request)
    if request.method not in ("GET", "HEAD", "OPTIONS") or "/" in address.path[1:]:
        return None
    try:
        whole = gs1address.expanded(address, address.path[1:])
    except BadLink:
        return None
    if whole.path.split("/")[1] not in KEYS:
        return None
    return await (allowed(request) if request.method == "OPTIONS" else _resolved(request, whole))


async def _resolved(request: Request, address: Address) -> Response:
    label, html = gs1address.printed(address.path), "text/html" in request.headers.get("accept", "")
    base = request.app.state.house.settings.base.rstrip("/")
    same = f'<{base}{address.path}>; rel="owl:sameAs"' if address.expanded else ""
    try:
        asked = None if label and gs1address.plain(request, address) else gs1address.asked(request, address)
    except BadLink:
        return _with(await serve(request, _bad, data=not html, still=True, further=str(address)))
    if label and (asked is None or (not asked.every and asked.sort in _OF_A_LABEL)):
        response = await labelpages.scanned(request, label.path, data=label.data)
        there = response.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)
        return _with(response, linkset.header((), f"{base}{label.path}?linkType=linkset") if there else "", same)
    assert asked is not None  # noqa: S101 - whatever is no label was read
    if asked.every:
        return _with(await _listed(request, asked), same)
    return _with(await serve(request, partial(_answered, asked), data=not html, further=str(address)), same)


async def _listed(request: Request, asked: Asked) -> Response:
    """All links. They are not kept: there is a list for every serial that somebody makes up."""
    try:
        return answer(request, await run_in_threadpool(_answered, asked, asking(request, data=True, public=True)))
    except OUT_OF_REACH:
        return problem(503, "unavailable", "the database is out of reach for the moment", {"Retry-After": "5"})


def _with(response: Response, *links: str) -> Response:
    """An answer that any site may read, that is another for whoever wants all links, and that names further links."""
    response.headers.update(CORS)
    response.headers["Vary"] = f"Accept, {response.headers.get('vary', 'Accept-Encoding')}"
    if any(links):
        response.headers["Link"] = ", ".join(filter(None, (response.headers.get("link"), *links)))
    return response


async def allowed(request: Request) -> Response:
    """What may be done at such an address."""
    del request
    return Response(status_code=204, headers={"Allow": "GET, HEAD, OPTIONS", "Access-Control-Max-Age": "86400", **CORS})


for _key in KEYS:
    router.add_api_route(f"/{_key}/{{rest:path}}", resolve, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route(f"/{_key}/{{rest:path}}", allowed, methods=["OPTIONS"], include_in_schema=False)


@router.api_route("/.well-known/gs1resolver", methods=["GET", "HEAD"], include_in_schema=False)
async def description(request: Request) -> Response:
    """What this resolver resolves, for programs."""
    base = request.app.state.house.settings.base.rstrip("/")
    said = {
        "name": "Cacao Ledger", "resolverRoot": base, "supportedPrimaryKeys": list(KEYS), "linkTypeDefaultCanBeLinkset": False,
        "supportedLinkType": [{"namespace": linkset.VOCABULARY, "prefix": "gs1:"}], "jsonLdContextLocation": f"{base}{_CONTEXT}",
    }  # fmt: skip
    return _said(request, said, "application/json")


@router.api_route(_CONTEXT, methods=["GET", "HEAD"], include_in_schema=False)
async def context(request: Request) -> Response:
    """What makes JSON-LD of a list of links."""
    return _said(request, linkset.CONTEXT, "application/ld+json")


def _said(request: Request, said: object, media: str) -> Response:
    body = orjson.dumps(said, option=orjson.OPT_INDENT_2)
    headers = SECURITY | CORS | {"Cache-Control": "public, max-age=3600", "Content-Length": str(len(body))}
    return Response(b"" if request.method == "HEAD" else body, 200, headers, media)
