"""A season folder, row by row, as commands: what a cooperative really has at the end of a year.

Reads as a stream, so a folder may be larger than memory. A row that cannot be read is a `Malformed`; nothing is guessed.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import ijson
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from api.problems import Unreadable, unreadable
from domain.values import Command, Moment, Value
from domain.vocabulary import COMMANDS
from ledger.entry import content, row_id

_NOBODY: Final = UUID(int=0)
_LONGEST_CELL: Final = 1_000_000
_FAR: Final = 50
_STEPS: Final = {"buy": "buy-lot", "ferment": "ferment-lots", "dry": "dry-lots", "blend": "blend-lots", "split": "split-lot"}
_ACTIONS: Final = {
    "open": "open-container",
    "load": "load-lot",
    "seal": "seal-container",
    "depart": "depart-container",
    "sell": "sell-container",
    "empty": "empty-container",
}


class NotASeason(Exception):
    """The folder as a whole cannot be read: what was found, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its file (index into FILES), its number from 1, its id and cells as written, and what it asks, or why it cannot be read."""

    file: int
    number: int
    id: str
    cells: tuple[str, ...]
    asks: Command | Unreadable


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    columns: tuple[str, ...]
    id: str
    ask: Callable[[dict[str, Any]], dict[str, Any]]


def _table(do: str, name: str, columns: str, renamed: dict[str, str] | None = None) -> _File:
    """A file whose rows all ask the same."""
    names = tuple(columns.split())

    def ask(cells: dict[str, Any]) -> dict[str, Any]:
        return {"do": do, **cells} if not renamed else {"do": do, **{renamed.get(name, name): cell for name, cell in cells.items()}}

    return _File(name, names, names[0], ask)


def _step(cells: dict[str, Any]) -> dict[str, Any]:
    do = _STEPS.get(cells.pop("step", ""), "")
    if "inputs" in cells:
        parts = (part.partition(":") for part in cells["inputs"].split("|", 501))
        cells["inputs"] = [{"lot_id": lot, "kg": kg} for lot, _, kg in parts]
    return {"do": do, **cells}


def _action(cells: dict[str, Any]) -> dict[str, Any]:
    return {"do": _ACTIONS.get(cells.pop("action", ""), ""), **cells}


_PLOT: Final = ("plot_id", "holder_id", "area_ha", "district", "system", "planted_at", "surveyed_at", "accuracy_m")
FILES: Final = (
    _table("enrol-party", "parties.csv", "party_id role name document phone sex district enrolled_at"),
    _File("plots.geojson", _PLOT, "plot_id", lambda cells: {"do": "register-plot", **cells}),
    _table("raise-seedlings", "nursery_lots.csv", "nursery_lot_id nursery_id species clone count raised_at"),
    _table("cut-budwood", "budwood.csv", "budwood_id mother_plot_id clone sticks cut_at"),
    _table("hand-out-seedlings", "handouts.csv", "handout_id nursery_lot_id party_id plot_id count return_due handed_at"),
    _table("return-seedlings", "returns.csv", "return_id handout_id count returned_at"),
    _table("graft-plants", "grafts.csv", "graft_id plot_id handout_id budwood_id grafted grafted_at"),
    _table("count-grafts", "graft_counts.csv", "graft_id alive counted_at"),
    _table("record-harvest", "harvests.csv", "lot_id plot_id kg from_at to_at"),
    _File(
        "steps.csv",
        tuple("step lot_id holder_id inputs kg started_at ended_at price_pen_kg premium_pct method moisture_pct max_temp_c turns".split()),
        "lot_id",
        _step,
    ),
    _table("inspect-lot", "inspections.csv", "lot_id inspected_at moisture_pct beans_100g mouldy_pct slaty_pct defective_pct"),
    _table("write-off", "losses.csv", "loss_id lot_id kg reason lost_at"),
    _File(
        "containers.csv",
        tuple("action container_no holder_id at lot_id kg bags seal_no buyer_id contract_no price_usd_t incoterm destination".split()),
        "container_no",
        _action,
    ),
)
"""The files of a season in the order in which they are taken."""


class Season(Value):
    """What `season.json` says: the latest moment that is not in the future, and how many rows stand in each file."""

    model_config = ConfigDict(extra="ignore")
    season: str
    as_of: Moment
    rows: dict[str, int] = Field(default_factory=dict)


class Folder:
    """A season folder. Raises NotASeason where a file is missing, its header is another, or season.json cannot be read."""

    def __init__(self, path: Path, book: str) -> None:
        self.path, self.book = path, book
        missing = [name for name in (*(file.name for file in FILES), "season.json") if not (path / name).is_file()]
        if missing:
            raise NotASeason(
                f"{path}: no {', no '.join(missing)}. A season folder holds all of its files; one without rows has its header alone."
            )
        try:
            self.season = TypeAdapter(Season).validate_json((path / "season.json").read_bytes())
        except ValidationError as error:
            raise NotASeason(f"{path / 'season.json'}: {unreadable(error)}") from None
        for file in FILES:
            if file.name.endswith(".csv"):
                self._header(file)

    def digest(self) -> bytes:
        """SHA-256 of the book and of all files: a changed folder is another import."""
        whole = sha256(self.book.encode())
        for name in (*(file.name for file in FILES), "season.json"):
            part = sha256()
            with (self.path / name).open("rb") as file:
                while block := file.read(1 << 20):
                    part.update(block)
            whole.update(part.digest())
        return whole.digest()

    def rows(self, after: tuple[int, int] = (-1, 0), only: "set[tuple[int, int]] | None" = None) -> Iterator[Row]:
        """The rows after (file, number), or only those asked for, in order."""
        for number, file in enumerate(FILES):
            if number < after[0]:
                continue
            source = self._features(file) if file.name.endswith(".geojson") else self._lines(file)
            for at, (id_, cells, body) in enumerate(source, 1):
                if (number, at) > after and (only is None or (number, at) in only):
                    yield Row(number, at, id_, cells, self._asks(file, body))

    def _header(self, file: _File) -> tuple[str, ...]:
        with (self.path / file.name).open(encoding="utf-8-sig", newline="", errors="surrogateescape") as lines:
            header = tuple(next(csv.reader(lines), ()))
        if sorted(header) != sorted(file.columns):
            raise NotASeason(f"{self.path / file.name}: the header is not {','.join(file.columns)}")
        return header

    def _lines(self, file: _File) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any] | Unreadable]]:
        header = self._header(file)
        at_id = header.index(file.id)
        csv.field_size_limit(_LONGEST_CELL)
        with (self.path / file.name).open(encoding="utf-8-sig", newline="", errors="surrogateescape") as lines:
            reader = csv.reader(lines)
            next(reader)
            while True:
                try:
                    cells = tuple(next(reader))
                except StopIteration:
                    return
                except csv.Error:
                    yield "", (), Unreadable("the row cannot be read as comma-separated cells", {})
                    continue
                id_ = cells[at_id] if len(cells) > at_id else ""
                if len(cells) != len(header):
                    yield id_, cells, Unreadable("{found} cells, wanted {wanted}", {"found": str(len(cells)), "wanted": str(len(header))})
                else:
                    yield id_, cells, {column: cell for column, cell in zip(header, cells, strict=True) if cell}

    def _features(self, file: _File) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any] | Unreadable]]:
        with (self.path / file.name).open("rb") as source:
            try:
                for feature in ijson.items(source, "features.item"):
                    yield _feature(feature)
            except ijson.JSONError as error:
                raise NotASeason(
                    f"{self.path / file.name}: not JSON from here on ({type(error).__name__}); rows before it were taken"
                ) from None

    def _asks(self, file: _File, body: dict[str, Any] | Unreadable) -> Command | Unreadable:
        if isinstance(body, Unreadable):
            return body
        try:
            command: Command = COMMANDS.validate_python({"id": _NOBODY, "book": self.book, **file.ask(body)})
        except ValidationError as error:
            return unreadable(error)
        object.__setattr__(command, "id", row_id(file.name, content(command)))  # not shared yet: a copy would cost a tenth of the reading
        return command


def _feature(feature: object) -> tuple[str, tuple[str, ...], dict[str, Any] | Unreadable]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(feature, dict) or not isinstance(properties, dict):
        return "", (), Unreadable("wanted a feature with properties and a geometry", {})
    listed = {name: properties[name] for name in _PLOT if name in properties}
    cells = tuple(_as_written(properties.get(name)) for name in _PLOT)
    for name in ("area_ha", "accuracy_m"):
        if name in listed:
            listed[name] = _number(listed[name])
    return cells[0], cells, {**listed, "geometry": feature.get("geometry")}


def _number(value: object) -> str | None:
    """A JSON number as text; None for anything else. One beyond all measure stays beyond all measure, in fewer digits."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    if number and number.adjusted() > _FAR:
        return f"{'-' if number < 0 else ''}1{'0' * _FAR}"
    if number and number.adjusted() < -_FAR:
        return f"{'-' if number < 0 else ''}0.{'0' * _FAR}1"
    return f"{number:f}"


def _as_written(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, default=str)
