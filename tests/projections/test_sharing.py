"""What is shown of a container: shares and publications as they stand, the mean price worked out by hand, and what a dossier holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction

import pytest

from api.house import House
from projections.dossier import dossier, lines
from projections.producers import Paid, paid, paid_by
from projections.rebuild import rebuild
from projections.sharing import publishers, share, shared_with, shares
from tests.api.cargo import BUYER, FAR, HOLDER, JUNE, MAY, NUMBER, OTHER, stuffed, told
from tests.api.conftest import house_of_its_own

JULY, AUGUST = "2026-07-02T10:00:00-05:00", "2026-08-02T10:00:00-05:00"


@pytest.fixture(scope="module")
def cargo(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str]]:
    """The container, and its node; tests take back what they wrote."""
    with house_of_its_own(cluster, tmp_path_factory.mktemp("home")) as house:
        yield house, f"stuffing:{NUMBER}@{stuffed(house)}"


@contextmanager
def shown(house: House, holder: str) -> Iterator[None]:
    """While an organisation shows its prices."""
    named = {"holder_id": holder.rpartition("/")[2], "container_no": NUMBER}
    now = house.now()
    told(house, {"do": "publish-price", **named, "published_at": now}, org=holder)
    yield
    told(house, {"do": "withdraw-price", **named, "withdrawn_at": now}, org=holder)


def test_the_mean_price_counts_each_purchase_by_its_share_and_with_its_premium(cargo: tuple[House, str]) -> None:
    house, node = cargo
    with house.pool.connection() as conn:
        before = paid(conn, node)
        with shown(house, HOLDER):
            during, who = paid(conn, node), publishers(conn, node)
        after = paid(conn, node)

    mean = (Decimal("3.00") * 11 / 10 + Decimal("3.10") + Decimal("3.20") + Decimal("3.30") + 2 * Decimal("3.40")) / 6
    assert during == [Paid("wet", round(mean, 2), Fraction(6, 7), 5)]
    assert who == [HOLDER]
    assert before == after == []


def test_nobody_shows_what_others_paid_and_nothing_is_shown_of_fewer_than_five(cargo: tuple[House, str]) -> None:
    house, node = cargo
    with house.pool.connection() as conn, shown(house, OTHER):
        assert publishers(conn, node) == [OTHER]
        assert paid(conn, node) == []
        assert paid_by(conn, node, [HOLDER])[0].producers == 5


def test_who_paid_one_producer_and_shows_it_beside_others_does_not_tell_what_that_one_was_paid(cargo: tuple[House, str]) -> None:
    house, node = cargo
    with house.pool.connection() as conn, shown(house, HOLDER):
        alone = paid(conn, node)
        with shown(house, OTHER):
            assert publishers(conn, node) == [OTHER, HOLDER]
            assert paid(conn, node) == alone
    assert alone


def test_a_share_holds_from_its_moment_to_its_end(cargo: tuple[House, str]) -> None:
    house, _ = cargo
    one = {"do": "share-container", "container_no": NUMBER, "share_id": "S-ONE", "shared_at": JUNE, "until": JULY}
    told(house, one, {**one, "share_id": "S-TWO", "for_id": "BU-01", "until": FAR})
    with house.pool.connection() as conn:
        listed, theirs, it = shares(conn, NUMBER, HOLDER), shared_with(conn, BUYER, JULY), share(conn, "S-ONE")
        assert it
        assert [each.share for each in listed] == ["S-TWO", "S-ONE"]
        assert [each.share for each in theirs] == ["S-TWO"]
        assert (it.container_no, it.for_party, it.ended_at) == (NUMBER, None, None)
        assert [it.holds(now) for now in (MAY, JUNE, JULY, AUGUST)] == [False, True, True, False]
        told(house, {"do": "end-share", "share_id": "S-ONE", "ended_at": JUNE})
        ended = share(conn, "S-ONE")
    assert ended
    assert (ended.ended_at, ended.holds(JUNE)) == (JUNE, False)
    with house.reading(OTHER) as conn:
        assert share(conn, "S-ONE") is None, "the database shows an organisation its own shares alone"


def test_a_dossier_holds_all_plots_by_share_and_prices_that_are_its_holders_to_tell(cargo: tuple[House, str]) -> None:
    house, node = cargo
    with house.pool.connection() as conn:
        it, none = dossier(conn, node), dossier(conn, "stuffing:NONE@1")

    assert none is None
    assert it
    assert (it.of.container_no, it.of.seal_no, it.grams, it.loads) == (NUMBER, "PE0041207", 200_000, [("main/D-1", 200_000, 4)])
    assert {each.plot: each.share for each in it.plots} == {f"main/P-{at}": Fraction(2 if at == 5 else 1, 7) for at in range(1, 7)}
    assert it.farmers == [f"main/F-{at}" for at in range(1, 7)]
    prices = {each.lot: (each.seller, each.buyer, each.price_pen_kg) for each in it.purchases}
    assert prices["main/B-6"] == ("main/F-6", OTHER, None)
    assert prices["main/C-6"] == (OTHER, HOLDER, 4_560)
    assert prices["main/B-5"] == ("main/F-5", HOLDER, 3_400)
    assert len(prices) == 7


def test_a_dossiers_entries_are_those_of_its_beans_without_others_prices(cargo: tuple[House, str]) -> None:
    house, node = cargo
    with house.pool.connection() as conn:
        it = dossier(conn, node)
        assert it
        stored = dict(lines(conn, it.entries))
    text = b"\n".join(stored.values())

    assert list(stored) == it.entries
    assert {each.position for each in it.lots} - set(it.entries) != set(), "the entry of another's purchase is left out"
    for kind in (b"plot-registered.v1", b"harvest-recorded.v1", b"lots-dried.v1", b"lot-loaded.v1", b"container-sealed.v1"):
        assert kind in text
    assert b'"price_pen_kg":9870' not in text
    assert b'"price_pen_kg":3400' in text
    assert b"Tuanama" not in text


def test_a_rebuild_shows_the_same(cargo: tuple[House, str]) -> None:
    house, _ = cargo
    _, compared = rebuild(house.url)

    assert "sharing" in {each.view for each in compared}
    assert [each for each in compared if each.before != each.after] == []
