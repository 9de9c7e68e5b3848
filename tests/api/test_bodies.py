"""Bodies that mean two things, or nothing: refused with a reason, and nothing is appended."""

import json
from typing import Any, Final
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api.app import create
from api.examples import EXAMPLES
from api.house import House
from tests.api.test_doors import size

FARMER: Final = next(body for body in EXAMPLES if body.get("role") == "farmer") | {"id": str(uuid4()), "party_id": "FA-7777"}
HARVEST: Final = next(body for body in EXAMPLES if body["do"] == "record-harvest") | {"id": str(uuid4()), "lot_id": "HV-777"}


def _with(body: dict[str, Any], name: str, written: str) -> str:
    """A body as JSON in which one value is written by hand."""
    return json.dumps(body | {name: "@@"}).replace('"@@"', written)


TEXT: Final = json.dumps(FARMER)
BODIES: Final = {
    "a name twice": TEXT.replace('"name":', '"name": "Otra", "name":'),
    "a name twice by an escape": TEXT.replace('"name":', '"n\\u0061me": "Otra", "name":'),
    "a name twice within": _with(HARVEST, "kg", '{"a": 1, "a": 1}'),
    "two acts": f'{{"all": [{TEXT}], "all": [{TEXT}]}}',
    "two bodies": TEXT + TEXT,
    "a comma too many": TEXT.replace("}", ",}"),
    "a comment": TEXT.replace("{", "{/* */", 1),
    "single quotes": TEXT.replace('"', "'"),
    "a byte order mark": "\ufeff" + TEXT,
    "a NUL within": _with(FARMER, "name", '"Rosa\\u0000"'),
    "a control sign within": TEXT.replace("Rosa", "Ro\x01sa"),
    "a lone surrogate": _with(FARMER, "name", '"Rosa \\ud800"'),
    "a surrogate the wrong way": _with(FARMER, "name", '"\\udc00\\ud800"'),
    "blanks alone": _with(FARMER, "name", '"\\u2003\\u00a0"'),
    "a number for a text": _with(HARVEST, "kg", "412.5"),
    "a huge number": _with(HARVEST, "kg", "9" * 5_000),
    "a huge number as text": _with(HARVEST, "kg", f'"{"9" * 5_000}"'),
    "a huge exponent": _with(HARVEST, "kg", "1e999999999"),
    "an exponent as text": _with(HARVEST, "kg", '"1e3"'),
    "other digits": _with(HARVEST, "kg", '"٤١٢"'),
    "not a number": _with(HARVEST, "kg", "NaN"),
    "not a number as text": _with(HARVEST, "kg", '"NaN"'),
    "infinity": _with(HARVEST, "kg", "-Infinity"),
    "a deep value": _with(FARMER, "name", "[" * 500 + "]" * 500),
    "a deeper value": _with(FARMER, "name", '{"a":' * 50_000 + "1" + "}" * 50_000),
    "another class": _with(FARMER, "__class__", '"Fact"'),
    "a number for an id": _with(FARMER, "id", "7"),
    "a list for what to do": _with(FARMER, "do", '["enrol-party"]'),
    "a truth": "true",
}


def door(house: House) -> TestClient:
    return TestClient(create(house), headers={"Authorization": f"Bearer {house.token()}", "Content-Type": "application/json"})


def test_what_is_spoiled_below_is_accepted_as_it_is(furnished: House) -> None:
    bodies = [FARMER | {"id": str(uuid4()), "party_id": "FA-7778"}, HARVEST | {"id": str(uuid4()), "lot_id": "HV-778"}]
    with door(furnished) as client:
        assert [client.post("/commands", json=body).status_code for body in bodies] == [201, 201]


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_can_be_read_in_two_ways_is_refused_with_a_reason(furnished: House, what: str) -> None:
    before = size(furnished)
    with door(furnished) as client:
        answer = client.post("/commands", content=BODIES[what].encode("utf-8", "surrogatepass"))

    assert answer.status_code in (400, 422) or answer.json()["code"] == "bad-quantity", answer.text
    assert len(answer.json()["detail"]) > 10
    assert size(furnished) == before


@pytest.mark.parametrize("spelling", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp500"])
@pytest.mark.parametrize("said", ["", "; charset={}"])
def test_json_is_utf_8_whatever_its_sender_says(furnished: House, spelling: str, said: str) -> None:
    before = size(furnished)
    body = TEXT.replace("Rosa", "Ñusta").encode(spelling)
    with door(furnished) as client:
        answer = client.post("/commands", content=body, headers={"Content-Type": "application/json" + said.format(spelling)})

    assert (answer.status_code, answer.json()["code"], size(furnished)) == (400, "not-json", before)


def test_a_body_that_is_too_long_for_its_own_bytes_is_refused(furnished: House) -> None:
    with door(furnished) as client:
        overlong = client.post("/commands", content=TEXT.encode().replace(b"Rosa", b"Ros\xc1\xa1"))
        cut = client.post("/commands", content=TEXT.encode().replace(b"Rosa", b"Ros\xe2\x82"))

    assert [(each.status_code, each.json()["code"]) for each in (overlong, cut)] == [(400, "not-json")] * 2
