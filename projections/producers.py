"""What producers were paid for the beans in a container, on average, where whoever paid them shows it."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from ledger.schema import Connection
from projections.few import FEWEST
from projections.lineage import shares_above, up
from projections.sharing import publishers

_BOUGHT: Final = """SELECT m.lot, l.form, m.party, m.grams, m.centimos FROM views.money m
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
    """What the organisations that show their prices paid for the beans in a stuffing, by form; a form of fewer than five is left out."""
    payers = publishers(conn, node)
    return paid_by(conn, node, payers) if payers else []


def paid_by(conn: Connection, node: str, payers: list[str]) -> list[Paid]:
    """The same of some organisations, whether they show it or not."""
    shares = shares_above(node, up(conn, [node]), "lot:")
    lots = [lot.removeprefix("lot:") for lot in shares]
    by_form: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for lot, form, *rest in conn.execute(_BOUGHT, (lots, payers)):
        by_form[form].append((shares[f"lot:{lot}"], *rest))
    told = [_mean(form, of) for form, of in sorted(by_form.items(), reverse=True)]
    return [each for each in told if each.producers >= FEWEST]


def _mean(form: str, bought: list[tuple[Any, ...]]) -> Paid:
    share = sum((share for share, *_ in bought), Fraction(0))
    soles = sum((share * Fraction(centimos * 10, grams) for share, _, grams, centimos in bought), Fraction(0)) / share
    return Paid(form, Decimal(round(soles * 100)) / 100, share, len({party for _, party, _, _ in bought}))
