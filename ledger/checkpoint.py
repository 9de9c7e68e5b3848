"""C2SP tlog-checkpoint and tlog-cosignature: how large a log is and what it commits to, signed by the log and by those who saw it."""

from base64 import b64encode
from typing import NamedTuple, Protocol

from ledger.merkle import HASH_BYTES
from ledger.note import WITNESS, Key, Malformed, Signature, cosigned_message, decimal, unbase64

__all__ = ["Checkpoint", "CosigningKey", "cosign", "cosigned_at", "cosigned_message", "parse"]


class Checkpoint(NamedTuple):
    """The head of a log: its name, its size and its root; further lines are kept as they came and mean nothing here."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, b64encode(self.root).decode(), *self.extensions))


def parse(text: str) -> Checkpoint:
    """The checkpoint of a note's text. Raises Malformed."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):  # noqa: PLR2004 - three lines, and what follows the last newline
        raise Malformed("a checkpoint is three lines or more, none of them empty: the log's name, its size, its root")
    origin, size, root, *extensions = lines
    return Checkpoint(origin, decimal(size), unbase64(root, HASH_BYTES), tuple(extensions))


class CosigningKey(Protocol):
    """The private key of a witness."""

    @property
    def key(self) -> Key:
        """Its public half."""

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""


def cosign(signer: CosigningKey, note_text: str, time: int) -> str:
    """The line with which a witness says that it saw this checkpoint at this time (seconds since 1970), and no larger one before."""
    if signer.key.type != WITNESS:
        raise ValueError(f"the key {signer.key.name} is of type {signer.key.type}: a witness signs with a key of type {WITNESS}")
    parse(note_text)
    signed = time.to_bytes(8) + signer.sign(cosigned_message(note_text, time))
    return str(Signature(signer.key.name, signer.key.id, signed))


def cosigned_at(cosignature: Signature) -> int:
    """When a witness says that it saw the checkpoint, in seconds since 1970."""
    return int.from_bytes(cosignature.signed[:8])
