"""Append of decided facts, three tags each, against raw INSERT and raw COPY of the same entry and tag rows.

Targets: one caller one by one >= 0.6 of one INSERT statement in autocommit; batches of 500 >= 0.5 of binary COPY in one transaction;
64 callers >= 2 x the throughput of 64 connections that INSERT, p99 <= 0.25 of theirs.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count

import psycopg
from common import BATCH, ROUNDS, cluster, database, decided, figure, percentile, rounds, seconds, vault
from crowd import Crowd, crowd

from ledger.act import Given
from ledger.schema import Connection
from ledger.store import Record
from ledger.writer import Writer

ALONE, BATCHES, CALLERS, EACH = 1_000, 30, 64, 60
TABLES = """
CREATE SCHEMA raw;
CREATE TABLE raw.entries (position bigint PRIMARY KEY, kind text NOT NULL, tags text[] NOT NULL, line bytea NOT NULL);
CREATE TABLE raw.tags (tag text NOT NULL, kind text NOT NULL, position bigint NOT NULL, PRIMARY KEY (tag, kind, position))"""
INSERT = """WITH e AS (INSERT INTO raw.entries VALUES (%b, %b, %b, %b))
INSERT INTO raw.tags VALUES (%b, %b, %b), (%b, %b, %b), (%b, %b, %b)"""
POSITIONS, NUMBERS = count(1), count(step=1_000_000)


def batches(of: int, size: int) -> list[list[Record]]:
    """Facts to append that were never appended before."""
    records = decided(next(NUMBERS), of * size)
    return [records[at : at + size] for at in range(0, len(records), size)]


def insert(conn: Connection, record: Record) -> None:
    """The reference: the entry row and its three tag rows in one statement."""
    at, kind = next(POSITIONS), record.kind
    one, two, three = record.tags
    conn.execute(INSERT, (at, kind, list(record.tags), record.line, one, kind, at, two, kind, at, three, kind, at), prepare=True)


def copy(conn: Connection, records: Sequence[Record]) -> None:
    """The reference: binary COPY of the same rows into both tables in one transaction."""
    placed = [(next(POSITIONS), record) for record in records]
    with conn.transaction():
        with conn.cursor().copy("COPY raw.entries FROM STDIN (FORMAT BINARY)") as rows:
            rows.set_types(["int8", "text", "text[]", "bytea"])
            for at, record in placed:
                rows.write_row((at, record.kind, list(record.tags), record.line))
        with conn.cursor().copy("COPY raw.tags FROM STDIN (FORMAT BINARY)") as rows:
            rows.set_types(["text", "text", "int8"])
            for at, record in placed:
                for tag in record.tags:
                    rows.write_row((tag, record.kind, at))


def connections(url: str) -> tuple[ExitStack, list[Connection]]:
    """One connection a caller, each with its statement prepared."""
    stack = ExitStack()
    conns = [stack.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(CALLERS)]
    for conn, record in zip(conns, decided(next(NUMBERS), CALLERS), strict=True):
        insert(conn, record)
    return stack, conns


def submitted(writer: Writer) -> Callable[[Sequence[Record]], object]:
    """Append by the writer, and wait for the answer."""
    return lambda records: writer.ask(Given(records))


def rate(size: int, of: int, take: Callable[[Sequence[Record]], object]) -> float:
    """Entries a second, one batch after the other."""
    given = batches(of, size)
    return of * size / seconds(lambda: [take(each) for each in given])


def each_its_own(takes: Iterator[Callable[[Sequence[Record]], object]], each: int = EACH) -> Crowd:
    """All callers at once, each appending facts of its own one by one."""
    given = [batches(each, 1) for _ in range(CALLERS)]
    return crowd([lambda at, take=take, mine=mine: take(mine[at]) for take, mine in zip(takes, given, strict=True)], each)  # type: ignore[misc]


def crowds(writer: Writer, conns: list[Connection]) -> tuple[Crowd, Crowd]:
    """64 callers of the writer, and 64 connections: each one's median of rounds by throughput, p50 and p99."""
    ours, raw = [], []
    for _ in range(ROUNDS):
        raw.append(each_its_own((lambda records, conn=conn: insert(conn, records[0])) for conn in conns))  # type: ignore[misc]
        ours.append(each_its_own((submitted(writer) for _ in conns), EACH * 3))
    return tuple(Crowd(*(percentile([getattr(one, name) for one in of], 50) for name in Crowd.__slots__)) for of in (ours, raw))  # type: ignore[return-value]


def main() -> None:
    """Measure and print."""
    with cluster() as server, database(server) as url, psycopg.connect(url, autocommit=True) as conn:
        conn.execute(TABLES)
        writer, (stack, conns) = Writer(url, vault()), connections(url)
        with stack:
            got = rounds(
                {
                    "raw INSERT": lambda: rate(1, ALONE, lambda records: insert(conn, records[0])),
                    "alone": lambda: rate(1, ALONE, submitted(writer)),
                    "raw COPY": lambda: rate(BATCH, BATCHES, lambda records: copy(conn, records)),
                    "batches": lambda: rate(BATCH, BATCHES, submitted(writer)),
                }
            )
            ours, raw = crowds(writer, conns)
        writer.close()
    figure("append, one caller one by one", got["alone"], "entries/s")
    figure("  reference: raw INSERT of entry and tags, autocommit", got["raw INSERT"], "entries/s")
    figure("  ratio", got["alone"] / got["raw INSERT"], "x", least=0.6)
    figure("append, batches of 500", got["batches"], "entries/s")
    figure("  reference: raw binary COPY of entries and tags", got["raw COPY"], "entries/s")
    figure("  ratio", got["batches"] / got["raw COPY"], "x", least=0.5)
    figure("append, 64 callers", ours.rate, "entries/s")
    figure("  reference: raw INSERT on 64 connections", raw.rate, "entries/s")
    figure("  ratio", ours.rate / raw.rate, "x", least=2)
    figure("  p50, ours", ours.p50, "ms")
    figure("  p50, reference", raw.p50, "ms")
    figure("  p99, ours", ours.p99, "ms")
    figure("  p99, reference", raw.p99, "ms")
    figure("  p99 ratio", ours.p99 / raw.p99, "x", most=0.25)


if __name__ == "__main__":
    main()
