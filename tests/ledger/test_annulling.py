"""Annulments at the writer: what was taken is given back at once, whoever annulled it; a freed id is free within the same act."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pytest

from domain.values import Command
from domain.vocabulary import COMMANDS
from ledger.act import Act, Given
from ledger.decision import Accepted, Answer, Denied, Repeated
from ledger.schema import Connection, connect
from ledger.store import Record
from ledger.vault import Vault
from ledger.writer import Writer

EARLY, MAY = "2026-01-02T10:00:00-05:00", "2026-05-02T10:00:00-05:00"
POINT = {"type": "Point", "coordinates": [-76.1, -6.2]}


def command(do: str, **fields: Any) -> Command:
    read: Command = COMMANDS.validate_python({"id": uuid4(), "do": do, **fields})
    return read


def enrol(party: str, role: str = "farmer", **further: Any) -> Command:
    given = {"name": f"Name of {party}", "district": "220501", "enrolled_at": EARLY} | further
    return command("enrol-party", party_id=party, role=role, **given)


def plot(holder: str = "F-1", plot_id: str = "P-1") -> Command:
    land = {"area_ha": "1", "district": "220501", "system": "full_sun", "planted_at": EARLY, "surveyed_at": EARLY, "accuracy_m": "3"}
    return command("register-plot", plot_id=plot_id, holder_id=holder, geometry=POINT, **land)


def harvest(lot: str, kg: str = "40") -> Command:
    return command("record-harvest", lot_id=lot, plot_id="P-1", kg=kg, from_at=MAY, to_at=MAY)


def buy(lot: str, inputs: dict[str, str], kg: str, holder: str = "AG") -> Command:
    asks = [{"lot_id": each, "kg": some} for each, some in inputs.items()]
    times = {"started_at": MAY, "ended_at": MAY}
    return command("buy-lot", lot_id=lot, holder_id=holder, inputs=asks, kg=kg, price_pen_kg="3.2", **times)


def lose(lot: str, kg: str) -> Command:
    return command("write-off", loss_id=uuid4().hex[:12].upper(), lot_id=lot, kg=kg, reason="sample", lost_at=MAY)


def annul(position: int) -> Command:
    return command("annul-fact", position=position, reason="incorrect-data", annulled_at=MAY)


def write(writer: Writer, *commands: Command, whole: bool = False, org: str = "main/AG") -> list[Answer]:
    return writer.submit(Act(commands, "test", org, whole=whole)).result(30)


def refusal(answer: Answer) -> tuple[str, str]:
    assert isinstance(answer, Denied)
    return answer.code, answer.sentence()


@pytest.fixture
def begun(writer: Writer) -> Writer:
    """A farmer at 1, a plot at 3, two harvests of 40 kg at 4 and 5, and 30 kg of the first bought at 6."""
    answers = write(
        writer, enrol("F-1"), enrol("AG", "aggregator"), plot(), harvest("H-1"), harvest("H-2"), buy("B-1", {"H-1": "30"}, "30")
    )
    assert answers == [Accepted((at,)) for at in range(1, 7)]
    return writer


def test_what_an_annulled_purchase_took_is_given_back(begun: Writer) -> None:
    assert refusal(write(begun, lose("H-1", "40"))[0])[0] == "overdrawn"

    assert write(begun, annul(6)) == [Accepted((7,))]

    assert isinstance(write(begun, lose("H-1", "40"))[0], Accepted)
    assert refusal(write(begun, lose("B-1", "1"))[0])[0] == "unknown-lot"


def test_a_purchase_is_corrected_in_one_act_under_the_same_id(begun: Writer) -> None:
    answers = write(begun, annul(6), buy("B-1", {"H-1": "35", "H-2": "1"}, "36"), whole=True)

    assert answers == [Accepted((7,)), Accepted((8,))]
    assert refusal(write(begun, lose("H-1", "5.001"))[0]) == ("overdrawn", "lot H-1 has 5 kg on hand, not 5.001 kg")
    assert isinstance(write(begun, lose("B-1", "36"))[0], Accepted)


def test_an_act_that_is_refused_annuls_nothing(begun: Writer) -> None:
    [answer] = write(begun, annul(6), buy("B-1", {"H-1": "41"}, "41"), whole=True)

    assert isinstance(answer, Denied)
    assert (answer.code, answer.at) == ("overdrawn", 1)
    assert refusal(write(begun, lose("H-1", "11"))[0])[0] == "overdrawn"
    assert isinstance(write(begun, lose("B-1", "30"))[0], Accepted)


def test_what_something_rests_on_is_not_annulled_before_that_is(begun: Writer) -> None:
    assert refusal(write(begun, annul(4))[0]) == ("rests-on-it", "entry 6 (lot-bought.v1) rests on entry 4: annul that one first")
    assert refusal(write(begun, annul(1))[0])[1] == "entry 3 (plot-registered.v1) rests on entry 1: annul that one first"

    assert write(begun, annul(6), annul(4), annul(5), annul(3), annul(1)) == [Accepted((at,)) for at in range(7, 12)]
    assert refusal(write(begun, annul(1))[0]) == ("already", "entry 1 was annulled before")


def test_what_rests_on_it_may_stand_in_the_same_batch(begun: Writer) -> None:
    """Decided in one commit: nothing of it is in the store yet."""
    answers = write(begun, harvest("H-3"), lose("H-3", "1"), annul(7), annul(8), annul(7))

    assert [type(each) for each in answers] == [Accepted, Accepted, Denied, Accepted, Accepted]
    assert refusal(answers[2])[1] == "entry 8 (lot-written-off.v1) rests on entry 7: annul that one first"


def test_a_sale_to_whom_a_lot_was_offered_rests_on_the_offer_and_another_does_not(begun: Writer) -> None:
    offered = command("offer-lot", lot_id="H-2", to_id="EX", offered_at=MAY)
    assert write(begun, enrol("EX", "exporter"), offered, buy("B-2", {"H-2": "1"}, "1")) == [Accepted((at,)) for at in (7, 8, 9)]
    assert write(begun, annul(8)) == [Accepted((10,))]

    assert write(begun, command("offer-lot", lot_id="H-2", to_id="EX", offered_at=MAY), buy("B-3", {"H-2": "1"}, "1", "EX")) == [
        Accepted((11,)),
        Accepted((12,)),
    ]
    assert refusal(write(begun, annul(11))[0])[1] == "entry 12 (lot-bought.v1) rests on entry 11: annul that one first"


@pytest.mark.parametrize("position", [7, 9_999, 2**53])
def test_an_entry_that_is_not_there_is_not_annulled(begun: Writer, position: int) -> None:
    assert refusal(write(begun, annul(position))[0]) == ("unknown-entry", f"no entry {position} was ever accepted")


def test_what_no_command_wrote_is_not_annulled(begun: Writer) -> None:
    begun.ask(Given([Record("theirs", ["lot:main/H-2"], _LINE)]))

    assert refusal(write(begun, annul(7))[0])[0] == "unknown-entry"
    assert write(begun, annul(5)) == [Accepted((8,))], "nothing of ours rests on it"


_LINE = orjson.dumps({"kind": "theirs", "fact": {}, "tags": [], "at": "", "seen": "", "by": "", "org": "", "id": ""})


def test_an_annulment_is_written_for_whom_the_entry_was(begun: Writer, ledger: str) -> None:
    write(begun, annul(6), command("question-fact", position=4, reason="weight", questioned_at=MAY), org="main")

    with psycopg.connect(ledger) as conn:
        lines = [orjson.loads(line) for (line,) in conn.execute("SELECT line FROM ledger.entries WHERE position > 6 ORDER BY position")]
    assert [(line["org"], line["by"], line["tags"][-1]) for line in lines] == [
        ("main/AG", "test", "entry:6"),
        ("main/AG", "test", "entry:4"),
    ]


def test_the_annulled_command_answers_as_a_repeat_and_is_not_revived(begun: Writer) -> None:
    again = harvest("H-9")
    assert write(begun, again, annul(7)) == [Accepted((7,)), Accepted((8,))]

    assert write(begun, again) == [Repeated((7,))]
    assert refusal(write(begun, lose("H-9", "1"))[0])[0] == "unknown-lot"
    assert write(begun, harvest("H-9", "12")) == [Accepted((9,))]
    assert write(begun, again) == [Repeated((7,))]


def test_another_process_sees_what_was_annulled(writers: Callable[[], Writer]) -> None:
    one, two = writers(), writers()
    write(one, enrol("F-1"), enrol("AG", "aggregator"), plot(), harvest("H-1"), buy("B-1", {"H-1": "30"}, "30"))
    assert isinstance(write(two, lose("H-1", "1"))[0], Accepted)

    assert write(one, annul(5), harvest("H-2")) == [Accepted((7,)), Accepted((8,))]
    assert isinstance(write(two, lose("H-1", "39"))[0], Accepted)
    assert refusal(write(two, lose("B-1", "1"))[0])[0] == "unknown-lot"
    assert refusal(write(one, lose("H-1", "0.001"))[0])[1] == "lot H-1 has 0 kg on hand, not 0.001 kg"


def test_a_load_taken_back_opens_nothing_that_is_sealed(begun: Writer) -> None:
    def on(do: str, **further: Any) -> Command:
        return command(do, container_no="CSQU3054383", at=MAY, **further)

    dry = command("dry-lots", lot_id="D-1", holder_id="AG", inputs=[{"lot_id": "B-1", "kg": "30"}], kg="10", started_at=MAY, ended_at=MAY)
    filled = [dry, on("open-container", holder_id="AG"), on("load-lot", lot_id="D-1", kg="10", bags="1")]
    assert write(begun, *filled) == [Accepted((at,)) for at in (7, 8, 9)]

    assert write(begun, annul(9)) == [Accepted((10,))]
    assert refusal(write(begun, on("seal-container", seal_no="PE-1"))[0])[0] == "empty"
    sealed = [on("load-lot", lot_id="D-1", kg="4", bags="1"), on("seal-container", seal_no="PE-1"), on("empty-container")]
    assert write(begun, *sealed, on("open-container", holder_id="AG")) == [Accepted((at,)) for at in (11, 12, 13, 14)]
    told = [refusal(write(begun, annul(at))[0])[1].partition(" rests")[0] for at in (11, 12, 13, 8)]
    assert told == [
        "entry 12 (container-sealed.v1)", "entry 13 (container-emptied.v1)", "entry 14 (container-opened.v1)", "entry 11 (lot-loaded.v1)",
    ]  # fmt: skip


@pytest.fixture
def conn(ledger: str) -> Connection:
    return connect(ledger)


def test_who_was_annulled_and_enrolled_again_is_another(writer: Writer, vault: Vault, conn: Connection) -> None:
    mistaken = enrol("F-1", name="Rosa Equivocada", phone="987654321")
    assert write(writer, mistaken) == [Accepted((1,))]
    assert write(writer, annul(1), enrol("F-1", name="Rosa Quispe"), whole=True) == [Accepted((2,)), Accepted((3,))]

    with conn:
        content = vault.open(conn, ["party:main/F-1"])["party:main/F-1"].content
        subjects = conn.execute("SELECT count(DISTINCT subject) FROM vault.sealed").fetchone()
    assert (content["name"], content["phone"]) == ("Rosa Quispe", None)
    assert subjects == (2,)
    assert write(writer, mistaken) == [Repeated((1,))]
    other = COMMANDS.validate_python(mistaken.model_dump() | {"name": "Otra"})
    assert refusal(write(writer, other)[0])[0] == "duplicate-id"


def test_an_annulled_amendment_gives_the_name_of_before(writer: Writer, vault: Vault, conn: Connection) -> None:
    write(writer, enrol("F-1", name="Rosa Quispe"), command("amend-party", party_id="F-1", name="Rosa Lima", amended_at=MAY))
    write(writer, annul(2))

    with conn:
        assert vault.open(conn, ["party:main/F-1"])["party:main/F-1"].content["name"] == "Rosa Quispe"


@pytest.mark.usefixtures("begun")
def test_a_rehearsal_neither_annuls_nor_questions(ledger: str, vault: Vault) -> None:
    rehearsal = Writer(ledger, vault, rehearse=True)
    answers = write(rehearsal, annul(6), command("question-fact", position=6, reason="weight", questioned_at=MAY))
    rehearsal.close()

    assert [refusal(each)[0] for each in answers] == ["not-annullable"] * 2
