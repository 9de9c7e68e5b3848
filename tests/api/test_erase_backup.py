"""No copy of before brings back who was erased: not an old backup with the newest keys, nor an old disk where the erasure is remembered."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo

from api import erased
from api.backup import Manifest, back_up, root_of
from api.erasing import run, said_again
from api.house import House, opened
from api.keeping import bring_back
from api.pgtools import tool
from api.settings import Settings
from domain.vocabulary import COMMANDS
from ledger import reopen
from ledger.act import Act
from ledger.decision import Accepted
from ledger.erase import standing
from ledger.schema import connect
from ledger.server import Server

JUNE = "2026-06-02T10:00:00-05:00"
CORNER = [-76.512345, -6.512347]


def write(house: House, id_: str, name: str) -> None:
    """A farmer with a plot."""
    bodies: list[dict[str, Any]] = [
        {"do": "enrol-party", "party_id": id_, "role": "farmer", "name": name, "district": "220101", "enrolled_at": JUNE},
        {"do": "register-plot", "plot_id": f"P-{id_}", "holder_id": id_, "area_ha": "1", "district": "220101", "system": "full_sun",
         "planted_at": JUNE, "surveyed_at": JUNE, "accuracy_m": "3", "geometry": {"type": "Point", "coordinates": CORNER}},
    ]  # fmt: skip
    answers = house.writer.ask(Act([COMMANDS.validate_python({"id": str(uuid4()), **body}) for body in bodies], "test", "main"))
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert house.follower.wait_for(answers[-1].positions[0], 10)


def forget(house: House, who: str) -> None:
    assert run(house, who, "asked", "main", lambda _words: True, as_json=False) == 0


def known(url: str, home: Path) -> tuple[list[str], int]:
    """The names that a house knows, opened on a database; and how many boundaries."""
    with opened(Settings(home=home, DATABASE_URL=url)) as house, house.pool.connection() as conn:
        tags = [tag for (tag,) in conn.execute("SELECT DISTINCT tag FROM vault.sealed")]
        contents = [each.content for each in house.vault.open(conn, tags).values()]
        return sorted(of["name"] for of in contents if "name" in of), sum("geometry" in of for of in contents)


def judged(url: str, home: Path) -> tuple[int, int, int, int]:
    """How many seals are kept, erased, erased without an entry that says so, and broken."""
    with opened(Settings(home=home, DATABASE_URL=url)) as house, connect(url) as conn:
        of = standing(conn, house.vault, conn.execute("SELECT position, line FROM ledger.entries ORDER BY position"))
        return of.kept, of.erased, of.unsaid, len(of.broken)


@contextmanager
def another(cluster: str) -> Iterator[str]:
    """An empty database."""
    name = f"e{uuid4().hex}"
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    yield conninfo.make_conninfo(cluster, dbname=name)
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty(cluster: str) -> Iterator[str]:
    with another(cluster) as url:
        yield url


@pytest.fixture
def elsewhere(tmp_path: Path, house: House) -> Path:
    """The home of another machine: the vault's key was brought there, and nothing else."""
    path = tmp_path / "elsewhere" / "keys"
    path.mkdir(parents=True)
    shutil.copy(house.settings.vault_key, path)
    return path.parent


@pytest.fixture
def monday(house: House, tmp_path: Path) -> Manifest:
    """A backup in which Rosa and Juan are; then Rosa was erased, Ana came, and a second backup replaced the keys."""
    write(house, "F-1", "Rosa")
    write(house, "F-2", "Juan")
    manifest = back_up(house.url, tmp_path / "monday", tmp_path / "keys", lambda _more: None)
    shutil.copytree(tmp_path / "keys", tmp_path / "old-keys")
    forget(house, "F-1")
    write(house, "F-3", "Ana")
    back_up(house.url, tmp_path / "tuesday", tmp_path / "keys", lambda _more: None)
    return manifest


def restored(url: str, home: Path, folder: Path, keys: Path) -> int:
    return bring_back(Settings(home=home, DATABASE_URL=url), folder, keys, without_vault=False, as_json=False)


def test_a_backup_of_before_with_the_newest_keys_does_not_bring_the_person_back(
    empty: str, elsewhere: Path, monday: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restored(empty, elsewhere, tmp_path / "monday", tmp_path / "keys") == 0

    assert "Erased after this backup: 1." in capsys.readouterr().err
    with psycopg.connect(empty) as conn:
        assert root_of(conn) == (monday.size, monday.root)
    assert known(empty, elsewhere) == (["Juan"], 1)
    assert judged(empty, elsewhere) == (2, 0, 2, 0)
    with opened(Settings(home=elsewhere, DATABASE_URL=empty)) as house:
        with connect(empty) as conn:
            reopen.seal(conn, "2026-06-03T00:00:00.000000Z")
            assert said_again(house) == 0
            reopen.unseal(conn)
        assert said_again(house) == 1
    assert judged(empty, elsewhere) == (2, 2, 0, 0)


def test_a_backup_of_after_says_itself_who_was_erased(empty: str, elsewhere: Path, monday: Manifest, tmp_path: Path) -> None:
    del monday

    assert restored(empty, elsewhere, tmp_path / "tuesday", tmp_path / "keys") == 0
    assert known(empty, elsewhere) == (["Ana", "Juan"], 2)
    assert judged(empty, elsewhere) == (4, 2, 0, 0)
    with opened(Settings(home=elsewhere, DATABASE_URL=empty)) as house:
        assert said_again(house) == 0


def test_old_keys_bring_nobody_back_where_the_erasure_is_remembered(house: House, empty: str, monday: Manifest, tmp_path: Path) -> None:
    del monday

    assert restored(empty, house.settings.home, tmp_path / "monday", tmp_path / "old-keys") == 0
    assert known(empty, house.settings.home) == (["Juan"], 1)


def test_old_keys_where_nothing_is_remembered_open_all_that_they_did_which_is_why_they_are_not_kept(
    empty: str, elsewhere: Path, monday: Manifest, tmp_path: Path
) -> None:
    del monday

    restored(empty, elsewhere, tmp_path / "monday", tmp_path / "old-keys")
    assert known(empty, elsewhere) == (["Juan", "Rosa"], 2)


def test_keys_that_are_older_than_the_backup_are_noticed(
    empty: str, elsewhere: Path, monday: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del monday

    assert restored(empty, elsewhere, tmp_path / "tuesday", tmp_path / "old-keys") == 1

    assert "without a key, and not erased as far as anybody said: 1." in capsys.readouterr().err
    assert known(empty, elsewhere) == (["Juan"], 1)
    assert judged(empty, elsewhere) == (2, 2, 0, 2)


def test_keys_that_are_not_there_are_asked_for(empty: str, elsewhere: Path, monday: Manifest, tmp_path: Path) -> None:
    del monday

    assert restored(empty, elsewhere, tmp_path / "monday", tmp_path / "nowhere") == 2
    with psycopg.connect(empty) as conn:
        assert conn.execute("SELECT to_regnamespace('ledger'), to_regnamespace('vault')").fetchone() == (None, None)


def copied(of: Server, folder: Path) -> Server:
    """A base backup by PostgreSQL's own tool, and the server that a person would start on it."""
    with psycopg.connect(of.ensure()) as conn:
        major = conn.info.server_version // 10_000
    words = ["-d", of.ensure(), "-D", str(folder), "-X", "stream", "-c", "fast"]
    subprocess.run([tool("pg_basebackup", major), *words], check=True, capture_output=True)
    owner = of.folder.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    return Server(folder)


def test_a_disk_of_before_is_opened_and_who_was_erased_is_erased_on_it_too(cluster: str, house: House, places: Callable[[], Path]) -> None:
    """PostgreSQL's base backup copies everything, keys included: what is remembered beside it destroys them again."""
    if os.environ.get("DATABASE_URL"):
        pytest.skip("the base backup is of our own PostgreSQL")
    write(house, "F-1", "Rosa")
    write(house, "F-2", "Juan")
    with psycopg.connect(house.url) as conn:
        before, name = root_of(conn), conn.info.dbname
    server = Server(Path(conninfo.conninfo_to_dict(cluster)["host"]))  # type: ignore[arg-type]
    copy = copied(server, places() / "copy")
    forget(house, "F-1")
    assert len(erased.remembered(house.settings.erased)) == 1

    try:
        url = copy.ensure(name)
        with psycopg.connect(url) as conn:
            assert root_of(conn) == before
            assert conn.execute("SELECT count(*) FROM vault.subjects").fetchone() == (2,)
        assert known(url, house.settings.home) == (["Juan"], 1)
        with psycopg.connect(url) as conn:
            assert conn.execute("SELECT count(*) FROM vault.subjects").fetchone() == (1,)
    finally:
        copy.stop()
