"""What is wrong with a setup, and how to mend it."""

import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import psycopg

from api.house import DATABASE, vault_key
from api.labelkeys import missing, path_of
from api.pgtools import Failed, tool
from api.settings import Settings
from api.witnesses import BadPolicy, of_file
from labels.link import is_loopback
from ledger import log, publisher
from ledger.schema import Connection, administrator_must_run, not_held
from ledger.server import Server, platform_note
from ledger.vault import Vault, WrongKey
from projections.labels import label_keys

if sys.platform != "win32":
    import resource

State = Literal["ok", "warning", "wrong"]
OLDEST: Final = 150_000
LEAST_DISK: Final = 1 << 30
MOST_SKEW_SECONDS: Final = 60
OTHER_FILES: Final = 100
"""What the program opens besides connections: the database, the log, its own files."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and how to mend it where it is not in order."""

    what: str
    state: State
    found: str
    mend: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that can be wrong; nothing is changed, but our own database is started."""
    yield Finding("machine", "ok", f"Python {sys.version.split()[0]}, {platform_note()}")
    yield from _home(settings)
    yield _address(settings)
    yield _witnesses(settings)
    yield _files(settings)
    try:
        url = settings.database_url or Server(settings.folder / "pg").ensure(DATABASE if (settings.folder / "pg").exists() else "postgres")
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as conn:
            yield from _database(conn)
            yield from _ledger(settings, conn)
    except psycopg.OperationalError as error:
        where = "DATABASE_URL" if settings.database_url else f"{settings.folder / 'pg' / 'log'}"
        yield Finding(
            "database", "wrong", f"out of reach ({type(error).__name__})", f"look at {where}: is the server there, is the login right?"
        )


def _home(settings: Settings) -> Iterator[Finding]:
    folder = _existing(settings.folder)
    free = shutil.disk_usage(folder).free
    words = f"{free / (1 << 30):.1f} GiB free at {folder}"
    yield Finding("disk", "ok" if free > LEAST_DISK else "wrong", words, "" if free > LEAST_DISK else "make room: an append needs it")
    for path in (settings.vault_key, settings.token, settings.log_key):
        if path.exists():
            loose = stat.S_IMODE(path.stat().st_mode) & 0o077
            yield Finding(
                path.name,
                "wrong" if loose else "ok",
                f"{path}, mode {stat.S_IMODE(path.stat().st_mode):o}",
                f"chmod 600 {path}" if loose else "",
            )


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def _address(settings: Settings) -> Finding:
    if is_loopback(settings.base):
        return Finding(
            "CACAO_URL", "warning", f"{settings.base}: labels say DRAFT", "set CACAO_URL to the public address before printing labels"
        )
    return Finding("CACAO_URL", "ok", settings.base)


def _witnesses(settings: Settings) -> Finding:
    try:
        asked = of_file(settings.policy)
    except BadPolicy as bad:
        return Finding("witnesses", "wrong", str(bad), "mend the file that CACAO_POLICY names")
    if not asked.witnesses:
        mend = "two or more, run by other bodies, are what defeats a rewritten history: see `Trust nobody` in the README"
        return Finding("witnesses", "warning", "nobody cosigns this log", mend)
    needed, of = asked.count()
    return Finding("witnesses", "ok", f"{len(asked.witnesses)} are asked; {needed} of {of} must have seen a head")


def _files(settings: Settings) -> Finding:
    """Whether the process may open as many files as it takes connections."""
    if sys.platform == "win32":
        return Finding("files", "ok", "not limited here")
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = most == resource.RLIM_INFINITY or most >= settings.connections + OTHER_FILES
    words = f"{most} open files allowed, CACAO_CONNECTIONS is {settings.connections}"
    return Finding(
        "files", "ok" if enough else "warning", words, "" if enough else "raise the limit (ulimit -n), or take fewer connections"
    )


def _setting(conn: Connection, name: str) -> str:
    row = conn.execute("SELECT current_setting(%s, true)", (name,)).fetchone()
    return str(row[0]) if row else ""


def _database(conn: Connection) -> Iterator[Finding]:
    version = conn.info.server_version
    yield Finding(
        "PostgreSQL",
        "ok" if version >= OLDEST else "wrong",
        _setting(conn, "server_version"),
        "" if version >= OLDEST else "15 or later is needed",
    )
    for name, mend in (
        ("fsync", "without fsync a power cut loses acknowledged entries: set fsync = on"),
        ("synchronous_commit", "an answer must wait for the disk: set synchronous_commit = on"),
        ("full_page_writes", "a torn page cannot be mended without it: set full_page_writes = on"),
        ("data_checksums", "a flipped bit goes unseen: stop the server and run pg_checksums --enable"),
    ):
        value = _setting(conn, name)
        fine = value in ("on", "remote_apply", "remote_write")
        state: State = "ok" if fine else "warning" if name == "data_checksums" else "wrong"
        yield Finding(name, state, value, "" if fine else mend)
    yield _tools(version // 10_000)
    yield _clock(conn)
    yield _roles(conn)


def _tools(major: int) -> Finding:
    """Whether `cacao backup` and `cacao restore` find what they need."""
    try:
        paths = [tool(name, major) for name in ("pg_dump", "pg_restore", "psql")]
    except Failed as failed:
        return Finding("backup", "warning", str(failed), "without them `cacao backup` does not work")
    return Finding("backup", "ok", f"tools in {paths[0].parent}")


def _clock(conn: Connection) -> Finding:
    row = conn.execute("SELECT clock_timestamp()").fetchone()
    skew = abs((datetime.now(UTC) - row[0]).total_seconds()) if row else 0
    fine = skew < MOST_SKEW_SECONDS
    return Finding("clock", "ok" if fine else "wrong", f"{skew:.1f} s apart from the database's", "" if fine else "set both clocks by NTP")


def _roles(conn: Connection) -> Finding:
    if missing := not_held(conn):
        may = conn.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone() == (True,)
        if may:
            return Finding("roles", "ok", "made at the first start")
        sentence = "append-only is not kept by the database. An administrator must run:\n" + administrator_must_run()
        return Finding("roles", "wrong", f"this login is not a member of {', '.join(missing)}", sentence)
    return Finding("roles", "ok", "serving, projecting and erasing are apart")


def _ledger(settings: Settings, conn: Connection) -> Iterator[Finding]:
    if conn.execute("SELECT to_regclass('ledger.head')").fetchone() == (None,):
        yield Finding("ledger", "ok", "empty: it is made at the first start")
        return
    yield _compared(
        conn,
        "ledger",
        "SELECT size, (SELECT coalesce(max(position), 0) FROM ledger.entries) FROM ledger.head",
        lambda size, last: Finding(
            "ledger", "ok" if size == last else "wrong", f"{size} entries, the last at {last}",
            "" if size == last else "entries are missing: stop writing and restore a backup",
        ),
    )  # fmt: skip
    try:
        Vault(vault_key(settings, conn)).check(conn)
        yield Finding("vault", "ok", "the key opens it")
    except WrongKey as wrong:
        yield Finding("vault", "wrong", str(wrong), "without its key names and boundaries cannot be read again")
    if conn.execute("SELECT to_regclass('log.trouble')").fetchone() != (None,):
        yield _log(settings, conn)
    if conn.execute("SELECT to_regclass('views.label_keys')").fetchone() != (None,):
        yield from _label_keys(settings, conn)
    if conn.execute("SELECT to_regclass('views.progress')").fetchone() != (None,):
        yield _compared(
            conn,
            "views",
            "SELECT (SELECT size FROM ledger.head), position FROM views.progress",
            lambda size, at: Finding(
                "views", "ok" if size == at else "warning", f"at {at} of {size}", "" if size == at else "`cacao serve` follows"
            ),
        )


def _label_keys(settings: Settings, conn: Connection) -> Iterator[Finding]:
    """Whether the private halves of the open keys for labels are here, and those of closed ones are gone: a kill may have left one."""
    keys = label_keys(conn)
    for path in (path_of(settings, key.kid) for key in keys if key.closed_at is not None):
        if path.exists():
            yield Finding("label key", "warning", f"{path} is there still, and its key is closed", f"destroy it: `shred -u {path}`")
    opened = [key for key in keys if key.closed_at is None]
    gone = missing(settings, opened)
    for kid in gone:
        words = f"{path_of(settings, kid)} is not there, or is another key, and label key {kid} is open"
        yield Finding("label key", "warning", words, f"put it back, or say so: `cacao label key close {kid} --reason lost`")
    if opened and not gone:
        yield Finding("label key", "ok", f"{', '.join(str(key.kid) for key in opened)}: open, and the private half is here")


def _log(settings: Settings, conn: Connection) -> Finding:
    why, size = log.trouble(conn), publisher.size_of(conn, settings.origin)
    if why:
        return Finding("log", "wrong", f"not signed since {why.since}: {why}", "`cacao fsck` looks further; then `cacao reopen`")
    if size and not settings.log_key.exists():
        return Finding("log", "wrong", f"{settings.log_key} is gone, and {size:,} entries were signed with it", "put it back")
    return Finding("log", "ok", f"{settings.origin}: signed up to {size:,}" if size else "nothing is signed yet: `cacao serve` does it")


def _compared(conn: Connection, what: str, query: str, judge: Callable[[Any, Any], Finding]) -> Finding:
    row = conn.execute(query).fetchone()
    return judge(*row) if row else Finding(what, "wrong", "a row is missing", "restore a backup")
