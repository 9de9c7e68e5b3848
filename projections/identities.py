"""Identities that the world reads: prefixes of GS1, products and places, whose they are, and what a lot is as a product."""

from typing import Final, NamedTuple

from ledger.schema import Connection
from projections.view import Fact, Rows, View, annullable, table

_PREFIXES: Final = table(
    "gs1_prefixes", "prefix text, holder text, recorded_at text, position int8, org text", "prefix", "holder", theirs="{org} OR {holder}"
)
_PRODUCTS: Final = table(
    "products",
    "gtin text, prefix text, holder text, name_es text, name_en text, registered_at text, position int8, org text",
    "gtin",
    "holder",
    theirs="{org} OR {holder}",
)
_PLACES: Final = table(
    "places",
    "gln text, prefix text, holder text, stands_for text, district text, recorded_at text, position int8, org text",
    "gln",
    "holder",
    theirs="{org} OR {holder}",
)


def _prefix(position: int, fact: Fact) -> Rows:
    yield _PREFIXES.name, (fact["prefix"], fact["org_id"], fact["recorded_at"], position, fact["org"])


def _product(position: int, fact: Fact) -> Rows:
    said = (fact[name] for name in ("gtin", "prefix", "org_id", "name_es", "name_en", "registered_at"))
    yield _PRODUCTS.name, (*said, position, fact["org"])


def _place(position: int, fact: Fact) -> Rows:
    said = (fact[name] for name in ("gln", "prefix", "org_id", "stands_for", "district", "recorded_at"))
    yield _PLACES.name, (*said, position, fact["org"])


IDENTITIES = View(
    "identities",
    annullable(_PREFIXES, _PRODUCTS, _PLACES),
    {"gs1-prefix-recorded.v1": _prefix, "product-registered.v1": _product, "gln-recorded.v1": _place},
)


class Prefix(NamedTuple):
    """A prefix that GS1 licensed to `holder`."""

    prefix: str
    holder: str
    recorded_at: str


class Product(NamedTuple):
    """A product by its number of 14 digits."""

    gtin: str
    prefix: str
    holder: str
    name_es: str | None
    name_en: str | None
    registered_at: str


class Place(NamedTuple):
    """A number of 13 digits that stands for an organisation (`party`) or a site of it."""

    gln: str
    prefix: str
    holder: str
    stands_for: str
    district: str | None
    recorded_at: str


def product(conn: Connection, gtin: str, schema: str = "views") -> Product | None:
    """A product by its number."""
    row = conn.execute(f"SELECT {', '.join(Product._fields)} FROM {schema}.products WHERE gtin = %s", (gtin,)).fetchone()
    return Product(*row) if row else None


def place(conn: Connection, gln: str, schema: str = "views") -> Place | None:
    """A place or organisation by its number."""
    row = conn.execute(f"SELECT {', '.join(Place._fields)} FROM {schema}.places WHERE gln = %s", (gln,)).fetchone()
    return Place(*row) if row else None


def prefixes(conn: Connection, org: str | None, schema: str = "views") -> list[Prefix]:
    """The prefixes of an organisation (None: of all)."""
    asked = f"SELECT {', '.join(Prefix._fields)} FROM {schema}.gs1_prefixes WHERE %(org)s::text IS NULL OR holder = %(org)s ORDER BY prefix"
    return [Prefix(*row) for row in conn.execute(asked, {"org": org})]


def products(conn: Connection, org: str | None, schema: str = "views") -> list[Product]:
    """The products of an organisation (None: of all)."""
    asked = f"SELECT {', '.join(Product._fields)} FROM {schema}.products WHERE %(org)s::text IS NULL OR holder = %(org)s ORDER BY gtin"
    return [Product(*row) for row in conn.execute(asked, {"org": org})]


def places(conn: Connection, org: str | None, schema: str = "views") -> list[Place]:
    """The places of an organisation (None: of all)."""
    asked = f"SELECT {', '.join(Place._fields)} FROM {schema}.places WHERE %(org)s::text IS NULL OR holder = %(org)s ORDER BY gln"
    return [Place(*row) for row in conn.execute(asked, {"org": org})]
