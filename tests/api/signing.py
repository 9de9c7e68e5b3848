"""Signed labels of a container by the thousand, for tests of browsers and load: their private keys are known to everybody."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from uuid import uuid4

from api import people
from api.house import House
from api.people import operator
from domain.label import PrintContainerLabels
from domain.labelkey import OpenLabelKey
from labels.link import Of, label_path
from labels.signed import Claims, day_of, sign
from ledger.crypto import Signer

SIGNER: Final = Signer("label", bytes(range(32)))
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def key_opened(house: House, kid: int, signer: Signer = SIGNER) -> None:
    """Open a key."""
    public = b64encode(signer.key.public).decode()
    people.done(house, operator(house), OpenLabelKey(id=uuid4(), kid=kid, public_key=public, opened_at=house.now()))


def printed(house: House, number: str, count: int, kid: int, signer: Signer = SIGNER) -> list[str]:
    """Print labels of a container's latest stuffing; the signed address of each, beneath the house's."""
    serials, now = ["".join(secrets.choice(ALPHABET) for _ in range(8)) for _ in range(count)], house.now()
    command = PrintContainerLabels(id=uuid4(), container_no=number, serials=tuple(serials), kid=kid, printed_at=now)
    position = people.done(house, operator(house), command)
    with house.pool.connection() as conn:
        row = conn.execute(
            "SELECT line, (SELECT max(first) FROM views.containers WHERE container_no = %s) FROM ledger.entries WHERE position = %s",
            (number, position),
        ).fetchone()
    assert row
    claims = Claims(kid, day_of(now), position - 1, sha256(b"\0" + bytes(row[0])).digest()[:16])
    return signed([label_path(Of(number, row[1]), serial) for serial in serials], claims, signer)


def signed(paths: Sequence[str], claims: Claims, signer: Signer = SIGNER) -> list[str]:
    """Each path with the signature that would be printed after it."""
    return [f"{path}?s={sign(path, claims, signer)}" for path in paths]
