"""C2SP tlog-proof: one file that shows, offline, that an entry stands in a log and who saw that log."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger import ed25519
from ledger.merkle import HASH_BYTES, check_inclusion
from ledger.note import Malformed, Verify, decimal, unbase64
from ledger.policy import Policy, Seen

HEADER: Final = "c2sp.org/tlog-proof@v1"
MOST_HASHES: Final = 63


class TlogProof(NamedTuple):
    """Where an entry stands, the audit path to the root, and the signed checkpoint as it came. Nobody signed `extra`."""

    index: int  # type: ignore[assignment]  # as the specification calls it; nobody asks a tuple for its index()
    hashes: Sequence[bytes]
    checkpoint: bytes
    extra: bytes | None = None

    def spell(self) -> str:
        """The text of the file."""
        extra = [] if self.extra is None else [f"extra {b64encode(self.extra).decode()}"]
        lines = (HEADER, *extra, f"index {self.index}", *(b64encode(each).decode() for each in self.hashes), "", "")
        return "\n".join(lines) + self.checkpoint.decode()


def parse(data: bytes) -> TlogProof:
    """The proof of a file; checks its form alone. Raises Malformed."""
    above, blank, checkpoint = data.partition(b"\n\n")
    try:
        header, *lines = above.decode().split("\n")
    except UnicodeDecodeError:
        raise Malformed("the proof is not UTF-8") from None
    if header != HEADER or not blank:
        raise Malformed(f"a proof begins with the line {HEADER}, and an empty line stands before its checkpoint")
    extra = unbase64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise Malformed("the proof does not say at which index the entry stands")
    index, hashes = decimal(lines[0][6:]), lines[1:]
    if len(hashes) > MOST_HASHES:
        raise Malformed(f"the proof has {len(hashes)} hashes; a log has {MOST_HASHES} levels at most")
    return TlogProof(index, tuple(unbase64(each, HASH_BYTES) for each in hashes), checkpoint, extra)


def check(proof: TlogProof, leaf: bytes, policy: Policy, verify: Verify = ed25519.verify) -> Seen:
    """That the entry with this leaf hash stands in a log that the policy accepts.

    Raises Malformed, Unsigned, BadSignature and Unproven.
    """
    seen = policy.seen(proof.checkpoint, verify)
    check_inclusion(leaf, proof.index, seen.checkpoint.size, proof.hashes, seen.checkpoint.root)
    return seen
