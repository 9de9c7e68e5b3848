"""Each fact as a sentence: who, what, how much; the same words for terminal and page. Ids only, never a person's name."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from domain.values import bare, kilograms, plain

Fact = Mapping[str, Any]


def _lots(fact: Fact) -> str:
    inputs = [f"{kilograms(draw['grams'])} of {bare(draw['lot_id'])}" for draw in fact["inputs"]]
    return ", ".join(inputs) if len(inputs) <= 3 else f"{', '.join(inputs[:2])} and {len(inputs) - 2} more lots"  # noqa: PLR2004


def _made(verb: str) -> Callable[[Fact], str]:
    return lambda f: f"{bare(f['holder_id'])} {verb} {_lots(f)} into {kilograms(f['grams'])} {f['form']}, lot {bare(f['lot_id'])}"


def _thousandths(value: int) -> str:
    return plain(Decimal(value) / 1000)


def _soles(centimos: int) -> str:
    return f"S/ {Decimal(centimos) / 100:.2f}"


def _for(fact: Fact) -> str:
    return "the house" if fact["org_id"] is None else bare(fact["org_id"])


def _price(fact: Fact) -> str:
    premiums = "".join(f", {premium['name']} {_thousandths(premium['pct'])} % more" for premium in fact["premiums"])
    return f"S/ {_thousandths(fact['price_pen_kg'])} a kg of {fact['form']} beans{premiums}"


SENTENCES: Final[dict[str, Callable[[Fact], str]]] = {
    "party-enrolled.v1": lambda f: f"{bare(f['party_id'])} was enrolled as {f['role']}, district {f['district']}",
    "plot-registered.v1": lambda f: (
        f"plot {bare(f['plot_id'])} of {_thousandths(f['area_m2'] // 10)} ha was registered for {bare(f['holder_id'])},"
        f" district {f['district']}"
    ),
    "party-amended.v1": lambda f: f"the data of {bare(f['party_id'])} were amended",
    "plot-resurveyed.v1": lambda f: f"plot {bare(f['plot_id'])} was surveyed again: {_thousandths(f['area_m2'] // 10)} ha",
    "plot-transferred.v1": lambda f: f"plot {bare(f['plot_id'])} passed from {bare(f['from_id'])} to {bare(f['to_id'])}",
    "seedlings-raised.v1": lambda f: (
        f"{bare(f['nursery_id'])} raised {f['count']} {f['species']} seedlings, nursery lot {bare(f['nursery_lot_id'])}"
    ),
    "seedlings-handed-out.v1": lambda f: (
        f"{bare(f['party_id'])} was handed {f['count']} {f['species']} seedlings for plot {bare(f['plot_id'])},"
        f" {f['return_due']} owed back, handout {bare(f['handout_id'])}"
    ),
    "seedlings-returned.v1": lambda f: f"{bare(f['party_id'])} brought back {f['count']} seedlings on handout {bare(f['handout_id'])}",
    "budwood-cut.v1": lambda f: (
        f"{f['sticks']} sticks of {f['clone']} were cut on plot {bare(f['mother_plot_id'])}, budwood {bare(f['budwood_id'])}"
    ),
    "plants-grafted.v1": lambda f: (
        f"{f['grafted']} buds of {f['clone']} from plot {bare(f['mother_plot_id'])} were set on"
        f" plot {bare(f['plot_id'])}, graft {bare(f['graft_id'])}"
    ),
    "grafts-counted.v1": lambda f: f"{f['alive']} plants of graft {bare(f['graft_id'])} were counted alive",
    "harvest-recorded.v1": lambda f: (
        f"{bare(f['holder_id'])} harvested {kilograms(f['grams'])} wet on plot {bare(f['plot_id'])}, lot {bare(f['lot_id'])}"
    ),
    "lot-bought.v1": lambda f: (
        f"{bare(f['holder_id'])} bought {_lots(f)} from {bare(f['seller_id'])}"
        f" at S/ {_thousandths(f['price_pen_kg'])} a kg, lot {bare(f['lot_id'])}"
    ),
    "lots-fermented.v1": _made("fermented"),
    "lots-dried.v1": _made("dried"),
    "lots-blended.v1": _made("blended"),
    "lot-split.v1": _made("split"),
    "lot-inspected.v1": lambda f: (
        f"lot {bare(f['lot_id'])} was inspected: {_thousandths(f['moisture'])} % moisture, {f['beans_100g']} beans in 100 g"
    ),
    "lot-written-off.v1": lambda f: f"{kilograms(f['grams'])} of lot {bare(f['lot_id'])} were lost: {f['reason']}",
    "container-opened.v1": lambda f: f"{bare(f['holder_id'])} opened container {f['container_no']}",
    "lot-loaded.v1": lambda f: (
        f"{kilograms(f['grams'])} of lot {bare(f['lot_id'])} in {f['bags']} bags were loaded into container {f['container_no']}"
    ),
    "container-sealed.v1": lambda f: f"container {f['container_no']} was sealed with {f['seal_no']}",
    "container-departed.v1": lambda f: f"container {f['container_no']} departed for {f['destination']}",
    "container-sold.v1": lambda f: (
        f"{bare(f['seller_id'])} sold container {f['container_no']} to {bare(f['buyer_id'])}, contract {f['contract_no']},"
        f" USD {_thousandths(f['price_usd_t'])} a tonne, {f['incoterm']}"
    ),
    "container-emptied.v1": lambda f: f"container {f['container_no']} was emptied",
    "lot-offered.v1": lambda f: f"{bare(f['holder_id'])} offered lot {bare(f['lot_id'])} to {bare(f['to_id'])}",
    "price-set.v1": lambda f: f"{bare(f['holder_id'])} set a price: {_price(f)}, price {bare(f['price_id'])}",
    "advance-paid.v1": lambda f: (
        f"{bare(f['payer_id'])} paid {bare(f['party_id'])} {_soles(f['centimos'])} ahead, advance {bare(f['advance_id'])}"
    ),
    "payment-made.v1": lambda f: (
        f"{bare(f['payer_id'])} paid {bare(f['party_id'])} {_soles(f['centimos'])}"
        + (f" for lot {bare(f['lot_id'])}" if f["lot_id"] else "")
        + f", payment {bare(f['payment_id'])}"
    ),
    "user-admitted.v1": lambda f: f"user {f['user_id']} was admitted as {f['role']} for {_for(f)}",
    "role-granted.v1": lambda f: f"user {f['user_id']} became {f['role']} for {_for(f)}",
    "role-revoked.v1": lambda f: f"user {f['user_id']} is no longer {f['role']} for {_for(f)}",
    "device-enrolled.v1": lambda f: f"user {f['user_id']} enrolled a {f['sort']}, device {f['device_id']}",
    "device-revoked.v1": lambda f: f"device {f['device_id']} of user {f['user_id']} was revoked",
}


def sentence(fact: Fact) -> str:
    """The fact in words; a kind unknown to this program is named, not guessed."""
    words = SENTENCES.get(fact["kind"])
    return words(fact) if words else f"a fact of kind {fact['kind']}, which this program does not know"
