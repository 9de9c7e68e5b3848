"""Checks of containers: beans that came to be, or were written down, only when the container was closed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from ledger.schema import Connection
from projections.balance import read_all
from projections.checks_beans import ways
from projections.findings import Check, Finding, WrittenUntil, bare
from projections.lineage import Edge


class _Closed(NamedTuple):
    """A stuffing that was sealed: when; and how far the record went then, where it had been opened in writing before (else None)."""

    at: str
    node: str
    cut: int | None


class _Touch(NamedTuple):
    """An entry about beans that reached a closed container: of which lot, when it happened, and where it stands."""

    lot: str
    at: str
    position: int
    into: _Closed


_SEALED: Final = """SELECT stuffing, first, sealed_at FROM views.containers
 WHERE sealed_at IS NOT NULL AND (%(org)s::text IS NULL OR org = %(org)s OR holder = %(org)s) ORDER BY sealed_at, stuffing"""


def sealed(conn: Connection, org: str | None, until: WrittenUntil, schema: str = "views") -> list[Finding]:
    """Beans in a container that were harvested, made, bought or loaded after its seal; and what was written of them only after it.

    The rules refuse the first, so whoever finds it finds a changed record. The second is told only where the container was opened in
    writing before the seal: whoever writes a whole story afterwards, from paper or from elsewhere, is late and no liar.
    """
    closed: dict[str, _Closed] = {}
    for node, first, at in read_all(conn, _SEALED, org=org):
        last = until(datetime.fromisoformat(at))
        closed[node] = _Closed(at, node, last if first <= last else None)
    edges = ways(conn, schema) if closed else []
    after = [each for each in _touches(conn, schema, _reaching(edges, closed)) if each.at > each.into.at]
    watched = {node: each for node, each in closed.items() if each.cut is not None}
    written = [each for each in _touches(conn, schema, _reaching(edges, watched)) if each.position > (each.into.cut or 0)]
    return [
        *_told("after-seal", after, "of beans in container {container}, sealed at {sealed}, lots are dated after the seal: {lots}"),
        *_told("written-late", written, "container {container} was sealed at {sealed}; of beans in it was written only afterwards: {lots}"),
    ]


def _reaching(edges: Sequence[Edge], closed: Mapping[str, _Closed]) -> dict[str, _Closed]:
    """Node -> of the closed containers that its beans reached, the one that was sealed first."""
    reached = dict(closed)
    for edge in reversed(edges):
        if (into := reached.get(edge.dst)) and (edge.src not in reached or into < reached[edge.src]):
            reached[edge.src] = into
    return reached


_MADE: Final = "SELECT lot, ended_at, position, 'lot:' || lot FROM {schema}.lots"
_LOADED: Final = "SELECT lot, at, position, stuffing FROM {schema}.loads"
_TESTED: Final = """SELECT i.lot, i.inspected_at, i.position, d.stuffing FROM {schema}.inspections i
 JOIN (SELECT DISTINCT lot, stuffing FROM {schema}.loads) d ON d.lot = i.lot"""


def _touches(conn: Connection, schema: str, reached: Mapping[str, _Closed]) -> list[_Touch]:
    """How lots in closed containers were made and loaded; and their cut tests, as far as these are dated before the seal."""
    if not reached:
        return []
    made, loaded, tested = (
        [
            _Touch(lot, at, position, reached[node])
            for lot, at, position, node in read_all(conn, query.format(schema=schema))
            if node in reached
        ]
        for query in (_MADE, _LOADED, _TESTED)
    )
    return [*made, *loaded, *(test for test in tested if test.at <= test.into.at)]


def _told(check: Check, found: Iterable[_Touch], said: str) -> list[Finding]:
    """One finding a container."""
    by: dict[_Closed, list[_Touch]] = defaultdict(list)
    for touch in sorted(found, key=lambda touch: touch.position):
        by[touch.into].append(touch)
    return [
        Finding(
            check, (("container", into.node),), said,
            {
                "container": into.node.removeprefix("stuffing:").partition("@")[0], "sealed": into.at,
                "lots": ", ".join(dict.fromkeys(bare(touch.lot) for touch in of)),
            },
            tuple(dict.fromkeys(touch.position for touch in of)),
        )
        for into, of in sorted(by.items())
    ]  # fmt: skip
