"""The fields of a fact as an auditor reads them: what each is called, and its value with its unit."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from api.look import Language, cell, said
from api.office.told import clock
from api.sentences import Fact, spelled, thousandths
from domain.values import bare, kilograms, plain

LABELS: Final = {
    "party_id": "Party", "role": "Role", "sex": "Sex", "organisation": "Is an organisation", "district": "District", "plot_id": "Plot",
    "holder_id": "Holder", "from_id": "From", "to_id": "To", "area_m2": "Area", "shape": "Given as", "cell": "Square of 10 km",
    "accuracy_mm": "Accuracy", "system": "Cacao grows", "seal": "Put away, apart from the entry", "subject": "Put away under the subject",
    "nursery_lot_id": "Nursery lot", "nursery_id": "Nursery", "species": "Species", "clone": "Clone", "count": "Seedlings",
    "handout_id": "Handout", "return_due": "To be returned", "return_id": "Return", "budwood_id": "Budwood",
    "mother_plot_id": "Mother plot", "sticks": "Sticks", "graft_id": "Graft", "grafted": "Buds set", "alive": "Alive", "lot_id": "Lot",
    "form": "Form", "grams": "Weight", "inputs": "Drawn from", "seller_id": "Seller", "price_pen_kg": "Price", "premium": "Premium",
    "method": "Method", "max_temp": "Highest temperature", "turns": "Times turned", "moisture": "Moisture",
    "beans_100g": "Beans in 100 g", "mouldy": "Mouldy", "slaty": "Slaty", "defective": "Defective", "loss_id": "Loss", "reason": "Reason",
    "container_no": "Container", "stuffing": "Opened at entry", "bags": "Bags", "seal_no": "Number of the seal",
    "destination": "Destination", "buyer_id": "Buyer", "contract_no": "Contract", "price_usd_t": "Price", "incoterm": "Incoterm",
    "prefix": "GS1 prefix", "gtin": "GTIN", "gln": "GLN", "stands_for": "Stands for", "name_es": "Name in Spanish",
    "name_en": "Name in English", "recorded_at": "Recorded", "registered_at": "Registered",
    "serials": "Serials", "replaced": "In place of", "printing": "First entry of the printing", "kid": "Label key",
    "public": "Pages open before loading", "sscc": "SSCC", "public_key": "Public key", "since": "Not believed since",
    "printed_at": "Printed", "voided_at": "Voided", "closed_at": "Closed",
    "share_id": "Shared as", "for_id": "Shared with", "shared_at": "Shared", "published_at": "Published", "withdrawn_at": "Withdrawn",
    "price_id": "Number of the price", "premiums": "Premiums", "payer_id": "Paid by", "centimos": "Amount", "advance_id": "Advance",
    "payment_id": "Payment", "user_id": "User", "org_id": "For", "device_id": "Device", "sort": "Sort", "credential": "Known by",
    "scopes": "Scopes", "of": "Whose data", "basis": "Reason", "position": "Entry", "annulled_kind": "Kind of entry",
    "questioned_kind": "Kind of entry", "about": "What it is about", "corrected_by": "Corrected by the commands",
    "outcome": "Outcome", "at": "When", "started_at": "Begun", "ended_at": "Ended", "from_at": "From", "to_at": "To",
    "until": "Until", "valid_from": "Holds from", "valid_to": "Holds until", "planted_at": "Planted", "surveyed_at": "Surveyed",
    "enrolled_at": "Enrolled", "amended_at": "Amended", "transferred_at": "Handed over", "raised_at": "Raised",
    "handed_at": "Handed out", "returned_at": "Returned", "cut_at": "Cut", "grafted_at": "Grafted", "counted_at": "Counted",
    "inspected_at": "Inspected", "lost_at": "Lost", "offered_at": "Offered", "paid_at": "Paid", "admitted_at": "Admitted",
    "granted_at": "Granted", "revoked_at": "Revoked", "erased_at": "Erased", "annulled_at": "Annulled", "questioned_at": "Questioned",
    "settled_at": "Settled", "opened_at": "Opened", "origin": "Log", "closed_origin": "Log before it",
    "closed_size": "Entries that were signed of the log before it", "kept": "Entries of it that are left",
    "closed_root": "Root of the log before it",
}  # fmt: skip
"""Field -> what it is called, in English."""
VALUES: Final = {
    "F": "woman", "M": "man", "agroforestry": "under trees", "full_sun": "in full sun", "polygon": "a boundary", "point": "one point",
}  # fmt: skip
YES, NO = "yes", "no"
SEALED: Final = "under subject {subject}, commitment {commitment}"
_UNITS: Final = {
    "area_m2": "{} ha", "price_pen_kg": "S/ {} / kg", "price_usd_t": "US$ {} / t", "centimos": "S/ {}", "moisture": "{} %",
}  # fmt: skip
_THOUSANDTHS: Final = {
    "premium": "{} %", "max_temp": "{} °C", "mouldy": "{} %", "slaty": "{} %", "defective": "{} %", "accuracy_mm": "± {} m",
}  # fmt: skip
_WORDS: Final = {"annulled_kind": "told_kind", "questioned_kind": "told_kind", "basis": "reason"}
_SPELLED: Final = ("grams", "form", "species", "sort", "outcome", "reason", "org_id", "of", "stands_for", *_UNITS)


class Told(NamedTuple):
    """One field: what it is called and says, and whether that is long."""

    label: str
    value: str
    long: bool = False


def fields(fact: Fact, language: Language) -> list[Told]:
    """The fields of a fact that are filled, in the order of LABELS; whatever is not among these comes last."""
    order = {name: at for at, name in enumerate(LABELS)}
    filled = [name for name, value in fact.items() if name not in ("kind", "org") and value not in (None, (), [])]
    ordered = sorted(filled, key=lambda name: (order.get(name, len(order)), name))
    return [Told(said(language, LABELS.get(name, name)), _value(fact, name, language), name in _LONG) for name in ordered]


def _value(fact: Fact, name: str, language: Language) -> str:
    value = fact[name]
    if name in _LONG:
        return _LONG[name](value, language)
    if name in _THOUSANDTHS:
        return _THOUSANDTHS[name].format(thousandths(value))
    if name == "role":
        return spelled(fact, "party_role" if "party_id" in fact else "user_role", language)
    if name == "cell":
        return cell(value, language)
    if name in _SPELLED or name in _WORDS:
        return _UNITS.get(name, "{}").format(spelled(fact, _WORDS.get(name, name), language))
    if isinstance(value, bool):
        return said(language, YES if value else NO)
    if (isinstance(value, str) and name.endswith(("_at", "_from", "_to"))) or name in ("at", "until", "since"):
        return clock(value)
    return said(language, VALUES[value]) if value in VALUES else spelled(fact, name, language)


_LONG: Final[Mapping[str, Callable[[Any, Language], str]]] = {
    "inputs": lambda draws, _: "; ".join(f"{bare(draw['lot_id'])}: {kilograms(draw['grams'])}" for draw in draws),
    "premiums": lambda premiums, _: "; ".join(f"{each['name']}: {plain(Decimal(each['pct']) / 1000)} %" for each in premiums),
    "seal": lambda seal, language: said(language, SEALED).format(**seal),
    "about": lambda tags, _: "; ".join(tags),
    "scopes": lambda scopes, _: ", ".join(scopes),
    "corrected_by": lambda ids, _: ", ".join(ids),
    "credential": lambda credential, _: str(credential),
    **dict.fromkeys(("serials", "replaced"), lambda serials, _: ", ".join(serials)),
    **dict.fromkeys(("closed_root", "public_key"), lambda root, _: str(root)),
}
"""Fields that need a line of their own -> how they are told."""
