"""Timeline: for every tag, the entries that carry it; for every entry, its kind, and when it happened and was written."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from projections.view import View, table

LATE_DAYS: Final = 3
"""What was written longer after it happened was written late."""
_LATE: Final = timedelta(days=LATE_DAYS)
TIMELINE = View(
    "timeline",
    (
        table("moments", "position int8, kind text, at text, seen text, late bool, org text", "position", "org, position"),
        table("timeline", "tag text, position int8", "tag, position", theirs=None),
    ),
    {},
)
"""Its rows come from the envelope, not from the fact: `follow` adds a moment for every entry, and PostgreSQL the tags of a batch."""


def moment(position: int, body: Mapping[str, Any]) -> tuple[Any, ...]:
    """The row of `moments` of an entry, by its envelope."""
    at, seen = body["at"], body["seen"]
    return position, body["kind"], at, seen, is_late(at, seen), body["org"]


def is_late(at: str, seen: str) -> bool:
    """Whether what happened at one moment and was written at another was written late."""
    return datetime.fromisoformat(seen) - datetime.fromisoformat(at) > _LATE
