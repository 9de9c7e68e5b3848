"""What an entry rests on, and what rests on it: the rule by which annulments are judged (`domain.annulment.resting`), both ways."""

from typing import Final

from domain.annulment import resting
from domain.vocabulary import KINDS, MAY_REST
from ledger.entry import Entry, read, typed
from ledger.schema import Connection
from projections.lots import STEPS

MOST: Final = 50
"""Entries that are named on either side."""
_MAKERS: Final = {
    "party": ("party-enrolled.v1",),
    "plot": ("plot-registered.v1", "plot-transferred.v1"),
    "nursery-lot": ("seedlings-raised.v1",),
    "handout": ("seedlings-handed-out.v1",),
    "budwood": ("budwood-cut.v1",),
    "graft": ("plants-grafted.v1",),
    "lot": ("harvest-recorded.v1", *STEPS, "lot-offered.v1"),
    "stuffing": ("container-opened.v1", "lot-loaded.v1", "container-sealed.v1"),
    "container": ("container-emptied.v1",),
    "gs1-prefix": ("gs1-prefix-recorded.v1",),
    "product": ("product-registered.v1",),
    "printing": ("lot-labels-printed.v1", "container-labels-printed.v1", "card-printed.v1", "labels-reprinted.v1"),
}
"""Prefix of a tag -> kinds of entries on which others that carry it may rest."""
_COUNTS: Final = """NOT EXISTS (SELECT FROM views.annulments a WHERE a.position = t.position AND a.by_position <= %(now)s)"""
_BELOW: Final = f"""SELECT t.position, e.line FROM ledger.tags t JOIN ledger.entries e USING (position)
 WHERE t.tag = %(tag)s AND t.kind = ANY(%(kinds)s) AND t.position < %(position)s AND {_COUNTS} ORDER BY t.position DESC LIMIT 200"""
# One short look into the index for each kind: a party's tag may stand on a million entries.
_ABOVE: Final = f"""SELECT t.position FROM unnest(%(kinds)s::text[]) AS k(kind) CROSS JOIN LATERAL (
  SELECT t.position FROM ledger.tags t WHERE t.tag = %(tag)s AND t.kind = k.kind AND t.position > %(position)s AND {_COUNTS}
  AND NOT EXISTS (SELECT FROM unnest(%(further)s::text[]) AS f(tag) WHERE NOT EXISTS (
    SELECT FROM ledger.tags o WHERE o.tag = f.tag AND o.kind = k.kind AND o.position = t.position))
  ORDER BY t.position LIMIT %(most)s) AS t ORDER BY t.position LIMIT %(most)s"""
_FAR: Final = 2**62


def rests_on(conn: Connection, entry: Entry) -> list[int]:
    """Positions of the entries on which one rests, that counted when it was written."""
    found: set[int] = set()
    for tag in entry.tags:
        kinds = _MAKERS.get(tag.partition(":")[0])
        if kinds and entry.kind in MAY_REST:
            asked = {"tag": tag, "kinds": list(kinds), "position": entry.position, "now": entry.position}
            rows = conn.execute(_BELOW, asked, binary=True).fetchall()
            found |= {at for at, line in rows if at not in found and _holds(read(at, bytes(line)), entry)}
    return sorted(found)


def _holds(below: Entry, entry: Entry) -> bool:
    """Whether an entry rests on an earlier one."""
    of = resting(typed(below.fact), below.position)
    return of is not None and bool(of.tags) and set(of.tags) <= set(entry.tags) and (of.kinds is None or entry.kind in of.kinds)


def rest_on_it(conn: Connection, entry: Entry) -> list[int]:
    """Positions of the first entries that rest on one and still count, one more than MOST at most."""
    of = resting(typed(entry.fact), entry.position) if entry.kind in KINDS else None
    if of is None or not of.tags:
        return []
    kinds = list(MAY_REST if of.kinds is None else of.kinds)
    asked = {"tag": of.tags[0], "further": list(of.tags[1:]), "kinds": kinds, "position": entry.position, "now": _FAR, "most": MOST + 1}
    return [position for (position,) in conn.execute(_ABOVE, asked)]
