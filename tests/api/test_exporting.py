"""The whole history as one file: another program reads it, and its bytes are those whose hashes lead to the root."""

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from api.exporting import COLUMNS, Unwritable, export
from api.house import House
from ledger.merkle import leaf_hash, root_of, unpacked


def stored(house: House) -> tuple[list[tuple[int, bytes]], bytes]:
    with psycopg.connect(house.url) as conn:
        lines = [(at, bytes(line)) for at, line in conn.execute("SELECT position, line FROM ledger.entries ORDER BY position")]
        ((size, nodes),) = conn.execute("SELECT size, nodes FROM ledger.head").fetchall()
    return lines, unpacked(size, bytes(nodes)).root()


def bought_kg(lines: list[tuple[int, bytes]]) -> Decimal:
    facts = [body["fact"] for _, line in lines if (body := json.loads(line))["kind"] == "lot-bought.v1"]
    return Decimal(sum(fact["grams"] for fact in facts)) / 1000


def test_duckdb_reads_the_history_as_parquet(sample_house: House, tmp_path: Path) -> None:
    told: list[int] = []
    lines, root = stored(sample_house)
    assert export(sample_house, tmp_path / "h" / "history.parquet", told.append) == sum(told) == len(lines)
    with duckdb.connect() as db:
        source = f"read_parquet('{tmp_path / 'h' / 'history.parquet'}')"
        names = [name for name, *_ in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        assert tuple(names) == COLUMNS
        assert db.execute(f"SELECT position, line FROM {source} ORDER BY position").fetchall() == lines
        leaves = [leaf for (leaf,) in db.execute(f"SELECT leaf_hash FROM {source} ORDER BY position").fetchall()]
        assert root_of(leaves) == root
        ((kg,),) = db.execute(f"SELECT sum((fact->>'grams')::BIGINT) / 1000 FROM {source} WHERE kind = 'lot-bought.v1'").fetchall()
        assert Decimal(str(kg)) == bought_kg(lines)
        tagged = f"SELECT list(position ORDER BY position) FROM {source} WHERE list_contains(tags, ?)"
        tag = json.loads(lines[-1][1])["tags"][0]
        assert db.execute(tagged, [tag]).fetchall() == [([at for at, line in lines if tag in json.loads(line)["tags"]],)]


def test_sqlite_reads_the_history(sample_house: House, tmp_path: Path) -> None:
    lines, root = stored(sample_house)
    assert export(sample_house, tmp_path / "history.sqlite") == len(lines)
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as db:
        assert db.execute("SELECT position, line FROM entries ORDER BY position").fetchall() == lines
        assert root_of(leaf for (leaf,) in db.execute("SELECT leaf_hash FROM entries ORDER BY position")) == root
        ((grams,),) = db.execute("SELECT sum(fact->>'grams') FROM entries WHERE kind = 'lot-bought.v1'").fetchall()
        assert Decimal(grams) / 1000 == bought_kg(lines)
        wanted = sorted({(tag, at) for at, line in lines for tag in json.loads(line)["tags"]})
        assert db.execute("SELECT tag, position FROM tags ORDER BY tag, position").fetchall() == wanted
        assert all(leaf_hash(line) == leaf for line, leaf in db.execute("SELECT line, leaf_hash FROM entries"))


@pytest.mark.parametrize("name", ["history.csv", "history", "history.parquet"])
def test_what_cannot_be_written_is_refused_and_leaves_nothing(sample_house: House, tmp_path: Path, name: str) -> None:
    (tmp_path / "history.parquet").write_bytes(b"kept")
    with pytest.raises(Unwritable):
        export(sample_house, tmp_path / name)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"history.parquet": b"kept"}


def test_a_file_that_is_not_finished_is_not_there(sample_house: House, tmp_path: Path) -> None:
    def full(_more: int) -> Any:
        raise OSError("no space left on the device")

    with pytest.raises(OSError, match="no space"):
        export(sample_house, tmp_path / "history.sqlite", full)
    assert list(tmp_path.iterdir()) == []
