"""Two walls around what is an organisation's own: the rights of roles at the doors, and row-level security in the database behind them."""

from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest

from api.access import Actor
from api.examples import EXAMPLES
from api.giving import give
from api.guard import MADE
from api.house import House
from api.roles import EVERYBODY, OPERATOR, READS, may_command, roles, touches
from domain.values import Command
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted, Answer, Denied
from projections.follow import tables
from tests.api.people import organisation

THEIRS, OURS = "main/AG-01", "main/ZZ-01"
PEOPLE: Final = [role for role in roles() if role != OPERATOR]
MAKES_OWN: Final = {
    "record-gs1-prefix",
    "register-product",
    "record-gln",
    "enrol-party",
    "open-container",
    "raise-seedlings",
    "set-price",
    "admit-user",
    "publish-price",
    "withdraw-price",
}
"""Commands that touch nothing when one's own organisation is named in them."""


def read(body: dict[str, Any]) -> Command:
    command: Command = COMMANDS.validate_python(body)
    return command


def anew(body: dict[str, Any]) -> dict[str, Any]:
    """The same command once more: another id, and another name for what it makes."""
    name = MADE.get(body["do"], ":").partition(":")[2]
    fresh = {"container_no": "MSKU9070323", "serials": [f"ZZZZZZZ{at}" for at in range(len(body.get("serials", ())))]}
    further = {name: fresh.get(name) or f"{body[name]}-Z"} if name else {}
    return {**body, **further, "id": str(uuid4())}


def renamed(body: dict[str, Any]) -> dict[str, Any]:
    """The same with our own organisation wherever one of theirs is named."""
    return {name: OURS.rpartition("/")[2] if value in ("AG-01", "EX-01", "NU-01") else value for name, value in body.items()}


@pytest.fixture(scope="module")
def two(fresh_house: House) -> House:
    """A house in which everything of the examples was written by one organisation, and another one that has nothing."""
    answers = fresh_house.writer.submit(Act([read(body) for body in EXAMPLES], "u-theirs", THEIRS)).result()
    assert all(isinstance(answer, Accepted) for answer in answers)
    organisation(fresh_house, "ZZ-01")
    return fresh_house


def size(house: House) -> int:
    with psycopg.connect(house.url) as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    return int(row[0]) if row else -1


def asked(house: House, role: str, body: dict[str, Any]) -> Answer:
    return give(house, Actor("U-OURS", OURS, (role,), "D-OURS", session=True), [read(body)])[0]


def test_every_command_says_what_it_touches_and_has_those_fields() -> None:
    fields = {str(model.model_fields["do"].default): set(model.model_fields) for model in _models()}

    assert touches().keys() == fields.keys()
    assert {do for do, of in touches().items() if not {name for names in of.values() for name in names} <= fields[do]} == set()


def _models() -> list[type[Command]]:
    return [type(read(body)) for body in {body["do"]: body for body in EXAMPLES}.values()]


def test_the_table_names_known_commands_and_reads_only() -> None:
    assert {do for role in roles().values() for do in role.commands} <= touches().keys()
    assert {what for role in roles().values() for what in role.reads} <= set(READS)
    assert roles()["auditor"].commands == {"question-fact", "settle-question"}


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize("at", range(len(EXAMPLES)), ids=[f"{at}-{body['do']}" for at, body in enumerate(EXAMPLES)])
def test_nobody_commands_what_is_of_another_organisation(two: House, role: str, at: int) -> None:
    before = size(two)
    bodies = [anew(EXAMPLES[at])]
    if EXAMPLES[at]["do"] not in MAKES_OWN:
        bodies.append(renamed(anew(EXAMPLES[at])))
    farmer = EXAMPLES[at].get("role") == "farmer"

    for body in bodies:
        answer = asked(two, role, body)
        if body["do"] == "enrol-party" and farmer and may_command([role], "enrol-party"):
            assert isinstance(answer, Denied | Accepted)  # a new farmer of our own
            continue
        assert isinstance(answer, Denied)
        wanted = "unknown-" if may_command([role], body["do"]) and body["do"] != "enrol-party" else "forbidden"
        assert answer.code.startswith(wanted)
        assert size(two) == before


@pytest.mark.parametrize("do", sorted(touches()))
def test_a_role_gives_only_the_commands_of_its_table(two: House, do: str) -> None:
    body = next(body for body in EXAMPLES if body["do"] == do)

    for role in PEOPLE:
        answer = asked(two, role, anew(body))
        forbidden = isinstance(answer, Denied) and answer.code == "forbidden"
        assert forbidden == (not may_command([role], do) or (do == "enrol-party" and body["role"] != "farmer"))


def test_what_is_of_others_answers_word_for_word_as_what_is_unknown(two: House) -> None:
    body = renamed(anew(next(body for body in EXAMPLES if body["do"] == "ferment-lots")))
    unknown = {**body, "inputs": [{"lot_id": "NO-SUCH", "kg": "1"}]}

    theirs, nothing = asked(two, "plant", body), asked(two, "plant", unknown)

    assert isinstance(theirs, Denied)
    assert isinstance(nothing, Denied)
    assert (theirs.code, theirs.template) == (nothing.code, nothing.template) == ("unknown-lot", "no {thing} {id} was ever accepted")


def test_a_lot_that_was_offered_may_be_bought_by_whom_it_was_offered_to_and_nobody_else(house: House) -> None:
    story = [body for body in EXAMPLES if body["do"] != "revoke-device" and "position" not in body]
    house.writer.submit(Act([read(body) for body in story], "u-theirs", THEIRS)).result()
    organisation(house, "ZZ-01")
    at = "2026-05-22T09:00:00-05:00"
    bought = next(body for body in EXAMPLES if body["do"] == "buy-lot")
    body = {**bought, "inputs": [{"lot_id": "DR-001", "kg": "1"}], "kg": "1", "started_at": at, "ended_at": at}
    offer = {"do": "offer-lot", "lot_id": "DR-001", "to_id": "EX-01", "offered_at": at, "id": str(uuid4())}
    house.writer.submit(Act([read(offer)], "u-theirs", THEIRS)).result()

    def buys(org: str) -> Answer:
        named = {"holder_id": org, "lot_id": f"BU-{org}", "id": str(uuid4())}
        return give(house, Actor("U", f"main/{org}", ("exporter",), session=True), [read({**body, **named})])[0]

    stranger, invited = buys("ZZ-01"), buys("EX-01")

    assert isinstance(stranger, Denied)
    assert stranger.code == "unknown-lot"
    assert isinstance(invited, Accepted)


def test_nobody_makes_theirs_what_they_only_claim_in_a_list(two: House) -> None:
    claim = {**next(body for body in EXAMPLES if body.get("role") == "farmer"), "id": str(uuid4()), "name": "Otra"}
    plot = {**next(body for body in EXAMPLES if body["do"] == "register-plot"), "id": str(uuid4()), "plot_id": "P-CLAIM"}
    actor = Actor("U-OURS", OURS, ("extensionist",), session=True)

    answers = give(two, actor, [read(claim), read(plot)])

    assert [getattr(answer, "code", "accepted") for answer in answers] == ["duplicate-id", "unknown-party"]


@pytest.mark.parametrize("do", ["admit-user", "grant-role", "revoke-role"])
def test_an_administrator_of_an_organisation_gives_and_takes_no_role_of_the_house(two: House, do: str) -> None:
    body = {name: value for name, value in anew(next(body for body in EXAMPLES if body["do"] == do)).items() if name != "org_id"}

    answer = asked(two, "administrator", body)

    assert isinstance(answer, Denied)
    assert answer.code == "unknown-party"


def test_nobody_enrols_what_another_signs_in_with(two: House) -> None:
    body = {**next(body for body in EXAMPLES if body["do"] == "enrol-device"), "id": str(uuid4()), "device_id": "D-NEW"}

    for role in PEOPLE:
        answer = asked(two, role, body)
        assert isinstance(answer, Denied)
    assert "enrol-device" in EVERYBODY


def test_with_the_doors_open_the_database_still_shows_an_organisation_nothing_of_another(two: House) -> None:
    seen: dict[str, tuple[int, int]] = {}
    for table in tables():
        if table.theirs is None:
            continue
        with two.reading(OURS) as conn:
            ours = conn.execute(f"SELECT count(*) FROM views.{table.name}").fetchone()
        with two.reading(THEIRS) as conn:
            theirs = conn.execute(f"SELECT count(*) FROM views.{table.name}").fetchone()
        assert ours
        assert theirs
        seen[table.name] = int(ours[0]), int(theirs[0])

    with two.reading(OURS) as conn:
        farmers = conn.execute("SELECT DISTINCT org FROM views.parties WHERE role = 'farmer'").fetchall()
    assert set(farmers) <= {(OURS,)}
    del seen["parties"], seen["moments"]  # other tests here enrol farmers of ours
    assert {name for name, (ours, _) in seen.items() if ours} == set()
    gone = {name for name in seen if name.startswith("gone_")}
    assert {name for name, (_, theirs) in seen.items() if not theirs} == gone - {"gone_lots", "gone_edges"}


def test_the_database_shows_the_office_no_entry_and_no_sealed_name_of_others(two: House) -> None:
    with two.reading(OURS) as conn:
        assert two.vault.open(conn, ["party:main/FA-0001", "plot:main/P-00001"]) == {}
    with two.reading(THEIRS) as conn:
        assert two.vault.open(conn, ["party:main/FA-0001"])["party:main/FA-0001"].content["name"] == "Rosa Tuanama Shupingahua"
    for table in ("ledger.entries", "ledger.tags", "ledger.commands", "access.sessions", "views.origins", "views.timeline"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), two.reading(THEIRS) as conn:
            conn.execute(f"SELECT 1 FROM {table}")


def test_the_office_role_is_neither_owner_nor_superuser(two: House) -> None:
    with psycopg.connect(two.url) as conn:
        row = conn.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'cacao_office'").fetchone()
        owned = conn.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = 'cacao_office'"
        ).fetchone()

    assert row == (False, False)
    assert owned == (0,)
