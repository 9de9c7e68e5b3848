"""What may be said of a printed label before somebody's eyes: in words, one thing at a time, and never more than is known.

No verdict is one green tick: that a code is genuine does not say that the paper is, for any code can be copied. So each sentence has its
own sign, and what only the reader can do, comparing what stands on the thing itself, is said as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Final, Literal, NamedTuple

from api.head import Head
from api.scans import Country, Seen
from labels.signed import BadLabel, Claims
from projections.doubt import Questioned
from projections.labels import Label, LabelKey

Kind = Literal[
    "good-signed", "good-unsigned", "forged", "unsigned-though-signed", "compromised-key", "void", "replaced", "questioned",
    "not-yet-signed", "cloned", "unknown",
]  # fmt: skip
Sign = Literal["good", "open", "warn", "look"]
"""Shown; not shown yet, or by nobody else; not in order; for the reader to look at."""
Value = str | int | date | datetime
MANY: Final = 500
"""Scans within 90 days that the label of one thing hardly gets by itself."""


def _(english: str) -> str:
    """A text to be translated where it is shown."""
    return english


class Line(NamedTuple):
    """One sentence with its sign; what stands in braces is in `values`: numbers, days, words to be translated (`…_word`), or names."""

    sign: Sign
    english: str
    values: Mapping[str, Value] = {}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of which kind a label is, the sentence that says so, and the sentences that say why and what else to look at."""

    kind: Kind
    headline: Line
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """All that a verdict rests on.

    `signature`: what the code's digits truly say, why they say nothing, or None where there are none; `key`: that which it names;
    `agrees`: whether the digits name the entry that recorded the printing, as it stands in the log.
    """

    label: Label | None
    signature: Claims | BadLabel | None = None
    key: LabelKey | None = None
    agrees: bool = True
    public: bool = True
    holder: str | None = None
    head: Head | None = None
    doubts: Sequence[Questioned] = ()
    seen: Seen | None = None
    number: str | None = None
    seal: str | None = None


SORTS: Final = {
    "sack": _("a sack's label"), "pallet": _("a pallet's label"), "sample": _("a sample's label"), "container": _("a container's label"),
    "card": _("a farmer's card"),
}  # fmt: skip
WHY_VOID: Final = {
    "damaged": _("it was damaged"), "lost": _("it was lost"), "copied": _("it was copied"), "wrong": _("it was wrong"),
    "other": _("for another reason"), "annulled": _("its printing was taken back"),
}  # fmt: skip
_FORGED: Final = {
    "unreadable": _("The signature in this code cannot be read: some of it is missing, or was changed."),
    "unknown-key": _("The signature in this code is of a key that this house never had."),
    "forged": _("The signature in this code is not of this label: the code was changed, or made by somebody else."),
}
HEADLINES: Final[Mapping[Kind, Line]] = {
    "good-signed": Line("good", _("The code is genuine: this house issued it.")),
    "good-unsigned": Line("open", _("This house knows a label of this number; the code itself proves nothing.")),
    "forged": Line("warn", _("Do not rely on this label: its code is not the one that was printed.")),
    "unsigned-though-signed": Line("warn", _("Part of the code is missing: this label was printed with a signature.")),
    "compromised-key": Line("warn", _("This label can no longer be trusted: others may have had the key that signed it.")),
    "void": Line("warn", _("This label is no longer valid.")),
    "replaced": Line("warn", _("This label was replaced by a newer one.")),
    "questioned": Line("warn", _("The label is in order, but the record behind it is questioned.")),
    "not-yet-signed": Line("open", _("The label is known, but the log that proves it is not signed so far yet.")),
    "cloned": Line("warn", _("Look closely: this label may have been copied.")),
    "unknown": Line("warn", _("There is no valid label of this number here.")),
}
"""What stands above all else, by kind."""
_CARD: Final = Line("open", _("A card of this number was issued and is valid; the code itself proves nothing."))


def verdict(of: Known) -> Verdict:
    """What may be said of a label. Unknown, void and not public are one, unless the code's own signature is good."""
    label = of.label
    if label is None or not (trusted(of) or (of.public and label.void is None)):
        return Verdict("unknown", HEADLINES["unknown"])
    kind = _kind(of, label)
    headline = _CARD if label.sort == "card" and kind == "good-unsigned" else HEADLINES[kind]
    lines = (*_issued(of, label), *_signature(of, label), *_void(label), *_log(of, label), *_scans(of, label), *_compare(of, label))
    return Verdict(kind, headline, lines)


def trusted(of: Known) -> bool:
    """Whether the code's signature is good: ours, of this label, with a key that nobody else had when it was printed."""
    return isinstance(of.signature, Claims) and of.agrees and not _lost(of)


def _lost(of: Known) -> bool:
    key, label = of.key, of.label
    if key is None or label is None or key.reason != "compromised":
        return False
    return key.since is None or label.printed_at >= key.since


def _kind(of: Known, label: Label) -> Kind:
    said: dict[Kind, bool] = {
        "forged": isinstance(of.signature, BadLabel) or not of.agrees,
        "compromised-key": isinstance(of.signature, Claims) and _lost(of),
        "replaced": bool(label.void and label.void.replaced_by),
        "void": label.void is not None,
        "cloned": bool(of.seen and (_twice(of.seen.countries) or of.seen.total > MANY)),
        "questioned": bool(of.doubts),
        "unsigned-though-signed": of.signature is None and label.kid is not None,
        "not-yet-signed": of.head is None or of.head.size < label.position,
        "good-signed": isinstance(of.signature, Claims),
    }
    return next((kind for kind, holds in said.items() if holds), "good-unsigned")


def _issued(of: Known, label: Label) -> list[Line]:
    values: dict[str, Value] = {"sort_word": SORTS[label.sort], "serial": grouped(label.serial), "day": _day(label.printed_at)}
    if of.holder:
        return [Line("good", _("It is {sort_word}, number {serial}, issued by {holder} on {day}."), {**values, "holder": of.holder})]
    return [Line("good", _("It is {sort_word}, number {serial}, issued on {day} by an organisation that is not named here."), values)]


def _signature(of: Known, label: Label) -> list[Line]:
    if isinstance(of.signature, BadLabel):
        return [Line("warn", _FORGED[of.signature.reason])]
    if of.signature is None:
        if label.kid is not None:
            return [Line("warn", _("The code was typed by hand, or it is a copy without its signature. Scan the printed code itself."))]
        return [Line("open", _("It was printed without a signature: anybody can print the same code."))]
    if not of.agrees:
        return [Line("warn", _("The signature is ours, but it names another entry than the log has: the record may have been changed."))]
    if _lost(of):
        return [Line("warn", _("The key that signed it, number {kid}, came into the hands of others."), {"kid": of.signature.kid})]
    closed = of.key is not None and of.key.closed_at is not None
    further = [Line("open", _("That key has been closed since; it was good when the label was printed."))] if closed else []
    return [Line("good", _("Its signature holds (key {kid}): nothing in the code was changed."), {"kid": of.signature.kid}), *further]


def _void(label: Label) -> list[Line]:
    if label.void is None:
        return []
    values: dict[str, Value] = {"day": _day(label.void.voided_at)}
    if label.void.replaced_by:
        return [Line("warn", _("A newer label has stood in its place since {day}: ask whoever holds the beans for it."), values)]
    values |= {"why_word": WHY_VOID.get(label.void.reason, WHY_VOID["other"])}
    return [Line("warn", _("It was made void on {day}: {why_word}."), values)]


def _log(of: Known, label: Label) -> list[Line]:
    if of.head is None:
        return [Line("open", _("The log has no signed head yet: nothing is proven."))]
    at: dict[str, Value] = {"position": label.position, "size": of.head.size}
    if of.head.size < label.position:
        return [Line("open", _("Its printing is entry {position}, and the signed log has {size} so far. Look again in a minute."), at)]
    return [Line("good", _("Its printing is entry {position} of {size} in the log."), at), *of_head(of.head)]


def of_head(head: Head) -> list[Line]:
    """Who vouches for the log's newest head, and when it was signed; and that it is late, where it is."""
    values: dict[str, Value] = {"moment": head.moment}
    waits = Line("warn", _("What was written since has waited for a signature for more than a minute: it is not proven."))
    late = [waits] if head.late() else []
    if not head.witnesses:
        return [Line("open", _("The log's head was last signed on {moment}; no outside witness has signed it yet."), values), *late]
    values |= {"seen": head.cosigned, "of": head.witnesses}
    sign: Sign = "good" if head.enough else "open"
    return [Line(sign, _("The log's head was last signed on {moment}, and cosigned by {seen} of {of} witnesses."), values), *late]


def _scans(of: Known, label: Label) -> list[Line]:
    if label.sort == "card" or of.seen is None:
        return []
    if not of.seen.total:
        return [Line("good", _("No scan before this one is known of the last 90 days."))]
    last = max(each.last for each in of.seen.countries)
    values: dict[str, Value] = {"count": of.seen.total, "days": of.seen.days, "last": last}
    said = [Line("open", _("Scans known of the last 90 days: {count}; days on which it was scanned: {days}; the last: {last}."), values)]
    if _twice(of.seen.countries):
        said.append(Line("warn", _("It was scanned in two countries within the same days; one thing cannot be in both.")))
    elif of.seen.total > MANY:
        said.append(Line("warn", _("That is more often than the label of one thing is usually scanned.")))
    return said


def _twice(countries: Sequence[Country]) -> bool:
    """Whether something was in a country, then in another, then in the first again, or on one day here and there for days."""
    named = [each for each in countries if each.country]
    return any(one.first < other.last and other.first < one.last for one, other in combinations(named, 2))


def _compare(of: Known, label: Label) -> list[Line]:
    if label.sort == "card":
        return []
    values: dict[str, Value]
    if of.number and of.seal:
        values = {"number": of.number, "seal": of.seal}
        return [Line("look", _("Compare: on the container's door must stand {number}, and on its seal {seal}."), values)]
    if of.number:
        return [Line("look", _("Compare: on the container's door must stand {number}. No seal is recorded yet."), {"number": of.number})]
    values = {"lot": (label.lot or "").rpartition("/")[2], "serial": grouped(label.serial)}
    return [Line("look", _("Compare: lot {lot} and number {serial} must stand on it in print."), values)]


def grouped(serial: str) -> str:
    """A serial as people read it aloud: in groups of four."""
    return " ".join(serial[at : at + 4] for at in range(0, len(serial), 4))


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])
