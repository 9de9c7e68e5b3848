"""The demonstration: a season that the project makes itself, in a ledger of its own, ready to be looked at."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from api import labelkeys, people
from api.house import House
from api.imports import Import, expected_rows
from api.labelling import Wanted, batches, print_labels
from api.people import operator
from api.printing import drawn
from api.report import write_people, write_refused
from api.sample import write_season
from api.season import Folder
from domain.user import UserRole
from domain.vocabulary import COMMANDS
from labels.paper import PAPERS
from ledger.act import Act
from ledger.schema import SERVER, connect
from projections import identities
from projections import labels as printed
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
GS1_PREFIX, GTIN, GLN = "9521234", "09521234000013", "9521234000020"
"""Of the prefix 952, which GS1 keeps for examples: the demonstration's organisation has no licence, and the pages say so."""
Bar = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]
_NOTE: Final = "made.json"
FORMS: Final = ("pdf", "svg", "png")


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
    label: str
    """Where the code of the first container's label leads."""


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
    _number(house)
    _publish(house, expected.containers)
    label = _labels(house, expected.containers, folder / "labels")
    made = Demo(expected.containers, folder, len(expected.refused), _admit(house), label)
    (folder / _NOTE).write_text(json.dumps([made.containers, made.refused, house.settings.base, made.people, label]), encoding="utf-8")
    return made


def _made(house: House, folder: Path) -> Demo | None:
    """What an earlier start left, where it was complete and its labels lead to this address."""
    note = folder / _NOTE
    if not note.exists() or not _entries(house):
        return None
    containers, refused, base, people, *label = json.loads(note.read_text(encoding="utf-8"))
    return Demo(tuple(containers), folder, refused, people, *label) if label and base == house.settings.base else None


def _admit(house: House) -> dict[str, str]:
    """The people who work here, admitted once."""
    with house.reading(None) as conn:
        there = {(each.role, each.org): each.user for each in grants(conn, None)}
    return {
        f"{role} {org or ''}".strip(): there.get((role, org)) or people.admit(house, operator(house), name, role, org)
        for name, role, org in PEOPLE
    }


def _number(house: House) -> None:
    """The exporter's product and its own number, recorded once."""
    with house.reading(None) as conn:
        if identities.product(conn, GTIN):
            return
    now, of = house.now(), {"org_id": EXPORTER.removeprefix("main/")}
    bodies = (
        {"do": "record-gs1-prefix", "prefix": GS1_PREFIX, "recorded_at": now, **of},
        {"do": "register-product", "gtin": GTIN, "name_es": "Cacao en grano (ejemplo)", "name_en": "Cocoa beans (example)",
         "registered_at": now, **of},
        {"do": "record-gln", "gln": GLN, "stands_for": "party", "recorded_at": now, **of},
    )  # fmt: skip
    commands = [COMMANDS.validate_python({"id": uuid4(), **body}) for body in bodies]
    answers = house.writer.ask(Act(commands, operator(house).name, EXPORTER))
    house.follower.wait_for(max(getattr(answer, "positions", [0])[-1] for answer in answers), 60)


def _publish(house: House, containers: tuple[str, ...]) -> None:
    """The cooperative shows what it paid for the beans in the sealed ones; where it does already, that is refused, and stays so."""
    body = {"do": "publish-price", "holder_id": COOPERATIVE.removeprefix("main/"), "published_at": house.now()}
    commands = [COMMANDS.validate_python({**body, "id": uuid4(), "container_no": number}) for number in containers]
    house.writer.ask(Act(commands, operator(house).name, COOPERATIVE))


def _entries(house: House) -> int:
    with connect(house.url, SERVER) as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    return int(row[0]) if row else 0


def _labels(house: House, containers: tuple[str, ...], folder: Path) -> str:
    """A signed label of each container, printed once and drawn again at every address; where the first one leads."""
    folder.mkdir(parents=True, exist_ok=True)
    if labelkeys.current(house) is None:
        labelkeys.open_key(house, operator(house))
    links = []
    for number in containers:
        (made,) = batches(house, None, [_printing(house, number)])
        for form in FORMS:
            with (folder / f"{number}.{form}").open("wb") as file:
                drawn(form, [made], PAPERS["a6"], "en", file)
        links += [f"{own.link}?s={own.digits}" for own in made.owns()]
    return links[0]


def _printing(house: House, number: str) -> int:
    """The entry that printed a container's label, recorded now where it was not."""
    with house.reading(None) as conn:
        before = [each.position for each in printed.printings(conn) if each.container_no == number]
    return before[-1] if before else print_labels(house, operator(house), Wanted("container", number), 1)[0]
