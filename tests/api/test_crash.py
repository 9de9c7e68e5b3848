"""kill -9 of an import, of the server and of the database: nothing acknowledged is lost, nothing is doubled, the import goes on."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import psutil
import psycopg
import pytest

from api.examples import EXAMPLES
from api.house import DATABASE, House, vault_key
from api.kept import AS_OF
from api.publishing import signer
from api.running import free
from api.sample import write_season
from api.settings import Settings
from ledger import log
from ledger.crypto import Signer
from ledger.log import Diverged
from ledger.merkle import Range, leaf_hash, unpacked
from ledger.schema import Connection, connect
from ledger.server import Server
from ledger.vault import Vault, key_from, secret

CACAO = Path(sys.executable).parent / "cacao"


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("season")
    write_season(folder)
    return folder


@pytest.fixture
def home(places: Callable[[], Path]) -> Iterator[Path]:
    """A CACAO_HOME with a PostgreSQL of its own, stopped afterwards."""
    folder = places() / "home"
    yield folder
    Server(folder / "pg").stop()


def environment(home: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"CACAO_HOME": str(home)}


def cacao(home: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [CACAO, *words], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def finish(home: Path, *words: str) -> int:
    process = cacao(home, *words)
    _, words_of_it = process.communicate(timeout=120)
    print(words_of_it)  # shown where the test fails
    return process.returncode


def database(home: Path) -> str:
    return Server(home / "pg").ensure(DATABASE)


def results(home: Path, season: Path, folder: Path) -> dict[str, str]:
    assert finish(home, "import", str(season), "--report", str(folder)) == 0
    assert finish(home, "report", str(folder)) == 0
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def check_ledger(url: str) -> int:
    """Positions without gaps, no command twice, the head is the root of the lines; returns the size."""
    with psycopg.connect(url) as conn:
        lines = [bytes(line) for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]
        row = conn.execute(
            "SELECT size, nodes, (SELECT count(*) FROM ledger.commands), (SELECT max(position) FROM ledger.entries) FROM ledger.head"
        )
        size, nodes, commands, last = row.fetchone() or (0, b"", 0, 0)
    ids = {json.loads(line)["id"] for line in lines}
    assert len(lines) == size == last == commands == len(ids)
    assert unpacked(size, bytes(nodes)) == Range().extend(map(leaf_hash, lines))
    return int(size)


@pytest.fixture(scope="module")
def uninterrupted(season: Path, places: Callable[[], Path]) -> dict[str, str]:
    home = places()
    try:
        return results(home / "home", season, home / "report")
    finally:
        Server(home / "home" / "pg").stop()


def journaled(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT count(*) FROM ledger.journal").fetchone()
    return int(row[0]) if row else 0


def wait_until(true: Any, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.005)


def test_an_import_killed_again_and_again_ends_as_if_it_never_was(
    home: Path, season: Path, tmp_path: Path, uninterrupted: dict[str, str]
) -> None:
    assert finish(home, "doctor") == 0
    finish(home, "replay")
    url = database(home)
    killed = 0
    while killed < 4:
        process = cacao(home, "import", str(season))
        before = journaled(url)
        wait_until(lambda before=before, process=process: journaled(url) > before or process.poll() is not None)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL) if process.pid != os.getpid() else None
        process.communicate()
        killed += 1
        check_ledger(database(home))

    assert results(home, season, tmp_path / "report") == uninterrupted
    check_ledger(database(home))


def answered(url: str) -> tuple[int, bool]:
    """The status of an answer, and whether it is the page as it was before."""
    try:
        with urlopen(Request(url, headers={"Accept": "text/html"}), timeout=30) as answer:  # noqa: S310 - our own
            return answer.status, AS_OF in answer.headers
    except HTTPError as refused:
        return refused.code, False


def test_a_database_that_is_killed_while_people_only_read_comes_back(home: Path) -> None:
    port = next(port for port in range(18_600, 18_700) if free("127.0.0.1", port))
    words = [CACAO, "serve", "--port", str(port)]
    server = subprocess.Popen(words, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    at, told = f"http://127.0.0.1:{port}", set()
    try:
        wait_until(lambda: not free("127.0.0.1", port))
        assert answered(f"{at}/") == (200, False)
        psutil.Process(int((home / "pg" / "postmaster.pid").read_text(encoding="utf-8").split()[0])).kill()
        wait_until(lambda: not Server(home / "pg").running())

        while (found := answered(f"{at}/search?q=CSQU3054383")) != (404, False):
            told.add(found)
        assert told <= {(503, False)}
        wait_until(lambda: answered(f"{at}/") == (200, False))
    finally:
        server.kill()
        server.wait()


def test_first_starts_at_once_make_one_house(home: Path) -> None:
    processes = [cacao(home, "replay") for _ in range(3)]

    words = [process.communicate(timeout=120)[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], words


class BesideAnotherStart:
    """A connection beside which another first start makes the vault's key, and seals, just before the first answer."""

    def __init__(self, conn: Connection, path: Path) -> None:
        self.conn, self.path = conn, path

    def execute(self, query: str) -> Any:
        Vault(key_from(self.path)).check(self.conn)
        return self.conn.execute(query)


def test_a_first_start_takes_the_key_that_another_made_while_it_looked(ledger: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    with connect(ledger) as conn:
        key = vault_key(settings, cast("Connection", BesideAnotherStart(conn, settings.vault_key)))
        Vault(key).check(conn)

    assert key == key_from(settings.vault_key)


def test_who_asks_for_the_log_s_key_takes_the_one_that_another_made_while_it_looked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    path, made = house.settings.log_key, Signer.new(house.settings.origin)

    def signed_meanwhile(_conn: Connection, _origin: str) -> str:
        secret(path, lambda: str(made))
        return "a head"

    monkeypatch.setattr(log, "newest", signed_meanwhile)

    assert signer(house).key == made.key

    path.unlink()
    monkeypatch.setattr(log, "newest", lambda _conn, _origin: "a head")
    with pytest.raises(Diverged, match="the file of the log's key is gone"):
        signer(house)
    assert not path.exists()


def postmaster(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "pg" / "postmaster.pid").read_text(encoding="utf-8").split()[0]))


def test_an_import_goes_on_when_the_database_is_killed_under_it(
    home: Path, season: Path, tmp_path: Path, uninterrupted: dict[str, str]
) -> None:
    finish(home, "replay")
    url = database(home)
    process = cacao(home, "import", str(season))
    wait_until(lambda: journaled(url) > 0 or process.poll() is not None)

    postmaster(home).kill()
    process.communicate(timeout=120)

    assert results(home, season, tmp_path / "report") == uninterrupted
    check_ledger(database(home))


class Client(threading.Thread):
    """Posts harvests one by one and notes which were acknowledged."""

    def __init__(self, port: int, token: str, number: int) -> None:
        super().__init__()
        self.port, self.token, self.number = port, token, number
        self.acknowledged: dict[str, int] = {}
        self.stopped = threading.Event()

    def run(self) -> None:
        harvest = next(body for body in EXAMPLES if body["do"] == "record-harvest")
        for at in range(10_000):
            if self.stopped.is_set():
                return
            body = harvest | {"id": str(uuid4()), "lot_id": f"K-{self.number}-{at}"}
            try:
                self.acknowledged[body["id"]] = post(self.port, self.token, body)["positions"][0]
            except (HTTPException, OSError):
                return


def post(port: int, token: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"http://127.0.0.1:{port}/commands", json.dumps(body).encode(), headers), timeout=30) as answer:
        return json.load(answer)


def serving(home: Path, port: int) -> "subprocess.Popen[str]":
    """A server whose log, a line a request, goes to a file: a pipe that nobody empties would stop it."""
    log = home.parent / "serve.log"
    with log.open("w", encoding="utf-8") as into:
        process = subprocess.Popen(
            [CACAO, "serve", "--port", str(port)], env=environment(home), stdout=into, stderr=into, text=True, start_new_session=True
        )
    wait_until(lambda: process.poll() is not None or not free("127.0.0.1", port))
    assert process.poll() is None, log.read_text(encoding="utf-8")
    return process


def a_port() -> int:
    return next(port for port in range(18_500, 18_600) if free("127.0.0.1", port))


@pytest.mark.parametrize("victim", ["server", "database"])
def test_no_acknowledged_command_is_lost_when_it_is_killed(home: Path, victim: str) -> None:
    port = a_port()
    server = serving(home, port)
    token = subprocess.run([CACAO, "token"], env=environment(home), capture_output=True, text=True, check=True).stdout.strip()
    post(port, token, EXAMPLES[:6])
    clients = [Client(port, token, number) for number in range(4)]
    for client in clients:
        client.start()
    wait_until(lambda: sum(len(client.acknowledged) for client in clients) > 100)

    if victim == "server":
        server.kill()
    else:
        postmaster(home).kill()
        time.sleep(2)
        for client in clients:
            client.stopped.set()
    for client in clients:
        client.join(60)
    server.kill()
    server.communicate()

    url = database(home)
    check_ledger(url)
    with psycopg.connect(url) as conn:
        stored = {str(id_): first for id_, first in conn.execute("SELECT id, first FROM ledger.commands")}
    acknowledged = {id_: at for client in clients for id_, at in client.acknowledged.items()}
    assert acknowledged
    assert acknowledged.items() <= stored.items()
