"""`cacao export`: the whole history as one file that other programs query: Parquet or SQLite, a row an entry, its bytes beside it.

Nothing personal is in an entry, so nothing personal is in the file. It is written whole or not at all.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import orjson

from api.house import House
from ledger.merkle import leaf_hash
from ledger.schema import SERVER, connect
from ledger.signed import synced

BATCH: Final = 10_000
COLUMNS: Final = ("position", "kind", "at", "seen", "by", "org", "command", "do", "tags", "fact", "leaf_hash", "line")
"""`at`: when it happened; `seen`: when it was written; `fact` as JSON; `line`: the stored bytes, whose leaf hash is `leaf_hash`."""
Row = tuple[Any, ...]


class Unwritable(Exception):
    """The file cannot be written, for the reason given."""


def export(house: House, path: Path, progress: Callable[[int], None] = lambda _more: None) -> int:
    """Write all entries into a new file, by the ending of its name; returns how many. Raises Unwritable."""
    write = WRITERS.get(path.suffix)
    if write is None:
        raise Unwritable(f"{path.name}: wanted a name that ends in {' or '.join(WRITERS)}")
    if path.exists():
        raise Unwritable(f"{path} is there already: name a file that is not")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        count = write(draft, _batches(house, progress))
        synced(draft)
        draft.rename(path)
        synced(path.parent)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _batches(house: House, progress: Callable[[int], None]) -> Iterator[list[Row]]:
    """The entries that were there when it began, batch by batch."""
    with connect(house.url, SERVER) as conn:
        ((size,),) = conn.execute("SELECT size FROM ledger.head").fetchall()
        for after in range(0, size, BATCH):
            rows = conn.execute(
                "SELECT position, line FROM ledger.entries WHERE position > %s AND position <= %s ORDER BY position",
                (after, min(after + BATCH, size)),
                binary=True,
            ).fetchall()
            yield [_row(position, bytes(line)) for position, line in rows]
            progress(len(rows))


def _row(position: int, line: bytes) -> Row:
    body = orjson.loads(line)
    fact = orjson.dumps(body["fact"], option=orjson.OPT_SORT_KEYS).decode()
    of = [body[name] for name in ("kind", "at", "seen", "by", "org", "id", "do", "tags")]
    return (position, *of, fact, leaf_hash(line), line)


def _sqlite(path: Path, batches: Iterator[list[Row]]) -> int:
    """Table `entries`, and `tags` (tag, position) with an index."""
    count = 0
    with closing(sqlite3.connect(path)) as db, db:
        others = [name for name in COLUMNS if name != "tags"]
        columns = ", ".join(f"{name} {_SQLITE.get(name, 'TEXT')}" for name in others)
        db.execute(f"CREATE TABLE entries ({columns})")
        db.execute("CREATE TABLE tags (tag TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (tag, position)) WITHOUT ROWID")
        at = COLUMNS.index("tags")
        for rows in batches:
            count += len(rows)
            db.executemany(f"INSERT INTO entries VALUES ({', '.join('?' * len(others))})", [(*row[:at], *row[at + 1 :]) for row in rows])
            db.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", [(tag, row[0]) for row in rows for tag in row[at]])
    return count


_SQLITE: Final = {"position": "INTEGER PRIMARY KEY", "leaf_hash": "BLOB NOT NULL", "line": "BLOB NOT NULL"}


def _parquet(path: Path, batches: Iterator[list[Row]]) -> int:
    """One column a field, `tags` a list; compressed with Zstandard."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - large, and only needed here
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise Unwritable("Parquet needs pyarrow: `uv run --extra parquet cacao export …`; SQLite needs nothing more") from None
    kinds = {"position": pa.int64(), "tags": pa.list_(pa.string()), "leaf_hash": pa.binary(32), "line": pa.binary()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in batches:
            count += len(rows)
            writer.write_batch(pa.record_batch(_columns(rows), schema=schema))
    return count


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


WRITERS: Final[dict[str, Callable[[Path, Iterator[list[Row]]], int]]] = {".parquet": _parquet, ".sqlite": _sqlite}
