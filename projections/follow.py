"""Follow the ledger: a batch of entries becomes rows, and the rows and the position reached are one commit."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

from domain.annulment import ANNULLED
from ledger.entry import fact_of
from ledger.schema import BY_INDEX, OFFICE, PROJECTOR, SERVER, Connection, connect
from projections.accounts import ACCOUNTS
from projections.containers import CONTAINERS
from projections.entity import told
from projections.identities import IDENTITIES
from projections.labels import LABELS
from projections.lineage import LINEAGE
from projections.lots import LOTS
from projections.mistakes import MISTAKES
from projections.parties import PARTIES
from projections.past import open_past, past
from projections.plots import PLOTS
from projections.sharing import SHARING
from projections.timeline import TIMELINE, moment
from projections.users import USERS
from projections.view import GONE, Fact, Facts, Table, View

VIEWS: Final[tuple[View, ...]] = (
    PARTIES,
    PLOTS,
    LOTS,
    LINEAGE,
    CONTAINERS,
    ACCOUNTS,
    USERS,
    IDENTITIES,
    SHARING,
    LABELS,
    MISTAKES,
    TIMELINE,
)
BATCH: Final = 5_000
"""Entries read, folded and committed at a time: about 10 MB."""


def tables() -> Iterator[Table]:
    """All tables of all views."""
    for view in VIEWS:
        yield from view.tables


SHAPE: Final = sha256(
    "".join([*(each.create("") + "".join(each.finish("")) for each in tables()), *past(tables()).values()]).encode()
).hexdigest()
"""Changes with the tables of this release: views of another shape are made again."""


def connected(url: str) -> Connection:
    """A connection as the projector. What it writes may be lost in a crash: then the position is lost with it."""
    return connect(url, PROJECTOR, options=f"-c synchronous_commit=off -c work_mem=64MB -c maintenance_work_mem=128MB {BY_INDEX}")


def install(url: str, schema: str = "views") -> None:
    """Make the views where they are missing."""
    with connected(url) as conn, conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(7263002)")
        if shape(conn, schema) is None:
            create(conn, schema)
            finish(conn, schema)
            open_to_readers(conn, schema)
            open_past(conn, tables())


def shape(conn: Connection, schema: str = "views") -> str | None:
    """Which tables the views were made with; None where there are none."""
    if conn.execute("SELECT to_regclass(%s) IS NULL", (f"{schema}.progress",)).fetchone() == (True,):
        return None
    row = conn.execute(f"SELECT shape FROM {schema}.progress").fetchone()
    return str(row[0]) if row else None


def create(conn: Connection, schema: str) -> None:
    """Empty tables without keys, at position 0."""
    conn.execute(f"CREATE SCHEMA {schema}")
    conn.execute(f"CREATE TABLE {schema}.progress (one boolean PRIMARY KEY DEFAULT true CHECK (one), position int8 NOT NULL, shape text)")
    conn.execute(f"INSERT INTO {schema}.progress (position, shape) VALUES (0, %s)", (SHAPE,))
    for each in tables():
        conn.execute(each.create(schema))


def finish(conn: Connection, schema: str) -> None:
    """Keys and indexes."""
    for each in tables():
        for statement in each.finish(schema):
            conn.execute(statement)


def open_to_readers(conn: Connection, schema: str) -> None:
    """The serving role may read the views; the office's role sees in them the rows of one organisation. Where there are such roles."""
    there = {name for (name,) in conn.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", ([SERVER, OFFICE],))}
    for role in there:
        conn.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    if SERVER in there:
        conn.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {SERVER}")
    if len(there) > 1:
        for each in tables():
            conn.execute(each.walled(schema))


def position(conn: Connection, schema: str = "views") -> int:
    """The position that the views show."""
    row = conn.execute(f"SELECT position FROM {schema}.progress").fetchone()
    return int(row[0]) if row else 0


def catch_up(conn: Connection, progress: Callable[[int], None] = lambda _position: None) -> int:
    """Follow until the views show every entry; returns the position."""
    reached = position(conn)
    while True:
        further = step(conn)
        progress(further)
        if further == reached:
            return reached
        reached = further


def step(conn: Connection, schema: str = "views") -> int:
    """One batch; returns the position reached. Two processes may call it: one waits for the other."""
    with conn.transaction():
        row = conn.execute(f"SELECT position FROM {schema}.progress FOR UPDATE").fetchone()
        return follow(conn, schema, int(row[0]) if row else 0, BATCH)


def follow(conn: Connection, schema: str, after: int, limit: int) -> int:
    """Bring views with keys on by at most so many entries; returns the position reached."""
    filled = fill(conn, schema, after, limit)
    settle(conn, schema, filled)
    if filled.reached > after:
        conn.execute(f"UPDATE {schema}.progress SET position = %s", (filled.reached,))
    return filled.reached


class Filled(NamedTuple):
    """How far a batch came, its facts that need settling, and those of earlier batches that it annuls."""

    reached: int
    facts: Facts
    undone: Facts


_SETTLING: Final = frozenset().union(*(view.settles for view in VIEWS))
_FOLDS: Final[dict[str, tuple[Any, ...]]] = {
    kind: tuple(view.folds[kind] for view in VIEWS if kind in view.folds) for view in VIEWS for kind in view.folds
}
_TABLES: Final = {each.name: each for each in tables()}
_AFTER: Final = "SELECT position, kind, line FROM ledger.entries WHERE position > %s ORDER BY position LIMIT %s"


def fill(conn: Connection, schema: str, after: int, limit: int, annulled: Mapping[int, int] | None = None) -> Filled:
    """Add the rows of the entries after a position; those of an entry that is annulled go where such rows stand.

    `annulled`: position -> its annulment's, of all that is ever filled; where it is not given, rows of earlier batches that this one
    annuls are moved, by their keys.
    """
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    settling: Facts = []
    moments = rows["moments"]
    reached = after
    entries = conn.execute(_AFTER, (after, limit), binary=True, prepare=True).fetchall()
    undone: Facts = []
    if annulled is None:
        annulled = {orjson.loads(line)["fact"]["position"]: at for at, kind, line in entries if kind == ANNULLED}
        undone = _taken_back(conn, schema, [at for at in annulled if at <= after])
        for at, fact in undone:
            _fold(rows, at, fact, annulled[at])
    for reached, kind, line in entries:
        body = orjson.loads(line)
        fact = fact_of(body)
        fact["org"] = body["org"]
        by = annulled.get(reached)
        moments.append(moment(reached, body))
        _fold(rows, reached, fact, by)
        if kind in _SETTLING and by is None:
            settling.append((reached, fact))
    for each in tables():
        if rows[each.name]:
            _copy(conn, schema, each, rows[each.name])
    conn.execute(
        f"INSERT INTO {schema}.timeline SELECT unnest(tags), position FROM ledger.entries WHERE position > %s AND position <= %s",
        (after, reached),
    )
    return Filled(reached, settling, undone)


def settle(conn: Connection, schema: str, filled: Filled) -> None:
    """What rows cannot say, in the same commit."""
    for view in VIEWS:
        if view.settle and (concerned := [each for each in filled.facts if each[1]["kind"] in view.settles]):
            view.settle(conn, schema, concerned)
        if view.undo and (concerned := [each for each in filled.undone if each[1]["kind"] in view.settles]):
            view.undo(conn, schema, concerned, filled.reached)


def _fold(rows: Mapping[str, list[tuple[Any, ...]]], position: int, fact: Fact, by: int | None) -> None:
    """Rows of one entry; `by`: the annulment of it, where it is annulled."""
    for fold in _FOLDS.get(fact["kind"], ()):
        for name, row in fold(position, fact):
            if by is None:
                rows[name].append(row)
            else:
                rows[f"{GONE}{name}"].append((*row, by))


def _taken_back(conn: Connection, schema: str, positions: Sequence[int]) -> Facts:
    """Delete the rows of some entries, by their keys; returns what the entries say."""
    found = conn.execute("SELECT position, line FROM ledger.entries WHERE position = ANY(%s) ORDER BY position", (list(positions),))
    facts: Facts = [(position, told(line)) for position, line in found.fetchall()] if positions else []
    for position, fact in facts:
        rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        _fold(rows, position, fact, None)
        for name, of in rows.items():
            _delete(conn, schema, _TABLES[name], of)
    return facts


def _delete(conn: Connection, schema: str, of: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    key = of.key.split(", ")
    where = " AND ".join(f"{column} = %s" for column in key)
    for row in rows:
        values = dict(zip(of.columns, row, strict=True))
        conn.execute(f"DELETE FROM {schema}.{of.name} WHERE {where}", [values[column] for column in key])


def _copy(conn: Connection, schema: str, into: Table, rows: list[tuple[Any, ...]]) -> None:
    with conn.cursor().copy(f"COPY {schema}.{into.name} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(list(into.columns.values()))
        for row in rows:
            copy.write_row(row)
