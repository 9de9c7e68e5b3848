"""What an auditor should look at: signs of trouble in the record. Nothing is refused for them; each says what was found and what is usual.

A finding is no proof of anything: scales err, boundaries are old, and somebody wrote a day late.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from ledger.schema import Connection

Check = Literal["yield", "outturn", "picked", "bought", "repeated", "after-seal", "written-late", "labelled", "overlap"]
CHECKS: Final[tuple[Check, ...]] = get_args(Check)
Sort = Literal["plot", "lot", "party", "container"]
About = tuple[Sort, str]
"""What a finding is about: a thing's sort and key; of a container its stuffing."""

POSSIBLE_KG: Final = 2_000
"""Dry kilograms that a hectare can give in a year: "2,000 kg per hectare are possible" (final report of the Peru Cacao Alliance, where
518 were the average). Peru's average of 2020 was 906: 160,289 t on 176,954 ha."""
DRY_PERMILLE: Final = 380
"""Dry kilograms of a thousand wet ones: the factor in use in Peru."""
A_DAY: Final = 5
"""The part of a year's best harvest that one day may give is one in so many. In the main harvest one picks every 10 to 15 days, so that
even the fullest day of the best plot stays below: 1,053 wet kilograms a hectare."""


class Finding(NamedTuple):
    """One thing to look at: by which check, what it is about, a sentence with its values apart, and the positions of its entries."""

    check: Check
    about: tuple[About, ...]
    template: str
    values: dict[str, str]
    positions: tuple[int, ...]

    def __str__(self) -> str:
        return self.template.format(**self.values)


WrittenUntil = Callable[[datetime], int]
"""A moment -> the position of the last entry that was written up to it."""


def kg(grams: float) -> str:
    """Kilograms in a sentence, to a tenth."""
    return f"{grams / 1000:,.1f}".removesuffix(".0")


def bare(key: str) -> str:
    """The id of a key, as a sentence says it; the book is hidden."""
    return key.rpartition("/")[2]


def written_until(conn: Connection, moment: datetime) -> int:
    """The position of the last entry that was written up to a moment: entries were written in order, so a few looks are enough.

    On a connection that may read entries.
    """
    row = conn.execute("SELECT size FROM ledger.head").fetchone()
    low, high = 0, int(row[0]) if row else 0
    while low < high:
        middle = (low + high + 1) // 2
        found = conn.execute(
            "SELECT convert_from(line, 'UTF8')::json ->> 'seen' FROM ledger.entries WHERE position = %s", (middle,)
        ).fetchone()
        if found and datetime.fromisoformat(found[0]) <= moment:
            low = middle
        else:
            high = middle - 1
    return low
