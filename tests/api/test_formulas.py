"""What begins like a formula is none in any table that the house gives: spreadsheets of the office, and what an import answers."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from api.examples import EXAMPLES
from api.house import House
from api.imports import Import
from api.report import write_people, write_refused
from api.sample import write_season
from api.season import Folder
from domain.vocabulary import COMMANDS
from ledger.act import Act
from tests.api.people import signed_in
from tests.fuzz import ORG, jack_of_all_trades

FORMULAS: Final = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", '=HYPERLINK("https://evil.example";"x")', "=cmd|' /C calc'!A0")


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


def assert_no_formula(table: list[list[str]]) -> None:
    number = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
    assert [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not number.fullmatch(cell)] == []


def test_no_name_or_number_is_a_formula_in_a_table_of_the_office(house: House) -> None:
    house.writer.submit(Act([COMMANDS.validate_python(body) for body in bought()], "u-first", ORG)).result()
    with signed_in(house, ORG, "", jack_of_all_trades(house)) as browser:
        day, stock = (rows(browser.get(path).content.decode("utf-8-sig")) for path in ("/daybook.csv?day=2026-05-02", "/stock.csv"))

    for table in (day, stock):
        assert_no_formula(table)
        assert {len(row) for row in table} == {len(table[0])}
    assert [row[3] for row in day[1:]] == [f"'{name}" for name in FORMULAS]
    assert [row[1] for row in day[1:]] == [row[0] for row in stock[1:]] == [f"'-{at}-C" for at in range(8)]


def bought() -> Iterator[dict[str, Any]]:
    """An organisation, and beans that it bought of farmers who are called like formulas, in lots that are numbered like them."""
    first = {body["do"]: body for body in reversed(EXAMPLES)}
    yield next(body for body in EXAMPLES if body.get("party_id") == "AG-01")
    for at, name in enumerate(FORMULAS):
        of = {"party_id": f"-{at}-F", "holder_id": f"-{at}-F", "plot_id": f"-{at}-P"}
        sold = {"lot_id": f"-{at}-C", "inputs": [{"lot_id": f"-{at}-H", "kg": "400"}]}
        changes = {"enrol-party": {"name": name, "role": "farmer", "document": None, "party_id": of["party_id"]},
                   "register-plot": {"plot_id": of["plot_id"], "holder_id": of["holder_id"]},
                   "record-harvest": {"plot_id": of["plot_id"], "lot_id": f"-{at}-H", "kg": "400"}, "buy-lot": sold}  # fmt: skip
        yield from ({**first[do], **change, "id": str(uuid4())} for do, change in changes.items())


def test_no_row_of_an_import_is_a_formula_in_what_it_answers(house: House, tmp_path: Path) -> None:
    write_season(tmp_path / "season")
    for path in (tmp_path / "season").glob("*.csv"):
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        farmer = [",".join(['"{}"'.format(id_.replace('"', '""')), *lines[0].split(",")[1:]]) for id_ in (*FORMULAS, "-1-1", "-1-1")]
        path.write_text("\n".join([head, *(farmer if path.name == "parties.csv" else [])]) + "\n", encoding="utf-8", newline="")
    run = Import(Folder(tmp_path / "season", "main"), house.writer, house.url)
    run.take()
    write_refused(run, tmp_path)
    write_people(run, tmp_path)
    tables = [rows((tmp_path / name).read_bytes().decode()) for name in ("refused.csv", "repeats.csv")]

    for table in tables:
        assert_no_formula(table)
    assert [row[2] for row in tables[0][1:] if row[0] == "parties.csv"] == [f"'{id_}".replace("\r", " ") for id_ in FORMULAS]
    assert [row[2] for row in tables[1][1:]] == ["'-1-1"]
