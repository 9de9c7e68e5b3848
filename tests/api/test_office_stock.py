"""Stock and steps in the office: what is on hand, what is done with it, what came out, and refusals beside their fields."""

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api import people as admitting
from api.house import House
from api.people import operator
from domain.vocabulary import COMMANDS
from tests.api.people import organisation, signed_in

MAY = "2026-05-02T{}:00-05:00"


def given(house: House, do: str, **body: Any) -> None:
    """Something that happened before, written by the house itself in the name of COOP."""
    command = COMMANDS.validate_python({"do": do, "id": uuid4(), **body})
    actor = operator(house)
    admitting.done(house, type(actor)(actor.name, "main/COOP", actor.roles), command)


def harvested(house: House, lot: str, kg: str, at: str = MAY.format("09:00")) -> None:
    """A wet lot of COOP itself."""
    given(house, "record-harvest", lot_id=lot, plot_id="P-1", kg=kg, from_at=at, to_at=at)


@pytest.fixture
def coop(house: House) -> House:
    """A house in which COOP holds a plot and two wet lots of 60 and 40 kg."""
    organisation(house, "COOP")
    given(house, "register-plot", plot_id="P-1", holder_id="COOP", area_ha="2", district="220101", system="agroforestry",
          planted_at="2026-01-01T00:00:00-05:00", surveyed_at="2026-01-02T00:00:00-05:00", accuracy_m="3",
          geometry={"type": "Point", "coordinates": [-76.5, -6.5]})  # fmt: skip
    harvested(house, "H-1", "60")
    harvested(house, "H-2", "40")
    return house


@pytest.fixture
def plant(coop: House) -> Iterator[TestClient]:
    """The browser of COOP's plant operator."""
    with signed_in(coop, "main/COOP", "plant") as browser:
        browser.headers["Accept-Language"] = "en"
        yield browser


def form(**further: str) -> dict[str, str]:
    """A form of the office with an id of its own."""
    return {"id": str(uuid4()), "ended_at": "2026-05-08T10:00", **further}


FERMENT = {"take-H-1": "1", "kg-H-1": "60", "take-H-2": "1", "kg-H-2": "40", "kg": "90", "started_at": "2026-05-02T18:00", "lot_id": "F-1"}


def proposed(text: str, name: str) -> str:
    """What a page has put into a field."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', text)
    assert found
    return unescape(found[1])


def beside(text: str, name: str) -> str:
    """The refusal that stands beside a field."""
    found = re.search(rf'id="{name}-wrong">([^<]*)<', text)
    assert found, text
    return unescape(found[1])


def test_stock_lists_what_is_left_by_form_and_says_which_lots_wait_too_long(plant: TestClient) -> None:
    text = plant.get("/stock").text

    assert "Wet beans: 100 kg" in text
    assert text.count("Wet for more than a day: ferment it") == 2
    assert "district 220101, San Martín" in text
    assert 'href="/step/ferment"' in text


def test_a_table_of_the_stock_has_a_line_a_lot(plant: TestClient) -> None:
    answer = plant.get("/stock.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert answer.headers["content-type"].startswith("text/csv")
    assert [(row[0], row[2], row[6], row[7]) for row in rows[1:]] == [("H-1", "60", "COOP", "220101"), ("H-2", "40", "COOP", "220101")]


def test_a_step_offers_what_it_takes_with_all_on_hand_and_the_next_number(coop: House, plant: TestClient) -> None:
    text = plant.get("/step/ferment?lot=H-2").text
    year = coop.now()[:4]

    assert (proposed(text, "kg-H-1"), proposed(text, "kg-H-2")) == ("60", "40")
    assert re.search(r'name="take-H-2" value="1" checked', text)
    assert not re.search(r'name="take-H-1" value="1" checked', text)
    assert proposed(text, "lot_id") == f"F-{year}-000001"
    assert "Nothing of that kind is on hand." not in text


def test_the_next_number_comes_after_the_highest(coop: House, plant: TestClient) -> None:
    year = coop.now()[:4]
    plant.post("/step/ferment", data=form(**{**FERMENT, "lot_id": f"F-{year}-000041"}))
    harvested(coop, "H-3", "10")

    assert proposed(plant.get("/step/ferment").text, "lot_id") == f"F-{year}-000042"


def test_wet_becomes_dry_in_two_steps_and_the_page_says_what_came_out(plant: TestClient) -> None:
    fermented = plant.post("/step/ferment", data=form(**FERMENT, method="box", max_temp_c="47,5", turns="4"))
    assert (fermented.status_code, fermented.headers["location"]) == (303, "/stock/F-1?done=1")
    dried = plant.post(
        "/step/dry",
        data=form(**{"take-F-1": "1", "kg-F-1": "90"}, kg="36", started_at="2026-05-08T10:00", ended_at="2026-05-14T10:00", lot_id="S-1"),
    )
    text = plant.get(dried.headers["location"]).text

    assert "Written down." in text
    assert "36 kg came out of 90 kg: 0.4 of a kilogram from each." in text
    assert "By the wet beans behind it: 0.36." in text
    assert "That is as usual" in text
    assert "90 kg were dried: 36 kg dry came out." in text
    assert "100 kg were fermented: 90 kg fermented came out." in plant.get("/stock/F-1").text
    assert "0.4" in plant.get("/stock/S-1", headers={"Accept-Language": "es"}).text


@pytest.mark.parametrize(("kg", "said"), [("29", "That is little"), ("43", "That is much"), ("30", "That is as usual")])
def test_an_unusual_outturn_is_said_in_words(plant: TestClient, kg: str, said: str) -> None:
    wet = {name: value for name, value in FERMENT.items() if name != "lot_id"}
    plant.post("/step/dry", data=form(**{**wet, "kg": kg, "lot_id": "S-9"}))

    assert said in plant.get("/stock/S-9").text


def test_a_blend_without_a_weight_weighs_what_goes_in(plant: TestClient) -> None:
    blend = {name: value for name, value in FERMENT.items() if name not in ("kg", "started_at")}
    plant.post("/step/blend", data=form(**{**blend, "kg-H-2": "12,5", "lot_id": "M-1"}))

    assert "72.5 kg of 2 lots were blended: 72.5 kg came out." in plant.get("/stock/M-1").text
    assert "27.5 kg" in plant.get("/stock/H-2").text


def test_a_split_takes_a_part_of_one_lot(plant: TestClient) -> None:
    plant.post("/step/split", data=form(take="H-1", kg="25", lot_id="D-1"))

    assert "25 kg of lot H-1 became this lot." in plant.get("/stock/D-1").text
    assert "25 kg became the lot D-1." in plant.get("/stock/H-1").text


WRONG = [
    ("ferment", {**FERMENT, "kg-H-2": "40.5"}, "kg-H-2", "lot H-2 has 40 kg on hand, not 40.5 kg"),
    ("ferment", {**FERMENT, "kg-H-1": "0"}, "kg-H-1", "“kg of H-1” 0: wanted above 0, at most 1,000,000, with at most 3 decimals"),
    ("ferment", {**FERMENT, "kg-H-1": "sixty"}, "kg-H-1", "“kg of H-1”: wanted a number such as 40.5"),
    ("ferment", {**FERMENT, "kg": "100,5"}, "kg", "100.5 kg out of 100 kg: wanted no more"),
    ("ferment", {**FERMENT, "lot_id": "H-1"}, "lot_id", "lot H-1 was accepted before, with other content"),
    ("ferment", {**FERMENT, "started_at": "2026-05-01T18:00"}, "started_at", "2026-05-01T18:00:00-05:00 is before"),
    ("ferment", {**FERMENT, "ended_at": "2126-05-01T18:00"}, "ended_at", "2126-05-01T18:00:00-05:00 is later than"),
    ("ferment", {"kg": "9", "started_at": "2026-05-02T18:00", "lot_id": "F-1"}, "takes", "“Which lots”: 0 given, at least 1 wanted"),
    ("ferment", {**FERMENT, "turns": "x"}, "turns", "“How often it was turned”: wanted a whole number such as 40"),
    ("dry", {**FERMENT, "moisture_pct": "101"}, "moisture_pct", "“Moisture, %” 101: wanted 0 or more, at most 100"),
    ("split", {"take": "H-1", "kg": "61", "lot_id": "D-1"}, "kg", "lot H-1 has 60 kg on hand, not 61 kg"),
    ("lose", {"lot_id": "H-1", "kg": "61", "reason": "stolen", "lost_at": "2026-05-03T10:00", "loss_id": "L-1"}, "kg", "lot H-1 has 60 kg"),
    ("lose", {"lot_id": "H-9", "kg": "1", "reason": "stolen", "lost_at": "2026-05-03T10:00", "loss_id": "L-1"}, "lot_id", "no lot H-9"),
]


@pytest.mark.parametrize(("step", "typed", "field", "said"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_a_refusal_stands_beside_its_field_and_all_that_was_typed_is_kept(
    plant: TestClient, step: str, typed: dict[str, str], field: str, said: str
) -> None:
    sent = form(**typed)
    answer = plant.post(f"/step/{step}", data=sent)

    assert answer.status_code == 422
    assert beside(answer.text, field).startswith(said)
    assert all(proposed(answer.text, name) == value for name, value in sent.items() if name not in ("ended_at", "reason", "take"))
    assert "Wet beans: 100 kg" in plant.get("/stock").text


def test_a_form_that_is_sent_twice_does_a_thing_once(plant: TestClient) -> None:
    once = form(**FERMENT)

    assert plant.post("/step/ferment", data=once).headers["location"] == plant.post("/step/ferment", data=once).headers["location"]
    assert "Fermented beans: 90 kg" in plant.get("/stock").text


def test_an_inspection_and_a_loss_stand_in_the_history(plant: TestClient) -> None:
    inspection = {"lot_id": "h-1", "beans_100g": "82", "moisture_pct": "7,1", "mouldy_pct": "1", "slaty_pct": "2.5", "defective_pct": "0"}
    plant.post("/step/inspect", data=form(**inspection, inspected_at="2026-05-03T08:00"))
    plant.post("/step/lose", data=form(lot_id="H-1", kg="1,5", reason="spoiled", lost_at="2026-05-03T09:00", loss_id="L-1"))
    text, spanish = plant.get("/stock/H-1").text, plant.get("/stock/H-1", headers={"Accept-Language": "es"}).text

    assert "It was inspected: 7.1 % moisture, 82 beans in 100 g, 1 % mouldy, 2.5 % slaty, 0 % defective." in text
    assert text.index("60 kg wet were harvested") < text.index("It was inspected") < text.index("1.5 kg were lost: they spoiled.")
    assert "Se perdieron 1.5 kg: se malograron." in spanish


def test_a_lot_is_offered_to_a_buyer_who_is_known(coop: House, plant: TestClient) -> None:
    organisation(coop, "EX-01", "exporter")
    refused = plant.post("/stock/H-1/offer", data={"id": str(uuid4()), "to_id": "EX-02", "until": ""})
    offered = plant.post("/stock/H-1/offer", data={"id": str(uuid4()), "to_id": "ex-01", "until": "2030-01-31"})

    assert beside(refused.text, "to_id") == "no party EX-02 was ever accepted"
    assert proposed(refused.text, "to_id") == "EX-02"
    assert offered.headers["location"] == "/stock/H-1"
    assert "It was offered to EX-01, until 2030-01-31." in plant.get("/stock/H-1").text


def test_a_lot_offers_what_its_form_and_the_role_allow(coop: House, plant: TestClient) -> None:
    plant.post("/step/ferment", data=form(**FERMENT))
    fermented = re.findall(r'href="(/step/\w+)\?lot=F-1"', plant.get("/stock/F-1").text)
    with signed_in(coop, "main/COOP", "auditor") as auditor:
        seen = auditor.get("/stock/F-1")

    assert fermented == ["/step/dry", "/step/blend", "/step/split", "/step/inspect", "/step/lose"]
    assert seen.status_code == 200
    assert "/step/" not in seen.text


def test_what_is_another_organisations_answers_as_if_unknown(coop: House) -> None:
    organisation(coop, "OTHER")
    with signed_in(coop, "main/OTHER", "plant") as other:
        theirs, nothing = other.get("/stock/H-1"), other.get("/stock/NOWHERE")
        refused = other.post("/step/lose", data=form(lot_id="H-1", kg="1", reason="stolen", lost_at="2026-05-03T10:00", loss_id="L-1"))
        listed = other.get("/stock").text

    assert (theirs.status_code, theirs.text) == (nothing.status_code, nothing.text)
    assert theirs.status_code == 404
    assert "H-1" not in listed
    assert refused.status_code == 422
    assert 'id="lot_id-wrong"' in refused.text


def test_who_may_not_do_a_step_is_told_so(coop: House) -> None:
    with signed_in(coop, "main/COOP", "auditor") as auditor:
        assert auditor.get("/stock").status_code == 200
        assert auditor.get("/step/ferment").status_code == 403
        assert auditor.post("/step/ferment", data=form(**FERMENT)).status_code == 403
        assert auditor.get("/step/nothing").status_code == 404
    with signed_in(coop, None, "auditor") as of_the_house:
        assert "/stock/main/H-1" in of_the_house.get("/stock").text
        assert of_the_house.get("/stock/main/H-1").status_code == 200
