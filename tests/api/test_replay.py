"""What is sent again, from elsewhere or by many at once is done once; and a farmer's card opens nothing in another house."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api.access import COOKIE
from api.app import create
from api.examples import EXAMPLES
from api.house import House
from tests.api.authenticator import Passkey
from tests.api.people import FROM_US, PLACE, organisation, signed_in
from tests.api.test_doors import size
from tests.fuzz import ORG

FARMER: Final = next(body for body in EXAMPLES if body.get("role") == "farmer")


def plain(page: str) -> str:
    """A page without the id that each form has for itself."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", page)


@pytest.fixture
def coop(house: House) -> str:
    return organisation(house, "AG-01")


def test_the_same_command_from_many_at_once_is_done_once(house: House, coop: str) -> None:
    with signed_in(house, coop, "buyer") as mine, ThreadPoolExecutor(8) as crowd:
        before = size(house)
        answers = list(crowd.map(lambda _: mine.post("/commands", json=FARMER), range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert {tuple(answer.json()["positions"]) for answer in answers} == {(before + 1,)}
    assert size(house) == before + 1


def test_the_same_form_from_many_at_once_is_done_once(house: House, coop: str) -> None:
    form = {"id": str(uuid4()), "party_id": "F-1", "name": "Rosa Quispe", "district": "220101", "enrolled_at": "2026-05-02T10:00"}
    with signed_in(house, coop, "buyer") as mine, ThreadPoolExecutor(8) as crowd:
        before = size(house)
        answers = list(crowd.map(lambda _: mine.post("/farmers/new", data=form), range(16)))

    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, "/farmers/F-1")}
    assert size(house) == before + 1


def test_somebody_else_cannot_send_a_command_again_to_learn_what_it_said(house: House, coop: str) -> None:
    with signed_in(house, coop, "buyer") as mine, signed_in(house, organisation(house, "ZZ-01"), "buyer") as theirs:
        wrote, again = (browser.post("/commands", json=FARMER) for browser in (mine, theirs))

        other = theirs.post("/commands", json=FARMER | {"name": "Otra"})

    assert (wrote.status_code, again.status_code) == (201, 409)
    assert again.json() == other.json()


@pytest.fixture
def phone(house: House, coop: str) -> Iterator[tuple[TestClient, Passkey]]:
    """A browser whose owner has made a passkey in it, signed out."""
    passkey = Passkey()
    with signed_in(house, coop, "buyer") as mine:
        asked = mine.post("/devices/passkey/options", json={}).json()
        made = {"ticket": asked["ticket"], "device": asked["options"]["device"], "credential": passkey.make(asked["options"])}
        assert mine.post("/devices/passkey", json=made).status_code == 201
        assert mine.post("/devices/passkey", json=made).status_code == 422
        mine.post("/signout")
        yield mine, passkey


def test_a_passkeys_answer_signs_in_once(phone: tuple[TestClient, Passkey]) -> None:
    mine, passkey = phone
    asked = mine.post("/signin/passkey/options", json={}).json()
    answer = {"ticket": asked["ticket"], "credential": passkey.sign(asked["options"])}

    first, again = (mine.post("/signin/passkey", json=answer) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 401)
    assert "set-cookie" not in again.headers


def test_a_passkeys_answer_is_to_the_challenge_of_its_own_ticket(phone: tuple[TestClient, Passkey]) -> None:
    mine, passkey = phone
    one, other = (mine.post("/signin/passkey/options", json={}).json() for _ in range(2))

    crossed = mine.post("/signin/passkey", json={"ticket": one["ticket"], "credential": passkey.sign(other["options"])})
    right = mine.post("/signin/passkey", json={"ticket": other["ticket"], "credential": passkey.sign(other["options"])})

    assert (crossed.status_code, right.status_code) == (401, 200)


def test_a_challenge_holds_in_no_other_browser_and_is_then_used_up(house: House, phone: tuple[TestClient, Passkey]) -> None:
    mine, passkey = phone
    asked = mine.post("/signin/passkey/options", json={}).json()
    answer = {"ticket": asked["ticket"], "credential": passkey.sign(asked["options"])}

    with TestClient(create(house), base_url=PLACE, headers=FROM_US) as thiefs:
        thiefs.post("/signin/passkey/options", json={})
        assert thiefs.post("/signin/passkey", json=answer).status_code == 401
        assert COOKIE not in thiefs.cookies
    assert mine.post("/signin/passkey", json=answer).status_code == 401


@pytest.mark.parametrize("handle", ["", "AA", "RC0AAA", "_w", "x" * 30_000, None, 7, {}])
def test_a_passkey_that_says_to_be_of_no_device_signs_nobody_in(phone: tuple[TestClient, Passkey], handle: Any) -> None:
    mine, passkey = phone
    asked = mine.post("/signin/passkey/options", json={}).json()
    credential = passkey.sign(asked["options"])
    credential["response"]["userHandle"] = handle

    assert mine.post("/signin/passkey", json={"ticket": asked["ticket"], "credential": credential}).status_code == 401


@pytest.mark.parametrize("asked", ["FA-0001", "main/FA-0001", " fa-0001 ", "Rosa Tuanama", "942000222", "45678901"])
def test_the_card_of_another_cooperatives_farmer_is_as_unknown(furnished: House, asked: str) -> None:
    known = {"FA-0001": "FA-9991", "fa-0001": "fa-9991", "Rosa Tuanama": "Rosa Xuanama", "942000222": "942000999", "45678901": "45678999"}
    never = re.sub("|".join(known), lambda found: known[found[0]], asked)
    with (
        signed_in(furnished, ORG, "buyer") as theirs,
        signed_in(furnished, organisation(furnished, f"ZZ-{uuid4().hex[:8].upper()}"), "buyer") as mine,
    ):
        there = theirs.post("/buy/find", data={"q": asked})
        one, other = (mine.post("/buy/find", data={"q": each}) for each in (asked, never))

    assert there.headers["location"] == "/buy/FA-0001"
    assert one.status_code == other.status_code == 200
    assert plain(one.text).replace(asked.strip(), "") == plain(other.text).replace(never.strip(), "")
