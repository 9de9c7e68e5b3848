"""What was backed up comes back whole: same entries, same root, same names; and nothing is written over, nor taken from a broken copy."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo

import api.backup
from api.backup import back_up, beside, restore, root_of
from api.pgtools import Failed, tool
from api.sample import write_season
from ledger.server import Server

CACAO = Path(sys.executable).parent / "cacao"
Done = subprocess.CompletedProcess
Cacao = Callable[..., "Done[str]"]


@contextmanager
def a_database(cluster: str) -> Iterator[str]:
    name = f"b{uuid4().hex}"
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    yield conninfo.make_conninfo(cluster, dbname=name)
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def program(home: Path, url: str, *words: str | Path) -> "Done[str]":
    environment = os.environ | {"CACAO_HOME": str(home), "DATABASE_URL": url, "COLUMNS": "140"}
    return subprocess.run([CACAO, *map(str, words)], env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def kept(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The sample season in a database, and the folder with its home and its backup; nobody writes into either."""
    folder = tmp_path_factory.mktemp("kept")
    write_season(folder / "season")
    with a_database(cluster) as url:
        for words in (("import", folder / "season"), ("rebuild",), ("backup", folder / "backup")):
            done = program(folder / "home", url, *words)
            assert done.returncode == 0, done.stderr
        yield url, folder


@pytest.fixture
def source(kept: tuple[str, Path]) -> str:
    """The address of the database that was backed up."""
    return kept[0]


@pytest.fixture
def backup(kept: tuple[str, Path], tmp_path: Path) -> Path:
    """A copy of its backup; beside it are its home, with the vault's key, and the keys of its persons."""
    shutil.copytree(kept[1] / "home", tmp_path / "home")
    shutil.copytree(kept[1] / "cacao-keys", tmp_path / "cacao-keys")
    return shutil.copytree(kept[1] / "backup", tmp_path / "backup")


@pytest.fixture
def cacao(url: str, tmp_path: Path) -> Cacao:
    """The program as a person starts it: with that home, on an empty database, unless told otherwise."""
    return lambda *words, url=url, home="home": program(tmp_path / home, url, *words)


def rows(url: str, *tables: str) -> list[list[Any]]:
    with psycopg.connect(url) as conn:
        return [conn.execute(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall() for table in tables]


KEPT = (
    *(f"ledger.{name}" for name in ("entries", "tags", "commands", "head", "journal")),
    *(f"vault.{name}" for name in ("subjects", "sealed", "lock", "annulled", "erased")),
)


def test_a_restored_ledger_is_the_one_that_was_backed_up(cacao: Cacao, backup: Path, source: str, url: str, tmp_path: Path) -> None:
    before = json.loads(cacao("rebuild", "--json", url=source).stdout)

    done = cacao("restore", backup)

    assert done.returncode == 0, done.stderr
    assert rows(url, *KEPT) == rows(source, *KEPT)
    assert cacao("report", tmp_path / "there", url=source).returncode == cacao("report", tmp_path / "here").returncode == 0
    after = json.loads(cacao("rebuild", "--json").stdout)
    assert (after["same"], after["position"]) == (True, before["position"])
    assert [each["after"] for each in after["views"]] == [each["after"] for each in before["views"]]
    for path in (tmp_path / "there").iterdir():
        assert path.read_bytes() == (tmp_path / "here" / path.name).read_bytes()
    assert "WRONG" not in cacao("doctor").stdout


def test_the_manifest_says_the_root_and_the_sums(cacao: Cacao, backup: Path, source: str) -> None:
    manifest = json.loads((backup / "manifest.json").read_text(encoding="utf-8"))
    with psycopg.connect(source) as conn:
        assert root_of(conn) == (manifest["size"], manifest["root"])
    sums = subprocess.run(["sha256sum", *manifest["files"]], cwd=backup, capture_output=True, text=True, check=True).stdout

    assert {line.split()[1]: line.split()[0] for line in sums.splitlines()} == manifest["files"]
    assert sorted(path.name for path in backup.iterdir()) == ["ledger.dump", "manifest.json", "vault.dump"]
    assert json.loads(cacao("backup", backup.with_name("second"), "--json", url=source).stdout)["root"] == manifest["root"]


def test_only_its_owner_can_read_a_backup_and_no_key_is_in_it(cacao: Cacao, backup: Path, source: str, tmp_path: Path) -> None:
    key = (tmp_path / "home" / "keys" / "vault.key").read_text(encoding="ascii").strip()

    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    keys = beside(backup)
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert [path.name for path in keys.iterdir()] == ["keys.dump"]
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in (*backup.glob("*.dump"), *keys.iterdir()))
    assert not [
        path
        for path in (*backup.iterdir(), *keys.iterdir())
        if key.encode() in path.read_bytes() or bytes.fromhex(key) in path.read_bytes()
    ]
    assert str(tmp_path / "home" / "keys" / "vault.key") in cacao("backup", tmp_path / "second", url=source).stderr


def test_a_folder_that_is_there_is_not_written_over(cacao: Cacao, backup: Path, source: str) -> None:
    before = {path.name: path.read_bytes() for path in backup.iterdir()}

    done = cacao("backup", backup, url=source)

    assert (done.returncode, done.stdout) == (2, "")
    assert "is there already" in done.stderr
    assert {path.name: path.read_bytes() for path in backup.iterdir()} == before


def test_a_backup_that_fails_leaves_nothing_behind(ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.backup.tool", lambda _name, _major: Path("/bin/false"))

    with pytest.raises(Failed):
        back_up(ledger, tmp_path / "backup", tmp_path / "keys", lambda _more: None)

    assert list(tmp_path.iterdir()) == []


def test_a_ledger_with_entries_is_not_written_over(cacao: Cacao, backup: Path, source: str) -> None:
    before = rows(source, *KEPT)

    done = cacao("restore", backup, url=source)

    assert (done.returncode, done.stdout) == (2, "")
    assert "holds a ledger already" in done.stderr
    assert rows(source, *KEPT) == before


def test_a_database_in_which_the_program_only_started_is_empty(cacao: Cacao, backup: Path, source: str, url: str) -> None:
    assert cacao("replay", home="elsewhere").returncode == 0

    assert cacao("restore", backup).returncode == 0
    assert rows(url, *KEPT) == rows(source, *KEPT)


@pytest.mark.parametrize("name", ["ledger.dump", "vault.dump"])
def test_a_changed_or_missing_file_is_noticed_before_anything_is_done(backup: Path, url: str, name: str) -> None:
    path = backup / name
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))
    with pytest.raises(Failed, match="not as it was written"):
        restore(url, backup, beside(backup), lambda _more: None)
    path.unlink()
    with pytest.raises(Failed, match="is not there"):
        restore(url, backup, beside(backup), lambda _more: None)

    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT to_regnamespace('ledger'), to_regnamespace('vault')").fetchone() == (None, None)


def test_what_breaks_halfway_leaves_the_database_empty(backup: Path, url: str) -> None:
    cut = (backup / "vault.dump").read_bytes()[:-2_000]
    (backup / "vault.dump").write_bytes(cut)
    manifest = json.loads((backup / "manifest.json").read_text(encoding="utf-8"))
    sums = subprocess.run(["sha256sum", "vault.dump"], cwd=backup, capture_output=True, text=True, check=True).stdout
    manifest["files"]["vault.dump"] = sums.split()[0]
    (backup / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    with pytest.raises(Failed, match="pg_restore"):
        restore(url, backup, beside(backup), lambda _more: None)

    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT to_regnamespace('ledger'), to_regnamespace('vault')").fetchone() == (None, None)


def test_who_interrupts_a_restore_leaves_the_database_empty(backup: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program ends after the first file: all that psql sees is the end of its input."""
    spelled = api.backup._spelled

    def interrupted(pg_restore: Path, path: Path, psql: Any) -> None:
        if path.name == "vault.dump":
            raise KeyboardInterrupt
        spelled(pg_restore, path, psql)

    monkeypatch.setattr(api.backup, "_spelled", interrupted)

    with pytest.raises(KeyboardInterrupt):
        restore(url, backup, beside(backup), lambda _more: None)

    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT to_regnamespace('ledger'), to_regnamespace('vault')").fetchone() == (None, None)


def test_without_the_key_the_data_come_back_and_it_is_said_what_is_missing(cacao: Cacao, backup: Path, tmp_path: Path) -> None:
    done = cacao("restore", backup, home="new")

    assert done.returncode == 1
    assert f"{tmp_path / 'new' / 'keys' / 'vault.key'} is gone" in done.stderr
    assert not (tmp_path / "new" / "keys" / "vault.key").exists()
    (tmp_path / "new" / "keys").mkdir(parents=True)
    (tmp_path / "home" / "keys" / "vault.key").rename(tmp_path / "new" / "keys" / "vault.key")
    assert cacao("rebuild", home="new").returncode == 0


def test_an_old_backup_whose_vault_was_deleted_comes_back_without_persons(cacao: Cacao, backup: Path, source: str, url: str) -> None:
    (backup / "vault.dump").unlink()
    assert "--without-vault" in cacao("restore", backup).stderr

    assert cacao("restore", backup, "--without-vault", home="new").returncode == 0
    assert rows(url, "ledger.entries") == rows(source, "ledger.entries")
    assert rows(url, "vault.subjects", "vault.sealed") == [[], []]
    assert cacao("rebuild", home="new").returncode == 0


def test_another_folder_is_no_backup(cacao: Cacao, tmp_path: Path) -> None:
    done = cacao("restore", tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "is no backup" in done.stderr


def test_a_backup_goes_from_our_own_postgresql_to_another(cacao: Cacao, url: str, places: Callable[[], Path], tmp_path: Path) -> None:
    home = places() / "home"
    own = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"CACAO_HOME": str(home)}
    write_season(tmp_path / "season")
    try:
        for words in (["import", str(tmp_path / "season")], ["backup", str(tmp_path / "backup")]):
            done = subprocess.run([CACAO, *words], env=own, capture_output=True, text=True, check=False, timeout=120)
            assert done.returncode == 0, done.stderr
    finally:
        Server(home / "pg").stop()

    major = int(json.loads((tmp_path / "backup" / "manifest.json").read_text(encoding="utf-8"))["postgresql"].partition(".")[0])
    with psycopg.connect(url) as conn:
        if conn.info.server_version // 10_000 < major:
            assert cacao("restore", tmp_path / "backup").returncode == 2  # it goes to the same or a later PostgreSQL, and to no older one
            assert conn.execute("SELECT to_regclass('ledger.entries')").fetchone() == (None,)
            return
    assert cacao("restore", tmp_path / "backup").returncode == 1
    assert cacao("restore", tmp_path / "backup").returncode == 2


def test_a_tool_of_no_version_that_fits_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool("pg_dump", 15).name == "pg_dump"
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Failed, match="PostgreSQL 99 or later"):
        tool("pg_dump", 99)
