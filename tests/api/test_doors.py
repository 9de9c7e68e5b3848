"""Every door, for everybody: each route against each role of another organisation, and against nobody; a route without a rule fails."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from api.app import create
from api.examples import EXAMPLES
from api.house import House
from api.roles import OPERATOR, may_command, may_read, roles
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted
from tests.api.people import FROM_US, PLACE, organisation, signed_in

THEIRS, OURS = "main/AG-01", "main/ZZ-01"
OPEN, SIGNED = (), ("",)
RULES: Final[dict[str, tuple[str, ...]]] = {
    "/": OPEN, "/search": OPEN, "/problems/{code}": OPEN, "/static/{name:path}": OPEN, "/livez": OPEN, "/readyz": OPEN, "/healthz": OPEN,
    "/metrics": OPEN, "/c/{number}": OPEN, "/c/{number}/{first}": OPEN, "/c/{number}/label.{form}": OPEN, "/c/{number}.json": OPEN,
    "/c/{number}/{first}.json": OPEN, "/c/{number}/{first}/label.{form}": OPEN, "/l/{id_}": OPEN, "/l/{book}/{id_}": OPEN,
    "/l/{id_}.json": OPEN, "/l/{book}/{id_}.json": OPEN,
    "/signin": OPEN, "/invite/{secret}": OPEN, "/signin/passkey/options": OPEN, "/signin/passkey": OPEN,
    "/signin/oidc": OPEN, "/signin/oidc/back": OPEN, "/signout": OPEN,
    "/commands": SIGNED, "/devices": SIGNED, "/devices/passkey": SIGNED, "/devices/passkey/options": SIGNED, "/devices/oidc": SIGNED,
    "/devices/{device}/revoke": SIGNED, "/act-for": SIGNED, "/office": SIGNED,
    "/people": ("users",), "/people/{user}/invite": ("users",), "/people/{user}/grant": ("users",), "/people/{user}/revoke": ("users",),
    "/people/{user}/devices/{device}/revoke": ("users",),
    "/buy": ("buy-lot",), "/buy/find": ("buy-lot",), "/buy/{party}": ("buy-lot",), "/receipts/{lot}": ("prices", "money"),
    "/farmers": ("farmers",), "/farmers/find": ("farmers",), "/farmers/new": ("farmers",), "/farmers/{party}": ("farmers",),
    "/farmers/{party}/plots/new": ("plots",), "/land/{plot}": ("plots",), "/land/{plot}/{act}": ("plots",),
    "/land/{plot}/survey": ("plots",), "/land/{plot}/transfer": ("plots",),
    "/daybook": ("money",), "/daybook.csv": ("money",), "/pay/{party}": ("money",), "/prices": ("prices",), "/prices/shown": ("prices",),
    "/numbers": ("users",), "/numbers/{act}": ("record-gs1-prefix",),
    "/stock": ("lots",), "/stock.csv": ("lots",), "/stock/{id_}": ("lots",), "/stock/{book}/{id_}": ("lots",),
    "/stock/{id_}/offer": ("lots",),
    "/step/{name}": ("lots",), "/step/ferment": ("lots",), "/step/dry": ("lots",), "/step/blend": ("lots",), "/step/split": ("lots",),
    "/step/inspect": ("lots",), "/step/lose": ("lots",),
    "/labels": ("lots", "farmers"), "/labels/new": ("print-lot-labels", "print-container-labels", "print-card"),
    "/labels/{position}": ("lots", "farmers"), "/labels/{position}/{act}": ("lots", "farmers"),
    "/labels/{position}/labels.{form}": ("lots", "farmers"),
    "/labels/{position}/void": ("void-labels",), "/labels/{position}/reprint": ("reprint-labels",),
    "/containers": ("containers",), "/containers/{number}": ("containers",), "/containers/{number}/{name}": ("containers",),
    "/containers/{number}/sharing": ("containers",), "/containers/{number}/sharing/end": ("containers",),
    "/containers/{number}/sharing/price": ("containers",), "/d/{link}": OPEN, "/d/{link}/{name}": OPEN,
    "/dossier": ("lots",), "/dossier/{number}/{first}": SIGNED, "/dossier/{number}/{first}/{name}": SIGNED,
    "/office/balance": ("lots",), "/office/findings": ("entries",), "/balance": ("lots",), "/flow": ("lots",), "/findings": ("entries",),
    "/nursery": ("nursery",), "/nursery/{name}": ("nursery",),
    "/audit": ("entries",), "/audit/{position}": ("entries", "annul-fact"), "/audit/{position}.entry": ("entries", "annul-fact"),
    "/audit/{position}/{act}": ("entries", "annul-fact"), "/audit/{position}/annul": ("annul-fact",),
    "/audit/{position}/question": ("question-fact",), "/audit/{position}/settle": ("settle-question",),
    "/entries": ("entries",), "/lots": ("lots",), "/parties/{name:path}": ("farmers", "lots"), "/plots/{name:path}": ("plots",),
    "/evidence/{number}.zip": ("entries",), "/checkpoint": OPEN, "/policy": OPEN, "/tile/{rest:path}": OPEN,
    "/tile/entries/{rest:path}": ("entries",),
    "/proofs/{position}.tlog-proof": OPEN, "/proofs/{position}.json": OPEN, "/consistency/{old}/{new}.json": OPEN,
    "/00/{rest:path}": OPEN, "/01/{rest:path}": OPEN, "/414/{rest:path}": OPEN, "/417/{rest:path}": OPEN,
    "/products/{gtin}": OPEN, "/products/{gtin}.json": OPEN, "/places/{gln}": OPEN, "/places/{gln}.json": OPEN,
    "/.well-known/gs1resolver": OPEN, "/gs1/context.jsonld": OPEN,
    "/verify": OPEN, "/verify.html": OPEN, "/offline": OPEN, "/label-keys": OPEN, "/sw.js": OPEN, "/robots.txt": OPEN,
    "/theme.css": OPEN, "/theme/logo": OPEN,
    "/c/{number}/{first}/s/{serial}": OPEN, "/C/{number}/{first}/S/{serial}": OPEN, "/c/{number}/{first}/s/{serial}.json": OPEN,
    "/l/{id_}/s/{serial}": OPEN, "/L/{id_}/S/{serial}": OPEN, "/l/{id_}/s/{serial}.json": OPEN, "/l/{book}/{id_}/s/{serial}": OPEN,
    "/L/{book}/{id_}/S/{serial}": OPEN, "/l/{book}/{id_}/s/{serial}.json": OPEN, "/k/{serial}": OPEN, "/K/{serial}": OPEN,
    "/k/{serial}.json": OPEN,
    "/webhooks": ("users",), "/webhooks/{id_}": ("users",), "/webhooks/{id_}/replay": ("users",),
}  # fmt: skip
"""Route -> what a role must be allowed to read, or to command, to pass (one of these); OPEN: everybody passes, SIGNED: every role does."""
NAMED: Final = {
    "number": "CSQU3054383", "first": "22", "form": "svg", "id_": "DR-001", "book": "main", "code": "gain", "name": "dry", "secret": "x",
    "device": "D-9K2F", "user": "U-7Q3M", "party": "FA-0001", "plot": "P-00001", "lot": "BU-001", "act": "survey", "id": "FA-0001",
    "link": "S-7K3V9ZQ1.AAAAAAAAAAAAAAAAAAAAAA", "position": "3", "old": "2", "new": "3", "rest": "0/000.p/1", "serial": "0K3V9ZQ1",
    "gtin": "09521234000013", "gln": "9521234000020",
}  # fmt: skip
"""What stands in an address: always something of theirs."""
SECRETS: Final = ("Tuanama", "942000", "45678901", "Sangama", "76.4791", "1430", "1 430", "1,430", "1000.5", "HV-001", "FE-001")
"""What only they may see: names, phones, documents, corners, sums, and lots that are in no address here."""
PEOPLE: Final = [role for role in roles() if role != OPERATOR]


def doors(house: House) -> list[tuple[str, str]]:
    """(method, path) of every route that the application has."""
    return sorted(
        (method, route.path)
        for included in create(house).routes
        for route in getattr(included, "original_router", FastAPI(openapi_url=None)).routes
        if isinstance(route, APIRoute)
        for method in (route.methods or set()) - {"HEAD"}
    )


@pytest.fixture(scope="module")
def theirs(fresh_house: House) -> House:
    """Everything of the examples was written by one organisation; another one has nothing."""
    story = [body for body in EXAMPLES if body["do"] not in ("revoke-role", "revoke-device") and "position" not in body]
    commands = [COMMANDS.validate_python(body) for body in story]
    answers = fresh_house.writer.submit(Act(commands, "u-theirs", THEIRS)).result()
    assert all(isinstance(answer, Accepted) for answer in answers)
    organisation(fresh_house, "ZZ-01")
    return fresh_house


@pytest.fixture(scope="module")
def people(theirs: House) -> Iterator[dict[tuple[str, str], TestClient]]:
    """A browser for every role, of our organisation and of theirs."""
    with ExitStack() as stack:
        yield {(org, role): stack.enter_context(signed_in(theirs, org, role)) for org in (OURS, THEIRS) for role in PEOPLE}


def passes(role: str, wanted: str) -> bool:
    """Whether a role may read something, or give a command."""
    return may_command([role], wanted) if "-" in wanted else may_read([role], wanted)


def size(house: House) -> int:
    with psycopg.connect(house.url) as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    return int(row[0]) if row else -1


def knock(browser: TestClient, method: str, path: str) -> tuple[int, str]:
    address = re.sub(r"\{(\w+)(:path)?\}", lambda found: NAMED.get(found[1], "x"), path)
    answer = browser.request(method, address, **({"data": {"id": ""}} if method == "POST" else {}))
    return answer.status_code, answer.text + answer.headers.get("location", "")


def test_every_door_has_a_rule(theirs: House) -> None:
    assert {path for _, path in doors(theirs)} == RULES.keys()


def test_nobody_passes_a_closed_door(theirs: House) -> None:
    before, passed = size(theirs), []
    with TestClient(create(theirs), base_url=PLACE, follow_redirects=False, headers=FROM_US) as nobody:
        for method, path in doors(theirs):
            status, text = knock(nobody, method, path)
            assert status < 500, path
            assert not [secret for secret in SECRETS if secret in text], path
            if RULES[path] != OPEN and status not in (303, 401, 403, 404):
                passed.append((method, path, status))

    assert passed == []
    assert size(theirs) == before


@pytest.mark.parametrize("role", PEOPLE)
def test_nobody_sees_or_changes_what_is_of_another_organisation(
    theirs: House, people: dict[tuple[str, str], TestClient], role: str
) -> None:
    before, told, passed = size(theirs), [], []
    for method, path in doors(theirs):
        if path in ("/signout", "/act-for"):
            continue
        status, text = knock(people[OURS, role], method, path)
        assert status < 500, (method, path)
        told += [(method, path, secret) for secret in SECRETS if secret in text]
        wanted = RULES[path]
        if wanted not in (OPEN, SIGNED) and not any(passes(role, each) for each in wanted) and status not in (303, 403, 404):
            passed.append((method, path, status))

    assert told == []
    assert passed == []
    assert size(theirs) == before


def test_their_own_people_do_see_it(theirs: House, people: dict[tuple[str, str], TestClient]) -> None:
    del theirs
    seen = {
        secret
        for role in PEOPLE
        for path in ("/farmers/FA-0001", "/land/P-00001", "/daybook?day=2026-05-02", "/receipts/BU-001", "/people", "/stock/DR-001")
        for secret in SECRETS
        if secret in people[THEIRS, role].get(path).text
    }

    assert {"Tuanama", "942000", "Sangama", "FE-001"} <= seen
