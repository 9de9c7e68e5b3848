"""Who may write, and read what is not public: until there are accounts, whoever holds the one token."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.problems import problem

_bearer = HTTPBearer(auto_error=False, description="The token that `cacao token` prints.")


class Refusal(Exception):
    """The request ends here, with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: an opaque name that says nothing of the token."""

    name: str


def holds_token(request: Request) -> bool:
    """Whether the request carries the token."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    token: str = request.app.state.house.token()
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def actor(request: Request, _given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Actor:
    """The holder of the token. Raises Refusal 401."""
    if not holds_token(request):
        sentence = "writing needs the token that `cacao token` prints, as `Authorization: Bearer …`"
        raise Refusal(problem(401, "unauthorized", sentence, {"WWW-Authenticate": "Bearer"}))
    return Actor(f"token-{hashlib.sha256(request.app.state.house.token().encode()).hexdigest()[:8]}")
