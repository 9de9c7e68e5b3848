"""Who was erased is found nowhere any more: no page, answer, table, log or terminal; who was not is still there, and proofs hold."""

import json
import logging
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from api import erased, people
from api.access import COOKIE
from api.app import create
from api.backup import root_of
from api.erasing import found, run
from api.house import House, opened
from api.people import operator
from api.roles import OPERATOR, roles
from tests.api.people import FROM_US, PLACE, admitted, organisation, signed_in
from tests.api.test_doors import doors
from tests.api.village import JUNE, given, size

CACAO: Final = Path(sys.executable).parent / "cacao"
ORG: Final = "main/AG-01"
ROSA: Final = ("Rosa Zzyxtuanama", "45678912", "987650001")
JUAN: Final = ("Juan Qqwsangama", "45678913", "987650002")
CORNERS: Final = {"F-1": ["-76.512345", "-6.512347"], "F-2": ["-76.612341", "-6.612349"]}
NUMBERED: Final = {"number": "CSQU3054383", "party": "F-1", "plot": "P-F-1", "lot": "B-F-1", "id_": "B-F-1", "book": "main", "name": "x"}


def farmer(id_: str, name: str, document: str, phone: str) -> list[dict[str, Any]]:
    """A farmer with a plot, whose harvest was bought and not wholly paid."""
    west, south = (float(each) for each in CORNERS[id_])
    ring = [[west, south], [west + 0.001, south], [west + 0.001, south + 0.001], [west, south + 0.001], [west, south]]
    of = {"started_at": JUNE, "ended_at": JUNE, "holder_id": "AG-01", "price_pen_kg": "3.25"}
    return [
        {"do": "enrol-party", "party_id": id_, "role": "farmer", "name": name, "document": document, "phone": phone, "district": "220101",
         "enrolled_at": JUNE},
        {"do": "register-plot", "plot_id": f"P-{id_}", "holder_id": id_, "area_ha": "1.223", "district": "220101", "system": "agroforestry",
         "planted_at": JUNE, "surveyed_at": JUNE, "accuracy_m": "3", "geometry": {"type": "Polygon", "coordinates": [ring]}},
        {"do": "record-harvest", "lot_id": f"H-{id_}", "plot_id": f"P-{id_}", "kg": "40", "from_at": JUNE, "to_at": JUNE},
        {"do": "buy-lot", "lot_id": f"B-{id_}", "inputs": [{"lot_id": f"H-{id_}", "kg": "40"}], "kg": "40", **of},
        {"do": "make-payment", "payment_id": f"PA-{id_}", "payer_id": "AG-01", "party_id": id_, "lot_id": f"B-{id_}", "pen": "50",
         "paid_at": JUNE},
    ]  # fmt: skip


@pytest.fixture
def readers(house: House) -> Iterator[dict[str, TestClient]]:
    """Everybody who may read something of an organisation, each in a browser that stays open; both farmers are its own."""
    organisation(house, "AG-01")
    with ExitStack() as stack:
        browsers = {role: stack.enter_context(signed_in(house, ORG, role)) for role in roles() if role != OPERATOR}
        given(browsers["buyer"], *farmer("F-1", *ROSA), *farmer("F-2", *JUAN))
        bearer = {"Authorization": f"Bearer {house.token()}"}
        yield browsers | {"house": stack.enter_context(TestClient(create(house), base_url=PLACE, headers=bearer | FROM_US))}


def shown(house: House, readers: dict[str, TestClient]) -> str:
    """All that everybody is shown, at every address of both farmers, and where names, documents and phones are looked for."""
    texts = []
    for browser in readers.values():
        for method, path in doors(house):
            for id_ in ("F-1", "F-2") if method == "GET" else ():
                address = re.sub(r"\{(\w+)(:path)?\}", lambda at, id_=id_: NUMBERED.get(at[1], "x").replace("F-1", id_), path)
                texts.append(browser.get(address, params={"day": JUNE[:10]} if "daybook" in path else {}).text)
        texts += [_answered(browser, place, asked) for place in ("/farmers/find", "/buy/find") for asked in (*ROSA, *JUAN, "F-1", "F-2")]
    return "\n".join(texts)


def _answered(browser: TestClient, place: str, asked: str) -> str:
    """What a search shows, without what was typed."""
    return browser.post(place, data={"q": asked}, follow_redirects=True).text.replace(f'value="{asked}"', "")


def stored(house: House) -> str:
    """All tables of all schemas as text, and all that the vault's key opens of what is sealed."""
    with psycopg.connect(house.url) as conn:
        tables = conn.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        texts = [text for (table,) in tables for (text,) in conn.execute(f"SELECT t::text FROM {table} t")]
        sealed = conn.execute("SELECT tag, position, s.subject, k.key, sealed FROM vault.sealed s JOIN vault.subjects k USING (subject)")
        return "\n".join([*texts, *(house.vault.unsealed(*row)[1].decode() for row in sealed)])


def of(words: tuple[str, ...] | list[str], text: str) -> set[str]:
    """Those of the words that stand in a text, plainly or as the hexadecimal of their bytes."""
    return {word for word in words if word in text or word.encode().hex() in text}


def forget(house: House, who: str) -> int:
    return run(house, who, "asked", "main", lambda _words: True, as_json=False)


def test_who_was_erased_is_found_nowhere_and_who_was_not_everywhere(
    house: House, readers: dict[str, TestClient], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    before, then = shown(house, readers), stored(house)
    assert of(ROSA, before) == set(ROSA)
    assert of([*ROSA, *CORNERS["F-1"]], then) == {*ROSA, *CORNERS["F-1"]}
    caplog.set_level(logging.DEBUG)

    assert forget(house, "F-1") == 0

    after, now = shown(house, readers), stored(house)
    said = "".join(capsys.readouterr()) + "\n".join(each.getMessage() for each in caplog.records if each.name != "httpx")
    for text in (after, now, said):
        assert of(["Zzyxtuanama", *ROSA, *CORNERS["F-1"]], text) == set()
    assert of(JUAN, after) == of(JUAN, before) == set(JUAN)
    assert of([*JUAN, *CORNERS["F-2"]], now) == {*JUAN, *CORNERS["F-2"]}


def test_pages_say_that_the_data_were_erased_and_the_beans_keep_their_origin(house: House, readers: dict[str, TestClient]) -> None:
    forget(house, "F-1")
    spanish = {"Accept-Language": "es"}

    assert "datos borrados" in readers["buyer"].get("/farmers/F-1", headers=spanish).text
    assert "datos borrados" in readers["buyer"].get("/receipts/B-F-1", headers=spanish).text
    assert [
        "El lindero de la parcela, con el norte arriba" in readers["extensionist"].get(f"/land/P-{id_}").text for id_ in ("F-1", "F-2")
    ] == [False, True]
    assert readers["buyer"].get("/plots/P-F-1").json()["holder"] == "main/F-1"
    amended = readers["buyer"].post("/farmers/F-1", data={"id": str(uuid4()), "name": "Otra"}, headers=spanish)
    assert "los datos de F-1 se borraron" in amended.text
    answer = readers["buyer"].post(
        "/commands", json={"id": str(uuid4()), "do": "amend-party", "party_id": "F-1", "name": "Otra", "amended_at": house.now()}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "erased")


def test_no_entry_of_before_changes_and_the_history_says_what_happened(house: House, readers: dict[str, TestClient]) -> None:
    del readers
    with psycopg.connect(house.url) as conn:
        before, count = root_of(conn)[1], size(house)

    forget(house, "F-1")

    with psycopg.connect(house.url) as conn:
        conn.execute("DELETE FROM ledger.entries WHERE position > %s", (count,))
        assert root_of(conn) == (count, before)
        conn.rollback()
    done = subprocess.run(
        [CACAO, "replay", "--tag", "party:main/F-1"], env=program(house), capture_output=True, text=True, check=True, timeout=60
    )
    assert "the data of F-1 were erased: the person asked for it" in done.stdout.splitlines()[-1]


def program(house: House) -> dict[str, str]:
    return os.environ | {"CACAO_HOME": str(house.settings.home), "DATABASE_URL": house.url, "COLUMNS": "140"}


def test_a_user_who_was_erased_is_out_and_cannot_come_back(house: House) -> None:
    org = organisation(house, "AG-01")
    user = admitted(house, org, "buyer", "Nelly Xxilhuicatl")
    token = people.machine(house, user, (), None)
    link = people.invite(house, operator(house), user)
    device = people.enrol(house, user, "link", "invited by a test")
    with (
        signed_in(house, org, "administrator") as admin,
        TestClient(
            create(house), base_url=PLACE, follow_redirects=False, headers=FROM_US, cookies={COOKIE: people.begin(house, device, "link")}
        ) as mine,
    ):
        assert "Nelly Xxilhuicatl" in admin.get("/people").text
        assert mine.get("/buy").status_code == 200
        assert found(house, user, "main")[0].held == {"name": 1, "device": 2, "session": 1, "link": 1}

        assert forget(house, user) == 0

        listed = admin.get("/people", headers={"Accept-Language": "es"}).text
        assert ("Nelly" in listed, "datos borrados" in listed, user in listed) == (False, True, True)
        assert mine.get("/buy").status_code in (303, 401)
        assert mine.get("/lots", headers={"Authorization": f"Bearer {token}", "Cookie": ""}).status_code == 401
        mine.post(link.removeprefix(PLACE))
        assert mine.get("/buy").status_code in (303, 401)
        admin.post(f"/people/{user}/grant", data={"id": str(uuid4()), "role": "plant", "org_id": "AG-01"})
    with psycopg.connect(house.url) as conn:
        assert conn.execute("SELECT count(*) FROM access.sessions WHERE device = %s", (device,)).fetchone() == (0,)
        assert conn.execute('SELECT count(*) FROM access.invites WHERE "user" = %s', (user,)).fetchone() == (0,)
        assert conn.execute('SELECT count(*) FROM views.devices WHERE "user" = %s AND revoked_at IS NULL', (user,)).fetchone() == (0,)
        assert conn.execute('SELECT role FROM views.users WHERE "user" = %s', (user,)).fetchall() == [("buyer",)]


def test_only_the_house_erases_and_a_machine_of_it_may(house: House, readers: dict[str, TestClient]) -> None:
    body = {"do": "erase-subject", "party_id": "F-1", "basis": "consent-withdrawn", "erased_at": house.now()}

    answers = {role: browser.post("/commands", json={"id": str(uuid4()), **body}) for role, browser in readers.items()}

    assert {role: answer.json().get("code") for role, answer in answers.items()} == dict.fromkeys(readers, "forbidden") | {"house": None}
    assert answers["house"].status_code == 201
    assert [each.basis for each in erased.remembered(house.settings.erased)] == ["consent-withdrawn"]
    assert stat.S_IMODE(house.settings.erased.stat().st_mode) == 0o600


def test_a_house_that_is_opened_on_an_older_copy_destroys_what_it_remembers(house: House, readers: dict[str, TestClient]) -> None:
    """The copy has no entry that says so: what was written after it is lost. What is remembered is said again, once."""
    del readers
    with psycopg.connect(house.url) as conn:
        [(subject,)] = conn.execute("SELECT subject FROM views.parties WHERE party = 'main/F-1'").fetchall()
    erased.remember(house.settings.erased, [erased.Erasure(subject, "ordered", JUNE)])
    with house.settings.erased.open("a", encoding="utf-8") as file:
        file.write("not-written-whole")

    with opened(house.settings) as again:
        text = stored(again)
        assert (of(ROSA, text), of(JUAN, text)) == (set(), set(JUAN))
        count = size(again)
        assert ([erasing_again(again), erasing_again(again)], size(again)) == ([1, 0], count + 1)
    [line] = [each for each in erased.remembered(house.settings.erased) if each.subject == subject]
    assert line == (subject, "ordered", JUNE)


def erasing_again(house: House) -> int:
    from api.erasing import said_again  # noqa: PLC0415 - beside its only use

    return said_again(house)


def cacao(house: House, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [CACAO, "erase", *words], env=program(house), input=typed, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_terminal_counts_asks_and_erases(house: House, readers: dict[str, TestClient]) -> None:
    del readers
    with psycopg.connect(house.url) as conn:
        [(subject,)] = conn.execute("SELECT subject FROM views.parties WHERE party = 'main/F-2'").fetchall()

    asked, unsure = cacao(house, "F-1", "--basis", "asked", typed="n\n"), cacao(house, "F-1", "--basis", "asked")
    wrong, nobody = cacao(house, "F-1", "--basis", "boredom", "--yes"), cacao(house, "F-9", "--basis", "asked", "--yes")
    sure = cacao(house, "F-1", "--basis", "asked", typed="y\n")
    again, data = (
        cacao(house, "party:F-1", "--reason", "asked", "--yes"),
        cacao(house, subject, "--reason", "no-longer-needed", "--yes", "--json"),
    )

    assert [each.returncode for each in (asked, unsure, wrong, nobody, sure, again, data)] == [1, 1, 2, 1, 0, 1, 0]
    assert re.findall(r"(name|document|phone|boundary) +│ +(\d)", sure.stdout) == [
        ("document", "1"),
        ("name", "1"),
        ("phone", "1"),
        ("boundary", "1"),
    ]
    assert "consent-withdrawn" in wrong.stderr
    assert "the data of F-1 were erased before" in again.stderr
    told = json.loads(data.stdout)
    assert (told["of"], told["subject"], told["basis"]) == ("party:main/F-2", subject, "no-longer-needed")
    assert told["held"] == {"document": 1, "name": 1, "phone": 1, "boundary": 1}
    assert of((*ROSA, *JUAN), "".join(each.stdout + each.stderr for each in (asked, sure, again, data))) == set()
    assert of((*ROSA, *JUAN), stored(house)) == set()
