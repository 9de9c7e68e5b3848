"""What may be said of a printed label before somebody's eyes: in words, one thing at a time, and never more than is known.

No verdict is one green tick: that a code is genuine does not say that the paper is, for any code can be copied. So each sentence has its
own sign, and what only the reader can do, comparing what stands on the thing itself, is said as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Final

from api.head import Head
from api.headlines import CARD, FORGED, HEADLINES, OUT_OF_ORDER, SORTS, UNSIGNED, WHY_VOID, Kind, Line, Sign, Value, _
from api.scans import Country, Seen
from labels.signed import BadLabel, Claims
from projections.doubt import Questioned
from projections.labels import Label, LabelKey

MANY: Final = 500
"""Scans within 90 days that the label of one thing hardly gets by itself."""


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


def verdict(of: Known) -> Verdict:
    """What may be said of a label. Unknown, void and not public are one, unless the code's own signature is good."""
    label = of.label
    if label is None or not (trusted(of) or (of.public and label.void is None)):
        return Verdict("unknown", HEADLINES["unknown"])
    kind = _kind(of, label)
    headline = CARD if label.sort == "card" and kind == "good-unsigned" else HEADLINES[kind]
    lines = (
        *_issued(of, label), *_signature(of, label), *_void(label), *_log(of, label), *_scans(of, label), *_compare(of, label),
        *_apart(of, kind, label),
    )  # fmt: skip
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
    values |= {"holder": of.holder} if of.holder else {}
    if not trusted(of):
        named = _("Under number {serial}, the record has {sort_word}, issued by {holder} on {day}.")
        nameless = _("Under number {serial}, the record has {sort_word}, issued on {day} by an organisation that is not named here.")
        return [Line("open", named if of.holder else nameless, values)]
    named = _("It is {sort_word}, number {serial}, issued by {holder} on {day}.")
    nameless = _("It is {sort_word}, number {serial}, issued on {day} by an organisation that is not named here.")
    return [Line("good", named if of.holder else nameless, values)]


def _signature(of: Known, label: Label) -> list[Line]:
    if isinstance(of.signature, BadLabel):
        return [Line("warn", FORGED[of.signature.reason])]
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
        return [UNSIGNED]
    at: dict[str, Value] = {"position": label.position, "size": of.head.size}
    waits = _("Its printing is entry {position}, and the log is signed up to entry {size} so far. Look again in a minute.")
    if of.head.size < label.position:
        return [Line("open", waits, at)]
    return [Line("good", _("Its printing is entry {position} of {size} in the log."), at), *of_head(of.head)]


def of_head(head: Head) -> list[Line]:
    """Who vouches for the log's newest head, and when it was signed; and that it is late, where it is."""
    values: dict[str, Value] = {"moment": head.moment}
    waits = Line("warn", _("What was written since has waited for a signature for more than a minute: it is not proven."))
    late = [waits] if head.late() else []
    if not head.witnesses:
        return [Line("open", _("The log was last signed on {moment}; no outside witness has signed it yet."), values), *late]
    values |= {"seen": head.cosigned, "of": head.witnesses}
    sign: Sign = "good" if head.enough else "open"
    return [Line(sign, _("The log was last signed on {moment}, and cosigned by {seen} of {of} witnesses."), values), *late]


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


def _apart(of: Known, kind: Kind, label: Label) -> list[Line]:
    """What to do where a label is not in order, and that the page of the beans, which follows, does not vouch for it."""
    if kind not in OUT_OF_ORDER or label.sort == "card":
        return []
    todo = [Line("look", OUT_OF_ORDER[kind])] if OUT_OF_ORDER[kind] else []
    if not of.public:
        return todo
    return [*todo, Line("warn", _("What follows is what the record says of the beans; it does not vouch for this label."))]


def grouped(serial: str) -> str:
    """A serial as people read it aloud: in groups of four."""
    return " ".join(serial[at : at + 4] for at in range(0, len(serial), 4))


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])
