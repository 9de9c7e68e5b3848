"""Our own PostgreSQL is started, noticed when it died, and stopped; what was committed stays."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from ledger.server import Server


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
