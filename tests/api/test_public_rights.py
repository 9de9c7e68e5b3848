"""What anybody may open shows no person, no farm, no exact place and no price: every open route, for everything that has an address."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any, Final

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from api import labelkeys, looks
from api.app import create
from api.house import House
from api.people import operator
from tests.api.cargo import JUNE, NUMBER, PRICES, stuffed, told
from tests.api.test_doors import OPEN, RULES

CONTAINER, SACK, CARD, GTIN, GLN = "C0NTA1NR", "SACK0001", "CARD0001", "09521234000013", "9521234000020"
LOTS: Final = ("D-1", "B-1", "B-6", "C-6", "H-1")
PLACES: Final = re.compile(r"(?<![\d:.])-?\d{1,3}\.\d{3,}")
"""A number with more than two decimals, as degrees finer than a kilometre are written; seconds of a clock are none."""
CORNERS: Final = re.compile(r"\.\d\d23(?:456|46)")
"""What all plots here have in their longitudes, as recorded and to six decimals."""
SECRETS: Final = {
    "Tuanama", "F-1", "F-5", "F-6", "P-1", "P-6", *PRICES.values(), "4.56", "C-0017", "8420.5", "8,420.5",
}  # fmt: skip


@pytest.fixture(scope="module")
def everything(fresh_house: House) -> House:
    """The container sold, with labels of everything, a product, a place, and its dossier shared."""
    first = stuffed(fresh_house)
    kid = labelkeys.open_key(fresh_house, operator(fresh_house))
    print_ = {"printed_at": fresh_house.now(), "kid": kid}
    told(
        fresh_house,
        {"do": "sell-container", "container_no": NUMBER, "at": JUNE, "buyer_id": "BU-01", "contract_no": "C-0017", "price_usd_t": "8420.5",
         "incoterm": "FOB"},
        {"do": "record-gs1-prefix", "prefix": "9521234", "org_id": "COOP", "recorded_at": JUNE},
        {"do": "register-product", "gtin": GTIN, "org_id": "COOP", "name_es": "Cacao", "name_en": "Cocoa", "registered_at": JUNE},
        {"do": "record-gln", "gln": GLN, "org_id": "COOP", "stands_for": "party", "recorded_at": JUNE},
        {"do": "print-container-labels", "container_no": NUMBER, "serials": [CONTAINER], **print_},
        {"do": "print-lot-labels", "lot_id": "D-1", "sort": "sack", "serials": [SACK], "public": True, "gtin": GTIN, **print_},
        {"do": "print-card", "issuer_id": "COOP", "party_id": "F-1", "serials": [CARD], "printed_at": fresh_house.now()},
        {"do": "share-container", "container_no": NUMBER, "share_id": "S-1", "shared_at": JUNE,
         "until": "2099-12-31T23:59:59-05:00"},
    )  # fmt: skip
    assert first
    return fresh_house


@pytest.fixture(scope="module")
def anybody(everything: House) -> Iterator[TestClient]:
    with TestClient(create(everything), follow_redirects=True, headers={"Accept-Language": "en"}) as client:
        yield client


def first_of(house: House) -> int:
    with house.pool.connection() as conn:
        row = conn.execute("SELECT first FROM views.containers").fetchone()
    return int(row[0]) if row else 0


def addresses(house: House) -> list[str]:
    """Every open route with everything that has an address there."""
    named: dict[str, tuple[str, ...]] = {
        "number": (NUMBER,), "first": (str(first_of(house)),), "form": ("svg",), "id_": LOTS, "book": ("main",), "gtin": (GTIN,),
        "gln": (GLN,), "serial": (CONTAINER, SACK, CARD), "code": ("gain",), "name": ("cacao.css",), "position": ("3",), "old": ("2",),
        "new": ("3",), "link": (f"S-1.{'A' * 22}",),
        "rest": (f"{GTIN}", f"{GTIN}/10/D-1", f"{GTIN}/10/D-1/21/{SACK}", GLN, "0/000.p/1"),
    }  # fmt: skip
    paths = {
        route.path
        for included in create(house).routes
        for route in getattr(included, "original_router", FastAPI(openapi_url=None)).routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and RULES.get(route.path, OPEN) == OPEN
    }
    found: list[str] = []
    for path in sorted(paths - {"/search", "/static/{name:path}"}):
        filled = [path]
        for name in re.findall(r"\{(\w+)(?::path)?\}", path):
            filled = [re.sub(rf"\{{{name}(:path)?\}}", value, each) for each in filled for value in named.get(name, ("x",))]
        found += filled
    return [*found, *(f"/search?q={each}" for each in (NUMBER, "D-1", "F-1", "Tuanama"))]


def secrets(text: str) -> set[str]:
    """What a text tells that no open page may."""
    said = {word.lstrip("-.,") for word in re.findall(r"[\w.,-]*\w", unescape(text))}
    return (said & SECRETS) | set(CORNERS.findall(text)) | ({"Tuanama"} if "Tuanama" in text else set())


def test_no_open_page_tells_a_person_a_farm_an_exact_place_or_a_price(everything: House, anybody: TestClient) -> None:
    answers: dict[str, Any] = {path: anybody.get(path) for path in addresses(everything)}
    shown = {path: answer.text for path, answer in answers.items() if answer.status_code == 200}

    assert {path: found for path, text in shown.items() if (found := secrets(text))} == {}
    assert {f"/c/{NUMBER}", f"/c/{NUMBER}.json", "/l/D-1", "/l/D-1.json", f"/k/{CARD}"} <= shown.keys()
    assert [path for path in shown if f"/s/{SACK}" in path], "a sack's label has its page"
    assert not [path for path in shown if "/H-1" in path or path.startswith("/d/")], "a lot in no container, a forged link"


def test_a_shared_dossier_does_tell_them_so_they_would_be_seen(everything: House, anybody: TestClient) -> None:
    link = looks.link(everything.settings, "S-1")

    assert {"F-1", "F-6", "P-1", "4.56"} <= secrets(anybody.get(link).text)
    assert CORNERS.search(anybody.get(f"{link}/plots.geojson").text)


def test_the_twins_of_pages_tell_no_place_finer_than_a_cell(everything: House, anybody: TestClient) -> None:
    twins = [path for path in addresses(everything) if path.endswith(".json") and path.startswith(("/c/", "/l/", "/k/", "/p"))]
    read = {path: anybody.get(path) for path in twins}

    assert len([path for path, answer in read.items() if answer.status_code == 200]) >= 5
    fine = {path: set(PLACES.findall(answer.text)) for path, answer in read.items() if "proofs" not in path}
    assert {number for found in fine.values() for number in found if abs(float(number)) > 1} == set()


def test_a_published_mean_is_told_and_the_prices_behind_it_are_not(everything: House, anybody: TestClient) -> None:
    now = everything.now()
    (position,) = told(everything, {"do": "publish-price", "holder_id": "COOP", "container_no": NUMBER, "published_at": now})
    page = anybody.get(f"/c/{NUMBER}?at={position}").text
    (position,) = told(everything, {"do": "withdraw-price", "holder_id": "COOP", "container_no": NUMBER, "withdrawn_at": now})

    assert "3.28" in page
    assert secrets(page) == set()
    assert "3.28" not in anybody.get(f"/c/{NUMBER}?at={position}").text
