"""A database that an earlier release wrote is opened by this one: nothing is lost, everything is read, and it goes on from there."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from api.examples import EXAMPLES
from api.house import House, opened
from api.settings import Settings
from domain.party import EnrolParty
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted, Repeated
from ledger.merkle import Range, leaf_hash
from ledger.schema import make_roles
from projections.rebuild import rebuild
from tests.golden.database import KEY, ORG

RELEASES = sorted(Path(__file__).parent.glob("ledger-*.sql"))


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def older(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[House]:
    with psycopg.connect(url, autocommit=True) as conn:
        make_roles(conn)
        conn.execute(request.param.read_text(encoding="utf-8"))
    with opened(Settings(home=tmp_path, key=KEY, DATABASE_URL=url)) as house:
        with house.pool.connection() as conn:
            row = conn.execute("SELECT size FROM ledger.head").fetchone()
        assert row
        assert house.follower.wait_for(row[0], 30)
        yield house


def test_there_is_a_database_of_every_release() -> None:
    assert [path.stem for path in RELEASES] == ["ledger-0.1"]


def test_its_head_is_the_root_of_what_it_holds(older: House) -> None:
    with older.pool.connection() as conn:
        lines = [line for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]
        head = conn.execute("SELECT size, nodes FROM ledger.head").fetchone()

    assert head == (len(lines), Range().extend(leaf_hash(line) for line in lines).packed())
    assert len(lines) == len(EXAMPLES)


def test_its_people_have_their_names_and_its_views_their_rows(older: House) -> None:
    with older.reading(ORG) as conn:
        opened_ = older.vault.open(conn, ["party:main/FA-0001"])
        row = conn.execute("SELECT grams, holder FROM views.lots WHERE lot = 'main/BL-001'").fetchone()

    assert opened_["party:main/FA-0001"].content["name"] == "Rosa Tuanama Shupingahua"
    assert opened_["party:main/FA-0001"].content["phone"] == "942000222"
    assert row == (149_900, "main/AG-01")
    assert all(each.before == each.after for each in rebuild(older.url)[1])


def test_what_was_asked_then_is_known_now_and_what_is_asked_now_comes_after_it(older: House) -> None:
    again = older.writer.submit(Act([COMMANDS.validate_python(body) for body in EXAMPLES], "U-NEW", ORG)).result()
    enrol = {"party_id": "FA-NEW", "role": "farmer", "name": "Nueva", "district": "220505", "enrolled_at": "2026-01-01T00:00:00-05:00"}
    new = older.writer.submit(Act([EnrolParty(id=uuid4(), **enrol)], "U-NEW", ORG)).result()  # type: ignore[arg-type]

    assert again == [Repeated((position,)) for position in range(1, len(EXAMPLES) + 1)]
    assert new == [Accepted((len(EXAMPLES) + 1,))]
