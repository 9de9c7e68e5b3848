"""From many dry lots to a few large ones: blends of the aggregators, sold to the exporter."""

from datetime import datetime, timedelta
from random import Random

from api.sample.book import Book, day, one_in
from api.sample.places import REGIONS
from api.sample.stock import Lot, Stock, whole

EXPORTER, CHOCOLATE_MAKER = "EX-01", "BU-01"
CAMPAIGNS = ((3, 2), (4, 6), (5, 4), (6, 1), (6, 22), (7, 13), (8, 10), (9, 7), (9, 28), (10, 24))
HOMOGENISED = (3, 7)  # campaigns whose lots of all regions the exporter pours together
MICROLOT, MICROLOT_GRAMS = 4, 240_000


def campaigns(book: Book, rng: Random, stock: Stock) -> None:
    """On each date every region blends, and the exporter buys."""
    for number, (month, day_of_month) in enumerate(CAMPAIGNS, 1):
        date = day(month, day_of_month, 8)
        arrived = [_sell(book, rng, stock, region.aggregator, date + timedelta(hours=n)) for n, region in enumerate(REGIONS)]
        if number in HOMOGENISED:
            stock.blend(whole(arrived), date + timedelta(days=3))
        if number == MICROLOT:
            _set_apart(stock, date + timedelta(days=5))
    stock.split(max(stock.held(EXPORTER, "dry", day(9, 1)), key=lambda lot: lot.left), 650_000, day(9, 2, 9))


def _sell(book: Book, rng: Random, stock: Stock, aggregator: str, at: datetime) -> Lot:
    lots = stock.held(aggregator, "dry", at - timedelta(days=2))
    for lot in lots:
        if lot.grams > MICROLOT_GRAMS and one_in(rng, 3):
            inspect(book, rng, lot, lot.at + timedelta(hours=rng.randint(5, 30)))
        if one_in(rng, 8):
            stock.lose(lot, lot.left // rng.randint(150, 300) // 100 * 100 + 100, "shrinkage", at - timedelta(hours=3))
    blended = stock.blend(whole(lots), at)
    bought = stock.buy(EXPORTER, whole([blended]), at + timedelta(days=1, hours=2), rng.uniform(10.2, 11.4), 12)
    inspect(book, rng, bought, bought.at + timedelta(hours=6))
    stock.lose(bought, 300, "sample", bought.at + timedelta(hours=6))
    return bought


def _set_apart(stock: Stock, at: datetime) -> None:
    source = next(lot for lot in stock.held(REGIONS[0].aggregator, "dry", at) if lot.left > MICROLOT_GRAMS)
    microlot = stock.split(source, MICROLOT_GRAMS, at)
    stock.buy(CHOCOLATE_MAKER, whole([microlot]), at + timedelta(days=2), 14.5, 0)


def inspect(book: Book, rng: Random, lot: Lot, at: datetime) -> None:
    """A cut test of 300 beans: so every share is a third of a per cent."""
    mouldy, slaty, defective = (f"{rng.randint(0, most) / 3:.3f}" for most in (5, 14, 8))
    cells = {"moisture_pct": f"{rng.uniform(6.3, 7.5):.1f}", "beans_100g": rng.randint(76, 102)}
    shares = {"mouldy_pct": mouldy, "slaty_pct": slaty, "defective_pct": defective}
    book.note("inspections.csv", lot_id=lot.lot_id, inspected_at=at.isoformat(), **cells, **shares)
