"""What is on hand in the sample, so that nothing is drawn that is not there."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from api.sample.book import Book, kilos

Draws = list[tuple["Lot", int]]


@dataclass
class Lot:
    """Beans of one form in one holder's hands, in grams."""

    lot_id: str
    form: str
    holder: str
    grams: int
    at: datetime
    left: int

    def take(self, grams: int, at: datetime) -> None:
        """Draw from the lot, or stop the making of the season."""
        if not 0 < grams <= self.left or at < self.at:
            raise ValueError(f"lot {self.lot_id} has {self.left} g since {self.at}, not {grams} g at {at}")
        self.left -= grams


@dataclass
class Stock:
    """All lots of the season, and the book they are written in."""

    book: Book
    lots: list[Lot] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)

    def new(self, letter: str, form: str, holder: str, grams: int, at: datetime) -> Lot:
        """A lot with the next number of its letter."""
        self.lots.append(Lot(f"{letter}-{self.next(letter):04d}", form, holder, grams, at, grams))
        return self.lots[-1]

    def next(self, letter: str) -> int:
        """The next number of a series of ids."""
        self.numbers[letter] += 1
        return self.numbers[letter]

    def held(self, holder: str, form: str, until: datetime) -> list[Lot]:
        """The lots of one form that a holder has at a moment."""
        return [lot for lot in self.lots if (lot.holder, lot.form) == (holder, form) and lot.left and lot.at <= until]

    def buy(self, buyer: str, draws: Draws, at: datetime, price: float, premium: int) -> Lot:
        """All that is drawn changes hands at one moment."""
        lot = self.new("B", draws[0][0].form, buyer, drawn(draws), at)
        self._step("buy", lot, draws, at, price_pen_kg=f"{price:.2f}", premium_pct=premium)
        return lot

    def ferment(self, draws: Draws, grams: int, started: datetime, ended: datetime, **seen: object) -> Lot:
        """Wet beans become fermented ones."""
        lot = self.new("F", "fermented", draws[0][0].holder, grams, ended)
        self._step("ferment", lot, draws, started, **seen)
        return lot

    def dry(self, draws: Draws, grams: int, started: datetime, ended: datetime, **seen: object) -> Lot:
        """Fermented beans become dry ones."""
        lot = self.new("D", "dry", draws[0][0].holder, grams, ended)
        self._step("dry", lot, draws, started, **seen)
        return lot

    def blend(self, draws: Draws, at: datetime) -> Lot:
        """Lots of one form are poured together."""
        lot = self.new("X", draws[0][0].form, draws[0][0].holder, drawn(draws), at)
        self._step("blend", lot, draws, at)
        return lot

    def split(self, source: Lot, grams: int, at: datetime) -> Lot:
        """A part of a lot gets a number of its own."""
        lot = self.new("S", source.form, source.holder, grams, at)
        self._step("split", lot, [(source, grams)], at)
        return lot

    def lose(self, lot: Lot, grams: int, reason: str, at: datetime) -> None:
        """Beans that no one will sell."""
        lot.take(grams, at)
        cells = {"loss_id": f"L-{self.next('L'):04d}", "lot_id": lot.lot_id, "kg": kilos(grams), "reason": reason}
        self.book.note("losses.csv", **cells, lost_at=at.isoformat())

    def _step(self, step: str, lot: Lot, draws: Draws, started: datetime, **own: object) -> None:
        for source, grams in draws:
            source.take(grams, started)
        inputs = "|".join(f"{source.lot_id}:{kilos(grams)}" for source, grams in draws)
        cells = {"step": step, "lot_id": lot.lot_id, "holder_id": lot.holder, "inputs": inputs, "kg": kilos(lot.grams)}
        self.book.note("steps.csv", **cells, started_at=started.isoformat(), ended_at=lot.at.isoformat(), **own)


def drawn(draws: Draws) -> int:
    """The grams that a step takes."""
    return sum(grams for _, grams in draws)


def whole(lots: Iterable[Lot]) -> Draws:
    """Draw all that is left of each lot."""
    return [(lot, lot.left) for lot in lots]
