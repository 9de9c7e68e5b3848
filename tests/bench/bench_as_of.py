"""A lot's page as the record stood at any position, against the same page now: the questions of the page, without its template.

Target: p50 <= 3 x. `BENCH_ENTRIES` sets the size of the ledger (1,000,000). Lots and positions are drawn at random; every 30th entry is
annulled later. Measured for information: the position of a moment found, a plot folded again from its entries, pages of the timeline.
"""

import os
import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from common import ROUNDS, cluster, database, figure, percentile, seconds

from api.asof import past
from api.feed import sought
from api.house import House, opened
from api.settings import Settings
from ledger.entry import canonical
from ledger.store import Record, Store
from projections import follow, history
from projections.doubt import doubts
from projections.history import Facets, Stretch
from projections.office_stock import outturn, story

SIZE, ASKED, GROUP, BATCH = int(os.environ.get("BENCH_ENTRIES", "1000000")), 200, 30, 5_000
ORG, WHEN = "main/AG-01", "2026-05-02T10:00:00-05:00"
BOUGHT = 13


def _record(position: int, kind: str, tags: list[str], /, **fact: Any) -> Record:
    seen = f"2026-05-{2 + position // 10**6:02d}T{10 + position // 360_000 % 10:02d}:00:00.{position % 360_000:06d}Z"
    envelope = {"v": 1, "id": f"{position:032x}", "n": 0, "do": "x", "by": "bench", "org": ORG, "at": WHEN, "seen": seen}
    return Record(kind, tags, canonical({**envelope, "kind": kind, "fact": fact, "tags": tags}))


def records() -> Iterator[Record]:
    """Groups of entries: harvests, a purchase of each, one lot dried of all purchases, a loss, and a harvest that is annulled."""
    for first in range(1, SIZE, GROUP):
        lot = {"form": "wet", "grams": 80_000, "holder_id": ORG}
        for at in range(first, first + BOUGHT):
            harvest, plot = f"main/H-{at:08d}", f"main/P-{at % 12_000:06d}"
            yield _record(
                at, "harvest-recorded.v1", [f"lot:{harvest}", f"plot:{plot}"], **lot, lot_id=harvest, plot_id=plot, from_at=WHEN, to_at=WHEN
            )
        step: dict[str, Any] = {"holder_id": ORG, "started_at": WHEN, "ended_at": WHEN}
        for at in range(first, first + BOUGHT):
            draw = [{"lot_id": f"main/H-{at:08d}", "grams": 80_000}]
            tags = [f"lot:main/B-{at:08d}", f"lot:main/H-{at:08d}"]
            sale = step | {"seller_id": "main/FA-1", "price_pen_kg": 9_000, "premium": None}
            yield _record(at + BOUGHT, "lot-bought.v1", tags, **sale, lot_id=tags[0][4:], form="wet", grams=80_000, inputs=draw)
        dried, after = f"main/D-{first:08d}", first + 2 * BOUGHT
        draws = [{"lot_id": f"main/B-{at:08d}", "grams": 80_000} for at in range(first, first + BOUGHT)]
        tags = [f"lot:{dried}", *(f"lot:{draw['lot_id']}" for draw in draws)]
        yield _record(
            after, "lots-dried.v1", tags, **step, lot_id=dried, form="dry", grams=360_000, inputs=draws, method="sun", moisture=None
        )
        loss = {"loss_id": f"main/X-{first:08d}", "lot_id": dried, "holder_id": ORG, "grams": 1_000, "reason": "sample", "lost_at": WHEN}
        yield _record(after + 1, "lot-written-off.v1", [f"lot:{dried}"], **loss)
        twice = f"main/H-{after:08d}"
        wrong = [f"lot:{twice}", "plot:main/P-000001"]
        yield _record(after + 2, "harvest-recorded.v1", wrong, **lot, lot_id=twice, plot_id="main/P-000001", from_at=WHEN, to_at=WHEN)
        said = {"position": after + 2, "about": wrong, "annulled_kind": "harvest-recorded.v1", "reason": "practice", "corrected_by": []}
        yield _record(after + 3, "fact-annulled.v1", [*wrong, f"entry:{after + 2}"], **said, annulled_at=WHEN)


def fill(url: str) -> int:
    """The ledger and its views; returns the size."""
    store, made = Store(url), records()
    head = store.head()
    while batch := list(islice(made, BATCH)):
        head = store.append(head, batch) or head
    store.close()
    with follow.connected(url) as conn:
        follow.catch_up(conn)
        conn.execute("ANALYZE")
    return head.size


def page(house: House, lot: str, at: int | None) -> bool:
    """What the page of a lot asks; whether there was one."""
    with house.standing(ORG, at) as (conn, schema):
        found = story(conn, lot, schema)
        if found:
            outturn(conn, lot, schema)
            doubts(conn, [f"lot:{lot}"], schema)
    return found is not None


def asked(size: int) -> list[tuple[str, int]]:
    """Lots, and a position at which each was there."""
    draw = random.Random(11)  # noqa: S311 - the same every time
    groups = [draw.randrange(size // GROUP) * GROUP + 1 for _ in range(ASKED)]
    lots = [
        (f"main/D-{first:08d}", first + 2 * BOUGHT) if draw.random() < 0.5 else (f"main/B-{first:08d}", first + BOUGHT) for first in groups
    ]
    return [(lot, draw.randint(made, size)) for lot, made in lots]


TIMELINES = {
    "everything": Facets(ORG),
    "one plot": Facets(ORG, tags=("plot:main/P-000007",)),
    "one kind": Facets(ORG, kinds=("lot-written-off.v1",)),
    "a kind of which there is none": Facets(ORG, kinds=("party-amended.v1",)),
    "a day on which nothing happened": Facets(ORG, since="2026-05-01T00:00:00-05:00", until="2026-05-01T23:59:59-05:00"),
}


def _timeline(house: House, size: int, facets: Facets) -> None:
    """The two questions of a page: which entries are shown, and how many there are."""
    sought(house, facets, Stretch(upto=size, most=51, newest=True))
    sought(house, replace(facets, kinds=()), Stretch(upto=size, most=1_001, newest=True))


def measure(house: House, size: int) -> None:
    """Print the figures."""
    questions = asked(size)
    took: dict[str, list[float]] = {}

    def note(name: str, run: Any) -> None:
        took.setdefault(name, []).append(seconds(run) * 1e3)

    with house.pool.connection() as conn:
        seen = [str(orjson.loads(bytes(line))["seen"]) for (line,) in conn.execute(
            "SELECT line FROM ledger.entries WHERE position = ANY(%s)", ([at for _, at in questions],))]  # fmt: skip
    for _ in range(ROUNDS):
        for (lot, at), moment in zip(questions, seen, strict=False):
            if not page(house, lot, None):
                raise LookupError(lot)
            note("now", lambda lot=lot: page(house, lot, None))
            note("as of", lambda lot=lot, at=at: page(house, lot, at))
            with house.pool.connection() as conn:
                note("the position of a moment", lambda conn=conn, moment=moment: history.written_by(conn, moment))
            note("a plot folded again", lambda at=at: past(house, ORG, at).plot("main/P-000001"))
    for name, facets in TIMELINES.items():
        took[f"the timeline, {name}"] = [seconds(lambda facets=facets: _timeline(house, size, facets)) * 1e3 for _ in range(ROUNDS * 3)]
    for name, of in took.items():
        figure(f"{size:,} entries: a lot's page, {name}, p50" if name in ("now", "as of") else name, percentile(of, 50), "ms")
    figure("  as of / now", percentile(took["as of"], 50) / percentile(took["now"], 50), "x", most=3)


def main() -> None:
    """Fill and measure."""
    with cluster() as server, database(server) as url, tempfile.TemporaryDirectory(prefix="cacao-bench-") as home:
        follow.install(url)
        size = fill(url)
        with opened(Settings(home=Path(home), DATABASE_URL=url)) as house:
            measure(house, size)


if __name__ == "__main__":
    main()
