"""Signing in: links that hold once, sessions that end at once, passkeys that a real browser makes, tokens that say what they are."""

import json
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from api import people, sessions
from api.access import COOKIE, PREFIX
from api.app import create
from api.examples import EXAMPLES
from api.house import House
from api.people import operator
from domain.user import GrantRole
from ledger.decision import PERU
from projections.users import grants
from tests.api.people import FROM_US, PLACE, admitted, organisation, signed_in

FARMER: dict[str, Any] = next(body for body in EXAMPLES if body.get("role") == "farmer")


def farmer(id_: str) -> dict[str, Any]:
    return {**FARMER, "id": str(uuid4()), "party_id": id_}


@pytest.fixture
def coop(house: House) -> str:
    return organisation(house, "AGG-01")


def browser(house: House, **headers: str) -> TestClient:
    return TestClient(create(house), base_url=PLACE, follow_redirects=False, headers={**FROM_US, **headers})


def invited(house: House, org: str | None, role: str) -> tuple[str, str]:
    user = admitted(house, org, role)
    return user, people.invite(house, operator(house), user).removeprefix(PLACE)


def test_a_link_enrols_one_device_once(house: House, coop: str) -> None:
    user, link = invited(house, coop, "buyer")

    with browser(house) as mine, browser(house) as thiefs:
        looked, done = mine.get(link), mine.post(link)
        again = thiefs.post(link)

        assert (looked.status_code, done.status_code, done.headers["location"]) == (200, 303, "/devices?new=1")
        assert (again.status_code, COOKIE in thiefs.cookies) == (404, False)
        assert mine.get("/devices").status_code == 200
        assert thiefs.get("/devices").status_code == 303
    assert [device.sort for device in people.devices(house, user)] == ["link"]


def test_a_session_is_kept_from_script_and_from_other_sites(house: House, coop: str) -> None:
    _, link = invited(house, coop, "buyer")

    with browser(house) as mine:
        cookie = mine.post(link).headers["set-cookie"]

    assert cookie.startswith("__Host-cacao=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_a_session_that_somebody_fixed_beforehand_is_not_the_one_that_signs_in(house: House, coop: str) -> None:
    _, link = invited(house, coop, "buyer")
    fixed = sessions.new_secret()

    with browser(house) as mine:
        mine.cookies.set(COOKIE, fixed)
        mine.post(link)
        with browser(house) as attackers:
            attackers.cookies.set(COOKIE, fixed)
            assert attackers.get("/devices").status_code == 303
        assert mine.get("/devices").status_code == 200


def test_only_hashes_of_secrets_are_kept(house: House, coop: str) -> None:
    user, link = invited(house, coop, "buyer")
    token = people.machine(house, user, (), None)
    with browser(house) as mine:
        mine.post(link)
        secrets = [mine.cookies[COOKIE], link.rpartition("/")[2], token.rpartition("_")[2], token]

    with psycopg.connect(house.url) as conn:
        rows = [
            row
            for table in ("access.sessions", "access.invites", "ledger.entries", "views.devices")
            for row in conn.execute(f"SELECT t::text, encode(convert_to(t::text, 'UTF8'), 'hex') FROM {table} t")
        ]
        lines = b"".join(line for (line,) in conn.execute("SELECT line FROM ledger.entries"))
    assert rows
    assert not [secret for secret in secrets if any(secret in text or secret.encode().hex() in text for row in rows for text in row)]
    assert not [secret for secret in secrets if secret.encode() in lines]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
)
def test_another_site_can_make_a_browser_do_nothing(house: House, coop: str, headers: dict[str, str]) -> None:
    with signed_in(house, coop, "buyer") as mine:
        del mine.headers["Origin"]

        form = mine.post("/signout", headers=headers)
        command = mine.post("/commands", json=farmer("FA-9"), headers=headers)

        assert (form.status_code, command.status_code) == (403, 401)
        assert mine.get("/devices").status_code == 200


def test_a_revoked_device_is_out_at_once_and_what_it_wrote_stands(house: House, coop: str) -> None:
    user = admitted(house, coop, "buyer")
    with signed_in(house, coop, "buyer", user) as mine:
        wrote = mine.post("/commands", json=farmer("FA-1"))
        device = people.devices(house, user)[0].id

        people.revoke(house, operator(house), device)

        assert wrote.status_code == 201
        assert mine.post("/commands", json=farmer("FA-2")).status_code == 401
        assert mine.get("/devices").status_code == 303
    with psycopg.connect(house.url) as conn:
        assert conn.execute("SELECT count(*) FROM views.parties WHERE party = 'main/FA-1'").fetchone() == (1,)
        assert conn.execute("SELECT count(*) FROM ledger.tags WHERE tag = 'party:main/FA-2'").fetchone() == (0,)


def test_a_role_taken_away_is_gone_with_the_next_request(house: House, coop: str) -> None:
    user = admitted(house, coop, "buyer")
    with signed_in(house, coop, "buyer", user) as mine, signed_in(house, coop, "administrator") as admins:
        taken = admins.post(f"/people/{user}/revoke", data={"org_id": "AGG-01", "role": "buyer"})

        assert taken.status_code == 303
        assert mine.post("/commands", json=farmer("FA-1")).status_code == 401


def test_a_token_is_scoped_ends_and_is_known_by_its_beginning(house: House, coop: str) -> None:
    user = admitted(house, coop, "buyer")
    soon = (datetime.now(PERU) + timedelta(hours=1)).isoformat(timespec="seconds")
    end = (datetime.now(PERU) + timedelta(seconds=3)).isoformat(timespec="seconds")
    token, scoped = people.machine(house, user, (), soon), people.machine(house, user, ("record-harvest",), soon)
    ended = people.machine(house, user, (), end)
    forged = f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}"

    def asks(given: str) -> int:
        with TestClient(create(house), headers={"Authorization": f"Bearer {given}"}) as machine:
            return machine.post("/commands", json=farmer(f"FA-{uuid4().hex[:6].upper()}")).status_code

    while house.now() <= end:
        time.sleep(0.1)
    assert token.startswith(PREFIX)
    assert [asks(each) for each in (token, scoped, ended, forged, f"{PREFIX}{user}_x", "")] == [201, 403, 401, 401, 401, 401]


def test_a_token_enrols_nothing_that_outlives_it(house: House, coop: str) -> None:
    user = admitted(house, coop, "buyer")
    token = people.machine(house, user, (), None)
    body = {**next(body for body in EXAMPLES if body["do"] == "enrol-device"), "id": str(uuid4()), "user_id": user, "device_id": "D-X"}

    with TestClient(create(house), headers={"Authorization": f"Bearer {token}"}) as machine:
        assert machine.post("/commands", json={**body, "enrolled_at": house.now()}).status_code == 403


def test_who_wrote_is_said_by_the_door_and_not_by_the_body(house: House, coop: str) -> None:
    user = admitted(house, coop, "buyer")
    with signed_in(house, coop, "buyer", user) as mine:
        forged = mine.post("/commands", json={**farmer("FA-1"), "by": "U-OTHER", "org": "main/OTHER"})
        written = mine.post("/commands", json=farmer("FA-2"))

    assert (forged.status_code, written.status_code) == (422, 201)
    with psycopg.connect(house.url) as conn:
        found = conn.execute("SELECT line FROM ledger.entries WHERE position = %s", (written.json()["positions"][0],)).fetchone()
    assert found
    entry = json.loads(found[0])
    assert (entry["org"], entry["by"]) == (coop, user)


def test_an_administrator_invites_only_people_of_their_own(house: House, coop: str) -> None:
    other = organisation(house, "AGG-02")
    theirs = admitted(house, other, "buyer", "Otra Persona")
    with signed_in(house, coop, "administrator") as admins, signed_in(house, coop, "buyer") as buyers:
        assert "Otra Persona" not in admins.get("/people").text
        assert admins.post(f"/people/{theirs}/invite").status_code == 303
        assert "unknown" in admins.post("/commands", json={
            "do": "revoke-role", "id": str(uuid4()), "user_id": theirs, "org_id": "AGG-02", "role": "buyer", "revoked_at": house.now(),
        }).text  # fmt: skip
        assert buyers.get("/people").status_code == 403
        mine = admins.post("/people", data={"name": "Nelly Sangama", "role": "buyer", "id": str(uuid4())})
        assert (mine.status_code, "/invite/" in mine.text, "Nelly Sangama" in mine.text) == (200, True, True)


def test_a_session_turns_its_secret_and_the_old_one_holds_for_a_moment_only(house: House, coop: str) -> None:
    with signed_in(house, coop, "buyer") as mine:
        old = mine.cookies[COOKIE]
        with psycopg.connect(house.url, autocommit=True) as conn:
            conn.execute("UPDATE access.sessions SET turned = now() - interval '2 hours'")

            turned = mine.get("/devices").headers["set-cookie"]
            assert COOKIE in turned
            assert old not in turned
            with browser(house) as late:
                late.cookies.set(COOKIE, old)
                assert late.get("/devices").status_code == 200
                conn.execute("UPDATE access.sessions SET turned = now() - interval '2 minutes'")
                assert late.get("/devices").status_code == 303


def test_a_session_that_lay_idle_is_over(house: House, coop: str) -> None:
    with signed_in(house, coop, "buyer") as mine:
        with psycopg.connect(house.url, autocommit=True) as conn:
            conn.execute("UPDATE access.sessions SET used = now() - interval '31 days'")
        assert mine.get("/devices").status_code == 303


def test_who_signs_in_over_an_older_session_is_not_who_was_there_before(house: House, coop: str) -> None:
    user, link = invited(house, coop, "buyer")
    with signed_in(house, coop, "administrator") as shared:
        with psycopg.connect(house.url, autocommit=True) as conn:
            conn.execute("UPDATE access.sessions SET turned = now() - interval '2 hours'")

        cookies = [value for name, value in shared.post(link).headers.multi_items() if name == "set-cookie"]

        assert len(cookies) == 1
        assert user in shared.get("/devices").text


def test_an_auditor_can_say_who_could_do_what_on_any_day(house: House, coop: str) -> None:
    user = admitted(house, coop, "buyer")
    given = house.now()
    with house.reading(None) as conn:
        held = [(each.user, each.role, each.org) for each in grants(conn, None) if each.held(given)]
        before = [each for each in grants(conn, None) if each.held("2026-01-01T00:00:00-05:00")]

    assert held == [(user, "buyer", coop)]
    assert before == []


def test_who_works_for_two_organisations_is_invited_by_the_house_alone(house: House, coop: str) -> None:
    user, other = admitted(house, coop, "buyer"), organisation(house, "AGG-02")
    with signed_in(house, coop, "administrator") as admins:
        before = admins.post(f"/people/{user}/invite")
        grant = GrantRole(id=uuid4(), user_id=user, org_id=other.rpartition("/")[2], role="administrator", granted_at=house.now())
        people.done(house, operator(house), grant)
        after = admins.post(f"/people/{user}/invite")

    assert (before.status_code, "/invite/" in before.text) == (200, True)
    assert (after.status_code, "/invite/" in after.text) == (303, False)
