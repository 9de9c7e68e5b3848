"""The doors: batches of 50 commands over HTTP by 64 machines with rights, and a signed-in page, beside what they stand on.

Targets: >= 0.5 of what 64 callers of the writer itself reach with the same batches (parsed, decided, appended); a signed-in page
>= 0.4 of the public page of a container.
"""

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from itertools import count, islice

import bench_commands
from bench_commands import act, enrolment, harvest
from bench_page import free_port, season, serving, wrk
from common import KEY, MEDIUM, ROUNDS, cluster, database, figure, seconds, vault
from crowd import crowd
from pydantic import HttpUrl

from api import people
from api.access import COOKIE
from api.house import House, opened
from api.people import operator
from api.settings import Settings
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted
from ledger.writer import Writer

CALLERS, BATCH, EACH = 64, 50, 6
ORG = "main/AG-BENCH"
TIME = "2025-05-02T10:00:00-05:00"
DOOR = ["-c", "from api.cli import main; main()", "serve", "--port"]


def batch() -> list[dict[str, object]]:
    """Harvests that were never sent before."""
    return [harvest() for _ in range(BATCH)]


def by_writer(url: str) -> float:
    """Commands a second that 64 callers of the writer reach with batches."""
    writer, bodies = Writer(url, vault()), [[batch() for _ in range(EACH)] for _ in range(CALLERS)]

    def one(mine: list[list[dict[str, object]]], at: int) -> None:
        answers = writer.submit(Act([COMMANDS.validate_python(body) for body in mine[at]], "bench", ORG)).result()
        if not all(isinstance(answer, Accepted) for answer in answers):
            raise TypeError("refused")

    rate = crowd([lambda at, mine=mine: one(mine, at) for mine in bodies], EACH).rate * BATCH  # type: ignore[misc]
    writer.close()
    return rate


def by_http(port: int, token: str, first: int) -> float:
    """Commands a second that 64 machines reach at the door; a process of their own sends."""
    done = subprocess.run([sys.executable, __file__, str(port), token, str(first)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def send(port: int, token: str, first: int) -> None:
    """The sending process, whose harvests are numbered from `first`: prints commands a second."""
    bench_commands.NUMBERS = count(first)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    bodies = [[json.dumps(batch()).encode() for _ in range(EACH)] for _ in range(CALLERS)]
    lines = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(CALLERS)]

    def one(line: http.client.HTTPConnection, body: bytes) -> None:
        line.request("POST", "/commands", body, headers)
        answer = line.getresponse()
        said = answer.read()
        if answer.status != http.HTTPStatus.OK or said.count(b'"accepted"') != BATCH:
            raise TypeError(said[:300])

    callers = [lambda at, line=line, mine=mine: one(line, mine[at]) for line, mine in zip(lines, bodies, strict=True)]  # type: ignore[misc]
    print(crowd(callers, EACH).rate * BATCH)


def prepared(house: House) -> tuple[str, str]:
    """An organisation with farmers and plots, a machine of it, and somebody signed in: (token, session)."""
    enrol = {
        "do": "enrol-party",
        "party_id": "AG-BENCH",
        "role": "aggregator",
        "name": "Cooperativa",
        "district": "220902",
        "enrolled_at": TIME,
    }
    act(house.writer, enrol | {"id": "00000000-0000-4000-8000-000000000001"})
    bodies = enrolment()
    while some := [COMMANDS.validate_python(body | {"id": harvest()["id"]}) for body in islice(bodies, 500)]:
        house.writer.submit(Act(some, "bench", ORG)).result()
    user = people.admit(house, operator(house), "Nadie", "buyer", ORG)
    device = people.enrol(house, user, "link", "invited by a benchmark")
    return people.machine(house, user, (), None), people.begin(house, device, "link")


def writing(server: str) -> None:
    """Batches over HTTP, beside the writer's own."""
    with database(server) as url, tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        port, env = free_port(), {"DATABASE_URL": url, "CACAO_HOME": home, "CACAO_KEY": KEY.hex(), "CACAO_RATE_TOKEN": "0"}
        with opened(Settings(DATABASE_URL=url, home=home, key=KEY.hex(), url=HttpUrl(f"http://localhost:{port}"))) as house:
            token, _ = prepared(house)
        stack.enter_context(serving([sys.executable, *DOOR, str(port)], port, env))
        got: dict[str, list[float]] = {"writer": [], "http": []}
        for at in range(ROUNDS):
            got["writer"].append(by_writer(url))
            got["http"].append(by_http(port, token, 10_000_000 * (at + 1)))
    rate = {name: statistics.median(of) for name, of in got.items()}
    figure(f"{CALLERS} machines with rights, batches of {BATCH} over HTTP", rate["http"], "commands/s")
    figure("  reference: 64 callers of the writer, the same batches", rate["writer"], "commands/s")
    figure("  ratio", rate["http"] / rate["writer"], "x", least=0.5)


def reading(server: str) -> None:
    """A signed-in page, beside the public page of a container."""
    with database(server) as url, tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        number, _, _ = season(url)
        port, env = free_port(), {"DATABASE_URL": url, "CACAO_HOME": home, "CACAO_KEY": KEY.hex(), "CACAO_RATE_TOKEN": "0"}
        with opened(Settings(DATABASE_URL=url, home=home, key=KEY.hex(), url=HttpUrl(f"http://localhost:{port}"))) as house:
            _, session = prepared(house)
        base = stack.enter_context(serving([sys.executable, *DOOR, str(port)], port, env))
        asks = {"public": (f"{base}/c/{number}", ""), "office": (f"{base}/office", f"Cookie: {COOKIE}={session}")}
        got: dict[str, list[float]] = {name: [] for name in asks}
        for _ in range(ROUNDS):
            for name, (address, header) in asks.items():
                got[name].append(wrk(address, header=header)[0])
    rate = {name: statistics.median(of) for name, of in got.items()}
    figure("the office's first page, signed in", rate["office"], "pages/s")
    figure("  reference: the public page of a container", rate["public"], "pages/s")
    figure("  ratio", rate["office"] / rate["public"], "x", least=0.4)


def main() -> None:
    """Measure and print."""
    with cluster() as server:
        print(f"  ({seconds(lambda: writing(server)):.0f} s)")
        if MEDIUM.is_dir():
            reading(server)


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else send(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
