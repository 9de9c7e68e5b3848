"""C2SP signed notes: text that somebody signed, with keys that say their own name; and the strict spelling under all our formats."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from ledger import ed25519

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether an Ed25519 signature holds: public key, signature, message."""

LOG: Final = 1
"""The type of a key that signs the text as it is: Ed25519."""
WITNESS: Final = 4
"""The type of a key that signs checkpoints with the time at which they were seen: cosignature/v1."""
MOST_SIGNATURES: Final = 100
MOST_BYTES: Final = 1_000_000
_DASH: Final = "\u2014 "
_BYTES: Final = {LOG: 64, WITNESS: 72}


class Malformed(ValueError):
    """Bytes that are not what they are said to be."""


class Unsigned(Exception):
    """Nobody whose key is known signed the note."""


class BadSignature(Exception):
    """A signature under the name and id of a known key does not hold."""


def decimal(written: str) -> int:
    """A number as our formats spell it: digits alone, none too many, below 2^63. Raises Malformed."""
    if not re.fullmatch("0|[1-9][0-9]{0,18}", written) or int(written) >> 63:
        raise Malformed(f"{written[:40]!r} is not a decimal number")
    return int(written)


def unbase64(written: str, length: int | None = None) -> bytes:
    """Bytes of base64 that spells them in the one right way. Raises Malformed."""
    try:
        data = b64decode(written, validate=True)
    except ValueError:
        data = None
    if data is None or b64encode(data).decode() != written:
        raise Malformed(f"{written[:40]!r} is not base64")
    if length is not None and len(data) != length:
        raise Malformed(f"{written[:40]!r} spells {len(data)} bytes, not {length}")
    return data


def named(name: str) -> str:
    """The name of a key, as it came. Raises Malformed where it is empty or has a space, a plus or a control character in it."""
    if not name or any(each.isspace() or each == "+" or each < " " for each in name):
        raise Malformed(f"{name[:80]!r} cannot be the name of a key")
    return name


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """What tells keys of one name apart: four bytes."""
    return sha256(f"{name}\n".encode() + bytes([kind]) + public).digest()[:4]


class Signature(NamedTuple):
    """One signature under a note: whose it says it is, and its bytes."""

    name: str
    id: bytes
    signed: bytes

    def __str__(self) -> str:
        """Its line."""
        return f"{_DASH}{self.name} {b64encode(self.id + self.signed).decode()}\n"


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with its name and type, as a vkey spells it."""

    name: str
    type: int
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> "Key":
        """The key of a vkey. Raises Malformed."""
        name, *rest = vkey.split("+", 2)
        if len(rest) != 2:  # noqa: PLR2004 - id and key
            raise Malformed(f"{vkey[:80]!r} is not a name, an id and a key with a plus between them")
        data = unbase64(rest[1], 33)
        key = cls(named(name), data[0], data[1:])
        if key.type not in _BYTES:
            raise Malformed(f"the key of {name} is of type {key.type}: wanted 1 (Ed25519) or 4 (Ed25519 cosignature)")
        if str(key) != vkey:
            raise Malformed(f"the key of {name} has the id {key.id.hex()}, not {rest[0][:40]!r}")
        return key

    @property
    def id(self) -> bytes:
        """Four bytes that its signatures carry."""
        return key_id(self.name, self.type, self.public)

    def __str__(self) -> str:
        """Its vkey."""
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.type]) + self.public).decode()}"

    def signed(self, text: str, signature: Signature, verify: Verify) -> bool:
        """Whether this key made the signature over the text."""
        if len(signature.signed) != _BYTES[self.type]:
            return False
        if self.type == LOG:
            return verify(self.public, signature.signed, text.encode())
        time = int.from_bytes(signature.signed[:8])
        return not time >> 63 and verify(self.public, signature.signed[8:], cosigned_message(text, time))


def cosigned_message(note_text: str, time: int) -> bytes:
    """What a witness signs: that it saw this checkpoint at this time, in seconds since 1970."""
    return f"cosignature/v1\ntime {time}\n{note_text}".encode()


class Note(NamedTuple):
    """A text and all signatures under it; none of them is checked yet."""

    text: str
    signatures: tuple[Signature, ...]


class Opened(NamedTuple):
    """A text that at least one known key signed. Signatures of unknown keys say nothing."""

    text: str
    verified: list[tuple[Key, Signature]]
    unverified: list[Signature]


def parse(data: bytes) -> Note:
    """Text and signatures; checks their form alone. Raises Malformed."""
    if len(data) > MOST_BYTES:
        raise Malformed(f"a note of {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise Malformed("the note is not UTF-8") from None
    if control := re.search("[\x00-\x09\x0b-\x1f]", whole):
        raise Malformed(f"the note has the control character {control[0]!r} in it")
    text, blank, under = whole.rpartition("\n\n")
    if not blank or not under.endswith("\n"):
        raise Malformed("the note does not end in an empty line and lines of signatures")
    lines = under.split("\n")[:-1]
    if len(lines) > MOST_SIGNATURES:
        raise Malformed(f"the note has {len(lines)} signatures; at most {MOST_SIGNATURES} are read")
    return Note(f"{text}\n", tuple(map(_signature, lines)))


def _signature(line: str) -> Signature:
    name, space, written = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise Malformed(f"{line[:80]!r} is not the line of a signature")
    data = unbase64(written)
    if len(data) < 5:  # noqa: PLR2004 - an id and at least one byte
        raise Malformed(f"the signature of {name} is too short")
    return Signature(named(name), data[:4], data[4:])


def spell(text: str, lines: Iterable[str | Signature]) -> bytes:
    """A note as bytes. Raises Malformed where it could not be read back."""
    data = f"{text}\n{''.join(map(str, lines))}".encode()
    if parse(data).text != text:
        raise Malformed("the text of a note ends in a newline")
    return data


def opened(data: bytes, keys: Iterable[Key], verify: Verify = ed25519.verify) -> Opened:
    """The note, checked against known keys. Raises Malformed, Unsigned, BadSignature."""
    note, known = parse(data), {(key.name, key.id): key for key in keys}
    verified: dict[Key, Signature] = {}
    unverified: dict[Signature, None] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.id))
        if key is None:
            unverified[signature] = None
        elif key not in verified:
            if not key.signed(note.text, signature, verify):
                raise BadSignature(f"the signature of {key.name} does not hold")
            verified[key] = signature
    if not verified:
        raise Unsigned("nobody whose key is known signed it: " + ", ".join(sorted({each.name for each in note.signatures})))
    return Opened(note.text, list(verified.items()), list(unverified))
