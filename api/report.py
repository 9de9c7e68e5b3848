"""What an import and a report leave on disk: refused rows and repeats for machines and for people, and the answers of a book."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

from api.imports import Answered, Import
from api.look import refused_page
from api.office.sheets import cell
from api.season import FILES, Row
from ledger.schema import SERVER, connect
from projections import answers
from projections.shares import Shares


def refusals(run: Import) -> Iterator[tuple[Answered, Row]]:
    """Every refused row with the row as it was written, read again from the folder."""
    yield from _with_rows(run, run.answers(repeats=False))


def _with_rows(run: Import, answered: Iterator[Answered]) -> Iterator[tuple[Answered, Row]]:
    """Join answers with rows of the folder; both are in the order of rows."""
    each = next(answered, None)
    for row in run.folder.rows() if each else ():
        if each and (row.file, row.number) == (each.file, each.row):
            yield each, row
            each = next(answered, None)
            if each is None:
                return


def write_refused(run: Import, folder: Path) -> None:
    """`refused.csv` (file, row, id, code) and `repeats.csv` (file, row, id); an id that a spreadsheet would work out is marked as text."""
    folder.mkdir(parents=True, exist_ok=True)
    with _table(folder / "refused.csv") as refused, _table(folder / "repeats.csv") as repeats:
        to_refused, to_repeats = csv.writer(refused, lineterminator="\n"), csv.writer(repeats, lineterminator="\n")
        to_refused.writerow(("file", "row", "id", "code"))
        to_repeats.writerow(("file", "row", "id"))
        for answer, row in _with_rows(run, run.answers()):
            name = FILES[row.file].name
            if answer.answer == "repeat":
                to_repeats.writerow((name, row.number, _id(row)))
            else:
                to_refused.writerow((name, row.number, _id(row), answer.answer))


def _id(row: Row) -> str:
    """An id as a cell; csv puts no quotes around a carriage return where lines end otherwise, and readers begin a line there."""
    return cell(row.id).replace("\r", " ")


def write_people(run: Import, folder: Path) -> None:
    """`refused.html`: each refused row as it was written, its code and its sentence, in Spanish and English."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ((FILES[row.file].name, row.number, row.cells, each.answer, each.template, each.values) for each, row in refusals(run))
    counts = Counter(each.answer for each in run.answers(repeats=False))
    with (folder / "refused.html").open("w", encoding="utf-8", errors="replace") as file:
        file.writelines(refused_page(rows, counts))


def _table(path: Path) -> Any:  # noqa: ANN401 - an open file
    return path.open("w", encoding="utf-8", newline="", errors="surrogateescape")


FILES_OF_A_BOOK: Final = ("lots", "containers", "plots", "totals")


def write_answers(url: str, book: str, folder: Path) -> None:
    """`lots.json`, `containers.json`, `plots.json` and `totals.json` of a book."""
    folder.mkdir(parents=True, exist_ok=True)
    with connect(url, SERVER) as conn, conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        shares = Shares(conn)
        _write(folder / "lots.json", answers.lots(conn, book, shares))
        _write(folder / "containers.json", answers.containers(conn, book))
        _write(folder / "plots.json", answers.plots(conn, book, shares))
        (folder / "totals.json").write_text(json.dumps(answers.totals(conn, book), indent=1) + "\n", encoding="utf-8")


def _write(path: Path, items: Iterator[tuple[str, Any]]) -> None:
    """One JSON object, one line an item, written as it comes."""
    with path.open("w", encoding="utf-8") as file:
        file.write("{")
        for comma, (name, item) in zip(chain([""], iter(lambda: ",", "")), items, strict=False):
            file.write(f"{comma}\n{json.dumps(name)}:{json.dumps(item, ensure_ascii=False)}")
        file.write("\n}\n")
