"""Every page and its twin as data: what they show, to whom, in which language, how long they keep, and what they never show."""

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from starlette.testclient import TestClient

from api.app import create
from api.examples import EXAMPLES
from api.house import House, opened
from api.languages import shipped
from api.look import accepted, catalog
from api.problems import MEANINGS
from api.settings import Settings
from domain.values import CODES
from projections import public

SEALED, OPEN = "KAWU2607135", "KAWU2610289"


@contextmanager
def door(home: Path, url: str, place: str = "http://localhost:8000") -> Iterator[TestClient]:
    """A reader at an empty house of one's own, who may also write."""
    with opened(Settings(home=home, url=place, DATABASE_URL=url)) as house, TestClient(create(house), follow_redirects=False) as client:
        client.headers["Authorization"] = f"Bearer {house.token()}"
        yield client


def first_of(reader: TestClient, number: str) -> int:
    return int(reader.get(f"/c/{number}.json").json()["first"])


def test_the_first_page_says_what_this_is_and_where_to_begin(reader: TestClient) -> None:
    text = reader.get("/").text

    assert 'role="search"' in text
    assert re.findall(r'href="/c/(\w+)"', text) == [OPEN, "KAWU2610020", SEALED]


def test_a_sealed_container_tells_its_story_in_this_order(reader: TestClient) -> None:
    text, it = reader.get(f"/c/{SEALED}").text, reader.get(f"/c/{SEALED}.json").json()
    kg, label = f"todos sus {Decimal(it['weight_kg']):,} kg", f"/c/{SEALED}/{it['first']}/label.pdf"
    order = ["KAWU 260713 5", kg, "PE5520418", "Distritos", 'class="map"', "Meses de cosecha", 'class="way"', label, "Lo que no se sabe",
             "Compruébelo usted", "Idioma, al final"]  # fmt: skip

    places = [text.index(each) for each in order]
    assert places == sorted(places)
    assert '<time datetime="2026-07">julio de 2026</time>' in text


def test_an_open_container_says_that_it_is_open(reader: TestClient) -> None:
    text, it = reader.get(f"/c/{OPEN}?lang=en").text, reader.get(f"/c/{OPEN}.json").json()
    said = "Not sealed yet: {:,} kg are loaded so far, traced to {plots} plots of {families} families."

    assert said.format(Decimal(it["weight_kg"]), **it["origin"]) in text
    assert "The seal is not set yet." in text
    assert not re.findall(r"[0-9]%", text)


def test_the_label_leads_to_a_page_of_its_own_voyage(reader: TestClient) -> None:
    first = first_of(reader, SEALED)

    assert reader.get(f"/c/{SEALED}/{first}").status_code == 200
    assert reader.get(f"/c/{SEALED}/{first}.json").json() == reader.get(f"/c/{SEALED}.json").json()
    assert reader.get(f"/c/{SEALED}/{first + 1}").status_code == reader.get(f"/c/{SEALED}/{'9' * 5000}").status_code == 404


def test_the_same_as_data_has_weights_as_decimal_strings_and_is_open_to_any_site(reader: TestClient) -> None:
    response = reader.get(f"/c/{SEALED}.json")
    it = response.json()

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert (it["seal"], it["position"] <= it["size"], it["traced"]) == ("PE5520418", True, True)
    assert re.fullmatch(r"2[0-9]{4}(\.[0-9]{1,3})?", it["weight_kg"])
    assert sum(Decimal(area["share"]) for area in it["origin"]["districts"]) == pytest.approx(1, abs=Decimal("0.006"))
    assert {area["hectares"] % 5 for area in it["origin"]["districts"]} == {0}
    assert it["holder"] == "Exportadora Granos del Alba S.A.C."


def test_a_lot_that_was_loaded_has_a_page_under_both_its_names(reader: TestClient) -> None:
    short, long = reader.get("/l/X-0010"), reader.get("/l/main/X-0010")

    assert short.text == long.text
    assert f'href="/c/{SEALED}/{first_of(reader, SEALED)}"' in short.text
    assert reader.get("/l/main/X-0010.json").json() == reader.get("/l/X-0010.json").json()


@pytest.mark.parametrize("form", ["", ".json"])
@pytest.mark.parametrize("hidden", ["H-0001", "B-0001", "D-0001", "FA-0001", "%00", "x" * 300, "Ñ"])
def test_what_is_not_public_answers_exactly_as_what_is_unknown(reader: TestClient, hidden: str, form: str) -> None:
    unknown, private = reader.get(f"/l/NOWHERE{form}"), reader.get(f"/l/{hidden}{form}")

    assert (unknown.status_code, unknown.content, unknown.headers) == (private.status_code, private.content, private.headers)
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [("kawu 260713 5", "/c/KAWU2607135"), ("x-0010", "/l/X-0010"), ("main/X-0010", "/l/X-0010"), ("KAWU-260713-5", "/c/KAWU2607135")],
)
def test_searching_leads_to_the_page(reader: TestClient, asked: str, found: str) -> None:
    response = reader.get("/search", params={"q": asked})

    assert (response.status_code, response.headers["Location"]) == (303, found)
    assert reader.get("/search", params={"q": asked, "lang": "en"}).headers["Location"] == f"{found}?lang=en"


@pytest.mark.parametrize("asked", ["", "H-0001", "nobody", "\0", "x" * 5000, "<b>'\"", "ﬁ%", "../../etc"])
def test_searching_for_anything_else_says_kindly_that_there_is_nothing(reader: TestClient, asked: str) -> None:
    response = reader.get("/search", params={"q": asked})

    assert response.status_code == 404
    assert 'role="search"' in response.text
    assert "<b>" not in response.text


def test_a_number_typed_in_small_letters_is_led_to_its_page(reader: TestClient) -> None:
    response = reader.get(f"/c/{SEALED.lower()}?lang=en")

    assert (response.status_code, response.headers["Location"]) == (308, f"/c/{SEALED}?lang=en")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "es"),
        ("pt", "es"),
        ("de-CH, en;q=0.9", "de"),
        ("en-GB,en;q=0.9,es;q=0.8", "en"),
        ("qu,es;q=0.9,en;q=0.8", "es"),
        ("es;q=0.2, en;q=0.3", "en"),
        ("en;q=x", "es"),
    ],
)
def test_the_language_is_the_one_the_reader_likes_best(reader: TestClient, header: str, language: str) -> None:
    response = reader.get("/", headers={"Accept-Language": header})

    assert accepted(header, shipped()) == response.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in response.text
    assert "Accept-Language" in response.headers["Vary"]


def test_a_language_that_was_chosen_is_kept_on_the_way(reader: TestClient) -> None:
    text = reader.get(f"/c/{SEALED}?lang=en", headers={"Accept-Language": "es"}).text

    assert '<html lang="en">' in text
    assert 'href="/l/X-0010?lang=en"' in text
    assert 'href="/?lang=en"' in text


@pytest.mark.parametrize("path", ["/", f"/c/{SEALED}", f"/c/{SEALED}.json", "/l/X-0010", f"/c/{SEALED}/label.svg", "/static/cacao.css"])
def test_pages_may_be_kept_a_while_and_are_not_sent_twice(reader: TestClient, path: str) -> None:
    response = reader.get(path)
    again = reader.get(path, headers={"If-None-Match": f'"other", {response.headers["ETag"]}'})

    assert response.headers["Cache-Control"].startswith("public, max-age=3")
    assert (again.status_code, again.content) == (304, b"")
    head = reader.head(path)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", response.headers["Content-Length"])
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_asked_for_at_a_position_is_made_now_and_not_kept(reader: TestClient) -> None:
    response = reader.get(f"/c/{SEALED}?at=1")

    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")


def test_a_position_that_is_not_there_yet_is_answered_with_try_again(reader: TestClient) -> None:
    began = time.monotonic()
    for path in (f"/c/{SEALED}", f"/c/{SEALED}.json"):
        response = reader.get(f"{path}?at={2**53}")
        assert (response.status_code, response.headers["Retry-After"]) == (404, "5")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("at", ["0", "-1", "x", "", "1.5", str(2**53 + 1), "٣"])
def test_a_position_that_cannot_be_read_is_answered_400(reader: TestClient, at: str) -> None:
    assert reader.get(f"/c/{SEALED}", params={"at": at}).status_code == 400
    assert reader.get(f"/c/{SEALED}.json", params={"at": at}).json()["code"] == "malformed"


def test_what_was_written_is_shown_at_once_to_who_asks_at_its_position(url: str, tmp_path: Path) -> None:
    with door(tmp_path, url) as client:
        answers = client.post("/commands", json=EXAMPLES).json()["answers"]
        loaded = next(answer for answer, body in zip(answers, EXAMPLES, strict=True) if body["do"] == "load-lot")
        text = client.get(loaded["link"]).text
        lot = client.get("/l/BU-002").text

    for each in (text, lot):
        assert "menos de 5 familias" in each
        assert "220505" not in each
        assert '<svg class="map' not in each


def test_links_stand_under_the_path_of_the_address(url: str, tmp_path: Path) -> None:
    with door(tmp_path, url, "https://example.org/cacao") as client:
        links = re.findall(r'(?:href|action)="([^"]+)"', client.get("/").text)

    assert all(link.startswith(("/cacao/", "?", "#")) for link in links)


@pytest.mark.parametrize(("form", "kind"), [("pdf", "application/pdf"), ("svg", "image/svg+xml"), ("png", "image/png")])
def test_the_label_of_a_container_is_a_file_in_three_forms(reader: TestClient, form: str, kind: str) -> None:
    response = reader.get(f"/c/{SEALED}/label.{form}")

    assert (response.status_code, response.headers["Content-Type"]) == (200, kind)
    assert reader.get(f"/c/{SEALED}/{first_of(reader, SEALED)}/label.{form}").content == response.content
    assert reader.get(f"/c/NOWHERE/label.{form}").status_code == reader.get(f"/c/{SEALED}/label.gif").status_code == 404


def test_a_camera_reads_the_containers_link_from_the_label(reader: TestClient, sample_house: House) -> None:
    picture = Image.open(io.BytesIO(reader.get(f"/c/{SEALED}/label.png").content)).convert("L")

    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == f"{sample_house.settings.base}/c/{SEALED}/{first_of(reader, SEALED)}"


@pytest.mark.parametrize("path", ["../pages.py", "..%2fpages.py", "%2e%2e/look.py", "/etc/passwd", "%00", "", "nothing.css"])
def test_no_file_but_our_own_is_served(reader: TestClient, path: str) -> None:
    assert reader.get(f"/static/{path}").status_code == 404


def test_a_file_whose_address_has_its_version_never_changes(reader: TestClient) -> None:
    address = re.findall(r'href="(/static/cacao.css[^"]+)"', reader.get("/").text)[0]

    assert "immutable" in reader.get(address).headers["Cache-Control"]


@pytest.mark.parametrize("code", [*CODES, "unauthorized", "not-found"])
def test_every_code_of_a_refusal_has_a_page_in_both_languages(reader: TestClient, code: str) -> None:
    assert MEANINGS[code] in reader.get(f"/problems/{code}?lang=en").text
    assert catalog("es")[MEANINGS[code]][0] in reader.get(f"/problems/{code}").text
    assert reader.get("/problems/none").status_code == 404


def test_a_page_that_was_made_lately_is_enough_for_a_position_it_shows(sample_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    container = public.container

    def counted(*asked: Any) -> Any:
        made.append(asked[2])
        return container(*asked)

    monkeypatch.setattr(public, "container", counted)
    with TestClient(create(sample_house)) as client:
        for _ in range(5):
            answer = client.get("/c/KAWU2607135.json?at=3")
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
            assert answer.json()["position"] >= 3

    assert made == ["KAWU2607135"]
