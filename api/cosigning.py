"""The witnesses of the policy file are asked to cosign each new head, all at once; one that is down or slow keeps nobody waiting.

What a witness saw and this ledger has not is evidence of a history that was rolled back: the publisher is told, and signs no more.
"""

import threading
from collections.abc import Callable
from random import uniform
from typing import Final, Self

import psycopg

from api import logs
from api.fetching import Line, NoAnswer, Reply
from api.house import House
from api.witnesses import configured
from ledger import checkpoint, crypto, log, note, publisher, witnessed
from ledger.checkpoint import Checkpoint
from ledger.crypto import Signer
from ledger.merkle import Unproven, check_consistency, consistency
from ledger.note import BadSignature, Key, Malformed, Unsigned
from ledger.publisher import Claim
from ledger.schema import PUBLISHER, Connection, connect
from ledger.store import OUT_OF_REACH
from ledger.witness import CONFLICT, UNPROVEN, Request, place

LONGEST_PAUSE: Final = 60.0
POLL_SECONDS: Final = 2.0
FIRST_SECONDS: Final = 2.0
"""What the first head after a start waits for all witnesses, at most: they may know more than a database that was put back."""
_ANSWER_BYTES: Final = 100_000
_TRIES: Final = 4


class NoCosignature(Exception):
    """A witness did not cosign; the words repeat nothing of its answer."""


class Cosigning:
    """The threads that ask, one a witness, while this process is the one that signs."""

    def __init__(self, house: House, signer: Callable[[], Signer]) -> None:
        witnesses = configured(house).witnesses
        self._asking = [Asking(house, signer, name, key, url) for name, (key, url) in witnesses.items() if url]
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        """End what is under way: what is not cosigned yet is so after the next start."""
        for each in self._asking if self._begun else ():
            each.end()

    def begin(self, closed: threading.Event) -> None:
        """Start asking, and wait a moment for what they saw before."""
        self._begun = True
        for each in self._asking:
            each.start()
        until = FIRST_SECONDS
        while until > 0 and not closed.is_set() and not all(each.heard.is_set() for each in self._asking):
            closed.wait(_STEP)
            until -= _STEP

    def ring(self) -> None:
        """There may be a new head."""
        for each in self._asking:
            each.bell.set()

    def claims(self) -> list[Claim]:
        """What witnesses saw that this log does not show them."""
        return [each.claim for each in self._asking if each.claim]


_STEP: Final = 0.02


class Asking(threading.Thread):
    """Asks one witness for each newest head, and after a failure again, later and later."""

    def __init__(self, house: House, signer: Callable[[], Signer], name: str, key: Key, url: str) -> None:
        super().__init__(name=f"witness {name}", daemon=True)
        self._house, self._signer, self._witness, self._key = house, signer, name, key
        self._origin, self._line = house.settings.origin, Line(url, _ANSWER_BYTES)
        self.bell, self.heard, self._closed = threading.Event(), threading.Event(), threading.Event()
        self.claim: Claim | None = None
        self._old, self._failures = 0, 0

    def end(self) -> None:
        """End, whatever is under way."""
        self._closed.set()
        self.bell.set()
        self._line.cut()
        self.join(1)

    def run(self) -> None:
        """Until told to end."""
        while not self._closed.is_set():
            try:
                with connect(self._house.url, PUBLISHER) as conn:
                    self._old = witnessed.sizes(conn, self._origin).get(self._witness, 0)
                    while not self._closed.is_set():
                        self._turn(conn)
            except (*OUT_OF_REACH, psycopg.Error) as failure:
                logs.failure(failure)
                self._closed.wait(POLL_SECONDS)
        self._line.close()

    def _turn(self, conn: Connection) -> None:
        self.bell.clear()
        try:
            self._ask(conn)
        except (NoCosignature, NoAnswer) as why:
            self._failures += 1
            said = {"event": "witness", "witness": self._witness, "why": str(why), "failures": self._failures}
            logs.log.warning("witness %s: %s", self._witness, why, extra={"said": said})
            self.heard.set()
            self._closed.wait(min(2.0 ** min(self._failures - 1, 9), LONGEST_PAUSE) * uniform(0.8, 1.2))  # noqa: S311 - jitter, no secret
        else:
            self._failures = 0
            self.heard.set()
            self.bell.wait(POLL_SECONDS)

    def _ask(self, conn: Connection) -> None:
        """Have the newest head cosigned. Raises NoCosignature and NoAnswer."""
        for _ in range(_TRIES):
            newest = log.newest(conn, self._origin)
            if newest is None:
                self._compare(0, None)
                return
            if self._witness in witnessed.seen_by(newest, configured(self._house)):
                self.claim = None
                return
            head = _head(newest)
            self._old = min(self._old, head.size)
            reply = self._line.ask("POST", "/add-checkpoint", Request(self._old, _proof(conn, self._old, head), newest).spell())
            if reply.status == 200:  # noqa: PLR2004 - done
                witnessed.add(conn, self._origin, head.size, self._witness, self._verified(newest, reply.body))
                self._old, self.claim = head.size, None
                return
            self._old = self._told(conn, reply, head)
        raise NoCosignature("it tells another size again and again")

    def _told(self, conn: Connection, reply: Reply, head: Checkpoint) -> int:
        """The size from which a witness wants the proof. Raises NoCosignature, and claims what it saw that we have not."""
        if reply.status not in (CONFLICT, UNPROVEN):
            raise NoCosignature(f"answered {reply.status}")
        size = _size(reply.body) if reply.status == CONFLICT else self._old
        if size > head.size and publisher.size_of(conn, self._origin) >= size:
            return self._old  # another process signed it, and asked
        if size > head.size:
            self._compare(size, None)
            raise NoCosignature(f"it saw {size:,} entries, and {head.size:,} is the newest head here")
        if size == self._old and (reply.status == UNPROVEN or size == head.size):
            self._compare(size, b"")
            raise NoCosignature(f"it saw another head of {size:,} entries")
        if size == self._old:
            raise NoCosignature("answered 409 to the size it tells")
        return size

    def _compare(self, size: int, root: bytes | None) -> None:
        """Claim what a witness says that it saw: the head it shows, where the log's key signed that; otherwise its word."""
        shown = self._shown()
        if shown:
            size, root = shown.size, shown.root
        self.claim = Claim(self._witness, size, root) if size else None

    def _shown(self) -> Checkpoint | None:
        try:
            reply = self._line.ask("GET", f"/{place(self._origin)}/checkpoint")
            return _head(reply.body, self._signer().key) if reply.status == 200 else None  # noqa: PLR2004 - shown
        except (NoAnswer, Malformed, Unsigned, BadSignature, log.Diverged):
            return None

    def _verified(self, newest: bytes, lines: bytes) -> str:
        try:
            opened = note.opened(newest + lines, [self._key], crypto.verify)
        except (Malformed, Unsigned, BadSignature) as why:
            raise NoCosignature(f"its cosignature does not hold ({type(why).__name__})") from None
        if opened.text != note.parse(newest).text:
            raise NoCosignature("it answered with another text")
        return str(opened.verified[0][1])


def _head(signed: bytes, key: Key | None = None) -> Checkpoint:
    return checkpoint.parse((note.opened(signed, [key], crypto.verify) if key else note.parse(signed)).text)


def _proof(conn: Connection, old: int, head: Checkpoint) -> list[bytes]:
    """The proof that a head goes on from an older one, looked at before it is sent: what is wrong here is no witness's fault."""
    subtree = log.tree(conn, head.size)
    hashes = consistency(old, head.size, subtree)
    try:
        check_consistency(old, head.size, hashes, subtree(0, old), head.root)
    except Unproven:
        raise NoCosignature("the tiles here do not lead to the head") from None
    return hashes


def _size(body: bytes) -> int:
    try:
        return note.decimal(body.decode("ascii").removesuffix("\n"))
    except ValueError:
        raise NoCosignature("answered 409 without a size") from None
