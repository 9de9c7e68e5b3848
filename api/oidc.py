"""The sign-in of an organisation that has one (OpenID Connect): whose account it is. The only place that knows the libraries."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.exceptions import HTTPException

from api import logs
from api.settings import GUARDED, Settings

BACK: Final = "/signin/oidc/back"
ALGORITHMS: Final = ("RS256", "PS256", "ES256")
"""With which an ID token may be signed: with a key of which the provider alone has the secret half."""
SECONDS: Final = 8
"""Within which all that is asked of the provider for one step must be answered."""
_ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_REFUSED: Final = ("invalid_grant", "invalid_request")
"""How a provider refuses a code that it gave for somebody else, or has taken before."""
_LEEWAY_SECONDS: Final = 60
_LONGEST: Final = 255


class OutOfReach(Exception):
    """The provider does not answer as a provider does."""


class NotGenuine(Exception):
    """What the browser brought back does not hold."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where an organisation's people sign in. Nothing it says is kept: what it publishes is read anew for each sign-in.

    `browser` is a secret that one browser alone has; nonce and PKCE verifier are made of it, so that none of them is stored.
    """

    issuer: str
    client: str
    secret: str
    back: str

    @classmethod
    def of(cls, settings: Settings) -> "Provider":
        """The provider of the settings. Raises HTTPException 404 where there is none."""
        if not settings.oidc_issuer:
            raise HTTPException(404)
        return cls(settings.oidc_issuer, settings.oidc_client, settings.oidc_secret.get_secret_value(), f"{settings.base}{BACK}")

    async def door(self, state: str, browser: str) -> str:
        """The address at which a browser is asked whose account it is. Raises OutOfReach."""
        async with self._talking() as talk:
            about = await self._about(talk)
        url, _ = talk.create_authorization_url(
            about["authorization_endpoint"], state=state, nonce=_of(browser, "nonce"), code_verifier=_of(browser, "verifier")
        )
        return str(url)

    async def account(self, code: str, browser: str) -> str:
        """The account for which a code was given to a browser: issuer and subject. Raises OutOfReach, NotGenuine."""
        if not code:
            raise NotGenuine("the provider gave none")
        async with self._talking() as talk:
            about = await self._about(talk)
            methods = about.get("token_endpoint_auth_methods_supported", ())
            if self.secret and "client_secret_post" in methods and "client_secret_basic" not in methods:
                talk.token_endpoint_auth_method = "client_secret_post"  # noqa: S105 - the name of a way
            given = await talk.fetch_token(
                about["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=_of(browser, "verifier")
            )
            keys = await _read(talk, about["jwks_uri"])
        return f"{self.issuer} {self._subject(given, keys, _of(browser, 'nonce'))}"

    @asynccontextmanager
    async def _talking(self) -> AsyncIterator[Any]:
        """A client of the provider, for a while. Whatever goes wrong with it is OutOfReach, or NotGenuine where it refuses the code."""
        try:
            async with (
                asyncio.timeout(SECONDS),
                AsyncOAuth2Client(
                    self.client,
                    self.secret or None,
                    scope="openid",
                    redirect_uri=self.back,
                    code_challenge_method="S256",
                    timeout=None,  # all of it together is bounded, so that a slow drip is too
                ) as talk,
            ):
                yield talk
        except OAuthError as error:
            if error.error in _REFUSED:
                raise NotGenuine("the provider refused the code") from None
            logs.failure(error)
            raise OutOfReach(error.error) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, KeyError, TypeError) as error:
            logs.failure(error)
            raise OutOfReach(type(error).__name__) from None

    async def _about(self, talk: Any) -> dict[str, Any]:  # noqa: ANN401 - a client without types
        """What the provider publishes about itself, where all of it is guarded as its own address is."""
        about = await _read(talk, f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if about["issuer"] != self.issuer:
            raise ValueError("another issuer")
        if not all(re.fullmatch(GUARDED, str(about[each]).partition("?")[0]) for each in _ADDRESSES):
            raise ValueError("an address that is not guarded")
        return about

    def _subject(self, given: dict[str, Any], keys: dict[str, Any], nonce: str) -> str:
        """Whose ID token it is, where the provider made it for this house, this browser and this moment. Raises NotGenuine."""
        try:
            token = jwt.decode(given["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
            wanted = {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self.client}}
            asked = {"nonce": nonce, "client_id": self.client, "access_token": given.get("access_token")}
            CodeIDToken(token.claims, token.header, wanted, asked).validate(leeway=_LEEWAY_SECONDS)
            subject = token.claims["sub"]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise NotGenuine(type(error).__name__) from None
        if not isinstance(subject, str) or not 1 <= len(subject) <= _LONGEST:
            raise NotGenuine("no subject")
        return subject


async def _read(talk: Any, url: str) -> dict[str, Any]:  # noqa: ANN401 - a client without types
    answered = await talk.request("GET", url, withhold_token=True)
    answered.raise_for_status()
    read: dict[str, Any] = answered.json()
    return read


def _of(browser: str, purpose: str) -> str:
    return sha256(f"{purpose} {browser}".encode()).hexdigest()
