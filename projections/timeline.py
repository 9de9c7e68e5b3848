"""Timeline: for every tag, the entries that carry it, with both clocks: when it happened and where it was written."""

from projections.view import View, table

TIMELINE = View("timeline", (table("timeline", "tag text, position int8, kind text, at text", "tag, position"),), {})
"""Its rows come from the envelope, not from the fact: `follow` adds one for every tag of every entry."""
