"""What is about people is sealed where it can be forgotten, opens with one key alone, and comes back as it was."""

import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest

from domain.values import Seal
from ledger.schema import Connection, connect
from ledger.vault import ERASED, SEALED, SUBJECTS, Vault, WrongKey, commitment, key_from, key_of
from ledger.vault import secret as kept_apart

CONTENT = b'{"document":"45678912","name":"Rosa Quispe"}'
TAG = "party:main/F-1"
OTHER_KEY = bytes(range(1, 33))


@pytest.fixture
def conn(ledger: str) -> Iterator[Connection]:
    with connect(ledger) as conn:
        yield conn


def put_away(conn: Connection, vault: Vault, content: bytes = CONTENT, tag: str = TAG) -> tuple[Seal, UUID]:
    """Seal content under a new subject; the seal, and the command that brought it."""
    subject, key, subject_row = vault.new_subject()
    conn.execute(f"INSERT INTO {SUBJECTS} VALUES (%s, %s)", subject_row)
    return put_further(conn, vault, key, subject, tag, 1, content)


def put_further(conn: Connection, vault: Vault, key: bytes, subject: str, tag: str, position: int, content: bytes) -> tuple[Seal, UUID]:
    """Seal content under a subject that is there, for the entry at a position."""
    command = uuid4()
    seal, sealed_row = vault.seal(key, subject, tag, position, command, "main", content)
    conn.execute(f"INSERT INTO {SEALED} VALUES (%s, %s, %s, %s, %s, %s, %s)", sealed_row)
    return seal, command


def amend(conn: Connection, vault: Vault, subject: str, position: int, content: bytes) -> tuple[Seal, UUID]:
    """Seal further content of the tag."""
    return put_further(conn, vault, vault.key(conn, subject), subject, TAG, position, content)


def forget(conn: Connection, subject: str) -> None:
    conn.execute(f"INSERT INTO {ERASED} VALUES (%s, 'asked', '')", (subject,))


def test_what_was_put_away_opens_as_it_was(conn: Connection, vault: Vault) -> None:
    put_away(conn, vault)

    assert vault.open(conn, [TAG])[TAG].content == {"document": "45678912", "name": "Rosa Quispe"}


def test_only_what_is_asked_for_and_there_is_opened(conn: Connection, vault: Vault) -> None:
    put_away(conn, vault)
    put_away(conn, vault, b'{"name":"Juan"}', "party:main/F-2")

    opened = vault.open(conn, ["party:main/F-2", "party:main/F-3"])

    assert {tag: each.content for tag, each in opened.items()} == {"party:main/F-2": {"name": "Juan"}}
    assert vault.open(conn, []) == {}


def test_a_subjects_key_seals_further_content(conn: Connection, vault: Vault) -> None:
    seal, _ = put_away(conn, vault)
    put_further(conn, vault, vault.key(conn, seal.subject), seal.subject, "plot:main/P-1", 2, b'{"geometry":null}')

    assert vault.open(conn, ["plot:main/P-1"])["plot:main/P-1"].content == {"geometry": None}
    forget(conn, seal.subject)
    assert vault.open(conn, [TAG, "plot:main/P-1"]) == {}


def test_what_is_given_later_replaces_and_what_is_not_given_stays(conn: Connection, vault: Vault) -> None:
    seal, _ = put_away(conn, vault)

    amend(conn, vault, seal.subject, 9, b'{"document":null,"name":"Rosa Luna","phone":null}')
    last, _ = amend(conn, vault, seal.subject, 10, b'{"document":"45678913","name":null,"phone":"987654321"}')

    opened = vault.open(conn, [TAG])[TAG]
    assert opened.content == {"document": "45678913", "name": "Rosa Luna", "phone": "987654321"}
    assert commitment(opened.salt, b'{"document":"45678913","name":null,"phone":"987654321"}') == last.commitment


def test_the_order_of_what_was_given_is_that_of_positions_and_cannot_be_changed(conn: Connection, vault: Vault) -> None:
    seal, _ = put_away(conn, vault)
    amend(conn, vault, seal.subject, 10, b'{"name":"Rosa Luna"}')
    amend(conn, vault, seal.subject, 9, b'{"name":"Rosa Sol"}')

    assert vault.open(conn, [TAG])[TAG].content["name"] == "Rosa Luna"
    conn.execute("UPDATE vault.sealed SET position = 11 WHERE position = 9")
    with pytest.raises(WrongKey):
        vault.open(conn, [TAG])


def test_content_that_comes_again_is_compared_with_its_own_commands(conn: Connection, vault: Vault) -> None:
    seal, first = put_away(conn, vault)
    _, second = amend(conn, vault, seal.subject, 9, b'{"name":"Rosa Luna"}')

    assert vault.same(conn, first, CONTENT)
    assert vault.same(conn, second, b'{"name":"Rosa Luna"}')
    assert not vault.same(conn, second, CONTENT)


def test_all_that_was_given_of_a_subject_is_forgotten(conn: Connection, vault: Vault) -> None:
    seal, _ = put_away(conn, vault)
    amend(conn, vault, seal.subject, 9, b'{"name":"Rosa Luna"}')

    forget(conn, seal.subject)

    assert vault.open(conn, [TAG]) == {}


def test_a_seal_commits_to_salt_and_content_and_names_nobody(conn: Connection, vault: Vault) -> None:
    seal, _ = put_away(conn, vault)
    salt = vault.open(conn, [TAG])[TAG].salt

    assert len(salt) == 32
    assert seal.commitment == sha256(salt + CONTENT).hexdigest() == commitment(salt, CONTENT)
    assert UUID(seal.subject).version == 4


def test_the_same_person_twice_has_nothing_in_common(conn: Connection, vault: Vault) -> None:
    one, _ = put_away(conn, vault)
    other, _ = put_away(conn, vault, tag="party:main/F-2")
    (sealed_1, mac_1), (sealed_2, mac_2) = conn.execute("SELECT sealed, mac FROM vault.sealed")

    assert one.subject != other.subject
    assert one.commitment != other.commitment
    assert sealed_1[:12] != sealed_2[:12]
    assert sealed_1[12:] != sealed_2[12:]
    assert mac_1 != mac_2


def test_tables_hold_neither_name_nor_document_nor_salt(conn: Connection, vault: Vault) -> None:
    put_away(conn, vault)
    salt = vault.open(conn, [TAG])[TAG].salt
    rows = [
        *conn.execute("SELECT subject::text::bytea, key FROM vault.subjects"),
        *conn.execute("SELECT tag::bytea, subject::text::bytea, command::text::bytea, sealed, mac FROM vault.sealed"),
    ]
    held = b"|".join(cell for row in rows for cell in row)

    assert len(rows) == 2
    for secret in (b"Rosa", b"Quispe", b"45678912", salt, salt.hex().encode(), sha256(CONTENT).digest(), sha256(b"45678912").digest()):
        assert secret not in held


def test_of_a_forgotten_subject_nothing_opens_and_no_key_is_left(conn: Connection, vault: Vault) -> None:
    seal, _ = put_away(conn, vault)

    forget(conn, seal.subject)

    assert vault.open(conn, [TAG]) == {}
    with pytest.raises(LookupError, match=f"^subject {seal.subject} was erased$"):
        vault.key(conn, seal.subject)
    assert conn.execute("SELECT count(*) FROM vault.sealed").fetchone() == (0,)


def test_one_is_forgotten_and_the_others_stay(conn: Connection, vault: Vault) -> None:
    seal, _ = put_away(conn, vault)
    put_away(conn, vault, b'{"name":"Juan"}', "party:main/F-2")

    forget(conn, seal.subject)

    assert set(vault.open(conn, [TAG, "party:main/F-2"])) == {"party:main/F-2"}


def test_content_that_comes_again_is_known_until_it_is_forgotten(conn: Connection, vault: Vault) -> None:
    seal, command = put_away(conn, vault)

    assert vault.same(conn, command, CONTENT)
    assert not vault.same(conn, command, CONTENT.replace(b"Rosa", b"Rosita"))
    forget(conn, seal.subject)
    assert vault.same(conn, command, CONTENT)
    assert vault.same(conn, command, b"{}")


def test_the_first_key_is_the_vaults_key_and_another_is_refused_without_writing(conn: Connection, vault: Vault) -> None:
    vault.check(conn)
    vault.check(conn)
    before = conn.execute("SELECT one, proof FROM vault.lock").fetchall()

    with pytest.raises(WrongKey, match=r"^the vault was sealed with another key"):
        Vault(OTHER_KEY).check(conn)

    assert len(before) == 1
    assert conn.execute("SELECT one, proof FROM vault.lock").fetchall() == before
    vault.check(conn)


def test_the_proof_of_a_key_is_not_the_key(conn: Connection, vault: Vault) -> None:
    vault.check(conn)

    (proof,) = conn.execute("SELECT proof FROM vault.lock").fetchone() or (b"",)

    assert len(proof) == 32
    assert proof not in (bytes(range(32)), sha256(bytes(range(32))).digest())


def test_another_key_opens_nothing(conn: Connection, vault: Vault) -> None:
    seal, command = put_away(conn, vault)
    other = Vault(OTHER_KEY)

    for attempt in (lambda: other.open(conn, [TAG]), lambda: other.key(conn, seal.subject), lambda: other.same(conn, command, CONTENT)):
        with pytest.raises(WrongKey, match=r"^sealed content does not open"):
            attempt()


@pytest.mark.parametrize(
    "moved", ["UPDATE vault.sealed SET tag = 'party:main/F-9'", "UPDATE vault.sealed SET sealed = sealed || 'x'::bytea"]
)
def test_content_that_was_moved_or_changed_does_not_open(conn: Connection, vault: Vault, moved: str) -> None:
    put_away(conn, vault)

    conn.execute(moved)

    with pytest.raises(WrongKey):
        vault.open(conn, [TAG, "party:main/F-9"])


def test_a_key_moved_to_another_subject_does_not_open(conn: Connection, vault: Vault) -> None:
    one, _ = put_away(conn, vault)
    other, _ = put_away(conn, vault, tag="party:main/F-2")

    conn.execute("UPDATE vault.subjects SET key = (SELECT key FROM vault.subjects WHERE subject = %s)", (one.subject,))

    assert vault.key(conn, one.subject)
    with pytest.raises(WrongKey):
        vault.key(conn, other.subject)


def test_a_key_file_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys" / "vault.key"

    key = key_from(path)

    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert key_from(path) == key
    assert bytes.fromhex(path.read_text()) == key


def test_two_key_files_hold_two_keys(tmp_path: Path) -> None:
    assert key_from(tmp_path / "one" / "key") != key_from(tmp_path / "two" / "key")


@pytest.mark.parametrize("written", ["", "00" * 31, "00" * 33, "zz" * 32, "no key at all"])
def test_what_is_no_key_is_refused_in_words(written: str) -> None:
    with pytest.raises(WrongKey, match=r"^CACAO_KEY: wanted a key of 64 hexadecimal digits$"):
        key_of(written, "CACAO_KEY")


def test_a_spoiled_key_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    path.write_text("spoiled\n")

    with pytest.raises(WrongKey, match=r"vault\.key: wanted a key of 64 hexadecimal digits"):
        key_from(path)

    assert path.read_text() == "spoiled\n"


def test_sealed_content_may_be_any_text(conn: Connection, vault: Vault) -> None:
    content = orjson.dumps({"name": 'Ñusta "Ñ" \\ \n € 😀'})

    put_away(conn, vault, content)

    assert vault.open(conn, [TAG])[TAG].content == {"name": 'Ñusta "Ñ" \\ \n € 😀'}


def test_a_mark_is_the_same_for_one_key_and_purpose_alone() -> None:
    marks = {Vault(key).mark(purpose, content) for key in (bytes(32), OTHER_KEY) for purpose in ("a", "b") for content in (b"x", b"y")}

    assert len(marks) == 8
    assert Vault(OTHER_KEY).mark("a", b"x") == Vault(OTHER_KEY).mark("a", b"x")
    assert all(len(bytes.fromhex(mark)) == 32 for mark in marks)


def test_of_two_who_make_the_folder_of_keys_at_once_neither_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one looked before the first one made it."""
    one, other = tmp_path / "keys" / "one", tmp_path / "keys" / "other"
    kept_apart(one, lambda: "1")
    monkeypatch.setattr(Path, "exists", lambda _: False)

    kept_apart(other, lambda: "2")
    kept_apart(one, lambda: "3")

    assert (one.read_text(), other.read_text()) == ("1\n", "2\n")
    assert stat.S_IMODE(one.parent.stat().st_mode) == 0o700
