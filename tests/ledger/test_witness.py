"""A witness cosigns what goes on from what it cosigned, once, whoever asks at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger import checkpoint, note
from ledger.checkpoint import Checkpoint
from ledger.crypto import Signer, verify
from ledger.merkle import consistency, leaf_hash, root_of
from ledger.note import WITNESS, Malformed
from ledger.witness import Damaged, NotCosigned, Request, Witness, parse, place

LOG, OTHER = Signer.new("log.example/cacao"), Signer.new("log.example/other")
NAME = "witness.example/w"
AT = 1_800_000_000


def leaves(size: int, history: str = "") -> list[bytes]:
    return [leaf_hash(f"{history}{number}".encode()) for number in range(size)]


def head(size: int, history: str = "", signer: Signer = LOG) -> bytes:
    text = Checkpoint(signer.name, size, root_of(leaves(size, history))).text()
    return note.spell(text, [signer.line(text)])


def proof(old: int, new: int, history: str = "") -> Sequence[bytes]:
    of = leaves(new, history)
    return consistency(old, new, lambda lo, hi: root_of(of[lo:hi]))


def ask(old: int, new: int, history: str = "") -> bytes:
    return Request(old, proof(old, new, history), head(new, history)).spell()


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], Witness]:
    signer = Signer.new(NAME, WITNESS)
    return lambda: Witness(signer, [LOG.key], tmp_path, lambda: AT + 0.9)


@pytest.fixture
def witness(make: Callable[[], Witness]) -> Witness:
    return make()


def refused(witness: Witness, body: bytes) -> tuple[int, int | None]:
    with pytest.raises(NotCosigned) as caught:
        witness.add(body)
    return caught.value.status, caught.value.size


def size(witness: Witness) -> int:
    last = witness.last(LOG.name)
    return last.size if last else -1


def test_a_head_that_goes_on_is_cosigned_and_kept_with_both_signatures(witness: Witness) -> None:
    for old, new in ((0, 1), (1, 5), (5, 5), (5, 300)):
        line = witness.add(ask(old, new))

        kept = witness.seen(LOG.name)
        assert kept is not None
        assert kept.endswith(line.encode())
        found = note.opened(kept, [LOG.key, witness.key], verify)
        assert [key for key, _ in found.verified] == [LOG.key, witness.key]
        assert checkpoint.cosigned_at(found.verified[1][1]) == AT
        assert checkpoint.parse(found.text) == Checkpoint(LOG.name, new, root_of(leaves(new)))


def test_an_empty_log_can_be_witnessed_first(witness: Witness) -> None:
    witness.add(ask(0, 0))
    assert size(witness) == 0
    witness.add(ask(0, 3))
    assert size(witness) == 3


def test_what_does_not_go_on_is_refused_and_nothing_changes(witness: Witness) -> None:
    witness.add(ask(0, 5))
    before = witness.seen(LOG.name)

    assert refused(witness, ask(0, 7)) == (409, 5)
    assert refused(witness, ask(3, 7)) == (409, 5)
    assert refused(witness, ask(6, 7)) == (409, 5)
    assert refused(witness, ask(3, 3)) == (409, 5)
    assert refused(witness, Request(5, (), head(3)).spell()) == (400, None)
    assert refused(witness, ask(5, 5, "other ")) == (409, 5)
    assert refused(witness, ask(5, 7, "other ")) == (422, None)
    assert refused(witness, Request(5, (), head(7)).spell()) == (422, None)
    assert refused(witness, Request(5, (*proof(5, 7), bytes(32)), head(7)).spell()) == (422, None)
    assert refused(witness, Request(5, (bytes(32),), head(5)).spell()) == (422, None)
    assert witness.seen(LOG.name) == before


def test_a_log_that_it_was_not_told_of_is_unknown_and_a_strangers_signature_is_none(witness: Witness) -> None:
    text = Checkpoint(LOG.name, 2, root_of(leaves(2))).text()
    stranger = Signer.new(LOG.name)

    assert refused(witness, Request(0, (), head(2, signer=OTHER)).spell()) == (404, None)
    assert refused(witness, Request(0, (), note.spell(text, [stranger.line(text)])).spell()) == (403, None)
    for unreadable in (head(2)[:-1], head(2) + b"x", head(2)[:-2] + b"!\n"):
        assert refused(witness, Request(0, (), unreadable).spell()) == (403, None)
    bad = head(2).replace(b"\n2\n", b"\n3\n")
    assert refused(witness, Request(0, (), bad).spell()) == (403, None)
    assert size(witness) == -1


GOOD = ask(0, 2).decode()


@pytest.mark.parametrize(
    "body",
    [
        "", "old 0", "old 0\n", "old 0\n\n", GOOD[4:], GOOD.replace("old 0", "old"), GOOD.replace("old 0", "old +0"),
        GOOD.replace("old 0", "old 00"), GOOD.replace("old 0", "old  0"), GOOD.replace("old 0", "old 0 "), GOOD.replace("old 0", "Old 0"),
        GOOD.replace("old 0", "old 0\r"), GOOD.replace("old 0\n", "old 0\nAAAA\n"), GOOD.replace("old 0\n", "old 0\n" + "A" * 43 + "\n"),
        GOOD.replace("old 0\n", "old 0\n" + ("A" * 43 + "=\n") * 64), GOOD.replace("old 0\n", "old 0\n" + "A" * 42 + "B=\n"),
        GOOD.replace("\n2\n", "\n02\n"), GOOD.replace("\n2\n", "\n+2\n"), "old 1_0\n\n", "old \u0660\n\n" + GOOD[7:],
    ],
)  # fmt: skip
def test_a_body_in_any_other_form_is_refused(witness: Witness, body: str) -> None:
    assert refused(witness, body.encode()) == (400, None)


def test_63_hashes_are_read_and_no_more() -> None:
    assert len(parse(Request(1, (bytes(32),) * 63, head(2)).spell()).proof) == 63
    with pytest.raises(Malformed, match="has 64 hashes; at most 63 are read"):
        parse(Request(1, (bytes(32),) * 64, head(2)).spell())


def test_of_many_who_ask_at_once_with_the_same_old_size_one_is_cosigned(make: Callable[[], Witness]) -> None:
    make().add(ask(0, 1))
    bodies = [ask(1, new) for new in range(2, 26)]

    def tried(body: bytes) -> tuple[int, int | None]:
        try:
            make().add(body)
        except NotCosigned as no:
            return no.status, no.size
        return 200, None

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(tried, bodies))

    winners = [new for new, (status, _) in enumerate(answers, 2) if status == 200]
    assert len(winners) == 1
    assert size(make()) == winners[0]
    assert {answer for answer in answers if answer[0] != 200} == {(409, winners[0])}


def test_what_was_kept_and_changed_is_signed_on_by_nobody(witness: Witness, tmp_path: Path) -> None:
    witness.add(ask(0, 5))
    file = tmp_path / place(LOG.name)

    for changed in (b"", file.read_bytes().replace(b"\n5\n", b"\n3\n"), head(3), file.read_bytes()[:-3]):
        file.write_bytes(changed)
        with pytest.raises(Damaged):
            witness.add(ask(3, 7))
        assert file.read_bytes() == changed
