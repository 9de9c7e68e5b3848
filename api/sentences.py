"""Each fact as a sentence in both languages: who, what, how much; the same words for terminal and page. Ids only, never a person's name."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from string import Formatter
from typing import Any, Final

from api.look import Language, said
from api.roles import roles
from domain.values import bare, kilograms, plain

Fact = Mapping[str, Any]
_SHOWN: Final = 3
"""Lots that a sentence names; of more, the first ones."""

TEMPLATES: Final = {
    "party-enrolled.v1": "{party_id} was enrolled as {party_role}, district {district}",
    "party-amended.v1": "the data of {party_id} were amended",
    "plot-registered.v1": "plot {plot_id} of {area_m2} ha was registered for {holder_id}, district {district}",
    "plot-resurveyed.v1": "plot {plot_id} was surveyed again: {area_m2} ha",
    "plot-transferred.v1": "plot {plot_id} passed from {from_id} to {to_id}",
    "seedlings-raised.v1": "{nursery_id} raised {count} {species}, nursery lot {nursery_lot_id}",
    "seedlings-handed-out.v1": ("{party_id} was handed {count} {species} for plot {plot_id}, {return_due} owed back, handout {handout_id}"),
    "seedlings-returned.v1": "{party_id} brought back {count} seedlings on handout {handout_id}",
    "budwood-cut.v1": "{sticks} sticks of {clone} were cut on plot {mother_plot_id}, budwood {budwood_id}",
    "plants-grafted.v1": "{grafted} buds of {clone} from plot {mother_plot_id} were set on plot {plot_id}, graft {graft_id}",
    "grafts-counted.v1": "{alive} plants of graft {graft_id} were counted alive",
    "harvest-recorded.v1": "{holder_id} harvested {grams} wet on plot {plot_id}, lot {lot_id}",
    "lot-bought.v1": "{holder_id} bought {inputs} from {seller_id} at S/ {price_pen_kg} a kg, lot {lot_id}",
    "lots-fermented.v1": "{holder_id} fermented {inputs} into {grams} {form}, lot {lot_id}",
    "lots-dried.v1": "{holder_id} dried {inputs} into {grams} {form}, lot {lot_id}",
    "lots-blended.v1": "{holder_id} blended {inputs} into {grams} {form}, lot {lot_id}",
    "lot-split.v1": "{holder_id} split {inputs} into {grams} {form}, lot {lot_id}",
    "lot-inspected.v1": "lot {lot_id} was inspected: {moisture} % moisture, {beans_100g} beans in 100 g",
    "lot-written-off.v1": "{grams} of lot {lot_id} were lost: {reason}",
    "lot-offered.v1": "{holder_id} offered lot {lot_id} to {to_id}",
    "container-opened.v1": "{holder_id} opened container {container_no}",
    "lot-loaded.v1": "{grams} of lot {lot_id} in {bags} bags were loaded into container {container_no}",
    "container-sealed.v1": "container {container_no} was sealed with {seal_no}",
    "container-departed.v1": "container {container_no} departed for {destination}",
    "container-sold.v1": (
        "{seller_id} sold container {container_no} to {buyer_id}, contract {contract_no}, USD {price_usd_t} a tonne, {incoterm}"
    ),
    "container-emptied.v1": "container {container_no} was emptied",
    "lot-labels-printed.v1": "{holder_id} printed {sort} of lot {lot_id}: {serials}",
    "container-labels-printed.v1": "{holder_id} printed {sort} of container {container_no}: {serials}",
    "card-printed.v1": "{holder_id} printed a card for {party_id}: {serials}",
    "labels-voided.v1": "{holder_id} voided labels, {reason}: {serials}",
    "labels-reprinted.v1": "{holder_id} printed {sort} in place of {replaced}, {reason}: {serials}",
    "label-key-opened.v1": "label key {kid} was opened",
    "label-key-closed.v1": "label key {kid} was closed: {reason}",
    "gs1-prefix-recorded.v1": "GS1 prefix {prefix} was recorded of {org_id}",
    "product-registered.v1": "{org_id} registered product {gtin} under GS1 prefix {prefix}",
    "gln-recorded.v1": "{org_id} recorded GLN {gln} for {stands_for}",
    "container-shared.v1": "{holder_id} shared the dossier of container {container_no}, share {share_id}",
    "share-ended.v1": "{holder_id} ended share {share_id} of the dossier of container {container_no}",
    "price-published.v1": "{holder_id} shows what it paid to producers for the beans in container {container_no}",
    "price-withdrawn.v1": "{holder_id} shows no more what it paid to producers for the beans in container {container_no}",
    "price-set.v1": "{holder_id} set a price: S/ {price_pen_kg} a kg of {form} beans{premiums}, price {price_id}",
    "advance-paid.v1": "{payer_id} paid {party_id} S/ {centimos} ahead, advance {advance_id}",
    "payment-made.v1": "{payer_id} paid {party_id} S/ {centimos}, payment {payment_id}",
    "user-admitted.v1": "user {user_id} was admitted for {org_id}, role: {user_role}",
    "role-granted.v1": "user {user_id} got a role for {org_id}: {user_role}",
    "role-revoked.v1": "user {user_id} lost a role for {org_id}: {user_role}",
    "device-enrolled.v1": "user {user_id} enrolled a device, {device_id} ({sort})",
    "device-revoked.v1": "device {device_id} of user {user_id} was revoked",
    "subject-erased.v1": "the data of subject {subject} were erased: {reason}",
    "log-opened.v1": (
        "the log {origin} was opened with {kept} entries; the log {closed_origin} ended at {closed_size} signed entries, the rest is lost"
    ),
    "fact-annulled.v1": "entry {position} ({told_kind}) was annulled: {reason}",
    "fact-questioned.v1": "entry {position} ({told_kind}) was questioned: {reason}",
    "question-settled.v1": "the question {position} was settled: {outcome}",
}
"""Kind -> its sentence, in English; `{name}` is a field of the fact, as `_SPELLED` spells it."""
FULLER: Final = {
    "container-shared.v1": ("for_id", "{holder_id} shared the dossier of container {container_no} with {for_id}, share {share_id}"),
    "labels-reprinted.v1": ("lot_id", "{holder_id} printed {sort} of lot {lot_id} in place of {replaced}, {reason}: {serials}"),
    "payment-made.v1": ("lot_id", "{payer_id} paid {party_id} S/ {centimos} for lot {lot_id}, payment {payment_id}"),
    "subject-erased.v1": ("of", "the data of {of} were erased: {reason}"),
    "fact-annulled.v1": ("corrected_by", "entry {position} ({told_kind}) was annulled: {reason}; corrected by {corrected_by}"),
}
"""Kind -> a field, and the sentence where that is filled."""
UNKNOWN: Final = "a fact of kind {kind}, which this program does not know"
KINDS: Final = {
    "party-enrolled.v1": "enrolment of a party", "party-amended.v1": "amendment of a party's data",
    "plot-registered.v1": "registration of a plot", "plot-resurveyed.v1": "new survey of a plot",
    "plot-transferred.v1": "transfer of a plot",
    "seedlings-raised.v1": "raising of seedlings", "seedlings-handed-out.v1": "handing out of seedlings",
    "seedlings-returned.v1": "return of seedlings", "budwood-cut.v1": "cutting of budwood", "plants-grafted.v1": "grafting",
    "grafts-counted.v1": "count of grafts", "harvest-recorded.v1": "harvest", "lot-bought.v1": "purchase of beans",
    "lots-fermented.v1": "fermenting", "lots-dried.v1": "drying", "lots-blended.v1": "blending", "lot-split.v1": "splitting of a lot",
    "lot-inspected.v1": "inspection of a lot", "lot-written-off.v1": "loss of beans", "lot-offered.v1": "offer of a lot",
    "container-opened.v1": "opening of a container", "lot-loaded.v1": "loading of a lot", "container-sealed.v1": "sealing of a container",
    "container-departed.v1": "departure of a container", "container-sold.v1": "sale of a container",
    "container-emptied.v1": "emptying of a container", "gs1-prefix-recorded.v1": "recording of a GS1 prefix",
    "product-registered.v1": "registration of a product", "gln-recorded.v1": "recording of a GLN",
    "container-shared.v1": "sharing of a dossier", "share-ended.v1": "end of a sharing",
    "price-published.v1": "publication of prices", "price-withdrawn.v1": "withdrawal of published prices",
    "lot-labels-printed.v1": "printing of labels of a lot", "container-labels-printed.v1": "printing of labels of a container",
    "card-printed.v1": "printing of a card", "labels-voided.v1": "voiding of labels", "labels-reprinted.v1": "reprinting of labels",
    "label-key-opened.v1": "opening of a label key", "label-key-closed.v1": "closing of a label key",
    "price-set.v1": "setting of a price", "advance-paid.v1": "advance paid",
    "payment-made.v1": "payment made", "user-admitted.v1": "admission of a user", "role-granted.v1": "granting of a role",
    "role-revoked.v1": "revoking of a role", "device-enrolled.v1": "enrolment of a device", "device-revoked.v1": "revoking of a device",
    "subject-erased.v1": "erasure of a person's data", "log-opened.v1": "opening of a log", "fact-annulled.v1": "annulment of an entry",
    "fact-questioned.v1": "question of an entry", "question-settled.v1": "settlement of a question",
}  # fmt: skip
"""Kind -> what it is called, in English."""
_VOIDING: Final = {
    "damaged": "they are damaged", "lost": "they are lost", "copied": "they were copied", "wrong": "they are wrong",
    "other": "for another reason",
}  # fmt: skip
REASONS: Final = {
    "lot-written-off.v1": {
        "spoiled": "they spoiled", "stolen": "they were stolen", "sample": "taken as a sample", "shrinkage": "they shrank",
    },
    "subject-erased.v1": {
        "asked": "the person asked for it", "consent-withdrawn": "the person withdrew their consent", "objected": "the person objected",
        "no-longer-needed": "they are no longer needed", "no-ground": "they were recorded without ground",
        "ordered": "an authority ordered it",
    },
    "fact-annulled.v1": {
        "did-not-occur": "it did not occur", "incorrect-data": "its data are wrong", "entered-twice": "it was entered twice",
        "practice": "it was for practice",
    },
    "fact-questioned.v1": {
        "weight": "its weight", "origin": "where it comes from", "identity": "who or what it is about", "date": "when it happened",
        "certificate": "a certificate", "other": "something else",
    },
    "labels-voided.v1": _VOIDING, "labels-reprinted.v1": _VOIDING,
    "label-key-closed.v1": {
        "rotated": "another one takes its place", "lost": "it is lost", "compromised": "others may have it",
    },
}  # fmt: skip
"""Kind -> the words for its reasons, in English."""
WORDS: Final = {
    "upheld": "it is upheld", "dismissed": "it is dismissed", "farmer": "a farmer", "nursery": "a nursery",
    "aggregator": "an aggregator", "processor": "a processor", "exporter": "an exporter", "buyer": "a buyer abroad",
    "municipality": "a municipality", "passkey": "a passkey", "link": "a one-time link", "token": "a machine's token",
    "oidc": "an account elsewhere", "cacao": "cacao seedlings", "plantain": "plantain seedlings",
    "bolaina": "bolaina seedlings", "capirona": "capirona seedlings",
    "sack": "sack labels", "pallet": "pallet labels", "sample": "sample labels", "container": "container labels", "card": "cards",
    "site": "a site of it", "party": "itself",
    "wet": "wet", "fermented": "fermented", "dry": "dry",
}  # fmt: skip
"""Other codes of facts -> the words for them, in English."""
AND_MORE, HOUSE = "{lots} and {more} more lots", "the house"


def sentence(fact: Fact, language: Language = "en") -> str:
    """The fact in words; a kind unknown to this program is named, not guessed."""
    template = _template(fact)
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    return said(language, template).format(**{name: spelled(fact, name, language) for name in names})


def kind_name(kind: str, language: Language) -> str:
    """What a kind is called; where this program does not know it, its stored name."""
    return said(language, KINDS[kind]) if kind in KINDS else kind


def _template(fact: Fact) -> str:
    field, fuller = FULLER.get(fact["kind"], ("kind", ""))
    return fuller if fuller and fact[field] else TEMPLATES.get(fact["kind"], UNKNOWN)


def spelled(fact: Fact, name: str, language: Language) -> str:
    """A field of a fact as people write it; the names of codes, and of whom a role is for, are words of a language."""
    spell = _SPELLED.get(name)
    if spell:
        return spell(fact, language)
    value = fact[name]
    return bare(value) if isinstance(value, str) and name.endswith("_id") else str(value)


def _word(name: str) -> Callable[[Fact, Language], str]:
    return lambda fact, language: said(language, WORDS.get(fact[name], str(fact[name])))


def _reason(fact: Fact, language: Language) -> str:
    code = str(fact.get("reason") or fact["basis"])
    return said(language, REASONS[fact["kind"]].get(code, code))


def _told_kind(fact: Fact, language: Language) -> str:
    return kind_name(fact.get("annulled_kind") or fact["questioned_kind"], language)


def _inputs(fact: Fact, language: Language) -> str:
    of = said(language, " of ")
    lots = [f"{kilograms(draw['grams'])}{of}{bare(draw['lot_id'])}" for draw in fact["inputs"]]
    if len(lots) <= _SHOWN:
        return ", ".join(lots)
    return said(language, AND_MORE).format(lots=", ".join(lots[: _SHOWN - 1]), more=len(lots) - _SHOWN + 1)


def _labels(name: str, fact: Fact, _language: Language) -> str:
    return listed(fact[name])


def listed(serials: Sequence[str]) -> str:
    """Serials of labels: a few by name, of more the first, the last and how many they are."""
    return ", ".join(serials) if len(serials) <= _SHOWN else f"{serials[0]} … {serials[-1]} ({len(serials)})"


def _premiums(premiums: Sequence[Fact]) -> str:
    return "".join(f", {premium['name']} +{thousandths(premium['pct'])} %" for premium in premiums)


def thousandths(value: int) -> str:
    """A number kept in thousandths."""
    return plain(Decimal(value) / 1000)


def soles(centimos: int) -> str:
    """An amount kept in céntimos."""
    return f"{Decimal(centimos) / 100:.2f}"


_SPELLED: Final[Mapping[str, Callable[[Fact, Language], str]]] = {
    "grams": lambda fact, _: kilograms(fact["grams"]),
    "area_m2": lambda fact, _: thousandths(fact["area_m2"] // 10),
    "price_pen_kg": lambda fact, _: thousandths(fact["price_pen_kg"]),
    "price_usd_t": lambda fact, _: thousandths(fact["price_usd_t"]),
    "moisture": lambda fact, _: thousandths(fact["moisture"]),
    "centimos": lambda fact, _: soles(fact["centimos"]),
    "inputs": _inputs,
    **{name: partial(_labels, name) for name in ("serials", "replaced")},
    "premiums": lambda fact, _: _premiums(fact["premiums"]),
    "corrected_by": lambda fact, _: ", ".join(fact["corrected_by"]),
    "of": lambda fact, _: bare(fact["of"].partition(":")[2]),
    "reason": _reason,
    "told_kind": _told_kind,
    "org_id": lambda fact, language: said(language, HOUSE) if fact["org_id"] is None else bare(fact["org_id"]),
    "user_role": lambda fact, language: str(getattr(roles()[fact["role"]], language)),
    "party_role": _word("role"),
    **{name: _word(name) for name in ("form", "species", "sort", "outcome", "stands_for")},
}
"""Field -> how it is spelled."""
