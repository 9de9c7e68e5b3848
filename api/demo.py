"""The demonstration: a season that the project makes itself, in a ledger of its own, ready to be looked at."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api import people
from api.admin import operator
from api.house import House
from api.imports import Import, expected_rows
from api.label import container_label_of
from api.report import write_people, write_refused
from api.sample import write_season
from api.season import Folder
from domain.user import UserRole
from labels.sheet import Form, draw
from ledger.schema import SERVER, connect
from projections.users import grants

BOOK: Final = "main"
COOPERATIVE, EXPORTER = "main/AG-01", "main/EX-01"
PEOPLE: Final[tuple[tuple[str, UserRole, str | None], ...]] = (
    ("Nelly Sangama", "buyer", COOPERATIVE),
    ("Percy Isuiza", "plant", COOPERATIVE),
    ("Graciela Tapullima", "extensionist", COOPERATIVE),
    ("Roxana Bardales", "administrator", COOPERATIVE),
    ("Darwin Picón", "exporter", EXPORTER),
    ("Vilma Espinoza", "auditor", None),
)
"""Invented people who work here: name, role and organisation."""
Bar = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]
_NOTE: Final = "made.json"
FORMS: Final[tuple[Form, ...]] = ("pdf", "svg", "png")


class NotADemo(Exception):
    """The ledger holds other data."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What is there to look at: container numbers, and the folder with labels and refused rows."""

    containers: tuple[str, ...]
    folder: Path
    refused: int
    people: dict[str, str]
    """Who they are -> their user's id."""


def ready(house: House, bar: Bar) -> Demo:
    """Import the demonstration's season where it is not there yet (going on where it was interrupted), and draw the labels.

    Raises NotADemo where the ledger holds other data.
    """
    folder = house.settings.folder / "demo"
    if (before := _made(house, folder)) is not None:
        return before
    expected = write_season(folder / "season")
    run = Import(Folder(folder / "season", BOOK), house.writer, house.url, org=COOPERATIVE)
    if _entries(house) and not run.begun():
        raise NotADemo(f"the ledger at {house.settings.folder} holds other data: set CACAO_HOME to an empty folder for the demonstration")
    with bar("rows of a season", expected_rows(run.folder)) as run.progress:
        run.take()
    house.follower.wait_for(_entries(house), 60)
    write_refused(run, folder)
    write_people(run, folder)
    _labels(house, expected.containers, folder / "labels")
    made = Demo(expected.containers, folder, len(expected.refused), _admit(house))
    (folder / _NOTE).write_text(json.dumps([made.containers, made.refused, house.settings.base, made.people]), encoding="utf-8")
    return made


def _made(house: House, folder: Path) -> Demo | None:
    """What an earlier start left, where it was complete and its labels lead to this address."""
    note = folder / _NOTE
    if not note.exists() or not _entries(house):
        return None
    containers, refused, base, people = json.loads(note.read_text(encoding="utf-8"))
    return Demo(tuple(containers), folder, refused, people) if base == house.settings.base else None


def _admit(house: House) -> dict[str, str]:
    """The people who work here, admitted once."""
    with house.reading(None) as conn:
        there = {(each.role, each.org): each.user for each in grants(conn, None)}
    return {
        f"{role} {org or ''}".strip(): there.get((role, org)) or people.admit(house, operator(house), name, role, org)
        for name, role, org in PEOPLE
    }


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
