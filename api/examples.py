"""A real example of every command, in an order in which all are accepted: the interface's document shows them, a test sends them."""

from typing import Any, Final


def _party(id_: str, role: str, name: str, document: str | None, sex: str | None = None) -> dict[str, Any]:
    body = {
        "do": "enrol-party",
        "party_id": id_,
        "role": role,
        "name": name,
        "district": "220505",
        "enrolled_at": "2024-01-15T09:00:00-05:00",
    }
    return body | ({"document": document} if document else {}) | ({"sex": sex} if sex else {})


_SQUARE: Final = [[-76.48, -6.55], [-76.4791, -6.55], [-76.4791, -6.5491], [-76.48, -6.5491], [-76.48, -6.55]]
_BODIES: Final[list[dict[str, Any]]] = [
    _party("NU-01", "nursery", "Vivero El Huayco", "20100000009"),
    _party("FA-0001", "farmer", "Rosa Tuanama Shupingahua", "45678901", "F") | {"phone": "942000111"},
    _party("AG-01", "aggregator", "Acopio Sisa", "20100000017"),
    _party("EX-01", "exporter", "Exportadora Mayo", "20100000025"),
    _party("BU-01", "buyer", "Hanse Kakao", None),
    {
        "do": "register-plot", "plot_id": "P-00001", "holder_id": "FA-0001", "area_ha": "0.99", "district": "220505",
        "system": "agroforestry", "planted_at": "2018-03-01T00:00:00-05:00", "surveyed_at": "2024-02-01T10:00:00-05:00",
        "accuracy_m": "2.5", "geometry": {"type": "Polygon", "coordinates": [_SQUARE]},
    },
    {"do": "raise-seedlings", "nursery_lot_id": "NL-001", "nursery_id": "NU-01", "species": "cacao", "clone": "IMC-67", "count": "900",
     "raised_at": "2025-01-10T08:00:00-05:00"},
    {"do": "hand-out-seedlings", "handout_id": "HO-001", "nursery_lot_id": "NL-001", "party_id": "FA-0001", "plot_id": "P-00001",
     "count": "300", "return_due": "20", "handed_at": "2025-03-01T08:00:00-05:00"},
    {"do": "return-seedlings", "return_id": "RE-001", "handout_id": "HO-001", "count": "12", "returned_at": "2025-06-01T08:00:00-05:00"},
    {"do": "cut-budwood", "budwood_id": "BW-001", "mother_plot_id": "P-00001", "clone": "ICS-95", "sticks": "60",
     "cut_at": "2025-07-01T07:00:00-05:00"},
    {"do": "graft-plants", "graft_id": "GR-001", "plot_id": "P-00001", "handout_id": "HO-001", "budwood_id": "BW-001", "grafted": "150",
     "grafted_at": "2025-07-02T07:00:00-05:00"},
    {"do": "count-grafts", "graft_id": "GR-001", "alive": "131", "counted_at": "2025-08-15T07:00:00-05:00"},
    {"do": "record-harvest", "lot_id": "HV-001", "plot_id": "P-00001", "kg": "412.5", "from_at": "2026-05-02T07:00:00-05:00",
     "to_at": "2026-05-02T15:00:00-05:00"},
    {"do": "buy-lot", "lot_id": "BU-001", "holder_id": "AG-01", "inputs": [{"lot_id": "HV-001", "kg": "400"}], "kg": "400",
     "started_at": "2026-05-02T16:00:00-05:00", "ended_at": "2026-05-02T16:10:00-05:00", "price_pen_kg": "3.25", "premium_pct": "10"},
    {"do": "ferment-lots", "lot_id": "FE-001", "holder_id": "AG-01", "inputs": [{"lot_id": "BU-001", "kg": "400"}], "kg": "372",
     "started_at": "2026-05-02T18:00:00-05:00", "ended_at": "2026-05-08T08:00:00-05:00",
     "method": "box", "max_temp_c": "47.5", "turns": "5"},
    {"do": "dry-lots", "lot_id": "DR-001", "holder_id": "AG-01", "inputs": [{"lot_id": "FE-001", "kg": "372"}], "kg": "152.4",
     "started_at": "2026-05-08T09:00:00-05:00", "ended_at": "2026-05-14T17:00:00-05:00", "method": "tunnel", "moisture_pct": "7.1"},
    {"do": "split-lot", "lot_id": "SP-001", "holder_id": "AG-01", "inputs": [{"lot_id": "DR-001", "kg": "50"}], "kg": "50",
     "started_at": "2026-05-15T08:00:00-05:00", "ended_at": "2026-05-15T08:00:00-05:00"},
    {"do": "blend-lots", "lot_id": "BL-001", "holder_id": "AG-01",
     "inputs": [{"lot_id": "DR-001", "kg": "100"}, {"lot_id": "SP-001", "kg": "50"}], "kg": "149.9",
     "started_at": "2026-05-16T08:00:00-05:00", "ended_at": "2026-05-16T09:00:00-05:00"},
    {"do": "inspect-lot", "lot_id": "BL-001", "inspected_at": "2026-05-17T10:00:00-05:00", "moisture_pct": "7", "beans_100g": "88",
     "mouldy_pct": "0.667", "slaty_pct": "2", "defective_pct": "1.333"},
    {"do": "write-off", "loss_id": "LO-001", "lot_id": "BL-001", "kg": "0.3", "reason": "sample", "lost_at": "2026-05-17T10:30:00-05:00"},
    {"do": "buy-lot", "lot_id": "BU-002", "holder_id": "EX-01", "inputs": [{"lot_id": "BL-001", "kg": "149.6"}], "kg": "149.6",
     "started_at": "2026-05-20T09:00:00-05:00", "ended_at": "2026-05-20T09:00:00-05:00", "price_pen_kg": "11.2"},
    {"do": "open-container", "container_no": "CSQU3054383", "holder_id": "EX-01", "at": "2026-06-01T08:00:00-05:00"},
    {"do": "load-lot", "container_no": "CSQU3054383", "at": "2026-06-01T09:00:00-05:00", "lot_id": "BU-002", "kg": "149.6", "bags": "3"},
    {"do": "seal-container", "container_no": "CSQU3054383", "at": "2026-06-01T10:00:00-05:00", "seal_no": "PE0041207"},
    {"do": "depart-container", "container_no": "CSQU3054383", "at": "2026-06-03T10:00:00-05:00", "destination": "DEHAM"},
    {"do": "sell-container", "container_no": "CSQU3054383", "at": "2026-06-04T10:00:00-05:00", "buyer_id": "BU-01",
     "contract_no": "C-2026-0017", "price_usd_t": "8420.5", "incoterm": "FOB"},
    {"do": "empty-container", "container_no": "CSQU3054383", "at": "2026-07-20T10:00:00-05:00"},
    {"do": "set-price", "price_id": "PR-001", "holder_id": "AG-01", "form": "wet", "price_pen_kg": "3.25",
     "premiums": [{"name": "orgánico", "pct": "10"}], "valid_from": "2026-05-01T00:00:00-05:00",
     "valid_to": "2026-05-31T23:59:59-05:00"},
    {"do": "pay-advance", "advance_id": "AV-001", "payer_id": "AG-01", "party_id": "FA-0001", "pen": "200",
     "paid_at": "2026-04-20T09:00:00-05:00"},
    {"do": "make-payment", "payment_id": "PA-001", "payer_id": "AG-01", "party_id": "FA-0001", "lot_id": "BU-001", "pen": "1000.50",
     "paid_at": "2026-05-02T16:30:00-05:00"},
    {"do": "offer-lot", "lot_id": "DR-001", "to_id": "EX-01", "offered_at": "2026-05-21T08:00:00-05:00",
     "until": "2026-05-31T23:59:59-05:00"},
    {"do": "amend-party", "party_id": "FA-0001", "phone": "942000222", "amended_at": "2026-05-22T09:00:00-05:00"},
    {"do": "resurvey-plot", "plot_id": "P-00001", "area_ha": "1", "surveyed_at": "2026-05-23T10:00:00-05:00", "accuracy_m": "1.2",
     "geometry": {"type": "Polygon", "coordinates": [_SQUARE]}},
    _party("FA-0002", "farmer", "Luis Tuanama Salas", "45678902", "M"),
    {"do": "register-plot", "plot_id": "P-00002", "holder_id": "FA-0001", "area_ha": "1.5", "district": "220505", "system": "full_sun",
     "planted_at": "2020-03-01T00:00:00-05:00", "surveyed_at": "2024-02-02T10:00:00-05:00", "accuracy_m": "4",
     "geometry": {"type": "Point", "coordinates": [-76.47, -6.54]}},
    {"do": "transfer-plot", "plot_id": "P-00002", "to_id": "FA-0002", "transferred_at": "2026-06-30T10:00:00-05:00"},
    {"do": "admit-user", "user_id": "U-7Q3M", "name": "Nelly Sangama Isuiza", "org_id": "AG-01", "role": "buyer",
     "admitted_at": "2026-05-01T08:00:00-05:00"},
    {"do": "grant-role", "user_id": "U-7Q3M", "org_id": "AG-01", "role": "plant", "granted_at": "2026-05-01T08:05:00-05:00",
     "until": "2026-12-31T23:59:59-05:00"},
    {"do": "revoke-role", "user_id": "U-7Q3M", "org_id": "AG-01", "role": "plant", "revoked_at": "2026-06-01T08:00:00-05:00"},
    {"do": "enrol-device", "user_id": "U-7Q3M", "device_id": "D-9K2F", "sort": "token",
     "credential": "f7846f55cf23e14eebeab5b4e1550cad5b509e3348fbc4efa3a1413d393cb650", "scopes": ["buy-lot", "read"],
     "enrolled_at": "2026-05-01T08:10:00-05:00"},
    {"do": "revoke-device", "device_id": "D-9K2F", "revoked_at": "2026-06-01T08:10:00-05:00"},
    _party("FA-0003", "farmer", "Ana Salas Isuiza", "45678903", "F"),
    {"do": "erase-subject", "party_id": "FA-0003", "basis": "asked", "erased_at": "2026-07-01T09:00:00-05:00"},
    {"do": "open-log", "origin": "ledger.example/cacao-2", "closed_origin": "ledger.example/cacao", "closed_size": "57", "kept": "41",
     "closed_root": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "opened_at": "2026-07-01T10:00:00-05:00"},
]  # fmt: skip
_LOST: Final = 1 + next(at for at, body in enumerate(_BODIES) if body["do"] == "write-off")
_MISTAKES: Final[list[dict[str, Any]]] = [
    {"do": "record-harvest", "lot_id": "HV-002", "plot_id": "P-00001", "kg": "412.5", "from_at": "2026-05-02T07:00:00-05:00",
     "to_at": "2026-05-02T15:00:00-05:00"},
    {"do": "annul-fact", "position": len(_BODIES) + 1, "reason": "entered-twice", "annulled_at": "2026-05-03T08:00:00-05:00"},
    {"do": "question-fact", "position": _LOST, "reason": "weight", "questioned_at": "2026-07-01T08:00:00-05:00"},
    {"do": "settle-question", "position": len(_BODIES) + 3, "outcome": "dismissed", "settled_at": "2026-07-02T08:00:00-05:00"},
]  # fmt: skip

EXAMPLES: Final[list[dict[str, Any]]] = [
    {"id": f"0197a3c0-4b2e-7{at:03x}-8c51-2f1b6d0e9a{at:02x}", **body} for at, body in enumerate([*_BODIES, *_MISTAKES], 1)
]
"""Commands with ids (UUIDv7 in form), ready to be sent."""
