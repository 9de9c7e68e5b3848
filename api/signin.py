"""The doors for people: signing in with a passkey, the one-time link that enrols a device, one's own devices, signing out."""

import hmac
import re
from typing import Annotated, Any, Final
from uuid import uuid4

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api import passkeys, people, sessions
from api.access import COOKIE, Actor, Refusal, actor, forget_session, known, same_site, set_session
from api.cache import NO_STORE, Ask, Page
from api.forms import SCRIPTED, fields, gone, member, shown
from api.house import House
from api.office.frame import framed
from api.passkeys import NotGenuine, Party
from api.problems import problem
from domain.device import RevokeDevice

router: Final = APIRouter(include_in_schema=False)
_BACK: Final = re.compile(r"/[A-Za-z0-9][A-Za-z0-9/_.-]*")
ASKED: Final = "__Host-cacao-asked"
"""The cookie of a browser that was asked for a passkey: from no other one is the answer taken."""
_HALF: Final = 32
"""Bytes of a hash: what is kept under a ticket begins with that of the browser's secret."""
_STRANGE: Final = "this browser's answer does not hold: begin again"


def _page(ask: Ask, template: str, **of: Any) -> Page:  # noqa: ANN401 - what a template shows
    return ask.html(template, headers=SCRIPTED, provider=ask.house.settings.oidc_shown, **of)


@router.get("/signin")
async def signin(request: Request) -> Response:
    """Where people sign in."""
    back = request.query_params.get("next", "")
    return await shown(request, _page, "signin.html", back=back if _BACK.fullmatch(back) else "/office")


@router.get("/invite/{secret}")
async def invitation(request: Request, secret: str) -> Response:
    """What the one-time link offers; looking does not use it up."""
    return await shown(request, _invitation, secret)


def _invitation(ask: Ask, secret: str) -> Page:
    with ask.house.pool.connection() as conn:
        if sessions.invited(conn, secret) is None:
            words = "This link was used before, or has run out. Ask whoever sent it for another."
            return ask.message(404, "This link does not hold", words)
    return _page(ask, "invite.html", secret=secret)


@router.post("/invite/{secret}")
async def accept(request: Request, secret: str) -> Response:
    """Enrol this device and sign it in."""
    await fields(request)
    begun = await run_in_threadpool(people.accept, request.app.state.house, secret)
    if begun is None:
        return await shown(request, _invitation, secret)
    response = gone(request, "/devices?new=1")
    set_session(response, begun[1])
    return response


async def _body(request: Request) -> dict[str, Any]:
    """The JSON that our own script sent. Raises Refusal."""
    if not same_site(request):
        raise Refusal(problem(403, "cross-site", "this was not sent from a page of this house"))
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(problem(422, "malformed", "wanted a JSON object"))
    return body


def _party(request: Request) -> Party:
    return Party.of(request.app.state.house.settings.base)


async def _challenged(request: Request, options: dict[str, Any], challenge: bytes) -> Response:
    browser = request.cookies.get(ASKED) or sessions.new_secret()
    ticket = await run_in_threadpool(_kept, request.app.state.house, sessions.hashed(browser) + challenge)
    response = JSONResponse({"options": options, "ticket": ticket}, headers={"Cache-Control": NO_STORE})
    response.set_cookie(ASKED, browser, sessions.CHALLENGE_MINUTES * 60, path="/", secure=True, httponly=True, samesite="strict")
    return response


def _kept(house: House, words: bytes) -> str:
    with house.pool.connection() as conn:
        return sessions.challenge(conn, words)


def _challenge(house: House, body: dict[str, Any], browser: str) -> bytes:
    """The challenge of a ticket, which holds once and in the browser that was asked. Raises NotGenuine."""
    with house.pool.connection() as conn:
        words = sessions.challenged(conn, str(body.get("ticket", "")))
    if words is None or not hmac.compare_digest(words[:_HALF], sessions.hashed(browser)):
        raise NotGenuine("no such ticket in this browser")
    return words[_HALF:]


@router.post("/signin/passkey/options")
async def ask_to_sign(request: Request) -> Response:
    """What a browser is asked in order to sign in."""
    await _body(request)
    return await _challenged(request, *passkeys.asked_to_sign(_party(request)))


@router.post("/signin/passkey")
async def sign(request: Request) -> Response:
    """Sign in with a passkey."""
    body = await _body(request)
    try:
        secret = await run_in_threadpool(_signed, request.app.state.house, _party(request), body, request.cookies.get(ASKED, ""))
    except NotGenuine:
        return problem(401, "unauthorized", _STRANGE)
    response = JSONResponse({"next": "/office"}, headers={"Cache-Control": NO_STORE})
    set_session(response, secret)
    return response


def _signed(house: House, party: Party, body: dict[str, Any], browser: str) -> str:
    challenge, given = _challenge(house, body, browser), body.get("credential")
    if not isinstance(given, dict):
        raise NotGenuine("no credential")
    device = passkeys.device_of(given)
    with house.pool.connection() as conn:
        row = conn.execute(
            "SELECT credential FROM views.devices WHERE device = %s AND sort = 'passkey' AND revoked_at IS NULL", (device,)
        ).fetchone()
    if row is None:
        raise NotGenuine("unknown device")
    passkeys.check_signed(party, challenge, given, row[0])
    return people.begin(house, device, "passkey")


@router.post("/devices/passkey/options")
async def ask_to_make(request: Request, who: Annotated[Actor, Depends(actor)]) -> Response:
    """What a browser is asked in order to make a passkey for who is signed in."""
    await _body(request)
    device = people.new_id("D")
    options, challenge = passkeys.asked_to_make(_party(request), device, who.name)
    return await _challenged(request, options | {"device": device}, challenge)


@router.post("/devices/passkey")
async def make(request: Request, who: Annotated[Actor, Depends(actor)]) -> Response:
    """Enrol the passkey that a browser made."""
    body = await _body(request)
    try:
        await run_in_threadpool(_made, request.app.state.house, _party(request), who, body, request.cookies.get(ASKED, ""))
    except NotGenuine:
        return problem(422, "malformed", _STRANGE)
    return JSONResponse({"next": "/devices"}, 201, {"Cache-Control": NO_STORE})


def _made(house: House, party: Party, who: Actor, body: dict[str, Any], browser: str) -> None:
    challenge, device, given = _challenge(house, body, browser), str(body.get("device", "")), body.get("credential")
    if not isinstance(given, dict) or not re.fullmatch(r"D-[A-Z0-9]{16}", device) or not who.session:
        raise NotGenuine("no credential")
    people.enrol(house, who.name, "passkey", passkeys.made(party, challenge, given), device=device)


@router.get("/devices")
async def devices(request: Request) -> Response:
    """What I sign in with."""
    who = member(request)
    return await shown(request, _devices, who, new="new" in request.query_params)


def _devices(ask: Ask, who: Actor, *, new: bool) -> Page:
    mine = people.devices(ask.house, who.name)
    return framed(ask, who, "devices.html", devices=mine, new=new, provider=ask.house.settings.oidc_shown, here="/devices")


@router.post("/devices/{device}/revoke")
async def revoke(request: Request, device: str) -> Response:
    """Let nobody sign in with a device of mine any more."""
    await fields(request)
    who = member(request)
    await run_in_threadpool(_revoke, request.app.state.house, who, device)
    return gone(request, "/devices")


def _revoke(house: House, who: Actor, device: str) -> None:
    if device in {each.id for each in people.devices(house, who.name)}:
        people.done(house, who.oneself(), RevokeDevice(id=uuid4(), device_id=device, revoked_at=house.now()))
        with house.pool.connection() as conn:
            sessions.end_of(conn, device)


@router.post("/act-for")
async def act_for(request: Request) -> Response:
    """Act for another of my organisations from now on."""
    chosen = (await fields(request)).get("org", "") or None
    who, secret = member(request), request.cookies.get(COOKIE, "")
    if chosen in who.others:
        await run_in_threadpool(_choose, request.app.state.house, secret, chosen)
    return gone(request, "/office")


def _choose(house: House, secret: str, org: str | None) -> None:
    with house.pool.connection() as conn:
        sessions.choose(conn, secret, org)


@router.post("/signout")
async def signout(request: Request) -> Response:
    """End the session."""
    await fields(request)
    if known(request) and (secret := request.cookies.get(COOKIE)):
        await run_in_threadpool(_end, request.app.state.house, secret)
    response = gone(request, "/signin")
    forget_session(response)
    return response


def _end(house: House, secret: str) -> None:
    with house.pool.connection() as conn:
        sessions.end(conn, secret)
