"""Plots, parties and containers as they stood at a position: folded again from their entries, and shown to whom they may be shown.

What only grows is asked of the schema `past` by the same questions as of the views; these are the things that change.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from ledger.schema import Connection
from projections import own
from projections.containers import CONTAINER
from projections.entity import Entity, refold
from projections.office_containers import MOST, Stuffing
from projections.office_farmers import Plot
from projections.parties import PARTY
from projections.plots import PLOT

_ROW: Final = """SELECT EXISTS (SELECT FROM views.{0} WHERE {1} = %(key)s AND org = %(org)s
 UNION ALL SELECT FROM views.gone_{0} WHERE {1} = %(key)s AND org = %(org)s)"""
_OPENED: Final = """SELECT stuffing FROM (SELECT stuffing, container_no, first, holder FROM views.containers WHERE first <= %(at)s
 UNION ALL SELECT stuffing, container_no, first, holder FROM views.gone_containers WHERE first <= %(at)s AND annulled_by > %(at)s) AS c
 WHERE (%(org)s::text IS NULL OR holder = %(org)s) AND (%(number)s::text IS NULL OR container_no = %(number)s)
 ORDER BY first DESC LIMIT %(most)s"""
_LOADED: Final = """SELECT stuffing, coalesce(sum(grams), 0)::int8, coalesce(sum(bags), 0)::int8 FROM past.loads
 WHERE stuffing = ANY(%s) GROUP BY stuffing"""
_OF_PARTY: Final = """SELECT DISTINCT unnest(e.tags) FROM ledger.tags t JOIN ledger.entries e USING (position)
 WHERE t.tag = %s AND t.kind IN ('plot-registered.v1', 'plot-transferred.v1') AND t.position <= %s"""


@dataclass(frozen=True, slots=True)
class Then:
    """What an organisation (None: the house) may see of the record as it stood at a position.

    `stored` opens a connection that reads entries; `office` one that sees the organisation's rows, on which `past` is cut at the
    position, with its schema. They are never open at once.
    """

    stored: Callable[[], AbstractContextManager[Connection]]
    office: Callable[[], AbstractContextManager[tuple[Connection, str]]]
    org: str | None
    at: int

    def _row(self, entity: Entity, key: str) -> dict[str, Any] | None:
        """The row of a thing; None where it did not stand, or its row may not be seen now."""
        with self.stored() as conn:
            then = refold(conn, entity, key, self.at)
        if then is None:
            return None
        with self.office() as (conn, _):
            seen = conn.execute(_ROW.format(entity.table.name, entity.table.key), {"key": key, "org": then["org"]}).fetchone()
        return then if seen == (True,) else None

    def plot(self, key: str) -> Plot | None:
        """As `office_farmers.plot`."""
        then = self._row(PLOT, key)
        if then is None or (then["holder"] != self.org and not self._farmer(then["holder"])):
            return None
        return Plot(**{name: then[name] for name in Plot._fields})

    def _farmer(self, key: str) -> bool:
        then = self._row(PARTY, key)
        return then is not None and then["role"] == "farmer" and self.org in (None, then["org"])

    def own_plot(self, key: str) -> own.Plot | None:
        """As `own.plot`."""
        then = self._row(PLOT, key)
        return own.Plot(**{name: then[name] for name in own.Plot._fields}) if then and self.org in (None, then["org"]) else None

    def own_party(self, key: str) -> own.Party | None:
        """As `own.party`."""
        then = self._row(PARTY, key)
        return own.Party(**{name: then[name] for name in own.Party._fields}) if then and self.org in (None, then["org"], key) else None

    def stuffings(self, number: str | None = None, most: int = MOST) -> list[Stuffing]:
        """As `office_containers.stuffings`, or, with a number, those of one container; the latest first."""
        asked = {"org": self.org, "at": self.at, "number": number, "most": most}
        with self.office() as (conn, _):
            nodes = [str(node) for (node,) in conn.execute(_OPENED, asked)]
            sums = {node: (grams, bags) for node, grams, bags in conn.execute(_LOADED, (nodes,))}
        with self.stored() as conn:
            rows = [(node, refold(conn, CONTAINER, node, self.at)) for node in nodes]
        return [_stuffing(then, *sums.get(node, (0, 0))) for node, then in rows if then]


def _stuffing(then: dict[str, Any], grams: int, bags: int) -> Stuffing:
    return Stuffing(**{name: then[name] for name in Stuffing._fields if name in then}, grams=grams, bags=bags)


def known(conn: Connection, sort: str, key: str, at: int) -> str | None:
    """The node of a container's latest stuffing, or the key of a plot or party, if it stood; on a connection that sees all."""
    if sort == "container":
        found = conn.execute(_OPENED, {"org": None, "at": at, "number": key, "most": 1}).fetchone()
        return str(found[0]) if found else None
    return key if refold(conn, PLOT if sort == "plot" else PARTY, key, at) else None


def plots_of(conn: Connection, sort: str, key: str, at: int) -> list[str]:
    """The plot itself, or the plots that a party held; on a connection that sees all."""
    if sort == "plot":
        return [key]
    tags = [str(tag) for (tag,) in conn.execute(_OF_PARTY, (f"party:{key}", at))]
    plots = sorted(tag.removeprefix("plot:") for tag in tags if tag.startswith("plot:"))
    return [plot for plot in plots if (then := refold(conn, PLOT, plot, at)) and then["holder"] == key]
