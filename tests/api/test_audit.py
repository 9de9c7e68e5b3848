"""The auditor's timeline and entry pages: found by facets, told in two languages, with bytes, proofs and what rests on what."""

import re
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from typing import Any, Final, get_args
from uuid import uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from api.examples import EXAMPLES
from api.house import House
from api.look import catalog
from api.office.fieldset import LABELS, NO, SEALED, VALUES, YES, fields
from api.sentences import AND_MORE, FULLER, HOUSE, REASONS, TEMPLATES, UNKNOWN, WORDS, sentence
from api.sentences import KINDS as NAMES
from domain.vocabulary import AnyFact
from ledger.entry import read
from tests.api.people import admitted, organisation, signed_in
from tests.api.test_doors import size
from tests.fuzz import ORG

HARVEST: Final = next(at for at, body in enumerate(EXAMPLES, 1) if body["do"] == "record-harvest")
STUFFING: Final = [at for at, body in enumerate(EXAMPLES, 1) if "container_no" in body or body["do"] == "end-share"]


@pytest.fixture(scope="module")
def auditor(furnished: House) -> Iterator[TestClient]:
    assert furnished.follower.wait_for(size(furnished), 20)
    with signed_in(furnished, ORG, "auditor") as browser:
        yield browser


@pytest.fixture(scope="module")
def office(furnished: House) -> Iterator[TestClient]:
    with signed_in(furnished, ORG, "administrator") as browser:
        yield browser


def listed(text: str) -> list[int]:
    """The positions of the entries that a page lists."""
    return [int(found) for found in re.findall(r'<li[^>]*><a href="/audit/([0-9]+)', text)]


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def by_kind(*dos: str) -> list[int]:
    return [at for at, body in enumerate(EXAMPLES, 1) if body["do"] in dos]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("kind=buy-lot", None),
        ("kind=lot-bought.v1&order=oldest", by_kind("buy-lot")),
        ("kind=lot-bought.v1", by_kind("buy-lot")[::-1]),
        ("container=CSQU3054383&order=oldest", STUFFING),
        ("lot=hv-001&order=oldest", [HARVEST, HARVEST + 1]),
        ("lot=HV-001&party=AG-01", [HARVEST + 1]),
        ("plot=P-00002&kind=plot-transferred.v1", by_kind("transfer-plot")),
        ("day=2026-06-01&kind=lot-loaded.v1", by_kind("load-lot")),
        ("day=2026-06-02", []),
        ("day=1999-01-01&by=written", []),
        ("tag=handout:main/HO-001&kind=plants-grafted.v1", by_kind("graft-plants")),
        ("lot=NOWHERE", []),
    ],
)  # fmt: skip
def test_entries_are_found_by_what_they_are_about(auditor: TestClient, query: str, positions: list[int] | None) -> None:
    answer = auditor.get(f"/audit?{query}")

    assert answer.status_code == 200
    if positions is not None:
        assert listed(answer.text) == positions


def test_pages_follow_each_other_and_the_numbers_beside_the_kinds_are_right(auditor: TestClient) -> None:
    seen, path = [], "/audit"
    while path:
        text = auditor.get(path).text
        seen += listed(text)
        further = re.search(r'rel="next" href="([^"]+)"', text)
        path = unescape(further[1]) if further else ""

    assert seen == sorted(seen, reverse=True)
    assert set(range(1, HARVEST + 20)) <= set(seen)
    assert "fermenting (1)" in words(auditor.get("/audit?lang=en").text)
    assert f"{len(seen)} entries" in words(auditor.get("/audit?lang=en").text)


def test_what_cannot_be_an_id_or_a_day_is_said_beside_its_field(auditor: TestClient) -> None:
    for name, value in (("lot", "a b"), ("day", "2026-02-30"), ("tag", "lot")):
        answer = auditor.get(f"/audit?{name}={value}&lang=en")
        assert (answer.status_code, f'id="{name}-wrong">wanted' in answer.text) == (422, True)


def test_what_was_written_late_stands_out(auditor: TestClient, furnished: House) -> None:
    body = {
        "do": "enrol-party",
        "party_id": "FA-0099",
        "role": "farmer",
        "name": "Eva Ruiz",
        "district": "220505",
        "enrolled_at": furnished.now(),
    }
    with signed_in(furnished, ORG, "buyer") as buyer:
        position = buyer.post("/commands", json={"id": str(uuid4()), **body}).json()["positions"][0]
    assert furnished.follower.wait_for(position, 20)
    text = auditor.get("/audit?lang=en&party=FA-0099").text
    late = auditor.get("/audit?lang=en&late=1&order=oldest").text

    assert listed(text) == [position]
    assert "after it happened" not in text.partition("<ol")[2]
    assert position not in listed(late)
    assert listed(late)[:3] == [1, 2, 3]
    assert re.search(r"Written [0-9]+ days after it happened", late)


def test_the_page_speaks_spanish_first(auditor: TestClient) -> None:
    text = words(auditor.get("/audit?lot=HV-001&order=oldest", headers={"Accept-Language": "es"}).text)

    assert "FA-0001 cosechó 412.5 kg en baba en la parcela P-00001, lote HV-001" in text
    assert "AG-01 compró 400 kg de HV-001 a FA-0001 a S/ 3.25 el kilo, lote BU-001" in text


def test_the_address_of_the_data_gives_the_same_entries(auditor: TestClient) -> None:
    page = auditor.get("/audit?lot=HV-001&kind=lot-bought.v1&day=2026-05-02&late=1")
    address = unescape(re.findall(r'href="(/entries[^"]*)"', page.text)[0])

    assert [each["position"] for each in auditor.get(address).json()["entries"]] == listed(page.text) == [HARVEST + 1]


def test_an_entry_shows_its_very_bytes_and_the_hash_of_its_leaf(auditor: TestClient, furnished: House) -> None:
    with psycopg.connect(furnished.url) as conn:
        line = bytes((conn.execute("SELECT line FROM ledger.entries WHERE position = %s", (HARVEST,)).fetchone() or [b""])[0])
    text, stored = auditor.get(f"/audit/{HARVEST}").text, auditor.get(f"/audit/{HARVEST}.entry")

    assert stored.content == line
    assert stored.headers["content-type"] == "application/octet-stream"
    assert unescape(re.findall(r"<pre[^>]*>(.*?)</pre>", text, re.DOTALL)[0]) == line.decode()
    assert sha256(b"\0" + line).hexdigest() in text


def test_an_entry_says_what_it_rests_on_and_what_rests_on_it(auditor: TestClient) -> None:
    text = auditor.get(f"/audit/{HARVEST + 1}?lang=en").text
    below, _, above = text.partition('aria-labelledby="below"')[2].partition('aria-labelledby="above"')

    fermenting, payment = by_kind("ferment-lots"), by_kind("make-payment")
    parties = [at for at, body in enumerate(EXAMPLES, 1) if body.get("party_id") in ("FA-0001", "AG-01") and body["do"] == "enrol-party"]
    assert listed(below) == [*parties, HARVEST]
    assert listed(above) == [*fermenting, *payment]
    assert "Bought" not in above
    assert f'href="/audit/{HARVEST}?lang=en">← the one before: {HARVEST}' in text


def test_an_entry_tells_every_field_with_its_unit_and_who_wrote_it(auditor: TestClient) -> None:
    text = words(auditor.get(f"/audit/{HARVEST + 1}?lang=en").text)

    for said in (
        "Drawn from HV-001: 400 kg",
        "Price S/ 3.25 / kg",
        "Premium 10 %",
        "Begun 2026-05-02 16:00:00",
        "Command buy-lot",
        "By u-first",
    ):
        assert said in text


def test_the_writers_name_and_roles_are_told_to_who_may_know_them(furnished: House, auditor: TestClient) -> None:
    user = admitted(furnished, ORG, "buyer", "Nora Flores")
    body = {
        "do": "enrol-party",
        "party_id": "FA-0077",
        "role": "farmer",
        "name": "Eva",
        "district": "220505",
        "enrolled_at": furnished.now(),
    }
    with signed_in(furnished, ORG, "buyer", user) as buyer:
        position = buyer.post("/commands", json={"id": str(uuid4()), **body}).json()["positions"][0]
        assert furnished.follower.wait_for(position, 20)
        mine = buyer.get(f"/audit/{position}?lang=en")
    text = words(auditor.get(f"/audit/{position}?lang=en").text)

    assert f"By Nora Flores, {user} Roles held then buyer in the field" in text
    assert (mine.status_code, "Nora Flores" in mine.text) == (200, False)


@pytest.mark.parametrize("position", ["0", "007", "999999", "x", "-1", "9" * 30])
def test_an_entry_that_is_not_there_is_not_found(auditor: TestClient, position: str) -> None:
    assert auditor.get(f"/audit/{position}").status_code == auditor.get(f"/audit/{position}.entry").status_code == 404


def test_anothers_entry_is_as_unknown(furnished: House) -> None:
    with signed_in(furnished, organisation(furnished, "ZZ-01"), "auditor") as stranger:
        there, never = stranger.get(f"/audit/{HARVEST}"), stranger.get("/audit/999999")
        assert listed(stranger.get("/audit?lot=main/HV-001").text) == []
    assert (there.status_code, there.text.replace(str(HARVEST), "")) == (404, never.text.replace("999999", ""))


@pytest.fixture
def mistaken(furnished: House) -> int:
    """A harvest that was entered by mistake, on which nothing rests; its position."""
    body: dict[str, Any] = {"do": "record-harvest", "lot_id": f"HV-{uuid4().hex[:6].upper()}", "plot_id": "P-00001", "kg": "10"}
    with signed_in(furnished, ORG, "buyer") as buyer:
        moment = "2026-06-05T10:00:00-05:00"
        position: int = buyer.post("/commands", json={"id": str(uuid4()), **body, "from_at": moment, "to_at": moment}).json()["positions"][
            0
        ]
    assert furnished.follower.wait_for(position, 20)
    return position


def test_a_buyer_annuls_what_buyers_record_and_both_are_in_the_history(furnished: House, auditor: TestClient, mistaken: int) -> None:
    with signed_in(furnished, ORG, "buyer") as buyer:
        form = buyer.get(f"/audit/{mistaken}?lang=en").text
        done = buyer.post(f"/audit/{mistaken}/annul", data={"id": str(uuid4()), "annul": "entered-twice"})
        after = buyer.get(f"/audit/{mistaken}?lang=en").text

    assert f'action="/audit/{mistaken}/annul' in form
    assert "it takes two steps" in form
    assert (done.status_code, done.headers["location"]) == (303, f"/audit/{mistaken}")
    assert "was annulled: it was entered twice" in words(after)
    assert f'action="/audit/{mistaken}/annul' not in after
    listing = auditor.get(f"/audit?lang=en&beyond={mistaken + 1}").text
    assert re.search(r"HV-[0-9A-F]{6} .*? Annulled by entry [0-9]+", words(listing))
    assert f'<li class="annulled"><a href="/audit/{mistaken}?lang=en">' in listing


def test_what_rests_on_an_entry_is_named_where_it_cannot_be_annulled(office: TestClient) -> None:
    page = office.get(f"/audit/{HARVEST}?lang=en").text
    refused = office.post(f"/audit/{HARVEST}/annul?lang=en", data={"id": str(uuid4()), "annul": "practice"})

    assert "annul those first" in page
    assert refused.status_code == 422
    assert f"entry {HARVEST + 1} (purchase of beans) rests on entry {HARVEST}" in words(refused.text)


def test_a_question_is_asked_and_settled_on_the_page_of_the_entry(auditor: TestClient, mistaken: int) -> None:
    asked = auditor.post(f"/audit/{mistaken}/question", data={"id": str(uuid4()), "question": "weight"})
    doubted = auditor.get(f"/audit/{mistaken}?lang=en").text
    listing = auditor.get(f"/audit?lang=en&beyond={mistaken + 1}").text
    settled = auditor.post(f"/audit/{mistaken}/settle", data={"id": str(uuid4()), "of": str(mistaken + 1), "settle": "dismissed"})
    after = auditor.get(f"/audit/{mistaken}?lang=en").text

    assert (asked.status_code, settled.status_code) == (303, 303)
    assert "This is questioned" in doubted
    assert "Questioned" in listing
    assert f'<option value="{mistaken + 1}"' in doubted
    assert "This is questioned" not in after
    assert f"the question {mistaken + 1} was settled: it is dismissed" in words(after)


def test_nobody_says_anything_about_an_entry_without_the_right(furnished: House, auditor: TestClient, mistaken: int) -> None:
    with signed_in(furnished, ORG, "plant") as plant, signed_in(furnished, organisation(furnished, "ZZ-02"), "administrator") as stranger:
        before = size(furnished)
        answers = [
            auditor.post(f"/audit/{mistaken}/annul", data={"id": str(uuid4()), "annul": "practice"}),
            plant.post(f"/audit/{mistaken}/annul", data={"id": str(uuid4()), "annul": "practice"}),
            plant.post(f"/audit/{mistaken}/settle", data={"id": str(uuid4()), "of": "1", "settle": "upheld"}),
            stranger.post(f"/audit/{mistaken}/annul", data={"id": str(uuid4()), "annul": "practice"}),
        ]

    assert [answer.status_code for answer in answers] == [403, 404, 403, 404]
    assert size(furnished) == before


def test_an_auditor_of_the_house_sees_all_and_asks_for_one_organisation(furnished: House) -> None:
    with signed_in(furnished, None, "auditor") as house:
        all_of_them, theirs = house.get("/audit?order=oldest"), house.get("/audit?order=oldest&org=AG-01")
        nobodys = house.get("/audit?org=main/NOBODY")
        data = unescape(re.findall(r'href="(/entries[^"]*)"', theirs.text)[0])
        positions = [each["position"] for each in house.get(data).json()["entries"]]

    assert listed(all_of_them.text)[:3] == [1, 2, 3]
    assert listed(theirs.text) == positions[:50]
    assert listed(nobodys.text) == []


def test_every_kind_of_fact_and_each_of_its_fields_is_called_something_in_both_languages() -> None:
    facts = {str(fact.model_fields["kind"].default): set(fact.model_fields) - {"kind"} for fact in get_args(get_args(AnyFact)[0])}
    words = {*TEMPLATES.values(), *(text for _, text in FULLER.values()), *NAMES.values(), *WORDS.values(), UNKNOWN, AND_MORE, HOUSE}
    words |= {*(text for reasons in REASONS.values() for text in reasons.values()), *LABELS.values(), *VALUES.values(), YES, NO, SEALED}

    assert facts.keys() == TEMPLATES.keys() == NAMES.keys()
    assert {name for fields in facts.values() for name in fields} - LABELS.keys() == set()
    assert words - catalog("es").keys() == set()


def test_every_example_is_a_sentence_in_both_languages(furnished: House) -> None:
    with psycopg.connect(furnished.url) as conn:
        facts = [read(at, bytes(line)).fact for at, line in conn.execute("SELECT position, line FROM ledger.entries ORDER BY position")]
    told = [(sentence(fact), sentence(fact, "es")) for fact in facts]

    assert all(english != spanish and not re.search(r"[{}]|None", english + spanish) for english, spanish in told)
    assert all(field.label and field.value for fact in facts for field in fields(fact, "es"))
    assert sentence({"kind": "moon-landed.v9"}, "es") == "un hecho de la clase moon-landed.v9, que este programa no conoce"
