"""Rebuild of all views of the medium season, against the leanest rebuild there is, and the eventsourcing library's ProjectionRunner.

Targets: >= 0.25 of the reference (binary COPY of (position, data), orjson, one dict, COPY of one row an event) on as many entries;
>= 20 x ProjectionRunner with one transaction an event. Memory at 1 x, and with `BENCH_TEN=1` at ten times the season.
"""

import json
import sys
import tempfile
from pathlib import Path

import orjson
import psycopg
import runner
import tenfold
from common import MEDIUM, ROUNDS, SCALES, cluster, database, decided, figure, process, rounds, seconds, vault

from api.imports import Import
from api.season import Folder
from ledger.schema import Connection
from ledger.writer import Writer
from projections import follow, rebuild

REPLAY = "from projections.rebuild import rebuild; import sys; rebuild(sys.argv[1])"
IMPORTS = "import projections.rebuild"


def filled(url: str, path: Path) -> int:
    """Import a season; returns the number of entries."""
    follow.install(url)
    writer = Writer(url, vault())
    Import(Folder(path, "main"), writer, url).take()
    writer.close()
    with follow.connected(url) as conn:
        return follow.catch_up(conn)


def events(conn: Connection, count: int) -> None:
    """As many events of about 470 bytes, in a table of the reference's own."""
    conn.execute("DROP SCHEMA IF EXISTS reference CASCADE")
    conn.execute("CREATE SCHEMA reference")
    conn.execute("CREATE TABLE reference.events (position bigint PRIMARY KEY, data bytea NOT NULL)")
    with conn.cursor().copy("COPY reference.events FROM STDIN (FORMAT BINARY)") as rows:
        rows.set_types(["int8", "bytea"])
        for at, record in enumerate(decided(1, count), 1):
            rows.write_row((at, record.line))
    conn.execute("ANALYZE reference.events")


def leanest(conn: Connection) -> None:
    """Read, parse, fold in a dict, write one row an event into an empty table: the reference."""
    with conn.transaction():
        conn.execute("DROP TABLE IF EXISTS reference.view")
        conn.execute("CREATE TABLE reference.view (lot text PRIMARY KEY, at text, holder text, grams int8, plot text, events int)")
        state: dict[str, tuple[str, str, str, int, str, int]] = {}
        with conn.cursor().copy("COPY (SELECT position, data FROM reference.events ORDER BY position) TO STDOUT (FORMAT BINARY)") as rows:
            rows.set_types(["int8", "bytea"])
            for _, data in rows.rows():
                event = orjson.loads(data)
                fact, lot = event["fact"], event["fact"]["lot_id"]
                before = state.get(lot)
                state[lot] = (lot, event["at"], fact["holder_id"], fact["grams"], fact["plot_id"], before[5] + 1 if before else 1)
        with conn.cursor().copy("COPY reference.view FROM STDIN") as out:
            for row in state.values():
                out.write_row(row)


class Timed:
    """Adds up the time that `rebuild` spends on digests."""

    def __init__(self) -> None:
        self.digests, self._digest = 0.0, rebuild.digest
        rebuild.digest = self._timed  # type: ignore[assignment]

    def _timed(self, *of: object) -> str:
        said: list[str] = []
        self.digests += seconds(lambda: said.append(self._digest(*of)))  # type: ignore[arg-type]
        return said[0]


def measure(server: str, path: Path, scale: int) -> float:
    """Rebuild one season, beside the reference; returns entries a second without the digests."""
    with database(server) as url, psycopg.connect(url, autocommit=True) as conn:
        size, timed, without = filled(url, path), Timed(), []
        events(conn, size)

        def ours() -> float:
            timed.digests = 0.0
            took = seconds(lambda: rebuild.rebuild(url))
            without.append(size / (took - timed.digests))
            return size / took

        got = rounds({"leanest": lambda: size / seconds(lambda: leanest(conn)), "ours": ours}, ROUNDS if scale == 1 else 1)
        bare = sorted(without)[len(without) // 2]
        figure(f"rebuild of {size:,} entries, with the digests of both", got["ours"], "entries/s")
        figure("  without the digests", bare, "entries/s")
        figure("  reference: COPY, orjson, dict, COPY, one process", got["leanest"], "entries/s")
        figure("  ratio, with digests", got["ours"] / got["leanest"], "x")
        figure("  ratio, without", bare / got["leanest"], "x", least=0.25)
        rebuild.digest = timed._digest
        figure("  memory of a process that imports it and does nothing", process([sys.executable, "-c", IMPORTS], {})[1], "MB")
        figure("  most memory", process([sys.executable, "-c", REPLAY, url], {})[1], "MB")
        return bare


def main() -> None:
    """Measure and print."""
    if not MEDIUM.is_dir():
        print(f"skipped: {MEDIUM} is absent")
        return
    with cluster() as server, tempfile.TemporaryDirectory() as folder:
        for scale in SCALES:
            path = MEDIUM if scale == 1 else tenfold.write(MEDIUM, Path(folder))
            ours = measure(server, path, scale)
            if scale == 1:
                with database(server) as url:
                    peer = runner.measured(url, [json.loads(record.line)["fact"] for record in decided(1, 3_000)])
                figure("  peer: eventsourcing ProjectionRunner, a transaction an event", peer, "events/s")
                figure("  ratio to the peer", ours / peer, "x", least=20)


if __name__ == "__main__":
    main()
