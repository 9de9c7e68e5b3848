"""A small world and one good command of each kind: tests name the command and say what is different.

A difference is a dict. A key with a colon is a tag: None takes what stands under it away, a dict changes its fields, a state puts it
there. `as_of` is the clock. Any other key is a field of the command.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from domain.annulment import Written
from domain.container import Container
from domain.device import Device
from domain.graft import Budwood, Graft
from domain.gs1 import Gs1Prefix, Product
from domain.labelkey import LabelKey
from domain.lot import HarvestRecorded, Lot
from domain.nursery import Handout, NurseryLot
from domain.party import Party
from domain.plot import Plot
from domain.printing import Label, LotLabelsPrinted
from domain.question import FactQuestioned
from domain.sharing import Publication, Share
from domain.user import Grant, User
from domain.values import Refused
from domain.vocabulary import COMMANDS, decide

MAY, MAY_31, JUNE, JULY = (f"2026-{day}T10:00:00-05:00" for day in ("05-02", "05-31", "06-02", "07-02"))
ID = "018f0000-0000-7000-8000-000000000001"
SUBJECT = "0b8f9c1e-5d0a-4b7e-9f27-3c1d5a6e7f80"
SQUARE = [[-76.500, -6.500], [-76.499, -6.500], [-76.499, -6.499], [-76.500, -6.499], [-76.500, -6.500]]
HARVEST = HarvestRecorded(lot_id="main/WET", plot_id="main/PLOT", holder_id="main/FARMER", form="wet", grams=40_500, from_at=MAY, to_at=MAY)
_TAGS = tuple(HARVEST.tags(7))
ASKED = FactQuestioned(position=7, about=_TAGS, questioned_kind="harvest-recorded.v1", reason="weight", questioned_at=MAY)

PRINTED = LotLabelsPrinted(
    holder_id="main/COOP", sort="sack", serials=("0K3V9ZQ1", "0K3V9ZQ2"), kid=None, printed_at=MAY, lot_id="main/DRY", public=True,
    gtin=None, sscc=None, prefix=None, grams=69_000,
)  # fmt: skip

WORLD: dict[str, Any] = {
    "party:main/FARMER": Party("farmer", MAY, None),
    "party:main/COOP": Party("aggregator", MAY, None),
    "party:main/BUYER": Party("buyer", MAY, None),
    "party:main/KNOWN": Party("farmer", MAY, SUBJECT),
    "plot:main/PLOT": Plot("main/FARMER", MAY),
    "nursery-lot:main/ROOTS": NurseryLot("cacao", 100, MAY),
    "handout:main/GIVEN": Handout("main/FARMER", "main/PLOT", "cacao", 40, 20, MAY),
    "budwood:main/STICKS": Budwood("main/MOTHER", "Bellavista", 30, MAY),
    "graft:main/GRAFT": Graft("main/PLOT", "main/GIVEN", "main/STICKS", 30, MAY, frozenset()),
    "lot:main/WET": Lot("wet", "main/FARMER", 40_500, MAY),
    "lot:main/WET-2": Lot("wet", "main/FARMER", 10_000, MAY),
    "lot:main/DRY": Lot("dry", "main/COOP", 5_000, MAY),
    "container:OPEN": Container(41, "main/COOP", "open", grams=3_000, departed=False, sold=False, at=MAY),
    "container:SEALED": Container(51, "main/COOP", "sealed", grams=3_000, departed=False, sold=False, at=MAY),
    "label-key:7": LabelKey(MAY),
    "label:0K3V9ZQ1": Label(71, MAY, PRINTED),
    "product:09521234000013": Product("main/COOP", MAY),
    "gs1-prefix:9521234": Gs1Prefix("9521234", "main/COOP", MAY),
    "container:SHOWN": Container(61, "main/COOP", "sealed", grams=3_000, departed=False, sold=False, at=MAY),
    "publication:SHOWN@main/COOP": Publication((61,), MAY),
    "share:S-1": Share("SEALED", 51, "main/COOP", MAY),
    "user:U-1": User(MAY, frozenset({Grant("main/COOP", "buyer", MAY, None)})),
    "device:D-1": Device("U-1", MAY),
    "entry:7": Written(7, HARVEST, _TAGS, "main/COOP"),
    "entry:8": Written(8, ASKED, (*_TAGS, "entry:7"), "main/COOP"),
}

_STEP = {"lot_id": "NEW", "started_at": MAY_31, "ended_at": JUNE}
_FARMERS = {**_STEP, "holder_id": "FARMER", "inputs": [{"lot_id": "WET", "kg": "40"}, {"lot_id": "WET-2", "kg": "10"}], "kg": "50"}

GOOD: dict[str, dict[str, Any]] = {
    "enrol-party": {
        "party_id": "NEW", "role": "farmer", "name": "Rosa Quispe", "document": "45678912", "phone": "987654321", "sex": "F",
        "district": "220501", "enrolled_at": JUNE,
    },
    "amend-party": {"party_id": "FARMER", "name": "Rosa Quispe Luna", "document": "45678912", "phone": "987654322", "amended_at": JUNE},
    "register-plot": {
        "plot_id": "NEW", "holder_id": "FARMER", "area_ha": "1.223", "district": "220501", "system": "agroforestry",
        "planted_at": MAY, "surveyed_at": JUNE, "accuracy_m": "3.5", "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    },
    "resurvey-plot": {
        "plot_id": "PLOT", "area_ha": "1.25", "surveyed_at": JUNE, "accuracy_m": "1.5",
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    },
    "transfer-plot": {"plot_id": "PLOT", "to_id": "COOP", "transferred_at": JUNE},
    "raise-seedlings": {
        "nursery_lot_id": "NEW", "nursery_id": "COOP", "species": "cacao", "clone": "IMC-67", "count": "500", "raised_at": JUNE,
    },
    "hand-out-seedlings": {
        "handout_id": "NEW", "nursery_lot_id": "ROOTS", "party_id": "FARMER", "plot_id": "PLOT", "count": "60", "return_due": "0",
        "handed_at": JUNE,
    },
    "return-seedlings": {"return_id": "NEW", "handout_id": "GIVEN", "count": "5", "returned_at": JUNE},
    "cut-budwood": {"budwood_id": "NEW", "mother_plot_id": "PLOT", "clone": "Bellavista", "sticks": "12", "cut_at": JUNE},
    "graft-plants": {
        "graft_id": "NEW", "plot_id": "PLOT", "handout_id": "GIVEN", "budwood_id": "STICKS", "grafted": "25", "grafted_at": JUNE,
    },
    "count-grafts": {"graft_id": "GRAFT", "alive": "28", "counted_at": JUNE},
    "record-harvest": {"lot_id": "NEW", "plot_id": "PLOT", "kg": "40.5", "from_at": MAY_31, "to_at": JUNE},
    "inspect-lot": {
        "lot_id": "DRY", "inspected_at": JUNE, "moisture_pct": "7.1", "beans_100g": "82", "mouldy_pct": "1", "slaty_pct": "2.5",
        "defective_pct": "0.333",
    },
    "write-off": {"loss_id": "NEW", "lot_id": "WET", "kg": "2.25", "reason": "spoiled", "lost_at": JUNE},
    "buy-lot": {**_FARMERS, "holder_id": "COOP", "price_pen_kg": "9.4", "premium_pct": "5"},
    "ferment-lots": {**_FARMERS, "kg": "45", "method": "box", "max_temp_c": "48.5", "turns": "3"},
    "dry-lots": {**_FARMERS, "kg": "20", "method": "sun", "moisture_pct": "7"},
    "blend-lots": _FARMERS,
    "split-lot": {**_FARMERS, "inputs": [{"lot_id": "WET", "kg": "15"}], "kg": "15"},
    "offer-lot": {"lot_id": "DRY", "to_id": "BUYER", "offered_at": JUNE, "until": JULY},
    "print-lot-labels": {
        "lot_id": "DRY", "sort": "sack", "serials": ["4J7NB2T5", "4J7NB2T6"], "public": True, "gtin": "09521234000013", "kid": 7,
        "net_kg": "69", "printed_at": JUNE,
    },
    "print-container-labels": {"container_no": "SEALED", "serials": ["4J7NB2T5"], "kid": 7, "printed_at": JUNE},
    "print-card": {"issuer_id": "COOP", "party_id": "FARMER", "serials": ["4J7NB2T5"], "kid": 7, "printed_at": JUNE},
    "void-labels": {"serials": ["0K3V9ZQ1"], "reason": "lost", "voided_at": JUNE},
    "reprint-labels": {
        "printing": 71, "replaced": ["0K3V9ZQ1"], "serials": ["4J7NB2T5"], "reason": "damaged", "kid": 7, "printed_at": JUNE,
    },
    "open-label-key": {"kid": 8, "public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=", "opened_at": JUNE},
    "close-label-key": {"kid": 7, "reason": "compromised", "since": MAY_31, "closed_at": JUNE},
    "record-gs1-prefix": {"prefix": "952000", "org_id": "COOP", "recorded_at": JUNE},
    "register-product": {
        "gtin": "09521234000099", "org_id": "COOP", "name_es": "Cacao en grano", "name_en": "Cocoa beans", "registered_at": JUNE,
    },
    "record-gln": {"gln": "9521234000020", "org_id": "COOP", "stands_for": "site", "district": "220501", "recorded_at": JUNE},
    "open-container": {"container_no": "CSQU3054383", "holder_id": "COOP", "at": JUNE},
    "load-lot": {"container_no": "OPEN", "lot_id": "DRY", "kg": "4.5", "bags": "2", "at": JUNE},
    "seal-container": {"container_no": "OPEN", "seal_no": "ML-PE 0042", "at": JUNE},
    "depart-container": {"container_no": "SEALED", "destination": "NLRTM", "at": JUNE},
    "sell-container": {
        "container_no": "SEALED", "buyer_id": "BUYER", "contract_no": "C-7", "price_usd_t": "8250.5", "incoterm": "FOB", "at": JUNE,
    },
    "empty-container": {"container_no": "SEALED", "at": JUNE},
    "set-price": {
        "price_id": "NEW", "holder_id": "COOP", "form": "wet", "price_pen_kg": "3.25",
        "premiums": [{"name": "orgánico", "pct": "10"}, {"name": "comercio justo", "pct": "2.5"}], "valid_from": JUNE, "valid_to": JULY,
    },
    "pay-advance": {"advance_id": "NEW", "payer_id": "COOP", "party_id": "FARMER", "pen": "150.5", "paid_at": JUNE},
    "make-payment": {
        "payment_id": "NEW", "payer_id": "COOP", "party_id": "FARMER", "lot_id": "DRY", "pen": "1200.75", "paid_at": JUNE,
    },
    "admit-user": {"user_id": "NEW", "name": "Luz Ramos", "org_id": "COOP", "role": "plant", "admitted_at": JUNE, "until": JULY},
    "grant-role": {"user_id": "U-1", "org_id": "COOP", "role": "plant", "granted_at": JUNE, "until": JULY},
    "revoke-role": {"user_id": "U-1", "org_id": "COOP", "role": "buyer", "revoked_at": JUNE},
    "enrol-device": {
        "user_id": "U-1", "device_id": "NEW", "sort": "token", "credential": "9f86d081884c7d65", "scopes": ["buy-lot", "read"],
        "enrolled_at": JUNE, "until": JULY,
    },
    "revoke-device": {"device_id": "D-1", "revoked_at": JUNE},
    "erase-subject": {"party_id": "KNOWN", "basis": "asked", "erased_at": JUNE},
    "open-log": {
        "origin": "log.example/cacao-2", "closed_origin": "log.example/cacao", "closed_size": "57", "closed_root": "0f" * 32, "kept": "41",
        "opened_at": JUNE,
    },
    "share-container": {"container_no": "SEALED", "share_id": "S-2", "for_id": "BUYER", "shared_at": JUNE, "until": JULY},
    "end-share": {"share_id": "S-1", "ended_at": JUNE},
    "publish-price": {"holder_id": "COOP", "container_no": "SEALED", "published_at": JUNE},
    "withdraw-price": {"holder_id": "COOP", "container_no": "SHOWN", "withdrawn_at": JUNE},
    "annul-fact": {
        "position": 7, "reason": "entered-twice", "corrected_by": ["018f0000-0000-7000-8000-000000000002"], "annulled_at": JUNE,
    },
    "question-fact": {"position": 7, "reason": "weight", "questioned_at": JUNE},
    "settle-question": {"position": 8, "outcome": "upheld", "settled_at": JUNE},
}  # fmt: skip

Difference = Mapping[str, Any]


def _differ(states: dict[str, Any], tag: str, change: Any) -> None:
    if isinstance(change, dict):
        state = states.get(tag)
        if isinstance(state, Written):
            said = {name: change[name] for name in change if name in type(state.fact).model_fields}
            change = {name: change[name] for name in change if name not in said} | {"fact": state.fact.model_copy(update=said)}
        if state is not None:
            states[tag] = replace(state, **change)
    else:
        states[tag] = change


@pytest.fixture(scope="session")
def good() -> Mapping[str, dict[str, Any]]:
    """One good command of each kind, as bodies."""
    return GOOD


@pytest.fixture(scope="session")
def world() -> Mapping[str, Any]:
    """The states under all tags."""
    return WORLD


@pytest.fixture(scope="session")
def ask() -> Callable[..., Any]:
    """A good command, read from JSON with its differences."""

    def read(do: str, *differences: Difference) -> Any:
        body = {"do": do, "id": ID} | GOOD[do]
        for key, value in (pair for difference in differences for pair in difference.items()):
            if ":" not in key and key != "as_of":
                body[key] = value
        return COMMANDS.validate_json(orjson.dumps(body))

    return read


@pytest.fixture(scope="session")
def accepted(ask: Callable[..., Any]) -> Callable[..., Any]:
    """The fact that answers a good command with its differences."""

    def answer(do: str, *differences: Difference) -> Any:
        states, as_of = dict(WORLD), JULY
        for key, value in (pair for difference in differences for pair in difference.items()):
            if ":" in key:
                _differ(states, key, value)
            elif key == "as_of":
                as_of = value
        return decide(ask(do, *differences), states, as_of)

    return answer


@pytest.fixture(scope="session")
def refused(accepted: Callable[..., Any]) -> Callable[..., tuple[str, str]]:
    """The code and the sentence of the refusal."""

    def answer(do: str, *differences: Difference) -> tuple[str, str]:
        with pytest.raises(Refused) as refusal:
            accepted(do, *differences)
        return refusal.value.code, str(refusal.value)

    return answer
