"""Shared dossiers at the doors: what a link opens and for how long, what an account sees, and that each look is written down."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from api import looks
from api.app import create
from api.house import House
from api.limits import SHARED_A_MINUTE
from tests.api.cargo import FAR, JUNE, NUMBER, OTHER, PRICES, ring, stuffed, told
from tests.api.people import FROM_US, PLACE, signed_in

ONE = {"do": "share-container", "container_no": NUMBER, "shared_at": JUNE, "until": FAR}
FILES = ("data.json", "plots.geojson", "history.jsonl")


@pytest.fixture(scope="module")
def first(fresh_house: House) -> int:
    """The container, shared with whoever has a link (S-OPEN), with BU-01, and with others in the past."""
    first = stuffed(fresh_house)
    told(
        fresh_house, {**ONE, "share_id": "S-OPEN"}, {**ONE, "share_id": "S-BUYER", "for_id": "BU-01"},
        {**ONE, "share_id": "S-OVER", "until": JUNE}, {**ONE, "share_id": "S-ENDED"},
        {"do": "end-share", "share_id": "S-ENDED", "ended_at": JUNE},
    )  # fmt: skip
    return first


@pytest.fixture(scope="module")
def people(fresh_house: House, first: int) -> Iterator[dict[str, TestClient]]:
    """Browsers: of nobody, of the exporter, of a plant operator there, of two buyers' people, and of an extensionist of the first's."""
    assert first
    who = {
        "exporter": ("main/COOP", "exporter"), "plant": ("main/COOP", "plant"), "buyer": ("main/BU-01", "buyer"),
        "stranger": ("main/BU-02", "buyer"), "extensionist": ("main/BU-01", "extensionist"), "house": (None, "auditor"),
    }  # fmt: skip
    with ExitStack() as stack:
        nobody = TestClient(create(fresh_house), base_url=PLACE, follow_redirects=False, headers=FROM_US)
        found = {name: stack.enter_context(signed_in(fresh_house, *of)) for name, of in who.items()}
        found["nobody"] = stack.enter_context(nobody)
        for each in found.values():
            each.headers["Accept-Language"] = "en"
        yield found


def address(house: House, share: str) -> str:
    return looks.link(house.settings, share)


def noted(house: House) -> int:
    with psycopg.connect(house.url) as conn:
        row = conn.execute("SELECT coalesce(sum(n), 0)::int FROM scans.opened").fetchone()
    return int(row[0]) if row else -1


def test_a_link_opens_the_dossier_kept_by_nobody_and_told_to_no_search_engine(fresh_house: House, people: dict[str, TestClient]) -> None:
    answer = people["nobody"].get(address(fresh_house, "S-OPEN"))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    for told_ in ("COOP", "F-1", "P-6", "PE0041207", "No certificate is recorded", "not told", "4.56"):
        assert told_ in answer.text
    for hidden in ("Tuanama", PRICES["F-6"]):
        assert hidden not in answer.text


def test_its_files_are_data_boundaries_of_six_decimals_and_entries_with_their_proofs(
    fresh_house: House, people: dict[str, TestClient]
) -> None:
    data, plots, history = (people["nobody"].get(f"{address(fresh_house, 'S-OPEN')}/{name}") for name in FILES)

    features = {each["properties"]["plot"]: each for each in plots.json()["features"]}
    assert plots.headers["content-type"] == "application/geo+json"
    corners = features["P-1"]["geometry"]["coordinates"][0]
    assert corners == [[round(lon, 6), lat] for lon, lat in ring(-76.5223456)]
    assert features["P-1"]["properties"]["farmers"] == ["F-1"]
    prices = {each["lot"]: each["price_pen_kg"] for each in data.json()["purchases"]}
    assert (prices["B-6"], prices["B-5"], prices["C-6"]) == (None, "3.4", "4.56")
    assert data.json()["certificates"] == []
    entries = [json.loads(line) for line in history.text.splitlines()]
    assert [each["proof"] for each in entries] == [f"/proofs/{each['position']}.tlog-proof" for each in entries]
    assert json.loads(entries[-1]["entry"])["kind"] == "container-sealed.v1"
    assert "attachment" in history.headers["content-disposition"]
    assert all("Tuanama" not in each.text for each in (data, plots, history))


@pytest.mark.parametrize("name", ["", *FILES])
def test_links_that_are_forged_over_ended_or_anothers_answer_alike_as_unknown(
    fresh_house: House, people: dict[str, TestClient], name: str
) -> None:
    good = address(fresh_house, "S-OPEN")
    code = good.rpartition(".")[2]
    wrong = [
        address(fresh_house, "S-OVER"), address(fresh_house, "S-ENDED"), address(fresh_house, "S-BUYER"), address(fresh_house, "S-NONE"),
        f"/d/S-OPEN.{code[:-1]}{'A' if code[-1] != 'A' else 'B'}", f"/d/S-ENDED.{code}", f"/d/S-OPEN.{code}A", "/d/S-OPEN", "/d/x.y",
    ]  # fmt: skip
    before, tail = noted(fresh_house), f"/{name}" if name else ""
    answers = [people["nobody"].get(each + tail) for each in wrong]

    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1
    assert {tuple(sorted(each.headers.items())) for each in answers} == {tuple(sorted(answers[0].headers.items()))}
    assert noted(fresh_house) == before


def test_every_single_change_of_a_links_code_closes_it(fresh_house: House, first: int) -> None:
    assert first
    share, code = address(fresh_house, "S-OPEN").removeprefix("/d/").split(".")
    signs = "AQgw_-"
    changed = [f"{code[:at]}{sign}{code[at + 1 :]}" for at in range(len(code)) for sign in signs if sign != code[at]]
    with fresh_house.pool.connection() as conn:
        assert looks.opened_by(fresh_house, conn, f"{share}.{code}")
        assert not [each for each in changed if looks.opened_by(fresh_house, conn, f"{share}.{each}")]


def test_an_account_of_the_party_it_was_shared_with_sees_it_and_others_do_not(
    fresh_house: House, first: int, people: dict[str, TestClient]
) -> None:
    path, before = f"/dossier/{NUMBER}/{first}", noted(fresh_house)
    status = {name: each.get(path).status_code for name, each in people.items()}

    assert status == {
        "buyer": 200, "exporter": 200, "house": 200, "stranger": 404, "plant": 404, "extensionist": 404, "nobody": 303,
    }  # fmt: skip
    assert noted(fresh_house) == before + 1, "the buyer's look, and not the exporter's own"
    assert people["buyer"].get(f"{path}/plots.geojson").json()["features"]
    for wrong in (f"/dossier/{NUMBER}/1", f"/dossier/{NUMBER}/x", f"/dossier/NONE/{first}", f"{path}/other"):
        assert people["buyer"].get(wrong).text == people["stranger"].get(path).text


def test_whoever_it_is_shared_with_finds_it_in_their_office(first: int, people: dict[str, TestClient]) -> None:
    link = f'href="/dossier/{NUMBER}/{first}"'

    assert link in people["buyer"].get("/dossier").text
    assert 'href="/dossier"' in people["buyer"].get("/office").text
    assert "Nobody shares a dossier with you now." in people["stranger"].get("/dossier").text
    assert 'href="/dossier"' not in people["stranger"].get("/office").text


def test_the_boundary_of_a_farmer_who_was_erased_is_gone_from_it(fresh_house: House, people: dict[str, TestClient]) -> None:
    told(fresh_house, {"do": "erase-subject", "party_id": "F-4", "basis": "asked", "erased_at": fresh_house.now()})
    features = people["nobody"].get(f"{address(fresh_house, 'S-OPEN')}/plots.geojson").json()["features"]

    assert [each["properties"]["plot"] for each in features if each["geometry"] is None] == ["P-4"]


def test_the_exporter_shares_it_sees_who_looked_and_ends_it(fresh_house: House, people: dict[str, TestClient]) -> None:
    page, browser = f"/containers/{NUMBER}/sharing", people["exporter"]
    sent = browser.post(page, data={"id": str(uuid4()), "until": "2099-01-02T10:00", "for_id": ""})
    assert (sent.status_code, sent.headers["location"].partition("?")[0]) == (303, page)
    with psycopg.connect(fresh_house.url) as conn:
        (made,) = conn.execute("SELECT share FROM views.shared ORDER BY position DESC LIMIT 1").fetchone() or ("",)
    link = address(fresh_house, made)
    assert PLACE + link in browser.get(page).text
    assert people["nobody"].get(link).status_code == 200
    people["nobody"].get(f"{link}/plots.geojson")

    shown = browser.get(page).text
    assert shown.count(f"<td>{made}</td><td>by the link</td>") == 2
    assert "<td>the boundaries</td>" in shown
    assert fresh_house.now()[:10] in shown
    assert PLACE + link not in people["plant"].get(page).text, "who may not share it does not get the link"
    assert people["plant"].post(f"{page}/end", data={"id": str(uuid4()), "share_id": made}).status_code == 403
    browser.post(f"{page}/end", data={"id": str(uuid4()), "share_id": made})
    assert people["nobody"].get(link).status_code == 404
    assert "ended" in browser.get(page).text


def test_what_cannot_be_shared_is_said_beside_the_field(people: dict[str, TestClient]) -> None:
    page = f"/containers/{NUMBER}/sharing"
    nobody = people["exporter"].post(page, data={"id": str(uuid4()), "until": "2099-01-02T10:00", "for_id": "NONE"})
    early = people["exporter"].post(page, data={"id": str(uuid4()), "until": "2020-01-02T10:00", "for_id": ""})

    assert (nobody.status_code, early.status_code) == (422, 422)
    assert 'id="for_id-wrong"' in nobody.text
    assert 'id="until-wrong"' in early.text


def test_the_exporter_shows_what_it_paid_and_takes_it_back(people: dict[str, TestClient]) -> None:
    page, browser = f"/containers/{NUMBER}/sharing", people["exporter"]
    before = browser.get(page).text
    browser.post(f"{page}/price", data={"id": str(uuid4()), "show": "yes"})
    during = browser.get(page).text
    browser.post(f"{page}/price", data={"id": str(uuid4()), "show": "no"})

    assert "S/ 3.28 a kg of wet beans, on average, to 5 producers" in before
    assert "The public page does not show it." in before
    assert "The public page shows it." in during
    assert "The public page does not show it." in browser.get(page).text


def test_one_address_opens_so_many_links_a_minute_and_no_more(fresh_house: House, first: int) -> None:
    assert first
    app = create(fresh_house)
    far = TestClient(app, base_url=PLACE, client=("203.0.113.7", 1), follow_redirects=False)
    tried = [far.get(f"/d/S-X.{'A' * 22}").status_code for _ in range(SHARED_A_MINUTE + 1)]

    assert tried == [404] * SHARED_A_MINUTE + [429]
    assert far.get("/robots.txt").status_code == 200


def test_who_paid_but_does_not_hold_the_container_shows_its_price_at_its_prices(
    fresh_house: House, first: int, people: dict[str, TestClient]
) -> None:
    assert first
    with signed_in(fresh_house, OTHER, "exporter") as paid:
        paid.headers["Accept-Language"] = "en"
        assert paid.get(f"/containers/{NUMBER}/sharing").status_code == 404  # it is another's
        assert "It is shown for no container." in paid.get("/prices").text
        asked = {"id": str(uuid4()), "container_no": NUMBER.lower()}
        assert paid.post("/prices/shown", data=asked).status_code == 303
        shown = paid.get("/prices").text
        assert f'<a href="/c/{NUMBER}">' in shown
        assert NUMBER not in people["exporter"].get("/prices").text
        assert paid.post("/prices/shown", data=asked | {"id": str(uuid4())}).status_code != 303  # already
        assert paid.post("/prices/shown", data=asked | {"id": str(uuid4()), "show": "no"}).status_code == 303
        assert "It is shown for no container." in paid.get("/prices").text
    assert people["plant"].post("/prices/shown", data=asked).status_code == 403
