"""The client that can be copied out: all operations against a real server, and its manners where that is busy, away or elsewhere."""

import ast
import base64
import json
import sys
import threading
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from api import client as copied
from api.app import create
from api.client import OPERATIONS, Cacao, Problem, new_id, verify_webhook
from api.examples import EXAMPLES
from api.house import House
from ledger.act import Act
from tests.api.receiving import Receiver, receiving
from tests.api.test_entries import enrols, read, token
from tests.api.test_limits import listening

THEIRS = "main/AG-01"
FARMER: Final = {name: value for name, value in EXAMPLES[1].items() if name != "id"}


@pytest.fixture(scope="module")
def filled(fresh_house: House) -> House:
    """A house in which one organisation wrote all of the examples."""
    fresh_house.writer.submit(Act([read(body) for body in EXAMPLES], "u-theirs", THEIRS)).result()
    assert fresh_house.follower.wait_for(len(EXAMPLES), 20)
    return fresh_house


@pytest.fixture(scope="module")
def ledger(filled: House) -> Iterator[Cacao]:
    """The organisation's administrator at a real server."""
    with listening(filled) as port:
        yield Cacao(f"http://127.0.0.1:{port}/", token(filled, THEIRS, "administrator")["Authorization"].removeprefix("Bearer "))


def test_the_client_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(copied.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.partition(".")[0] for name in imported} <= set(sys.stdlib_module_names)


def test_the_client_has_a_method_for_every_operation_with_a_token(filled: House) -> None:
    paths = TestClient(create(filled)).get("/openapi.json").json()["paths"]
    with_token = {
        each["operationId"] for path in paths.values() for each in path.values() if {"HTTPBearer": []} in each.get("security", [])
    }

    assert with_token == OPERATIONS.keys()
    assert all(callable(getattr(Cacao, name)) for name in OPERATIONS.values())


def test_commands_are_recorded_each_by_itself_or_as_one(ledger: Cacao) -> None:
    given = {**FARMER, "id": new_id(), "party_id": "CF-01"}
    first, again = ledger.record(given, wait=10), ledger.record(given)
    mixed = ledger.record([{**FARMER, "party_id": "CF-02"}, {**FARMER, "party_id": "CF-02"}, {"do": "fly"}])
    whole = ledger.record([{**FARMER, "party_id": "CF-03"}, {**FARMER, "party_id": "CF-04"}], whole=True)

    assert [(each["id"], each["status"]) for each in first + again] == [(given["id"], "accepted"), (given["id"], "repeat")]
    assert [each.get("code", each["status"]) for each in mixed] == ["accepted", "duplicate-id", "malformed"]
    assert [each["status"] for each in whole] == ["accepted", "accepted"]
    assert ledger.party("CF-01")["name"] == FARMER["name"]
    with pytest.raises(Problem, match="409 duplicate-id") as refused:
        ledger.record([{**FARMER, "party_id": "CF-05"}, {**FARMER, "party_id": "CF-04"}], whole=True)
    assert refused.value.body["at"] == 1


def test_entries_come_in_order_part_by_part_and_then_as_they_are_written(
    filled: House, ledger: Cacao, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copied, "BATCH", 9)
    known = [each["position"] for each in ledger.entries()]
    bought = [each["position"] for each in ledger.entries(kinds=["lot-bought.v1", "lot-split.v1"], tag="party:main/AG-01")]
    further = ledger.entries(after=known[-1], wait=20)
    came: list[Any] = []
    reader = threading.Thread(target=lambda: came.append(next(further)))
    reader.start()
    written = enrols(filled, THEIRS, "CF-06")
    reader.join(30)

    assert known[: len(EXAMPLES)] == list(range(1, len(EXAMPLES) + 1))
    assert bought == [14, 17, 21]
    assert [each["position"] for each in came] == [written]
    assert came[0]["entry"]["fact"]["party_id"] == "main/CF-06"


def test_lots_parties_and_plots_are_read(ledger: Cacao, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copied, "BATCH", 2)

    assert {lot["lot"]: lot["kg_on_hand"] for lot in ledger.lots()} == {"main/DR-001": "2.4", "main/HV-001": "12.5"}
    assert len(list(ledger.lots(used_up=True))) == 7
    assert ledger.party("main/FA-0002")["party"] == "main/FA-0002"
    assert ledger.plot("P-00002")["holder"] == "main/FA-0002"
    with pytest.raises(Problem) as unknown:
        ledger.plot("NO-SUCH")
    assert (unknown.value.status, unknown.value.code) == (404, "not-found")


def test_webhooks_are_registered_seen_begun_anew_and_removed(filled: House, ledger: Cacao) -> None:
    filled.settings.webhooks_local = True
    with receiving(Receiver()) as receiver:
        made = ledger.add_webhook(receiver.url, kinds=["lot-split.v1"], after=0)
        receiver.wait(1)
        again = ledger.replay_webhook(made["id"], after=0)
        receiver.wait(2)
        seen = ledger.webhooks()
        ledger.remove_webhook(made["id"])

    assert [hook["id"] for hook in seen] == [made["id"]] == [again["id"]]
    assert ledger.webhooks() == []
    for one in receiver.got:
        content = verify_webhook(made["secret"], one.headers, one.body)
        assert [each["position"] for each in content["entries"]] == [17]


def asking(receiver: Receiver) -> tuple[Cacao, list[float]]:
    slept: list[float] = []
    return Cacao(receiver.url, "cacao_secret", sleep=slept.append), slept


def test_what_is_busy_is_asked_again_as_long_later_as_it_says_with_the_same_ids() -> None:
    answers = Receiver(statuses=[503, 429, 0, 200], headers={"Retry-After": "7"}, answer=b'{"answers": []}')
    with receiving(answers) as receiver:
        ledger, slept = asking(receiver)
        ledger.record(dict(FARMER))

    assert slept[:2] == [7.0, 7.0]
    assert 2.0 <= slept[2] <= 4.0  # it was away: the third pause of its own
    assert len({one.body for one in receiver.got}) == 1
    assert uuid.UUID(json.loads(receiver.got[0].body)[0]["id"]).version == 7


def test_what_stays_busy_is_said_at_last() -> None:
    with receiving(Receiver(usual=503, answer=b'{"code": "busy", "detail": "later"}')) as receiver:
        ledger, slept = asking(receiver)
        with pytest.raises(Problem, match="503 busy: later"):
            ledger.record(dict(FARMER))

    assert (len(receiver.got), len(slept)) == (copied.TRIES, copied.TRIES - 1)


def test_what_would_be_done_twice_is_not_asked_again_when_the_answer_is_lost() -> None:
    with receiving(Receiver(usual=0)) as receiver:
        ledger, slept = asking(receiver)
        with pytest.raises(OSError, match="closed connection"):
            ledger.add_webhook("https://coop.example/")

    assert (len(receiver.got), slept) == (1, [])


def test_the_token_goes_nowhere_else() -> None:
    with receiving(Receiver()) as elsewhere, receiving(Receiver(usual=302, headers={"Location": elsewhere.url})) as receiver:
        ledger, _ = asking(receiver)
        with pytest.raises(Problem, match="302"):
            ledger.record(dict(FARMER))

    assert receiver.got[0].headers["Authorization"] == "Bearer cacao_secret"
    assert elsewhere.got == []


def test_ids_are_of_the_seventh_kind_and_in_the_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([1_780_000_000_000_000_000, 1_780_000_000_001_000_000])
    monkeypatch.setattr("api.client.time.time_ns", lambda: next(moments))

    first, second = uuid.UUID(new_id()), uuid.UUID(new_id())

    assert [(each.version, each.variant) for each in (first, second)] == [(7, uuid.RFC_4122)] * 2
    assert (first.int >> 80, second.int >> 80) == (1_780_000_000_000, 1_780_000_000_001)
    assert first < second


SECRET, BODY, AT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}', 1614265330
SIGNED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "Webhook-Timestamp": str(AT),
    "WEBHOOK-SIGNATURE": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def test_a_delivery_is_verified_by_the_published_example() -> None:
    two = SIGNED | {"WEBHOOK-SIGNATURE": f"v1,{base64.b64encode(bytes(32)).decode()} {SIGNED['WEBHOOK-SIGNATURE']}"}

    assert verify_webhook(SECRET, SIGNED, BODY, AT + 300) == {"test": 2432232314}
    assert verify_webhook(SECRET, two, BODY, AT - 300) == {"test": 2432232314}


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({}, BODY + b" ", AT), ({}, BODY, AT + 301), ({}, BODY, AT - 301), ({"webhook-id": "msg_x"}, BODY, AT),
        ({"Webhook-Timestamp": str(AT + 1)}, BODY, AT), ({"Webhook-Timestamp": "x"}, BODY, AT), ({"Webhook-Timestamp": ""}, BODY, AT),
        ({"WEBHOOK-SIGNATURE": ""}, BODY, AT), ({"WEBHOOK-SIGNATURE": "v1,é"}, BODY, AT),
        ({"WEBHOOK-SIGNATURE": SIGNED["WEBHOOK-SIGNATURE"].replace("v1,", "v2,")}, BODY, AT),
    ],
)  # fmt: skip
def test_a_delivery_that_was_changed_or_is_old_is_refused(changed: dict[str, str], body: bytes, now: float) -> None:
    with pytest.raises(ValueError, match="the delivery"):
        verify_webhook(SECRET, SIGNED | changed, body, now)


def test_the_balance_comes_part_by_part_and_says_what_the_lots_say(ledger: Cacao) -> None:
    on_hand = {row["key"]: row["kg"]["on_hand"] for row in ledger.balance("lot") if row["kg"]["on_hand"] != "0"}
    assert on_hand == {"main/DR-001": "2.4", "main/HV-001": "12.5"}
    assert [row["form"] for row in ledger.balance()] == ["wet", "fermented", "dry"]
    assert sum(Decimal(link["kg"]) for link in ledger.flow()["links"]) > 0
    assert isinstance(ledger.findings(), list)
