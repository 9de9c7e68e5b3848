"""What all benchmarks share: a PostgreSQL to measure on, rounds in which every variant runs once, one line a figure.

A figure is the median of `BENCH_RUNS` rounds (3); `BENCH_TEN=1` adds ten times the data.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import conninfo

from ledger import schema
from ledger.server import Server
from ledger.store import Record
from ledger.vault import Vault

ROOT = Path(__file__).resolve().parents[2]
MEDIUM = ROOT.parent / "shared" / "season" / "medium"
ROUNDS, TEN = int(os.environ.get("BENCH_RUNS", "3")), os.environ.get("BENCH_TEN") == "1"
SCALES = (1, 10) if TEN else (1,)
KEY = bytes(range(32))
BATCH = 500
_NOTE = "weighed at the collection centre of the cooperative, paid in cash on the same day, receipt printed and signed by both"


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a PostgreSQL with fsync on: DATABASE_URL's, or our own in a temporary folder."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="cacao-bench-") as folder:
        server = Server(Path(folder) / "pg")
        try:
            url = server.ensure()
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute("ALTER SYSTEM SET max_wal_size = '8GB'")  # no checkpoint within a round
                conn.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            server.stop()


@contextmanager
def database(server: str) -> Iterator[str]:
    """The address of an empty ledger, dropped afterwards."""
    name = f"bench{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
        if conn.execute("SHOW fsync").fetchone() != ("on",):
            sys.exit("these figures mean nothing with fsync off")
    url = conninfo.make_conninfo(server, dbname=name)
    schema.install(url)
    try:
        yield url
    finally:
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def vault() -> Vault:
    """A vault with a key of its own."""
    return Vault(KEY)


def decided(first: int, count: int) -> list[Record]:
    """Decided facts: three tags each, lines of about 470 bytes."""
    return [_decided(number) for number in range(first, first + count)]


def _decided(number: int) -> Record:
    lot, plot, party = f"raw/H-{number:09d}", f"raw/P-{number % 12_000:06d}", f"raw/FA-{number % 9_000:05d}"
    line = (
        f'{{"at":"2025-05-02T10:00:00-05:00","by":"cli","do":"record-harvest","fact":{{"form":"wet","grams":75900,"holder_id":"{party}",'
        f'"lot_id":"{lot}","note":"{_NOTE}","plot_id":"{plot}"}},"id":"{uuid4()}","kind":"harvest-recorded.v1","n":0,'
        f'"seen":"2025-05-02T15:00:00.000000Z","tags":["lot:{lot}","plot:{plot}","party:{party}"],"v":1}}'
    )
    return Record("harvest-recorded.v1", (f"lot:{lot}", f"plot:{plot}", f"party:{party}"), line.encode())


def rounds(variants: dict[str, Callable[[], float]], times: int = ROUNDS) -> dict[str, float]:
    """Each variant's median; every variant runs once a round, so that noise hits all alike."""
    got: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(times):
        for name, run in variants.items():
            got[name].append(run())
    return {name: statistics.median(values) for name, values in got.items()}


def seconds(run: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def process(command: Sequence[str], env: dict[str, str]) -> tuple[float, float]:
    """Run a program, compiled once as an installed one is; how long it took, and the most memory it held (MB)."""
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "cacao-bench-pycache")}
    began, most = time.perf_counter(), 0.0
    with subprocess.Popen(command, env=os.environ | compiled | env, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        while child.poll() is None:
            with suppress(OSError, StopIteration, ProcessLookupError):
                status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii").splitlines()
                most = max(most, next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")))
            time.sleep(0.02)
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    return time.perf_counter() - began, most


def figure(name: str, value: float, unit: str, *, least: float | None = None, most: float | None = None) -> None:
    """Print one figure, with its target where it has one."""
    target = f">= {least:g}" if least is not None else f"<= {most:g}" if most is not None else ""
    kept = (least is None or value >= least) and (most is None or value <= most)
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    print(f"{name:72} {shown:>10} {unit:10} {target:9} {('yes' if kept else 'NO') if target else ''}".rstrip(), flush=True)
