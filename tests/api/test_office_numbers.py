"""Numbers of GS1 in the office: an administrator records prefix, product and place; a wrong digit stands beside its field."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.house import House
from tests.api.people import organisation, signed_in
from tests.api.walking import Walk


@pytest.fixture
def administrator(house: House) -> Iterator[TestClient]:
    with signed_in(house, organisation(house, "AGG-1"), "administrator") as browser:
        yield browser


def test_an_administrator_records_a_licence_and_what_is_numbered_under_it(administrator: TestClient) -> None:
    walk = Walk(administrator, "/numbers?lang=en")
    assert "Register a product" not in walk.words, "nothing is numbered without a licence"
    walk.fill(prefix="9521234")
    walk.send("Record this prefix")
    assert "GS1 prefix 9521234" in walk.words

    walk.fill(gtin="09521234000014", name_en="Cocoa beans")
    walk.send("Register this product")
    assert walk.status == 422
    assert "check digit" in walk.words, walk.words
    assert walk.seen.forms[1]["fields"]["name_en"] == "Cocoa beans", "what was typed stays"
    walk.fill(gtin="09520000000011")
    walk.send("Register this product")
    assert "under no GS1 prefix that was recorded of this organisation" in walk.words
    walk.fill(gtin="09521234000013")
    walk.send("Register this product")
    assert (walk.status, "09521234000013" in walk.words) == (200, True)

    walk.fill(gln="9521234000020")
    walk.choose(stands_for="party")
    walk.send("Record this GLN")
    assert "9521234000020 the organisation itself" in walk.words
    assert administrator.get("/products/09521234000013").status_code == 200
