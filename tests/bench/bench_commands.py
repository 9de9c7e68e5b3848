"""Whole commands (parsed from a dict, decided, appended) by 64 callers one by one, against 64 callers who append decided facts.

Target: >= 0.5 of the append figure of the same run. `BENCH_PROFILE=1` prints where the writer's thread spends its time.
"""

import cProfile
import os
import pstats
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import uuid4

from common import cluster, database, decided, figure, rounds, vault
from crowd import Crowd, crowd

from domain.vocabulary import COMMANDS
from ledger.act import Act, Given
from ledger.decision import Accepted
from ledger.writer import Writer

CALLERS, EACH, PLOTS = 64, 180, 600
NUMBERS = count(1)
TIME = "2025-05-02T10:00:00-05:00"


def enrolment() -> Iterator[dict[str, Any]]:
    """A party and a plot for each harvest's plot to be found."""
    for at in range(PLOTS):
        yield {"do": "enrol-party", "party_id": f"FA-{at}", "role": "farmer", "name": "Nobody", "district": "220902", "enrolled_at": TIME}
        yield {
            "do": "register-plot",
            "plot_id": f"P-{at}",
            "holder_id": f"FA-{at}",
            "area_ha": "1.5",
            "district": "220902",
            "system": "agroforestry",
            "planted_at": TIME,
            "surveyed_at": TIME,
            "accuracy_m": "2.5",
            "geometry": {"type": "Point", "coordinates": [-76.5, -6.5]},
        }


def harvest() -> dict[str, Any]:
    """A harvest that was never sent before, as it stands in a body."""
    number = next(NUMBERS)
    what = {"do": "record-harvest", "lot_id": f"H-{number:09d}", "plot_id": f"P-{number % PLOTS}", "kg": "75.9"}
    return {"id": str(uuid4()), **what, "from_at": "2025-05-03T08:00:00-05:00", "to_at": "2025-05-03T10:00:00-05:00"}


def act(writer: Writer, body: dict[str, Any]) -> None:
    """One command from its body to its positions."""
    answer = writer.submit(Act([COMMANDS.validate_python(body)], "bench", "main")).result()[0]
    if not isinstance(answer, Accepted):
        raise TypeError(f"answered by {answer}")


def commands(writer: Writer) -> Crowd:
    """All callers at once, each sending harvests of its own."""
    bodies = [[harvest() for _ in range(EACH)] for _ in range(CALLERS)]
    return crowd([lambda at, mine=mine: act(writer, mine[at]) for mine in bodies], EACH)  # type: ignore[misc]


def appends(writer: Writer) -> Crowd:
    """All callers at once, each appending decided facts of its own."""
    given = [decided(next(NUMBERS), EACH) for _ in range(CALLERS)]
    return crowd([lambda at, mine=mine: writer.submit(Given([mine[at]])).result() for mine in given], EACH)  # type: ignore[misc]


def profiled(writer: Writer) -> None:
    """Where the writer's thread spends its time while 64 callers send commands."""
    profile, settle = cProfile.Profile(), writer._settle
    writer._settle = lambda jobs: profile.runcall(settle, jobs)  # type: ignore[method-assign]
    commands(writer)
    del writer._settle
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Measure and print."""
    with cluster() as server, database(server) as url:
        writer = Writer(url, vault())
        for body in enrolment():
            act(writer, body | {"id": str(uuid4())})
        got: dict[str, list[Crowd]] = {"commands": [], "appends": []}

        def keep(name: str, one: Crowd) -> float:
            got[name].append(one)
            return one.rate

        rate = rounds({"appends": lambda: keep("appends", appends(writer)), "commands": lambda: keep("commands", commands(writer))})
        ours = next(one for one in got["commands"] if one.rate == rate["commands"])
        if os.environ.get("BENCH_PROFILE"):
            profiled(writer)
        writer.close()
    figure("whole commands, 64 callers", rate["commands"], "commands/s")
    figure("  reference: append of decided facts, 64 callers", rate["appends"], "entries/s")
    figure("  ratio", rate["commands"] / rate["appends"], "x", least=0.5)
    figure("  p50", ours.p50, "ms")
    figure("  p99", ours.p99, "ms")


if __name__ == "__main__":
    main()
