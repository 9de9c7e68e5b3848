"""`cacao verify LINK`: whether this house issued a label, from its address alone; and, asked to, whether its printing is in the log."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from api.fetching import Line, NoAnswer
from api.verifying import BROKEN, FALSE, TRUE, Part, Trust, Verdict, broken
from domain.labelkey import Closing, Kid, Public
from labels.link import Of, label_at
from labels.signed import DIGEST_BYTES, BadLabel, Claims, checked, read
from ledger import proof
from ledger.merkle import HASH_BYTES, Unproven, check_inclusion
from ledger.note import BadSignature, Malformed, Unsigned, unbase64

_ABROAD: Final = timedelta(days=1)
"""One moment has two days: 2026-12-01T00:30Z is 2026-11-30T19:30-05:00."""
_LINK: Final = re.compile(r"(https?:/)?/[^ ]*", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[0-9]{100,}")
_MOST_BYTES: Final = 20_000_000
SIGNED: Final = {
    "pallet": "label of pallet or container {serial}, issued on {day}, signed with label key {kid}",
    "lot": "label {serial} of lot {lot}, issued on {day}, signed with label key {kid}",
    "container": "label {serial} of container {no}, issued on {day}, signed with label key {kid}",
    "card": "card {serial}, issued on {day}, signed with label key {kid}",
}  # fmt: skip
"""What a label is on -> the clause where its signature holds."""
_THEIRS: Final[Part] = ("the keys came from the same place as the label: --keys names ones that you have from elsewhere", {})
_OFFLINE: Final[Part] = (
    "not checked: whether it was voided since, and whether its printing is in the log (--online asks, and so does scanning it)", {},
)  # fmt: skip
TOLD: Final[dict[str, tuple[Literal[0, 1, 2], str]]] = {
    "good-signed": (TRUE, "its house knows of nothing against it"),
    "not-yet-signed": (TRUE, "its house knows of nothing against it"),
    "questioned": (TRUE, "its house says that the record behind it is questioned: its page says more"),
    "cloned": (TRUE, "its house says that it may have been copied: its page says more"),
    "void": (FALSE, "its house says that it is no longer valid: its page says since when, and why"),
    "replaced": (FALSE, "its house says that a newer label replaced it"),
    "compromised-key": (BROKEN, "its house says that others may have had the key that signed it"),
    "forged": (FALSE, "its house says that its code is not the one that was printed"),
}
"""What a label's own page says of it -> what that makes of the verdict, and the clause."""
_UNKNOWN: Final[tuple[Literal[0, 1, 2], str]] = (FALSE, "its house says that it has no such label")


class Key(BaseModel):
    """A key of the list, as `/label-keys` gives it."""

    model_config = ConfigDict(extra="ignore")
    kid: Kid
    public: Public
    opened_at: str
    closed_at: str | None = None
    reason: Closing | None = None
    since: str | None = None


_KEYS: Final = TypeAdapter(list[Key])


@dataclass(frozen=True, slots=True)
class Label:
    """A label by its address: where the house is (None: not said), its own path, what it is on, its serial and its signature."""

    base: str | None
    path: str
    of: Of
    serial: str
    digits: str | None


def is_label(written: str) -> bool:
    """Whether what was given is an address or the digits of a label, and not the name of a file."""
    address = _LINK.fullmatch(written) and ("://" in written or "?s=" in written)
    return bool(address or _DIGITS.fullmatch(written))


def keys_of(data: bytes) -> dict[int, Key]:
    """The keys of a list by number. Raises Malformed."""
    try:
        told = orjson.loads(data)
        keys = _KEYS.validate_python(told["keys"] if isinstance(told, dict) else told)
    except (orjson.JSONDecodeError, ValidationError, KeyError):
        raise Malformed("wanted what /label-keys gives") from None
    return {key.kid: key for key in keys}


def verify(written: str, keys: Mapping[int, Key] | None, trust: Trust, *, online: bool) -> Verdict:
    """What an address shows. `online`: ask its house for the keys, where none are given, and for the proof."""
    label = _parsed(written)
    if label is None or label.digits is None:
        return _unsigned(written, label)
    try:
        line = Line(label.base, _MOST_BYTES) if online and label.base else None
        theirs = keys is None and line is not None
        known = keys_of(_asked(line, "/label-keys")) if line and keys is None else keys
    except (NoAnswer, ValueError) as failure:
        return broken("its house gives no keys ({detail})", detail=failure)
    if known is None:
        return broken("--keys names the keys that count, as /label-keys gave them; or --online asks the label's own house")
    said = _signature(label, label.digits, known)
    if isinstance(said, Verdict):
        return said
    found = _found(label, said) | {"checked_with": "its own house's keys" if theirs else "keys"}
    parts: tuple[Part, ...] = (_part(label, said), *((_THEIRS,) if theirs else ()))
    return _told(line, label, _in_log(line, said, trust, parts, found)) if line else Verdict(TRUE, (*parts, _OFFLINE), found)


def _parsed(written: str) -> Label | None:
    parts = urlsplit(written)
    found = label_at(parts.path)
    if found is None:
        return None
    path, of, serial = found
    given = parse_qs(parts.query, keep_blank_values=True).get("s", [])
    base = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(path)}" if parts.netloc else None
    return Label(base, path, of, serial, given[0] if len(given) == 1 else None)


def _unsigned(written: str, label: Label | None) -> Verdict:
    if label is not None:
        return broken("the label is not signed: open its page to see what is known of it")
    if _DIGITS.fullmatch(written):
        return broken("digits alone show nothing: the signature is of the label's address too, so give that whole")
    return broken("no address of a label: they are printed in upper case, such as HTTPS://…/L/B-1/S/0K3V9ZQ1?s=…")


def _signature(label: Label, digits: str, keys: Mapping[int, Key]) -> Claims | Verdict:
    """What the label says, or why that is not believed."""
    try:
        claims = checked(label.path, digits, {kid: unbase64(key.public, 32) for kid, key in keys.items()})
    except BadLabel as bad:
        if bad.reason == "unknown-key":
            return broken("it says that label key {kid} signed it, which is not among the keys", kid=read(digits)[0].kid)
        if bad.reason == "unreadable":
            return Verdict(FALSE, (("its digits are not those of a signature", {}),), {"what": "label"})
        return Verdict(FALSE, (("forged, or read wrongly: the signature is not of this address", {}),), {"what": "label"})
    key, found = keys[claims.kid], _found(label, claims)
    if key.reason == "compromised":
        words = "label key {kid} is in the hands of others: its signature shows nothing, the label's page says what is known of it"
        return Verdict(BROKEN, ((words, {"kid": key.kid}),), found)
    if not _day(key.opened_at) - _ABROAD <= claims.issued <= _day(key.closed_at or "9999-12-30") + _ABROAD:
        words = "it says that it was issued on {day}, when label key {kid} was not open"
        return Verdict(FALSE, ((words, {"day": claims.issued, "kid": key.kid}),), found)
    return claims


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])


def _part(label: Label, claims: Claims) -> Part:
    of = label.of
    sort = "pallet" if of.sscc else "lot" if of.lot else "container" if of.container_no else "card"
    on = {"lot": (of.lot or "").removeprefix("main/"), "no": of.container_no, "serial": label.serial}
    return SIGNED[sort], on | {"day": claims.issued, "kid": claims.kid}


def _found(label: Label, claims: Claims) -> dict[str, Any]:
    of = {name: value for name, value in label.of._asdict().items() if value is not None}
    said = {"kid": claims.kid, "issued": claims.issued.isoformat(), "position": claims.position, "digest": claims.digest.hex()}
    return {"what": "label", "path": label.path, "serial": label.serial, **of, **said}


def _asked(line: Line, path: str) -> bytes:
    """What the house answers. Raises NoAnswer."""
    answer = line.ask("GET", path)
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise NoAnswer(f"{path}: status {answer.status}")
    return answer.body


def _told(line: Line, label: Label, so_far: Verdict) -> Verdict:
    """What the label's own page says of it since, where it is true so far: a signature stays good when the label is voided."""
    if so_far.code != TRUE:
        return so_far
    try:
        answer = line.ask("GET", f"{label.path}.json?s={label.digits}&at={so_far.found['size']}")  # all that the proven head covers
        kind = "unknown" if answer.status == 404 else orjson.loads(answer.body)["kind"]  # noqa: PLR2004 - not found
        code, words = _UNKNOWN if kind == "unknown" else TOLD[kind]
    except (NoAnswer, ValueError, KeyError, TypeError) as failure:
        clause: Part = ("its house does not say whether it is valid still ({detail})", {"detail": failure})
        return Verdict(BROKEN, (*so_far.parts, clause), so_far.found)
    return Verdict(code, (*so_far.parts, (words, {})), so_far.found | {"house_says": kind})


def _in_log(line: Line, claims: Claims, trust: Trust, parts: tuple[Part, ...], found: dict[str, Any]) -> Verdict:
    """Whether the entry that recorded the printing stands in the log, by the hash that the label names."""
    try:
        shown = proof.parse(_asked(line, f"/proofs/{claims.position}.tlog-proof"))
        head, vouched, by = trust.seen(shown.checkpoint)
        told = orjson.loads(_asked(line, f"/proofs/{claims.position}.json?size={head.size}"))
        leaf = unbase64(told["leaf_hash"], HASH_BYTES)
        check_inclusion(leaf, claims.leaf_index, head.size, shown.hashes, head.root)
    except NoAnswer as failure:
        return Verdict(BROKEN, (*parts, ("its house shows no proof ({detail})", {"detail": failure})), found)
    except (Unproven, Unsigned, BadSignature, ValueError, KeyError, TypeError) as failure:
        return Verdict(FALSE, (*parts, ("its house shows no good proof ({detail})", {"detail": failure})), found)
    if shown.index != claims.leaf_index or leaf[:DIGEST_BYTES] != claims.digest:
        return Verdict(FALSE, (*parts, ("what stands in the log at that position is another entry", {})), found)
    values = {"position": claims.position, "size": head.size, "origin": head.origin}
    stands: Part = ("the entry of its printing stands at position {position} of {size} in the log {origin}", values)
    return Verdict(
        TRUE, (*parts, stands, vouched), found | by | {"checked_with": found["checked_with"], "log_checked_with": by["checked_with"]}
    )
