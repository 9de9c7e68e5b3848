"""The signed label: what a printed code says so that a phone without a network knows whether this house issued it.

The signature is written as decimal digits, which a QR code holds in its densest way. It stands over the label's own path, so that it
fits no other label, and over the first bytes of the entry's hash, so that whoever has the entry can compare.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from struct import Struct
from typing import Final, Literal, Protocol

from ledger.crypto import verify

CONTEXT: Final = b"cacao-ledger/label/v1\n"
"""What every signed text begins with: a signature of a label is never one of a log's head."""
VERSION: Final = 1
DIGEST_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64
MOST_DIGITS: Final = 320
"""Digits beyond which nothing is read: turning digits into a number costs the square of their count."""
_CLAIMS: Final = Struct(f">BHHI{DIGEST_BYTES}s")
_BLOB_BYTES: Final = _CLAIMS.size + SIGNATURE_BYTES
_DIGITS: Final = re.compile(rf"[1-9][0-9]{{0,{MOST_DIGITS - 1}}}")
_EPOCH: Final = date(1970, 1, 1).toordinal()
Reason = Literal["unreadable", "unknown-key", "forged"]


class Signs(Protocol):
    """Whoever holds a private Ed25519 key, such as `ledger.crypto.Signer`."""

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of a signature."""
        ...


class BadLabel(Exception):
    """A signature that says nothing of its label: `unreadable` digits, of an `unknown-key`, or `forged` (it does not fit path and key)."""

    def __init__(self, reason: Reason) -> None:
        self.reason: Final = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a label says of itself: the key's number, the day of printing (days since 1970-01-01), the entry and its hash.

    `leaf_index` is the position, less one, of the entry that recorded the printing; `digest` the first 16 bytes of that leaf's hash.
    """

    kid: int
    issued_day: int
    leaf_index: int
    digest: bytes

    @property
    def issued(self) -> date:
        """The day of printing."""
        return date.fromordinal(_EPOCH + self.issued_day)

    @property
    def position(self) -> int:
        """The entry that recorded the printing."""
        return self.leaf_index + 1

    def packed(self) -> bytes:
        """The 25 bytes that are signed beside the path. Raises ValueError for a number or a digest of another size."""
        if len(self.digest) != DIGEST_BYTES:
            raise ValueError(f"a digest of {len(self.digest)} bytes: wanted {DIGEST_BYTES}")
        sizes = (self.kid, 16), (self.issued_day, 16), (self.leaf_index, 32)
        if any(not 0 <= number < 1 << bits for number, bits in sizes):
            raise ValueError(f"{self} has a number that a label has no room for")
        return _CLAIMS.pack(VERSION, self.kid, self.issued_day, self.leaf_index, self.digest)


def day_of(moment: str) -> int:
    """Days since 1970-01-01 of a moment, by the calendar where it was written."""
    return date.fromisoformat(moment[:10]).toordinal() - _EPOCH


def sign(path: str, claims: Claims, signer: Signs) -> str:
    """The digits that stand after `?s=` on the label of that path. Raises ValueError for what no label can say."""
    packed = claims.packed()
    return str(int.from_bytes(b"\x01" + packed + signer.sign(_text(path, packed))))


def read(digits: str) -> tuple[Claims, bytes]:
    """What digits say, and the signature beside it; nothing is checked yet. Raises ValueError."""
    if not _DIGITS.fullmatch(digits):
        raise ValueError("no signature of a label: wanted digits")
    number = int(digits)
    whole = number.to_bytes((number.bit_length() + 7) // 8)
    if len(whole) != _BLOB_BYTES + 1 or whole[0] != 1:
        raise ValueError("no signature of a label: too few digits, or too many")
    version, kid, day, leaf_index, digest = _CLAIMS.unpack_from(whole, 1)
    if version != VERSION:
        raise ValueError(f"a label of version {version}: wanted {VERSION}")
    return Claims(kid, day, leaf_index, digest), whole[-SIGNATURE_BYTES:]


def checked(path: str, digits: str, keys: Mapping[int, bytes]) -> Claims:
    """What the label of that path truly says. `path` is as it was scanned: the signature stands over upper case. Raises BadLabel."""
    try:
        claims, signature = read(digits)
    except ValueError:
        raise BadLabel("unreadable") from None
    if claims.kid not in keys:
        raise BadLabel("unknown-key")
    if not verify(keys[claims.kid], signature, _text(path, claims.packed())):
        raise BadLabel("forged")
    return claims


def _text(path: str, packed: bytes) -> bytes:
    return CONTEXT + path.encode("utf-8", "surrogatepass") + b"\n" + packed
