"""A served house asks its witnesses, waits for none of them, and signs no more where one of them saw what it has lost."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from starlette.testclient import TestClient

from api.app import create
from api.house import House
from api.settings import Settings
from api.witnesses import BadPolicy, configured
from ledger import checkpoint, note
from ledger.checkpoint import Checkpoint
from ledger.crypto import Signer, verify
from ledger.note import WITNESS
from ledger.policy import parse as parse_policy
from tests.api.network import LOG, ORIGIN, Network, network
from tests.api.receiving import Receiver, receiving
from tests.api.test_crash import wait_until
from tests.api.test_log import write

__all__ = ["network"]

HERE = ("127.0.0.1", 5000)


@contextmanager
def door(house: House) -> Iterator[TestClient]:
    with TestClient(create(house), client=HERE) as client:
        yield client


def shown(client: TestClient) -> Checkpoint:
    return checkpoint.parse(note.parse(client.get("/checkpoint").content).text)


def signers(client: TestClient) -> list[str]:
    return [each.name for each in note.parse(client.get("/checkpoint").content).signatures]


def reached(client: TestClient, size: int, signatures: int = 1) -> bool:
    return client.get("/checkpoint").status_code == 200 and shown(client).size == size and len(signers(client)) == signatures


def trouble(client: TestClient) -> str:
    return str(client.get("/healthz").json()["log"])


def test_each_head_is_cosigned_by_all_and_accepted_by_the_policy_that_is_published(network: Network) -> None:
    one, two = network.witness("one"), network.witness("two")
    lines = (one, two, "group all 2 one two", "quorum all")
    house = network.house(network.policy("# ours", *lines))
    with door(house) as client:
        for count in (1, 3, 300):
            size = write(house, count)
            wait_until(lambda size=size: reached(client, size, 3))  # type: ignore[misc]
            assert sorted(signers(client)[1:]) == ["one.example/w", "two.example/w"]
            published = client.get("/policy").text
            assert published == "".join(f"{line}\n" for line in (f"log {LOG.key} https://cacao.example", *lines))
            assert parse_policy(published).seen(client.get("/checkpoint").content, verify).checkpoint.size == size
        assert client.get("/healthz").json()["witnesses"] == {"saw_newest": 2, "of": 2, "behind": {"one": 0, "two": 0}}
        figures = client.get("/metrics").text
        assert {"cacao_witnesses 2.0", "cacao_witnesses_saw_newest 2.0", 'cacao_witness_lag_entries{witness="one"} 0.0'} < set(
            figures.splitlines()
        )
        assert client.get(f"/proofs/{size}.tlog-proof").text.endswith(client.get("/checkpoint").text)
    assert network.witnesses["one"].last(ORIGIN) == network.witnesses["two"].last(ORIGIN) == checkpoint_of(house)


def checkpoint_of(house: House) -> Checkpoint:
    return checkpoint.parse(note.parse(house.settings.last_signed.read_bytes()).text)


def test_a_witness_that_is_down_delays_nothing_and_catches_up_when_it_is_back(network: Network) -> None:
    lines = (network.witness("up"), network.witness("down", up=False))
    house = network.house(network.policy(*lines, "group any any up down", "quorum any"))
    with door(house) as client:
        size = write(house, 5)
        wait_until(lambda: reached(client, size, 2))
        wait_until(lambda: client.get("/healthz").json()["witnesses"] == {"saw_newest": 1, "of": 2, "behind": {"up": 0, "down": 5}})
        assert client.get("/healthz").status_code == 200

        network.start("down", int(lines[1].rpartition(":")[2]))

        wait_until(lambda: client.get("/healthz").json()["witnesses"]["saw_newest"] == 2)
        assert sorted(signers(client)[1:]) == ["down.example/w", "up.example/w"]


def test_a_head_waits_for_its_quorum_and_not_for_ever(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = network.witness("silent", up=False)
    house = network.house(network.policy(silent, "quorum silent"))
    with door(house) as client:
        write(house)
        wait_until(lambda: reached(client, 1))  # none was ever cosigned: the newest
        text = note.parse(client.get("/checkpoint").content).text
        key = network.witnesses["silent"]._signer
        with psycopg.connect(house.url) as conn:
            line = checkpoint.cosign(key, text, 1_800_000_000).encode()
            conn.execute("UPDATE log.checkpoints SET note = note || %s WHERE size = 1", (line,))

        monkeypatch.setattr("api.witnesses.HELD_SECONDS", 3600.0)
        write(house, 2)
        wait_until(lambda: "signed up to 3" in trouble(client))
        assert shown(client).size == 1
        assert client.get("/proofs/3.tlog-proof").status_code == 404
        assert client.get("/proofs/3.tlog-proof?size=3").status_code == 200
        monkeypatch.setattr("api.witnesses.HELD_SECONDS", 0.0)
        assert shown(client).size == 3


def test_a_ledger_that_was_put_back_and_written_anew_is_not_signed_where_a_witness_remembers(network: Network) -> None:
    policy = network.policy(network.witness("one"), "quorum none")
    first = network.house(policy, "first")
    with door(first) as client:
        write(first, 5)
        wait_until(lambda: reached(client, 5, 2))
    remembered = network.witnesses["one"].seen(ORIGIN)

    changed = "the witness one saw another head of 5 entries: history was changed"
    for entries in (2, 9):
        second = network.house(policy, f"with-{entries}")  # key and address are the same; database and last signed head are gone
        write(second, entries)
        with door(second) as client:
            wait_until(lambda second=second: second.trouble is not None)  # type: ignore[misc]
            lost = f"the witness one saw a head of 5 entries, and the ledger has {entries}: entries were lost"
            assert trouble(client).endswith(lost if entries < 5 else changed)
            assert client.get("/healthz").status_code == 503
            assert client.get("/checkpoint").status_code == 404  # nothing was signed, not even the first head
            assert "testigo one" in client.get("/", headers={"Accept-Language": "es"}).text
    assert network.witnesses["one"].seen(ORIGIN) == remembered


def stub(network: Network, stack: ExitStack, *answers: tuple[int, bytes]) -> tuple[House, list[Receiver]]:
    """A house with one entry, whose witnesses answer as they were told and show nothing."""
    told = [Receiver(usual=status, answer=body, headers={"Content-Type": "text/x.tlog.size"}) for status, body in answers]
    lines = [
        f"witness w{number} {Signer.new(f'w{number}.example', WITNESS).key} {stack.enter_context(receiving(each)).url}"
        for number, each in enumerate(told)
    ]
    house = network.house(network.policy(*lines, "quorum none"))
    write(house)
    return house, told


def test_a_witness_that_saw_more_than_was_ever_signed_is_heard_though_it_shows_nothing(network: Network) -> None:
    with ExitStack() as stack:
        house, _ = stub(network, stack, (409, b"900\n"))
        with door(house) as client:
            wait_until(lambda: house.trouble is not None)
            assert trouble(client).endswith("the witness w0 saw a head of 900 entries, and the ledger has 1: entries were lost")


def test_an_answer_that_is_none_adds_nothing_and_stops_nothing(network: Network) -> None:
    refused = [(status, b"") for status in (500, 404, 403, 400, 302, 409)]
    odd = [
        (409, b"+1\n"),
        (409, b"1\n1\n"),
        (200, b""),
        (200, b"no line\n"),
        (200, b"\n\xe2\x80\x94 w10.example AAAAAAAA\n"),
        (200, b"x" * 200_000),
        (0, b""),
    ]
    with ExitStack() as stack:
        house, told = stub(network, stack, *refused, *odd)
        with door(house) as client:
            wait_until(lambda: all(any(b"\n1\n" in each.body for each in receiver.got) for receiver in told))
            size = write(house, 2)
            wait_until(lambda: reached(client, size))
            assert client.get("/healthz").json()["witnesses"]["behind"] == {f"w{number}": 3 for number in range(len(told))}
            assert house.trouble is None


def test_a_policy_that_cannot_be_read_is_said_before_anything_is_served(network: Network) -> None:
    for lines, why in (((), "no quorum line"), (("witness a b", "quorum a"), "line 1 of the policy"), (("quorum none", "x"), "line 2")):
        with pytest.raises(BadPolicy, match=f"^CACAO_POLICY: .*{why}"):
            configured(House(Settings(policy=network.policy(*lines)), "", None, None))  # type: ignore[arg-type]
    with pytest.raises(BadPolicy, match="No such file"):
        configured(House(Settings(policy=network.folder / "none"), "", None, None))  # type: ignore[arg-type]
