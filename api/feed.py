"""An organisation's own entries, as they are stored: what machines fetch, what webhooks bring them, and what auditors leaf through."""

from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from api.house import House
from projections.history import Facets, Stretch, found, tagged

MOST_BYTES: Final = 4_000_000
"""Of lines in one part; it always holds one entry, if there is one."""
_CHUNK: Final = 5_000

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


def head(house: House) -> int:
    """The position that the views show."""
    with house.pool.connection() as conn:
        row = conn.execute("SELECT position FROM views.progress").fetchone()
    return int(row[0]) if row else 0


def own(house: House, wanted: Facets, after: int, most: int, upto: int | None = None) -> Part:
    """A part of what is wanted, the lowest first, after a position and up to one (None: to the end).

    Positions come through the wall between organisations, and the lines of these alone from behind it.
    """
    end = head(house)
    there = end if upto is None else min(upto, end)
    positions = sought(house, wanted, Stretch(after, there, most + 1))
    with house.pool.connection() as conn:
        lines = conn.execute(_LINES, (positions[:most], MOST_BYTES), binary=True).fetchall()
    whole = len(lines) == len(positions)
    return Part([(position, bytes(line)) for position, line in lines], None if whole else lines[-1][0], max(there, after))


def sought(house: House, wanted: Facets, within: Stretch) -> list[int]:
    """Positions of an organisation's own entries that are wanted.

    Those that carry a tag are looked through in pieces, so that others' do not show in where a part ends.
    """
    if not wanted.tags:
        with house.reading(wanted.org) as conn:
            return found(conn, wanted, within)
    positions: list[int] = []
    stretch = replace(within, most=_CHUNK)
    while len(positions) < within.most:
        with house.pool.connection() as conn:
            chunk = tagged(conn, wanted.tags, stretch)
        with house.reading(wanted.org) as conn:
            positions += found(conn, wanted, replace(stretch, most=within.most - len(positions)), chunk)
        if len(chunk) < _CHUNK:
            break
        stretch = stretch.beyond(chunk[-1])
    return positions
