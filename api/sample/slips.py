"""The slips of a real office, most of them followed by the row put right: so a demo has something to refuse."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from api.sample.book import REPEAT, Book, Row
from api.sample.port import VOYAGES
from api.sample.stock import Stock


def slip(book: Book, stock: Stock) -> None:
    """Add what a cooperative gets wrong in a year, each row with the answer it must get."""
    _on_paper(book)
    _on_the_map(book)
    _in_the_nursery(book)
    _at_harvest(book)
    _forgotten_harvest(book, stock)
    _in_the_fermentary(book)
    _in_the_laboratory(book)
    _at_the_port(book)


def _on_paper(book: Book) -> None:
    farmers = book.find("parties.csv", role="farmer")
    zero = next(row for row in farmers if str(row.cells["document"]).startswith("0"))
    book.beside(zero, "malformed", document=str(zero.cells["document"])[1:])  # the spreadsheet took it for a number
    book.beside(_nth(book.find("parties.csv", role="farmer"), 33), REPEAT, below=True)


def _on_the_map(book: Book) -> None:
    outlines = [row for row in book.find("plots.geojson") if _geometry(row)["type"] == "Polygon"]
    swapped, crossed, unpointed = outlines[8], outlines[27], outlines[51]
    book.beside(swapped, "swapped-coordinates", geometry=_polygon([(y, x) for x, y in _ring(swapped)]))
    first, second, *rest = _ring(crossed)[:-1]
    book.beside(crossed, "bad-geometry", geometry=_polygon([first, rest[1], second, rest[0], *rest[2:], first]))
    hectares = float(str(unpointed.cells["area_ha"]))
    book.beside(unpointed, "area-mismatch", area_ha=round(hectares * 100))


def _in_the_nursery(book: Book) -> None:
    handout = _nth(book.find("handouts.csv"), 11)
    neighbour = next(row for row in book.find("handouts.csv") if row.cells["party_id"] != handout.cells["party_id"])
    book.beside(handout, "not-held", party_id=neighbour.cells["party_id"])
    returned = _nth(book.find("returns.csv"), 4)
    book.beside(returned, "overdrawn", count=int(str(returned.cells["count"])) * 10)


def _at_harvest(book: Book) -> None:
    early, twice, again = (_nth(book.find("harvests.csv"), number) for number in (40, 212, 333))
    book.beside(early, "in-the-future", to_at=str(early.cells["to_at"]).replace("2026", "2027"))
    book.beside(twice, "duplicate-id", below=True, kg=f"{Decimal(str(twice.cells['kg'])) + 9}")
    book.beside(again, REPEAT, below=True)


def _forgotten_harvest(book: Book, stock: Stock) -> None:
    """A comma for a decimal mark: the harvest is refused and not written again, and so its sale finds no lot."""
    sale = _nth(_wet_sales(book), 150)
    harvest = next(book.find("harvests.csv", lot_id=str(sale.cells["inputs"]).split(":")[0]))
    lot_id = f"H-{stock.next('H'):04d}"
    book.beside(harvest, "malformed", below=True, lot_id=lot_id, kg="84,5")
    book.beside(sale, "unknown-lot", below=True, lot_id=f"B-{stock.next('B'):04d}", inputs=f"{lot_id}:84.5", kg="84.5")


def _in_the_fermentary(book: Book) -> None:
    sale, again = (_nth(_wet_sales(book), number) for number in (77, 301))
    before = (datetime.fromisoformat(str(sale.cells["ended_at"])) - timedelta(days=7)).isoformat()
    book.beside(sale, "before-origin", started_at=before, ended_at=before)
    book.beside(again, REPEAT, below=True)
    box = _nth((row for row in book.find("steps.csv", step="ferment") if "|" not in str(row.cells["inputs"])), 9)
    lot_id, kg = str(box.cells["inputs"]).split(":")
    book.beside(box, "overdrawn", inputs=f"{lot_id}:{Decimal(kg) * 10}")
    heavier, elsewhere = (_nth(book.find("steps.csv", step="dry", holder_id="AG-01"), number) for number in (14, 21))
    book.beside(heavier, "gain", kg=f"{Decimal(str(heavier.cells['kg'])) * 10}")
    book.beside(elsewhere, "not-held", holder_id="AG-02")
    book.sort("steps.csv")


def _in_the_laboratory(book: Book) -> None:
    cut_test, sample = _nth(book.find("inspections.csv"), 20), _nth(book.find("losses.csv"), 12)
    book.beside(cut_test, "malformed", moisture_pct=str(cut_test.cells["moisture_pct"]).replace(".", ","))
    lost = datetime.fromisoformat(str(sample.cells["lost_at"]))
    book.beside(sample, "malformed", lost_at=f"{lost:%d/%m/%Y}")


def _at_the_port(book: Book) -> None:
    number = VOYAGES[0].container
    opened = next(book.find("containers.csv", action="open"))
    book.beside(opened, "bad-container-number", container_no=f"{number[:-1]}{(int(number[-1]) + 1) % 10}")
    loads, sealed = list(book.find("containers.csv", action="load", container_no=number)), next(book.find("containers.csv", action="seal"))
    book.beside(loads[2], REPEAT, below=True)
    late = (datetime.fromisoformat(str(sealed.cells["at"])) + timedelta(minutes=45)).isoformat()
    book.beside(sealed, "sealed", below=True, **loads[-1].cells | {"at": late, "kg": "65", "bags": 1})


def _wet_sales(book: Book) -> Iterator[Row]:
    return (row for row in book.find("steps.csv", step="buy") if str(row.cells["inputs"]).startswith("H-"))


def _nth(rows: Iterator[Row], number: int) -> Row:
    return list(rows)[number]


def _geometry(row: Row) -> dict[str, object]:
    geometry = row.cells["geometry"]
    if not isinstance(geometry, dict):
        raise TypeError("a plot without a geometry")
    return geometry


def _ring(row: Row) -> list[tuple[float, float]]:
    rings = _geometry(row)["coordinates"]
    if not isinstance(rings, list):
        raise TypeError("a point has no ring")
    return list(rings[0])


def _polygon(ring: list[tuple[float, float]]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [ring]}
