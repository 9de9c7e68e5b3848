"""A fortnight in the villages: the picking, the day the aggregator comes, the boxes filled that evening."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from api.sample.book import Book, day, kilos, one_in
from api.sample.land import Plot
from api.sample.people import Farmer
from api.sample.places import REGIONS, Region
from api.sample.stock import Draws, Lot, Stock, drawn, whole

FORTNIGHTS = 20
MONTHS = {1: 0.35, 2: 0.35, 3: 0.55, 4: 0.8, 5: 1.0, 6: 1.0, 7: 0.85, 8: 0.65, 9: 0.5, 10: 0.45}  # the main harvest is April to July
SHARE_OF_YEAR = 0.9  # November and December come after the sample
BOX_GRAMS = 1_100_000
SMALLEST_PICKING = 15_000


@dataclass
class Villages:
    """All that hangs on the trees and lies in the boxes."""

    book: Book
    rng: Random
    stock: Stock
    plots: list[Plot]
    ripe: dict[str, float] = field(default_factory=dict)
    rates: dict[str, int] = field(default_factory=dict)

    def season(self) -> None:
        """Every fortnight, region by region, two villages a day."""
        self.rates = {plot.plot_id: self.rng.randint(1_250_000, 1_700_000) for plot in self.plots}
        start = day(1, 12)
        weights = [MONTHS[(start + timedelta(days=14 * fortnight)).month] for fortnight in range(FORTNIGHTS)]
        for fortnight, weight in enumerate(weights):
            for plot in self.plots:
                grown = plot.hectares * self.rates[plot.plot_id] * SHARE_OF_YEAR * weight / sum(weights)
                self.ripe[plot.plot_id] = self.ripe.get(plot.plot_id, 0) + grown
            for region in REGIONS:
                self._visit(region, start + timedelta(days=14 * fortnight + region.weekday), weight)

    def _visit(self, region: Region, first_day: datetime, weight: float) -> None:
        for turn, pair in enumerate(region.rounds):
            date = first_day + timedelta(days=4 * turn)
            plots = [plot for plot in self.plots if plot.farmer.village in pair]
            for plot in plots:
                if self.rng.random() < 0.1 + 0.55 * weight:
                    self._pick(plot, date - timedelta(days=1))
            farmers = {plot.farmer.party_id: plot.farmer for plot in plots}
            self._fill_boxes(self._buy(farmers.values(), date), date)

    def _pick(self, plot: Plot, date: datetime) -> None:
        grams = int(self.ripe[plot.plot_id] * self.rng.uniform(0.85, 1)) // 100 * 100
        if grams < SMALLEST_PICKING:
            return
        self.ripe[plot.plot_id] -= grams
        began = date + timedelta(hours=self.rng.randint(6, 8), minutes=self.rng.randrange(60))
        ended = date + timedelta(hours=self.rng.randint(13, 17), minutes=self.rng.randrange(60))
        lot = self.stock.new("H", "wet", plot.farmer.party_id, grams, ended)
        cells = {"lot_id": lot.lot_id, "plot_id": plot.plot_id, "kg": kilos(grams)}
        self.book.note("harvests.csv", **cells, from_at=began.isoformat(), to_at=ended.isoformat())
        if one_in(self.rng, 33):
            self.stock.lose(lot, grams // self.rng.randint(8, 20) // 100 * 100 + 100, "spoiled", ended + timedelta(hours=9))

    def _buy(self, farmers: Iterable[Farmer], date: datetime) -> list[Lot]:
        clock, bought = date + timedelta(hours=8), []
        for farmer in farmers:
            clock += timedelta(minutes=self.rng.randint(6, 14))
            lots = self.stock.held(farmer.party_id, "dry" if farmer.dries else "wet", clock)
            if lots:
                price = self.rng.uniform(8.8, 9.6) if farmer.dries else self.rng.uniform(3.0, 3.5)
                bought.append(self.stock.buy(farmer.region.aggregator, whole(lots), clock, price, farmer.premium_pct))
            if farmer.dries:
                self._dry_at_home(farmer, clock)
        return [lot for lot in bought if lot.form == "wet"]

    def _dry_at_home(self, farmer: Farmer, at: datetime) -> None:
        wet = self.stock.held(farmer.party_id, "wet", at)
        if wet:
            fermented = self._ferment(whole(wet), at, self.rng.choice(("heap", "sack", "box")))
            self._dry([fermented], "sun")

    def _fill_boxes(self, lots: list[Lot], date: datetime) -> None:
        boxes: list[Draws] = [[]]
        for lot in lots:
            left = lot.left
            while left:
                part = min(left, BOX_GRAMS - drawn(boxes[-1]))
                boxes[-1].append((lot, part))
                left -= part
                if drawn(boxes[-1]) == BOX_GRAMS:
                    boxes.append([])
        fermented = [self._ferment(box, date + timedelta(hours=17, minutes=20 * n), "box") for n, box in enumerate(boxes) if box]
        if fermented:
            self._dry(fermented, self.rng.choice(("tunnel", "sun", "tunnel")))

    def _ferment(self, draws: Draws, started: datetime, method: str) -> Lot:
        grams = int(drawn(draws) * self.rng.uniform(0.85, 0.875)) // 100 * 100
        ended = started + timedelta(days=self.rng.randint(5, 6), minutes=self.rng.randrange(600))
        heat, turns = f"{self.rng.uniform(44, 50):.1f}", self.rng.randint(3, 6)
        return self.stock.ferment(draws, grams, started, ended, method=method, max_temp_c=heat, turns=turns)

    def _dry(self, lots: list[Lot], method: str) -> None:
        draws = whole(lots)
        grams = int(drawn(draws) * self.rng.uniform(0.43, 0.455)) // 100 * 100
        started = max(lot.at for lot in lots) + timedelta(minutes=self.rng.randint(30, 150))
        ended = started + timedelta(days=self.rng.randint(5, 8), minutes=self.rng.randrange(600))
        self.stock.dry(draws, grams, started, ended, method=method, moisture_pct=f"{self.rng.uniform(6.4, 7.5):.1f}")
