"""An entry as those who annul or question it must know it: looked up in the store and in what is about to be stored."""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.annulment import ABOUT, ANNULLED, Resting, Written, resting
from domain.vocabulary import KINDS, MAY_REST
from ledger.entry import read, typed
from ledger.memory import annulled
from ledger.schema import Connection
from ledger.store import Record

_ENTRY: Final = """
SELECT e.line, ARRAY(SELECT kind FROM ledger.tags WHERE tag = %(about)s AND kind = ANY(%(kinds)s) AND position <= %(upto)s)
FROM ledger.entries e WHERE e.position = %(position)s AND e.position <= %(upto)s"""
# One short look into the index for each kind: a party's tag may stand on a million entries.
_RESTING: Final = f"""
SELECT t.position, k.kind FROM unnest(%(kinds)s::text[]) AS k(kind) CROSS JOIN LATERAL (
  SELECT t.position FROM ledger.tags t WHERE t.tag = %(tag)s AND t.kind = k.kind AND t.position > %(position)s AND t.position <= %(upto)s
  AND t.position <> ALL(%(gone)s::int8[])
  AND NOT EXISTS (SELECT FROM ledger.tags a WHERE a.tag = 'entry:' || t.position AND a.kind = '{ANNULLED}' AND a.position <= %(upto)s)
  AND NOT EXISTS (SELECT FROM unnest(%(further)s::text[]) AS f(tag) WHERE NOT EXISTS (
    SELECT FROM ledger.tags o WHERE o.tag = f.tag AND o.kind = k.kind AND o.position = t.position))
  ORDER BY t.position LIMIT 1) AS t ORDER BY t.position LIMIT 1"""


def look_up(conn: Connection, stored: int, pending: Sequence[Record], position: int) -> Written | None:
    """The entry at a position, among those stored up to `stored` and those that will follow them; None where there is none of ours."""
    own = f"{Written.tag}:{position}"
    row = conn.execute(_ENTRY, {"about": own, "kinds": list(ABOUT), "position": position, "upto": stored}).fetchone()
    later = dict(enumerate(pending, stored + 1))
    line = later[position].line if position in later else row[0] if row else None
    entry = None if line is None else read(position, line)
    if entry is None or entry.kind not in KINDS:
        return None
    about = {each.kind for each in later.values() if own in each.tags}.union(row[1] if row else ())
    fact = typed(entry.fact)
    rests = _first(conn, stored, later, position, resting(fact, position))
    return Written(position, fact, entry.tags, entry.org, frozenset(about), rests)


def _first(conn: Connection, stored: int, later: Mapping[int, Record], position: int, what: Resting | None) -> tuple[int, str] | None:
    """Position and kind of the first entry that rests on the one at `position` and is not annulled itself."""
    if what is None or not what.tags:
        return None
    tag, *further = what.tags
    gone = annulled(read(at, each.line) for at, each in later.items() if each.kind == ANNULLED)
    kinds = MAY_REST if what.kinds is None else what.kinds
    asked = {"tag": tag, "further": further, "kinds": list(kinds), "position": position, "upto": stored, "gone": list(gone)}
    if row := conn.execute(_RESTING, asked).fetchone():
        return int(row[0]), str(row[1])
    waiting = ((at, each) for at, each in later.items() if at > position and at not in gone)
    return next(((at, each.kind) for at, each in waiting if each.kind in kinds and set(what.tags) <= set(each.tags)), None)
