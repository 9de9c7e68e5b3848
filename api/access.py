"""Who asks: a person by the session of their device, a machine by its token, or this house by its own; and in which roles.

The session and the token say which device it is; whose device, and what that person may do now, the views of entries say. So a right
that was taken away is gone with the next request, and what was written before stands.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import sessions
from api.house import House
from api.problems import problem
from api.roles import OPERATOR, OWN
from ledger.schema import Connection
from ledger.store import OUT_OF_REACH

COOKIE: Final = "__Host-cacao"
PREFIX: Final = "cacao_"
"""What every token begins with, so that it is recognised where it does not belong."""
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_bearer = HTTPBearer(auto_error=False, description="A machine's token, or the one that `cacao token` prints.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The session of a device that signed in.")


class Refusal(Exception):
    """The request ends here, with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an opaque name, the organisation they act for (None: the house), their roles there, and a machine's scopes.

    `others`: organisations they could act for instead; `session`: whether a person acts, and not a machine; `turned`: the new
    secret of the session, where it has one.
    """

    name: str
    org: str | None
    roles: tuple[str, ...]
    device: str = ""
    scopes: tuple[str, ...] = ()
    others: tuple[str | None, ...] = ()
    session: bool = False
    turned: str | None = None

    def oneself(self) -> "Actor":
        """The same person in what concerns nobody else: what they sign in with."""
        return Actor(self.name, None, (OWN,), self.device)


_HELD: Final = """
SELECT d."user", d.sort, d.credential, d.scopes, u.org, u.role FROM views.devices d JOIN views.users u ON u."user" = d."user"
WHERE d.device = %(device)s AND d.revoked_at IS NULL AND (d.until IS NULL OR d.until >= %(now)s)
  AND u.revoked_at IS NULL AND (u.until IS NULL OR u.until >= %(now)s) ORDER BY u.org NULLS FIRST, u.role"""


def _actor(conn: Connection, house: House, device: str, org: Any = ..., secret: str | None = None) -> Actor | None:  # noqa: ANN401
    """The actor of a device that holds, for one of their organisations; a machine's `secret` must be the one whose hash is enrolled."""
    rows = conn.execute(_HELD, {"device": device, "now": house.now()}).fetchall()
    if not rows or (secret is not None) != (rows[0][1] == "token"):
        return None
    if secret is not None and not hmac.compare_digest(sessions.hashed(secret).hex(), rows[0][2]):
        return None
    orgs = tuple(dict.fromkeys(row[4] for row in rows))
    acting = orgs[0] if org is ... else org
    if acting not in orgs:
        return None
    others = tuple(each for each in orgs if each != acting)
    return Actor(rows[0][0], acting, tuple(row[5] for row in rows if row[4] == acting), device, tuple(rows[0][3] or ()), others)


def known(request: Request) -> Actor | None:
    """Who asks, or None where nobody known does; `Knowing` has looked."""
    return getattr(request.state, "actor", None)


def _known(request: Request) -> Actor | None:
    house: House = request.app.state.house
    if len(request.headers.getlist("authorization")) > 1:  # who stands between us may have looked at the other one
        return None
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _machine(request, house, given.strip())
    secret = request.cookies.get(COOKIE)
    if secret is None or not (request.method in _SAFE or same_site(request)):
        return None
    with house.pool.connection() as conn:
        session = sessions.held(conn, secret)
        actor = _actor(conn, house, session.device, session.org) if session else None
    return replace(actor, session=True, turned=session.turned) if actor and session else None


def _machine(request: Request, house: House, token: str) -> Actor | None:
    own = house.token()
    if hmac.compare_digest(token.encode(), own.encode()):
        return Actor(f"token-{hashlib.sha256(own.encode()).hexdigest()[:8]}", None, (OPERATOR,))
    device, _, secret = token.removeprefix(PREFIX).partition("_")
    if not token.startswith(PREFIX) or not secret:
        return None
    chosen = request.headers.get("cacao-org")
    with house.pool.connection() as conn:
        return _actor(conn, house, device, ... if chosen is None else chosen, secret)


def same_site(request: Request) -> bool:
    """Whether a request that changes something comes from one of our own pages: its Origin is ours, or the browser says so."""
    base = urlsplit(str(request.app.state.house.settings.url))
    origin = request.headers.get("origin")
    if origin is not None:
        return origin == f"{base.scheme}://{base.netloc}"
    return request.headers.get("sec-fetch-site") == "same-origin"


def actor(
    request: Request,
    _given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
    _session: Annotated[str | None, Depends(_cookie)] = None,
) -> Actor:
    """Who acts. Raises Refusal 401 where nobody known does."""
    found = known(request)
    if found is None and hasattr(request.state, "unreached"):
        raise Refusal(problem(503, "unavailable", "the database is out of reach for the moment", {"Retry-After": "5"}))
    if found is None:
        sentence = "this needs a session or a token: sign in, or send `Authorization: Bearer …`"
        raise Refusal(problem(401, "unauthorized", sentence, {"WWW-Authenticate": "Bearer"}))
    return found


def insider(request: Request) -> bool:
    """Whether the request may see what is of no organisation in particular, such as lots in no container."""
    found = known(request) if "authorization" in request.headers else None
    return found is not None and OPERATOR in found.roles


def set_session(response: Response, secret: str) -> None:
    """Hand a session to the browser."""
    response.set_cookie(COOKIE, secret, max_age=90 * 86_400, path="/", secure=True, httponly=True, samesite="lax")


def forget_session(response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")


class Knowing:
    """Looks once a request who asks, and hands a session's new secret to the browser, whatever the answer is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if "authorization" in request.headers or COOKIE in request.cookies:
            try:
                request.state.actor = await run_in_threadpool(_known, request)
            except OUT_OF_REACH:
                request.state.unreached = True  # public pages are shown all the same

        async def turning(message: Message) -> None:
            asks = known(request)
            if message["type"] == "http.response.start" and asks and asks.turned and not _sets_session(message):
                response = Response()
                set_session(response, asks.turned)
                message["headers"] = [*message["headers"], *(pair for pair in response.raw_headers if pair[0] == b"set-cookie")]
            await send(message)

        await self._app(scope, receive, turning)


def _sets_session(message: Message) -> bool:
    """Whether an answer hands out a session already: of one who just signed in, or out."""
    return any(name == b"set-cookie" and value.startswith(COOKIE.encode() + b"=") for name, value in message["headers"])
