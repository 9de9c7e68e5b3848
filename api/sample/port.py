"""The containers: two that are filled, sealed, shipped and sold, and one whose doors still stand open."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.sample.book import Book, day, kilos
from api.sample.stock import Stock
from api.sample.warehouse import EXPORTER

BAG_GRAMS = 65_000
BAGS_A_LOAD = 70
LETTERS = "0123456789A.BCDEFGHIJK.LMNOPQRSTU.VWXYZ"  # ISO 6346 leaves out 11, 22 and 33


@dataclass(frozen=True)
class Voyage:
    """What is agreed before the doors open; without a seal nothing has left yet."""

    container: str
    opened: datetime
    bags: int
    seal: str = ""
    destination: str = ""
    buyer: str = ""
    contract: str = ""
    price: str = ""


def numbered(first_ten: str) -> str:
    """A container number with its check digit."""
    return f"{first_ten}{sum(LETTERS.index(sign) * 2**place for place, sign in enumerate(first_ten)) % 11 % 10}"


VOYAGES = (
    Voyage(numbered("KAWU260713"), day(7, 16, 7), 350, "PE5520418", "NLRTM", "BU-02", "PA-2026-031", "6480.00"),
    Voyage(numbered("KAWU261002"), day(10, 1, 7), 340, "PE5520977", "DEHAM", "BU-01", "PL-2026-007", "6715.50"),
    Voyage(numbered("KAWU261028"), day(10, 28, 7), 120),
)


def ship(book: Book, stock: Stock) -> tuple[str, ...]:
    """Fill one container after the other with what the exporter has."""
    for voyage in VOYAGES:
        at = {"container_no": voyage.container, "at": voyage.opened.isoformat()}
        book.note("containers.csv", action="open", holder_id=EXPORTER, **at)
        loaded = _load(book, stock, voyage)
        if voyage.seal:
            _send(book, voyage, loaded + timedelta(minutes=30))
    return tuple(voyage.container for voyage in VOYAGES)


def _load(book: Book, stock: Stock, voyage: Voyage) -> datetime:
    clock, wanted = voyage.opened + timedelta(minutes=40), voyage.bags
    for lot in sorted(stock.held(EXPORTER, "dry", voyage.opened), key=lambda lot: lot.at):
        while lot.left and wanted:
            bags = min(wanted, BAGS_A_LOAD, -(-lot.left // BAG_GRAMS))
            grams = min(lot.left, bags * BAG_GRAMS)
            lot.take(grams, clock)
            cells = {"container_no": voyage.container, "at": clock.isoformat(), "lot_id": lot.lot_id}
            book.note("containers.csv", action="load", **cells, kg=kilos(grams), bags=bags)
            clock, wanted = clock + timedelta(minutes=25), wanted - bags
    return clock


def _send(book: Book, voyage: Voyage, at: datetime) -> None:
    leaves, sold = at + timedelta(hours=20), at + timedelta(days=6, hours=3)
    number = {"container_no": voyage.container}
    book.note("containers.csv", action="seal", **number, at=at.isoformat(), seal_no=voyage.seal)
    book.note("containers.csv", action="depart", **number, at=leaves.isoformat(), destination=voyage.destination)
    terms = {"buyer_id": voyage.buyer, "contract_no": voyage.contract, "price_usd_t": voyage.price, "incoterm": "FOB"}
    book.note("containers.csv", action="sell", **number, at=sold.isoformat(), **terms)
