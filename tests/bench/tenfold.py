"""Write a season folder that holds another many times over: a prefix on the ids of each copy, other valid container numbers."""

import csv
import json
from pathlib import Path
from typing import Any

from stdnum import iso6346

from domain.identity import is_container_number

IDS = {
    "parties.csv": ["party_id"],
    "nursery_lots.csv": ["nursery_lot_id", "nursery_id"],
    "budwood.csv": ["budwood_id", "mother_plot_id"],
    "handouts.csv": ["handout_id", "nursery_lot_id", "party_id", "plot_id"],
    "returns.csv": ["return_id", "handout_id"],
    "grafts.csv": ["graft_id", "plot_id", "handout_id", "budwood_id"],
    "graft_counts.csv": ["graft_id"],
    "harvests.csv": ["lot_id", "plot_id"],
    "steps.csv": ["lot_id", "holder_id"],
    "inspections.csv": ["lot_id"],
    "losses.csv": ["loss_id", "lot_id"],
    "containers.csv": ["holder_id", "lot_id", "buyer_id"],
}
"""File -> the columns that hold an id or a reference."""


def write(source: Path, target: Path, times: int = 10) -> Path:
    """Write `source` `times` over into `target`; a faulty row stays as faulty as it was."""
    target.mkdir(parents=True, exist_ok=True)
    for name, columns in IDS.items():
        _table(source / name, target / name, columns, times)
    _map(source / "plots.geojson", target / "plots.geojson", times)
    season = json.loads((source / "season.json").read_bytes())
    season["rows"] = {name: rows * times for name, rows in season["rows"].items()}
    (target / "season.json").write_text(json.dumps(season), encoding="utf-8")
    return target


def prefixed(id_: str, copy: int) -> str:
    """An id of a copy; an empty cell stays empty."""
    return f"{chr(ord('A') + copy)}{id_}" if id_ else ""


def container(number: str, copy: int) -> str:
    """Another number for a container of a copy: valid where it was valid."""
    if not is_container_number(number):
        return number
    body = f"{chr(ord('A') + copy)}{number[1:10]}"
    return body + iso6346.calc_check_digit(body)


def _table(source: Path, target: Path, columns: list[str], times: int) -> None:
    with source.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    at = [header.index(name) for name in columns]
    inputs = header.index("inputs") if "inputs" in header else None
    number = header.index("container_no") if "container_no" in header else None
    with target.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        for copy in range(times):
            for row in rows:
                cells = list(row)
                for column in at:
                    if column < len(cells):
                        cells[column] = prefixed(cells[column], copy)
                if inputs is not None and inputs < len(cells):
                    cells[inputs] = "|".join(prefixed(part, copy) for part in cells[inputs].split("|"))
                if number is not None and number < len(cells):
                    cells[number] = container(cells[number], copy)
                out.writerow(cells)


def _map(source: Path, target: Path, times: int) -> None:
    features: list[dict[str, Any]] = json.loads(source.read_bytes())["features"]
    with target.open("w", encoding="utf-8") as out:
        out.write('{"type":"FeatureCollection","features":[\n')
        for copy in range(times):
            for at, feature in enumerate(features):
                properties = dict(feature["properties"])
                for name in ("plot_id", "holder_id"):
                    if isinstance(properties.get(name), str):
                        properties[name] = prefixed(properties[name], copy)
                out.write(",\n" if copy or at else "")
                out.write(json.dumps({**feature, "properties": properties}))
        out.write("]}\n")
