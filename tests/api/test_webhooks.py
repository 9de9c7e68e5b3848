"""Webhooks: entries are brought to a real receiver that fails first; in order, signed, nothing skipped."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api import delivery, hooks
from api.app import create
from api.client import verify_webhook
from api.examples import EXAMPLES
from api.house import House, opened
from api.roles import OPERATOR, roles
from api.settings import Settings
from ledger.act import Act
from tests.api.people import organisation
from tests.api.receiving import Got, Receiver, receiving
from tests.api.test_crash import wait_until
from tests.api.test_entries import enrols, read, token

THEIRS, OURS = "main/AG-01", "main/ZZ-01"
ALL = list(range(1, len(EXAMPLES) + 1))
PAUSE = delivery.pause_after
REFUSED = [
    "http://coop.example/x", "ftp://coop.example/x", "https://", "https:///x", "https://a:b@coop.example/", "https://coop.example/#x",
    "https://coop.example/a b", "https://coop.example/\n", "https://cóop.example/", "https://coop.example:0/",
    "https://coop.example:99999/", f"https://coop.example/{'x' * 500}", "https://127.0.0.1/", "https://[::1]/", "https://localhost/",
    "https://10.0.0.1:8443/", "https://2130706433/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest", "https://[::1",
]  # fmt: skip
Houses = Callable[..., AbstractContextManager[House]]


@pytest.fixture
def houses(url: str, tmp_path: Path) -> Houses:
    """The same house, opened again and again."""
    of: dict[str, Any] = {"home": tmp_path / "home", "url": "https://cacao.example", "DATABASE_URL": url, "webhooks_local": True}
    return lambda **settings: opened(Settings(**of | settings))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten entries a time, and what failed is tried again soon."""
    monkeypatch.setattr(delivery, "BATCH", 10)
    monkeypatch.setattr(delivery, "pause_after", lambda _failures: 0.02)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as each:
        yield each


def with_examples(house: House) -> None:
    """One organisation wrote all of the examples."""
    answers = house.writer.submit(Act([read(body) for body in EXAMPLES], "u-theirs", THEIRS)).result()
    assert house.follower.wait_for(len(answers), 20)


@contextmanager
def administrator(house: House, org: str | None = THEIRS) -> Iterator[TestClient]:
    with TestClient(create(house), headers=token(house, org, "administrator")) as client:
        yield client


def added(client: TestClient, url: str, **of: Any) -> Any:
    answer = client.post("/webhooks", json={"url": url, **of})
    assert answer.status_code == 201, answer.text
    return answer.json()


def only(client: TestClient) -> Any:
    (hook,) = client.get("/webhooks").json()["webhooks"]
    return hook


def brought(got: list[Got]) -> list[int]:
    return [each["position"] for one in got for each in json.loads(one.body)["entries"]]


def until_brought(receiver: Receiver, wanted: list[int]) -> None:
    wait_until(lambda: len(brought(receiver.taken())) >= len(wanted))
    assert brought(receiver.taken()) == wanted


def test_a_receiver_that_fails_first_gets_every_entry_once_and_in_order(houses: Houses, receiver: Receiver) -> None:
    receiver.statuses = [500, 0, 200, 404, 302, 200]
    with houses() as house:
        with_examples(house)
        with administrator(house) as client:
            hook = added(client, f"{receiver.url}/here?key=1", after=0)
            until_brought(receiver, ALL)
            wait_until(lambda: only(client)["position"] >= ALL[-1])

            assert only(client) == {name: value for name, value in hook.items() if name != "secret"} | {
                "position": only(client)["position"], "delivered_at": only(client)["delivered_at"], "next_at": only(client)["next_at"],
            }  # fmt: skip
            assert only(client)["delivered_at"] >= hook["made_at"]
    first, later = [500, 0, 200, 404, 302, 200], [each.status for each in receiver.got]
    assert (later[:6], set(later[6:])) == (first, {200})
    assert {each.path for each in receiver.got} == {"/here?key=1"}
    ids = [each.headers["Webhook-Id"] for each in receiver.got]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert ids[3] == ids[4] == ids[5]
    assert len(set(ids)) == -(-len(ALL) // 10)


def test_each_delivery_is_signed_and_holds_the_stored_lines(houses: Houses, receiver: Receiver) -> None:
    wanted = [at for at, body in enumerate(EXAMPLES, 1) if body["do"] in ("record-harvest", "split-lot")]
    with houses() as house:
        with_examples(house)
        with administrator(house) as client:
            hook = added(client, receiver.url, after=5, kinds=["harvest-recorded.v1", "lot-split.v1"])
            receiver.wait(1)
        with psycopg.connect(house.url) as conn:
            lines = [
                bytes(line)
                for (line,) in conn.execute("SELECT line FROM ledger.entries WHERE position = ANY(%s) ORDER BY position", (wanted,))
            ]

    (one,) = receiver.got
    assert verify_webhook(hook["secret"], one.headers, one.body)["hook"] == hook["id"]
    assert brought([one]) == wanted
    assert all(line in one.body for line in lines)
    assert json.loads(one.body)["next"] >= ALL[-1]


def test_when_the_house_is_closed_in_between_nothing_is_lost_and_nothing_skipped(houses: Houses, receiver: Receiver) -> None:
    receiver.statuses = [200, 200, 500]
    receiver.usual = 503
    with houses() as house:
        with_examples(house)
        with administrator(house) as client:
            added(client, receiver.url, after=0)
            receiver.wait(4)
    assert brought(receiver.taken()) == ALL[:20]
    receiver.usual = 204

    with houses() as house, TestClient(create(house)):
        until_brought(receiver, ALL)


def test_what_was_taken_but_not_noted_comes_again_under_the_same_id(
    houses: Houses, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed, lost = hooks.passed, [True]

    def once_lost(*of: Any, **more: Any) -> None:
        if lost.pop() if lost else False:
            raise psycopg.OperationalError
        passed(*of, **more)

    monkeypatch.setattr(hooks, "passed", once_lost)
    monkeypatch.setattr(delivery, "IDLE_SECONDS", 0.02)
    with houses() as house:
        with_examples(house)
        with administrator(house) as client:
            added(client, receiver.url, after=0)
            until_brought(receiver, ALL[:10] + ALL)

    assert receiver.got[0].headers["Webhook-Id"] == receiver.got[1].headers["Webhook-Id"]


def test_a_replay_brings_again_what_stands_after_a_position(houses: Houses, receiver: Receiver) -> None:
    with houses() as house:
        with_examples(house)
        with administrator(house) as client:
            hook = added(client, receiver.url, after=0)
            until_brought(receiver, ALL)
            wait_until(lambda: only(client)["position"] >= ALL[-1])

            again = client.post(f"/webhooks/{hook['id']}/replay", json={"after": 35})
            until_brought(receiver, ALL + ALL[35:])

    assert (again.status_code, again.json()["position"]) == (200, 35)
    ids = [each.headers["Webhook-Id"] for each in receiver.got]
    assert len(set(ids)) == len(ids)


def test_a_receiver_that_never_takes_is_given_up_openly_and_goes_on_when_asked(
    houses: Houses, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_FAILURES", 3)
    receiver.usual = 500
    with houses() as house:
        with_examples(house)
        with administrator(house) as client:
            hook = added(client, receiver.url, after=0)
            wait_until(lambda: only(client)["state"] == "failing")
            shown = only(client)
            receiver.usual = 200
            client.post(f"/webhooks/{hook['id']}/replay", json={})
            until_brought(receiver, ALL)

    assert [shown[name] for name in ("failures", "why", "position")] == [3, "answered 500", 0]
    assert [each.status for each in receiver.got[:4]] == [500, 500, 500, 200]


def test_a_receiver_that_says_it_is_gone_is_given_up_at_once(houses: Houses, receiver: Receiver) -> None:
    receiver.usual = 410
    with houses() as house:
        with_examples(house)
        with administrator(house) as client:
            added(client, receiver.url, after=0)
            wait_until(lambda: only(client)["state"] == "failing")
            assert only(client)["why"] == "answered 410"
    assert len(receiver.got) == 1


def test_the_pauses_double_up_to_five_minutes_and_differ_a_little() -> None:
    pauses = [PAUSE(at) for at in range(1, 13)]

    wanted = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert all(0.8 * want <= pause <= 1.2 * want for pause, want in zip(pauses, wanted, strict=True))
    assert len(set(pauses)) == 12


def test_an_organisation_is_brought_its_own_entries_only(houses: Houses, receiver: Receiver) -> None:
    with houses() as house:
        with_examples(house)
        organisation(house, "ZZ-01")
        with administrator(house, OURS) as client, receiving(Receiver()) as houses_own:
            added(client, receiver.url, after=0)
            added(TestClient(client.app, headers=token(house, None, "administrator")), houses_own.url, after=0)
            first = enrols(house, OURS, "ZF-01")
            enrols(house, THEIRS, "AF-01")
            last = enrols(house, OURS, "ZF-02")
            until_brought(receiver, [first, last])
            until_brought(houses_own, list(range(1, last + 1)))


def test_two_that_serve_one_house_bring_each_entry_once(houses: Houses, receiver: Receiver) -> None:
    with houses() as house, houses() as another:
        with_examples(house)
        with administrator(house) as client, TestClient(create(another)):
            added(client, receiver.url, after=0)
            until_brought(receiver, ALL)
            last = enrols(another, THEIRS, "AF-01")
            until_brought(receiver, [*ALL, last])


def test_webhooks_are_for_administrators_and_each_sees_those_of_their_own_organisation(houses: Houses, receiver: Receiver) -> None:
    with houses() as house, ExitStack() as stack:
        with_examples(house)
        organisation(house, "ZZ-01")
        client, stranger = stack.enter_context(administrator(house)), stack.enter_context(administrator(house, OURS))
        may = {}
        for role in roles().keys() - {OPERATOR, "administrator"}:
            who = token(house, THEIRS, role)
            may[role] = [client.get("/webhooks", headers=who), client.post("/webhooks", json={"url": receiver.url}, headers=who)]
        hook = added(client, receiver.url)
        unknown = [stranger.delete("/webhooks/W-2222222222222222"), stranger.post("/webhooks/W-2222222222222222/replay", json={})]
        theirs = [stranger.delete(f"/webhooks/{hook['id']}"), stranger.post(f"/webhooks/{hook['id']}/replay", json={})]

        assert {answer.status_code for answers in may.values() for answer in answers} == {403}
        assert [(each.status_code, each.json()) for each in theirs] == [(404, each.json()) for each in unknown]
        assert stranger.get("/webhooks").json() == {"webhooks": []}
        assert [client.delete(f"/webhooks/{hook['id']}").status_code for _ in range(2)] == [204, 404]
        assert client.get("/webhooks").json() == {"webhooks": []}


def test_the_secret_is_shown_once_and_nowhere_kept_in_clear(houses: Houses, receiver: Receiver) -> None:
    with houses() as house:
        with_examples(house)
        with administrator(house) as client, psycopg.connect(house.url) as conn:
            hook = added(client, receiver.url)
            (row,) = conn.execute("SELECT w.*::text, w.secret FROM access.webhooks w").fetchall()

            assert "secret" not in only(client)
    assert hook["secret"].startswith("whsec_")
    assert hook["secret"].removeprefix("whsec_") not in row[0] + row[1].decode("latin-1")


def test_an_organisation_has_ten_webhooks_at_most(houses: Houses, receiver: Receiver) -> None:
    with houses() as house:
        with_examples(house)
        with administrator(house) as client:
            answers = [client.post("/webhooks", json={"url": receiver.url}) for _ in range(11)]

    assert [each.status_code for each in answers] == [201] * 10 + [409]
    assert "at most 10" in answers[-1].json()["detail"]


def test_an_address_of_our_own_network_or_in_clear_is_refused(houses: Houses) -> None:
    with houses(webhooks_local=False) as house, TestClient(create(house)) as client:
        client.headers["Authorization"] = f"Bearer {house.token()}"
        for address in REFUSED:
            answer = client.post("/webhooks", json={"url": address})
            assert (answer.status_code, answer.json()["code"]) == (422, "malformed"), address

        assert client.get("/webhooks").json() == {"webhooks": []}
