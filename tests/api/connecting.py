"""A house that has an organisation's sign-in, for tests, and the way of a browser to it."""

import re
from html import unescape

import httpx2
from pydantic import SecretStr
from starlette.testclient import TestClient

from api import people
from api.app import create
from api.house import House
from tests.api.people import FROM_US, PLACE

CLIENT, SECRET = "cacao", "only-the-two-of-us"


def with_provider(house: House, issuer: str) -> House:
    """The house, which trusts a provider from now on."""
    settings = house.settings
    settings.oidc_issuer, settings.oidc_client, settings.oidc_secret, settings.oidc_name = issuer, CLIENT, SecretStr(SECRET), "Coop ID"
    return house


def browser_of(house: House) -> TestClient:
    """A browser in which nobody is signed in."""
    return TestClient(create(house), base_url=PLACE, follow_redirects=False, headers={**FROM_US, "Accept-Language": "en"})


def door(mine: TestClient, *, connecting: bool = False) -> str:
    """The provider's address to which a browser is sent."""
    if not connecting:
        return mine.get("/signin/oidc").headers["location"]
    found = re.search(r'<a class="button act" href="([^"]+)"', mine.post("/devices/oidc").text)
    assert found
    return unescape(found[1])


def logged_in(at: str, user: str) -> str:
    """The address, here, to which the provider sends somebody who logs in there."""
    assert 'name="user"' in httpx2.get(at).text
    return httpx2.post(at, data={"user": user}).headers["location"].removeprefix(PLACE)


def sorts(house: House, user: str) -> list[str]:
    """What somebody signs in with."""
    return sorted(device.sort for device in people.devices(house, user))
