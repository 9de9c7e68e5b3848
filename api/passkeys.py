"""Passkeys (WebAuthn): what a browser is asked, and whether its answer is genuine. The only place that knows the library.

The user handle of a passkey is the id of its device, so that a browser that finds a passkey by itself says which device it is.
"""

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AuthenticatorSelectionCriteria, ResidentKeyRequirement, UserVerificationRequirement

NAME: Final = "Cacao Ledger"
_LONGEST: Final = 20_000


class NotGenuine(Exception):
    """The browser's answer does not hold."""


@dataclass(frozen=True, slots=True)
class Party:
    """Whom passkeys are made for: a host name and the origin of its pages. Browsers take no numbers for a host."""

    host: str
    origin: str

    @classmethod
    def of(cls, base: str) -> "Party":
        """The party of a public address."""
        parts = urlsplit(base)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def asked_to_make(party: Party, device: str, shown: str) -> tuple[dict[str, Any], bytes]:
    """What a browser is asked in order to make a passkey for a device, and the challenge. `shown` is what the browser lists it under."""
    options = webauthn.generate_registration_options(
        rp_id=party.host,
        rp_name=NAME,
        user_id=device.encode(),
        user_name=shown,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return json.loads(webauthn.options_to_json(options)), options.challenge


def made(party: Party, challenge: bytes, answer: dict[str, Any]) -> str:
    """The credential to enrol (id and public key, JSON). Raises NotGenuine."""
    try:
        verified = webauthn.verify_registration_response(
            credential=_bounded(answer),
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotGenuine(type(error).__name__) from None
    return json.dumps({"id": bytes_to_base64url(verified.credential_id), "key": bytes_to_base64url(verified.credential_public_key)})


def asked_to_sign(party: Party) -> tuple[dict[str, Any], bytes]:
    """What a browser is asked in order to sign in, and the challenge."""
    options = webauthn.generate_authentication_options(rp_id=party.host, user_verification=UserVerificationRequirement.REQUIRED)
    return json.loads(webauthn.options_to_json(options)), options.challenge


def device_of(answer: dict[str, Any]) -> str:
    """Which device an answer says it is. Raises NotGenuine."""
    try:
        device = base64url_to_bytes(answer["response"]["userHandle"]).decode("ascii")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotGenuine(type(error).__name__) from None
    if not device.isprintable():
        raise NotGenuine("no id")
    return device


def check_signed(party: Party, challenge: bytes, answer: dict[str, Any], credential: str) -> None:
    """Whether the holder of an enrolled credential signed the challenge on our page. Raises NotGenuine.

    The signature counter is not compared: passkeys that are kept on several devices do not count.
    """
    try:
        kept = json.loads(credential)
        if answer.get("id") != kept["id"]:
            raise NotGenuine("another passkey")
        webauthn.verify_authentication_response(
            credential=_bounded(answer),
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(kept["key"]),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotGenuine(type(error).__name__) from None


def _bounded(answer: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(answer)) > _LONGEST:
        raise NotGenuine("too long")
    return answer
