"""The doors of an organisation's own sign-in: it says whose account it is, and never who may come in.

Somebody who was invited connects an account of theirs; from then on it signs them in.
"""

import hmac
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from api import people, sessions
from api.access import Actor, known, set_session
from api.cache import NO_STORE, SECURITY, Ask, Page
from api.forms import fields, gone, member, root, shown
from api.house import House
from api.oidc import BACK, NotGenuine, OutOfReach, Provider

router: Final = APIRouter(include_in_schema=False)
COOKIE: Final = "__Host-cacao-oidc"
_STATUS: Final = {"go": 200, "out": 503, "stale": 400, "unknown": 403, "taken": 409}
_HALF: Final = 32
"""Bytes of a hash: what is kept under a state begins with that of the browser's secret."""


@router.get("/signin/oidc")
async def signin(request: Request) -> Response:
    """To the provider, in order to sign in."""
    return await _begun(request, Provider.of(request.app.state.house.settings), "")


@router.post("/devices/oidc")
async def connect(request: Request) -> Response:
    """To the provider, in order to connect an account there to who is signed in.

    By way of a page: browsers let a form of ours lead to nobody else.
    """
    provider = Provider.of(request.app.state.house.settings)
    await fields(request)
    return await _begun(request, provider, member(request).name)


async def _begun(request: Request, provider: Provider, user: str) -> Response:
    browser = sessions.new_secret()
    state = await run_in_threadpool(_kept, request.app.state.house, sessions.hashed(browser) + user.encode())
    try:
        door = await provider.door(state, browser)
    except OutOfReach:
        return await _told(request, "out")
    response = await _told(request, "go", door) if user else RedirectResponse(door, 303, SECURITY | {"Cache-Control": NO_STORE})
    response.set_cookie(COOKIE, browser, max_age=sessions.CHALLENGE_MINUTES * 60, path="/", secure=True, httponly=True, samesite="lax")
    return response


def _kept(house: House, words: bytes) -> str:
    with house.pool.connection() as conn:
        return sessions.challenge(conn, words)


@router.get(BACK)
async def back(request: Request) -> Response:
    """Back from the provider, to whom a state was given that holds once, for a while, and in the browser that began."""
    house: House = request.app.state.house
    provider, asked, browser = Provider.of(house.settings), request.query_params, request.cookies.get(COOKIE, "")
    try:
        user = await run_in_threadpool(_whose, house, asked.get("state", ""), browser)
        account = await provider.account(asked.get("code", ""), browser)
        response = await _connected(request, user, account) if user else await _signed(request, account)
    except OutOfReach:
        response = await _told(request, "out")
    except NotGenuine:
        response = await _told(request, "stale")
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response


def _whose(house: House, state: str, browser: str) -> str:
    """Who began in order to connect an account; nobody, where it was in order to sign in. Raises NotGenuine."""
    with house.pool.connection() as conn:
        words = sessions.challenged(conn, state)
    if words is None or not hmac.compare_digest(words[:_HALF], sessions.hashed(browser)):
        raise NotGenuine("no such state in this browser")
    return words[_HALF:].decode()


async def _signed(request: Request, account: str) -> Response:
    house: House = request.app.state.house
    found = await run_in_threadpool(_found, house, account)
    if found is None:
        return await _told(request, "unknown")
    response = gone(request, "/office")
    request.state.actor = None  # whoever was signed in before is not handed a new secret with this answer
    set_session(response, await run_in_threadpool(people.begin, house, found[0], "oidc"))
    return response


async def _connected(request: Request, user: str, account: str) -> Response:
    who = known(request)
    if who is None or not who.session or who.name != user:
        raise NotGenuine("somebody else is signed in now")
    connected = await run_in_threadpool(_connect, request.app.state.house, who, account)
    return gone(request, "/devices") if connected else await _told(request, "taken")


def _connect(house: House, who: Actor, account: str) -> bool:
    """Whether the account is this person's now, or was before."""
    found = _found(house, account)
    if found is None:
        device = people.new_id("D")
        people.enrol(house, who.name, "oidc", _credential(house, device, account), device=device)
    return found is None or found[1] == who.name


_HELD: Final = """
SELECT d.device, d."user", d.credential FROM views.devices d
WHERE d.sort = 'oidc' AND d.revoked_at IS NULL AND (d.until IS NULL OR d.until >= %(now)s) AND EXISTS (
  SELECT FROM views.users u WHERE u."user" = d."user" AND u.revoked_at IS NULL AND (u.until IS NULL OR u.until >= %(now)s))
ORDER BY d.position"""


def _found(house: House, account: str) -> tuple[str, str] | None:
    """The device that an account is connected as, and whose it is. All are tried, for a credential does not say of which account it is."""
    with house.pool.connection() as conn:
        for device, user, credential in conn.execute(_HELD, {"now": house.now()}):
            if hmac.compare_digest(_credential(house, device, account), credential):
                return device, user
    return None


def _credential(house: House, device: str, account: str) -> str:
    """What is enrolled of an account, whose subject may be an e-mail address: a mark of it that holds for one device."""
    return house.vault.mark("oidc", f"{device} {account}".encode())


async def _told(request: Request, case: str, to: str = "") -> Response:
    back = f"{root(request)}{'/devices' if known(request) else '/signin'}"
    return await shown(request, _page, case, to or back)


def _page(ask: Ask, case: str, to: str) -> Page:
    return ask.html("oidc.html", _STATUS[case], case=case, to=to, provider=ask.house.settings.oidc_shown)
