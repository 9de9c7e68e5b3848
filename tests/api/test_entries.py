"""The doors for machines that read: own entries in order, at once or when they come; own lots, parties and plots; nothing of others."""

import json
import threading
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from api import people, waiting
from api.access import Actor
from api.app import create
from api.entries import EXAMPLE
from api.examples import EXAMPLES
from api.giving import give
from api.holdings import LOT, PARTY, PLOT
from api.house import House
from api.roles import OPERATOR, roles
from domain.values import Command
from domain.vocabulary import COMMANDS
from ledger.act import Act
from tests.api.people import admitted, organisation
from tests.api.test_crash import wait_until

THEIRS, OURS = "main/AG-01", "main/ZZ-01"
PEOPLE: Final = [role for role in roles() if role != OPERATOR]
FARMER: Final = next(body for body in EXAMPLES if body.get("role") == "farmer")
ALL: Final = len(EXAMPLES)


def read(body: dict[str, Any]) -> Command:
    command: Command = COMMANDS.validate_python(body)
    return command


def enrols(house: House, org: str, id_: str) -> int:
    """An organisation enrols a farmer; returns the position, once the views show it."""
    body = {**FARMER, "id": str(uuid4()), "party_id": id_}
    (answer,) = give(house, Actor("U-X", org, ("extensionist",), session=True), [read(body)])
    position: int = answer.positions[0]  # type: ignore[union-attr]
    assert house.follower.wait_for(position, 20)
    return position


def token(house: House, org: str | None, role: str, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {people.machine(house, admitted(house, org, role), scopes, None)}"}


@pytest.fixture(scope="module")
def two(fresh_house: House) -> House:
    """A house in which one organisation wrote all of the examples, and another one enrolled a farmer."""
    fresh_house.writer.submit(Act([read(body) for body in EXAMPLES], "u-theirs", THEIRS)).result()
    organisation(fresh_house, "ZZ-01")
    enrols(fresh_house, OURS, "ZF-01")
    return fresh_house


@pytest.fixture(scope="module")
def door(two: House) -> Iterator[TestClient]:
    with TestClient(create(two)) as client:
        yield client


@pytest.fixture(scope="module")
def theirs(two: House) -> dict[str, str]:
    return token(two, THEIRS, "auditor")


@pytest.fixture(scope="module")
def ours(two: House) -> dict[str, str]:
    return token(two, OURS, "administrator")


def positions(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [each["position"] for each in answer.json()["entries"]]


def test_an_organisation_reads_its_own_entries_and_nobody_elses(door: TestClient, theirs: dict[str, str], ours: dict[str, str]) -> None:
    of_theirs, of_ours = (door.get("/entries?limit=1000", headers=who) for who in (theirs, ours))

    assert positions(of_theirs)[:ALL] == list(range(1, ALL + 1))
    assert {each["entry"]["org"] for each in of_theirs.json()["entries"]} == {THEIRS}
    assert {each["entry"]["org"] for each in of_ours.json()["entries"]} == {OURS}
    assert of_ours.json()["entries"][0]["entry"]["fact"]["party_id"] == "main/ZF-01"


def test_the_houses_auditor_reads_the_entries_of_all(two: House, door: TestClient) -> None:
    answer = door.get("/entries?limit=1000", headers=token(two, None, "auditor"))

    assert positions(answer) == list(range(1, answer.json()["head"] + 1))
    assert {each["entry"]["org"] for each in answer.json()["entries"]} == {THEIRS, OURS, "main"}


def test_each_entry_is_the_stored_line_byte_for_byte(two: House, door: TestClient, theirs: dict[str, str]) -> None:
    answer = door.get("/entries?limit=20", headers=theirs | {"Accept": "application/x-ndjson"})
    with psycopg.connect(two.url) as conn:
        stored = conn.execute("SELECT position, line FROM ledger.entries WHERE position <= 20 ORDER BY position").fetchall()

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.content == b"".join(b'{"position":%d,"entry":%b}\n' % (position, bytes(line)) for position, line in stored)


def test_parts_follow_each_other_without_gap_or_repetition(door: TestClient, theirs: dict[str, str]) -> None:
    seen, path = [], "/entries?limit=7&after=3&kind=party-enrolled.v1&kind=lot-bought.v1&kind=lot-loaded.v1"
    while path:
        answer = door.get(path, headers=theirs)
        seen += positions(answer)
        link = answer.headers.get("link", "")
        assert bool(link) == (answer.json()["next"] is not None)
        path = link.partition(">")[0].replace("<", "/entries") if link else ""

    wanted = {"enrol-party", "buy-lot", "load-lot"}
    assert seen[:7] == [at for at, body in enumerate(EXAMPLES, 1) if body["do"] in wanted and at > 3]
    assert answer.headers["cache-control"] == "no-store"


def test_entries_of_a_tag_are_found_and_others_tags_answer_as_unknown_ones(
    door: TestClient, theirs: dict[str, str], ours: dict[str, str]
) -> None:
    def of(tag: str, who: dict[str, str]) -> Any:
        return door.get("/entries", params={"tag": tag, "limit": 1}, headers=who).json()

    assert [of("lot:main/HV-001", theirs)[name] for name in ("next", "head")] == [13, of("lot:main/NONE", theirs)["head"]]
    assert positions(door.get("/entries?tag=lot:main/HV-001&after=13", headers=theirs)) == [14]
    assert of("lot:main/HV-001", ours) == of("lot:main/NONE", ours)
    assert of("lot:main/HV-001", ours)["entries"] == []


@pytest.mark.parametrize("role", PEOPLE)
def test_entries_are_for_the_roles_of_the_table(two: House, door: TestClient, role: str) -> None:
    answer = door.get("/entries", headers=token(two, THEIRS, role))

    assert (answer.status_code == 200) == ("entries" in roles()[role].reads)
    assert answer.status_code == 200 or (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_token_with_scopes_reads_only_where_read_is_among_them(two: House, door: TestClient) -> None:
    writes, reads = token(two, THEIRS, "administrator", "enrol-party"), token(two, THEIRS, "administrator", "enrol-party", "read")

    for path in ("/entries", "/lots", "/parties/FA-0001", "/plots/P-00001", "/webhooks"):
        assert [door.get(path, headers=who).status_code for who in (writes, reads, {})] == [403, 200, 401], path


@pytest.mark.parametrize(
    "query",
    [
        "after=-1", "after=x", "after=1e3", f"after={2**60}", "limit=0", "limit=1001", "kind=Lot", "kind=lot-bought", "tag=lot",
        "tag=a%00:b", "tag=lot:main/É", "&".join(["kind=lot-bought.v1"] * 21),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_problem(door: TestClient, theirs: dict[str, str], query: str) -> None:
    answer = door.get(f"/entries?{query}", headers=theirs)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_waits_is_answered_by_their_own_next_entry_and_not_by_others(two: House, door: TestClient, theirs: dict[str, str]) -> None:
    state, answers = door.app.state, []  # type: ignore[attr-defined]
    head = door.get("/entries?limit=1", headers=theirs).json()["head"]
    headers = theirs | {"Prefer": "respond-async, wait=30"}
    caller = threading.Thread(target=lambda: answers.append(door.get(f"/entries?after={head}", headers=headers)))
    caller.start()
    wait_until(lambda: getattr(state, "waiting", 0) == 1)

    enrols(two, OURS, "ZF-02")
    written = enrols(two, THEIRS, "ZF-03")
    caller.join(30)

    assert positions(answers[0]) == [written]
    assert answers[0].headers["preference-applied"] == "wait=30"
    assert state.waiting == 0


def test_who_waits_in_vain_is_told_that_there_is_nothing(door: TestClient, theirs: dict[str, str]) -> None:
    head = door.get("/entries?limit=1", headers=theirs).json()["head"]

    answer = door.get(f"/entries?after={head}", headers=theirs | {"Prefer": "wait=1"})

    assert answer.json() == {"entries": [], "next": None, "head": head}
    assert answer.headers["preference-applied"] == "wait=1"


def test_where_too_many_wait_the_next_is_answered_at_once(
    door: TestClient, theirs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST_WAITING", 0)

    answer = door.get("/entries?after=9000", headers=theirs | {"Prefer": "wait=30"})

    assert (positions(answer), "preference-applied" in answer.headers) == ([], False)


def test_a_writer_that_waits_reads_what_it_wrote(house: House) -> None:
    with TestClient(create(house), headers={"Authorization": f"Bearer {house.token()}"}) as client:
        written = client.post("/commands", json={"all": EXAMPLES[:13]}, headers={"Prefer": "wait"})
        lots = client.get("/lots").json()["lots"]
        plain = client.post("/commands", json=EXAMPLES[13])

    assert (written.status_code, written.headers["preference-applied"]) == (201, "wait=10")
    assert [lot["lot"] for lot in lots] == ["main/HV-001"]
    assert (plain.status_code, "preference-applied" in plain.headers) == (201, False)


def test_lots_are_shown_with_what_is_on_hand(door: TestClient, theirs: dict[str, str], ours: dict[str, str]) -> None:
    on_hand = door.get("/lots", headers=theirs).json()
    every = door.get("/lots?used_up=true", headers=theirs).json()["lots"]

    assert {lot["lot"]: lot["kg_on_hand"] for lot in on_hand["lots"]} == {"main/DR-001": "2.4", "main/HV-001": "12.5"}
    assert [lot["lot"].removeprefix("main/") for lot in every] == ["BL-001", "BU-001", "BU-002", "DR-001", "FE-001", "HV-001", "SP-001"]
    assert [lot["kg"] for lot in every] == ["149.9", "400", "149.6", "152.4", "372", "412.5", "50"]
    assert on_hand["next"] is None
    assert door.get("/lots?used_up=true", headers=ours).json() == {"lots": [], "next": None}


def test_lots_follow_each_other_part_by_part(door: TestClient, theirs: dict[str, str]) -> None:
    seen: list[str] = []
    after = ""
    while after is not None:
        part = door.get("/lots", params={"after": after, "limit": 2, "used_up": True}, headers=theirs).json()
        seen, after = seen + [lot["lot"] for lot in part["lots"]], part["next"]

    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == 7


def test_the_documents_examples_are_what_is_answered(door: TestClient, theirs: dict[str, str]) -> None:
    entry = door.get("/entries?after=12&limit=1", headers=theirs).json()["entries"][0]
    (lot,) = [lot for lot in door.get("/lots", headers=theirs).json()["lots"] if lot["lot"] == LOT["lot"]]
    told = {name: EXAMPLE["entry"][name] for name in ("by", "seen", "org")}  # type: ignore[index]

    assert entry | {"entry": entry["entry"] | told} == EXAMPLE
    assert lot == LOT
    assert door.get("/parties/FA-0002", headers=theirs).json() == PARTY
    assert door.get("/plots/main/P-00002", headers=theirs).json() == PLOT


def test_the_documents_answers_to_commands_are_those_that_are_given(house: House) -> None:
    with TestClient(create(house), headers={"Authorization": f"Bearer {house.token()}"}) as client:
        again = {**EXAMPLES[12], "id": "0197a3c0-4b2e-7fff-8c51-2f1b6d0e9aff", "kg": "1"}
        answers = client.post("/commands", json=[*EXAMPLES[:13], again]).json()["answers"]
        document = client.get("/openapi.json").json()["paths"]["/commands"]["post"]

    assert answers[12:] == document["responses"]["200"]["content"]["application/json"]["example"]["answers"]
    assert answers[12] == document["responses"]["201"]["content"]["application/json"]["example"]


@pytest.mark.parametrize("path", ["/parties/FA-0001", "/parties/main/FA-0001", "/plots/P-00001", "/parties/EX-01"])
def test_what_is_anothers_answers_word_for_word_as_what_is_unknown(door: TestClient, ours: dict[str, str], path: str) -> None:
    unknown = f"{path.rpartition('/')[0]}/NO-SUCH"
    anothers, nothing, no_id = (door.get(each, headers=ours) for each in (path, unknown, f"{path}%20x"))

    assert anothers.status_code == nothing.status_code == no_id.status_code == 404
    assert anothers.json() == nothing.json() == no_id.json()
    assert door.get("/parties/ZZ-01", headers=ours).json()["role"] == "aggregator"


def test_a_name_is_shown_to_roles_that_read_farmers_only(two: House, door: TestClient) -> None:
    buyer, plant = token(two, THEIRS, "buyer"), token(two, THEIRS, "plant")
    named, nameless = (door.get("/parties/FA-0001", headers=who).json() for who in (buyer, plant))

    assert (named["name"], nameless["name"]) == ("Rosa Tuanama Shupingahua", None)
    assert named | {"name": None} == nameless
    for path in ("/plots/P-00001", "/plots/NO-SUCH"):
        assert (door.get(path, headers=plant).status_code, door.get(path, headers=plant).json()["code"]) == (403, "forbidden")
    assert door.get("/plots/P-00001", headers=buyer).json()["holder_name"] == "Rosa Tuanama Shupingahua"


def test_where_the_database_is_away_a_machine_is_told_to_come_again(
    door: TestClient, theirs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_of: object) -> None:
        raise psycopg.OperationalError

    monkeypatch.setattr("api.entries.own", away)
    answer = door.get("/entries", headers=theirs)

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "5")


def test_the_document_says_of_every_operation_what_it_does_and_how_it_refuses(door: TestClient) -> None:
    document = door.get("/openapi.json").json()
    ours = {"commands", "entries", "holdings", "webhooks"}
    operations = [each for path in document["paths"].values() for each in path.values() if ours & set(each.get("tags", ()))]

    assert len(operations) == 9
    for each in operations:
        assert each["summary"], each["operationId"]
        assert each["description"], each["operationId"]
        assert {"401", "403", "429", "503"} <= each["responses"].keys(), each["operationId"]
        for status, answer in each["responses"].items():
            (kind, content), *_ = answer.get("content", {"": {}}).items()
            assert status == "204" or content["example"], (each["operationId"], status)
            assert (kind == "application/problem+json") == (int(status) >= 400), (each["operationId"], status)
            assert json.dumps(content.get("schema", {})) != "{}" or status == "204", (each["operationId"], status)
