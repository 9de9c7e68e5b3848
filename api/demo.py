"""The demonstration: a season that the project makes itself, in a ledger of its own, ready to be looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.house import House
from api.imports import Import, expected_rows
from api.label import container_label_of
from api.report import write_people, write_refused
from api.sample import write_season
from api.season import Folder
from labels.sheet import Form, draw
from ledger.schema import SERVER, connect

BOOK: Final = "main"
FORMS: Final[tuple[Form, ...]] = ("pdf", "svg", "png")


class NotADemo(Exception):
    """The ledger holds other data."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What is there to look at: container numbers, and the folder with labels and refused rows."""

    containers: tuple[str, ...]
    folder: Path
    refused: int


def ready(house: House, progress: Callable[[int], None] = lambda _rows: None) -> Demo:
    """Import the demonstration's season where it is not there yet (going on where it was interrupted), and draw the labels.

    Raises NotADemo where the ledger holds other data.
    """
    folder = house.settings.folder / "demo"
    expected = write_season(folder / "season")
    run = Import(Folder(folder / "season", BOOK), house.writer, house.url, progress=progress)
    if _entries(house) and not run.begun():
        raise NotADemo(f"the ledger at {house.settings.folder} holds other data: set CACAO_HOME to an empty folder for the demonstration")
    run.take()
    house.follower.wait_for(_entries(house), 60)
    write_refused(run, folder)
    write_people(run, folder)
    _labels(house, expected.containers, folder / "labels")
    return Demo(expected.containers, folder, len(expected.refused))


def rows(house: House) -> int:
    """How many rows the demonstration's season has, for a progress bar."""
    folder = house.settings.folder / "demo" / "season"
    write_season(folder)
    return expected_rows(Folder(folder, BOOK))


def _entries(house: House) -> int:
    with connect(house.url, SERVER) as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    return int(row[0]) if row else 0


def _labels(house: House, containers: tuple[str, ...], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in containers:
        label = container_label_of(house, number)
        for form in FORMS:
            (folder / f"{number}.{form}").write_bytes(draw(label, form))
