"""Containers in the office: opened, filled with dry lots, sealed, sent, sold and emptied, each when its state allows it."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api import people as admitting
from api.access import Actor
from api.house import House
from api.people import operator
from domain.vocabulary import COMMANDS
from tests.api.people import organisation, signed_in

NUMBER = "CSQU3054383"
MAY = "2026-05-02T09:00:00-05:00"
PLACE = {"district": "220101", "system": "agroforestry", "planted_at": MAY, "surveyed_at": MAY, "accuracy_m": "3"}


def given(house: House, do: str, **body: Any) -> None:
    """Something that happened before, written in the name of COOP."""
    by = operator(house)
    admitting.done(house, Actor(by.name, "main/COOP", by.roles), COMMANDS.validate_python({"do": do, "id": uuid4(), **body}))


def dry(house: House, lot: str, kg: str) -> None:
    """A dry lot of COOP's own harvest."""
    given(house, "record-harvest", lot_id=f"H-{lot}", plot_id="P-1", kg=kg, from_at=MAY, to_at=MAY)
    given(house, "dry-lots", lot_id=lot, holder_id="COOP", inputs=[{"lot_id": f"H-{lot}", "kg": kg}], kg=kg, started_at=MAY, ended_at=MAY)


@pytest.fixture
def port(house: House) -> Iterator[TestClient]:
    """The browser of COOP's exporter, who has dry lots of 12,400 and 600 kg on hand."""
    organisation(house, "COOP", "exporter")
    organisation(house, "BU-01", "buyer")
    given(house, "register-plot", plot_id="P-1", holder_id="COOP", area_ha="2", geometry={"type": "Point", "coordinates": [-76.5, -6.5]},
          **PLACE)  # fmt: skip
    dry(house, "S-1", "12400")
    dry(house, "S-2", "600")
    with signed_in(house, "main/COOP", "exporter") as browser:
        browser.headers["Accept-Language"] = "en"
        yield browser


def send(browser: TestClient, path: str, at: str = "2026-05-10T10:00", **typed: str) -> Any:
    """A form of the office, sent."""
    return browser.post(path, data={"id": str(uuid4()), "at": at, **typed})


def beside(text: str, name: str) -> str:
    """The refusal that stands beside a field."""
    found = re.search(rf'id="{name}-wrong">([^<]*)<', text)
    assert found, text
    return unescape(found[1])


def acts(browser: TestClient) -> list[str]:
    """What the container's page offers."""
    return re.findall(rf'class="button" href="/containers/{NUMBER}/(\w+)"', browser.get(f"/containers/{NUMBER}").text)


SALE = {"buyer_id": "BU-01", "contract_no": "C-7", "price_usd_t": "8420,5", "incoterm": "FOB"}
LOAD = {"take-S-1": "1", "kg-S-1": "12400", "bags-S-1": "180"}


def test_a_container_goes_its_way_and_offers_what_its_state_allows(port: TestClient) -> None:
    offered = []

    opened = send(port, "/containers", container_no="csqu 305438-3")
    offered.append(acts(port))
    loaded = send(port, f"/containers/{NUMBER}/load", **LOAD)
    offered.append(acts(port))
    send(port, f"/containers/{NUMBER}/seal", seal_no="PE0041207")
    offered.append(acts(port))
    send(port, f"/containers/{NUMBER}/depart", destination="nlrtm")
    offered.append(acts(port))
    send(port, f"/containers/{NUMBER}/sell", **SALE)
    offered.append(acts(port))
    text = port.get(f"/containers/{NUMBER}").text
    send(port, f"/containers/{NUMBER}/empty", at="2026-06-10T10:00")
    offered.append(acts(port))

    assert opened.headers["location"] == loaded.headers["location"] == f"/containers/{NUMBER}"
    assert offered == [["load"], ["load", "seal"], ["depart", "sell", "empty"], ["sell", "empty"], ["empty"], []]
    assert "12.4 of 25 t" in text
    assert "12,400 kg, 180 bags" in text
    assert "BU-01, 2026-05-10" in text
    assert "US$ 8,420.5 a tonne" in text
    assert "NLRTM" in text
    assert "12.4 of 25 t" in port.get("/containers").text
    assert send(port, "/containers", at="2026-06-11T10:00", container_no=NUMBER).status_code == 303
    assert "0 of 25 t" in port.get(f"/containers/{NUMBER}").text


def test_its_public_page_and_label_are_those_of_this_stuffing(port: TestClient) -> None:
    send(port, "/containers", container_no=NUMBER)
    text = port.get(f"/containers/{NUMBER}").text
    public = re.findall(rf'href="(/c/{NUMBER}/[^"]*)"', text)

    assert [port.get(path).status_code for path in public] == [200, 200]
    assert public[1].endswith("/label.pdf")


def test_loading_offers_dry_lots_and_takes_several_at_once(port: TestClient) -> None:
    send(port, "/containers", container_no=NUMBER)
    send(port, f"/containers/{NUMBER}/load", **LOAD, **{"take-S-2": "1", "kg-S-2": "500,5", "bags-S-2": "8"})

    assert "12,900.5 kg, 188 bags" in port.get(f"/containers/{NUMBER}").text
    assert "99.5 kg of dry beans on hand are not loaded" in port.get(f"/containers/{NUMBER}/seal").text
    assert "12400 kg were loaded into container CSQU3054383." in port.get("/stock/S-1").text


WRONG = [
    ("load", {**LOAD, "kg-S-1": "12401"}, "kg-S-1", "lot S-1 has 12400 kg on hand, not 12401 kg"),
    ("load", {**LOAD, "kg-S-1": "-1"}, "kg-S-1", "“kg of S-1” -1: wanted above 0"),
    ("load", {**LOAD, "kg-S-1": "much"}, "kg-S-1", "“kg of S-1”: wanted a number"),
    ("load", {**LOAD, "bags-S-1": "0"}, "bags-S-1", "“bags of S-1” 0: wanted above 0"),
    ("load", {**LOAD, "bags-S-1": ""}, "bags-S-1", "“bags of S-1” is empty: it is needed"),
    ("load", {**LOAD, "take-S-2": "1", "kg-S-2": "601", "bags-S-2": "1"}, "kg-S-2", "lot S-2 has 600 kg on hand, not 601 kg"),
    ("load", {}, "takes", "“Which lots” is empty: it is needed"),
    ("load", {**LOAD, "at": "2026-05-01T10:00"}, "at", "2026-05-01T10:00:00-05:00 is before"),
    ("seal", {"seal_no": ""}, "seal_no", "“Number of the seal” is empty: it is needed"),
    ("depart", {"destination": "Rotterdam"}, "destination", "“Destination, UN/LOCODE”: wanted a UN/LOCODE such as NLRTM"),
    (
        "sell",
        {"buyer_id": "BU-9", "contract_no": "C", "price_usd_t": "1", "incoterm": "FOB"},
        "buyer_id",
        "no party BU-9 was ever accepted",
    ),
    ("sell", {**SALE, "price_usd_t": "0"}, "price_usd_t", "“Price, US$ a tonne” 0: wanted"),
]


@pytest.mark.parametrize(("act", "typed", "field", "said"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_a_refusal_stands_beside_its_field(port: TestClient, act: str, typed: dict[str, str], field: str, said: str) -> None:
    send(port, "/containers", container_no=NUMBER)
    answer = send(port, f"/containers/{NUMBER}/{act}", **{"at": "2026-05-10T10:00", **typed})

    assert answer.status_code == 422
    assert beside(answer.text, field).startswith(said)
    assert acts(port) == ["load"]


def test_a_number_with_a_wrong_check_digit_is_not_opened(port: TestClient) -> None:
    answer = send(port, "/containers", container_no="CSQU3054384")

    assert beside(answer.text, "container_no").startswith("CSQU3054384 is not an ISO 6346 number")
    assert 'value="CSQU3054384"' in answer.text


def test_what_the_state_does_not_allow_is_refused_in_a_sentence(port: TestClient) -> None:
    send(port, "/containers", container_no=NUMBER)

    assert f"container {NUMBER} has nothing loaded" in send(port, f"/containers/{NUMBER}/seal", seal_no="PE1").text
    assert f"container {NUMBER} is not sealed yet" in send(port, f"/containers/{NUMBER}/empty").text


def test_others_containers_are_unknown_and_those_who_may_only_read_are_offered_nothing(house: House, port: TestClient) -> None:
    send(port, "/containers", container_no=NUMBER)
    organisation(house, "OTHER", "exporter")
    with signed_in(house, "main/OTHER", "exporter") as other:
        assert other.get(f"/containers/{NUMBER}").status_code == other.get("/containers/NOWHERE").status_code == 404
        assert NUMBER not in other.get("/containers").text
        assert other.get(f"/containers/{NUMBER}/load").status_code == 404
        assert send(other, f"/containers/{NUMBER}/load", **LOAD).status_code == 404
    with signed_in(house, "main/COOP", "auditor") as auditor:
        assert acts(auditor) == []
        assert auditor.get(f"/containers/{NUMBER}/load").status_code == 403
    assert acts(port) == ["load"]
