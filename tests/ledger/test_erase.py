"""Whose data are erased is gone with the entry that says so, stays gone whatever comes back, and every seal stands as it is told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest

from domain.vocabulary import COMMANDS
from ledger import erase
from ledger.act import Act
from ledger.decision import Accepted, Answer, Denied
from ledger.erase import Broken, Erasure, Standing
from ledger.schema import ERASER, SERVER, Connection, connect
from ledger.vault import ERASED, Vault
from ledger.writer import Writer

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
PLOT = {
    "do": "register-plot", "plot_id": "P-1", "holder_id": "F-1", "area_ha": "1", "district": "220501", "system": "full_sun",
    "planted_at": MAY, "surveyed_at": MAY, "accuracy_m": "3", "geometry": {"type": "Point", "coordinates": [-76.4, -6.5]},
}  # fmt: skip
RESURVEY = {"do": "resurvey-plot", "plot_id": "P-1", "area_ha": "2", "surveyed_at": JUNE, "accuracy_m": "1", "geometry": PLOT["geometry"]}
USER = {"do": "admit-user", "user_id": "U-1", "name": "Nelly", "role": "buyer", "admitted_at": MAY}
GRANT = {"do": "grant-role", "user_id": "U-1", "role": "plant", "granted_at": JUNE}
DEVICE = {"do": "enrol-device", "user_id": "U-1", "device_id": "D-1", "sort": "link", "credential": "x", "scopes": [], "enrolled_at": JUNE}


def enrol(party: str, name: str) -> dict[str, Any]:
    return {"do": "enrol-party", "party_id": party, "role": "farmer", "name": name, "district": "220501", "enrolled_at": MAY}


def amend(party: str) -> dict[str, Any]:
    return {"do": "amend-party", "party_id": party, "phone": "987654321", "amended_at": JUNE}


def gone(**of: str) -> dict[str, Any]:
    return {"do": "erase-subject", **of, "basis": "asked", "erased_at": JUNE}


@pytest.fixture
def conn(ledger: str) -> Iterator[Connection]:
    with connect(ledger) as conn:
        yield conn


@pytest.fixture
def write(writer: Writer) -> Callable[..., list[Answer]]:
    def act(*bodies: dict[str, Any], whole: bool = False) -> list[Answer]:
        commands = [COMMANDS.validate_python({"id": uuid4(), **body}) for body in bodies]
        return writer.ask(Act(commands, "test", "main", as_of=JULY, whole=whole))

    return act


@pytest.fixture
def rosa(conn: Connection, write: Callable[..., list[Answer]]) -> str:
    """Rosa with a plot and Juan, entries 1 to 3; Rosa's subject."""
    write(enrol("F-1", "Rosa"), PLOT, enrol("F-2", "Juan"))
    return str(entries(conn)[0]["seal"]["subject"])


def entries(conn: Connection) -> list[dict[str, Any]]:
    return [orjson.loads(line)["fact"] for _, line in lines(conn)]


def lines(conn: Connection) -> list[tuple[int, bytes]]:
    return conn.execute("SELECT position, line FROM ledger.entries ORDER BY position").fetchall()


def held(conn: Connection) -> list[tuple[str, int]]:
    """Tag and position of all that is sealed."""
    return conn.execute("SELECT tag, position FROM vault.sealed ORDER BY position").fetchall()


def codes(answers: list[Answer]) -> list[str]:
    return [answer.code if isinstance(answer, Denied) else "accepted" for answer in answers]


def test_the_entry_names_the_subject_and_what_was_known_is_gone_with_it(
    conn: Connection, rosa: str, vault: Vault, write: Callable[..., list[Answer]]
) -> None:
    before = lines(conn)

    assert write(gone(party_id="F-1")) == [Accepted((4,))]

    assert entries(conn)[3] == {"subject": rosa, "of": "party:main/F-1", "basis": "asked", "erased_at": JUNE}
    assert conn.execute("SELECT tags FROM ledger.entries WHERE position = 4").fetchone() == ([f"subject:{rosa}", "party:main/F-1"],)
    assert held(conn) == [("party:main/F-2", 3)]
    assert conn.execute("SELECT count(*) FROM vault.subjects").fetchone() == (1,)
    assert vault.open(conn, ["party:main/F-1", "plot:main/P-1", "party:main/F-2"]).keys() == {"party:main/F-2"}
    assert erase.listed(conn) == [Erasure(rosa, "asked", JUNE)]
    assert lines(conn)[:3] == before


@pytest.mark.parametrize("named", ["party", "subject"])
def test_who_was_erased_is_not_erased_twice(conn: Connection, rosa: str, write: Callable[..., list[Answer]], named: str) -> None:
    one, other = gone(party_id="F-1"), gone(subject=rosa)

    answers = write(one if named == "party" else other), write(one), write(other)

    assert [codes(each) for each in answers] == [["accepted"], ["already"], ["already"]]
    assert [fact.get("of") for fact in entries(conn)][3:] == ["party:main/F-1"]


def test_what_is_not_there_is_not_erased(conn: Connection, rosa: str, write: Callable[..., list[Answer]]) -> None:
    del rosa
    asked = write(
        gone(party_id="F-9"),
        gone(user_id="F-1"),
        gone(subject=str(uuid4())),
        gone(party_id="F-1") | {"erased_at": "2026-04-01T00:00:00-05:00"},
    )

    assert codes(asked) == ["unknown-party", "unknown-user", "unknown-subject", "before-origin"]
    assert (len(held(conn)), erase.listed(conn)) == (3, [])


def test_of_who_was_erased_nothing_is_put_away_again_even_in_the_same_commit(
    conn: Connection, rosa: str, write: Callable[..., list[Answer]]
) -> None:
    del rosa
    further = amend("F-1"), RESURVEY, PLOT | {"plot_id": "P-2"}

    assert codes(write(gone(party_id="F-1"), *further, amend("F-2"))) == ["accepted", "erased", "erased", "erased", "accepted"]
    assert codes(write(*further)) == ["erased", "erased", "erased"]
    assert held(conn) == [("party:main/F-2", 3), ("party:main/F-2", 5)]


def test_what_was_put_away_in_the_same_commit_goes_too(conn: Connection, rosa: str, write: Callable[..., list[Answer]]) -> None:
    del rosa

    assert codes(write(gone(party_id="F-2"), amend("F-1"), gone(party_id="F-1"))) == ["accepted"] * 3
    assert held(conn) == []


def test_an_act_of_which_a_part_is_refused_destroys_nothing(conn: Connection, rosa: str, write: Callable[..., list[Answer]]) -> None:
    del rosa

    assert codes(write(gone(party_id="F-1"), gone(party_id="F-9"), whole=True)) == ["unknown-party"]
    assert (len(held(conn)), len(lines(conn))) == (3, 3)
    assert codes(write(amend("F-1"))) == ["accepted"]


def test_whose_enrolment_was_annulled_is_erased_by_their_subject_and_who_has_the_id_now_stays(
    conn: Connection, vault: Vault, write: Callable[..., list[Answer]]
) -> None:
    write(enrol("F-1", "Rosa"))
    write({"do": "annul-fact", "position": 1, "reason": "did-not-occur", "annulled_at": JUNE}, enrol("F-1", "Ana"))
    annulled = entries(conn)[0]["seal"]["subject"]

    assert codes(write(gone(subject=annulled))) == ["accepted"]

    assert held(conn) == [("party:main/F-1", 3)]
    assert entries(conn)[3]["of"] == "party:main/F-1"
    assert codes(write(amend("F-1"), gone(subject=annulled), gone(party_id="F-1"))) == ["accepted", "already", "accepted"]
    assert judged(conn, vault) == (0, 3, 0, [])


def test_a_user_who_was_erased_is_given_nothing_more(conn: Connection, write: Callable[..., list[Answer]]) -> None:
    assert codes(write(USER, gone(user_id="U-1"), GRANT, DEVICE)) == ["accepted", "accepted", "erased", "erased"]
    revoke = {"do": "revoke-role", "user_id": "U-1", "role": "buyer", "revoked_at": JUNE}
    assert codes(write(GRANT, DEVICE, revoke)) == ["erased", "erased", "already"]
    assert held(conn) == []


def test_the_serving_role_destroys_nothing_that_no_entry_says_was_erased(ledger: str, conn: Connection, rosa: str) -> None:
    with connect(ledger, SERVER) as server, pytest.raises(psycopg.errors.InsufficientPrivilege):
        server.execute(f"INSERT INTO {ERASED} VALUES (%s, 'asked', %s)", (rosa, JUNE))

    assert len(held(conn)) == 3


@pytest.mark.parametrize("statement", ["DELETE FROM vault.erased", "UPDATE vault.erased SET basis = 'x'", "TRUNCATE vault.erased"])
@pytest.mark.parametrize("role", [SERVER, ERASER])
def test_nobody_takes_a_subject_off_the_list(ledger: str, role: str, statement: str) -> None:
    with connect(ledger, role) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)


def copied(conn: Connection) -> Callable[[], None]:
    """Remember the vault as it is; the call puts back what is missing, as an old copy would."""
    kept = {table: conn.execute(f"SELECT * FROM vault.{table}").fetchall() for table in ("subjects", "sealed")}

    def back() -> None:
        for table, rows in kept.items():
            for row in rows:
                conn.execute(f"INSERT INTO vault.{table} VALUES ({', '.join(['%s'] * len(row))}) ON CONFLICT DO NOTHING", row)

    return back


@pytest.mark.parametrize("listed", [True, False])
def test_what_an_older_copy_brings_back_is_destroyed_again_because_an_entry_names_it(
    ledger: str, conn: Connection, rosa: str, write: Callable[..., list[Answer]], *, listed: bool
) -> None:
    old = copied(conn)
    write(gone(party_id="F-1"))
    old()
    if not listed:
        conn.execute("DELETE FROM vault.erased")
    assert len(held(conn)) == 3

    with connect(ledger, ERASER) as eraser:
        assert (erase.finish(eraser), erase.finish(eraser)) == (3, 0)  # the key, the name and the boundary

    assert held(conn) == [("party:main/F-2", 3)]
    assert erase.listed(conn) == [Erasure(rosa, "asked", JUNE)]


def test_what_somebody_remembers_to_be_erased_is_destroyed_without_an_entry(ledger: str, conn: Connection, rosa: str) -> None:
    with connect(ledger, ERASER) as eraser:
        erase.finish(eraser, [Erasure(rosa, "ordered", JUNE), Erasure(str(uuid4()), "asked", JUNE)])

    assert held(conn) == [("party:main/F-2", 3)]
    assert erase.unsaid(conn) == 2


def test_no_destroyed_key_is_left_in_the_tables_file(ledger: str, conn: Connection, rosa: str, write: Callable[..., list[Answer]]) -> None:
    keys = dict(conn.execute("SELECT subject::text, key FROM vault.subjects").fetchall())
    [juan] = keys.keys() - {rosa}
    folder = conn.execute("SHOW data_directory").fetchall()[0][0]
    if not Path(folder).exists():
        pytest.skip("the database's files are on another machine")

    write(gone(party_id="F-2"))
    for _ in range(20):  # a connection that begins just then, in whatever database of the server, holds it for a moment
        erase.tidy(ledger)
        conn.execute("CHECKPOINT")
        [path] = conn.execute("SELECT pg_relation_filepath('vault.subjects')").fetchall()[0]
        body = (Path(folder) / path).read_bytes()
        if keys[juan] not in body:
            break
        sleep(0.1)
    assert (keys[rosa] in body, keys[juan] in body) == (True, False)


def judged(conn: Connection, vault: Vault) -> tuple[int, int, int, list[Broken]]:
    of: Standing = erase.standing(conn, vault, lines(conn))
    return of.kept, of.erased, of.unsaid, of.broken


def test_a_seal_is_kept_or_erased(conn: Connection, rosa: str, vault: Vault, write: Callable[..., list[Answer]]) -> None:
    assert judged(conn, vault) == (3, 0, 0, [])
    write(gone(party_id="F-1"), amend("F-2"))
    assert judged(conn, vault) == (2, 2, 0, [])
    done: list[int] = []
    erase.standing(conn, vault, reversed(lines(conn)), done.append)
    assert done == [5]
    assert rosa in erase.standing(conn, vault, lines(conn))._said


def test_an_erasure_whose_entry_a_restore_lost_is_told_apart(ledger: str, conn: Connection, rosa: str, vault: Vault) -> None:
    with connect(ledger, ERASER) as eraser:
        erase.finish(eraser, [Erasure(rosa, "asked", JUNE)])

    assert judged(conn, vault) == (1, 0, 2, [])


@pytest.mark.parametrize(
    ("tampered", "position", "why"),
    [
        ("DELETE FROM vault.subjects WHERE subject = '{rosa}'", 1, "the key of its subject is gone, and no entry says that it was erased"),
        ("DELETE FROM vault.sealed WHERE position = 2", 2, "what it sealed is gone, and the key of its subject is not"),
        ("UPDATE vault.sealed SET subject = '{rosa}' WHERE position = 3", 3, "what it sealed is under another subject"),
        ("UPDATE vault.sealed SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE position = 2",
         2, "what it sealed does not open"),
        ("UPDATE vault.subjects SET key = set_byte(key, 20, get_byte(key, 20) # 1) WHERE subject <> '{rosa}'",
         3, "what it sealed does not open"),
        ("INSERT INTO vault.sealed SELECT tag, 9, subject, command, org, sealed, mac FROM vault.sealed WHERE position = 2",
         9, "something is sealed"),
    ],
)  # fmt: skip
def test_what_is_neither_is_broken_and_its_place_is_named(
    conn: Connection, rosa: str, vault: Vault, tampered: str, position: int, why: str
) -> None:
    conn.execute(tampered.format(rosa=rosa))

    broken = judged(conn, vault)[3]

    assert broken[0].position == position
    assert broken[0].why.startswith(why)


def test_other_content_in_the_place_of_what_was_sealed_is_broken(conn: Connection, rosa: str, vault: Vault) -> None:
    """Whoever has the vault's key can seal; what the entry commits to they cannot change."""
    key = vault.key(conn, rosa)
    _, row = vault.seal(key, rosa, "party:main/F-1", 1, uuid4(), "main", b'{"name":"Otra"}')
    conn.execute("UPDATE vault.sealed SET sealed = %s WHERE position = 1", (row[5],))

    assert judged(conn, vault) == (2, 0, 0, [Broken(1, "what it sealed is not what the entry commits to")])


def test_who_was_erased_and_is_there_again_is_broken(conn: Connection, rosa: str, vault: Vault, write: Callable[..., list[Answer]]) -> None:
    old = copied(conn)
    write(gone(party_id="F-1"))
    old()

    again = "its subject was erased, and its data are there again"
    assert judged(conn, vault) == (1, 0, 0, [Broken(1, again), Broken(2, again)])
    assert UUID(rosa).version == 4


def test_what_is_sealed_under_no_key_is_dropped(conn: Connection, rosa: str) -> None:
    conn.execute("DELETE FROM vault.subjects WHERE subject = %s", (rosa,))

    assert (erase.without_key(conn), erase.without_key(conn)) == (1, 0)
    assert held(conn) == [("party:main/F-2", 3)]
