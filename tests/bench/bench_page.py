"""A container's page under wrk (16 connections), against FastAPI + autocommit pool + Jinja with one read, in the same uvicorn.

Targets: >= 0.5 of the reference's pages a second, p99 <= 2 x its p99. A plain page may come from those made lately; one with `?at=` is
made for each reader (no target, for information). Both servers: one worker, uvloop, httptools.
"""

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from common import KEY, MEDIUM, ROOT, ROUNDS, cluster, database, figure, vault

from api.imports import Import
from api.season import Folder
from ledger.schema import connect
from ledger.writer import Writer
from projections import follow

SECONDS, CONNECTIONS, PATIENCE = 3, 16, 30
MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
UVICORN = [sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]


def free_port() -> int:
    """A port where nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], port: int, env: dict[str, str]) -> Iterator[str]:
    """Start a server and wait until it listens."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=Path(__file__).parent, env=os.environ | env, stdout=quiet, stderr=quiet) as server:
        try:
            for _ in range(PATIENCE * 10):
                with closing(socket.socket()) as probe:
                    if not probe.connect_ex(("127.0.0.1", port)):
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def wrk(address: str, seconds: int = SECONDS, header: str = "") -> tuple[float, float]:
    """Pages a second, and p99 in milliseconds."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *(["-H", header] if header else []), address]
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if "Non-2xx" in said or "Socket errors" in said or not rate or not p99:
        sys.exit(f"{address}: {said}")
    return float(rate[1]), float(p99[1]) * MILLISECONDS[p99[2]]


def season(url: str) -> tuple[str, int, int]:
    """A database with the medium season; a sealed container of most plots, how many those are, and the last position."""
    follow.install(url)
    writer = Writer(url, vault())
    Import(Folder(MEDIUM, "main"), writer, url).take()
    writer.close()
    with follow.connected(url) as conn:
        size = follow.catch_up(conn)
    with connect(url) as conn:
        conn.execute("VACUUM ANALYZE")
        largest = (
            "SELECT container_no, count(*) FROM views.containers JOIN views.origins USING (stuffing) WHERE sealed_at IS NOT NULL"
            " GROUP BY container_no ORDER BY count(*) DESC, container_no LIMIT 1"
        )
        number, plots = conn.execute(largest).fetchone() or ("", 0)
    return number, plots, size


def measure(url: str, home: str) -> tuple[int, dict[str, tuple[float, float]]]:
    """Plots behind the page, and each way's pages a second and p99: medians of rounds."""
    number, plots, size = season(url)
    env = {"DATABASE_URL": url, "BENCH_URL": url, "CACAO_HOME": home, "CACAO_KEY": KEY.hex(), "PYTHONPATH": str(ROOT)}
    one, two = free_port(), free_port()
    ours = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", str(one)]
    theirs = [*UVICORN, "--port", str(two), "reference_page:app"]
    with ExitStack() as stack:
        page, reference = stack.enter_context(serving(ours, one, env)), stack.enter_context(serving(theirs, two, env))
        asks = {"reference": f"{reference}/c/{number}", "plain": f"{page}/c/{number}", "at": f"{page}/c/{number}?at={size}"}
        got: dict[str, list[tuple[float, float]]] = {name: [] for name in asks}
        for address in asks.values():
            wrk(address, 1)
        for _ in range(ROUNDS):
            for name, address in asks.items():
                got[name].append(wrk(address))
    return plots, {name: (statistics.median(rate for rate, _ in of), statistics.median(p99 for _, p99 in of)) for name, of in got.items()}


def main() -> None:
    """Measure and print."""
    if not shutil.which("wrk") or not MEDIUM.is_dir():
        print("skipped: wrk or the medium season is absent")
        return
    with cluster() as server, database(server) as url, tempfile.TemporaryDirectory() as home:
        plots, got = measure(url, home)
    rate, p99 = got["plain"]
    figure(f"page of a container of {plots} plots", rate, "pages/s")
    figure("  reference: FastAPI, pool, one read, Jinja", got["reference"][0], "pages/s")
    figure("  ratio", rate / got["reference"][0], "x", least=0.5)
    figure("  p99, ours", p99, "ms")
    figure("  p99, reference", got["reference"][1], "ms")
    figure("  p99 ratio", p99 / got["reference"][1], "x", most=2)
    figure("the same page with ?at=, made for each reader", got["at"][0], "pages/s")
    figure("  ratio", got["at"][0] / got["reference"][0], "x")
    figure("  p99", got["at"][1], "ms")


if __name__ == "__main__":
    main()
