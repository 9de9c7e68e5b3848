"""The history is found by its facets, and each entry by what it rests on, as going through all entries one by one finds it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.feed import sought
from api.house import House
from domain.annulment import resting
from domain.vocabulary import MAY_REST
from ledger.entry import Entry, read, typed
from projections.history import Facets, Stretch, marks, neighbours, seen_at, written_by
from projections.standing import rest_on_it, rests_on
from tests.api.conftest import house_of_its_own
from tests.projections.chance import AG, LATER, WHEN, happened

ENTRIES = 120


@pytest.fixture(scope="module")
def fresh_house(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_of_its_own(cluster, tmp_path_factory.mktemp("home")) as house:
        yield house


@pytest.fixture(scope="module")
def told(fresh_house: House) -> list[Entry]:
    """All entries of a history made by chance."""
    happened(fresh_house, ENTRIES, seed=7)
    with fresh_house.pool.connection() as conn:
        rows = conn.execute("SELECT position, line FROM ledger.entries ORDER BY position").fetchall()
    return [read(position, bytes(line)) for position, line in rows]


def tagged(*tags: str) -> Callable[[Entry], bool]:
    return lambda each: set(tags) <= set(each.tags)


FACETS: list[tuple[Facets, Callable[[Entry], bool]]] = [
    (Facets(), lambda _: True),
    (Facets(AG), lambda each: each.org == AG),
    (Facets("main/NOBODY"), lambda _: False),
    (Facets(kinds=("harvest-recorded.v1", "fact-annulled.v1")), lambda each: each.kind in ("harvest-recorded.v1", "fact-annulled.v1")),
    (Facets(AG, tags=("party:main/AG-1",)), tagged("party:main/AG-1")),
    (Facets(tags=("plot:main/P-1", "party:main/FA-1")), tagged("plot:main/P-1", "party:main/FA-1")),
    (Facets(since=WHEN, until=WHEN), lambda each: each.at == WHEN),
    (Facets(late=True, since=LATER), lambda each: each.at >= LATER),
    (Facets(tags=("lot:main/NONE",)), lambda _: False),
]


@pytest.mark.parametrize(("facets", "meant"), FACETS, ids=range(len(FACETS)))
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_entries_are_found_by_their_facets_part_by_part(
    fresh_house: House, told: list[Entry], facets: Facets, meant: Callable[[Entry], bool], order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.feed._CHUNK", 7)
    newest = order == "newest"
    expected = sorted((each.position for each in told if meant(each)), reverse=newest)
    found: list[int] = []
    stretch = Stretch(most=11, newest=newest)
    while part := sought(fresh_house, facets, stretch):
        found += part
        stretch = stretch.beyond(part[-1])

    assert found == expected
    within = Stretch(20, 60, 1_000, newest)
    assert sought(fresh_house, facets, within) == [at for at in expected if 20 < at <= 60]


def test_a_moment_of_writing_leads_to_the_last_entry_written_by_then(fresh_house: House, told: list[Entry]) -> None:
    moments = sorted({each.seen for each in told})
    with fresh_house.pool.connection() as conn:
        for moment in ["", "2000-01-01T00:00:00.000000Z", *moments, *(f"{each[:-1]}0Z" for each in moments), "9"]:
            assert written_by(conn, moment) == sum(each.seen <= moment for each in told), moment
        assert [seen_at(conn, each.position) for each in told] == [each.seen for each in told]
        assert (seen_at(conn, 0), seen_at(conn, len(told) + 1)) == (None, None)


def counts(told: list[Entry]) -> dict[int, int]:
    """Position of what was annulled -> where."""
    return {each.fact["position"]: each.position for each in told if each.kind == "fact-annulled.v1"}


def rests(above: Entry, below: Entry) -> bool:
    """Whether an entry rests on an earlier one, by the rule of annulments."""
    of = resting(typed(below.fact), below.position)
    if of is None or not of.tags or above.kind not in MAY_REST or above.position <= below.position:
        return False
    return set(of.tags) <= set(above.tags) and (of.kinds is None or above.kind in of.kinds)


def test_what_an_entry_rests_on_and_what_rests_on_it_is_what_the_rule_of_annulments_says(fresh_house: House, told: list[Entry]) -> None:
    gone = counts(told)
    pairs = 0
    with fresh_house.pool.connection() as conn:
        for each in told:
            below = [one.position for one in told if rests(each, one) and gone.get(one.position, ENTRIES * 2) > each.position]
            above = [one.position for one in told if rests(one, each) and one.position not in gone]
            assert rests_on(conn, each) == below, each
            assert rest_on_it(conn, each) == above[:51], each
            pairs += len(below)
    assert len(gone) > 5
    assert pairs > ENTRIES


def test_marks_say_what_was_said_of_an_entry_since(fresh_house: House, told: list[Entry]) -> None:
    with fresh_house.reading(AG) as conn:
        said = marks(conn, [each.position for each in told])
    asked = [(each.fact["position"], each.position) for each in told if each.kind == "fact-questioned.v1"]

    assert {at: mark.annulled_by for at, mark in said.items() if mark.annulled_by} == counts(told)
    assert sorted((at, one.position) for at, mark in said.items() for one in mark.questions) == sorted(asked)
    assert all(mark.late for mark in said.values())
    with fresh_house.reading("main/NOBODY") as conn:
        assert marks(conn, [1, 2, 3]) == {}


def test_the_neighbours_of_an_entry_are_the_nearest_with_its_tag(fresh_house: House, told: list[Entry]) -> None:
    each = told[len(told) // 2]
    with fresh_house.pool.connection() as conn:
        found = {tag: (before, after) for tag, before, after in neighbours(conn, AG, each.position, each.tags)}

    for tag in each.tags:
        having: list[Any] = [one.position for one in told if tag in one.tags]
        at = having.index(each.position)
        assert found[tag] == ([None, *having][at], [*having, None][at + 1])
