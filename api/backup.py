"""`cacao backup` and `cacao restore`: ledger and vault of one moment, and the newest keys of its subjects, by PostgreSQL's own tools.

The keys have a folder of their own, in which each backup replaces those of the one before: so an old vault, restored, opens for nobody
who was erased since. The key that opens the keys stays where it is. Views are not kept: they are made again from the entries.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg

from api.pgtools import Failed, ended, run, started, tool
from ledger import erase
from ledger.merkle import Range, leaf_hash, unpacked
from ledger.schema import Connection, make_roles

LEDGER, VAULT, KEYS, MANIFEST = "ledger.dump", "vault.dump", "keys.dump", "manifest.json"
VERSION: Final = 2
Progress = Callable[[int], None]
_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: of which moment, how many entries with which root, and the SHA-256 of its files."""

    version: int
    made: str
    postgresql: str
    size: int
    root: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back; how many subjects were erased after the backup and stay so, and how many have no key for no known reason."""

    manifest: Manifest
    erased_since: int = 0
    without_key: int = 0


def beside(folder: Path) -> Path:
    """Where the keys of a backup are, unless told otherwise: one folder for all backups that lie in one place."""
    return folder.parent / "cacao-keys"


def back_up(url: str, folder: Path, keys: Path, progress: Progress) -> Manifest:
    """Write a backup into a new folder, whole or not at all, and replace the keys of the one before. Raises Failed."""
    if folder.exists():
        raise Failed(f"{folder} is there already: name a folder that is not")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{uuid4().hex}")
    draft.mkdir(mode=0o700)
    try:
        manifest = _written(url, draft, progress)
        _replaced(draft / KEYS, keys)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _synced(folder.parent)
    return manifest


def _replaced(new: Path, keys: Path) -> None:
    """Put new keys in the place of the old ones, at once; keys newer than a backup open all of it that may be opened."""
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = keys / f".{KEYS}.{uuid4().hex}"
    try:
        shutil.copy(new, draft)
        _synced(draft)
        draft.replace(keys / KEYS)
    finally:
        draft.unlink(missing_ok=True)
    _synced(keys)
    new.unlink()


_PARTS: Final = {
    LEDGER: ("--schema=ledger", "--schema=log"),
    VAULT: ("--schema=vault", "--exclude-table-data=vault.subjects", "--exclude-table-data=vault.erased"),
    KEYS: ("--data-only", "--table=vault.subjects", "--table=vault.erased"),
}
"""File -> what of the database is in it. The list of the erased goes with the keys: the newest keys know of all erasures."""


def _written(url: str, draft: Path, progress: Progress) -> Manifest:
    with psycopg.connect(url) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        size, nodes, snapshot = conn.execute("SELECT size, nodes, pg_export_snapshot() FROM ledger.head").fetchall()[0]
        dump = tool("pg_dump", conn.info.server_version // 10_000)
        for name, parts in _PARTS.items():
            words = ("--format=custom", "--no-owner", "--no-privileges", *parts, f"--snapshot={snapshot}")
            run(dump, *words, f"--file={draft / name}", url=url)
            (draft / name).chmod(0o600)
            progress(1)
        version = conn.info.parameter_status("server_version") or ""
    sums = {name: _sum(draft / name) for name in (LEDGER, VAULT)}
    root = unpacked(size, bytes(nodes)).root().hex()
    manifest = Manifest(VERSION, datetime.now(UTC).isoformat(timespec="seconds"), version, size, root, sums)
    (draft / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    for path in (*draft.iterdir(), draft):
        _synced(path)
    progress(1)
    return manifest


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def checked(folder: Path, names: tuple[str, ...]) -> Manifest:
    """The manifest of a backup whose files are as they were written. Raises Failed."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise Failed(f"{folder} is no backup: {MANIFEST} is not there, or cannot be read") from None
    if manifest.version != VERSION:
        raise Failed(f"the backup is of version {manifest.version}, this program reads version {VERSION}")
    for name in names:
        path = folder / name
        if not path.exists():
            further = ": --without-vault restores without it, and every person is then as if erased" if name == VAULT else ""
            raise Failed(f"{path} is not there{further}")
        if _sum(path) != manifest.files.get(name):
            raise Failed(f"{path} is not as it was written: its SHA-256 is another than in {MANIFEST}")
    return manifest


_EMPTY: Final = """DO $$ BEGIN
IF to_regclass('ledger.entries') IS NOT NULL THEN LOCK TABLE ledger.entries; IF EXISTS (SELECT FROM ledger.entries) THEN
  RAISE 'the database holds a ledger already'; END IF; END IF;
IF to_regclass('vault.subjects') IS NOT NULL THEN LOCK TABLE vault.subjects; IF EXISTS (SELECT FROM vault.subjects) THEN
  RAISE 'the database holds a vault already'; END IF; END IF; END $$;
DROP SCHEMA IF EXISTS ledger, log, vault, views, past CASCADE;
"""
"""Refuses a database in which anything was written; what an empty start made there makes room."""


def restore(url: str, folder: Path, keys: Path | None, progress: Progress) -> Restored:
    """Put a backup into an empty database: all in one commit, then the root is worked out from the entries. Raises Failed.

    Without keys the vault is left out. What the keys' list names as erased is destroyed in the same commit.
    """
    names = (LEDGER,) if keys is None else (LEDGER, VAULT)
    manifest = checked(folder, names)
    files = [folder / name for name in names] + ([] if keys is None else [keys / KEYS])
    if not files[-1].exists():
        raise Failed(f"{files[-1]} is not there: --keys says where the newest keys are; --without-vault restores without persons")
    progress(1)
    with psycopg.connect(url, autocommit=True) as conn:
        try:
            with conn.transaction(force_rollback=True):
                conn.execute("SET LOCAL lock_timeout = '10s'")
                conn.execute(_EMPTY)
        except psycopg.errors.RaiseException as refused:
            raise Failed(f"{refused.diag.message_primary}: restore into an empty one") from None
        except psycopg.errors.LockNotAvailable:
            raise Failed("somebody is at work in the database: stop them first") from None
        make_roles(conn)  # policies of the tables name them
        _load(url, files, conn.info.server_version // 10_000)
        progress(1)
        since, missing = (0, 0) if keys is None else (erase.unsaid(conn), erase.without_key(conn))
        found = root_of(conn)
        progress(1)
    if found != (manifest.size, manifest.root):
        raise Failed(f"the root of the restored entries is {found[1]}, the backup says {manifest.root}: do not use this database")
    return Restored(manifest, since, missing)


def _load(url: str, files: list[Path], major: int) -> None:
    """Feed the dumps as SQL to one psql. What survives a crash: nothing, for the transaction ends with our own last word."""
    words = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")
    with started(tool("psql", major), *words, url=url, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as psql:
        try:
            _say(psql, f"BEGIN; SET LOCAL lock_timeout = '10s';\n{_EMPTY}")
            for path in files:
                _spelled(tool("pg_restore", major), path, psql)
            _say(psql, "COMMIT;\n")
        except (BrokenPipeError, Failed):
            with suppress(subprocess.TimeoutExpired):
                psql.wait(2)  # where it ended first, it says why
            if psql.poll() is None:
                psql.kill()
                raise
        ended(psql)


def _say(psql: "subprocess.Popen[bytes]", words: str) -> None:
    if psql.stdin is None:
        raise RuntimeError("psql has no input")
    psql.stdin.write(words.encode())
    psql.stdin.flush()


def _spelled(pg_restore: Path, path: Path, psql: "subprocess.Popen[bytes]") -> None:
    words = (pg_restore, "--no-owner", "--no-privileges", "--file=-", path)
    with subprocess.Popen(words, stdout=psql.stdin, stderr=subprocess.PIPE) as process:  # noqa: S603 - see tool
        ended(process)


def root_of(conn: Connection) -> tuple[int, str]:
    """How many entries there are, and their root, worked out from their bytes."""
    found = Range()
    with conn.transaction(), conn.cursor("entries", withhold=False) as cursor:
        cursor.itersize = _ROWS
        cursor.execute("SELECT line FROM ledger.entries ORDER BY position")
        for (line,) in cursor:
            found = found.extend([leaf_hash(bytes(line))])
    return found.size, found.root().hex()
