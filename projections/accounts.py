"""Accounts: what organisations pay for beans, which lots are offered to them, and what each seller sold, got and is owed."""

from typing import Final, NamedTuple

from domain.money import total_centimos
from ledger.schema import Connection
from projections.view import Fact, Rows, View, annullable, table


def _priced(position: int, fact: Fact) -> Rows:
    names = ("price_id", "holder_id", "form", "price_pen_kg", "valid_from", "valid_to")
    yield "prices", (*(fact[name] for name in names), position, fact["org"])
    for at, premium in enumerate(fact["premiums"]):
        yield "premiums", (fact["price_id"], at, premium["name"], premium["pct"], position, fact["org"])


def _offered(position: int, fact: Fact) -> Rows:
    yield "offers", (*(fact[name] for name in ("lot_id", "holder_id", "to_id", "offered_at", "until")), position, fact["org"])


def _bought(position: int, fact: Fact) -> Rows:
    total = total_centimos(fact["grams"], fact["price_pen_kg"], fact["premium"])
    lot, grams = fact["lot_id"], fact["grams"]
    paid = (grams, fact["price_pen_kg"], fact["premium"], total, fact["ended_at"])
    yield "money", ("purchase", fact["holder_id"], fact["seller_id"], lot, lot, *paid, position, fact["org"])


def _advanced(position: int, fact: Fact) -> Rows:
    paid = (fact["advance_id"], None, None, None, None, fact["centimos"], fact["paid_at"])
    yield "money", ("advance", fact["payer_id"], fact["party_id"], *paid, position, fact["org"])


def _paid(position: int, fact: Fact) -> Rows:
    paid = (fact["payment_id"], fact["lot_id"], None, None, None, fact["centimos"], fact["paid_at"])
    yield "money", ("payment", fact["payer_id"], fact["party_id"], *paid, position, fact["org"])


ACCOUNTS = View(
    "accounts",
    annullable(
        table(
            "prices",
            "price text, holder text, form text, price_pen_kg int8, valid_from text, valid_to text, position int8, org text",
            "price",
            "holder, form, valid_from",
            theirs="{org} OR {holder}",
        ),
        table("premiums", "price text, at int8, name text, pct int8, position int8, org text", "price, at"),
        table(
            "offers",
            "lot text, holder text, to_party text, offered_at text, until text, position int8, org text",
            "position",
            "lot",
            "to_party",
            theirs="{org} OR {holder} OR {to_party}",
        ),
        table(
            "money",
            "sort text, payer text, party text, id text, lot text, grams int8, price_pen_kg int8, premium int8, centimos int8, at text,"
            " position int8, org text",
            "position",
            "payer, party",
            "party",
            "lot",
            theirs="{org} OR {payer} OR {party}",
        ),
    ),
    {
        "price-set.v1": _priced,
        "lot-offered.v1": _offered,
        "lot-bought.v1": _bought,
        "advance-paid.v1": _advanced,
        "payment-made.v1": _paid,
    },
)
"""`money` has a row for each purchase (what it comes to), advance and payment (what was paid), in céntimos."""


class Balance(NamedTuple):
    """What one seller sold to an organisation, what that comes to, what was paid, and what is owed (below zero: paid ahead)."""

    party: str
    grams: int
    total: int
    got: int
    owed: int


class Price(NamedTuple):
    """A price in thousandths of a sol a kilogram, with its premiums by name in thousandths of a percent."""

    price: str
    price_pen_kg: int
    valid_from: str
    valid_to: str | None
    premiums: dict[str, int]


class Offer(NamedTuple):
    """A lot that is offered: by whom, and the grams on hand."""

    lot: str
    holder: str
    form: str
    grams: int
    offered_at: str
    until: str | None


_BALANCE: Final = """SELECT party, grams, total, got, total - got FROM (SELECT party, coalesce(sum(grams), 0)::int8 AS grams,
 coalesce(sum(centimos) FILTER (WHERE sort = 'purchase'), 0)::int8 AS total,
 coalesce(sum(centimos) FILTER (WHERE sort <> 'purchase'), 0)::int8 AS got
 FROM views.money WHERE payer = %(org)s AND (%(party)s::text IS NULL OR party = %(party)s) GROUP BY party) AS sums ORDER BY party"""
_PRICE: Final = """SELECT price, price_pen_kg, valid_from, valid_to FROM views.prices
 WHERE holder = %(org)s AND form = %(form)s AND valid_from <= %(moment)s AND (valid_to IS NULL OR %(moment)s <= valid_to)
 ORDER BY valid_from DESC, position DESC LIMIT 1"""
_OFFERED: Final = """SELECT * FROM (SELECT o.lot, o.holder, l.form,
 l.grams - coalesce((SELECT sum(e.grams) FROM views.edges e WHERE e.src = 'lot:' || o.lot), 0)::int8 AS grams, o.offered_at, o.until
 FROM (SELECT DISTINCT ON (lot) lot, holder, offered_at, until FROM views.offers WHERE to_party = %(org)s AND offered_at <= %(moment)s
 ORDER BY lot, offered_at DESC, position DESC) o JOIN views.lots l USING (lot)) AS offered
 WHERE grams > 0 AND (until IS NULL OR %(moment)s <= until) ORDER BY lot"""


def balance(conn: Connection, org: str, party: str | None = None) -> list[Balance]:
    """The account of every seller, or of one, with an organisation (a party's key)."""
    return [Balance(*row) for row in conn.execute(_BALANCE, {"org": org, "party": party})]


def price_at(conn: Connection, org: str, form: str, moment: str) -> Price | None:
    """What an organisation pays at a moment for beans of a form: of prices that hold, the one that began last."""
    row = conn.execute(_PRICE, {"org": org, "form": form, "moment": moment}).fetchone()
    if row is None:
        return None
    price, pen_kg, since, until = row
    premiums = conn.execute("SELECT name, pct FROM views.premiums WHERE price = %s ORDER BY at", (price,)).fetchall()
    return Price(price, pen_kg, since, until, dict(premiums))


def offered(conn: Connection, org: str, moment: str) -> list[Offer]:
    """Lots offered to an organisation at a moment, with what is on hand now; those with nothing left are not offered."""
    return [Offer(*row) for row in conn.execute(_OFFERED, {"org": org, "moment": moment})]
