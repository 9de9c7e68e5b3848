"""Sign what was written: read back, grow the tiles, compare with the head and with what was signed before, swap, sign, publish.

What survives a crash: a checkpoint is in the file of the last signed head before anybody sees it, so no later one can contradict it;
one that did not reach the database yet is put there by the next step. Several publishers may run: the swap lets one through.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from ledger import log
from ledger.checkpoint import Checkpoint
from ledger.checkpoint import parse as parse_checkpoint
from ledger.crypto import Signer, verify
from ledger.entry import now
from ledger.log import Diverged
from ledger.merkle import Subtree, Unproven, check_consistency, consistency, unpacked
from ledger.note import BadSignature, Malformed, Unsigned, opened, spell
from ledger.reopen import RESTORED
from ledger.schema import PUBLISHER, Connection, connect
from ledger.signed import LastSigned

_PUBLISH: Final = "INSERT INTO log.checkpoints VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"


class Claim(NamedTuple):
    """What a witness saw of this log. `root`: None where only the size is known; empty where it is known to be none of ours."""

    witness: str
    size: int
    root: bytes | None


class Publisher:
    """Signs the heads of one ledger under one origin. Not for use by two threads at once. `key` raises Diverged where it is not there."""

    def __init__(
        self,
        url: str,
        origin: str,
        key: Callable[[], Signer],
        last: LastSigned,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        claims: Callable[[], Iterable[Claim]] = tuple,
    ) -> None:
        self.origin, self._key, self._last, self._clock, self._claims = origin, key, last, clock, claims
        self.conn = connect(url, PUBLISHER)

    def close(self) -> None:
        """Close the connection."""
        self.conn.close()

    def step(self) -> int:
        """Sign the head where the ledger has grown, and return the size signed.

        Raises Diverged, and signs nothing, where entries, head and what was signed do not agree; that is kept in `log.trouble` until
        a later step finds them in agreement.
        """
        try:
            signed = self._step()
        except (Diverged, ValueError) as failure:  # a tile that holds too little is a ValueError
            diverged = failure if isinstance(failure, Diverged) else Diverged("the tiles do not hold the hashes of the entries")
            log.note_trouble(self.conn, diverged, now(self._clock()))
            if diverged.forked:
                self.conn.execute("UPDATE ledger.head SET sealed = true WHERE NOT sealed")
            raise diverged from None
        self.conn.execute("DELETE FROM log.trouble")
        return signed

    def _step(self) -> int:
        size, nodes, sealed = _head(self.conn)
        if sealed:
            why = log.trouble(self.conn)
            values: dict[str, Any] = dict(why.values) if why else {}
            raise Diverged(why.template if why else RESTORED, **values)
        signer, before = self._key(), self._last.read()
        last = self._opened(before, signer)
        if size < last.size:
            raise Diverged(
                "the ledger has {size} entries, and a head of {signed} was signed: entries were lost",
                size + 1,
                forked=True,
                size=size,
                signed=last.size,
            )
        while log.size(self.conn) < size:
            log.grow(self.conn, size)
        subtree = log.tree(self.conn, size)
        head = Checkpoint(self.origin, size, subtree(0, size))
        if head.root != unpacked(size, nodes).root():
            raise Diverged("the head of {size} entries is not the root of the entries that are stored", forked=True, size=size)
        try:
            check_consistency(last.size, size, consistency(last.size, size, subtree), last.root, head.root)
        except Unproven:
            changed = "the first {size} entries are not those whose head was signed: history was changed"
            raise Diverged(changed, forked=True, size=last.size) from None
        self._hear(size, subtree)
        self._made_known(before, last)
        if size == last.size and before is not None:
            return size
        note = spell(head.text(), [signer.line(head.text())])
        if self._last.swap(before, note):
            self._publish(head.size, note)
        return size

    def _opened(self, note: bytes | None, signer: Signer) -> Checkpoint:
        """What was signed last; the empty tree where nothing was ever signed."""
        if note is None:
            if log.newest(self.conn, self.origin) is not None:
                raise Diverged("the file of the last signed head is gone, and heads were signed: put the newest signed checkpoint there")
            return Checkpoint(self.origin, 0, unpacked(0, b"").root())
        try:
            return parse_checkpoint(opened(note, [signer.key], verify).text)
        except (Malformed, Unsigned, BadSignature):
            raise Diverged("the file of the last signed head holds no checkpoint that this log's key signed") from None

    def _hear(self, size: int, subtree: Subtree) -> None:
        """What witnesses saw is in the ledger, as they saw it."""
        for claim in self._claims():
            if claim.size > size:
                raise Diverged(
                    "the witness {witness} saw a head of {signed} entries, and the ledger has {size}: entries were lost",
                    size + 1, witness=claim.witness, signed=claim.size, size=size,
                )  # fmt: skip
            if claim.root is not None and subtree(0, claim.size) != claim.root:
                raise Diverged(
                    "the witness {witness} saw another head of {size} entries: history was changed", witness=claim.witness, size=claim.size
                )

    def _made_known(self, note: bytes | None, last: Checkpoint) -> None:
        """What was signed just before a crash is published after it."""
        if note is not None and log.signed_at(self.conn, self.origin, last.size) is None:
            self._publish(last.size, note)

    def _publish(self, size: int, note: bytes) -> None:
        self.conn.execute(_PUBLISH, (self.origin, size, note, now(self._clock())))


def _head(conn: Connection) -> tuple[int, bytes, bool]:
    size, nodes, sealed = conn.execute("SELECT size, nodes, sealed FROM ledger.head", binary=True).fetchall()[0]
    return int(size), bytes(nodes), bool(sealed)


def size_of(conn: Connection, origin: str) -> int:
    """Entries that the newest published checkpoint covers; 0 where there is none."""
    row = conn.execute("SELECT max(size) FROM log.checkpoints WHERE origin = %s", (origin,)).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
