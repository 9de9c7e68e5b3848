"""Annulments in the views: whatever is annulled, used again and annulled again, in batches of any size, it is as a replay makes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from psycopg import conninfo

from api.house import House
from domain.vocabulary import COMMANDS
from ledger import schema
from ledger.act import Act
from ledger.decision import Accepted
from ledger.schema import BY_INDEX, SERVER, Connection, connect
from ledger.vault import Vault
from ledger.writer import Writer
from projections import follow, lineage
from projections.containers import CONTAINER
from projections.entity import refold
from projections.parties import PARTY
from projections.past import cut, past
from projections.plots import PLOT
from projections.rebuild import digests, rebuild, replay

EARLY, MAY = "2026-01-02T10:00:00-05:00", "2026-05-02T10:00:00-05:00"
POINT = {"type": "Point", "coordinates": [-76.1, -6.2]}
SQUARE = {"type": "Polygon", "coordinates": [[[-76.5, -6.5], [-76.499, -6.5], [-76.499, -6.499], [-76.5, -6.499], [-76.5, -6.5]]]}
SURVEY = {"area_ha": "1.223", "surveyed_at": EARLY, "accuracy_m": "3"}
PRESENT = "SELECT lot, grams FROM views.lots ORDER BY lot"


def enrol(party: str, role: str = "farmer") -> dict[str, Any]:
    return {"do": "enrol-party", "party_id": party, "role": role, "name": party, "district": "220501", "enrolled_at": EARLY}


def plot(plot_id: str, holder: str) -> dict[str, Any]:
    land = {"district": "220501", "system": "full_sun", "planted_at": EARLY, "geometry": SQUARE}
    return {"do": "register-plot", "plot_id": plot_id, "holder_id": holder, **SURVEY, **land}


def harvest(lot: str, plot_id: str = "P-1", kg: str = "40") -> dict[str, Any]:
    return {"do": "record-harvest", "lot_id": lot, "plot_id": plot_id, "kg": kg, "from_at": MAY, "to_at": MAY}


def step(do: str, lot: str, holder: str, inputs: dict[str, str], kg: str) -> dict[str, Any]:
    price = {"price_pen_kg": "3.2"} if do == "buy-lot" else {}
    asks = [{"lot_id": each, "kg": some} for each, some in inputs.items()]
    return {"do": do, "lot_id": lot, "holder_id": holder, "inputs": asks, "kg": kg, "started_at": MAY, "ended_at": MAY, **price}


def annul(position: int) -> dict[str, Any]:
    return {"do": "annul-fact", "position": position, "reason": "incorrect-data", "annulled_at": MAY}


def container(do: str, **further: Any) -> dict[str, Any]:
    return {"do": do, "container_no": "CSQU3054383", "at": MAY, **further}


MOVES: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "enrol": lambda a, _b: enrol(f"F-{a}"),
    "amend": lambda a, b: {"do": "amend-party", "party_id": f"F-{a}", "document": ("45678912", "20100000009")[b % 2], "amended_at": MAY},
    "plot": lambda a, b: plot(f"P-{a}", f"F-{b % 2}"),
    "resurvey": lambda a, b: {
        "do": "resurvey-plot", "plot_id": f"P-{a}", **SURVEY, "geometry": (SQUARE, POINT)[b % 2], "accuracy_m": str(b), "surveyed_at": MAY,
    },
    "transfer": lambda a, b: {"do": "transfer-plot", "plot_id": f"P-{a}", "to_id": f"F-{b % 2}", "transferred_at": MAY},
    "harvest": lambda a, b: harvest(f"H-{a}", f"P-{b % 2}", kg=f"{30 + b}"),
    "buy": lambda a, b: step("buy-lot", f"B-{a}", "AG", {f"H-{b % 2}": "10"}, "10"),
    "dry": lambda a, b: step("dry-lots", f"D-{a}", "AG", {f"B-{b % 2}": "9"}, "3"),
    "lose": lambda a, b: {
        "do": "write-off", "loss_id": f"X-{a}", "lot_id": f"H-{b % 2}", "kg": "0.5", "reason": "sample", "lost_at": MAY,
    },
    "inspect": lambda a, b: {
        "do": "inspect-lot", "lot_id": f"D-{a}", "inspected_at": MAY, "moisture_pct": "7", "beans_100g": f"{80 + b}", "mouldy_pct": "1",
        "slaty_pct": "1", "defective_pct": "1",
    },
    "offer": lambda a, b: {"do": "offer-lot", "lot_id": f"H-{a}", "to_id": f"F-{b % 2}", "offered_at": MAY},
    "pay": lambda a, b: {
        "do": "make-payment", "payment_id": f"Y-{a}", "payer_id": "AG", "party_id": "F-1", "lot_id": f"B-{b % 2}", "pen": "30",
        "paid_at": MAY,
    },
    "print": lambda a, b: {
        "do": "print-lot-labels", "lot_id": f"B-{b % 2}", "sort": "sack", "serials": [f"0000000{a}", f"0000001{b}"], "public": True,
        "printed_at": MAY,
    },
    "void": lambda a, _b: {"do": "void-labels", "serials": [f"0000000{a}"], "reason": "lost", "voided_at": MAY},
    "reprint": lambda a, b: {
        "do": "reprint-labels", "printing": 15 + b, "replaced": [f"0000000{a}"], "serials": [f"0000002{b}"], "reason": "wrong",
        "printed_at": MAY,
    },
    "open": lambda _a, _b: container("open-container", holder_id="AG"),
    "load": lambda a, b: container("load-lot", lot_id=f"D-{a}", kg=f"0.{b + 1}", bags="1"),
    "seal": lambda a, _b: container("seal-container", seal_no=f"PE-{a}"),
    "depart": lambda _a, _b: container("depart-container", destination="NLRTM"),
    "empty": lambda _a, _b: container("empty-container"),
    "annul": lambda a, b: annul(1 + a * 7 + b),
    "question": lambda a, b: {"do": "question-fact", "position": 1 + a * 7 + b, "reason": "weight", "questioned_at": MAY},
}  # fmt: skip
PRELUDE = [
    enrol("AG", "aggregator"), enrol("F-0"), enrol("F-1"), plot("P-0", "F-0"), plot("P-1", "F-1"),
    harvest("H-0", "P-0"), harvest("H-1"), step("buy-lot", "B-0", "AG", {"H-0": "10"}, "10"),
    step("buy-lot", "B-1", "AG", {"H-1": "10"}, "10"), step("dry-lots", "D-0", "AG", {"B-0": "9"}, "3"),
    step("dry-lots", "D-1", "AG", {"B-1": "9"}, "3"), MOVES["open"](0, 0), MOVES["load"](0, 1), MOVES["load"](1, 1),
]  # fmt: skip
NAMES = [
    *MOVES,
    *["question", "settle", "settle", "load", "seal", "depart", "empty", "open", "resurvey", "transfer", "harvest"],
    *["undo"] * 10,
]
"""What is done, and `undo` and `settle` of one of the latest entries."""
STORY = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 1), st.integers(0, 6)), min_size=60, max_size=90)


class Stage:
    """A ledger of its own, and views that follow it in batches of any size."""

    def __init__(self, url: str) -> None:
        schema.install(url)
        follow.install(url)
        self.writer, self.conn, self.size = Writer(url, Vault(bytes(range(32)))), follow.connected(url), 0
        for body in PRELUDE:
            assert self.tells(body)

    def tells(self, body: dict[str, Any]) -> bool:
        [answer] = self.writer.ask(Act([COMMANDS.validate_python({"id": uuid4(), **body})], "test", "main/AG"))
        self.size += isinstance(answer, Accepted)
        return isinstance(answer, Accepted)

    def move(self, name: str, a: int, b: int) -> None:
        latest = max(1, self.size - b)
        if name == "undo":
            self.tells(annul(latest))
        elif name == "settle":
            self.tells({"do": "settle-question", "position": latest, "outcome": ("upheld", "dismissed")[a], "settled_at": MAY})
        else:
            self.tells(MOVES[name](a, b))

    def follows(self, most: int) -> int:
        with self.conn.transaction():
            return follow.follow(self.conn, "views", follow.position(self.conn), most)


@contextmanager
def staged(cluster: str) -> Iterator[Stage]:
    name = f"a{uuid4().hex}"
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    stage = Stage(conninfo.make_conninfo(cluster, dbname=name))
    try:
        yield stage
    finally:
        stage.writer.close()
        stage.conn.close()
        with psycopg.connect(cluster, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def beside(conn: Connection, position: int) -> Iterator[None]:
    """A schema `beside` with the views of a replay up to a position."""
    follow.create(conn, "beside")
    assert replay(conn, "beside", position) == position
    yield
    conn.execute("DROP SCHEMA beside CASCADE")


def rows(conn: Connection, query: str) -> list[str]:
    return sorted(row for (row,) in conn.execute(f"SELECT row(t.*)::text FROM ({query}) t"))


def stood_as_replayed(conn: Connection, position: int) -> None:
    """What the views say of a position in the past is what a replay up to it shows."""
    with conn.transaction():
        cut(conn, position)
        for name in past(follow.tables()):
            assert rows(conn, f"SELECT * FROM past.{name}") == rows(conn, f"SELECT * FROM beside.{name}"), name
    for entity in (PARTY, PLOT, CONTAINER):
        columns = [column for column in entity.table.columns if column != "whole"]
        shown = conn.execute(f"SELECT {', '.join(columns)} FROM beside.{entity.table.name}").fetchall()
        keys = {row[0] for row in conn.execute(f"SELECT {entity.table.key} FROM views.{entity.table.name}")} | {row[0] for row in shown}
        folded = {key: refold(conn, entity, key, position) for key in keys}
        assert {key: [row[column] for column in columns] for key, row in folded.items() if row} == {row[0]: list(row) for row in shown}


def test_views_are_at_every_position_as_a_replay_makes_them(cluster: str) -> None:
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(STORY, st.lists(st.integers(1, 9), min_size=1), st.data())
    def runs(story: list[tuple[str, int, int]], batches: list[int], data: st.DataObject) -> None:
        with staged(cluster) as stage:
            for at, (name, a, b) in enumerate(story):
                stage.move(name, a, b)
                if at % 5 == 0:
                    stage.follows(batches[at % len(batches)])
            check(stage, follow.position(stage.conn))
            while follow.position(stage.conn) < stage.size:
                stage.follows(batches[0])
            check(stage, stage.size)
            position = data.draw(st.integers(1, stage.size))
            with beside(stage.conn, position):
                stood_as_replayed(stage.conn, position)

    def check(stage: Stage, position: int) -> None:
        with beside(stage.conn, position):
            assert digests(stage.conn) == digests(stage.conn, "beside")
            stood_as_replayed(stage.conn, position)

    runs()


@pytest.fixture
def conn(house: House) -> Iterator[Connection]:
    with connect(house.url, SERVER, options=BY_INDEX) as conn:
        yield conn


SHIPPED = [
    enrol("AG", "aggregator"), enrol("F-1"), plot("P-1", "F-1"), harvest("H-1"), harvest("H-2"),
    step("buy-lot", "B-1", "AG", {"H-1": "30", "H-2": "10"}, "40"), step("dry-lots", "D-1", "AG", {"B-1": "40"}, "15"),
    container("open-container", holder_id="AG"), container("load-lot", lot_id="D-1", kg="6", bags="1"),
    container("load-lot", lot_id="D-1", kg="9", bags="1"),
]  # fmt: skip
STUFFING = "stuffing:CSQU3054383@8"


def test_what_was_annulled_is_gone_from_what_is_and_stands_in_what_was(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    tell(house, *SHIPPED, annul(10), harvest("H-3"))

    def loaded(schema: str) -> Any:
        return conn.execute(f"SELECT coalesce(sum(grams), 0)::int8 FROM {schema}.loads").fetchone()

    assert loaded("views") == (6_000,)
    for position, grams in ((8, 0), (9, 6_000), (10, 15_000), (11, 6_000)):
        with conn.transaction():
            cut(conn, position)
            assert loaded("past") == (grams,)
            assert sum(edge.grams for edge in lineage.up(conn, [STUFFING], "past") if edge.dst == STUFFING) == grams


def test_a_freed_id_may_be_used_and_annulled_again_and_again(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    tell(house, enrol("F-1"), plot("P-1", "F-1"), harvest("H-1", kg="1"))
    tell(house, annul(3), harvest("H-1", kg="2"))
    tell(house, annul(5), harvest("H-1", kg="3"), annul(7), harvest("H-1", kg="4"))

    assert conn.execute(PRESENT).fetchall() == [("main/H-1", 4_000)]
    gone = conn.execute("SELECT grams, position, annulled_by FROM views.gone_lots ORDER BY position").fetchall()
    assert gone == [(1_000, 3, 4), (2_000, 5, 6), (3_000, 7, 8)]
    assert all(each.before == each.after for each in rebuild(house.url)[1])


def test_the_shares_of_a_container_are_worked_out_again_without_a_load(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    def shares() -> Any:
        return conn.execute("SELECT o.plot, o.parts, c.whole FROM views.origins o JOIN views.containers c USING (stuffing)").fetchall()

    two = [enrol("F-2"), plot("P-2", "F-2"), harvest("H-9", "P-2"), step("buy-lot", "B-9", "AG", {"H-9": "10"}, "10")]
    dry = step("dry-lots", "D-9", "AG", {"B-9": "10"}, "5")
    tell(house, *SHIPPED, *two, dry, container("load-lot", lot_id="D-9", kg="5", bags="1"))
    assert sorted(shares()) == [("main/P-1", 3, 4), ("main/P-2", 1, 4)]

    tell(house, annul(16))
    assert shares() == [("main/P-1", 1, 1)]
    tell(house, annul(10), annul(9))
    assert shares() == []
    assert conn.execute("SELECT whole FROM views.containers").fetchall() == [(None,)]


def test_an_annulled_survey_and_transfer_leave_the_plot_as_the_others_do(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    passed = {"do": "transfer-plot", "plot_id": "P-1", "to_id": "F-2", "transferred_at": MAY}
    tell(house, enrol("F-1"), enrol("F-2"), plot("P-1", "F-1"), MOVES["resurvey"](1, 1), passed, MOVES["resurvey"](1, 2))

    def plots() -> Any:
        return conn.execute("SELECT holder, shape, accuracy_mm, surveyed_at, position FROM views.plots").fetchone()

    assert plots() == ("main/F-2", "polygon", 2_000, MAY, 6)
    tell(house, annul(6))
    assert plots() == ("main/F-2", "point", 1_000, MAY, 5)
    tell(house, annul(5), annul(4))
    assert plots() == ("main/F-1", "polygon", 3_000, EARLY, 3)
    assert refold(conn, PLOT, "main/P-1", 6) == {**(refold(conn, PLOT, "main/P-1", 5) or {}), **_SURVEYED, "position": 6}


_SURVEYED = {"shape": "polygon", "cell": "-7650/-657", "accuracy_mm": 2_000}


@pytest.mark.parametrize("role", ["server", "office"])
def test_the_past_is_looked_up_by_its_keys(house: House, conn: Connection, tell: Callable[..., None], role: str) -> None:
    tell(house, *SHIPPED, annul(10), org="main/AG")

    with conn.transaction() if role == "server" else house.reading("main/AG") as other:
        asking = conn if role == "server" else other
        cut(asking, 10)
        plan = [
            line
            for (line,) in asking.execute("EXPLAIN " + lineage._UP.format("past", lineage._edges("past", "e.dst = up.src")), ([STUFFING],))
        ]

    assert [line for line in plan if "Seq Scan" in line and " on offers" not in line] == [], "the wall reads the offers once"
    assert {name for line in plan for name in ("edges_pkey", "gone_edges_pkey") if f"using {name}" in line or f"on {name}" in line} == {
        "edges_pkey",
        "gone_edges_pkey",
    }


def test_an_organisation_sees_its_own_past_and_nothing_of_others(house: House, tell: Callable[..., None]) -> None:
    tell(house, *SHIPPED, annul(10), org="main/AG")

    seen = {}
    for org in ("main/AG", "main/ZZ"):
        with house.reading(org) as conn:
            cut(conn, 10)
            seen[org] = [conn.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("past.loads", "past.lots")]

    assert seen == {"main/AG": [(2,), (4,)], "main/ZZ": [(0,), (0,)]}
    with house.reading("main/AG") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):  # noqa: PT012 - the cut is allowed
        cut(conn, 10)
        conn.execute("SELECT 1 FROM past.timeline")


def test_without_a_position_the_past_shows_nothing_rather_than_the_present(conn: Connection) -> None:
    with pytest.raises(psycopg.errors.UndefinedObject):
        conn.execute("SELECT 1 FROM past.lots")
