"""The record as it stood: at any position it is what the entries up to there make of it, whatever was annulled, amended or moved since."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from api.asof import past
from api.house import House
from ledger.schema import Connection
from projections import follow, office_containers, office_farmers, own
from projections.doubt import doubts
from projections.office_stock import on_hand, outturn, story
from projections.rebuild import replay
from projections.then import plots_of
from tests.projections.chance import AG, FARMERS, NUMBERS, PLOTS, happened

ENTRIES, PREFIXES, PAIRS = 160, 20, 1_000


@contextmanager
def prefix(conn: Connection, position: int) -> Iterator[None]:
    """A schema `prefix` in which views stand that were made of the entries up to a position and of no others."""
    follow.create(conn, "prefix")
    replay(conn, "prefix", position)
    follow.open_to_readers(conn, "prefix")
    yield
    conn.execute("DROP SCHEMA prefix CASCADE")


def held(conn: Connection, party: str, of: str) -> list[str]:
    return [plot for (plot,) in conn.execute(f"SELECT plot FROM {of}.plots WHERE holder = %s ORDER BY plot", (party,))]


def held_then(house: House, party: str, at: int) -> list[str]:
    with house.pool.connection() as conn:
        return plots_of(conn, "party", party, at)


Asked = Callable[[Connection, str], Any]


def asked(house: House, org: str | None, at: int, things: list[tuple[str, str]]) -> Iterator[tuple[Any, Any]]:
    """What each thing is by the prefix, and by the record as it stood."""
    then = past(house, org, at)
    grown: dict[str, Callable[[str], Asked]] = {
        "lot": lambda key: lambda conn, of: (story(conn, key, of), outturn(conn, key, of), doubts(conn, [f"lot:{key}"], of)),
        "stock": lambda _: lambda conn, of: on_hand(conn, org, schema=of),
        "lots": lambda _: lambda conn, of: own.lots(conn, org, "", 1_000, used_up=True, schema=of),
    }
    changed: dict[str, Callable[[str], tuple[Asked, Any]]] = {
        "plot": lambda key: (
            lambda conn, of: (office_farmers.plot(conn, org, key, of), own.plot(conn, org, key, of)), (then.plot(key), then.own_plot(key)),
        ),
        "party": lambda key: (
            lambda conn, of: (own.party(conn, org, key, of), held(conn, key, of)), (then.own_party(key), held_then(house, key, at)),
        ),
        "container": lambda number: (
            lambda conn, of: office_containers.latest(conn, org, number, of), next(iter(then.stuffings(number, 1)), None)
        ),
        "containers": lambda _: (lambda conn, of: office_containers.stuffings(conn, org, of), then.stuffings()),
    }  # fmt: skip
    for sort, key in things:
        if sort in grown:
            with house.standing(org, at) as (conn, of):
                now = grown[sort](key)(conn, of)
            question = grown[sort](key)
        else:
            question, now = changed[sort](key)
        with house.reading(org) as conn:
            yield question(conn, "prefix"), now


def test_as_of_equals_the_replay_of_the_prefix(house: House) -> None:
    chance = happened(house, ENTRIES)
    things = [("lot", f"main/{lot}") for lot in sorted({*chance.lots, "L-99"})] + [("plot", f"main/{plot}") for plot in (*PLOTS, "P-4")]
    things += [("container", number) for number in NUMBERS] + [("party", f"main/{party}") for party in (*FARMERS, "AG-1")]
    things += [("stock", ""), ("lots", ""), ("containers", "")] * 3
    positions = sorted(chance.draw.sample(range(1, chance.size + 1), PREFIXES))
    compared, there = 0, 0

    with follow.connected(house.url) as conn:
        for at in positions:
            with prefix(conn, at):
                for org in (None, AG):
                    some = chance.draw.choices(things, k=PAIRS // PREFIXES // 2 + 1)
                    for (sort, key), (replayed, now) in zip(some, asked(house, org, at, some), strict=True):
                        assert now == replayed, (at, org, sort, key)
                        compared += 1
                        there += bool(replayed) and replayed != (None, None)
        annulled = conn.execute("SELECT count(*) FROM views.annulments").fetchone()
    assert compared >= PAIRS
    assert annulled is not None
    assert annulled[0] >= 10
    assert there > PAIRS // 3
