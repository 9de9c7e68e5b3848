"""After a restore nothing is written or signed until what is there was compared with what was signed; and what can come back does."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from uuid import uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from api.app import create
from api.backup import back_up, beside
from api.examples import EXAMPLES
from api.house import House, opened
from api.keeping import bring_back
from api.publishing import last_signed
from api.reopening import Outcome, Wanted, compared
from api.settings import Settings
from domain.vocabulary import COMMANDS
from ledger import log, proving
from ledger.act import Act, ReadOnly
from ledger.checkpoint import parse as parse_checkpoint
from ledger.decision import Accepted, Repeated
from ledger.merkle import leaf_hash, root_of
from ledger.mirror import CHECKPOINT, Mirror
from ledger.note import parse as parse_note
from ledger.tile import bundle, bundle_path, path, tiles
from tests.api.test_backup import a_database
from tests.api.test_crash import wait_until
from tests.api.test_log import write

BEFORE, LATER = 20, 330
"""Entries that the backup holds, and those that were signed in the end."""


@dataclass
class Lost:
    """What is left of a house whose database is gone: its folder, a backup from before, a mirror from the end."""

    home: Path
    backup: Path
    mirror: Path
    lines: list[bytes]


def stored(url: str) -> list[bytes]:
    with psycopg.connect(url) as conn:
        return [bytes(line) for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]


def signed(house: House, size: int) -> None:
    wait_until(lambda: b"\n%d\n" % size in (last_signed(house).read() or b""))


def published(url: str) -> int | None:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT max(size) FROM log.checkpoints").fetchone()
    return row[0] if row else None


def mirrored(house: House, folder: Path) -> None:
    """A mirror as `cacao mirror` makes one."""
    mirror, note = Mirror(folder), last_signed(house).read() or b""
    with house.pool.connection() as conn:
        size = parse_checkpoint(parse_note(note).text).size
        for tile in tiles(size):
            mirror.write(path(tile), log.tile(conn, tile.level, tile.index)[: tile.width * 32])
            if tile.level == 0:
                mirror.write(bundle_path(tile.index, tile.width), bundle(proving.lines(conn, tile.index, tile.width)))
    mirror.write(CHECKPOINT, note)


@pytest.fixture(scope="module")
def gone(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Lost:
    folder = tmp_path_factory.mktemp("gone")
    with a_database(cluster) as url:
        with opened(Settings(home=folder / "home", url="https://cacao.example", DATABASE_URL=url)) as house, TestClient(create(house)):
            write(house, BEFORE)
            signed(house, BEFORE)
            wait_until(lambda: published(url) == BEFORE)
            back_up(url, folder / "backup", beside(folder / "backup"), lambda _more: None)
            write(house, LATER - BEFORE)
            signed(house, LATER)
            mirrored(house, folder / "mirror")
        return Lost(folder / "home", folder / "backup", folder / "mirror", stored(url))


@pytest.fixture
def lost(gone: Lost, tmp_path: Path) -> Lost:
    return Lost(copytree(gone.home, tmp_path / "home"), gone.backup, gone.mirror, gone.lines)


@contextmanager
def restored(lost: Lost, cluster: str, wanted: Wanted, code: int, origin: str = "localhost/cacao") -> Iterator[House]:
    """The backup, restored into a new database, on the machine that knows what was signed last."""
    with ExitStack() as stack:
        url = stack.enter_context(a_database(cluster))
        settings = Settings(home=lost.home, url="https://cacao.example", DATABASE_URL=url)
        keys = beside(lost.backup)
        assert bring_back(settings, lost.backup, keys, wanted, without_vault=False, as_json=False) == code
        yield stack.enter_context(opened(settings.model_copy(update={"origin": origin})))


def asked(house: House) -> object:
    body = {**EXAMPLES[0], "id": str(uuid4()), "party_id": f"N-{uuid4().hex[:8].upper()}"}
    return house.writer.ask(Act([COMMANDS.validate_python(body)], "u-x", "main"))[0]


def test_a_backup_that_lost_what_was_signed_stays_read_only_and_says_so(lost: Lost, cluster: str) -> None:
    with restored(lost, cluster, Wanted(), 1) as house, TestClient(create(house), client=("127.0.0.1", 1)) as reader:
        with pytest.raises(ReadOnly):
            asked(house)
        wait_until(lambda: house.trouble is not None)
        assert "solo se lee hasta" in reader.get("/", headers={"Accept-Language": "es"}).text
        refused = reader.post("/commands", json=EXAMPLES[1], headers={"Authorization": f"Bearer {house.token()}"})
        assert (refused.status_code, refused.json()["code"]) == (503, "read-only")
        assert reader.get("/healthz").status_code == 503
        assert parse_checkpoint(parse_note(last_signed(house).read() or b"").text).size == LATER
        assert len(stored(house.url)) == BEFORE
        outcome = compared(house, Wanted())
        assert outcome.code == 1
        assert f"{LATER - BEFORE} are missing" in " ".join(outcome.said)


def test_the_missing_tail_comes_back_from_a_mirror(lost: Lost, cluster: str) -> None:
    with restored(lost, cluster, Wanted(mirror=lost.mirror), 0) as house, TestClient(create(house)):
        assert stored(house.url) == lost.lines
        assert isinstance(asked(house), Accepted)
        signed(house, LATER + 1)
        with house.pool.connection() as conn:
            note = log.newest(conn, house.settings.origin) or b""
        lines = stored(house.url)
        assert parse_checkpoint(parse_note(note).text).root == root_of(map(leaf_hash, lines))
        assert house.trouble is None


def test_a_command_whose_entry_came_back_answers_as_a_repeat(lost: Lost, cluster: str) -> None:
    with restored(lost, cluster, Wanted(mirror=lost.mirror), 0) as house:
        entry = json.loads(lost.lines[-1])
        body = {**EXAMPLES[0], "id": entry["id"], "party_id": entry["fact"]["party_id"].partition("/")[2]}
        (answer,) = house.writer.ask(Act([COMMANDS.validate_python(body)], "u-x", "main"))
        assert answer == Repeated((LATER,))


def test_a_mirror_that_was_changed_brings_nothing_back(lost: Lost, cluster: str, tmp_path: Path) -> None:
    mirror = copytree(lost.mirror, tmp_path / "changed")
    bundle = mirror / bundle_path(1, LATER - 256)
    bundle.write_bytes(bundle.read_bytes().replace(b"N-", b"M-", 1))
    with restored(lost, cluster, Wanted(mirror=mirror), 2) as house:
        assert len(stored(house.url)) == BEFORE
        with pytest.raises(ReadOnly):
            asked(house)


def test_where_the_tail_is_lost_for_good_another_log_is_opened_and_says_so_first(lost: Lost, cluster: str) -> None:
    name = "localhost/cacao-2"
    before = last_signed(House(Settings(home=lost.home), "", None, None)).read() or b""  # type: ignore[arg-type]
    with (
        restored(lost, cluster, Wanted(new_origin=name), 0, origin=name) as house,
        TestClient(create(house)),
    ):
        signed(house, BEFORE + 1)
        opening = json.loads(stored(house.url)[BEFORE])
        fact = opening["fact"]
        head = parse_checkpoint(parse_note(before).text)
        assert (opening["kind"], fact["origin"], fact["closed_origin"]) == ("log-opened.v1", name, head.origin)
        assert (fact["closed_size"], fact["closed_root"], fact["kept"]) == (LATER, head.root.hex(), BEFORE)
        assert isinstance(asked(house), Accepted)
        new = parse_checkpoint(parse_note(last_signed(house).read() or b"").text)
        assert new.origin == name
        kept = [file.read_bytes() for file in house.settings.last_signed.parent.iterdir() if "closed" in file.name]
        assert kept == [before]


def test_history_that_differs_from_what_was_signed_is_never_opened(lost: Lost, cluster: str) -> None:
    with restored(lost, cluster, Wanted(), 1) as house:
        with psycopg.connect(house.url, autocommit=True) as conn:
            conn.execute(
                "UPDATE ledger.entries SET line = overlay(line PLACING 'M'::bytea FROM position('N-'::bytea IN line)) WHERE position = 2"
            )
        outcome = compared(house, Wanted(mirror=lost.mirror))
        assert outcome.code == 1
        assert "another root" in outcome.said[0]
        with psycopg.connect(house.url, autocommit=True) as conn:
            conn.execute("DELETE FROM log.checkpoints")  # no smaller head is known: the tail alone would fit
        outcome = compared(house, Wanted(mirror=lost.mirror))
        assert outcome.code == 2
        assert "do not lead to the head" in outcome.said[0]
        assert len(stored(house.url)) == BEFORE
        with pytest.raises(ReadOnly):
            asked(house)


def test_without_any_signed_head_it_is_opened_on_somebodys_word_alone(lost: Lost, cluster: str) -> None:
    (lost.home / "signed" / "checkpoint").unlink()
    with restored(lost, cluster, Wanted(), 0) as house:  # the backup itself holds the head that was signed when it was made
        assert parse_checkpoint(parse_note(last_signed(house).read() or b"").text).size == BEFORE
    with restored(Lost(lost.home, lost.backup, lost.mirror, []), cluster, Wanted(checkpoints=[lost.mirror / "checkpoint"]), 1) as house:
        assert isinstance(compared(house, Wanted(mirror=lost.mirror)), Outcome)
        assert stored(house.url) == lost.lines
