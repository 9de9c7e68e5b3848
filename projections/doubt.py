"""Doubt: the questions, open or upheld, about what lies above a lot or a container, or about itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from ledger.schema import Connection
from projections.past import joined

State = Literal["open", "upheld"]


class Doubt(NamedTuple):
    """A question, the entry that it is about, the tag that this entry touches, why, and whether it is open or was upheld."""

    question: int
    entry: int
    node: str
    reason: str
    state: State


@dataclass(frozen=True, order=True, slots=True)
class Questioned:
    """That something above is questioned, without what or whose it is: for those who must not see that."""

    reason: str
    state: State


# An entry that was annulled meanwhile has nothing below it any more. A dismissed question is history.
STANDING: Final = """{0}.questions q WHERE q.outcome IS DISTINCT FROM 'dismissed'
 AND NOT EXISTS (SELECT FROM {0}.annulments a WHERE a.position = q.entry)"""
"""Questions `q` of a schema that are open or upheld, as a table and the beginning of its conditions."""
_DOUBTS: Final = f"""WITH RECURSIVE up AS (SELECT src, dst, holder FROM {{0}}.edges WHERE dst = ANY(%(nodes)s)
 UNION SELECT e.src, e.dst, e.holder FROM up JOIN {{1}}),
touched AS (SELECT n COLLATE "C" AS node FROM unnest(%(nodes)s::text[]) n UNION SELECT src FROM up UNION SELECT 'party:' || holder FROM up)
SELECT q.position, q.entry, q.touches, q.reason, coalesce(q.outcome, 'open') FROM touched JOIN LATERAL (
 SELECT q.* FROM {STANDING} AND q.touches = touched.node) q ON true ORDER BY q.position"""


def doubts(conn: Connection, nodes: Iterable[str], schema: str = "views") -> list[Doubt]:
    """What is doubted of some lots or stuffings (their tags): of themselves, of all beans and plots above them, and of who held these."""
    if conn.execute(f"SELECT EXISTS (SELECT FROM {STANDING.format(schema)})").fetchone() == (False,):
        return []
    return [
        Doubt(*row) for row in conn.execute(_DOUBTS.format(schema, joined(schema, "edges", "e", "e.dst = up.src")), {"nodes": list(nodes)})
    ]


def questioned(conn: Connection, node: str) -> list[Questioned]:
    """Why, in public, a lot or stuffing is in doubt: each reason once."""
    return sorted({Questioned(each.reason, each.state) for each in doubts(conn, [node])})
