"""C2SP tlog-witness: a log's head is signed only where it goes on from the head that this witness signed last.

What survives a crash: a head is on the disk before anybody has the cosignature, so a witness never contradicts itself.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from ledger import checkpoint, crypto, note
from ledger.checkpoint import Checkpoint
from ledger.crypto import Signer
from ledger.merkle import EMPTY, HASH_BYTES, Unproven, check_consistency
from ledger.note import BadSignature, Key, Malformed, Unsigned, decimal, unbase64
from ledger.signed import LastSigned

MOST_HASHES: Final = 63
BAD, FORBIDDEN, UNKNOWN, CONFLICT, UNPROVEN = 400, 403, 404, 409, 422


class NotCosigned(Exception):
    """Why there is no cosignature: the protocol's status and a sentence; with CONFLICT the size that was signed last."""

    def __init__(self, status: int, why: str, size: int | None = None) -> None:
        super().__init__(why)
        self.status, self.size = status, size


class Damaged(Exception):
    """What a witness kept of a log is not what it wrote: it can sign nothing of that log any more."""


class Request(NamedTuple):
    """What a log sends: from which size the proof leads, the proof, and the signed checkpoint as it is."""

    old: int
    proof: Sequence[bytes]
    checkpoint: bytes

    def spell(self) -> bytes:
        """The body."""
        lines = (f"old {self.old}", *(b64encode(each).decode() for each in self.proof), "", "")
        return "\n".join(lines).encode() + self.checkpoint


def parse(body: bytes) -> Request:
    """The request of a body; checks its form alone. Raises Malformed."""
    above, blank, signed = body.partition(b"\n\n")
    try:
        old, *proof = above.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("sizes and hashes are ASCII") from None
    if not blank or not old.startswith("old "):
        raise Malformed("a request begins with the line `old SIZE`, and an empty line stands before its checkpoint")
    if len(proof) > MOST_HASHES:
        raise Malformed(f"the consistency proof has {len(proof)} hashes; at most {MOST_HASHES} are read")
    return Request(decimal(old[4:]), tuple(unbase64(each, HASH_BYTES) for each in proof), signed)


def agree(request: Request, head: Checkpoint, last: Checkpoint) -> None:
    """That a head goes on from the last one. Raises NotCosigned."""
    if request.old > head.size:
        raise NotCosigned(BAD, f"old size {request.old} is larger than the checkpoint's {head.size}")
    if request.old != last.size:
        raise NotCosigned(CONFLICT, "another size was signed last", last.size)
    if head.size == last.size and head.root != last.root:
        raise NotCosigned(CONFLICT, "another head of this size was signed", last.size)
    try:
        check_consistency(last.size, head.size, request.proof, last.root, head.root)
    except Unproven as why:
        raise NotCosigned(UNPROVEN, f"the consistency proof does not hold: {why}") from None


class Witness:
    """One witness of some logs: its key, and a folder with a file a log. Several processes of one machine may share the folder."""

    def __init__(self, signer: Signer, logs: Iterable[Key], folder: Path, clock: Callable[[], float]) -> None:
        self.key: Final = signer.key
        self._signer, self._logs, self._folder, self._clock = signer, tuple(logs), folder, clock
        self.origins: Final = {place(key.name): key.name for key in self._logs}

    def add(self, body: bytes) -> str:
        """The line that cosigns what a body asks for; kept before it is returned. Raises NotCosigned and Damaged."""
        try:
            request = parse(body)
            head = checkpoint.parse(request.checkpoint.rpartition(b"\n\n")[0].decode() + "\n")
        except ValueError as malformed:
            raise NotCosigned(BAD, str(malformed)) from None
        signed = self._checked(request.checkpoint, head.origin)
        kept = LastSigned(self._folder / place(head.origin))
        while True:
            before = kept.read()
            agree(request, head, self._read(before) or Checkpoint(head.origin, 0, EMPTY))
            line = checkpoint.cosign(self._signer, signed.text, int(self._clock()))
            if kept.swap(before, note.spell(signed.text, [*(each for _, each in signed.verified), line])):
                return line

    def seen(self, origin: str) -> bytes | None:
        """The head of a log that was cosigned last, with both signatures."""
        return LastSigned(self._folder / place(origin)).read()

    def last(self, origin: str) -> Checkpoint | None:
        """The same head, checked. Raises Damaged."""
        return self._read(self.seen(origin))

    def _checked(self, signed: bytes, origin: str) -> note.Opened:
        keys = [key for key in self._logs if key.name == origin]
        if not keys:
            raise NotCosigned(UNKNOWN, "unknown log: this witness was not told of it")
        try:
            return note.opened(signed, keys, crypto.verify)
        except (Malformed, Unsigned, BadSignature) as why:
            raise NotCosigned(FORBIDDEN, f"invalid signature: {why}") from None

    def _read(self, kept: bytes | None) -> Checkpoint | None:
        try:
            return None if kept is None else checkpoint.parse(note.opened(kept, [self.key], crypto.verify).text)
        except (Malformed, Unsigned, BadSignature):
            raise Damaged("what was kept of this log does not carry this witness's own signature") from None


def place(origin: str) -> str:
    """Under what a log is kept, and shown to monitors."""
    return sha256(origin.encode()).hexdigest()
