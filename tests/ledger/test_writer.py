"""Decide, group, answer: every caller gets an answer, whoever else writes, and nothing is doubled or lost."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from api.examples import EXAMPLES
from domain.values import Command
from domain.vocabulary import COMMANDS
from ledger.act import Act, Given, Unsure
from ledger.decision import Accepted, Answer, Denied, Repeated
from ledger.merkle import Range, leaf_hash, unpacked
from ledger.store import Record
from ledger.vault import Vault
from ledger.writer import Writer

KEY = bytes(range(32))


def command(body: dict[str, Any], **changed: Any) -> Command:
    read: Command = COMMANDS.validate_python({**body, **changed})
    return read


def example(do: str, **changed: Any) -> Command:
    return command(next(body for body in EXAMPLES if body["do"] == do), **changed)


def write(writer: Writer, *commands: Command, whole: bool = False) -> list[Answer]:
    return writer.submit(Act(commands, "test", "main", whole=whole)).result(30)


def all_examples(writer: Writer) -> list[Answer]:
    return write(writer, *map(command, EXAMPLES))


def size(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    assert row is not None
    return int(row[0])


def test_every_example_is_accepted_at_the_next_position(writer: Writer) -> None:
    assert all_examples(writer) == [Accepted((at,)) for at in range(1, len(EXAMPLES) + 1)]


def test_the_same_id_with_the_same_content_answers_as_the_first_time(writer: Writer, ledger: str) -> None:
    first = all_examples(writer)

    again = all_examples(writer)

    assert again == [Repeated(answer.positions) for answer in first if isinstance(answer, Accepted)]
    assert size(ledger) == len(EXAMPLES)


def test_a_weight_written_in_another_way_is_the_same_content(writer: Writer) -> None:
    all_examples(writer)

    assert isinstance(write(writer, example("record-harvest", kg="412.500"))[0], Repeated)


@pytest.mark.parametrize(("do", "changed"), [("record-harvest", {"kg": "412.6"}), ("enrol-party", {"name": "Vivero Otro"})])
def test_the_same_id_with_other_content_is_refused(writer: Writer, do: str, changed: dict[str, str]) -> None:
    all_examples(writer)

    [answer] = write(writer, example(do, **changed))

    assert isinstance(answer, Denied)
    assert answer.code == "duplicate-id"


def test_a_refused_id_stays_free(writer: Writer) -> None:
    harvest = example("record-harvest")
    [refused] = write(writer, harvest)

    all_examples(writer)

    assert isinstance(refused, Denied)
    assert isinstance(write(writer, harvest)[0], Repeated)


def test_all_or_none_means_none_when_one_is_refused(writer: Writer, ledger: str) -> None:
    good, bad = command(EXAMPLES[0]), example("seal-container")

    [answer] = write(writer, good, bad, whole=True)

    assert isinstance(answer, Denied)
    assert (answer.code, answer.at, size(ledger)) == ("unknown-container", 1, 0)
    with psycopg.connect(ledger) as conn:
        assert conn.execute("SELECT count(*) FROM vault.subjects").fetchone() == (0,)


def test_what_an_undone_act_decided_is_not_remembered(writer: Writer) -> None:
    write(writer, command(EXAMPLES[0]), example("seal-container"), whole=True)

    assert write(writer, command(EXAMPLES[0])) == [Accepted((1,))]


def test_a_container_sold_to_its_own_holder_is_one_entry_with_each_tag_once(writer: Writer, ledger: str) -> None:
    up_to_departure = [body for body in EXAMPLES if body["do"] not in ("sell-container", "empty-container")]
    write(writer, *map(command, up_to_departure))

    [answer] = write(writer, example("sell-container", buyer_id="EX-01"))

    assert isinstance(answer, Accepted)
    with psycopg.connect(ledger) as conn:
        [tags] = conn.execute("SELECT tags FROM ledger.entries WHERE position = %s", answer.positions).fetchone() or ([],)
    assert sorted(tags) == sorted(set(tags))
    assert "party:main/EX-01" in tags


def test_one_callers_failure_is_not_the_others(writer: Writer) -> None:
    def breaks(_answers: object) -> Any:
        raise RuntimeError("a note that breaks")

    broken = writer.submit(Act([command(EXAMPLES[0])], "test", "main", note=breaks))
    fine = writer.submit(Act([command(EXAMPLES[1])], "test", "main"))

    with pytest.raises(RuntimeError, match="a note that breaks"):
        broken.result(30)
    assert isinstance(fine.result(30)[0], Accepted)


def test_the_stored_head_is_the_root_of_the_stored_lines(writer: Writer, ledger: str) -> None:
    all_examples(writer)

    with psycopg.connect(ledger) as conn:
        lines = [bytes(line) for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]
        row = conn.execute("SELECT size, nodes FROM ledger.head").fetchone()
    assert row is not None
    assert unpacked(row[0], bytes(row[1])) == Range().extend(map(leaf_hash, lines))


def test_two_writers_see_what_the_other_wrote(writers: Callable[[], Writer]) -> None:
    one, two = writers(), writers()
    all_examples(one)

    answers = [write(two, example("record-harvest", id=uuid4(), lot_id=f"HV-9{at}")) for at in range(3)]
    answers += [write(one, example("record-harvest", id=uuid4(), lot_id=f"HV-9{at}")) for at in range(3)]

    assert [type(answer) for [answer] in answers] == [Accepted] * 3 + [Denied] * 3


def _draw(url: str, count: int, results: Any) -> None:
    """In a process of its own: threads that each draw 10 kg from the one lot."""
    writer = Writer(url, Vault(KEY))
    answers: list[Answer] = []

    def one() -> None:
        loss = example("write-off", id=uuid4(), loss_id=f"L-{uuid4().hex[:12].upper()}", lot_id="HV-605", kg="10")
        answers.append(write(writer, loss)[0])

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    results.put([type(answer).__name__ if isinstance(answer, Accepted) else answer.code for answer in answers])  # type: ignore[union-attr]


def test_twenty_threads_in_two_processes_share_what_one_lot_has(writer: Writer, ledger: str) -> None:
    all_examples(writer)
    write(writer, example("record-harvest", id=uuid4(), lot_id="HV-605", kg="60.5"))
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    processes = [spawn.Process(target=_draw, args=(ledger, 10, results)) for _ in range(2)]

    for process in processes:
        process.start()
    answers = results.get(timeout=60) + results.get(timeout=60)
    for process in processes:
        process.join()

    assert Counter(answers) == {"Accepted": 6, "overdrawn": 14}
    [rest] = write(writer, example("write-off", id=uuid4(), loss_id="L-REST", lot_id="HV-605", kg="0.5"))
    [none] = write(writer, example("write-off", id=uuid4(), loss_id="L-NONE", lot_id="HV-605", kg="0.001"))
    assert isinstance(rest, Accepted)
    assert isinstance(none, Denied)
    assert none.values["there"] == "0 kg"


def test_positions_have_no_gaps_whatever_was_refused(writer: Writer, ledger: str) -> None:
    all_examples(writer)
    commands = [example("record-harvest", id=uuid4(), lot_id=f"HV-{at % 40:03}") for at in range(100)]
    threads = [threading.Thread(target=write, args=(writer, each)) for each in commands]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with psycopg.connect(ledger) as conn:
        positions = [at for (at,) in conn.execute("SELECT position FROM ledger.entries ORDER BY position")]
    assert positions == list(range(1, len(EXAMPLES) + 40))  # HV-001 was taken by an example: 39 more


def test_a_lost_connection_is_answered_after_reconnecting_without_doubling(writer: Writer, ledger: str) -> None:
    all_examples(writer)
    with psycopg.connect(ledger, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    harvest = example("record-harvest", id=uuid4(), lot_id="HV-777")

    assert isinstance(write(writer, harvest)[0], Accepted)
    assert isinstance(write(writer, harvest)[0], Repeated)


def test_an_append_whose_answer_was_lost_is_found_by_its_ids(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    store = writer._store
    append = store.append
    lost: list[UUID] = []

    def append_and_lose(*args: Any) -> Any:
        result = append(*args)
        if not lost:
            lost.append(uuid4())
            raise psycopg.OperationalError("the answer was lost")
        return result

    monkeypatch.setattr(store, "append", append_and_lose)

    assert write(writer, command(EXAMPLES[0])) == [Accepted((1,))]
    assert lost


def test_records_without_ids_whose_answer_was_lost_are_not_appended_again(
    writer: Writer, ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = writer._store.append

    def append_and_lose(*args: Any) -> Any:
        append(*args)
        raise psycopg.OperationalError("the answer was lost")

    with monkeypatch.context() as patch:
        patch.setattr(writer._store, "append", append_and_lose)
        with pytest.raises(Unsure):
            writer.ask(Given([Record("type", ["tag"], b"line")]))

    assert size(ledger) == 1


def test_a_closed_writer_has_answered_all_that_waited(writers: Callable[[], Writer]) -> None:
    writer = writers()
    waiting = [writer.submit(Act([command(body)], "test", "main")) for body in EXAMPLES]

    writer.close()

    assert all(each.done() for each in waiting)
    with pytest.raises(RuntimeError, match="closed"):
        writer.submit(Given([]))


def test_a_listener_that_fails_does_not_append_twice(writer: Writer, ledger: str) -> None:
    def fails(_size: int) -> None:
        raise RuntimeError("a listener")

    writer.on_append(fails)

    assert all_examples(writer) == [Accepted((at,)) for at in range(1, len(EXAMPLES) + 1)]
    assert size(ledger) == len(EXAMPLES)


def test_every_act_handed_over_while_the_writer_closes_is_answered_or_refused(writers: Callable[[], Writer]) -> None:
    writer = writers()
    waiting: list[Any] = []

    def hand_over() -> None:
        try:
            while True:
                waiting.append(writer.submit(Act([], "test", "main")))
        except RuntimeError:
            return

    threads = [threading.Thread(target=hand_over) for _ in range(4)]
    for thread in threads:
        thread.start()
    writer.close()
    for thread in threads:
        thread.join(10)

    assert [each.result(10) for each in waiting] == [[]] * len(waiting)


def test_a_rehearsal_decides_as_if_and_appends_nothing(ledger: str, vault: Vault) -> None:
    writer = Writer(ledger, vault, rehearse=True)

    commands = [command(body) for body in EXAMPLES if "position" not in body]  # what is said about entries is not rehearsed
    answers = write(writer, *commands, *commands)
    writer.close()

    assert [type(answer) for answer in answers] == [Accepted] * len(commands) + [Repeated] * len(commands)
    assert size(ledger) == 0
