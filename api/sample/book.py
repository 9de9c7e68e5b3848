"""The book of a season: its sheets, row by row, each row with the verdict it must get."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random

LIMA = timezone(timedelta(hours=-5))
AS_OF = datetime(2026, 10, 31, 23, 59, 59, tzinfo=LIMA)
REPEAT = "repeat"
SHEETS = {
    "parties.csv": "party_id,role,name,document,phone,sex,district,enrolled_at",
    "plots.geojson": "plot_id,holder_id,area_ha,district,system,planted_at,surveyed_at,accuracy_m",
    "nursery_lots.csv": "nursery_lot_id,nursery_id,species,clone,count,raised_at",
    "budwood.csv": "budwood_id,mother_plot_id,clone,sticks,cut_at",
    "handouts.csv": "handout_id,nursery_lot_id,party_id,plot_id,count,return_due,handed_at",
    "returns.csv": "return_id,handout_id,count,returned_at",
    "grafts.csv": "graft_id,plot_id,handout_id,budwood_id,grafted,grafted_at",
    "graft_counts.csv": "graft_id,alive,counted_at",
    "harvests.csv": "lot_id,plot_id,kg,from_at,to_at",
    "steps.csv": "step,lot_id,holder_id,inputs,kg,started_at,ended_at,price_pen_kg,premium_pct,method,moisture_pct,max_temp_c,turns",
    "inspections.csv": "lot_id,inspected_at,moisture_pct,beans_100g,mouldy_pct,slaty_pct,defective_pct",
    "losses.csv": "loss_id,lot_id,kg,reason,lost_at",
    "containers.csv": "action,container_no,holder_id,at,lot_id,kg,bags,seal_no,buyer_id,contract_no,price_usd_t,incoterm,destination",
}
SORTED_BY = {
    "nursery_lots.csv": "raised_at",
    "budwood.csv": "cut_at",
    "handouts.csv": "handed_at",
    "returns.csv": "returned_at",
    "grafts.csv": "grafted_at",
    "graft_counts.csv": "counted_at",
    "harvests.csv": "to_at",
    "steps.csv": "ended_at",
    "inspections.csv": "inspected_at",
    "losses.csv": "lost_at",
    "containers.csv": "at",
}


@dataclass
class Row:
    """One row of a sheet; without a verdict it is accepted."""

    sheet: str
    cells: dict[str, object]
    verdict: str = ""

    @property
    def written_id(self) -> str:
        """The id as the lists of refusals and repeats name it."""
        name = {"steps.csv": "lot_id", "containers.csv": "container_no"}.get(self.sheet, next(iter(self.cells)))
        return str(self.cells[name])


@dataclass
class Book:
    """All sheets of a season, in the order in which they are read."""

    sheets: dict[str, list[Row]] = field(default_factory=lambda: {sheet: [] for sheet in SHEETS})

    def note(self, sheet: str, **cells: object) -> Row:
        """Write one row at the end of a sheet; cells that are not named stay empty."""
        row = Row(sheet, dict.fromkeys(SHEETS[sheet].split(","), "") | cells)
        self.sheets[sheet].append(row)
        return row

    def beside(self, row: Row, verdict: str, *, below: bool = False, **changes: object) -> None:
        """Write a row again with some cells changed, above the right one or below it."""
        sheet = self.sheets[row.sheet]
        place = next(index for index, other in enumerate(sheet) if other is row)
        sheet.insert(place + below, Row(row.sheet, row.cells | changes, verdict))

    def find(self, sheet: str, **wanted: object) -> Iterator[Row]:
        """The right rows of a sheet that have these cells."""
        rows = (row for row in self.sheets[sheet] if not row.verdict)
        return (row for row in rows if all(row.cells[name] == value for name, value in wanted.items()))

    def sort(self, sheet: str) -> None:
        """Put a sheet in the order of its times; rows of one moment keep theirs."""
        self.sheets[sheet].sort(key=lambda row: str(row.cells[SORTED_BY[sheet]]))


def day(month: int, day_of_month: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of the sample's year."""
    return datetime(2026, month, day_of_month, hour, minute, tzinfo=LIMA)


def one_in(rng: Random, number: int) -> bool:
    """What happens once in so many times."""
    return not rng.randrange(number)


def kilos(grams: int) -> str:
    """Grams as the kilograms of a sheet, without idle zeros."""
    whole, rest = divmod(grams, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
