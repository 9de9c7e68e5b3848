"""Container -> plots and plot -> containers, as the views answer them, against a recursive CTE over a bare table of the same edges.

Targets: p50 <= 2 x the CTE; with `BENCH_TEN=1`, ten times the data <= 1.5 x the time. 1 x is 200 containers of 1,000 purchases from
about 600 plots each. The full walk with its exact shares (`lineage.up`, `shares_above`) is measured for information.
"""

import random
import statistics
from collections.abc import Callable, Iterator, Sequence

from common import ROUNDS, SCALES, cluster, database, figure, percentile, seconds

from ledger.schema import BY_INDEX, SERVER, Connection, connect
from projections import follow, lineage, trace
from projections.containers import CONTAINERS as CONTAINERS_VIEW

CONTAINERS, PURCHASES, WINDOW, GRAMS = 200, 1_000, 450, 60_000
ASKED, WALKED = 300, 30
CTE = """WITH RECURSIVE t(node) AS (VALUES (%s) UNION SELECT e.{0} FROM t JOIN bare.edges e ON e.{1} = t.node)
SELECT node FROM t WHERE node >= %s AND node < %s"""
UP, DOWN = CTE.format("src", "dst"), CTE.format("dst", "src")
Ask = Callable[[str], object]


def stuffing(number: int) -> str:
    """The node of a container's only stuffing."""
    return f"stuffing:TSTU{number:07d}@{number + 1}"


def plot(number: int) -> str:
    """A plot's key."""
    return f"main/P-{number:07d}"


def edges(scale: int) -> Iterator[tuple[str, str, int]]:
    """Fifty purchases a fermented lot, ten of those a dried lot, two of those a container; neighbours share plots."""
    draw, every = random.Random(7), CONTAINERS * scale  # noqa: S311 - the same graph every time
    for at in range(PURCHASES * every):
        farm = at // PURCHASES * WINDOW + draw.randrange(2 * WINDOW)
        bought, fermented, dried = f"lot:main/B-{at:08d}", f"lot:main/F-{at // 50:08d}", f"lot:main/D-{at // 500:08d}"
        grams = GRAMS + draw.randrange(GRAMS)
        yield f"plot:{plot(farm % (WINDOW * every))}", bought, grams
        yield bought, fermented, grams
        if at % 50 == 49:
            yield fermented, dried, 50 * GRAMS
        if at % 500 == 499:
            yield dried, stuffing(at // PURCHASES), 500 * GRAMS


def fill(conn: Connection, scale: int) -> None:
    """The views' edges, containers and origins (by the view's own function), and the bare edges beside them."""
    conn.execute("CREATE SCHEMA bare")
    conn.execute("CREATE TABLE bare.edges (src text NOT NULL, dst text NOT NULL)")
    with conn.cursor().copy("COPY views.edges (src, dst, grams, position) FROM STDIN") as rows:
        for position, edge in enumerate(edges(scale), 1):
            rows.write_row((*edge, position))
    conn.execute("INSERT INTO bare.edges SELECT src, dst FROM views.edges")
    conn.execute("CREATE INDEX ON bare.edges (dst, src)")
    conn.execute("CREATE INDEX ON bare.edges (src, dst)")
    conn.execute("ANALYZE views.edges")
    for number in range(CONTAINERS * scale):
        opened = (stuffing(number), f"TSTU{number:07d}", number + 1, "main", "main/EX-01", "2025-05-02T10:00:00-05:00", number + 1)
        conn.execute(
            "INSERT INTO views.containers (stuffing, container_no, first, book, holder, opened_at, position)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            opened,
        )
    loaded = ({"kind": "lot-loaded.v1", "container_no": f"TSTU{at:07d}", "stuffing": at + 1} for at in range(CONTAINERS * scale))
    if CONTAINERS_VIEW.settle:
        CONTAINERS_VIEW.settle(conn, "views", list(enumerate(loaded, 1)))
    for name in ("views.edges", "views.containers", "views.origins", "bare.edges"):
        conn.execute(f"VACUUM ANALYZE {name}")


def ways(conn: Connection, bare: Connection) -> dict[str, tuple[Ask, bool, int]]:
    """Each way to ask: the question, whether of containers, and how many are asked."""
    return {
        "container -> plots": (lambda node: trace.origins(conn, node), True, ASKED),
        "container -> plots, CTE": (lambda node: bare.execute(UP, (node, "plot:", "plot;"), prepare=True).fetchall(), True, ASKED),
        "plot -> containers": (lambda node: trace.destinations(conn, node), False, ASKED),
        "plot -> containers, CTE": (
            lambda node: bare.execute(DOWN, (f"plot:{node}", "stuffing:", "stuffing;"), prepare=True).fetchall(),
            False,
            ASKED,
        ),
        "the full walk up": (lambda node: lineage.up(conn, [node]), True, WALKED),
        "the full walk up with exact shares": (lambda node: lineage.shares_above(node, lineage.up(conn, [node]), "plot:"), True, WALKED),
    }


def agree(asks: dict[str, tuple[Ask, bool, int]], node: str, of: str) -> None:
    """Both ways must give the same things."""
    for name, key in (("container -> plots", node), ("plot -> containers", of)):
        views, cte = (list(asks[way][0](key)) for way in (name, f"{name}, CTE"))  # type: ignore[call-overload]
        if {view[0] for view in views} != {row[0].removeprefix("plot:") for row in cte} or not views:
            raise ValueError(f"{name}: {len(views)} by the views, {len(cte)} by the CTE")


def milliseconds(ask: Ask, keys: Sequence[str]) -> tuple[float, float]:
    """P50 and p99 of some questions."""
    took = [seconds(lambda key=key: ask(key)) * 1e3 for key in keys]  # type: ignore[misc]
    return percentile(took, 50), percentile(took, 99)


def measure(server: str, scale: int) -> dict[str, tuple[float, float]]:
    """P50 and p99 of each way, medians of rounds."""
    nodes = [stuffing(at * 7919 % (CONTAINERS * scale)) for at in range(ASKED)]
    got: dict[str, list[tuple[float, float]]] = {}
    with database(server) as url:
        follow.install(url)
        with follow.connected(url) as conn:
            fill(conn, scale)
            of_each = "SELECT DISTINCT ON (stuffing) plot FROM views.origins WHERE stuffing = ANY(%s) ORDER BY stuffing, md5(plot)"
            plots = [farm for (farm,) in conn.execute(of_each, (nodes,))]
        with connect(url, SERVER, options=BY_INDEX) as conn, connect(url, options="-c jit=off") as bare:
            asks = ways(conn, bare)
            agree(asks, nodes[0], plots[0])
            for _ in range(ROUNDS):
                for name, (ask, of_containers, many) in asks.items():
                    got.setdefault(name, []).append(milliseconds(ask, (nodes if of_containers else plots)[:many]))
    return {name: (statistics.median(p50 for p50, _ in of), statistics.median(p99 for _, p99 in of)) for name, of in got.items()}


def main() -> None:
    """Measure and print."""
    with cluster() as server:
        got = {scale: measure(server, scale) for scale in SCALES}
    for scale, of in got.items():
        for name, (p50, p99) in of.items():
            figure(f"{scale} x: {name}, p50", p50, "ms")
            figure(f"{scale} x: {name}, p99", p99, "ms")
            if f"{name}, CTE" in of:
                figure("  ratio of p50 to the CTE", p50 / of[f"{name}, CTE"][0], "x", most=2)
    for name, (p50, _) in got[1].items() if 10 in got else ():
        ours = name in ("container -> plots", "plot -> containers")
        figure(f"  10 x the data cost: {name}", got[10][name][0] / p50, "x", most=1.5 if ours else None)


if __name__ == "__main__":
    main()
