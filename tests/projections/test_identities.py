"""Prefixes, products and places as they were recorded: whose they are, gone once annulled, the same after a rebuild."""

from collections.abc import Callable

import pytest

from api.house import House
from ledger.entry import read
from ledger.schema import Connection
from projections import follow
from projections.identities import Place, Prefix, Product, place, places, prefixes, product, products
from projections.rebuild import rebuild
from projections.standing import rest_on_it, rests_on

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
GTIN, GLN = "09521234000013", "9521234000020"
COOP, OTHER = (
    {"do": "enrol-party", "party_id": id_, "role": "exporter", "name": "Exportadora", "district": "220501", "enrolled_at": MAY}
    for id_ in ("EX-1", "EX-2")
)
OURS = {"do": "record-gs1-prefix", "prefix": "9521234", "org_id": "EX-1", "recorded_at": JUNE}
THEIRS = {"do": "record-gs1-prefix", "prefix": "9520000", "org_id": "EX-2", "recorded_at": JUNE}
BEANS = {"do": "register-product", "gtin": GTIN, "org_id": "EX-1", "name_es": "Cacao en grano", "registered_at": JUNE}
SITE = {"do": "record-gln", "gln": GLN, "org_id": "EX-1", "stands_for": "site", "district": "220501", "recorded_at": JUNE}


def test_identities_are_found_by_number_and_organisation(house: House, tell: Callable[..., None]) -> None:
    tell(house, COOP, OTHER, OURS, THEIRS, BEANS, SITE)
    beans = Product(GTIN, "9521234", "main/EX-1", "Cacao en grano", None, JUNE)
    site = Place(GLN, "9521234", "main/EX-1", "site", "220501", JUNE)

    with follow.connected(house.url) as conn:
        assert (product(conn, GTIN), product(conn, "09521234000099")) == (beans, None)
        assert (place(conn, GLN), place(conn, GTIN)) == (site, None)
        assert prefixes(conn, None) == [Prefix("9520000", "main/EX-2", JUNE), Prefix("9521234", "main/EX-1", JUNE)]
        assert prefixes(conn, "main/EX-2") == [Prefix("9520000", "main/EX-2", JUNE)]
        assert (products(conn, "main/EX-1"), products(conn, "main/EX-2")) == ([beans], [])
        assert (places(conn, None), places(conn, "main/EX-2")) == ([site], [])


def test_what_was_annulled_is_gone_from_the_views_its_number_free_and_a_rebuild_shows_the_same(
    house: House, tell: Callable[..., None]
) -> None:
    tell(house, COOP, OTHER, OURS, BEANS)
    with pytest.raises(AssertionError, match="rests-on-it"):
        tell(house, {"do": "annul-fact", "position": 3, "reason": "incorrect-data", "annulled_at": JULY})
    tell(house, {"do": "annul-fact", "position": 4, "reason": "incorrect-data", "annulled_at": JULY})
    tell(house, {"do": "annul-fact", "position": 3, "reason": "incorrect-data", "annulled_at": JULY})
    tell(house, OURS | {"org_id": "EX-2", "recorded_at": JULY}, BEANS | {"org_id": "EX-2", "registered_at": JULY})

    def held(conn: Connection) -> list[str]:
        return [each.holder for each in [*prefixes(conn, None), *products(conn, None)]]

    with follow.connected(house.url) as conn:
        assert held(conn) == ["main/EX-2", "main/EX-2"]
        _, compared = rebuild(house.url)
        assert all(each.before == each.after for each in compared)
        assert held(conn) == ["main/EX-2", "main/EX-2"]
        assert conn.execute("SELECT count(*) FROM views.gone_products").fetchone() == (1,)


def test_an_entry_shows_on_which_prefix_it_rests_and_what_rests_on_it(house: House, tell: Callable[..., None]) -> None:
    tell(house, COOP, OTHER, OURS, BEANS, SITE)

    with follow.connected(house.url) as conn:
        entries = [read(*row) for row in conn.execute("SELECT position, line FROM ledger.entries ORDER BY position", binary=True)]
        assert [rests_on(conn, entry) for entry in entries[3:]] == [[1, 3], [1, 3]]
        assert rest_on_it(conn, entries[2]) == [4, 5]
