"""The door for writing: answers per item, acts as a whole, and bad bodies that change nothing."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient

from api.app import create
from api.examples import EXAMPLES
from api.house import House


@pytest.fixture
def door(house: House) -> Iterator[TestClient]:
    with TestClient(create(house), headers={"Authorization": f"Bearer {house.token()}"}) as client:
        yield client


def size(house: House) -> int:
    with psycopg.connect(house.url) as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    return int(row[0]) if row else -1


def test_every_example_of_the_document_is_accepted(door: TestClient) -> None:
    shown = door.get("/openapi.json").json()["paths"]["/commands"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    answers = door.post("/commands", json=EXAMPLES).json()["answers"]

    assert [answer["status"] for answer in answers] == ["accepted"] * len(EXAMPLES)
    assert {example["value"]["do"] for example in shown.values()} == {body["do"] for body in EXAMPLES}


def test_the_document_names_every_operation_and_resolves_every_schema(door: TestClient) -> None:
    document = door.get("/openapi.json").json()

    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation["operationId"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    wanted = set(json.dumps(document).split('"#/components/schemas/')[1:])
    assert {each.partition('"')[0] for each in wanted} <= document["components"]["schemas"].keys()


def test_one_command_is_created_and_then_repeated(door: TestClient) -> None:
    first, second = door.post("/commands", json=EXAMPLES[0]), door.post("/commands", json=EXAMPLES[0])

    assert (first.status_code, first.json()["positions"]) == (201, [1])
    assert (second.status_code, second.json()["status"], second.json()["positions"]) == (200, "repeat", [1])


def test_a_refusal_is_a_problem_with_code_and_sentence(door: TestClient) -> None:
    answer = door.post("/commands", json=next(body for body in EXAMPLES if body["do"] == "record-harvest"))

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() | {"detail": "no plot P-00001 was ever accepted", "code": "unknown-plot"} == answer.json()


def test_a_list_is_answered_item_by_item(door: TestClient, house: House) -> None:
    answer = door.post("/commands", json=[EXAMPLES[0], {"do": "fly"}, EXAMPLES[5], EXAMPLES[0]])

    assert answer.status_code == 200
    assert [each["status"] for each in answer.json()["answers"]] == ["accepted", "refused", "refused", "repeat"]
    assert [each.get("code") for each in answer.json()["answers"]] == [None, "malformed", "unknown-party", None]
    assert size(house) == 1


def test_an_act_is_one_commit_or_one_refusal(door: TestClient, house: House) -> None:
    refused = door.post("/commands", json={"all": [EXAMPLES[0], EXAMPLES[5]]})
    assert (refused.status_code, refused.json()["code"], refused.json()["at"], size(house)) == (409, "unknown-party", 1, 0)

    accepted = door.post("/commands", json={"all": EXAMPLES[:3]})
    assert accepted.status_code == 201
    assert [each["positions"] for each in accepted.json()["answers"]] == [[1], [2], [3]]


@pytest.mark.parametrize("token", [None, "", "wrong", "Bearer"])
def test_without_the_token_nothing_is_written(door: TestClient, house: House, token: str | None) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {"Authorization": ""}

    answer = door.post("/commands", json=EXAMPLES[0], headers=headers)

    assert (answer.status_code, answer.headers["www-authenticate"], size(house)) == (401, "Bearer", 0)


def test_a_receipts_link_shows_what_was_written(door: TestClient) -> None:
    answers = door.post("/commands", json=EXAMPLES).json()["answers"]
    link = next(answer["link"] for answer, body in zip(answers, EXAMPLES, strict=True) if body["do"] == "seal-container")

    page = door.get(link.replace("?", ".json?"))

    assert page.status_code == 200
    assert page.json()["position"] >= int(link.partition("at=")[2])


def test_a_lots_receipt_opens_for_the_writer_and_for_nobody_else(door: TestClient) -> None:
    answers = door.post("/commands", json=EXAMPLES).json()["answers"]
    harvest = next(answer["link"] for answer, body in zip(answers, EXAMPLES, strict=True) if body["do"] == "record-harvest")

    assert "412.5" in door.get(harvest).text
    assert door.get(harvest).headers["cache-control"] == "no-store"
    assert door.get(harvest, headers={"Authorization": ""}).status_code == 404
    assert door.get(harvest.partition("?")[0], headers={"Authorization": "Bearer x"}).status_code == 404


def test_an_address_that_leads_nowhere_has_a_page_for_people_and_a_problem_for_machines(door: TestClient) -> None:
    page, data = door.get("/nowhere", headers={"Accept": "text/html"}), door.get("/nowhere")

    assert (page.status_code, data.status_code) == (404, 404)
    assert page.headers["content-type"].startswith("text/html")
    assert data.headers["content-type"] == "application/problem+json"


NESTED = "[" * 900 + "]" * 900
BAD = [
    b"",
    b"null",
    b"5",
    b'"text"',
    b"[]",
    b"{",
    b"{}",
    b'{"all":[]}',
    b'{"all":{}}',
    b'{"all":[],"more":1}',
    b"NaN",
    b'{"do":"record-harvest","kg":NaN}',
    b'{"do":"record-harvest","kg":1e400}',
    b"\xff\xfe\x00",
    b'{"do":"\\ud800"}',
    NESTED.encode(),
    b"[" * 100_000,
    json.dumps([EXAMPLES[0]] * 1001).encode(),
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_a_bad_body_is_refused_and_changes_nothing(door: TestClient, house: House, body: bytes) -> None:
    answer = door.post("/commands", content=body, headers={"Content-Type": "application/json"})

    assert 400 <= answer.status_code < 500
    assert answer.json()["detail"]
    assert size(house) == 0


def test_a_body_of_ten_megabytes_is_refused_before_it_is_read(door: TestClient, house: House) -> None:
    body = json.dumps(EXAMPLES[0] | {"name": "x" * 10_000_000}).encode()

    answer = door.post("/commands", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, size(house)) == (413, 0)
    assert len(body) > house.settings.body_bytes


def test_another_content_type_is_refused(door: TestClient) -> None:
    assert door.post("/commands", content=b"do=enrol", headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code == 415


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), at=st.integers(0, len(EXAMPLES) - 1))
def test_an_example_with_one_field_changed_is_answered_never_failed(door: TestClient, data: st.DataObject, at: int) -> None:
    body: dict[str, Any] = EXAMPLES[at] | {"id": str(uuid4())}
    field = data.draw(st.sampled_from([*sorted(body), "further"]))
    changed = body | {field: data.draw(ANY_JSON)}

    answer = door.post(
        "/commands", content=json.dumps(changed).encode("utf-8", "surrogatepass"), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code < 500, (field, changed[field])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(geometry=ANY_JSON, sort=st.sampled_from(("Polygon", "Point")))
def test_any_geometry_is_answered_never_failed(door: TestClient, geometry: Any, sort: str) -> None:
    door.post("/commands", json=EXAMPLES[:2])
    body = EXAMPLES[5] | {"id": str(uuid4()), "plot_id": "P-9", "geometry": {"type": sort, "coordinates": geometry}}

    answer = door.post("/commands", json=body)

    assert answer.status_code in (409, 422), answer.text
