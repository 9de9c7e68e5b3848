"""Views follow the entries: rows and position are one commit, whoever follows, and a rebuild keeps serving."""

import threading
from pathlib import Path

import psycopg
import pytest

from api.examples import EXAMPLES
from api.house import House, opened
from api.imports import Import
from api.sample import write_season
from api.season import Folder
from domain.vocabulary import COMMANDS
from ledger.act import Act
from projections import follow
from projections.rebuild import digests, rebuild
from projections.view import View


@pytest.fixture
def season(house: House, tmp_path: Path) -> House:
    write_season(tmp_path / "season")
    Import(Folder(tmp_path / "season", "main"), house.writer, house.url).take()
    return house


def caught_up(house: House) -> int:
    with follow.connected(house.url) as conn:
        return follow.catch_up(conn)


def write_examples(house: House) -> None:
    house.writer.submit(Act([COMMANDS.validate_python(body) for body in EXAMPLES], "test", "main")).result(30)


def test_a_batch_that_fails_leaves_neither_rows_nor_position(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    write_examples(house)

    def fails(*_: object) -> None:
        raise RuntimeError("after the rows were written")

    broken = [
        View(view.name, view.tables, view.folds, fails, frozenset({"lot-loaded.v1"})) if view.settle else view for view in follow.VIEWS
    ]
    with monkeypatch.context() as patch, follow.connected(house.url) as conn:
        patch.setattr(follow, "VIEWS", tuple(broken))
        with pytest.raises(RuntimeError, match="after the rows"):
            follow.step(conn)
        assert follow.position(conn) == 0
        assert conn.execute("SELECT count(*) FROM views.lots").fetchone() == (0,)

    assert caught_up(house) == len(EXAMPLES)


def test_two_followers_do_not_double_a_row(season: House) -> None:
    threads = [threading.Thread(target=caught_up, args=(season,)) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    at, compared = rebuild(season.url)
    assert at > 2000
    assert all(each.before == each.after for each in compared)


@pytest.mark.parametrize("batch", [1, 7, 500])
def test_the_size_of_the_batches_does_not_matter(house: House, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    write_examples(house)
    monkeypatch.setattr(follow, "BATCH", batch)
    caught_up(house)

    with follow.connected(house.url) as conn:
        piecewise = digests(conn)
    monkeypatch.setattr(follow, "BATCH", 5_000)
    _, compared = rebuild(house.url)

    assert {each.view: each.after for each in compared} == piecewise


def test_the_views_serve_while_they_are_rebuilt(season: House) -> None:
    caught_up(season)
    done = threading.Event()
    counts: set[int] = set()
    failures: list[Exception] = []

    def read() -> None:
        with season.pool.connection() as conn:
            while not done.is_set():
                try:
                    row = conn.execute("SELECT count(*) FROM views.lots").fetchone()
                    counts.add(row[0] if row else -1)
                except psycopg.Error as error:
                    failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(2):
        rebuild(season.url)
    done.set()
    reader.join()

    assert not failures
    assert len(counts) == 1


def test_entries_written_during_a_rebuild_are_in_it(season: House) -> None:
    caught_up(season)
    write = threading.Thread(target=write_examples, args=(season,))

    write.start()
    rebuild(season.url)
    write.join()
    caught_up(season)
    at, compared = rebuild(season.url)

    with psycopg.connect(season.url) as conn:
        assert conn.execute("SELECT size FROM ledger.head").fetchone() == (at,)
    assert all(each.before == each.after for each in compared)


def test_a_position_can_be_waited_for(house: House) -> None:
    write_examples(house)

    assert house.follower.wait_for(len(EXAMPLES), 10)
    assert not house.follower.wait_for(len(EXAMPLES) + 1, 0.2)


def test_a_second_stuffing_of_a_container_is_apart_from_the_first(house: House) -> None:
    write_examples(house)
    number = next(body["container_no"] for body in EXAMPLES if body["do"] == "open-container")
    opening = next(body for body in EXAMPLES if body["do"] == "open-container")
    again = COMMANDS.validate_python(opening | {"id": "0197a3c0-4b2e-7fff-8c51-2f1b6d0e9aff", "at": "2026-08-01T08:00:00-05:00"})
    house.writer.submit(Act([again], "test", "main")).result(30)
    caught_up(house)

    with house.pool.connection() as conn:
        rows = conn.execute(
            "SELECT first, sealed_at IS NOT NULL FROM views.containers WHERE container_no = %s ORDER BY first", (number,)
        ).fetchall()
        tags = [tag for (tag,) in conn.execute("SELECT tag FROM views.timeline WHERE position = %s ORDER BY tag", (len(EXAMPLES) + 1,))]
    assert rows == [(22, True), (len(EXAMPLES) + 1, False)]
    assert tags == [f"container:{number}", "party:main/EX-01", f"stuffing:{number}@{len(EXAMPLES) + 1}"]


def test_views_of_another_releases_shape_are_made_again_at_the_start(season: House) -> None:
    caught_up(season)
    with psycopg.connect(season.url) as conn:
        conn.execute("UPDATE views.progress SET shape = 'of an older release'")
        conn.execute("DROP TABLE views.lots CASCADE")

    with opened(season.settings) as again, again.pool.connection() as conn:
        assert follow.shape(conn) == follow.SHAPE
        assert conn.execute("SELECT count(*) > 1000 FROM views.lots").fetchone() == (True,)
