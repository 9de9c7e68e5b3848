"""Pages and answers as the record stood at a position, on a day or at a moment, whatever happened since."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.house import House
from api.moments import gap, said_as
from tests.api.people import organisation, signed_in
from tests.api.test_doors import size
from tests.api.village import JUNE, farmer, given

COOP, BOX = "main/COOP", "CSQU3054383"


@dataclass
class Past:
    """A cooperative in which much has changed, and the positions at which it stood still."""

    house: House
    office: TestClient
    harvested: int = 0
    loaded: int = 0
    annulled: int = 0
    moved: int = 0


def sent(browser: TestClient, house: House, *bodies: dict[str, Any]) -> int:
    given(browser, *bodies)
    return size(house)


@pytest.fixture(scope="module")
def past(fresh_house: House) -> Iterator[Past]:
    house = fresh_house
    organisation(house, "COOP", "exporter")
    roles = ("buyer", "plant", "exporter", "extensionist", "administrator")
    browsers = {role: signed_in(house, COOP, role) for role in roles}
    doing = {role: browser.__enter__() for role, browser in browsers.items()}
    farmer(doing["buyer"], "F-1", "Rosa Quispe", "PL-1")
    farmer(doing["buyer"], "F-2", "Luis Tuanama")
    of = Past(house, doing["administrator"])
    harvest = {"do": "record-harvest", "plot_id": "PL-1", "kg": "100", "from_at": JUNE, "to_at": JUNE}
    of.harvested = sent(doing["buyer"], house, harvest | {"lot_id": "H-1"})
    step = {"holder_id": "COOP", "started_at": JUNE, "ended_at": JUNE}
    buy = step | {"do": "buy-lot", "inputs": [{"lot_id": "H-1", "kg": "90"}], "kg": "90", "price_pen_kg": "9"}
    dry = step | {"do": "dry-lots", "inputs": [{"lot_id": "B-1", "kg": "90"}], "kg": "32"}
    sent(doing["buyer"], house, buy | {"lot_id": "B-1"})
    sent(doing["plant"], house, dry | {"lot_id": "D-1"})
    box = {"container_no": BOX, "at": JUNE}
    load = box | {"do": "load-lot", "lot_id": "D-1", "kg": "30", "bags": "1"}
    of.loaded = sent(doing["exporter"], house, box | {"do": "open-container", "holder_id": "COOP"}, load)
    annul = {"do": "annul-fact", "position": of.loaded, "reason": "practice", "annulled_at": house.now()}
    of.annulled = sent(doing["administrator"], house, annul)
    over = {"do": "transfer-plot", "plot_id": "PL-1", "to_id": "F-2", "transferred_at": house.now()}
    of.moved = sent(doing["extensionist"], house, over)
    yield of
    for browser in browsers.values():
        browser.__exit__(None, None, None)


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_a_lot_is_shown_as_it_stood_with_a_way_back_to_now(past: Past) -> None:
    then = past.office.get(f"/stock/H-1?as_of={past.harvested}&lang=en").text
    now = past.office.get("/stock/H-1?lang=en").text

    assert f"As the record stood at entry {past.harvested}, written on 20" in words(then)
    assert 'href="?lang=en">Back to now' in then
    assert "On hand 100 kg" in words(then)
    assert "On hand 10 kg" in words(now)
    assert "As the record stood" not in now
    assert past.office.get(f"/stock/B-1?as_of={past.harvested}").status_code == 404


def test_what_was_annulled_since_still_stood_then(past: Past) -> None:
    then = past.office.get(f"/stock/D-1?as_of={past.loaded}&lang=en").text
    after = past.office.get(f"/stock/D-1?as_of={past.annulled}&lang=en").text
    box = [words(past.office.get(f"/containers/{BOX}?as_of={at}&lang=en").text) for at in (past.loaded, past.annulled)]

    assert ("On hand 2 kg" in words(then), "On hand 32 kg" in words(after)) == (True, True)
    assert f'href="/containers/{BOX}?as_of={past.loaded}&amp;lang=en"' in then
    assert ("Loaded 30 kg" in box[0], "Loaded 0 kg" in box[1]) == (True, True)
    assert past.office.get(f"/containers/{BOX}?as_of={past.harvested}").status_code == 404


def test_a_plot_is_shown_with_the_holder_and_the_boundary_of_then(past: Past) -> None:
    then, now = (past.office.get(f"/land/PL-1{query}").text for query in (f"?as_of={past.harvested}", ""))

    assert ("/farmers/F-1" in then, "/farmers/F-2" in now) == (True, True)
    assert '<svg class="land"' in then
    assert 'action="/land/PL-1/transfer' not in then


def test_the_stock_is_listed_as_it_stood(past: Past) -> None:
    then = words(past.office.get(f"/stock?as_of={past.harvested}&lang=en").text)
    sheet = past.office.get(f"/stock.csv?as_of={past.harvested}&lang=en").text
    now = words(past.office.get("/stock?lang=en").text)

    assert "Nothing is on hand." in then
    assert "H-1 100 kg" in then
    assert [line.split(",")[0] for line in sheet.splitlines()[1:]] == ["H-1"]
    assert "Dry beans: 32 kg" in now


def test_machines_ask_for_the_same_moments(past: Past) -> None:
    def asked(path: str, at: object) -> Any:
        return past.office.get(path, params={"as_of": str(at)})

    seen = past.office.get(f"/entries?after={past.harvested - 1}&limit=1").json()["entries"][0]["entry"]["seen"]
    for at in (past.harvested, seen):
        assert [(lot["lot"], lot["kg_on_hand"]) for lot in asked("/lots", at).json()["lots"]] == [("main/H-1", "100")]
        assert asked("/plots/PL-1", at).json()["holder"] == "main/F-1"
    assert past.office.get("/plots/PL-1").json()["holder"] == "main/F-2"
    assert asked("/parties/F-2", past.harvested).json()["district"] == "220101"
    assert (
        asked("/parties/F-2", 1).status_code == asked("/lots", 10**9).status_code == asked("/plots/PL-1", "2000-01-01").status_code == 404
    )
    assert asked("/lots", "2000-01-01").json()["lots"] == []
    assert asked("/lots", "yesterday").status_code == asked("/lots", 0).status_code == 422


def test_a_day_stands_for_its_end_and_what_is_no_moment_is_said(past: Past) -> None:
    today = past.house.now()[:10]

    told = re.search(r"As the record stood at entry ([0-9]+),", words(past.office.get(f"/stock?as_of={today}&lang=en").text))
    assert told
    assert past.moved <= int(told[1]) <= size(past.house)
    assert "before its first entry" in words(past.office.get("/stock?as_of=2000-01-01&lang=en").text)
    for written, status in (("soon", 422), ("2026-02-30", 422), ("9" * 16, 404), ("9999-12-31", 200)):
        assert past.office.get(f"/stock?as_of={written}").status_code == status, written


def test_nobody_sees_more_of_the_past_than_of_the_present(past: Past) -> None:
    with signed_in(past.house, organisation(past.house, "OTHER"), "auditor") as stranger:
        answers = [
            stranger.get(f"{path}?as_of={past.loaded}")
            for path in (f"/stock/{COOP[:5]}D-1", "/land/PL-1", f"/containers/{BOX}", "/plots/PL-1", "/parties/F-1")
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
        assert stranger.get(f"/lots?as_of={past.loaded}").json()["lots"] == []


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("41", 41),
        ("2026-06-01", "2026-06-02T04:59:59.999999Z"),
        ("2026-06-01T10:00", "2026-06-01T15:00:00.000000Z"),
        ("2026-06-01T10:00:00Z", "2026-06-01T10:00:00.000000Z"),
        ("9999-12-31", "9"),
        ("0001-01-01T00:00:00+14:00", "0"),
    ],
)
def test_a_moment_is_read_as_people_write_it(written: str, seen: int | str) -> None:
    assert said_as(written) == seen


@pytest.mark.parametrize(
    ("seen", "said"),
    [("2026-06-01T15:00:20Z", "0 minutes"), ("2026-06-01T15:59:00Z", "59 minutes"), ("2026-06-02T14:00:00Z", "23 hours"),
     ("2026-06-09T15:00:00Z", "8 days"), ("2026-06-01T14:00:00Z", "0 minutes")],
)  # fmt: skip
def test_how_long_after_it_happened_something_was_written_is_said_in_words(seen: str, said: str) -> None:
    assert gap("2026-06-01T10:00:00-05:00", seen, "en") == said


def test_a_purchase_leads_to_its_entry_to_be_corrected(past: Past) -> None:
    with signed_in(past.house, COOP, "buyer") as buyer:
        pages = [buyer.get(path) for path in ("/receipts/B-1", f"/daybook?day={JUNE[:10]}", "/stock/B-1")]
    positions = {re.search(r'href="/audit/([0-9]+)"', page.text)[1] for page in pages}  # type: ignore[index]

    assert positions == {str(past.harvested + 1)}


def test_a_lot_and_a_container_say_that_something_they_come_from_is_questioned(past: Past) -> None:
    doubt = {"do": "question-fact", "position": past.harvested, "reason": "weight", "questioned_at": past.house.now()}
    question = sent(past.office, past.house, doubt)
    told = [
        f"Questioned: its weight. Entry {past.harvested}" in words(past.office.get(f"/stock/D-1?lang=en{at}").text)
        for at in ("", f"&as_of={question - 1}")
    ]
    sent(past.office, past.house, {"do": "settle-question", "position": question, "outcome": "dismissed", "settled_at": past.house.now()})

    assert told == [True, False]
    assert "Questioned" not in past.office.get("/stock/D-1?lang=en").text
