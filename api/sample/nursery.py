"""The nursery year: seedlings raised, handed out and given back, buds of fine trees set on young rootstock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from api.sample.book import Book, day, one_in
from api.sample.land import Plot

RAISED = (
    ("NU-01", "cacao", "IMC-67", 4200),
    ("NU-02", "cacao", "IMC-67", 3600),
    ("NU-01", "cacao", "TSH-565", 1500),
    ("NU-01", "plantain", "", 2400),
    ("NU-02", "plantain", "", 2200),
    ("NU-01", "bolaina", "", 1800),
    ("MU-01", "bolaina", "", 900),
    ("NU-02", "capirona", "", 1600),
)
HANDFULS = {"cacao": (60, 180), "plantain": (20, 70), "bolaina": (20, 60), "capirona": (15, 50)}
FINE_CLONES = ("ICS-95", "TSH-565", "VRAE-99")
CUTS_OF_EACH = 6
BUDS_PER_STICK = 3


@dataclass
class Rootstock:
    """Cacao seedlings of one handout that still stand without a bud."""

    handout_id: str
    plot: Plot
    left: int


def nursery_year(book: Book, rng: Random, plots: list[Plot]) -> None:
    """Write the six sheets of the nurseries."""
    for number, (nursery, species, clone, count) in enumerate(RAISED, 1):
        lot = {"nursery_lot_id": f"NL-{number:03d}", "nursery_id": nursery, "species": species, "clone": clone, "count": count}
        book.note("nursery_lots.csv", **lot, raised_at=day(1, 3 + number, 9).isoformat())
    stocks = _hand_out(book, rng, rng.sample(plots, 28))
    _give_back(book, rng)
    _graft(book, rng, stocks, rng.sample(plots, len(FINE_CLONES)))


def _hand_out(book: Book, rng: Random, plots: list[Plot]) -> list[Rootstock]:
    left = {f"NL-{number:03d}": count for number, (*_, count) in enumerate(RAISED, 1)}
    stocks = []
    for number, plot in enumerate(plots * 2, 1):
        lots = [row for row in book.find("nursery_lots.csv") if (row.cells["species"] == "cacao") == (number <= len(plots))]
        lot = rng.choice(lots).cells
        lot_id, species = str(lot["nursery_lot_id"]), str(lot["species"])
        count = min(rng.randint(*HANDFULS[species]), left[lot_id])
        left[lot_id] -= count
        handout = {"handout_id": f"HO-{number:04d}", "nursery_lot_id": lot_id, "party_id": plot.farmer.party_id, "plot_id": plot.plot_id}
        due = 2 * count if species == "plantain" else 0
        handed = day(1, 20 + number // 6, 8) + timedelta(days=number // 2, minutes=7 * number)
        book.note("handouts.csv", **handout, count=count, return_due=due, handed_at=handed.isoformat())
        if species == "cacao":
            stocks.append(Rootstock(handout["handout_id"], plot, count))
    return stocks


def _give_back(book: Book, rng: Random) -> None:
    owing = [row for row in book.find("handouts.csv") if row.cells["return_due"]]
    for number, handout in enumerate(owing, 1):
        count = int(str(handout.cells["return_due"])) * rng.choice((25, 50, 50, 75, 100)) // 100
        returned = day(8, 20, 10) + timedelta(days=3 * number, minutes=rng.randrange(300))
        cells = {"return_id": f"RE-{number:04d}", "handout_id": handout.cells["handout_id"], "count": count}
        book.note("returns.csv", **cells, returned_at=returned.isoformat())


def _graft(book: Book, rng: Random, stocks: list[Rootstock], mothers: list[Plot]) -> None:
    for number in range(1, CUTS_OF_EACH * len(mothers) + 1):
        mother, clone = mothers[number % len(mothers)], FINE_CLONES[number % len(mothers)]
        sticks, cut = rng.randint(30, 60), day(5, 4, 7) + timedelta(days=3 * number, minutes=rng.randrange(200))
        budwood = f"BW-{number:04d}"
        book.note("budwood.csv", budwood_id=budwood, mother_plot_id=mother.plot_id, clone=clone, sticks=sticks, cut_at=cut.isoformat())
        buds = sticks * BUDS_PER_STICK
        for stock in rng.sample([stock for stock in stocks if stock.left], 2):
            buds -= _set_buds(book, rng, stock, (budwood, buds), cut + timedelta(hours=rng.choice((4, 6, 24, 27))))


def _set_buds(book: Book, rng: Random, stock: Rootstock, cut: tuple[str, int], at: datetime) -> int:
    budwood, buds = cut
    grafted = min(stock.left, buds * rng.randint(40, 60) // 100)
    stock.left -= grafted
    graft = f"GR-{len(book.sheets['grafts.csv']) + 1:04d}"
    cells = {"plot_id": stock.plot.plot_id, "handout_id": stock.handout_id, "budwood_id": budwood, "grafted": grafted}
    book.note("grafts.csv", graft_id=graft, **cells, grafted_at=at.isoformat())
    alive = grafted * rng.randint(70, 92) // 100
    for weeks in (5, 14) if one_in(rng, 3) else (5,):
        counted = at + timedelta(weeks=weeks)
        book.note("graft_counts.csv", graft_id=graft, alive=alive, counted_at=counted.isoformat())
        alive -= alive * rng.randint(0, 8) // 100
    return grafted
