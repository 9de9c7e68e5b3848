"""A container printed on a million bars: a signed label's page under wrk (16 connections), against a file of the same server.

Targets: one label scanned again and again >= 0.7 of a file's answers a second. 4,000 different labels of one container in turn are made
one by one, and are there for information; so is a scan with the four further answers that a browser's own check asks for. One worker.
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench_page import CONNECTIONS, MILLISECONDS, SECONDS, free_port, season, serving
from common import KEY, MEDIUM, ROOT, ROUNDS, cluster, database, figure

sys.path.insert(0, str(ROOT))

from api.house import opened
from api.settings import Settings
from labels.signed import read
from tests.api.signing import key_opened, printed

LABELS, A_PRINTING, HEADER = 4_000, 1_000, "Accept-Encoding: gzip"
TURNS = """
local paths, at = {{}}, 0
for line in io.lines("{file}") do paths[#paths + 1] = line end
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
"""


def wrk(base: str, paths: Sequence[str], folder: Path, seconds: int = SECONDS) -> tuple[float, float]:
    """Answers a second with these addresses in turn, and p99 in milliseconds; every answer must be a page."""
    (folder / "paths").write_text("\n".join(paths), encoding="ascii")
    (folder / "turns.lua").write_text(TURNS.format(file=folder / "paths"), encoding="ascii")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-H", HEADER, "-s", str(folder / "turns.lua"), base]
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if "Non-2xx" in said or "Socket errors" in said or not rate or not p99:
        sys.exit(f"{paths[0]}: {said}")
    return float(rate[1]), float(p99[1]) * MILLISECONDS[p99[2]]


def labels(url: str, home: Path) -> list[str]:
    """Print labels of the container of most plots; their signed addresses."""
    number, _, _ = season(url)
    with opened(Settings(home=home, DATABASE_URL=url, key=KEY.hex())) as house:
        key_opened(house, 101)
        return [each for _ in range(LABELS // A_PRINTING) for each in printed(house, number, A_PRINTING, 101)]


def main() -> None:
    """Measure and print."""
    if not shutil.which("wrk") or not MEDIUM.is_dir():
        print("skipped: wrk or the medium season is absent")
        return
    with ExitStack() as stack:
        url = stack.enter_context(database(stack.enter_context(cluster())))
        home, folder = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        paths = labels(url, home)
        env = {"DATABASE_URL": url, "CACAO_HOME": str(home), "CACAO_KEY": KEY.hex(), "PYTHONPATH": str(ROOT), "CACAO_RATE_ADDRESS": "0"}
        port = free_port()
        base = stack.enter_context(
            serving([sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", str(port)], port, env)
        )
        proof = f"/proofs/{read(paths[0].partition('?s=')[2])[0].position}"
        script = [f"{proof}.tlog-proof", f"{proof}.json", "/label-keys", "/policy"]
        asks = {"file": ["/static/cacao.css?v=1"], "label": paths[:1], "labels": paths, "script": paths[:1] + script}
        got: dict[str, list[tuple[float, float]]] = {name: [] for name in asks}
        for each in asks.values():
            wrk(base, each, folder, 1)
        for _ in range(ROUNDS):
            for name, each in asks.items():
                got[name].append(wrk(base, each, folder))
    rates, p99s = ({name: statistics.median(each[at] for each in of) for name, of in got.items()} for at in (0, 1))
    figure("a file of the same server", rates["file"], "answers/s")
    figure("one signed label, scanned again and again", rates["label"], "pages/s")
    figure("  ratio", rates["label"] / rates["file"], "x", least=0.7)
    figure("  p99 ratio", p99s["label"] / p99s["file"], "x")
    figure(f"{LABELS:,} different labels of one container in turn", rates["labels"], "pages/s")
    figure("  ratio", rates["labels"] / rates["file"], "x")
    figure("  p99", p99s["labels"], "ms")
    figure("one label again, each time with all that its script asks", rates["script"] / (1 + len(script)), "scans/s")
    figure("  ratio of its answers", rates["script"] / rates["file"], "x")


if __name__ == "__main__":
    main()
