"""The log: a proof over HTTP, what signing adds to an append, and recomputing everything.

Targets: a proof at a million entries takes at most 3 x a bare route with one read, and at most 1.2 x its own time at 100,000; signing and
publishing take less than a tenth of the append's throughput in batches of 500; fsck of a million entries runs at least at 0.3 x bare
SHA-256 over the same rows read by COPY. BENCH_LOG_ENTRIES sets another number than a million.
"""

import http.client
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import orjson
from bench_page import UVICORN, free_port, serving
from common import BATCH, KEY, ROOT, cluster, database, decided, figure, rounds, seconds

from ledger import log
from ledger.crypto import Signer
from ledger.fsck import Fsck
from ledger.publisher import Publisher
from ledger.schema import SERVER, connect
from ledger.signed import LastSigned
from ledger.store import Store, Taken

ENTRIES = int(os.environ.get("BENCH_LOG_ENTRIES", "1000000"))
ORIGIN = "localhost/cacao"
ASKED = 2_000
APPENDED = 60_000
SEEN = "2025-05-02T15:00:00.000000Z"


def fill(url: str, upto: int) -> None:
    """Append until there are so many entries."""
    store = Store(url)
    head = store.head()
    while head.size < upto:
        records = decided(head.size, min(BATCH, upto - head.size))
        ids = [UUID(orjson.loads(record.line)["id"]) for record in records]
        further = store.append(head, records, [Taken(id_, head.size + at, 1, b"") for at, id_ in enumerate(ids, 1)], seen=SEEN)
        if further is None:
            sys.exit("somebody else appends")
        head = further
    store.close()


def publisher(url: str, home: Path, key: Signer) -> Publisher:
    """A publisher of the house in a folder."""
    return Publisher(url, ORIGIN, lambda: key, LastSigned(home / "signed" / "checkpoint"))


def asked(port: int, paths: list[str]) -> float:
    """Milliseconds a request, p50, one after the other on one connection."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    waits = []
    for path in paths:
        began = time.perf_counter()
        line.request("GET", path)
        answer = line.getresponse()
        answer.read()
        waits.append(time.perf_counter() - began)
        if answer.status != http.HTTPStatus.OK:
            sys.exit(f"{path}: {answer.status}")
    return statistics.median(waits) * 1e3


def proofs(url: str, home: Path, size: int) -> tuple[float, float]:
    """Milliseconds of a proof of any entry, and of the bare route."""
    port, env = free_port(), {"DATABASE_URL": url, "CACAO_HOME": str(home), "CACAO_KEY": KEY.hex(), "PYTHONPATH": str(ROOT)}
    with serving([*UVICORN, "--port", str(port), "reference_log:app"], port, env):
        among = random.Random(7)  # noqa: S311 - the same positions every time
        positions = [among.randint(1, size) for _ in range(ASKED)]
        asked(port, [f"/proofs/{at}.tlog-proof" for at in positions[:200]])
        got = rounds(
            {
                "proof": lambda: asked(port, [f"/proofs/{at}.tlog-proof" for at in positions]),
                "bare": lambda: asked(port, [f"/bare/{at}" for at in positions]),
            }
        )
    return got["proof"], got["bare"]


def appending(server: str, home: Path, key: Signer, *, signing: bool) -> float:
    """Entries a second in batches of 500, while a publisher signs in the same process, or not."""
    with database(server) as url:
        log.install(url)
        store, ended = Store(url), threading.Event()
        each = publisher(url, Path(tempfile.mkdtemp(dir=home)), key)

        def sign() -> None:
            while not ended.wait(0.2):
                each.step()

        thread = threading.Thread(target=sign)
        batches = [decided(at, BATCH) for at in range(0, APPENDED, BATCH)]
        if signing:
            thread.start()

        def append() -> None:
            head = store.head()
            for batch in batches:
                head = store.append(head, batch) or sys.exit("somebody else appends")

        took = seconds(append)
        ended.set()
        if signing:
            thread.join()
        store.close()
        each.close()
    return APPENDED / took


def bare_hashes(url: str) -> None:
    """SHA-256 over the lines, read by COPY."""
    with connect(url) as conn, conn.cursor().copy("COPY (SELECT position, line FROM ledger.entries) TO STDOUT (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "bytea"])
        for _, line in copy.rows():
            sha256(b"\x00" + line).digest()


def recomputed(url: str, home: Path, key: Signer) -> None:
    """All that fsck does before it makes the views again."""
    with connect(url, SERVER) as conn:
        findings = list(Fsck(conn, ORIGIN, [key.key], LastSigned(home / "signed" / "checkpoint").read()).findings())
    if findings:
        sys.exit(str(findings[0]))


def main() -> None:
    """Measure and print."""
    key = Signer.new(ORIGIN)
    with cluster() as server, database(server) as url, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "keys").mkdir()
        (home / "keys" / "log.key").write_text(f"{key}\n")
        log.install(url)
        each = publisher(url, home, key)
        taken = {}
        for size in (ENTRIES // 10, ENTRIES):
            fill(url, size)
            grown = seconds(each.step)
            with connect(url) as conn:
                conn.execute("VACUUM ANALYZE")
            taken[size] = proofs(url, home, size)
            figure(f"read back, hashed and signed, up to {size:,}", grown, "s")
        each.close()
        (few, _), (many, bare) = taken[ENTRIES // 10], taken[ENTRIES]
        figure(f"a proof of any of {ENTRIES:,} entries over HTTP, p50", many, "ms")
        figure("  reference: a bare route with one read", bare, "ms")
        figure("  ratio", many / bare, "x", most=3)
        figure(f"  to its own time at {ENTRIES // 10:,}", many / few, "x", most=1.2)
        got = rounds({"fsck": lambda: seconds(lambda: recomputed(url, home, key)), "bare": lambda: seconds(lambda: bare_hashes(url))})
        figure(f"fsck of {ENTRIES:,} entries", ENTRIES / got["fsck"], "1/s")
        figure("  reference: COPY and SHA-256", ENTRIES / got["bare"], "1/s")
        figure("  ratio", got["bare"] / got["fsck"], "x", least=0.3)
        got = rounds(
            {
                "plain": lambda: appending(server, home, key, signing=False),
                "signed": lambda: appending(server, home, key, signing=True),
            }
        )
        figure("append in batches of 500, while heads are signed", got["signed"], "1/s")
        figure("  reference: the same, nothing signed", got["plain"], "1/s")
        figure("  ratio", got["signed"] / got["plain"], "x", least=0.9)


if __name__ == "__main__":
    main()
