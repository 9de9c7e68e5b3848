"""The nursery in the office: raised, handed out, brought back, cut, grafted, counted; and a farmer's debt on one line."""

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

BEGUN = "2026-01-05T09:00:00-05:00"


def given(house: House, do: str, **body: Any) -> None:
    """Something that happened before, written in the name of VIVERO."""
    by = operator(house)
    admitting.done(house, Actor(by.name, "main/VIVERO", by.roles), COMMANDS.validate_python({"do": do, "id": uuid4(), **body}))


@pytest.fixture
def nursery(house: House) -> Iterator[TestClient]:
    """The browser of the nursery's extensionist; a farmer with one plot is enrolled."""
    organisation(house, "VIVERO", "nursery")
    given(house, "enrol-party", party_id="FA-1", role="farmer", name="Rosa Tuanama", district="220505", enrolled_at=BEGUN)
    given(house, "register-plot", plot_id="P-1", holder_id="FA-1", area_ha="2", district="220505", system="agroforestry", planted_at=BEGUN,
          surveyed_at=BEGUN, accuracy_m="3", geometry={"type": "Point", "coordinates": [-76.5, -6.5]})  # fmt: skip
    with signed_in(house, "main/VIVERO", "extensionist") as browser:
        browser.headers["Accept-Language"] = "en"
        yield browser


def send(browser: TestClient, act: str, **typed: str) -> Any:
    """A form of the nursery, sent."""
    whens = ("raised_at", "handed_at", "returned_at", "cut_at", "grafted_at", "counted_at")
    return browser.post(f"/nursery/{act}", data={"id": str(uuid4()), **dict.fromkeys(whens, "2026-03-02T10:00"), **typed})


def beside(text: str, name: str) -> str:
    """The refusal that stands beside a field."""
    found = re.search(rf'id="{name}-wrong">([^<]*)<', text)
    assert found, text
    return unescape(found[1])


def lines(text: str) -> list[str]:
    """Each line of a page's lists as it reads."""
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in re.findall(r"<li>(.*?)</li>", text, re.DOTALL)]


PLANTAINS = {"species": "plantain", "count": "300", "nursery_lot_id": "V-1"}
CACAO = {"species": "cacao", "clone": "IMC-67", "count": "900", "nursery_lot_id": "V-2"}
HANDOUT = {"plot_id": "p-1", "nursery_lot_id": "V-1", "count": "20", "handout_id": "E-1"}


@pytest.fixture
def stocked(nursery: TestClient) -> TestClient:
    """The same, with 300 plantains and 900 rootstocks raised."""
    assert [send(nursery, "raise", **lot).status_code for lot in (PLANTAINS, CACAO)] == [303, 303]
    return nursery


def test_a_farmers_debt_of_seedlings_is_one_line(stocked: TestClient) -> None:
    send(stocked, "hand-out", **HANDOUT)
    send(stocked, "hand-out", **{**HANDOUT, "handout_id": "E-2", "count": "5", "return_due": "3"})
    send(stocked, "hand-out", **{**HANDOUT, "handout_id": "E-3", "nursery_lot_id": "V-2", "count": "100"})
    send(stocked, "take-back", handout_id="E-1", count="12", return_id="R-1")

    said = lines(stocked.get("/nursery").text)
    assert "Rosa Tuanama 25 plantains given, 100 other seedlings given, 43 owed back, 12 brought back: 31 still owed" in said
    assert any("E-1 Rosa Tuanama, plot P-1, 2026-03-02: 20 plantain, 40 owed back, 12 brought back" in line for line in said)
    assert any("V-1 Plantain, raised on 2026-03-02: 275 of 300 left" in line for line in said)
    assert any("V-2 Cacao IMC-67, raised on 2026-03-02: 800 of 900 left" in line for line in said)


def test_a_debt_that_is_paid_is_said_to_be(stocked: TestClient) -> None:
    send(stocked, "hand-out", **{**HANDOUT, "return_due": "2"})
    send(stocked, "take-back", handout_id="E-1", count="2", return_id="R-1")

    assert "Rosa Tuanama 20 plantains given, 2 owed back, 2 brought back: nothing owed" in lines(stocked.get("/nursery").text)
    assert "take-back?of=" not in stocked.get("/nursery").text


def test_sticks_are_cut_grafted_and_counted(stocked: TestClient) -> None:
    send(stocked, "hand-out", **{**HANDOUT, "nursery_lot_id": "V-2", "count": "50"})
    send(stocked, "cut", mother_plot_id="P-1", clone="ICS-95", sticks="10", budwood_id="Y-1")
    offered = stocked.get("/nursery/graft").text
    send(stocked, "graft", handout_id="E-1", budwood_id="Y-1", grafted="25", graft_id="I-1")
    send(stocked, "count", graft_id="I-1", alive="21")

    assert '<option value="Y-1">ICS-95, 30</option>' in offered
    assert '<option value="E-1">Rosa Tuanama, P-1, 50</option>' in offered
    assert any("I-1 ICS-95, plot P-1: 25 plants grafted, 21 alive on 2026-03-02" in line for line in lines(stocked.get("/nursery").text))
    assert '<option value="Y-1">ICS-95, 5</option>' in stocked.get("/nursery/graft").text


def test_a_form_begins_where_one_came_from_and_proposes_a_number(house: House, stocked: TestClient) -> None:
    send(stocked, "hand-out", **HANDOUT)
    text = stocked.get("/nursery/take-back?of=E-1").text

    assert re.search(r'name="handout_id"[^>]* value="E-1"', text)
    assert f'value="R-{house.now()[:4]}-000001"' in text
    assert '<option value="E-1">Rosa Tuanama, Plantain, 40</option>' in text


WRONG = [
    ("raise", {**PLANTAINS, "nursery_lot_id": "V-1"}, "nursery_lot_id", "nursery lot V-1 was accepted before"),
    ("raise", {**PLANTAINS, "nursery_lot_id": "V-3", "clone": "IMC-67"}, "clone", "“Clone, for cacao only”: a clone is named for cacao"),
    ("raise", {**PLANTAINS, "nursery_lot_id": "V-3", "count": "0"}, "count", "“How many seedlings” 0: wanted above 0"),
    ("hand-out", {**HANDOUT, "plot_id": "P-9"}, "plot_id", "no plot P-9 was ever accepted"),
    ("hand-out", {**HANDOUT, "count": "301"}, "count", "nursery lot V-1 has 280 seedlings on hand, not 301"),
    ("hand-out", {**HANDOUT, "return_due": "many"}, "return_due", "“How many are owed back”: wanted a whole number"),
    ("hand-out", {**HANDOUT, "handed_at": "2026-01-01T10:00"}, "handed_at", "2026-01-01T10:00:00-05:00 is before"),
    ("take-back", {"handout_id": "E-0", "count": "41", "return_id": "R-1"}, "count", "40 seedlings are still owed on handout E-0, not 41"),
    ("take-back", {"handout_id": "E-9", "count": "1", "return_id": "R-1"}, "handout_id", "no handout E-9 was ever accepted"),
    ("cut", {"mother_plot_id": "P-9", "clone": "ICS-95", "sticks": "1", "budwood_id": "Y-1"}, "mother_plot_id", "no plot P-9"),
    ("graft", {"handout_id": "E-9", "budwood_id": "Y-9", "grafted": "1", "graft_id": "I-1"}, "handout_id", "no handout E-9"),
    ("graft", {"handout_id": "E-0", "budwood_id": "Y-9", "grafted": "1", "graft_id": "I-1"}, "budwood_id", "no budwood Y-9"),
    ("count", {"graft_id": "I-9", "alive": "1"}, "graft_id", "no graft I-9"),
]


@pytest.mark.parametrize(("act", "typed", "field", "said"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_a_refusal_stands_beside_its_field_and_all_that_was_typed_is_kept(
    stocked: TestClient, act: str, typed: dict[str, str], field: str, said: str
) -> None:
    send(stocked, "hand-out", **{**HANDOUT, "handout_id": "E-0"})
    answer = send(stocked, act, **typed)

    assert answer.status_code == 422
    assert beside(answer.text, field).startswith(said)
    assert all(f'value="{value}"' in answer.text for value in typed.values())


def test_others_see_nothing_of_it_and_those_who_only_read_are_offered_nothing(house: House, stocked: TestClient) -> None:
    send(stocked, "hand-out", **HANDOUT)
    organisation(house, "OTHER", "nursery")
    with signed_in(house, "main/OTHER", "extensionist") as other:
        text = other.get("/nursery").text
        assert "E-1" not in text
        assert "Rosa" not in text + other.get("/nursery/hand-out").text
        assert send(other, "take-back", handout_id="E-1", count="1", return_id="R-1").status_code == 422
    with signed_in(house, "main/VIVERO", "auditor") as auditor:
        assert "Rosa Tuanama" in auditor.get("/nursery").text
        assert 'href="/nursery/' not in auditor.get("/nursery").text
        assert auditor.get("/nursery/raise").status_code == 403
    with signed_in(house, "main/VIVERO", "plant") as plant:
        assert plant.get("/nursery").status_code == 403
