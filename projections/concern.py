"""Which entries a container or some lots rest on: everything said of the beans, the plots they grew on, and what was planted there."""

from collections.abc import Iterable
from typing import Final

from ledger.schema import Connection
from projections.lineage import up

_PLANTED: Final = """SELECT 'handout:' || handout FROM views.handouts WHERE plot = ANY(%(plots)s)
 UNION SELECT 'nursery-lot:' || nursery_lot FROM views.handouts WHERE plot = ANY(%(plots)s)
 UNION SELECT 'graft:' || graft FROM views.grafts WHERE plot = ANY(%(plots)s)
 UNION SELECT 'budwood:' || budwood FROM views.grafts WHERE plot = ANY(%(plots)s)"""
_PARTIES: Final = """SELECT DISTINCT 'party:' || holder FROM (SELECT holder FROM views.plots WHERE plot = ANY(%(plots)s)
 UNION SELECT holder FROM views.lots WHERE lot = ANY(%(lots)s) UNION SELECT seller FROM views.lots WHERE lot = ANY(%(lots)s)
 UNION SELECT holder FROM views.containers WHERE stuffing = ANY(%(nodes)s)) AS held WHERE holder IS NOT NULL"""
_TAGGED: Final = """SELECT DISTINCT position FROM views.timeline WHERE tag = ANY(%(tags)s)
 UNION SELECT t.position FROM views.timeline t JOIN views.moments m USING (position)
 WHERE t.tag = ANY(%(parties)s) AND m.kind IN ('party-enrolled.v1', 'party-amended.v1', 'subject-erased.v1')"""
_THEIRS: Final = "SELECT position FROM views.moments WHERE position = ANY(%s) ORDER BY position"


def tags(conn: Connection, nodes: Iterable[str]) -> tuple[list[str], list[str]]:
    """Tags of some nodes (lots, stuffings) and of all above them; and tags of the parties who held them."""
    nodes = list(nodes)
    above = {node for edge in up(conn, nodes) for node in (edge.src, edge.dst)} | set(nodes)
    named = {sort: [node.partition(":")[2] for node in above if node.startswith(f"{sort}:")] for sort in ("plot", "lot")}
    planted = [tag for (tag,) in conn.execute(_PLANTED, {"plots": named["plot"]})]
    asked = {"plots": named["plot"], "lots": named["lot"], "nodes": nodes}
    return sorted({*above, *planted}), sorted(tag for (tag,) in conn.execute(_PARTIES, asked))


def tagged(conn: Connection, tags: list[str], parties: list[str]) -> list[int]:
    """Positions of the entries that carry one of the tags, and of what was said of the parties themselves."""
    return [position for (position,) in conn.execute(_TAGGED, {"tags": tags, "parties": parties})]


def theirs(conn: Connection, positions: list[int]) -> list[int]:
    """Of some positions, those that may be seen on this connection, in order."""
    return [position for (position,) in conn.execute(_THEIRS, (positions,))]
