"""The log is signed while a process serves: a new checkpoint within a second of an append, and no other than one that goes on."""

import signal
import threading
from contextlib import suppress
from typing import Final, Self

from api import logs
from api.cosigning import Cosigning
from api.house import House
from api.witnesses import configured, spelled
from ledger import log
from ledger.crypto import Signer
from ledger.log import Diverged
from ledger.publisher import Publisher
from ledger.schema import SERVER, Connection, connect
from ledger.signed import LastSigned
from ledger.vault import secret

PAUSE_SECONDS: Final = 0.2
"""Heads are signed at most this often: what was appended meanwhile is one head."""
POLL_SECONDS: Final = 0.5
"""How often entries of other processes are looked for."""
_LOCK: Final = "SELECT pg_try_advisory_lock(7263006)"


def last_signed(house: House) -> LastSigned:
    """The file of the last signed head."""
    return LastSigned(house.settings.last_signed)


def signer(house: House) -> Signer:
    """The log's key. Raises Diverged, and makes no new key, where heads of this origin were signed and the key is gone."""
    path = house.settings.log_key
    if not path.exists():
        with connect(house.url, SERVER) as conn:
            signed = log.newest(conn, house.settings.origin) is not None or last_signed(house).read() is not None
        if signed and not path.exists():  # looked for again: another process may have made it, and signed, since
            raise Diverged("the file of the log's key is gone, and heads were signed with it: put it back")
        secret(path, lambda: str(Signer.new(house.settings.origin)))
    try:
        key = Signer.parse(path.read_text(encoding="ascii").strip())
    except ValueError:
        raise Diverged("the file of the log's key holds no key of a log") from None
    if key.name != house.settings.origin:
        raise Diverged(
            "the log's key is that of {name}, and CACAO_ORIGIN is {origin}: a log keeps its name",
            name=key.name,
            origin=house.settings.origin,
        )
    return key


class Publishing:
    """The thread that signs while a process serves, and that keeps `house.trouble`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._bell, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def __enter__(self) -> Self:
        self._house.writer.on_append(lambda _size: self._bell.set())
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        """Sign what was acknowledged, then end."""
        self._closed.set()
        self._bell.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._publish()
            except Exception as failure:  # noqa: BLE001 - whatever it is, what is signed next is tried again
                logs.failure(failure)
            if self._closed.wait(POLL_SECONDS):
                return

    def _publish(self) -> None:
        """Sign until told to end, or until the database is lost. One process signs; the others see what it found."""
        publisher: Publisher | None = None
        with connect(self._house.url, SERVER) as watching, Cosigning(self._house, lambda: signer(self._house)) as cosigning:
            try:
                while True:
                    ending = self._closed.is_set()
                    self._bell.clear()
                    publisher = publisher or self._turn(watching, cosigning)
                    if publisher:
                        with suppress(Diverged):
                            publisher.step()
                        cosigning.ring()
                    self._house.trouble = log.trouble(watching)
                    if ending:
                        return
                    self._closed.wait(PAUSE_SECONDS)
                    self._bell.wait(POLL_SECONDS)
            finally:
                if publisher:
                    publisher.close()

    def _turn(self, watching: Connection, cosigning: Cosigning) -> Publisher | None:
        """A publisher, where this process is the one that signs."""
        house = self._house
        if not house.settings.publish or watching.execute(_LOCK).fetchone() != (True,):
            return None
        cosigning.begin(self._closed)
        return Publisher(house.url, house.settings.origin, lambda: signer(house), last_signed(house), claims=cosigning.claims)


def publish(house: House) -> None:
    """Sign until SIGTERM or SIGINT, apart from the process that serves."""
    ended = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _signal, _frame: ended.set())
    with Publishing(house):
        ended.wait()


def policy(house: House) -> str:
    """The log's key and address, and its witnesses, as a C2SP tlog-policy."""
    return f"log {signer(house).key} {house.settings.base}\n{spelled(configured(house))}"
