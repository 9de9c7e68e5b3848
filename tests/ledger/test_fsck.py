"""The tamper drill: one bit, one row, one order changed anywhere, and it is found and named."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from api.examples import EXAMPLES
from domain.vocabulary import COMMANDS
from ledger import fsck, log
from ledger.act import Act
from ledger.crypto import Signer
from ledger.fsck import Finding, Fsck
from ledger.log import Diverged
from ledger.merkle import Range, leaf_hash, root_of
from ledger.publisher import Publisher
from ledger.schema import SERVER, connect
from ledger.signed import LastSigned
from ledger.writer import Writer

ORIGIN = "log.example/cacao"
KEY = Signer.new(ORIGIN)
SIZE = 320
AT = 300
"""The entry that is harmed: in the second tile."""


@pytest.fixture
def logged(ledger: str) -> str:
    log.install(ledger)
    return ledger


@pytest.fixture
def publisher(logged: str, tmp_path: Path) -> Iterator[Publisher]:
    with closing(Publisher(logged, ORIGIN, lambda: KEY, LastSigned(tmp_path / "checkpoint"))) as made:
        yield made


def write(writer: Writer, first: int, count: int) -> None:
    bodies = [{**EXAMPLES[0], "id": str(uuid4()), "party_id": f"N-{number:06d}"} for number in range(first, first + count)]
    writer.ask(Act([COMMANDS.validate_python(body) for body in bodies], "u-x", "main"))


@pytest.fixture
def written(writer: Writer, publisher: Publisher) -> Publisher:
    for first in range(1, SIZE, 80):
        write(writer, first, 80)
        publisher.step()
    return publisher


def look(url: str, publisher: Publisher) -> tuple[Fsck, list[Finding]]:
    with connect(url, SERVER) as conn:
        checked = Fsck(conn, ORIGIN, [KEY.key], publisher._last.read())
        return checked, list(checked.findings())


def harmed(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in statements:
            assert conn.execute(statement.encode()).rowcount > 0, statement


def test_where_nothing_was_changed_nothing_is_found(written: Publisher, logged: str) -> None:
    checked, findings = look(logged, written)
    with psycopg.connect(logged) as conn:
        leaves = [leaf_hash(bytes(line)) for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]
    assert findings == []
    assert (checked.size, checked.root) == (SIZE, root_of(leaves))


def test_what_is_written_and_not_signed_yet_is_looked_at_too(written: Publisher, writer: Writer, logged: str) -> None:
    write(writer, SIZE + 1, 100)
    checked, findings = look(logged, written)
    assert (checked.size, findings) == (SIZE + 100, [])
    harmed(logged, f"UPDATE ledger.entries SET line = set_byte(line, 9, 0) WHERE position = {SIZE + 50}")
    assert any("root" in str(each) for each in look(logged, written)[1])


BIT = "set_byte({0}, {1}, get_byte({0}, {1}) # 1)"
GROWN = f"UPDATE ledger.head SET size = {SIZE + 1}"
EXCHANGED = "UPDATE ledger.entries a SET (kind, tags, line) = (SELECT kind, tags, line FROM ledger.entries b WHERE b.position ="
TURNED = "UPDATE log.tiles SET index = -index - 1 WHERE level = 0 AND index < 2"
HARMS = {
    "a bit of an entry": (f"UPDATE ledger.entries SET line = {BIT.format('line', 60)} WHERE position = {AT}", AT),
    "a bit of the first": (f"UPDATE ledger.entries SET line = {BIT.format('line', 60)} WHERE position = 1", 1),
    "a bit of the last": (f"UPDATE ledger.entries SET line = {BIT.format('line', 60)} WHERE position = {SIZE}", SIZE),
    "an entry deleted": (f"DELETE FROM ledger.entries WHERE position = {AT}", AT),
    "the tail cut off": (f"DELETE FROM ledger.entries WHERE position > {AT}", AT + 1),
    "an entry inserted": (
        f"INSERT INTO ledger.entries SELECT {SIZE + 1}, kind, tags, line FROM ledger.entries WHERE position = {AT};{GROWN}",
        SIZE + 1,
    ),
    "two entries exchanged": (
        f"{EXCHANGED} {2 * AT + 1} - a.position) WHERE position IN ({AT}, {AT + 1})",
        AT,
    ),
    "a kind": (f"UPDATE ledger.entries SET kind = 'lot-bought.v1' WHERE position = {AT}", AT),
    "tags": (f"UPDATE ledger.entries SET tags = tags || '{{party:main/X}}' WHERE position = {AT}", AT),
    "a row of tags deleted": (f"DELETE FROM ledger.tags WHERE position = {AT}", AT),
    "a row of tags inserted": (f"INSERT INTO ledger.tags VALUES ('party:main/X', 'party-enrolled.v1', {AT})", AT),
    "a row of tags moved": (f"UPDATE ledger.tags SET position = 1000 WHERE position = {AT}", AT),
    "a command deleted": (f"DELETE FROM ledger.commands WHERE first = {AT}", AT),
    "a command's id": (f"UPDATE ledger.commands SET id = gen_random_uuid() WHERE first = {AT}", AT),
    "a command inserted": (f"INSERT INTO ledger.commands VALUES (gen_random_uuid(), {AT}, 1, '')", None),
    "a bit of a tile": (f"UPDATE log.tiles SET hashes = {BIT.format('hashes', 32 * (AT - 257))} WHERE level = 0 AND index = 1", AT),
    "a bit of an upper tile": (f"UPDATE log.tiles SET hashes = {BIT.format('hashes', 3)} WHERE level = 1", None),
    "a tile deleted": ("DELETE FROM log.tiles WHERE level = 0 AND index = 1", 257),
    "an upper tile deleted": ("DELETE FROM log.tiles WHERE level = 1", None),
    "two tiles exchanged": (f"{TURNED};UPDATE log.tiles SET index = 2 + index WHERE index < 0", 1),
    "a bit of the head": (f"UPDATE ledger.head SET nodes = {BIT.format('nodes', 5)}", None),
    "the head's size": ("UPDATE ledger.head SET size = 319", 320),
    "the head's time": ("UPDATE ledger.head SET seen = '2020-01-01T00:00:00.000000Z'", SIZE),
    "a bit of a signed root": (f"UPDATE log.checkpoints SET note = {BIT.format('note', 25)} WHERE size = 240", None),
    "a checkpoint exchanged": ("UPDATE log.checkpoints SET note = replace(encode(note, 'escape'), 'x', 'y')::bytea WHERE size = 240", None),
    "the tree's size": ("UPDATE log.tree SET size = 700", None),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_whatever_is_changed_is_found_and_named(written: Publisher, logged: str, harm: str) -> None:
    statement, at = HARMS[harm]
    harmed(logged, *statement.split(";"))
    _, findings = look(logged, written)
    assert findings, harm
    assert all(str(each) == each.template.format(**each.values) for each in findings)
    assert at is None or at in [each.position for each in findings], list(map(str, findings))


def test_of_a_changed_entry_the_first_one_is_named(written: Publisher, logged: str) -> None:
    harmed(logged, f"UPDATE ledger.entries SET line = {BIT.format('line', 60)} WHERE position IN (77, {AT}, 310)")
    positions = [each.position for each in look(logged, written)[1] if "hashed" in each.template]
    assert min(filter(None, positions)) == 77


def test_a_history_rewritten_with_all_that_belongs_to_it_is_found_by_the_last_signed_head(
    written: Publisher, writer: Writer, logged: str
) -> None:
    """Entries, tags, head, tiles and checkpoints are all made to agree; only the file apart knows better."""
    with psycopg.connect(logged, autocommit=True) as conn:
        conn.execute("TRUNCATE ledger.entries, ledger.tags, ledger.commands, log.tiles, log.checkpoints, vault.sealed, vault.subjects")
        conn.execute("UPDATE ledger.head SET size = 0, nodes = ''")
        conn.execute("UPDATE log.tree SET size = 0")
    with closing(Writer(logged, writer._vault)) as another:
        write(another, 1, SIZE + 5)
    assert [each.template for each in look(logged, written)[1]] == [fsck.CHANGED]
    with pytest.raises(Diverged, match="history was changed"):
        written.step()


def test_yesterdays_backup_is_found_by_the_last_signed_head(written: Publisher, logged: str) -> None:
    with psycopg.connect(logged, autocommit=True) as conn:
        leaves = [leaf_hash(bytes(line)) for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position LIMIT 240")]
        conn.execute("DELETE FROM ledger.entries WHERE position > 240")
        conn.execute("DELETE FROM ledger.tags WHERE position > 240")
        conn.execute("DELETE FROM ledger.commands WHERE first > 240")
        conn.execute("DELETE FROM log.checkpoints WHERE size > 240")
        conn.execute("UPDATE ledger.head SET size = 240, nodes = %s", (Range().extend(leaves).packed(),))
        conn.execute("TRUNCATE log.tiles")
        conn.execute("UPDATE log.tree SET size = 0")
    _, findings = look(logged, written)
    assert [(each.position, str(each)) for each in findings] == [
        (241, "a head of 320 entries was signed, and there are 240: entries were lost")
    ]
    with pytest.raises(Diverged, match="entries were lost"):
        written.step()
