"""What producers were paid for the beans in a container, on average, where whoever paid them shows it."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from ledger.schema import Connection
from projections.few import FEWEST
from projections.lineage import shares_above, up
from projections.sharing import publishers

_BOUGHT: Final = """SELECT m.lot, l.form, m.payer, m.party, m.grams, m.centimos FROM views.money m
 JOIN views.lots l ON l.lot = m.lot JOIN views.parties p ON p.party = m.party
 WHERE m.sort = 'purchase' AND m.lot = ANY(%s) AND m.payer = ANY(%s) AND p.role = 'farmer' ORDER BY m.lot"""


class Paid(NamedTuple):
    """Beans of one form, as producers sold them: soles a kilogram with premiums, their share of the container, and how many producers.

    The price is the mean, each purchase counted by its share of the container; to the céntimo.
    """

    form: str
    pen_per_kg: Decimal
    share: Fraction
    producers: int


def paid(conn: Connection, node: str) -> list[Paid]:
    """What the organisations that show their prices paid for the beans in a stuffing, by form.

    What one of them paid to fewer than five producers for beans of a form is left out.
    """
    payers = publishers(conn, node)
    return paid_by(conn, node, payers) if payers else []


def paid_by(conn: Connection, node: str, payers: list[str]) -> list[Paid]:
    """The same of some organisations, whether they show it or not."""
    shares = shares_above(node, up(conn, [node]), "lot:")
    lots = [lot.removeprefix("lot:") for lot in shares]
    bought: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for lot, form, payer, *rest in conn.execute(_BOUGHT, (lots, payers)):
        bought[form, payer].append((shares[f"lot:{lot}"], *rest))
    by_form: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for (form, _), of in bought.items():
        if len({party for _, party, *_ in of}) >= FEWEST:  # else the mean with and without that payer would tell what few were paid
            by_form[form] += of
    return [_mean(form, of) for form, of in sorted(by_form.items(), reverse=True)]


def _mean(form: str, bought: list[tuple[Any, ...]]) -> Paid:
    share = sum((share for share, *_ in bought), Fraction(0))
    soles = sum((share * Fraction(centimos * 10, grams) for share, _, grams, centimos in bought), Fraction(0)) / share
    return Paid(form, Decimal(round(soles * 100)) / 100, share, len({party for _, party, _, _ in bought}))
