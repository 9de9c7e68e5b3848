"""What witnesses said is put under the notes, decides which head is shown, and stops the publisher where it shows a lost history."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger import checkpoint, log, note, witnessed
from ledger.crypto import Signer, verify
from ledger.log import Diverged
from ledger.merkle import leaf_hash, root_of
from ledger.note import WITNESS
from ledger.policy import Policy
from ledger.policy import parse as parse_policy
from ledger.publisher import Claim, Publisher
from ledger.signed import LastSigned
from tests.ledger.test_publisher import KEY, ORIGIN, grow, leaves

ONE, TWO = Signer.new("one.example/w", WITNESS), Signer.new("two.example/w", WITNESS)
POLICY = parse_policy(f"witness one {ONE.key}\nwitness two {TWO.key}\ngroup both all one two\nquorum both\n")
LONG_AGO, NEVER = "2000-01-01T00:00:00.000000Z", "9999-01-01T00:00:00.000000Z"


@pytest.fixture
def claims() -> list[Claim]:
    return []


@pytest.fixture
def publisher(ledger: str, tmp_path: Path, claims: list[Claim]) -> Iterator[Publisher]:
    log.install(ledger)
    with closing(Publisher(ledger, ORIGIN, lambda: KEY, LastSigned(tmp_path / "checkpoint"), claims=lambda: claims)) as made:
        yield made


def signed(publisher: Publisher, url: str, *sizes: int) -> None:
    """Heads of those sizes."""
    before = 0
    for size in sizes:
        grow(url, size - before)
        assert publisher.step() == size
        before = size


def cosign(publisher: Publisher, size: int, name: str, signer: Signer, time: int = 1_800_000_000) -> None:
    signed_ = log.signed_at(publisher.conn, ORIGIN, size)
    assert signed_
    witnessed.add(publisher.conn, ORIGIN, size, name, checkpoint.cosign(signer, note.parse(signed_).text, time))


def shown(publisher: Publisher, policy: Policy, since: str) -> int:
    found = witnessed.shown(publisher.conn, ORIGIN, policy, since)
    return checkpoint.parse(note.parse(found).text).size if found else -1


def test_a_cosigned_checkpoint_keeps_its_text_and_is_accepted_by_the_policy(publisher: Publisher, ledger: str) -> None:
    signed(publisher, ledger, 3)
    before = log.newest(publisher.conn, ORIGIN)
    cosign(publisher, 3, "one", ONE, 7)
    cosign(publisher, 3, "two", TWO, 9)

    after = log.newest(publisher.conn, ORIGIN)
    assert before
    assert after
    assert after.startswith(before)
    whole = Policy(((KEY.key, None),), POLICY.witnesses, POLICY.groups, POLICY.quorum)
    assert whole.seen(after, verify).witnesses == {"one": 7, "two": 9}
    assert witnessed.seen_by(after, POLICY) == {"one", "two"}
    assert witnessed.sizes(publisher.conn, ORIGIN) == {"one": 3, "two": 3}
    assert publisher.step() == 3  # what stands under the note is not what was signed


def test_how_far_a_witness_has_seen_never_goes_back(publisher: Publisher, ledger: str) -> None:
    signed(publisher, ledger, 3, 5)
    cosign(publisher, 5, "one", ONE)
    cosign(publisher, 3, "one", ONE)
    assert witnessed.sizes(publisher.conn, ORIGIN) == {"one": 5}


def test_the_head_that_its_quorum_saw_is_shown_while_newer_ones_wait(publisher: Publisher, ledger: str) -> None:
    assert shown(publisher, POLICY, LONG_AGO) == -1
    signed(publisher, ledger, 3, 5, 8)
    assert shown(publisher, POLICY, LONG_AGO) == 8  # no quorum anywhere: the newest
    for name, signer in (("one", ONE), ("two", TWO)):
        cosign(publisher, 3, name, signer)
    cosign(publisher, 5, "one", ONE)

    assert shown(publisher, POLICY, LONG_AGO) == 3
    assert shown(publisher, POLICY, NEVER) == 8  # the newer ones have waited long enough
    cosign(publisher, 5, "two", TWO)
    assert shown(publisher, POLICY, LONG_AGO) == 5
    cosign(publisher, 8, "one", ONE)
    assert shown(publisher, parse_policy(f"witness one {ONE.key}\nquorum one\n"), NEVER) == 8
    assert shown(publisher, Policy.of(KEY.key), LONG_AGO) == 8


def test_only_as_many_heads_wait_as_were_signed_since(publisher: Publisher, ledger: str) -> None:
    signed(publisher, ledger, 3, 5, 8)
    for name, signer in (("one", ONE), ("two", TWO)):
        cosign(publisher, 3, name, signer)
    ((of_5,),) = publisher.conn.execute("SELECT signed_at FROM log.checkpoints WHERE size = 5").fetchall()

    assert shown(publisher, POLICY, of_5) == 3
    assert shown(publisher, POLICY, of_5 + "0") == 8


@pytest.mark.parametrize(
    ("size", "root", "why"),
    [
        (9, root_of(leaves(9)), "the witness one saw a head of 9 entries, and the ledger has 5: entries were lost"),
        (9, None, "the witness one saw a head of 9 entries, and the ledger has 5: entries were lost"),
        (5, root_of(map(leaf_hash, [b"another"] * 5)), "the witness one saw another head of 5 entries: history was changed"),
        (3, root_of(map(leaf_hash, [b"another"] * 3)), "the witness one saw another head of 3 entries: history was changed"),
        (3, b"", "the witness one saw another head of 3 entries: history was changed"),
    ],
)
def test_what_a_witness_saw_and_the_ledger_has_not_stops_the_signing(
    publisher: Publisher, ledger: str, claims: list[Claim], size: int, root: bytes | None, why: str
) -> None:
    signed(publisher, ledger, 4)
    grow(ledger, 1)
    claims.append(Claim("one", size, root))

    for _ in range(2):
        with pytest.raises(Diverged) as caught:
            publisher.step()
        assert str(caught.value) == why
    assert str(log.trouble(publisher.conn)) == why
    assert log.signed_at(publisher.conn, ORIGIN, 5) is None


@pytest.mark.parametrize(("size", "root"), [(5, root_of(leaves(5))), (3, root_of(leaves(3))), (5, None), (2, None)])
def test_what_a_witness_saw_and_the_ledger_has_stops_nothing(
    publisher: Publisher, ledger: str, claims: list[Claim], size: int, root: bytes | None
) -> None:
    claims.append(Claim("one", size, root))
    signed(publisher, ledger, 5)


def test_once_the_lost_entries_are_back_it_is_signed_again(publisher: Publisher, ledger: str, claims: list[Claim]) -> None:
    signed(publisher, ledger, 4)
    claims.append(Claim("one", 9, root_of(leaves(9))))
    with pytest.raises(Diverged):
        publisher.step()
    grow(ledger, 5)

    assert publisher.step() == 9
    assert log.trouble(publisher.conn) is None
