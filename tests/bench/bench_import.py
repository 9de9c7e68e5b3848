"""`cacao import` of the medium season, views caught up, against our own append of decided facts in batches of 500.

Targets: >= 0.15 of the append rate (aim 0.25); the process holds < 400 MB; with `BENCH_TEN=1`: ten times the rows cost <= 11 x the time.
"""

import sys
import tempfile
from itertools import count
from pathlib import Path

import tenfold
from common import BATCH, KEY, MEDIUM, TEN, cluster, database, decided, figure, process, rounds, seconds, vault

from api.house import Follower
from api.imports import Import
from api.season import Folder
from ledger.act import Given
from ledger.writer import Writer
from projections import follow

BATCHES, MOST_MB = 40, 400
NUMBERS = count(step=1_000_000)


def taken(server: str, path: Path) -> float:
    """Rows a second from the folder to views that show them, in this process."""
    with database(server) as url:
        follow.install(url)
        writer, folder, follower = Writer(url, vault()), Folder(path, "main"), Follower(url)
        writer.on_append(follower.wake)

        def take() -> None:
            Import(folder, writer, url).take()
            with follow.connected(url) as conn:
                follow.catch_up(conn)

        took = seconds(take)
        writer.close()
        follower.close()
        return sum(folder.season.rows.values()) / took


def appended(server: str) -> float:
    """Decided facts a second, in batches of 500."""
    with database(server) as url:
        writer, records = Writer(url, vault()), decided(next(NUMBERS), BATCH * BATCHES)
        parts = [records[at : at + BATCH] for at in range(0, len(records), BATCH)]
        took = seconds(lambda: [writer.submit(Given(part)).result() for part in parts])
        writer.close()
        return len(records) / took


def whole(server: str, path: Path) -> tuple[float, float]:
    """Seconds and megabytes of `cacao import`, from start to exit; the database is there."""
    with database(server) as url, tempfile.TemporaryDirectory() as home:
        env = {"DATABASE_URL": url, "CACAO_HOME": home, "CACAO_KEY": KEY.hex()}
        return process([sys.executable, "-c", "from api.cli import main; main()", "import", str(path), "--json"], env)


def main() -> None:
    """Measure and print."""
    if not MEDIUM.is_dir():
        print(f"skipped: {MEDIUM} is absent")
        return
    processes: list[tuple[float, float]] = []

    def one() -> float:
        processes.append(whole(server, MEDIUM))
        return processes[-1][0]

    with cluster() as server, tempfile.TemporaryDirectory() as folder:
        rows = sum(Folder(MEDIUM, "main").season.rows.values())
        got = rounds({"append": lambda: appended(server), "import": lambda: taken(server, MEDIUM), "process": one})
        figure("import of medium, views caught up", got["import"], "rows/s")
        figure("  reference: our append in batches of 500", got["append"], "entries/s")
        figure("  ratio (aim 0.25)", got["import"] / got["append"], "x", least=0.15)
        figure("`cacao import` of medium, the whole process", rows / got["process"], "rows/s")
        figure("  ratio", rows / got["process"] / got["append"], "x", least=0.15)
        figure("  most memory", max(most for _, most in processes), "MB", most=MOST_MB)
        if TEN:
            ten = tenfold.write(MEDIUM, Path(folder))
            took, most = whole(server, ten)
            figure("`cacao import` of ten times medium, the whole process", 10 * rows / took, "rows/s")
            figure("  10 x the rows cost", took / got["process"], "x", most=11)
            figure("  most memory", most, "MB", most=MOST_MB)


if __name__ == "__main__":
    main()
