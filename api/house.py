"""The house, opened: a database that runs, tables that are there, the vault's key, the writer, and views that follow."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool

from api import erased, hooks, scans, sessions
from api.counting import Tally
from api.settings import Settings
from api.token import token
from domain.values import Moment
from ledger import log, schema
from ledger.decision import PERU
from ledger.proving import Nodes
from ledger.schema import SERVER, Connection, connect
from ledger.server import Server
from ledger.store import OUT_OF_REACH
from ledger.vault import Vault, WrongKey, key_from, key_of
from ledger.writer import Writer
from projections import follow, past
from projections.rebuild import rebuild

PAUSE_SECONDS: Final = 0.05
"""Views follow at most this often: what was appended meanwhile is one batch."""
POLL_SECONDS: Final = 1.0
"""How often entries of other processes are looked for."""
READERS: Final = 8
READ_SECONDS: Final = 10.0
"""How long a reader waits for a connection before it is told to try again."""
DATABASE: Final = "cacao"


@dataclass(slots=True)
class House:
    """All parts, composed. Use `opened`."""

    settings: Settings
    url: str
    vault: Vault
    server: Server | None
    trouble: log.Trouble | None = None
    """Why the log is not signed any more, as far as this process knows; None while all is well."""
    nodes: Nodes = field(default_factory=dict)
    """Hashes of the log's tree that were worked out before."""
    scans: Tally = field(default_factory=Tally)
    """Scans of labels that are not written down yet."""
    _writer: Writer | None = None
    _pool: "ConnectionPool[Connection] | None" = None
    _follower: "Follower | None" = None

    @property
    def writer(self) -> Writer:
        """The writer of this process, started when first asked for."""
        if self._writer is None:
            self._writer = Writer(self.url, self.vault, revive=self.revive)
        return self._writer

    def rehearsal(self) -> Writer:
        """A writer that decides and appends nothing."""
        return Writer(self.url, self.vault, revive=self.revive, rehearse=True)

    @property
    def pool(self) -> "ConnectionPool[Connection]":
        """Connections for reading, one round trip a question."""
        if self._pool is None:
            self._pool = ConnectionPool(
                self.url, min_size=1, max_size=READERS, open=True, configure=_as_server, reconnect_timeout=1.0, timeout=READ_SECONDS,
                kwargs={"autocommit": True, "options": schema.BY_INDEX},
            )  # fmt: skip
        return self._pool

    @contextmanager
    def reading(self, org: str | None) -> "Iterator[Connection]":
        """A connection on which the database itself shows nothing but an organisation's rows; with None, those of all."""
        with self.pool.connection() as conn, conn.transaction():
            conn.execute(sql.SQL(schema.AS_OFFICE).format(sql.Literal(org or "*")))
            yield conn

    @contextmanager
    def standing(self, org: str | None, at: int | None) -> "Iterator[tuple[Connection, str]]":
        """As `reading`, and the schema to ask: the views, or, with a position, the record as it stood there."""
        with self.reading(org) as conn:
            if at is not None:
                past.cut(conn, at)
            yield conn, "views" if at is None else past.SCHEMA

    @property
    def follower(self) -> "Follower":
        """The thread that keeps the views after the entries, started when first asked for."""
        if self._follower is None:
            self._follower = Follower(self.url, self.server.mend if self.server else lambda: None)
            self.writer.on_append(self._follower.wake)
        return self._follower

    def revive(self) -> None:
        """Start our own server again where it died."""
        if self.server:
            self.server.ensure(DATABASE)

    @staticmethod
    def now() -> Moment:
        """The moment, at Peru's offset."""
        return datetime.now(PERU).isoformat(timespec="seconds")

    def token(self) -> str:
        """The token that opens the door for writing."""
        return token(self.settings)

    def close(self) -> None:
        """Answer what waits, then close."""
        if self._writer:
            self._writer.close()
        if self._follower:
            self._follower.close()
        if self._pool:
            self._pool.close()


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[House]:
    """Open the house: start the database where it is ours, make what is missing, check the vault's key."""
    settings = settings or Settings()
    server = None if settings.database_url else Server(settings.folder / "pg")
    url = settings.database_url or own_database(server)
    install(url)
    erased.finish(settings, url)
    with connect(url, SERVER) as conn:
        vault = Vault(vault_key(settings, conn))
        vault.check(conn)
    with follow.connected(url) as conn:
        outdated = follow.shape(conn) != follow.SHAPE
    if outdated:
        rebuild(url)
    house = House(settings, url, vault, server)
    try:
        yield house
    finally:
        house.close()


def install(url: str) -> None:
    """Make the tables of all parts where they are missing."""
    for part in (schema, log, sessions, hooks, scans, follow):
        part.install(url)


def own_database(server: Server | None) -> str:
    """The address of the database `cacao` in our own server, made where it is missing."""
    if server is None:
        raise ValueError("no server")
    admin = server.ensure()
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(7263000)")  # of two first starts at once, one makes it
        if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            conn.execute(f"CREATE DATABASE {DATABASE}")
    return server.ensure(DATABASE)


def vault_key(settings: Settings, conn: Connection) -> bytes:
    """The key encryption key. Raises WrongKey, and makes no new file, where a sealed vault's file is gone."""
    if settings.key:
        return key_of(settings.key, "CACAO_KEY")
    sealed = conn.execute("SELECT 1 FROM vault.lock").fetchone()  # asked first: another first start makes the file, then seals
    if sealed and not settings.vault_key.exists():
        raise WrongKey(f"{settings.vault_key} is gone, and the vault was sealed with it: put it back, or set CACAO_KEY")
    return key_from(settings.vault_key)


def _as_server(conn: psycopg.Connection[Any]) -> None:
    if conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (SERVER,)).fetchone():
        conn.execute(f"SET ROLE {SERVER}")


@dataclass(slots=True)
class Follower:
    """Keeps the views after the entries; `wait_for` lets a reader wait until they show a position."""

    url: str
    mend: Callable[[], object] = lambda: None
    reached: int = 0
    _moved: threading.Condition = field(default_factory=threading.Condition)
    _wake: threading.Event = field(default_factory=threading.Event)
    _bells: set[Callable[[], object]] = field(default_factory=set)
    _closed: bool = False
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="views-follow", daemon=True)
        self._thread.start()

    def wake(self, _size: int = 0) -> None:
        """Something was appended."""
        self._wake.set()

    def wait_for(self, position: int, seconds: float) -> bool:
        """Wait until the views show a position; False when it takes longer."""
        self.wake()
        with self._moved:
            return self._moved.wait_for(lambda: self.reached >= position, seconds)

    @contextmanager
    def ringing(self, bell: Callable[[], object]) -> Iterator[None]:
        """While this lasts, call `bell` whenever the views moved, from the follower's thread; it must be quick."""
        with self._moved:
            self._bells.add(bell)
        try:
            yield
        finally:
            with self._moved:
                self._bells.discard(bell)

    def close(self) -> None:
        """End after the batch under way."""
        self._closed = True
        self._wake.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._closed:
            try:
                with follow.connected(self.url) as conn:
                    self._follow(conn)
            except (*OUT_OF_REACH, psycopg.Error):
                time.sleep(PAUSE_SECONDS * 10)
                with suppress(psycopg.Error):
                    self.mend()

    def _follow(self, conn: Connection) -> None:
        while not self._closed:
            self._wake.clear()
            reached = follow.catch_up(conn)
            with self._moved:
                moved, self.reached = reached > self.reached, reached
                self._moved.notify_all()
                for bell in self._bells if moved else ():
                    with suppress(RuntimeError):  # a loop that ended meanwhile
                        bell()
            time.sleep(PAUSE_SECONDS)
            self._wake.wait(POLL_SECONDS)
