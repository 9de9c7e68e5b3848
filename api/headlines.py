"""The words in which a label's verdict is said: of which kind it is, what stands above all else, and what to do then."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

Kind = Literal[
    "good-signed", "good-unsigned", "forged", "unsigned-though-signed", "compromised-key", "void", "replaced", "questioned",
    "not-yet-signed", "cloned", "unknown",
]  # fmt: skip
Sign = Literal["good", "open", "warn", "look"]
"""Shown; not shown yet, or by nobody else; not in order; for the reader to look at."""
Value = str | int | date | datetime


def _(english: str) -> str:
    """A text to be translated where it is shown."""
    return english


class Line(NamedTuple):
    """One sentence with its sign; what stands in braces is in `values`: numbers, days, words to be translated (`…_word`), or names."""

    sign: Sign
    english: str
    values: Mapping[str, Value] = {}


SORTS: Final = {
    "sack": _("a sack's label"), "pallet": _("a pallet's label"), "sample": _("a sample's label"), "container": _("a container's label"),
    "card": _("a farmer's card"),
}  # fmt: skip
WHY_VOID: Final = {
    "damaged": _("it was damaged"), "lost": _("it was lost"), "copied": _("it was copied"), "wrong": _("it was wrong"),
    "other": _("for another reason"), "annulled": _("its printing was taken back"),
}  # fmt: skip
FORGED: Final = {
    "unreadable": _("The signature in this code cannot be read: some of it is missing, or was changed."),
    "unknown-key": _("The signature in this code is of a key that was never used here."),
    "forged": _("The signature in this code is not of this label: the code was changed, or made by somebody else."),
}
HEADLINES: Final[Mapping[Kind, Line]] = {
    "good-signed": Line("good", _("The code is genuine: it is the one that was printed.")),
    "good-unsigned": Line("open", _("A label of this number was printed; the code itself proves nothing.")),
    "forged": Line("warn", _("Do not rely on this label: its code is not the one that was printed.")),
    "unsigned-though-signed": Line("warn", _("Part of the code is missing: this label was printed with a signature.")),
    "compromised-key": Line("warn", _("This label can no longer be trusted: others may have had the key that signed it.")),
    "void": Line("warn", _("This label is no longer valid.")),
    "replaced": Line("warn", _("This label was replaced by a newer one.")),
    "questioned": Line("warn", _("The label is in order, but the record behind it is questioned.")),
    "not-yet-signed": Line("open", _("The label is known, but its entry in the log is not signed yet.")),
    "cloned": Line("warn", _("Look closely: this label may have been copied.")),
    "unknown": Line("warn", _("There is no valid label of this number here.")),
}
"""What stands above all else, by kind."""
_ASK: Final = _("Ask whoever issued it, by another way than this page.")
OUT_OF_ORDER: Final[Mapping[Kind, str]] = {
    "forged": _("Scan it once more. If this page says the same again, ask whoever sold you the beans where the label comes from."),
    "compromised-key": _ASK, "void": _ASK, "replaced": "", "unsigned-though-signed": "",
}  # fmt: skip
"""What whoever stands before such a label should do, where no other sentence says so."""
CARD: Final = Line("open", _("A card of this number was issued and is valid; the code itself proves nothing."))
UNSIGNED: Final = Line("open", _("The log is not signed yet: nothing is proven."))
"""Where nothing that is said can be proven yet."""
