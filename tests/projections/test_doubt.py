"""Doubt flags what lies downstream of a questioned entry, until the question is dismissed or the entry annulled."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.house import House
from ledger.schema import BY_INDEX, SERVER, Connection, connect
from projections.doubt import Doubt, doubts
from projections.past import cut
from tests.projections.test_annulment import MAY, SHIPPED, STUFFING, annul, container, enrol, harvest, plot

END = len(SHIPPED)


@pytest.fixture
def conn(house: House) -> Iterator[Connection]:
    with connect(house.url, SERVER, options=BY_INDEX) as conn:
        yield conn


def question(position: int, reason: str = "origin") -> dict[str, Any]:
    return {"do": "question-fact", "position": position, "reason": reason, "questioned_at": MAY}


def settle(position: int, outcome: str) -> dict[str, Any]:
    return {"do": "settle-question", "position": position, "outcome": outcome, "settled_at": MAY}


@pytest.mark.parametrize(
    ("entry", "touches", "flagged"),
    [
        (2, "party:main/F-1", {"lot:main/H-1", "lot:main/B-1", "lot:main/D-1", STUFFING}),
        (3, "plot:main/P-1", {"lot:main/H-1", "lot:main/B-1", "lot:main/D-1", STUFFING}),
        (4, "lot:main/H-1", {"lot:main/H-1", "lot:main/B-1", "lot:main/D-1", STUFFING}),
        (5, "lot:main/H-2", {"lot:main/B-1", "lot:main/D-1", STUFFING}),
        (6, "lot:main/B-1", {"lot:main/B-1", "lot:main/D-1", STUFFING}),
        (7, "lot:main/D-1", {"lot:main/D-1", STUFFING}),
        (8, STUFFING, {STUFFING}),
        (9, STUFFING, {STUFFING}),
    ],
)
def test_a_question_flags_what_lies_downstream_and_nothing_else(
    house: House, conn: Connection, tell: Callable[..., None], entry: int, touches: str, flagged: set[str]
) -> None:
    tell(house, *SHIPPED, question(entry))

    nodes = ("lot:main/H-1", "lot:main/B-1", "lot:main/D-1", STUFFING)
    found = {node: doubts(conn, [node]) for node in nodes}
    assert {node for node, of in found.items() if of} == flagged
    assert all(of == [Doubt(END + 1, entry, touches, "origin", "open")] for of in found.values() if of)


def test_a_question_is_shown_until_it_is_dismissed_and_stays_when_it_is_upheld(
    house: House, conn: Connection, tell: Callable[..., None]
) -> None:
    tell(house, *SHIPPED, question(4, "weight"), question(4, "date"))
    assert [(each.reason, each.state) for each in doubts(conn, [STUFFING])] == [("weight", "open"), ("date", "open")]

    tell(house, settle(END + 1, "dismissed"), settle(END + 2, "upheld"))
    assert doubts(conn, [STUFFING]) == [Doubt(END + 2, 4, "lot:main/H-1", "date", "upheld")]


def test_what_was_annulled_flags_nothing(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    tell(house, *SHIPPED, question(10))
    assert doubts(conn, [STUFFING]) != []

    tell(house, annul(10))
    assert doubts(conn, [STUFFING]) == []


def test_doubt_in_the_past_is_what_was_doubted_then(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    tell(
        house,
        *SHIPPED,
        question(10),
        settle(END + 1, "dismissed"),
        question(9),
        annul(10),
        container("load-lot", lot_id="D-1", kg="1", bags="1"),
    )

    told = {}
    for position in range(END, END + 5):
        with conn.transaction():
            cut(conn, position)
            told[position] = [(each.entry, each.state) for each in doubts(conn, [STUFFING], "past")]
    assert told == {END: [], END + 1: [(10, "open")], END + 2: [], END + 3: [(9, "open")], END + 4: [(9, "open")]}


def test_a_lot_beside_a_questioned_one_is_not_flagged(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    tell(house, *SHIPPED, enrol("F-2"), plot("P-2", "F-2"), harvest("H-9", "P-2"), question(4))

    assert doubts(conn, ["lot:main/H-9"]) == []
    assert len(doubts(conn, ["lot:main/H-9", "lot:main/B-1"])) == 1
