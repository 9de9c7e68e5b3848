"""A passkey in software: what a phone keeps and signs, so that a test can send it twice, late, or from another browser."""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.api.people import PLACE

_THERE_AND_KNOWN, _WITH_KEY = 0b101, 0b1000000
"""Flags of authenticator data: its owner was there, and was known; the new key follows."""
_HOST: Final = PLACE.removeprefix("https://")


def _text(written: bytes) -> str:
    return urlsafe_b64encode(written).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Passkey:
    """One passkey of a device of the house at PLACE."""

    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user: str = ""
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to what a browser is asked in order to make a passkey."""
        self.user = options["user"]["id"]
        of = self._key.public_key().public_numbers()
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: of.x.to_bytes(32, "big"), -3: of.y.to_bytes(32, "big")})
        data = self._data(_THERE_AND_KNOWN | _WITH_KEY) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + key
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": _text(_client("create", options)), "attestationObject": _text(attestation)})

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to what a browser is asked in order to sign in."""
        client, data = _client("get", options), self._data(_THERE_AND_KNOWN)
        signature = self._key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        told = {"clientDataJSON": client, "authenticatorData": data, "signature": signature, "userHandle": _bytes(self.user)}
        return self._answer({name: _text(value) for name, value in told.items()})

    def _data(self, flags: int) -> bytes:
        return sha256(_HOST.encode()).digest() + bytes([flags]) + bytes(4)

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        id_ = _text(self.id)
        return {"id": id_, "rawId": id_, "type": "public-key", "response": response, "clientExtensionResults": {}}


def _client(what: str, options: dict[str, Any]) -> bytes:
    return json.dumps({"type": f"webauthn.{what}", "challenge": options["challenge"], "origin": PLACE}).encode()
