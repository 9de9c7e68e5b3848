"""`uv run python -m tests.web.lighthouse [ADDRESS …]`: Lighthouse's four scores of a container's page and a label's, or of addresses.

Lighthouse is fetched by npm into a temporary folder, and runs in Chromium as a phone of the middle price on a slow line.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import HttpUrl

from api.app import create
from api.sample import write_season
from tests.api.chromium import CHROMIUM, free_port, served
from tests.api.conftest import with_season
from tests.api.signing import key_opened, printed
from tests.bench.common import cluster

HERE: Final = Path(__file__).parent
CONTAINER: Final = "KAWU2607135"
FLAGS: Final = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
LEAST: Final = 95
PURPOSE: Final = {"is-crawlable": "a label's page asks to be in no list: its serial is for whoever holds the label"}
"""What a label's page does against a rule, and why."""


@contextmanager
def fetched() -> Iterator[Path]:
    """Lighthouse's program, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cacao-lighthouse-") as folder:
        (Path(folder) / "package.json").write_bytes((HERE / "package.json").read_bytes())
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
        yield Path(folder) / "node_modules" / "lighthouse" / "cli" / "index.js"


@contextmanager
def pages() -> Iterator[list[str]]:
    """The addresses of a sealed container's page and of a signed label's, served."""
    with ExitStack() as stack:
        folder, home = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        write_season(folder)
        house, port = stack.enter_context(with_season(stack.enter_context(cluster()), home, folder)), free_port()
        house.settings.url = HttpUrl(f"http://localhost:{port}")
        key_opened(house, 101)
        label = printed(house, CONTAINER, 1, 101)[0]
        stack.enter_context(served(create(house), port))
        yield [f"http://localhost:{port}/c/{CONTAINER}", f"http://localhost:{port}{label}"]


def measured(program: Path, address: str) -> dict[str, Any]:
    """Lighthouse's report of one page."""
    command = ["node", str(program), address, "--output=json", "--quiet", f"--chrome-flags={FLAGS}"]
    done = subprocess.run(command, env=os.environ | {"CHROME_PATH": str(CHROMIUM)}, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode())
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def told(report: dict[str, Any]) -> bool:
    """Print the scores, and each rule that costs some; whether all scores are high enough but for what is so on purpose."""
    print(report["requestedUrl"][:100])
    fine = True
    for category in report["categories"].values():
        of = {each["id"]: (each["weight"], report["audits"][each["id"]]) for each in category["auditRefs"]}
        judged = {name: (weight, audit) for name, (weight, audit) in of.items() if weight and audit["score"] is not None}
        score, rest = scored(judged), scored({name: each for name, each in judged.items() if name not in PURPOSE})
        fine &= rest >= LEAST
        aside = f", {rest} but for what is so on purpose" if rest != score else ""
        print(f"  {category['title']:20} {score:4}  {'yes' if score >= LEAST else 'NO'}{aside}")
        for name, (_, audit) in judged.items():
            if audit["score"] < 1:
                print(f"    {name} {audit['score']:.2f} {audit.get('displayValue', '')}: {PURPOSE.get(name) or audit['title']}")
    return fine


def scored(judged: Mapping[str, tuple[float, dict[str, Any]]]) -> int:
    """A category's score: the mean of its rules by weight, in percent."""
    weight = sum(weight for weight, _ in judged.values())
    return round(100 * sum(weight * audit["score"] for weight, audit in judged.values()) / weight)


def main(addresses: Sequence[str]) -> int:
    """Measure and print; 1 where a score is too low."""
    with fetched() as program, ExitStack() as stack:
        fine = [told(measured(program, address)) for address in addresses or stack.enter_context(pages())]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
