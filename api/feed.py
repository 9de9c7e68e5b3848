"""An organisation's own entries in order, as they are stored: what machines fetch, and what webhooks bring them."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from api.house import House

MOST_BYTES: Final = 4_000_000
"""Of lines in one part; it always holds one entry, if there is one."""
_CHUNK: Final = 5_000

_OWN: Final = """SELECT position FROM views.moments WHERE position > %(after)s AND position <= %(upto)s
 AND (%(org)s::text IS NULL OR org = %(org)s) AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
 AND (%(among)s::int8[] IS NULL OR position = ANY(%(among)s)) ORDER BY position LIMIT %(most)s"""
_TAGGED: Final = "SELECT position FROM views.timeline WHERE tag = %s AND position > %s AND position <= %s ORDER BY position LIMIT %s"
_LINES: Final = """SELECT position, line FROM (
 SELECT position, line, sum(length(line)) OVER (ORDER BY position) - length(line) AS before
 FROM ledger.entries WHERE position = ANY(%s)) AS e
 WHERE before < %s ORDER BY position"""


@dataclass(frozen=True, slots=True)
class Part:
    """Some entries: (position, line). `next`: after which the rest begins, None where there is none; `head`: up to where was looked."""

    entries: list[tuple[int, bytes]]
    next: int | None
    head: int

    @property
    def reached(self) -> int:
        """After which to go on."""
        return self.head if self.next is None else self.next

    def items(self) -> list[dict[str, Any]]:
        """The entries for JSON, each line as it is stored, byte for byte."""
        return [{"position": position, "entry": orjson.Fragment(line)} for position, line in self.entries]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of its entries an organisation (None: the house, of all) wants: after a position, so many, of some kinds, with a tag."""

    org: str | None
    after: int
    most: int
    kinds: tuple[str, ...] = ()
    tag: str | None = None


def own(house: House, wanted: Wanted) -> Part:
    """A part of what is wanted. Positions come through the wall between organisations, and the lines of these alone from behind it."""
    with house.pool.connection() as conn:
        row = conn.execute("SELECT position FROM views.progress").fetchone()
    head = int(row[0]) if row else 0
    further = wanted.most + 1
    found = _positions(house, wanted, head, further) if wanted.tag is None else _tagged(house, wanted, wanted.tag, head, further)
    with house.pool.connection() as conn:
        lines = conn.execute(_LINES, (found[: wanted.most], MOST_BYTES), binary=True).fetchall()
    whole = len(lines) == len(found)
    return Part([(position, bytes(line)) for position, line in lines], None if whole else lines[-1][0], max(head, wanted.after))


def _positions(house: House, wanted: Wanted, upto: int, most: int, among: list[int] | None = None) -> list[int]:
    asked = {"after": wanted.after, "upto": upto, "org": wanted.org, "kinds": list(wanted.kinds) or None, "among": among, "most": most}
    with house.reading(wanted.org) as conn:
        return [position for (position,) in conn.execute(_OWN, asked)]


def _tagged(house: House, wanted: Wanted, tag: str, upto: int, most: int) -> list[int]:
    """Of the positions that carry a tag, one's own: looked through in pieces, so that others' do not show in where a part ends."""
    found: list[int] = []
    after = wanted.after
    while len(found) < most:
        with house.pool.connection() as conn:
            chunk = [position for (position,) in conn.execute(_TAGGED, (tag, after, upto, _CHUNK))]
        found += _positions(house, wanted, upto, most - len(found), chunk)
        if len(chunk) < _CHUNK:
            break
        after = chunk[-1]
    return found
