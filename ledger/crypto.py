"""Where `cryptography` is used: signatures of logs and witnesses, and the locks of the vault."""

import os
from base64 import b64encode
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.note import LOG, WITNESS, Key, Malformed, Signature, named, unbase64

NONCE_BYTES: Final = 12
PRIVATE: Final = "PRIVATE+KEY+"


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature holds."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Signer:
    """A private Ed25519 key with its name and type, as a note's private key is written. Whoever reads `str()` of it holds it."""

    def __init__(self, name: str, seed: bytes, kind: int = LOG) -> None:
        self._seed, self._private = seed, Ed25519PrivateKey.from_private_bytes(seed)
        self.key: Final = Key(named(name), kind, self._private.public_key().public_bytes_raw())

    @classmethod
    def new(cls, name: str, kind: int = LOG) -> "Signer":
        """A key that nobody had before: of a log, or (kind WITNESS) of a witness. Raises Malformed for what cannot be a name."""
        return cls(name, os.urandom(32), kind)

    @classmethod
    def parse(cls, written: str) -> "Signer":
        """The key of `PRIVATE+KEY+…`. Raises Malformed, which does not repeat it."""
        name, _, rest = written.removeprefix(PRIVATE).partition("+")
        try:
            data = unbase64(rest.partition("+")[2], 33)
            signer = cls(name, data[1:], data[0])
        except Malformed:
            signer = None
        if signer is None or signer.key.type not in (LOG, WITNESS) or str(signer) != written:
            raise Malformed(f"wanted a key of the form {PRIVATE}name+id+base64, of type {LOG} or {WITNESS}")
        return signer

    @property
    def name(self) -> str:
        """Whose key it is."""
        return self.key.name

    def __str__(self) -> str:
        """The private key, spelled."""
        return f"{PRIVATE}{self.name}+{self.key.id.hex()}+{b64encode(bytes([self.key.type]) + self._seed).decode()}"

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""
        return self._private.sign(message)

    def line(self, text: str) -> str:
        """The line that signs a note's text. Raises ValueError for a witness's key: see `checkpoint.cosign`."""
        if self.key.type != LOG:
            raise ValueError(f"the key {self.name} is of type {self.key.type}: a note is signed with a key of type {LOG}")
        return str(Signature(self.name, self.key.id, self.sign(text.encode())))


class NotOpened(Exception):
    """What was locked does not open: the key is another, or the bytes were changed."""


class Lock:
    """AES-256-GCM under one key; what is locked opens only where it is said to be bound to."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def locked(self, plain: bytes, bound_to: bytes) -> bytes:
        """A nonce and the locked content."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, bound_to)

    def opened(self, locked: bytes, bound_to: bytes) -> bytes:
        """The content. Raises NotOpened."""
        try:
            return self._cipher.decrypt(locked[:NONCE_BYTES], locked[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            raise NotOpened from None
