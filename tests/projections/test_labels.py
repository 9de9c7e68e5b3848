"""Labels in the views: one row a serial, void by an entry, alive again where that was a mistake, the same after a rebuild and then."""

from collections.abc import Callable
from typing import Any

from api.house import House
from ledger.schema import Connection
from projections import follow
from projections.labels import Label, LabelKey, Void, label, label_keys, labels, of_entry, printings
from projections.past import cut
from projections.rebuild import digests, rebuild

MAY, JUNE, JULY, AUGUST = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7, 8))
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
SQUARE = [[-76.5, -6.5], [-76.499, -6.5], [-76.499, -6.499], [-76.5, -6.499], [-76.5, -6.5]]
BEGUN: list[dict[str, Any]] = [
    {"do": "enrol-party", "party_id": "F-1", "role": "farmer", "name": "Rosa", "district": "220501", "enrolled_at": MAY},
    {
        "do": "register-plot", "plot_id": "P-1", "holder_id": "F-1", "area_ha": "1.223", "district": "220501", "system": "full_sun",
        "planted_at": MAY, "surveyed_at": MAY, "accuracy_m": "3", "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    },
    {"do": "record-harvest", "lot_id": "H-1", "plot_id": "P-1", "kg": "40", "from_at": MAY, "to_at": MAY},
    {"do": "enrol-party", "party_id": "AG-1", "role": "aggregator", "name": "Acopio", "district": "220501", "enrolled_at": MAY},
    {
        "do": "buy-lot", "lot_id": "B-1", "holder_id": "AG-1", "inputs": [{"lot_id": "H-1", "kg": "40"}], "kg": "40", "price_pen_kg": "9",
        "started_at": MAY, "ended_at": MAY,
    },
    {"do": "open-container", "container_no": "CSQU3054383", "holder_id": "AG-1", "at": MAY},
    {"do": "open-label-key", "kid": 7, "public_key": KEY, "opened_at": MAY},
]  # fmt: skip
SACKS = {
    "do": "print-lot-labels", "lot_id": "B-1", "sort": "sack", "serials": ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC"], "public": True, "kid": 7,
    "net_kg": "20", "printed_at": JUNE,
}  # fmt: skip
DOOR = {"do": "print-container-labels", "container_no": "CSQU3054383", "serials": ["DDDDDDDD"], "printed_at": JUNE}
CARD = {"do": "print-card", "issuer_id": "AG-1", "party_id": "F-1", "serials": ["EEEEEEEE"], "printed_at": JUNE}
AGAIN = {
    "do": "reprint-labels", "printing": 8, "replaced": ["AAAAAAAA"], "serials": ["FFFFFFFF"], "reason": "damaged", "kid": 7,
    "printed_at": JULY,
}  # fmt: skip
VOID = {"do": "void-labels", "serials": ["BBBBBBBB", "DDDDDDDD"], "reason": "lost", "voided_at": JULY}


def annul(position: int) -> dict[str, Any]:
    return {"do": "annul-fact", "position": position, "reason": "incorrect-data", "annulled_at": AUGUST}


def voids(conn: Connection, schema: str = "views") -> dict[str, tuple[str, int] | None]:
    """Serial -> why and by which entry it is void."""
    found = labels(conn, [letter * 8 for letter in "ABCDEFZ"], schema)
    return {each.serial[0]: each.void and (each.void.reason, each.void.position) for each in found}


def test_a_label_counts_until_it_is_voided_replaced_or_its_printing_annulled(house: House, tell: Callable[..., None]) -> None:
    tell(house, *BEGUN, SACKS, DOOR, CARD, AGAIN, VOID)
    with follow.connected(house.url) as conn:
        assert label(conn, "AAAAAAAA") == Label(
            "AAAAAAAA", "sack", "main/B-1", None, None, None, None, None, 7, 8, JUNE, "main/AG-1", public=True, grams=20_000, position=8,
            org="main", void=Void(JULY, "damaged", "FFFFFFFF", 11),
        )  # fmt: skip
        new, door, card = (label(conn, letter * 8) for letter in "FDE")
        assert new
        assert (new.lot, new.printing, new.position, new.printed_at, new.grams, new.void) == ("main/B-1", 8, 11, JULY, 20_000, None)
        assert door
        assert (door.container_no, door.stuffing, door.public, door.void) == ("CSQU3054383", 6, True, Void(JULY, "lost", None, 12))
        assert card
        assert (card.sort, card.party, card.holder, card.public) == ("card", "main/F-1", "main/AG-1", False)
        assert label(conn, "ZZZZZZZZ") is None
        assert [each.serial for each in of_entry(conn, 8)] == ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC"]
        assert [(each.position, each.labels, each.counting) for each in printings(conn, lot="main/B-1")] == [(11, 1, 1), (8, 3, 1)]
        assert [each.position for each in printings(conn, stuffing=6)] == [9]

    tell(house, annul(12), annul(11), annul(8))
    with follow.connected(house.url) as conn:
        gone = ("annulled", 15)
        assert voids(conn) == {"A": gone, "B": gone, "C": gone, "D": None, "E": None, "F": ("annulled", 14)}

    freed = SACKS | {"serials": ["AAAAAAAA", "BBBBBBBB"], "printed_at": AUGUST}
    tell(house, freed, VOID | {"serials": ["BBBBBBBB"], "voided_at": AUGUST})
    with follow.connected(house.url) as conn:
        assert voids(conn) == {"A": None, "B": ("lost", 17), "C": gone, "D": None, "E": None, "F": ("annulled", 14)}
        before = digests(conn)
        with conn.transaction():
            cut(conn, 12)
            assert voids(conn, "past") == {
                "A": ("damaged", 11), "B": ("lost", 12), "C": None, "D": ("lost", 12), "E": None, "F": None,
            }  # fmt: skip
        with conn.transaction():
            cut(conn, 14)
            assert voids(conn, "past") == dict.fromkeys("ABCDE") | {"F": ("annulled", 14)}

    rebuild(house.url)
    with follow.connected(house.url) as conn:
        assert digests(conn) == before


def test_a_key_shows_its_last_closing(house: House, tell: Callable[..., None]) -> None:
    close = {"do": "close-label-key", "kid": 7, "closed_at": JUNE, "reason": "rotated"}
    tell(house, BEGUN[-1], close)
    with follow.connected(house.url) as conn:
        assert label_keys(conn) == [LabelKey(7, KEY, MAY, JUNE, "rotated", None)]

    tell(house, close | {"reason": "compromised", "since": MAY, "closed_at": JULY})
    with follow.connected(house.url) as conn:
        assert label_keys(conn) == [LabelKey(7, KEY, MAY, JULY, "compromised", MAY)]
