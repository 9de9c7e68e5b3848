"""What was bought and paid, as a day book tells it: purchases, cash, and who sold to whom last."""

from typing import Final, NamedTuple

from ledger.schema import Connection


class Purchase(NamedTuple):
    """One purchase: prices in thousandths of a sol, premium in thousandths of a percent, sums in céntimos; `paid` for this lot alone."""

    lot: str
    at: str
    party: str
    form: str
    grams: int
    price_pen_kg: int
    premium: int | None
    total: int
    paid: int
    position: int


class Cash(NamedTuple):
    """An advance or a payment."""

    sort: str
    id: str
    party: str
    lot: str | None
    centimos: int
    at: str
    position: int


class Sums(NamedTuple):
    """What a day came to."""

    purchases: int
    grams: int
    total: int
    cash: int


class OfFarmer(NamedTuple):
    """What one seller sold on a day, what that comes to, and what they got that day."""

    party: str
    grams: int
    total: int
    got: int


_PURCHASES: Final = """SELECT m.lot, m.at, m.party, l.form, m.grams, m.price_pen_kg, m.premium, m.centimos,
 coalesce((SELECT sum(p.centimos) FROM views.money p WHERE p.payer = m.payer AND p.party = m.party AND p.sort = 'payment'
  AND p.lot = m.lot), 0)::int8, m.position
 FROM views.money m JOIN views.lots l ON l.lot = m.lot WHERE m.payer = %(org)s AND m.sort = 'purchase'"""
_CASH: Final = """SELECT sort, id, party, lot, centimos, at, position FROM views.money
 WHERE payer = %(org)s AND sort <> 'purchase' AND at >= %(start)s AND at <= %(end)s ORDER BY position"""
_BY_FARMER: Final = """SELECT party, coalesce(sum(grams), 0)::int8, coalesce(sum(centimos) FILTER (WHERE sort = 'purchase'), 0)::int8,
 coalesce(sum(centimos) FILTER (WHERE sort <> 'purchase'), 0)::int8 FROM views.money
 WHERE payer = %(org)s AND at >= %(start)s AND at <= %(end)s GROUP BY party ORDER BY party"""
_SUMS: Final = """SELECT count(*) FILTER (WHERE sort = 'purchase'), coalesce(sum(grams), 0)::int8,
 coalesce(sum(centimos) FILTER (WHERE sort = 'purchase'), 0)::int8, coalesce(sum(centimos) FILTER (WHERE sort <> 'purchase'), 0)::int8
 FROM views.money WHERE payer = %(org)s AND at >= %(start)s AND at <= %(end)s"""
_SELLERS: Final = """SELECT party FROM views.money WHERE payer = %(org)s AND sort = 'purchase'
 GROUP BY party ORDER BY max(position) DESC LIMIT %(most)s"""
_WAITING: Final = """SELECT count(*), coalesce(sum(grams), 0)::int8 FROM (SELECT
 l.grams - coalesce((SELECT sum(e.grams) FROM views.edges e WHERE e.src = 'lot:' || l.lot), 0)::int8 AS grams
 FROM views.lots l WHERE l.holder = %s AND l.form = 'wet') AS wet WHERE grams > 0"""


def _day(org: str, day: str) -> dict[str, str]:
    return {"org": org, "start": f"{day}T00:00:00-05:00", "end": f"{day}T23:59:59-05:00"}


def purchase(conn: Connection, org: str, lot: str) -> Purchase | None:
    """The purchase by which an organisation came to a lot; None where there is none."""
    row = conn.execute(f"{_PURCHASES} AND m.lot = %(lot)s", {"org": org, "lot": lot}).fetchone()
    return Purchase(*row) if row else None


def purchases(conn: Connection, org: str, day: str) -> list[Purchase]:
    """What an organisation bought on a day (YYYY-MM-DD), in the order in which it was written."""
    query = f"{_PURCHASES} AND m.at >= %(start)s AND m.at <= %(end)s ORDER BY m.position"
    return [Purchase(*row) for row in conn.execute(query, _day(org, day))]


def cash(conn: Connection, org: str, day: str) -> list[Cash]:
    """Advances and payments of a day, in the order in which they were written."""
    return [Cash(*row) for row in conn.execute(_CASH, _day(org, day))]


def by_farmer(conn: Connection, org: str, day: str) -> list[OfFarmer]:
    """Each seller of a day, and each who was paid on it."""
    return [OfFarmer(*row) for row in conn.execute(_BY_FARMER, _day(org, day))]


def sums(conn: Connection, org: str, day: str) -> Sums:
    """What a day came to."""
    row = conn.execute(_SUMS, _day(org, day)).fetchone()
    return Sums(*row) if row else Sums(0, 0, 0, 0)


def sellers(conn: Connection, org: str, most: int) -> list[str]:
    """Who sold to an organisation last."""
    return [party for (party,) in conn.execute(_SELLERS, {"org": org, "most": most})]


def waiting(conn: Connection, org: str) -> tuple[int, int]:
    """Wet lots on hand that wait to be fermented: how many, and their grams."""
    row = conn.execute(_WAITING, (org,)).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


class PriceRow(NamedTuple):
    """A price of the list, with its premiums by name in thousandths of a percent."""

    price: str
    form: str
    price_pen_kg: int
    valid_from: str
    valid_to: str | None
    position: int
    premiums: list[tuple[str, int]]


_PRICES: Final = """SELECT price, form, price_pen_kg, valid_from, valid_to, position FROM views.prices WHERE holder = %(org)s
 ORDER BY valid_from DESC, position DESC LIMIT %(most)s"""


def prices(conn: Connection, org: str, most: int = 100) -> list[PriceRow]:
    """The prices of an organisation, those that begin last first."""
    rows = conn.execute(_PRICES, {"org": org, "most": most}).fetchall()
    premiums: dict[str, list[tuple[str, int]]] = {}
    keys = [row[0] for row in rows]
    for price, name, pct in conn.execute("SELECT price, name, pct FROM views.premiums WHERE price = ANY(%s) ORDER BY price, at", (keys,)):
        premiums.setdefault(price, []).append((name, pct))
    return [PriceRow._make((*row, premiums.get(row[0], []))) for row in rows]
