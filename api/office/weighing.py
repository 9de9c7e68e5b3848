"""Weighings as somebody types them at the scale, and what they come to: kilograms net of tare, and soles."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from api.office.frame import Wrong, decimal
from domain.money import total_centimos
from domain.values import DECIMAL, Refused, percent, plain, thousandths

_APART: Final = re.compile(r"[\s+;]+")
_MOST: Final = 100
_NUMBER: Final = re.compile(DECIMAL)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Weighings in kilograms, each with the tare of the sack or bucket."""

    parts: tuple[Decimal, ...]
    tare: Decimal

    @property
    def gross(self) -> Decimal:
        """All of it, with what it lay in."""
        return sum(self.parts, Decimal())

    @property
    def net(self) -> Decimal:
        """The beans alone."""
        return self.gross - self.tare * len(self.parts)

    @property
    def kg(self) -> str:
        """The beans alone, as a command says it."""
        return plain(self.net)


def weighed(weighings: str, tare: str) -> Weighed | Wrong:
    """What was typed, read: numbers with a space, a plus or a new line between them; a comma may stand for the decimal point."""
    written = [decimal(part.rstrip(",")) for part in _APART.split(weighings.strip(" +;\r\n\t")) if part]
    if not written:
        return Wrong("weighings", "no weighing yet: wanted kilograms such as 24.5 31 28.2")
    if len(written) > _MOST:
        return Wrong("weighings", "{found} weighings: at most {most} at once", {"found": str(len(written)), "most": str(_MOST)})
    off = decimal(tare) or "0"
    if not _NUMBER.fullmatch(off) or off.startswith("-"):
        return Wrong("tare", "the tare cannot be read: wanted kilograms such as 0.5")
    for at, part in enumerate(written, 1):
        if not _NUMBER.fullmatch(part):
            return Wrong("weighings", "weighing {at} cannot be read: wanted kilograms such as 24.5", {"at": str(at)})
        if Decimal(part) <= Decimal(off):
            values = {"at": str(at), "found": part, "tare": off}
            return Wrong("weighings", "weighing {at} is {found} kg: no more than the tare of {tare} kg", values)
    return Weighed(tuple(map(Decimal, written)), Decimal(off))


def worth(kg: Decimal, price: str, premium: str) -> int | Wrong:
    """What beans come to in céntimos, or which figure cannot be."""
    if not _NUMBER.fullmatch(price):
        return Wrong("price", "the price cannot be read: wanted soles a kilogram such as 9.50")
    if premium and not _NUMBER.fullmatch(premium):
        return Wrong("premium", "the premium cannot be read: wanted percent such as 10")
    about = "weighings"
    try:
        grams = thousandths(kg, "kg")
        about = "price"
        thousandths_of_a_sol = thousandths(Decimal(price), "price_pen_kg")
        about = "premium"
        return total_centimos(grams, thousandths_of_a_sol, percent(Decimal(premium) if premium else None, "premium_pct"))
    except Refused as refused:
        return Wrong(about, refused.template, refused.values, refused.code)
