"""An organisation's sign-in that lies, cannot be trusted, or does not answer: nothing is connected, nobody comes in, the house stands."""

import re
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from api import oidc
from api.house import House
from api.oidc import BACK
from api.settings import Settings
from tests.api.chromium import free_port
from tests.api.connecting import CLIENT, browser_of, door, sorts, with_provider
from tests.api.forger import OTHER_KEY, Forger, forging, signed, signed_with_what_is_public, unsigned
from tests.api.people import admitted, organisation, signed_in


@pytest.fixture(scope="module")
def org(fresh_house: House) -> str:
    return organisation(fresh_house, "AGG-01")


@pytest.fixture
def forger(fresh_house: House) -> Iterator[Forger]:
    with forging() as each:
        with_provider(fresh_house, each.issuer)
        yield each


def test_nothing_of_an_account_stands_where_it_is_kept(fresh_house: House, org: str, forger: Forger) -> None:
    user = admitted(fresh_house, org, "buyer")
    with signed_in(fresh_house, org, "buyer", user) as mine:
        forger.claims = {"sub": "beto@cooperative.example"}
        connect_at(mine, forger)
    with psycopg.connect(fresh_house.url) as conn:
        kept = [
            str(row)
            for table in ("views.devices", "access.challenges", "access.sessions")
            for row in conn.execute(f"SELECT * FROM {table}")
        ] + [line.decode() for (line,) in conn.execute("SELECT line FROM ledger.entries")]
        credential = conn.execute("SELECT credential FROM views.devices WHERE sort = 'oidc' AND \"user\" = %s", (user,)).fetchone()

    assert credential
    assert re.fullmatch("[0-9a-f]{64}", credential[0])
    assert any(credential[0] in each for each in kept)
    assert not [each for each in kept if "beto@" in each or forger.issuer in each]


def connect_at(mine: TestClient, forger: Forger) -> Any:
    """Connect at a forger, who is given the nonce and sends people back at once."""
    asked = parse_qs(urlsplit(door(mine, connecting=True)).query)
    forger.claims = {"nonce": asked["nonce"][0]} | forger.claims
    return mine.get(BACK, params={"code": "any", "state": asked["state"][0]})


def test_a_token_as_an_honest_provider_makes_it_holds(fresh_house: House, org: str, forger: Forger) -> None:
    forger.claims = {"aud": [CLIENT]}
    with signed_in(fresh_house, org, "buyer") as mine:
        assert connect_at(mine, forger).headers["location"] == "/devices"


@pytest.mark.parametrize(
    ("claims", "signs"),
    [
        pytest.param({}, partial(signed, key=OTHER_KEY), id="another key"),
        pytest.param({}, unsigned, id="no signature"),
        pytest.param({}, signed_with_what_is_public, id="the public key as a secret"),
        pytest.param({}, lambda _: "no.token.atall", id="no token"),
        pytest.param({"nonce": "another"}, signed, id="another nonce"),
        pytest.param({"nonce": None}, signed, id="no nonce"),
        pytest.param({"aud": "another"}, signed, id="made for another"),
        pytest.param({"aud": "another", "azp": CLIENT}, signed, id="made for another, by way of us"),
        pytest.param({"aud": [CLIENT, "another"], "azp": "another"}, signed, id="made for several, by way of another"),
        pytest.param({"aud": None}, signed, id="made for nobody"),
        pytest.param({"iss": "https://another.example"}, signed, id="another issuer"),
        pytest.param({"iss": None}, signed, id="no issuer"),
        pytest.param({"iat": 1_700_000_000, "exp": 1_700_000_300}, signed, id="over"),
        pytest.param({"exp": None}, signed, id="without end"),
        pytest.param({"sub": None}, signed, id="of nobody"),
        pytest.param({"sub": ""}, signed, id="of an empty subject"),
        pytest.param({"sub": 7}, signed, id="of a subject that is no text"),
        pytest.param({"at_hash": "another"}, signed, id="of another access token"),
    ],
)
def test_a_token_that_was_not_made_for_this_sign_in_connects_nothing(
    fresh_house: House, org: str, forger: Forger, claims: dict[str, Any], signs: Any
) -> None:
    forger.claims, forger.signs = claims, signs
    user = admitted(fresh_house, org, "buyer")
    with signed_in(fresh_house, org, "buyer", user) as mine:
        answered = connect_at(mine, forger)

    assert (answered.status_code, sorts(fresh_house, user)) == (400, ["link"])


@pytest.mark.parametrize(
    "published",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "http://another.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "http://127.0.0.1@another.example/keys"},
        {"token_endpoint": None},
    ],
)
def test_a_provider_that_cannot_be_trusted_is_not_gone_to(fresh_house: House, forger: Forger, published: dict[str, Any]) -> None:
    forger.published = published
    with browser_of(fresh_house) as mine:
        answered = mine.get("/signin/oidc")

    assert (answered.status_code, "set-cookie" in answered.headers) == (503, False)


def test_a_provider_out_of_reach_is_said_and_everything_else_works(fresh_house: House, org: str) -> None:
    with_provider(fresh_house, f"http://127.0.0.1:{free_port()}")
    with signed_in(fresh_house, org, "buyer") as mine:
        answers = [mine.get("/signin/oidc"), mine.post("/devices/oidc")]

        assert [each.status_code for each in answers] == [503, 503]
        assert all("Coop ID" in each.text for each in answers)
        assert [mine.get(path).status_code for path in ("/signin", "/devices", "/")] == [200, 200, 200]


def test_a_provider_that_goes_away_meanwhile_is_said(fresh_house: House) -> None:
    with browser_of(fresh_house) as mine:
        with forging() as forger:
            with_provider(fresh_house, forger.issuer)
            state = parse_qs(urlsplit(door(mine)).query)["state"][0]

        assert mine.get(BACK, params={"code": "any", "state": state}).status_code == 503


def test_a_way_back_of_another_browser_is_refused_before_the_provider_is_asked(fresh_house: House) -> None:
    with browser_of(fresh_house) as mine, browser_of(fresh_house) as thiefs:
        with forging() as forger:
            with_provider(fresh_house, forger.issuer)
            door(thiefs)
            state = parse_qs(urlsplit(door(mine)).query)["state"][0]

        assert thiefs.get(BACK, params={"code": "any", "state": state}).status_code == 400


def test_a_provider_that_never_answers_is_waited_for_no_longer_than_is_set(fresh_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, browser_of(fresh_house) as mine:
        with_provider(fresh_house, f"http://127.0.0.1:{silent.getsockname()[1]}")

        assert mine.get("/signin/oidc").status_code == 503


def test_without_a_provider_nothing_of_it_is_there(house: House) -> None:
    with signed_in(house, organisation(house, "AGG-01"), "buyer") as mine:
        answers = [mine.get("/signin/oidc"), mine.post("/devices/oidc"), mine.get(f"{BACK}?code=a&state=b")]
        pages = mine.get("/signin").text + mine.get("/devices").text

    assert [each.status_code for each in answers] == [404, 404, 404]
    assert "/oidc" not in pages


@pytest.mark.parametrize("given", ["http://id.example", "http://localhost.evil.example", "id.example", "https://id.example?x=1"])
def test_a_provider_must_be_guarded(tmp_path: Path, given: str) -> None:
    with pytest.raises(ValidationError):
        Settings(home=tmp_path, oidc_issuer=given)
