"""Labels in the office: printed once however often the form is sent, drawn for any printer, voided, printed anew; cards are found."""

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import zxingcpp
from PIL import Image
from starlette.testclient import TestClient

from api import labelkeys
from api.house import House
from api.look import catalog
from api.office import labels as pages
from api.people import operator
from tests.api.people import organisation, signed_in

TEXT = {"Accept-Language": "en"}


@pytest.fixture(scope="module")
def house(furnished: House) -> House:
    """With a key of its own: that of the examples is not here."""
    with furnished.pool.connection() as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    assert row
    assert furnished.follower.wait_for(row[0], 60)
    labelkeys.open_key(furnished, operator(furnished))
    return furnished


@pytest.fixture(scope="module")
def office(house: House) -> Iterator[TestClient]:
    """The browser of AG-01's administrator, who has a dry lot and farmers."""
    with signed_in(house, "main/AG-01", "administrator") as browser:
        browser.headers.update(TEXT)
        yield browser


def form(house: House, **typed: str) -> dict[str, str]:
    return {"id": str(uuid4()), "at": house.now(), "sort": "sack", "of": "DR-001", "count": "1", "public": "no", "signed": "yes", **typed}


def printed(house: House, browser: TestClient, **typed: str) -> str:
    """The page of a printing."""
    answer = browser.post("/labels", data=form(house, **typed))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?")[0])


def serials(browser: TestClient, path: str) -> list[str]:
    return re.findall(r'name="label-(\w{8})"', browser.get(path).text)


def beside(text: str, name: str) -> str:
    found = re.search(rf'id="{name}-wrong">([^<]*)<', text)
    assert found, text
    return unescape(found[1])


def scanned(answer: Any) -> list[str]:
    codes = zxingcpp.read_barcodes(Image.open(BytesIO(answer.content)), formats=zxingcpp.BarcodeFormat.QRCode)
    return sorted(code.text for code in codes)


def test_labels_are_printed_once_however_often_the_form_is_sent_and_drawn_for_every_printer(house: House, office: TestClient) -> None:
    typed = form(house, count="3", kg="50,8")
    once, twice = office.post("/labels", data=typed), office.post("/labels", data=typed)
    path = once.headers["location"].partition("?")[0]
    made, text = serials(office, path), office.get(path).text
    files = {each: office.get(f"{path}/labels.{each}?paper=a6&second=de") for each in ("pdf", "svg", "png", "zpl")}
    links = scanned(office.get(f"{path}/labels.png?paper=a4"))

    assert (once.status_code, once.headers["location"]) == (303, twice.headers["location"])
    assert len(made) == 3
    assert "50.8 kg" in text
    assert sorted(link.partition("?")[0].rpartition("/")[2] for link in links) == sorted(made)
    assert all(re.search(r"\?s=[0-9]{200,}$", link) for link in links)
    assert {each: answer.headers["content-type"].partition(";")[0] for each, answer in files.items()} == {
        "pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png", "zpl": "application/vnd.zebra-zpl",
    }  # fmt: skip
    assert files["pdf"].content.startswith(b"%PDF-1.7")
    assert files["zpl"].text.count("^XA") == 3
    assert 'href="/labels/new"' in office.get("/labels").text
    assert f'href="{path}"' in office.get("/labels?lot=DR-001").text


def test_what_is_lost_is_void_and_what_is_damaged_is_printed_anew(house: House, office: TestClient) -> None:
    path = printed(house, office, count="3")
    lost, damaged, good = serials(office, path)
    void = office.post(f"{path}/void", data={**form(house), "serials": f"{lost[:4]} {lost[4:]}", "reason": "lost"})
    again = office.post(f"{path}/reprint", data={**form(house), f"label-{damaged}": "1", "reason": "damaged"})
    other = again.headers["location"].partition("?")[0]
    text, (new,) = office.get(path).text, serials(office, other)

    assert (void.status_code, again.status_code) == (303, 303)
    assert serials(office, path) == [good]
    assert "they are lost" in text
    assert f"{new[:4]} {new[4:]}" in text
    assert new in scanned(office.get(f"{other}/labels.png?serial={new}"))[0]
    assert office.get(f"{path}/labels.pdf?serial={lost}").status_code == 409


def test_a_refusal_stands_beside_its_field_and_what_was_typed_stays(house: House, office: TestClient) -> None:
    path = printed(house, office)
    many = office.post("/labels", data=form(house, count="5000"))
    unknown = office.post("/labels", data=form(house, of="NO-1"))
    heavy = office.post("/labels", data=form(house, kg="-1"))
    nothing = office.post(f"{path}/void", data={**form(house), "reason": "lost"})

    assert "5000 labels: wanted a whole number from 1 to 1,500" in beside(many.text, "count")
    assert 'value="5000"' in many.text
    assert "NO-1" in beside(unknown.text, "of")
    assert "wanted above 0" in beside(heavy.text, "kg")
    assert "no label was chosen" in beside(nothing.text, "serials")
    assert {each.status_code for each in (many, unknown, heavy, nothing)} == {422}


def test_a_card_that_is_typed_or_scanned_finds_its_farmer_until_it_is_void(house: House, office: TestClient) -> None:
    path = printed(house, office, sort="card", of="fa-0001")
    (serial,), (link,) = serials(office, path), scanned(office.get(f"{path}/labels.png?paper=58"))

    def found(asked: str) -> bool:
        answer = office.post("/farmers/find", data={"q": asked})
        return answer.headers.get("location", "").startswith("/farmers/FA-0001")

    assert link.startswith(f"HTTPS://CACAO.EXAMPLE/K/{serial}?s=")
    for each in ("FA-0001", serial, f"{serial[:4].lower()} {serial[4:]}", link, f"https://cacao.example/k/{serial}"):
        assert found(each)
    office.post(f"{path}/void", data={**form(house), "serials": serial, "reason": "lost"})
    assert not found(serial)


def test_another_organisation_sees_no_printing_and_draws_none(house: House, office: TestClient) -> None:
    path = printed(house, office, count="2")
    organisation(house, "ZZ-09")
    with signed_in(house, "main/ZZ-09", "administrator") as other:
        statuses = [other.get(each).status_code for each in (path, f"{path}/labels.pdf", f"{path}/labels.zpl")]
        voiding = other.post(f"{path}/void", data={**form(house), "serials": serials(office, path)[0], "reason": "lost"})
        listed = other.get("/labels").text

    assert statuses == [404, 404, 404]
    assert voiding.status_code in (404, 422)
    assert f'href="{path}"' not in listed
    assert len(serials(office, path)) == 2


def test_labels_of_a_key_that_is_gone_are_not_drawn_and_the_page_says_why(house: House) -> None:
    with signed_in(house, "main/EX-01", "exporter") as browser:
        listed = browser.get("/labels").text
        old = re.findall(r'href="(/labels/\d+)"', listed)[-1]
        answer = browser.get(f"{old}/labels.pdf", headers=TEXT)

    assert answer.status_code == 409
    assert "a key that is not on this machine any more" in answer.text


def test_the_words_of_the_pages_code_are_said_in_spanish_too() -> None:
    assert {pages._COUNT, pages._NONE, pages._GONE, *pages.SAID.values()} - catalog("es").keys() == set()
