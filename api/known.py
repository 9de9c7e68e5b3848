"""What is known of a label that somebody scanned: asked by the same questions whether there is such a label or not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, NamedTuple

from api import head, labelkeys, scans
from api.cache import Ask
from api.house import House
from api.lately import Lately
from api.verdict import Known, verdict
from labels import signed
from labels.link import Of
from labels.signed import BadLabel, Claims
from ledger.schema import Connection
from projections import labels, public
from projections.doubt import STANDING, Questioned

_LEAF: Final = "SELECT sha256('\\x00'::bytea || line) FROM ledger.entries WHERE position = %s"
_ALL: Final = f"""SELECT l.*, EXISTS (SELECT FROM views.loads d WHERE d.lot = l.lot),
 (SELECT json_agg(json_build_array(q.reason, coalesce(q.outcome, 'open'))) FROM {STANDING.format("views")}
  AND q.touches = 'printing:' || l.printing),
 (SELECT json_agg(json_build_array(s.country, s.first, s.last, s.scans, s.days)) FROM ({scans.SEEN}) s)
 FROM (SELECT) one LEFT JOIN ({labels.ONE.format("views")}) l ON true"""
"""A label, whether its lot was loaded, what is doubted of its printing, and its scans, in one question: as much work without one."""
_KEYS: Final[Lately["_Keys"]] = Lately(3.0, 8)
_LEAVES: Final[Lately[bytes]] = Lately(60.0, 1_024)
_NAMES: Final[Lately[str | None]] = Lately(8.0, 1_024)


class Place(NamedTuple):
    """A label's own path as it is signed, what it is on, and its serial."""

    path: str
    of: Of
    serial: str


class _Keys(NamedTuple):
    """The keys for labels by number, and their public halves."""

    keys: Mapping[int, labels.LabelKey]
    halves: Mapping[int, bytes]


def known(ask: Ask, place: Place, digits: str | None) -> Known | None:
    """What is known of the label of an address; None, after the same questions for all of them, of those of which nothing may be said."""
    with ask.house.pool.connection() as conn:
        signature, key = _signature(ask.house, conn, place.path, digits)
        claims = signature if isinstance(signature, Claims) else None
        leaf = _leaf(ask.house, conn, claims.position) if claims else b""
        row = conn.execute(_ALL, {"serial": place.serial}, prepare=True).fetchone()
    label = labels.read(row[:-3]) if row and row[0] else None
    if row is None or label is None or not _fits(place.of, label):
        return None
    open_ = label.lot is None or label.public or row[-3] or ask.insider
    of = Known(label, signature, key, claims is None or _agrees(claims, leaf, label), open_)
    if verdict(of).kind == "unknown":
        return None
    seen = None if label.sort == "card" else scans.read([_of_scans(each) for each in row[-1] or ()])
    doubts = sorted({Questioned(*each) for each in row[-2] or ()})
    return replace(of, holder=_name(ask.house, label.holder), head=head.lately(ask.house), doubts=doubts, seen=seen)


def _of_scans(row: Sequence[Any]) -> tuple[Any, ...]:
    country, first, last, *rest = row
    return country, date.fromisoformat(first), date.fromisoformat(last), *rest


def _signature(house: House, conn: Connection, path: str, digits: str | None) -> tuple[Claims | BadLabel | None, labels.LabelKey | None]:
    """What the digits truly say, and the key that they name; a key that is new to us is looked for."""
    if digits is None:
        return None, None
    there = _KEYS.get(house.url, lambda: _keys(conn))
    try:
        claims = signed.checked(path, digits, there.halves)
    except BadLabel as bad:
        if bad.reason != "unknown-key":
            return bad, None
        there = _keys(conn)
        try:
            claims = signed.checked(path, digits, there.halves)
        except BadLabel as worse:
            return worse, None
    return claims, there.keys[claims.kid]


def _keys(conn: Connection) -> _Keys:
    keys = labels.label_keys(conn)
    return _Keys({key.kid: key for key in keys}, labelkeys.halves(keys))


def _leaf(house: House, conn: Connection, position: int) -> bytes:
    """The hash of an entry, which never changes; empty where there is none."""

    def ask() -> bytes:
        row = conn.execute(_LEAF, (position,), binary=True, prepare=True).fetchone()
        return bytes(row[0]) if row else b""

    return _LEAVES.get((house.url, position), ask)


def _agrees(claims: Claims, leaf: bytes, label: labels.Label) -> bool:
    """Whether a label's digits name the entry that recorded it, as the log has it."""
    return (label.position, label.kid) == (claims.position, claims.kid) and leaf[: len(claims.digest)] == claims.digest


def _name(house: House, holder: str) -> str | None:
    """The name of a label's holder, where it is an organisation that may be named."""

    def ask() -> str | None:
        with house.pool.connection() as conn:
            return public.names(conn, house.vault, [holder]).get(holder)

    return _NAMES.get((house.url, holder), ask)


def _fits(of: Of, label: labels.Label) -> bool:
    """Whether a label is on what its address says."""
    if of.sscc:
        return label.sscc == of.sscc
    if of.gtin:
        return label.gtin == of.gtin and (label.lot or "").rpartition("/")[2] == (of.lot or "").rpartition("/")[2]
    if of.lot:
        return label.lot == of.lot
    if of.container_no:
        return label.container_no == of.container_no and label.stuffing == of.stuffing
    return label.sort == "card"
