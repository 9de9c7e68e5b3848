"""Scans of labels: counted by day and country and nothing else, written off the way, kept for ninety days."""

from datetime import date

import psycopg
import pytest
from psycopg import sql

from api import counting, scans
from api.counting import Counting, Tally
from api.house import House

SERIAL, OTHER = "0K3V9ZQ1", "0K3V9ZQ2"


@pytest.fixture(autouse=True)
def empty(fresh_house: House) -> None:
    with psycopg.connect(fresh_house.url) as conn:
        conn.execute("TRUNCATE scans.looks, scans.opened")


def written(house: House) -> None:
    with house.pool.connection() as conn:
        house.scans.write(conn)


def test_a_label_tells_how_often_when_and_where_it_was_scanned(fresh_house: House) -> None:
    for day, country, n in (("2026-06-01", "DE", 2), ("2026-06-03", "DE", 1), ("2026-06-03", "", 4)):
        fresh_house.scans.add(SERIAL, day, country, n)
    fresh_house.scans.add(OTHER, "2026-06-01", "NL")
    written(fresh_house)
    fresh_house.scans.add(SERIAL, "2026-06-03", "DE")
    written(fresh_house)

    with fresh_house.pool.connection() as conn:
        seen, never = scans.seen(conn, SERIAL), scans.seen(conn, "ZZZZZZZZ")

    assert seen.countries == [("DE", date(2026, 6, 1), date(2026, 6, 3), 4), ("", date(2026, 6, 3), date(2026, 6, 3), 4)]
    assert (seen.total, seen.days) == (8, 2)
    assert never == (0, 0, [])


def test_a_scan_is_noted_in_memory_under_todays_date_and_nothing_else_is_kept(fresh_house: House) -> None:
    scans.note(fresh_house, SERIAL, "DE")
    scans.note(fresh_house, "no serial; drop table", "DE")
    with fresh_house.pool.connection() as conn:
        before = scans.seen(conn, SERIAL).total
    written(fresh_house)

    with psycopg.connect(fresh_house.url) as conn:
        rows = conn.execute("SELECT * FROM scans.looks").fetchall()
    assert before == 0
    assert rows == [(SERIAL, date.fromisoformat(fresh_house.now()[:10]), "DE", 1)]


def test_a_country_is_two_letters_of_the_named_header_or_unknown() -> None:
    said = {"DE": "DE", " nl": "NL", "XX": "", "T1": "", "DEU": "", "": "", "\u00c91": "", "D\u0130": ""}

    assert {each: scans.country_of({"X-Country": each}, "X-Country") for each in said} == said
    assert scans.country_of({"X-Country": "DE"}, "") == ""


def test_scans_are_forgotten_after_ninety_days_and_opened_dossiers_after_a_year(fresh_house: House) -> None:
    for day in ("2026-03-03", "2026-03-04", "2026-06-01"):
        fresh_house.scans.add(SERIAL, day, "DE")
    written(fresh_house)
    with fresh_house.pool.connection() as conn:
        for minute in ("2025-05-31 23:59", "2025-06-01 00:00"):
            conn.execute("INSERT INTO scans.opened VALUES ('D-1', %s, 'link', 'page', 22, 'main/EX-01', 1)", (minute,))
        gone = scans.forget(conn, "2026-06-01")
        seen, left = scans.seen(conn, SERIAL), conn.execute("SELECT minute FROM scans.opened").fetchall()

    assert gone == 2
    assert (seen.total, seen.countries[0].first) == (2, date(2026, 3, 4))
    assert left == [("2025-06-01 00:00",)]


def test_what_was_counted_is_written_while_serving_and_at_the_end(fresh_house: House) -> None:
    tally = Tally()
    with Counting(fresh_house.url, tally, lambda: "2026-06-01T10:00:00-05:00", seconds=60):
        tally.add(SERIAL, "2026-06-01", "DE")

    with fresh_house.pool.connection() as conn:
        assert scans.seen(conn, SERIAL).total == 1


def test_what_cannot_be_written_is_counted_on_and_bounded(fresh_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 50)
    tally = Tally()
    tally.add(SERIAL, "2026-06-01", "DE", 3)
    with psycopg.connect(fresh_house.url) as closed:
        pass
    with pytest.raises(psycopg.Error):
        tally.write(closed)
    for n in range(60):
        tally.add(f"{n:08d}", "2026-06-01", "")
    tally.add(SERIAL, "2026-06-01", "DE")

    with fresh_house.pool.connection() as conn:
        assert tally.write(conn) == 50
        assert scans.seen(conn, SERIAL).total == 4


def test_the_offices_database_role_sees_its_own_dossiers_and_no_count_of_labels(fresh_house: House) -> None:
    with fresh_house.pool.connection() as conn:
        for n, holder in enumerate(("main/EX-01", "main/EX-02")):
            conn.execute("INSERT INTO scans.opened VALUES (%s, '2026-06-01 10:00', 'link', 'page', 22, %s, 1)", (f"D-{n}", holder))
    with fresh_house.reading("main/EX-01") as conn:
        rows = conn.execute("SELECT share, holder FROM scans.opened").fetchall()
    with fresh_house.reading("main/EX-01") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("SELECT FROM scans.looks")
    with fresh_house.reading("main/EX-01") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("scans", "opened")))

    assert rows == [("D-0", "main/EX-01")]


def test_making_the_tables_again_changes_nothing(fresh_house: House) -> None:
    scans.install(fresh_house.url)

    with psycopg.connect(fresh_house.url) as conn:
        policies = conn.execute("SELECT policyname FROM pg_policies WHERE schemaname = 'scans' ORDER BY 1").fetchall()
    assert policies == [("others",), ("theirs",)]
