"""A container's label, from what the views show; under five farms no number is printed."""

from typing import Final

from api.house import House
from labels.sheet import ContainerLabel, container_label
from ledger.schema import Connection
from projections.trace import Unknown

FEWEST: Final = 5
"""Groups of fewer farmers are not counted out in public (design D9)."""


def container_label_of(house: House, number: str, first: int | None = None) -> ContainerLabel:
    """The label of a container's latest stuffing, or of the one opened at a position. Raises projections.trace.Unknown."""
    with house.pool.connection() as conn:
        return label_from(conn, house.settings.base, number, first)


def label_from(conn: Connection, base: str, number: str, first: int | None = None) -> ContainerLabel:
    """The same, on a connection."""
    row = conn.execute(
        "SELECT first, seal_no, coalesce((SELECT sum(grams) FROM views.loads l WHERE l.stuffing = c.stuffing), 0)::int8,"
        " (SELECT count(DISTINCT plot) FROM views.origins o WHERE o.stuffing = c.stuffing),"
        " (SELECT count(DISTINCT holder) FROM views.origins o JOIN views.plots USING (plot) WHERE o.stuffing = c.stuffing)"
        " FROM views.containers c WHERE container_no = %(number)s"
        " AND (%(first)s::int8 IS NULL OR first = %(first)s) ORDER BY first DESC LIMIT 1",
        {"number": number, "first": first},
    ).fetchone()
    if row is None:
        raise Unknown(f"no container {number} was ever opened")
    opened, seal, grams, farms, farmers = row
    return container_label(base, number, opened, seal=seal, grams=grams, farms=farms if farmers >= FEWEST else None)
