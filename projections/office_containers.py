"""Containers of an organisation: each one's latest stuffing, how full it is, and what may be done with it next."""

from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from ledger.schema import Connection
from projections.office_stock import kilos

FULL_GRAMS: Final = 25_000_000
"""What a twenty-foot container takes of cocoa beans in bags, as people of the trade count."""


class Stuffing(NamedTuple):
    """One stuffing: its state by what has happened, and what is loaded."""

    container_no: str
    first: int
    holder: str
    opened_at: str
    seal_no: str | None
    sealed_at: str | None
    destination: str | None
    departed_at: str | None
    buyer: str | None
    contract_no: str | None
    price_usd_t: int | None
    incoterm: str | None
    sold_at: str | None
    emptied_at: str | None
    grams: int
    bags: int

    @property
    def tonnes(self) -> Decimal:
        """Tonnes loaded, to a tenth."""
        return round(Decimal(self.grams) / 1_000_000, 1)

    @property
    def kg(self) -> Decimal:
        """Kilograms loaded."""
        return kilos(self.grams)

    @property
    def full(self) -> Fraction:
        """How full it is, at most one."""
        return min(Fraction(self.grams, FULL_GRAMS), Fraction(1))

    @property
    def stage(self) -> str:
        """The latest thing that happened to it, as words know it."""
        happened = {"emptied": self.emptied_at, "sold": self.sold_at, "departed": self.departed_at, "sealed": self.sealed_at}
        told = [(at, stage) for stage, at in reversed(happened.items()) if at]
        return max(told, key=lambda each: each[0])[1] if told else "open"

    @property
    def acts(self) -> tuple[str, ...]:
        """What its state allows, by the domain's rules."""
        if self.emptied_at:
            return ()
        if not self.sealed_at:
            return ("load", "seal") if self.grams else ("load",)
        left = (None if self.departed_at else "depart", None if self.sold_at else "sell", "empty")
        return tuple(act for act in left if act)


class Loaded(NamedTuple):
    """A lot in a container."""

    lot: str
    grams: int
    bags: int
    at: str

    @property
    def id(self) -> str:
        """Its id within its book."""
        return self.lot.rpartition("/")[2]

    @property
    def kg(self) -> Decimal:
        """Kilograms loaded of it."""
        return kilos(self.grams)


_STUFFINGS: Final = """SELECT c.container_no, c.first, c.holder, c.opened_at, c.seal_no, c.sealed_at, c.destination, c.departed_at, c.buyer,
 c.contract_no, c.price_usd_t, c.incoterm, c.sold_at, c.emptied_at, coalesce(sum(l.grams), 0)::int8, coalesce(sum(l.bags), 0)::int8
 FROM {0}.containers c LEFT JOIN {0}.loads l USING (stuffing)
 WHERE (%(org)s::text IS NULL OR c.holder = %(org)s) AND (%(number)s::text IS NULL OR c.container_no = %(number)s)
 GROUP BY c.stuffing, c.container_no, c.first, c.holder, c.opened_at, c.seal_no, c.sealed_at, c.destination, c.departed_at, c.buyer,
 c.contract_no, c.price_usd_t, c.incoterm, c.sold_at, c.emptied_at ORDER BY c.first DESC LIMIT %(most)s"""
MOST: Final = 200
"""Stuffings that are listed."""


def stuffings(conn: Connection, org: str | None, schema: str = "views") -> list[Stuffing]:
    """An organisation's stuffings, the latest first; without one, those of all."""
    return [Stuffing(*row) for row in conn.execute(_STUFFINGS.format(schema), {"org": org, "number": None, "most": MOST})]


def latest(conn: Connection, org: str | None, number: str, schema: str = "views") -> Stuffing | None:
    """The latest stuffing of one container, if it is the organisation's."""
    row = conn.execute(_STUFFINGS.format(schema), {"org": org, "number": number, "most": 1}).fetchone()
    return Stuffing(*row) if row else None


def loaded(conn: Connection, of: Stuffing, schema: str = "views") -> list[Loaded]:
    """What a stuffing holds, in the order of loading."""
    node = f"stuffing:{of.container_no}@{of.first}"
    rows = conn.execute(f"SELECT lot, grams, bags, at FROM {schema}.loads WHERE stuffing = %s ORDER BY position", (node,))
    return [Loaded(*row) for row in rows]
