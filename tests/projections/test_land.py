"""Plots show their latest survey and holder, parties what their newest document says; every row says who wrote it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.examples import EXAMPLES
from api.house import House
from ledger.schema import Connection
from projections import follow
from projections.rebuild import digests, rebuild

EARLY, MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (1, 5, 6, 7))
SQUARE = [[-76.500, -6.500], [-76.499, -6.500], [-76.499, -6.499], [-76.500, -6.499], [-76.500, -6.500]]
PLOT = {
    "do": "register-plot", "plot_id": "P-1", "holder_id": "F-1", "area_ha": "1", "district": "220501", "system": "full_sun",
    "planted_at": EARLY, "surveyed_at": EARLY, "accuracy_m": "3", "geometry": {"type": "Point", "coordinates": [-76.1, -6.2]},
}  # fmt: skip
RESURVEY = {
    "do": "resurvey-plot", "plot_id": "P-1", "area_ha": "1.25", "surveyed_at": MAY, "accuracy_m": "1.5",
    "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
}  # fmt: skip
_HOLDERS = "SELECT dst, holder FROM views.edges ORDER BY position, src"


def enrol(party: str, **further: Any) -> dict[str, Any]:
    body = {"do": "enrol-party", "party_id": party, "role": "farmer", "name": party, "district": "220501", "enrolled_at": EARLY}
    return body | further


def transfer(to: str, at: str) -> dict[str, Any]:
    return {"do": "transfer-plot", "plot_id": "P-1", "to_id": to, "transferred_at": at}


@pytest.fixture
def conn(house: House) -> Iterator[Connection]:
    with follow.connected(house.url) as conn:
        yield conn


def plot(conn: Connection) -> Any:
    return conn.execute(
        "SELECT holder, shape, cell, area_m2, accuracy_mm, surveyed_at, district, position, org FROM views.plots"
    ).fetchone()


def test_a_plot_shows_its_latest_survey_and_holder(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    tell(house, enrol("F-1"), enrol("F-2"), enrol("F-3"), PLOT, org="main/COOP")
    assert plot(conn) == ("main/F-1", "point", "-7614/-621", 10_000, 3_000, EARLY, "220501", 4, "main/COOP")

    tell(house, RESURVEY, transfer("F-2", MAY), transfer("F-3", JUNE), org="main/OTHER")
    assert plot(conn) == ("main/F-3", "polygon", "-7650/-657", 12_500, 1_500, MAY, "220501", 7, "main/COOP")


@pytest.mark.parametrize("batch", [1, 3, 5_000])
def test_what_is_shown_is_the_same_after_a_rebuild(
    house: House, conn: Connection, tell: Callable[..., None], monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(follow, "BATCH", batch)
    amend = {"do": "amend-party", "party_id": "F-1", "document": "20100000009", "amended_at": JUNE}
    tell(house, enrol("F-1"), enrol("F-2"), PLOT, amend, RESURVEY, transfer("F-2", MAY), transfer("F-1", JUNE), RESURVEY)

    monkeypatch.setattr(follow, "BATCH", 5_000)
    before = digests(conn)
    _, compared = rebuild(house.url)
    assert {each.view: each.after for each in compared} == before
    assert plot(conn)[0] == "main/F-1"


def test_a_party_is_an_organisation_as_its_newest_document_says(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    def organisation() -> Any:
        return conn.execute("SELECT organisation FROM views.parties").fetchone()

    def amend(**further: str) -> dict[str, Any]:
        return {"do": "amend-party", "party_id": "F-1", "amended_at": JUNE, **further}

    tell(house, enrol("F-1", document="45678912"))
    assert organisation() == (False,)
    tell(house, amend(document="20100000009"))
    assert organisation() == (True,)
    tell(house, amend(phone="987654321"))
    assert organisation() == (True,)
    tell(house, amend(document="45678912"))
    assert organisation() == (False,)


def test_every_row_says_which_organisation_wrote_it(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    tell(house, *({name: value for name, value in body.items() if name != "id"} for body in EXAMPLES), org="main/COOP")

    named = [each for each in follow.tables() if "org" in each.columns and each.name != "users"]
    assert {each.name for each in follow.tables()} - {each.name for each in named} == {"origins", "timeline", "users"}
    for each in named:
        orgs = conn.execute(f"SELECT DISTINCT org FROM views.{each.name}").fetchall()
        there = not each.name.startswith("gone_") or each.name in ("gone_lots", "gone_edges")
        assert orgs == ([("main/COOP",)] if there else []), each.name


def test_an_edge_says_who_held_what_was_drawn(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    tell(house, *({name: value for name, value in body.items() if name != "id"} for body in EXAMPLES))

    assert conn.execute(_HOLDERS).fetchall() == [
        ("lot:main/HV-001", "main/FA-0001"),
        ("lot:main/BU-001", "main/FA-0001"),
        ("lot:main/FE-001", "main/AG-01"),
        ("lot:main/DR-001", "main/AG-01"),
        ("lot:main/SP-001", "main/AG-01"),
        ("lot:main/BL-001", "main/AG-01"),
        ("lot:main/BL-001", "main/AG-01"),
        ("loss:main/LO-001", "main/AG-01"),
        ("lot:main/BU-002", "main/AG-01"),
        ("stuffing:CSQU3054383@22", "main/EX-01"),
    ]
