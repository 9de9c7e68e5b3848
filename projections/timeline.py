"""Timeline: for every tag, the entries that carry it; for every entry, its kind and when it happened."""

from projections.view import View, table

TIMELINE = View(
    "timeline",
    (
        table("moments", "position int8, kind text, at text, org text", "position", "org, position"),
        table("timeline", "tag text, position int8", "tag, position", theirs=None),
    ),
    {},
)
"""Its rows come from the envelope, not from the fact: `follow` adds a moment for every entry, and PostgreSQL the tags of a batch."""
