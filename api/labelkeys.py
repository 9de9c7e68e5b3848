"""The custody of keys for labels: each private half is a file of this machine alone, each public half an entry that everybody reads."""

import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from api import people
from api.access import Actor
from api.house import House
from api.settings import Settings
from domain.labelkey import CloseLabelKey, Closing, OpenLabelKey
from labels.link import Of, label_path
from labels.signed import DIGEST_BYTES, Claims, day_of, sign
from ledger.crypto import Signer
from ledger.merkle import leaf_hash
from ledger.vault import secret
from projections.labels import Label, LabelKey, label_keys

MOST: Final = 65_535
"""The highest number that a label has room for."""


class NoKey(Exception):
    """There is no private key here to sign labels with, or it is not the one that was opened."""


def path_of(settings: Settings, kid: int) -> Path:
    """The file of a private key."""
    return settings.folder / "keys" / f"label-{kid}.key"


def halves(opened: Iterable[LabelKey]) -> dict[int, bytes]:
    """The public half of each key by its number; what a compromised one signs is for others to judge."""
    return {key.kid: b64decode(key.public_key) for key in opened}


def keys(house: House) -> list[LabelKey]:
    """All keys, by number."""
    with house.pool.connection() as conn:
        return label_keys(conn)


def current(house: House) -> int | None:
    """The number of the key that labels are signed with now: the newest open one whose private half is here; None without any."""
    return next((key.kid for key in reversed(keys(house)) if key.closed_at is None and is_here(house.settings, key)), None)


def signer(house: House, kid: int) -> Signer:
    """The private half of a key. Raises NoKey."""
    opened = next((key for key in keys(house) if key.kid == kid), None)
    path = path_of(house.settings, kid)
    if opened is not None and opened.closed_at is not None:
        raise NoKey(f"label key {kid} was closed ({opened.reason}): what it signed stays as it is and is not drawn again, but printed anew")
    if opened is None or not path.exists():
        raise NoKey(f"{path} is not there: labels of key {kid} are signed where it is")
    mine = _read(path)
    if b64encode(mine.key.public).decode() != opened.public_key:
        raise NoKey(f"{path} is not the key that was opened as key {kid}")
    return mine


def of(label: Label) -> Of:
    """What a label is on, as its address says it."""
    return Of(label.container_no, label.stuffing, label.lot, label.gtin, label.sscc)


def digits_of(house: House, labels: Iterable[Label]) -> dict[str, str]:
    """Serial -> the digits of its signature, of labels that were printed with a key; the others have none.

    A label is signed again as it was the first time, digit for digit. Raises NoKey.
    """
    signed = {label.serial: label for label in labels if label.kid is not None}
    positions = sorted({label.position for label in signed.values()})
    with house.pool.connection() as conn:
        rows = conn.execute("SELECT position, line FROM ledger.entries WHERE position = ANY(%s)", (positions,)).fetchall()
    digests = {position: leaf_hash(bytes(line))[:DIGEST_BYTES] for position, line in rows}
    signers = {kid: signer(house, kid) for kid in {label.kid for label in signed.values() if label.kid is not None}}
    return {serial: _signed(label, digests[label.position], signers) for serial, label in signed.items()}


def _signed(label: Label, digest: bytes, signers: Mapping[int, Signer]) -> str:
    kid = label.kid or 0
    claims = Claims(kid, day_of(label.printed_at), label.position - 1, digest)
    return sign(label_path(of(label), label.serial), claims, signers[kid])


def open_key(house: House, actor: Actor) -> int:
    """Make a key and open it under the next number; returns that. The file is there before the entry is. Raises NotDone, NoKey."""
    taken = [key.kid for key in keys(house)]
    kid = max(taken, default=0) + 1
    if kid > MOST:
        raise NoKey(f"{MOST} keys were opened: a label has no room for a higher number")
    path = path_of(house.settings, kid)
    secret(path, lambda: str(Signer.new(f"label-{kid}")))
    public = b64encode(_read(path).key.public).decode()
    people.done(house, actor, OpenLabelKey(id=uuid4(), kid=kid, public_key=public, opened_at=house.now()))
    return kid


def close_key(house: House, actor: Actor, kid: int, reason: Closing, since: str | None = None) -> None:
    """Close a key for ever; the private half of one that others may have, or that has no further use, is destroyed. Raises NotDone."""
    people.done(house, actor, CloseLabelKey(id=uuid4(), kid=kid, reason=reason, since=since, closed_at=house.now()))
    with suppress(FileNotFoundError):
        path = path_of(house.settings, kid)
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.write(b"\0" * size)
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


def rotate(house: House, actor: Actor) -> int:
    """Open a new key, then close the one that was used until now; returns the new number. Raises NotDone, NoKey."""
    before = current(house)
    kid = open_key(house, actor)
    if before is not None:
        close_key(house, actor, before, "rotated")
    return kid


def missing(settings: Settings, opened: list[LabelKey]) -> list[int]:
    """Numbers of open keys whose private half is not here, or is another."""
    return [key.kid for key in opened if key.closed_at is None and not is_here(settings, key)]


def is_here(settings: Settings, key: LabelKey) -> bool:
    """Whether the private half of a key is on this machine."""
    path = path_of(settings, key.kid)
    try:
        return path.exists() and b64encode(_read(path).key.public).decode() == key.public_key
    except NoKey:
        return False


def _read(path: Path) -> Signer:
    try:
        return Signer.parse(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise NoKey(f"{path} holds no key") from None
