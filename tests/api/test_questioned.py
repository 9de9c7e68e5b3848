"""A question about something far above a container stands on its page in words, until it is settled; and says of whom to nobody."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api.app import create
from api.examples import EXAMPLES
from api.house import House
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted

ORG = "main/AG-01"
NUMBER = next(body["container_no"] for body in EXAMPLES if body["do"] == "open-container")
LOT = next(body["lot_id"] for body in EXAMPLES if body["do"] == "load-lot")
HARVEST = 1 + next(at for at, body in enumerate(EXAMPLES) if body["do"] == "record-harvest")


@pytest.fixture
def reader(house: House) -> Iterator[TestClient]:
    bodies = [body for body in EXAMPLES if "position" not in body]
    assert all(isinstance(each, Accepted) for each in give(house, *bodies))
    with TestClient(create(house), headers={"Accept-Language": "es"}) as client:
        yield client


def give(house: House, *bodies: dict[str, Any]) -> list[Any]:
    return house.writer.ask(Act([COMMANDS.validate_python({"id": str(uuid4()), **body}) for body in bodies], "u-x", ORG))


def asked(house: House, do: str, **of: Any) -> int:
    (answer,) = give(house, {"do": do, **of})
    position: int = answer.positions[0]
    assert house.follower.wait_for(position, 20)
    return position


def shown(reader: TestClient, at: int) -> list[str]:
    pages = [reader.get(f"/c/{NUMBER}?at={at}").text, reader.get(f"/l/{LOT}?at={at}").text]
    assert all("FA-0001" not in page and "HV-001" not in page for page in pages)
    return pages


def test_what_a_container_rests_on_is_questioned_and_settled(house: House, reader: TestClient) -> None:
    with house.pool.connection() as conn:
        ((size,),) = conn.execute("SELECT size FROM ledger.head").fetchall()
    assert all("cuestionado" not in page for page in shown(reader, size))

    question = asked(house, "question-fact", position=HARVEST, reason="weight", questioned_at="2026-07-01T08:00:00-05:00")
    assert all("está cuestionado, y aún no se resuelve: su peso." in page for page in shown(reader, question))
    data = reader.get(f"/c/{NUMBER}.json?at={question}").json()
    assert data["questions"] == [{"reason": "weight", "state": "open"}]

    upheld = asked(house, "settle-question", position=question, outcome="upheld", settled_at="2026-07-02T08:00:00-05:00")
    assert all("el cuestionamiento se confirmó: su peso." in page for page in shown(reader, upheld))

    second = asked(house, "question-fact", position=1, reason="identity", questioned_at="2026-07-03T08:00:00-05:00")
    dismissed = asked(house, "settle-question", position=second, outcome="dismissed", settled_at="2026-07-03T09:00:00-05:00")
    assert all("de quién" not in page for page in shown(reader, dismissed))
