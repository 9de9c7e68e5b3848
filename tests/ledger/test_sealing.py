"""Each fact says under whose subject its personal part is put away: a new one, a party's, or that of a plot's holder."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest

from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted, Answer, Denied
from ledger.schema import Connection, connect
from ledger.vault import Vault
from ledger.writer import Writer

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
POINT = {"type": "Point", "coordinates": [-76.4, -6.5]}
OTHER = {"type": "Point", "coordinates": [-76.41, -6.51]}
PLOT = {
    "do": "register-plot", "plot_id": "P-1", "holder_id": "F-1", "area_ha": "1", "district": "220501", "system": "full_sun",
    "planted_at": MAY, "surveyed_at": MAY, "accuracy_m": "3", "geometry": POINT,
}  # fmt: skip
RESURVEY = {"do": "resurvey-plot", "plot_id": "P-1", "area_ha": "2", "surveyed_at": JULY, "accuracy_m": "1", "geometry": OTHER}
TRANSFER = {"do": "transfer-plot", "plot_id": "P-1", "to_id": "F-2", "transferred_at": JUNE}
AMEND = {"do": "amend-party", "party_id": "F-1", "phone": "987654321", "amended_at": JUNE}


def enrol(party: str, name: str) -> dict[str, Any]:
    return {"do": "enrol-party", "party_id": party, "role": "farmer", "name": name, "district": "220501", "enrolled_at": MAY}


@pytest.fixture
def conn(ledger: str) -> Iterator[Connection]:
    with connect(ledger) as conn:
        yield conn


def write(writer: Writer, *bodies: dict[str, Any], org: str = "main") -> list[Answer]:
    return writer.ask(Act([COMMANDS.validate_python({"id": uuid4(), **body}) for body in bodies], "test", org, as_of=JULY))


def subjects(conn: Connection) -> list[str | None]:
    """The subject of each entry's seal, in order."""
    facts = [orjson.loads(line)["fact"] for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]
    return [(fact.get("seal") or {}).get("subject") for fact in facts]


def test_an_amendment_is_sealed_under_the_partys_own_subject(conn: Connection, writer: Writer, vault: Vault) -> None:
    write(writer, enrol("F-1", "Rosa"), enrol("F-2", "Juan"), AMEND)

    rosa, juan, amended = subjects(conn)
    assert (rosa != juan, amended) == (True, rosa)
    assert vault.open(conn, ["party:main/F-1"])["party:main/F-1"].content == {"name": "Rosa", "document": None, "phone": "987654321"}


def test_a_survey_after_a_transfer_is_sealed_under_the_new_holders_subject(conn: Connection, writer: Writer, vault: Vault) -> None:
    write(writer, enrol("F-1", "Rosa"), enrol("F-2", "Juan"), PLOT)
    write(writer, RESURVEY | {"surveyed_at": MAY}, TRANSFER, RESURVEY)

    rosa, juan, first, second, _, third = subjects(conn)
    assert (first, second, third) == (rosa, rosa, juan)
    assert vault.open(conn, ["plot:main/P-1"])["plot:main/P-1"].content == {"geometry": {"type": "Point", "coordinates": [-76.41, -6.51]}}


def test_a_users_name_is_sealed_under_a_subject_of_its_own(conn: Connection, writer: Writer, vault: Vault) -> None:
    write(writer, {"do": "admit-user", "user_id": "U-1", "name": "Nelly", "role": "auditor", "admitted_at": MAY})

    assert vault.open(conn, ["user:U-1"])["user:U-1"].content == {"name": "Nelly"}
    assert conn.execute("SELECT count(*) FROM vault.subjects").fetchone() == (1,)


def test_what_is_sealed_names_the_organisation_that_wrote_it_and_its_position(conn: Connection, writer: Writer) -> None:
    write(writer, enrol("F-1", "Rosa"), org="main/COOP")
    write(writer, AMEND, org="main/OTHER")

    rows = conn.execute("SELECT tag, position, org FROM vault.sealed ORDER BY position").fetchall()
    assert rows == [("party:main/F-1", 1, "main/COOP"), ("party:main/F-1", 2, "main/OTHER")]


def test_what_is_sealed_under_an_old_subject_may_come_before_a_new_one_in_a_commit(writer: Writer) -> None:
    write(writer, enrol("F-1", "Rosa"))

    assert write(writer, AMEND, enrol("F-2", "Juan")) == [Accepted((2,)), Accepted((3,))]


def test_of_who_was_erased_nothing_further_is_put_away(conn: Connection, writer: Writer) -> None:
    write(writer, enrol("F-1", "Rosa"), PLOT)
    conn.execute("DELETE FROM vault.subjects")

    for body, id_ in ((AMEND, "F-1"), (RESURVEY, "P-1")):
        [answer] = write(writer, body)
        assert isinstance(answer, Denied)
        assert (answer.code, answer.sentence()) == ("erased", f"the data of {id_} were erased")
