"""The publisher signs what goes on from what was signed, and nothing else."""

from collections.abc import Iterator
from contextlib import closing
from itertools import combinations_with_replacement
from pathlib import Path

import psycopg
import pytest

from ledger import log, proving, reopen
from ledger.checkpoint import parse as parse_checkpoint
from ledger.crypto import Signer, verify
from ledger.log import Diverged
from ledger.merkle import check_consistency, check_inclusion, leaf_hash, root_of
from ledger.note import opened
from ledger.publisher import Publisher, size_of
from ledger.signed import LastSigned
from ledger.store import Record, Store

ORIGIN = "log.example/cacao"
KEY = Signer.new(ORIGIN)


def lines(first: int, count: int) -> list[Record]:
    return [Record("x.v1", (f"x:{number}",), b"entry %d" % number) for number in range(first, first + count)]


def grow(url: str, count: int) -> None:
    store = Store(url)
    head = store.head()
    assert store.append(head, lines(head.size + 1, count)) is not None
    store.close()


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(record.line) for record in lines(1, count)]


@pytest.fixture
def logged(ledger: str) -> str:
    log.install(ledger)
    return ledger


@pytest.fixture
def publisher(logged: str, tmp_path: Path) -> Iterator[Publisher]:
    with closing(Publisher(logged, ORIGIN, lambda: KEY, LastSigned(tmp_path / "signed" / "checkpoint"))) as made:
        yield made


def signed(publisher: Publisher) -> tuple[int, bytes]:
    note = log.newest(publisher.conn, ORIGIN)
    assert note is not None
    head = parse_checkpoint(opened(note, [KEY.key], verify).text)
    return head.size, head.root


def owner(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url, autocommit=True)


def test_each_head_is_signed_over_the_entries_that_are_stored(publisher: Publisher, logged: str) -> None:
    assert publisher.step() == 0
    assert signed(publisher) == (0, root_of([]))
    for further, size in ((1, 1), (254, 255), (1, 256), (1, 257), (700, 957)):
        grow(logged, further)
        assert publisher.step() == size
        assert signed(publisher) == (size, root_of(leaves(size)))


def test_a_head_that_is_signed_is_not_signed_again(publisher: Publisher, logged: str) -> None:
    grow(logged, 3)
    publisher.step()
    before = publisher._last.read()
    publisher.step()
    assert publisher._last.read() == before
    assert publisher.conn.execute("SELECT count(*) FROM log.checkpoints").fetchone() == (1,)


def test_every_entry_and_any_two_sizes_have_a_proof(publisher: Publisher, logged: str) -> None:
    grow(logged, 700)
    publisher.step()
    roots = {size: root_of(leaves(size)) for size in (0, 1, 2, 255, 256, 257, 511, 512, 513, 600, 700)}
    for old, new in combinations_with_replacement(roots, 2):
        grown = proving.grown(publisher.conn, old, new)
        assert (grown.old_root, grown.new_root) == (roots[old], roots[new])
        check_consistency(old, new, grown.hashes, grown.old_root, grown.new_root)
    for size, root in list(roots.items())[1:]:
        for index in {0, size // 2, size - 1}:
            included = proving.included(publisher.conn, index, size)
            assert (included.leaf, included.root) == (leaves(size)[index], root)
            check_inclusion(included.leaf, index, size, included.hashes, root)


HARMS = {
    "a line changed": ("UPDATE ledger.entries SET line = 'entry x' WHERE position = 302", "not the root"),
    "an entry deleted": ("DELETE FROM ledger.entries WHERE position = 302", "entry 302 is missing"),
    "the last entry deleted": ("DELETE FROM ledger.entries WHERE position = 310", "entry 310 is missing"),
    "two entries exchanged": (
        "UPDATE ledger.entries a SET line = b.line FROM ledger.entries b WHERE (a.position, b.position) IN ((302, 303), (303, 302))",
        "not the root",
    ),
    "the head rolled back": ("UPDATE ledger.head SET size = 290, nodes = decode(repeat('00', 32 * 3), 'hex')", "entries were lost"),
    "the head changed": ("UPDATE ledger.head SET nodes = decode(repeat('00', 32 * 5), 'hex')", "not the root"),
    "a tile changed": ("UPDATE log.tiles SET hashes = set_byte(hashes, 20, get_byte(hashes, 20) # 1) WHERE level = 1", "not the root"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_was_changed_after_it_was_hashed_is_not_signed(publisher: Publisher, logged: str, harm: str) -> None:
    statement, says = HARMS[harm]
    grow(logged, 300)
    publisher.step()
    before = signed(publisher)
    grow(logged, 10)
    with owner(logged) as conn:
        assert conn.execute(statement.encode()).rowcount > 0
    with pytest.raises(Diverged, match=says):
        publisher.step()
    assert signed(publisher) == before
    found = log.trouble(publisher.conn)
    assert found is not None
    assert says in str(found)
    with owner(logged) as conn:
        assert reopen.sealed(conn) is True  # what was written from here on would go on from another history
    assert str(found) == found.template.format(**found.values)


def test_a_rolled_back_ledger_that_was_written_on_is_not_signed(publisher: Publisher, logged: str) -> None:
    """Yesterday's backup, and other entries since: longer than what was signed, and yet not what goes on from it."""
    grow(logged, 20)
    publisher.step()
    with owner(logged) as conn:
        conn.execute("TRUNCATE ledger.entries, ledger.tags, log.tiles, log.checkpoints")
        conn.execute("UPDATE ledger.head SET size = 0, nodes = '', seen = ''")
        conn.execute("UPDATE log.tree SET size = 0")
    store = Store(logged)
    store.append(store.head(), [Record("x.v1", (), b"another %d" % number) for number in range(40)])
    store.close()
    with pytest.raises(Diverged, match="the first 20 entries are not those"):
        publisher.step()
    assert log.newest(publisher.conn, ORIGIN) is None


def test_trouble_ends_when_what_was_signed_is_back(publisher: Publisher, logged: str) -> None:
    grow(logged, 5)
    with owner(logged) as conn:
        conn.execute("UPDATE ledger.entries SET line = 'other' WHERE position = 4")
        with pytest.raises(Diverged):
            publisher.step()
        conn.execute("UPDATE ledger.entries SET line = 'entry 4' WHERE position = 4")
        with pytest.raises(Diverged, match="not the root"):  # it stays read only until somebody compared
            publisher.step()
        reopen.unseal(conn)
        conn.execute("TRUNCATE log.tiles")
        conn.execute("UPDATE log.tree SET size = 0")
    assert publisher.step() == 5
    assert log.trouble(publisher.conn) is None


def test_what_was_signed_just_before_a_crash_is_published_after_it(publisher: Publisher, logged: str) -> None:
    grow(logged, 5)
    publisher.step()
    with owner(logged) as conn:
        conn.execute("DELETE FROM log.checkpoints")
    publisher.step()
    assert signed(publisher) == (5, root_of(leaves(5)))


def test_without_the_file_of_the_last_head_nothing_is_signed(publisher: Publisher, logged: str) -> None:
    grow(logged, 5)
    publisher.step()
    publisher._last.path.unlink()
    grow(logged, 1)
    with pytest.raises(Diverged, match="file of the last signed head is gone"):
        publisher.step()
    assert size_of(publisher.conn, ORIGIN) == 5


def test_a_head_that_another_key_signed_is_not_gone_on_from(publisher: Publisher, logged: str) -> None:
    grow(logged, 5)
    publisher.step()
    publisher._last.path.write_bytes(b"x\n5\nAAAA\n\n\xe2\x80\x94 other AAAAAAAAAAAA\n")
    with pytest.raises(Diverged, match="no checkpoint that this log's key signed"):
        publisher.step()


def test_of_two_who_swap_one_is_let_through(tmp_path: Path) -> None:
    last = LastSigned(tmp_path / "checkpoint")
    assert last.swap(None, b"one")
    assert not last.swap(None, b"two")
    assert not last.swap(b"zero", b"two")
    assert last.read() == b"one"
    assert last.swap(b"one", b"two")
    assert last.read() == b"two"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "checkpoint.lock"]
