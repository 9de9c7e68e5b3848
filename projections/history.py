"""The history, found by what it is about: positions of entries by facets, what is said of an entry since, and its neighbours."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from ledger.schema import Connection

_FAR: Final = 2**62


@dataclass(frozen=True, slots=True)
class Facets:
    """Which entries are meant: an organisation's (None: all), of some kinds, with all of some tags, that happened within moments.

    `late`: only those that were written late.
    """

    org: str | None = None
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the ledger: positions after one and up to one, `most` of them, the lowest or the highest first."""

    after: int = 0
    upto: int = _FAR
    most: int = 100
    newest: bool = False

    @property
    def order(self) -> str:
        """As SQL says it."""
        return "DESC" if self.newest else "ASC"

    def beyond(self, position: int) -> "Stretch":
        """What of it lies beyond a position, as it is gone through."""
        return replace(self, upto=position - 1) if self.newest else replace(self, after=position)


_CONDITIONS: Final = {
    "org": "org = %(org)s",
    "kinds": "kind = ANY(%(kinds)s)",
    "since": "at >= %(since)s",
    "until": "at <= %(until)s",
    "late": "late",
}
"""Facet -> what it asks of a moment."""


def found(conn: Connection, facets: Facets, within: Stretch, among: Sequence[int] | None = None) -> list[int]:
    """Positions of entries that may be seen and are meant, but for their tags; `among`: only of these."""
    asked: dict[str, Any] = {name: getattr(facets, name) for name in _CONDITIONS}
    where = [condition for name, condition in _CONDITIONS.items() if asked[name]] + (["position = ANY(%(among)s)"] if among else [])
    query = f"""SELECT position FROM views.moments WHERE {" AND ".join(["position > %(after)s AND position <= %(upto)s", *where])}
 ORDER BY position {within.order} LIMIT %(most)s"""
    asked |= {"kinds": list(facets.kinds), "among": list(among or ())}
    asked |= {"after": within.after, "upto": within.upto, "most": within.most}
    return [position for (position,) in conn.execute(query, asked)] if among is None or among else []


def tagged(conn: Connection, tags: Sequence[str], within: Stretch) -> list[int]:
    """Positions of entries of whomever that carry all of some tags; the first tag should be that of the fewest."""
    query = f"""SELECT position FROM views.timeline t WHERE tag = %(tag)s AND position > %(after)s AND position <= %(upto)s
 AND NOT EXISTS (SELECT FROM unnest(%(further)s::text[]) AS f(tag) WHERE NOT EXISTS (
  SELECT FROM views.timeline o WHERE o.tag = f.tag AND o.position = t.position)) ORDER BY position {within.order} LIMIT %(most)s"""
    asked = {"tag": tags[0], "further": list(tags[1:]), "after": within.after, "upto": within.upto, "most": within.most}
    return [position for (position,) in conn.execute(query, asked)]


def kinds_of(conn: Connection, positions: Sequence[int]) -> dict[str, int]:
    """How many of some entries are of which kind."""
    query = "SELECT kind, count(*) FROM views.moments WHERE position = ANY(%s) GROUP BY kind"
    return dict(conn.execute(query, (list(positions),)).fetchall())


class Question(NamedTuple):
    """A question of an entry: where it stands, why, and what came of it, where."""

    position: int
    reason: str
    settled_by: int | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of an entry: that it was written late, by which entry it was annulled, which questions there are."""

    late: bool
    annulled_by: int | None
    questions: tuple[Question, ...]

    @property
    def doubted(self) -> bool:
        """Whether a question is open, or upheld."""
        return any(question.outcome != "dismissed" for question in self.questions)


_MARKS: Final = """SELECT m.position, m.late, a.by_position FROM views.moments m LEFT JOIN views.annulments a ON a.position = m.position
 WHERE m.position = ANY(%s)"""
_QUESTIONS: Final = "SELECT entry, position, reason, settled_by, outcome FROM views.questions WHERE entry = ANY(%s) ORDER BY position"


def marks(conn: Connection, positions: Sequence[int]) -> dict[int, Mark]:
    """What is said of some entries; of those alone that may be seen."""
    questions: dict[int, list[Question]] = defaultdict(list)
    for entry, *of in conn.execute(_QUESTIONS, (list(positions),)):
        questions[entry].append(Question(*of))
    rows = conn.execute(_MARKS, (list(positions),)).fetchall()
    return {position: Mark(late, by, tuple(questions[position])) for position, late, by in rows}


def lines(conn: Connection, positions: Iterable[int]) -> dict[int, bytes]:
    """The stored bytes of some entries. Whoever calls it has looked that they may be seen."""
    rows = conn.execute("SELECT position, line FROM ledger.entries WHERE position = ANY(%s)", (list(positions),), binary=True)
    return {position: bytes(line) for position, line in rows}


class Neighbours(NamedTuple):
    """The entries with a tag that come before and after one."""

    tag: str
    before: int | None
    after: int | None


_NEIGHBOURS: Final = """SELECT tag, (SELECT t.position FROM views.timeline t JOIN views.moments m USING (position)
 WHERE t.tag = w.tag AND t.position < %(position)s AND (%(org)s::text IS NULL OR m.org = %(org)s) ORDER BY t.position DESC LIMIT 1),
 (SELECT t.position FROM views.timeline t JOIN views.moments m USING (position)
 WHERE t.tag = w.tag AND t.position > %(position)s AND (%(org)s::text IS NULL OR m.org = %(org)s) ORDER BY t.position LIMIT 1)
 FROM unnest(%(tags)s::text[]) WITH ORDINALITY AS w(tag, at) ORDER BY at"""


def neighbours(conn: Connection, org: str | None, position: int, tags: Sequence[str]) -> list[Neighbours]:
    """For each tag of an entry, the nearest entries of an organisation (None: of all) that carry it too."""
    return [Neighbours(*row) for row in conn.execute(_NEIGHBOURS, {"org": org, "position": position, "tags": list(tags)})]


_HALVING: Final = """WITH RECURSIVE half(low, high) AS (
  SELECT 0::int8, position FROM views.progress
  UNION ALL SELECT CASE WHEN m.seen <= %(seen)s THEN m.position ELSE low END, CASE WHEN m.seen <= %(seen)s THEN high ELSE m.position - 1 END
  FROM half JOIN views.moments m ON m.position = (low + high + 1) / 2 WHERE low < high)
SELECT low FROM half WHERE low >= high"""


def written_by(conn: Connection, seen: str) -> int:
    """The last position that was written up to a moment (as entries spell `seen`); 0 where none was.

    Found by halving, since what was written later stands later: no index, and as many reads as the size has binary digits.
    """
    row = conn.execute(_HALVING, {"seen": seen}).fetchone()
    return int(row[0]) if row else 0


def seen_at(conn: Connection, position: int) -> str | None:
    """When the entry at a position was written; None where there is none."""
    row = conn.execute("SELECT seen FROM views.moments WHERE position = %s", (position,)).fetchone()
    return str(row[0]) if row else None
