"""Farmers and plots in the office: found, enrolled, amended; a boundary typed or in a file, judged in words, and handed over."""

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.house import House
from tests.api.people import organisation, signed_in
from tests.api.village import SQUARE, farmer
from tests.api.walking import Walk

CORNERS = "\n".join(f"{lat}, {lon}" for lon, lat in SQUARE[:-1])
PLOT = {"area_ha": "1.25", "accuracy_m": "3,5", "planted_at": "2019-03-01"}


@pytest.fixture
def field(house: House) -> Iterator[TestClient]:
    """An extensionist of a cooperative with one farmer."""
    with signed_in(house, organisation(house, "AGG-1"), "extensionist") as browser:
        farmer(browser, "F-1", "Nélida Cachique Ruiz", "PL-1")
        yield browser


def beside(walk: Walk, field: str) -> str:
    """The refusal that stands beside a field."""
    return walk.text.partition(f'id="{field}-wrong">')[2].partition("</p>")[0]


def test_a_farmer_is_enrolled_and_shown_with_the_district_of_the_organisation(field: TestClient, house: House) -> None:
    walk = Walk(field, "/farmers?lang=en")

    walk.click("Enrol a farmer")
    walk.fill(name="Abel Tuanama Soto", phone="987654321", document="45678912")
    walk.send("Enrol")

    assert (walk.status, walk.path) == (200, f"/farmers/F-{house.now()[:4]}-000001")
    assert [part in walk.words for part in ("Abel Tuanama Soto", "987654321", "45678912", "220101")] == [True] * 4


def test_what_is_refused_at_an_enrolment_stays_typed(field: TestClient) -> None:
    walk = Walk(field, "/farmers/new?lang=en")

    walk.fill(name="Abel Tuanama", document="4567", district="220101")
    walk.send("Enrol")

    assert walk.status == 422
    assert beside(walk, "document") == "“DNI or RUC”: wanted a DNI of 8 digits or a RUC of 11 with its check digit"
    assert walk.seen.forms[0]["fields"]["name"] == "Abel Tuanama"


def test_a_phone_is_amended_and_what_was_not_typed_stays(field: TestClient) -> None:
    walk = Walk(field, "/farmers/F-1?lang=en")

    walk.fill(phone="912345678")
    walk.send("Amend")

    assert (walk.status, walk.path) == (200, "/farmers/F-1")
    assert ("912345678" in walk.words, "Nélida Cachique Ruiz" in walk.words) == (True, True)
    walk.send("Amend")
    assert (walk.status, beside(walk, "name")) == (422, "nothing is another than before")


def test_corners_typed_by_hand_become_a_boundary_with_its_verdict_and_drawing(field: TestClient, house: House) -> None:
    walk = Walk(field, "/farmers/F-1?lang=en")

    walk.click("Register a plot")
    walk.fill(corners=CORNERS, **PLOT)
    walk.send("Register")

    assert (walk.status, walk.path) == (200, f"/land/PL-{house.now()[:4]}-000001")
    # 0.001° of 111,320 m, by 0.001° of 110,600 m at 6.5° south squeezed by cos(6.5°): about 1.22 ha, 2.2 % less than 1.25
    assert "it holds 1.223 ha, 1.25 ha are declared, they differ by 2.2%" in walk.words
    assert '<polygon points="' in walk.text


@pytest.mark.parametrize("wrap", ["geometry", "feature", "collection"])
def test_a_map_file_becomes_a_boundary(field: TestClient, wrap: str) -> None:
    geometry = {"type": "Polygon", "coordinates": [SQUARE]}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    shapes = {"geometry": geometry, "feature": feature, "collection": {"type": "FeatureCollection", "features": [feature]}}
    sent = Walk(field, "/farmers/F-1/plots/new").seen.forms[0]["fields"] | PLOT | {"plot_id": "PL-7"}

    answer = field.post("/farmers/F-1/plots/new", data=sent, files={"map": ("plot.geojson", json.dumps(shapes[wrap]))})

    assert (answer.status_code, answer.headers["location"]) == (303, "/land/PL-7")
    assert "1.223 ha" in field.get("/land/PL-7").text


@pytest.mark.parametrize(
    ("typed", "about", "sentence"),
    [
        ({"corners": "-6.5, -76.5\n-6.5, -76.499"}, "corners", "2 corners: wanted one point, or at least 3 corners"),
        ({"corners": "-6.5, -76.5\nhere"}, "corners", "corner 2 cannot be read: wanted latitude, longitude such as -6.48213, -76.37291"),
        ({"corners": "-76.5, -6.5"}, "corners", "in Peru only when latitude and longitude are exchanged: here latitude comes first"),
        ({"corners": "48.1, 11.5"}, "corners", "1 of 1 positions lie outside Peru"),
        ({"corners": "-6.5, -76.5", "area_ha": "4.5"}, "corners", "4.5 ha by one point: above 4 ha a boundary is wanted"),
        ({"area_ha": "2"}, "area_ha", "the boundary holds 1.223 ha, 2 ha are declared: they may differ by 10 %"),
        ({"plot_id": "PL-1"}, "plot_id", "plot PL-1 was accepted before, with other content"),
        ({"surveyed_at": "2099-01-01T10:00"}, "surveyed_at", "2099-01-01T10:00:00-05:00 is later than"),
    ],
)  # fmt: skip
def test_a_boundary_that_is_refused_stays_typed_and_says_why(field: TestClient, typed: dict[str, str], about: str, sentence: str) -> None:
    walk = Walk(field, "/farmers/F-1/plots/new?lang=en")

    walk.fill(**{"corners": CORNERS, **PLOT, **typed})
    walk.send("Register")

    assert walk.status == 422
    assert sentence in beside(walk, about)
    assert walk.seen.forms[0]["fields"]["corners"].splitlines() == {"corners": CORNERS, **typed}["corners"].splitlines()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<kml/>", "the file cannot be read: wanted GeoJSON, as mapping programs save it"),
        (b'{"type": "FeatureCollection", "features": []}', "the file holds 0 shapes: wanted the one of this plot"),
        (b'{"type": "LineString", "coordinates": []}', "wanted a Polygon, or a Point"),
        (b"[1]", "the file holds no shape"),
    ],
)
def test_a_file_that_is_no_boundary_is_refused(field: TestClient, content: bytes, sentence: str) -> None:
    sent = Walk(field, "/farmers/F-1/plots/new").seen.forms[0]["fields"] | PLOT

    answer = field.post("/farmers/F-1/plots/new?lang=en", data=sent, files={"map": ("plot.geojson", content)})

    assert answer.status_code == 422
    assert answer.text.partition('id="map-wrong">')[2].startswith(sentence)


@pytest.mark.parametrize("written", ["-6.5 -76.5", "-6,5; -76,5", "-6.5,-76.5", "-6,5 -76,5"])
def test_a_point_is_read_as_people_write_it(field: TestClient, written: str) -> None:
    walk = Walk(field, "/farmers/F-1/plots/new?lang=en")

    walk.fill(corners=written, **PLOT)
    walk.send("Register")

    assert "One point is accepted: 1.25 ha are declared" in walk.words


def test_a_plot_is_surveyed_again_and_handed_over(field: TestClient) -> None:
    farmer(field, "F-2", "Abel Tuanama")
    walk = Walk(field, "/land/PL-1?lang=en")

    walk.fill(corners=CORNERS.replace("-6.499", "-6.4988"), area_ha="1.46", accuracy_m="2")
    walk.send("Write the survey down")
    assert "1.46 ha are declared" in walk.words
    walk.fill(to_id="F-9")
    walk.send("Hand over")
    assert beside(walk, "to_id") == "no party F-9 was ever accepted"
    walk.fill(to_id="f-2")
    walk.send("Hand over")

    assert (walk.status, walk.path) == (200, "/land/PL-1")
    assert "Held by Abel Tuanama" in walk.words
    assert "PL-1" not in field.get("/farmers/F-1").text


def test_farmers_are_listed_by_code_a_page_at_a_time(field: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.office.farmers.MOST", 2)
    for at in (2, 3, 4, 5):
        farmer(field, f"F-{at}", f"Nombre {at}")
    walk = Walk(field, "/farmers?lang=en")

    first = walk.words
    walk.click("Further")

    assert ["F-1" in first, "F-2" in first, "F-3" in first] == [True, True, False]
    assert ["F-2" in walk.words, "F-3" in walk.words, "F-4" in walk.words, "F-5" in walk.words] == [False, True, True, False]


def test_farmers_and_plots_of_others_answer_as_if_unknown(house: House, field: TestClient) -> None:
    with signed_in(house, organisation(house, "AGG-2"), "extensionist") as stranger:
        answers = [stranger.get(path).status_code for path in ("/farmers/F-1", "/land/PL-1", "/farmers/F-1/plots/new")]

        assert field.get("/farmers/F-1").status_code == 200
        assert answers == [404, 404, 404]
        assert "Nélida" not in stranger.get("/farmers").text
        assert stranger.post("/land/PL-1/transfer", data={"to_id": "F-1", "transferred_at": "2026-06-03T10:00"}).status_code == 404


def test_a_role_without_the_right_is_shown_no_form_for_it(house: House, field: TestClient) -> None:
    with signed_in(house, "main/AGG-1", "auditor") as auditor:
        page = auditor.get("/farmers/F-1?lang=en").text

        assert "Nélida Cachique Ruiz" in page
        assert "<form" not in page.partition("<main")[2]
        assert auditor.post("/farmers/F-1", data={"name": "X"}).status_code == 403
    assert field.get("/farmers/F-1").status_code == 200
