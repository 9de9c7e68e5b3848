"""The season as it lies in a folder: twelve sheets, one map, one note with the counts."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from api.sample.book import AS_OF, REPEAT, SHEETS, Book, Row


@dataclass(frozen=True)
class Expected:
    """What the import must answer: (file, row, id as written, code) refused, (file, row, id) repeated, and the containers."""

    refused: tuple[tuple[str, int, str, str], ...]
    repeats: tuple[tuple[str, int, str], ...]
    containers: tuple[str, ...]


def expected(book: Book, containers: tuple[str, ...]) -> Expected:
    """The verdicts of the book, by file and row."""
    rows = [(sheet, number, row) for sheet, all_rows in book.sheets.items() for number, row in enumerate(all_rows, 1)]
    refused = ((sheet, number, row.written_id, row.verdict) for sheet, number, row in rows if row.verdict not in ("", REPEAT))
    repeats = ((sheet, number, row.written_id) for sheet, number, row in rows if row.verdict == REPEAT)
    return Expected(tuple(refused), tuple(repeats), containers)


def write(book: Book, folder: Path, seed: int) -> None:
    """Write every file; the same book gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for sheet, rows in book.sheets.items():
        (_write_map if sheet.endswith(".geojson") else _write_sheet)(folder / sheet, rows)
    counts = {sheet: len(rows) for sheet, rows in book.sheets.items()}
    season = {"season": "2026", "as_of": AS_OF.isoformat(), "seed": seed, "rows": counts}
    (folder / "season.json").write_text(json.dumps(season, indent=1) + "\n", encoding="utf-8")


def _write_sheet(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file, lineterminator="\n")
        sheet.writerow(SHEETS[path.name].split(","))
        sheet.writerows(row.cells.values() for row in rows)


def _write_map(path: Path, rows: list[Row]) -> None:
    features = ",\n".join(json.dumps(_feature(row), ensure_ascii=False, separators=(",", ":")) for row in rows)
    path.write_text(f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n', encoding="utf-8")


def _feature(row: Row) -> dict[str, object]:
    properties = {name: row.cells[name] for name in SHEETS[row.sheet].split(",")}
    return {"type": "Feature", "properties": properties, "geometry": row.cells["geometry"]}
