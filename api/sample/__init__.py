"""A whole season, invented, so that `cacao demo` shows farmers, lots and containers without anyone's real data."""

from pathlib import Path
from random import Random

from api.sample.book import SORTED_BY, Book
from api.sample.folder import Expected, expected, write
from api.sample.land import survey
from api.sample.nursery import nursery_year
from api.sample.people import enrol
from api.sample.port import ship
from api.sample.slips import slip
from api.sample.stock import Stock
from api.sample.village import Villages
from api.sample.warehouse import campaigns

__all__ = ["Expected", "write_season"]

SEED = 2028


def write_season(folder: Path) -> Expected:
    """Write the season folder, and answer what an import of it must refuse and repeat."""
    book, rng = Book(), Random(SEED)  # noqa: S311 - a sample season needs no cryptography
    plots = survey(book, rng, enrol(book, rng))
    nursery_year(book, Random(SEED), plots)  # noqa: S311 - a stream of its own: another nursery leaves the harvests as they are
    stock = Stock(book)
    Villages(book, rng, stock, plots).season()
    campaigns(book, rng, stock)
    containers = ship(book, stock)
    for sheet in SORTED_BY:
        book.sort(sheet)
    slip(book, stock)
    write(book, folder, SEED)
    return expected(book, containers)
