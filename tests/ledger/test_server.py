"""Our own PostgreSQL is started, noticed when it died, and stopped; what was committed stays."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from ledger.server import NotStarted, Server


@pytest.fixture
def server(places: Callable[[], Path]) -> Iterator[Server]:
    each = Server(places() / "house" / "pg")
    yield each
    each.stop()


def postmaster(server: Server) -> psutil.Process:
    return psutil.Process(int((server.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0]))


def test_it_starts_where_nothing_is_and_keeps_what_was_committed(server: Server) -> None:
    with psycopg.connect(server.ensure()) as conn:
        conn.execute("CREATE TABLE kept (x int)")
    server.stop()
    assert not server.running()

    with psycopg.connect(server.ensure()) as conn:
        assert conn.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_killed_server_is_started_again_in_the_same_process(server: Server) -> None:
    with psycopg.connect(server.ensure()) as conn:
        conn.execute("CREATE TABLE kept (x int)")
    process = postmaster(server)
    process.kill()
    process.wait(10)

    with psycopg.connect(server.ensure()) as conn:
        assert conn.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_server_killed_at_work_is_started_again_though_its_children_hold_on(server: Server) -> None:
    url = server.ensure()
    ended = threading.Event()

    def work() -> None:
        try:
            with psycopg.connect(url) as conn:
                conn.execute("SELECT count(*) FROM generate_series(1, 20000000) a")
                for _ in range(1_000):  # a child that has work waiting may do some before it notices
                    conn.execute("SELECT pg_sleep(0.01)")
        except psycopg.OperationalError:
            ended.set()

    worker = threading.Thread(target=work)
    worker.start()
    time.sleep(0.5)
    process = postmaster(server)
    process.kill()
    process.wait(10)

    with psycopg.connect(server.ensure()) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
    worker.join(120)
    assert ended.is_set()


def test_a_folder_that_holds_something_else_is_said_so(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.server.START_SECONDS", 1.0)
    server.folder.mkdir(parents=True)
    (server.folder / "something").write_text("else", encoding="utf-8")

    with pytest.raises(NotStarted, match="does not start"):
        server.ensure()


def test_a_dead_clients_note_does_not_keep_the_server_alive(server: Server) -> None:
    server.ensure()
    notes = server.folder / ".handle_pids.json"
    notes.write_text("[1999999999]", encoding="utf-8")

    Server(server.folder).ensure()

    assert "1999999999" not in notes.read_text(encoding="utf-8")


def test_it_is_durable(server: Server) -> None:
    with psycopg.connect(server.ensure()) as conn:
        settings = [
            conn.execute("SELECT current_setting(%s)", (name,)).fetchone() for name in ("fsync", "data_checksums", "synchronous_commit")
        ]

    assert settings == [("on",), ("on",), ("on",)]


def test_stopping_twice_is_stopping_once(server: Server) -> None:
    server.ensure()

    server.stop()
    server.stop()

    assert not server.running()
