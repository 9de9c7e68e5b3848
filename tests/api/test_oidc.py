"""Signing in with an organisation's account, at a real provider: it says whose account it is, and admits nobody by itself."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import psycopg
import pytest
from pydantic import HttpUrl
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import presence_of_element_located, url_contains
from selenium.webdriver.support.wait import WebDriverWait
from starlette.testclient import TestClient

from api import people
from api.access import COOKIE
from api.app import create
from api.house import House
from api.oidc import BACK
from api.people import operator
from tests.api.chromium import fits, free_port, served
from tests.api.connecting import CLIENT, SECRET, browser_of, door, logged_in, sorts, with_provider
from tests.api.people import PLACE, admitted, organisation, signed_in

PORT = free_port()


def answers(at: str) -> bool:
    try:
        return httpx2.get(f"{at}/keys", timeout=5).is_success
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider in a process of its own."""
    if importlib.util.find_spec("pyop") is None:
        give_up = pytest.fail if os.environ.get("CACAO_CI") == "1" else pytest.skip
        give_up("pyop is not installed, and it is the provider that these tests sign in at")
    port = free_port()
    backs = (f"{PLACE}{BACK}", f"http://localhost:{PORT}{BACK}")
    process = subprocess.Popen([sys.executable, Path(__file__).with_name("provider.py"), str(port), CLIENT, SECRET, *backs])
    at = f"http://127.0.0.1:{port}"
    while not answers(at):
        assert process.poll() is None
        time.sleep(0.05)
    yield at
    process.terminate()
    process.wait()


@pytest.fixture
def home(house: House, issuer: str) -> House:
    return with_provider(house, issuer)


def connect(mine: TestClient, user: str) -> Any:
    return mine.get(logged_in(door(mine, connecting=True), user))


def sign_in(mine: TestClient, user: str) -> Any:
    return mine.get(logged_in(door(mine), user))


def test_somebody_who_was_invited_connects_an_account_and_signs_in_with_it(home: House) -> None:
    user = admitted(home, organisation(home, "AGG-01"), "buyer")
    with signed_in(home, "main/AGG-01", "buyer", user) as first, browser_of(home) as second:
        connected = connect(first, "ana")
        again = connect(first, "ana")
        signed = sign_in(second, "ana")

        assert [(each.status_code, each.headers["location"]) for each in (connected, again)] == [(303, "/devices")] * 2
        assert (signed.status_code, signed.headers["location"]) == (303, "/office")
        assert user in second.get("/devices").text
    assert sorts(home, user) == ["link", "oidc"]


def test_what_is_asked_of_the_provider_is_bound_to_this_browser_and_asks_for_no_name(home: House) -> None:
    with browser_of(home) as mine:
        went = mine.get("/signin/oidc")
    asked = parse_qs(urlsplit(went.headers["location"]).query)

    assert (asked["response_type"], asked["scope"], asked["code_challenge_method"]) == (["code"], ["openid"], ["S256"])
    assert (asked["client_id"], asked["redirect_uri"]) == ([CLIENT], [f"{PLACE}{BACK}"])
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    assert went.headers["set-cookie"].startswith("__Host-cacao-oidc=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=300"} <= set(went.headers["set-cookie"].split("; "))


def test_an_account_that_nobody_connected_admits_nobody(home: House) -> None:
    with browser_of(home) as mine:
        answered = sign_in(mine, "carla")

        assert (answered.status_code, COOKIE in mine.cookies) == (403, False)
        assert "Ask your administrator for a one-time link" in answered.text


def test_an_account_belongs_to_one_person_until_they_revoke_it(home: House) -> None:
    org = organisation(home, "AGG-01")
    one, other = admitted(home, org, "buyer"), admitted(home, org, "buyer", "Otra Persona")
    with signed_in(home, org, "buyer", one) as ones, signed_in(home, org, "buyer", other) as others:
        connect(ones, "ana")
        taken = connect(others, "ana")
        people.revoke(home, operator(home), next(each.id for each in people.devices(home, one) if each.sort == "oidc"))
        given = connect(others, "ana")

    assert (taken.status_code, "conectada a otra persona" in taken.text) == (409, True)
    assert (given.status_code, sorts(home, other)) == (303, ["link", "oidc"])


def test_a_revoked_account_signs_nobody_in_and_is_out_at_once(home: House) -> None:
    user = admitted(home, organisation(home, "AGG-01"), "buyer")
    with signed_in(home, "main/AGG-01", "buyer", user) as first, browser_of(home) as second:
        connect(first, "ana")
        sign_in(second, "ana")
        people.revoke(home, operator(home), next(each.id for each in people.devices(home, user) if each.sort == "oidc"))

        assert second.get("/devices").status_code == 303
        assert sign_in(second, "ana").status_code == 403


def test_somebody_who_signs_in_is_not_taken_for_whoever_did_before(home: House) -> None:
    org = organisation(home, "AGG-01")
    one, other = admitted(home, org, "buyer"), admitted(home, org, "buyer", "Otra Persona")
    with signed_in(home, org, "buyer", one) as ones, signed_in(home, org, "buyer", other) as shared:
        connect(ones, "ana")
        back = logged_in(door(shared), "ana")
        with psycopg.connect(home.url) as conn:
            conn.execute("UPDATE access.sessions SET turned = now() - interval '2 hours'")
        shared.get(back)

        assert one in shared.get("/devices").text


def test_a_way_back_holds_once(home: House) -> None:
    with signed_in(home, organisation(home, "AGG-01"), "buyer") as first, browser_of(home) as second:
        connect(first, "ana")
        back = logged_in(door(second), "ana")
        cookies = dict(second.cookies)
        once = second.get(back)
        second.cookies.update(cookies)
        twice = second.get(back)

    assert [once.status_code, twice.status_code] == [303, 400]


def test_a_way_back_holds_for_five_minutes(home: House) -> None:
    with signed_in(home, organisation(home, "AGG-01"), "buyer") as first, browser_of(home) as second:
        connect(first, "ana")
        back = logged_in(door(second), "ana")
        with psycopg.connect(home.url) as conn:
            conn.execute("UPDATE access.challenges SET made = now() - interval '6 minutes'")

        assert (second.get(back).status_code, COOKIE in second.cookies) == (400, False)


def test_a_way_back_holds_in_the_browser_that_began_alone(home: House) -> None:
    with signed_in(home, organisation(home, "AGG-01"), "buyer") as first, browser_of(home) as mine, browser_of(home) as thiefs:
        connect(first, "ana")
        with_none = thiefs.get(logged_in(door(mine), "ana"))
        door(thiefs)
        with_their_own = thiefs.get(logged_in(door(mine), "ana"))

        assert [with_none.status_code, with_their_own.status_code, COOKIE in thiefs.cookies] == [400, 400, False]


def test_a_stolen_code_is_of_no_use_in_another_browser(home: House) -> None:
    with signed_in(home, organisation(home, "AGG-01"), "buyer") as first, browser_of(home) as mine, browser_of(home) as thiefs:
        connect(first, "ana")
        code = parse_qs(urlsplit(logged_in(door(mine), "ana")).query)["code"][0]
        state = parse_qs(urlsplit(door(thiefs)).query)["state"][0]
        answered = thiefs.get(BACK, params={"code": code, "state": state})

        assert (answered.status_code, COOKIE in thiefs.cookies) == (400, False)


def test_an_account_is_connected_to_whoever_began_and_to_nobody_who_signed_in_meanwhile(home: House) -> None:
    org = organisation(home, "AGG-01")
    other = admitted(home, org, "buyer", "Otra Persona")
    with signed_in(home, org, "buyer") as mine, signed_in(home, org, "buyer", other) as others:
        back = logged_in(door(mine, connecting=True), "ana")
        mine.cookies.set(COOKIE, others.cookies[COOKIE])

        assert (mine.get(back).status_code, sorts(home, other)) == (400, ["link"])


def test_another_site_connects_nothing_and_a_token_neither(home: House) -> None:
    org = organisation(home, "AGG-01")
    user = admitted(home, org, "buyer")
    token = people.machine(home, user, (), None)
    with signed_in(home, org, "buyer") as mine, browser_of(home) as machine:
        from_elsewhere = mine.post("/devices/oidc", headers={"Origin": "https://evil.example"})
        machine.headers["Authorization"] = f"Bearer {token}"
        answered = connect(machine, "beto")

    assert (from_elsewhere.status_code, answered.status_code) == (403, 400)
    assert sorts(home, user) == ["token"]


def test_whoever_stops_at_the_provider_may_begin_again(home: House) -> None:
    with browser_of(home) as mine:
        answered = mine.get(logged_in(door(mine), ""))

    assert (answered.status_code, 'href="/signin"' in answered.text) == (400, True)


def test_a_person_connects_and_signs_in_with_a_real_browser(browser: webdriver.Chrome, home: House) -> None:
    here = f"http://localhost:{PORT}"
    home.settings.url = HttpUrl(here)
    user = admitted(home, organisation(home, "AGG-01"), "buyer")
    wait = WebDriverWait(browser, 10)

    def press(selector: str) -> None:
        wait.until(presence_of_element_located((By.CSS_SELECTOR, selector))).click()

    def log_in() -> None:
        wait.until(presence_of_element_located((By.NAME, "user"))).send_keys("ana")
        press("button")

    with served(create(home), PORT):
        browser.set_window_size(360, 800)
        browser.get(people.invite(home, operator(home), user))
        press("main form button")
        press("form[action$='/devices/oidc'] button")
        log_in()
        wait.until(url_contains(f"{here}/devices"))
        assert sorts(home, user) == ["link", "oidc"]
        press("form[action$='/signout'] button")
        wait.until(url_contains("/signin"))
        assert fits(browser)
        assert browser.find_element(By.CSS_SELECTOR, "a[href$='/signin/oidc']").size["height"] >= 48
        press("a[href$='/signin/oidc']")
        log_in()
        wait.until(url_contains(f"{here}/office"))
        browser.get(f"{here}/devices")
        assert user in browser.find_element(By.TAG_NAME, "body").text
