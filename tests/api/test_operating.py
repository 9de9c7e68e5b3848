"""Operating it: what is logged and counted, when it says that it is well, and that stopping it in the midst of work loses nothing."""

import json
import logging
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api import health
from api.app import create
from api.examples import EXAMPLES
from api.house import House, opened
from api.logs import Line
from api.settings import Settings
from ledger.server import Server
from tests.api.test_crash import CACAO, Client, a_port, check_ledger, database, environment, post, serving, wait_until

HERE, ELSEWHERE = ("127.0.0.1", 5000), ("203.0.113.7", 5000)
HARVEST = next(body for body in EXAMPLES if body["do"] == "record-harvest")


@pytest.fixture
def door(house: House) -> Iterator[TestClient]:
    """Somebody with the token, on this machine."""
    with TestClient(create(house), headers={"Authorization": f"Bearer {house.token()}"}, client=HERE) as client:
        yield client


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(Line(for_people=False).format(record)) for record in caplog.records if record.name == "cacao"]


def test_a_request_and_each_command_are_one_line_of_json(door: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cacao")

    answer = door.post("/commands?who=me", json=[EXAMPLES[0], EXAMPLES[0], HARVEST])

    *commands, request = lines(caplog)
    assert [(each["event"], each["do"], each["answer"], each.get("positions")) for each in commands] == [
        ("command", "enrol-party", "accepted", [1]),
        ("command", "enrol-party", "repeat", [1]),
        ("command", "record-harvest", "unknown-plot", None),
    ]
    assert {name: request[name] for name in ("event", "level", "method", "route", "status", "bytes")} == {
        "event": "request",
        "level": "info",
        "method": "POST",
        "route": "/commands",
        "status": 200,
        "bytes": len(answer.content),
    }
    assert request["ms"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", request["at"])


def test_a_failure_is_logged_by_kind_and_place_and_never_by_its_words(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_of: object) -> None:
        raise ValueError("Rosa Secreta")

    monkeypatch.setattr("projections.public.newest", broken)
    caplog.set_level(logging.INFO, "cacao")
    with TestClient(create(house)) as client:
        assert client.get("/").status_code == 500

    failure, request = lines(caplog)
    assert (failure["event"], failure["level"], request["status"]) == ("failure", "error", 500)
    assert re.match(r"ValueError at test_operating\.py:\d+ broken < pages\.py:\d+ _home", failure["failure"])
    assert "Secreta" not in json.dumps([failure, request])


def test_what_others_log_is_json_too_and_an_exceptions_words_are_left_out() -> None:
    with pytest.raises(ValueError, match="Rosa") as caught:
        int("Rosa Secreta")
    raised = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "x.py", 1, "it broke", (), raised)

    machine, people = (Line(for_people=each).format(record) for each in (False, True))

    said = json.loads(machine)
    assert (said["event"], said["words"], said["level"]) == ("uvicorn.error", "it broke", "error")
    assert said["failure"].startswith("ValueError at test_operating.py:")
    assert "it broke\nValueError at test_operating.py:" in people
    assert "Secreta" not in machine + people


def figures(client: TestClient) -> dict[str, float]:
    """Sample with its labels -> value."""
    samples = [line.rpartition(" ") for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in samples}


def test_the_figures_count_what_was_answered(door: TestClient, house: House) -> None:
    answers = door.post("/commands", json=[*EXAMPLES[:6], HARVEST, {"do": "fly"}, HARVEST | {"id": EXAMPLES[0]["id"]}]).json()["answers"]
    accepted = [each for each in answers if each["status"] == "accepted"]
    door.get("/problems/gain")
    door.get("/nowhere/at/all")
    assert house.follower.wait_for(len(accepted), 20)

    found = figures(door)

    assert found["cacao_tree_size"] == len(accepted) == 7
    assert found["cacao_projection_lag_entries"] == 0
    assert found['cacao_entries_total{kind="harvest-recorded.v1"}'] == 1
    assert found['cacao_entries_total{kind="party-enrolled.v1"}'] == sum(body["do"] == "enrol-party" for body in EXAMPLES[:6])
    assert found['cacao_refused_total{code="malformed"}'] == 1
    assert found['cacao_refused_total{code="duplicate-id"}'] == 1
    assert found["cacao_answer_seconds_count"] == 1
    assert found['cacao_http_requests_total{method="POST",route="/commands",status="200"}'] == 1
    assert found['cacao_http_requests_total{method="GET",route="/problems/{code}",status="200"}'] == 1
    assert found['cacao_http_requests_total{method="GET",route="-",status="404"}'] == 1


def test_entries_are_counted_on_from_where_they_were_counted_last(door: TestClient, house: House) -> None:
    for at in (1, 2):
        door.post("/commands", json=EXAMPLES[at - 1])
        assert house.follower.wait_for(at, 20)
        assert figures(door)['cacao_entries_total{kind="party-enrolled.v1"}'] == at


def test_each_application_has_figures_of_its_own(house: House) -> None:
    with TestClient(create(house), client=HERE) as one, TestClient(create(house), client=HERE) as other:
        one.get("/problems/gain")

        name = 'cacao_http_requests_total{method="GET",route="/problems/{code}",status="200"}'
        assert (figures(one).get(name), figures(other).get(name)) == (1, None)


def test_requests_that_came_too_soon_are_counted(url: str, tmp_path: Path) -> None:
    with opened(Settings(home=tmp_path, DATABASE_URL=url, rate_address=1, metrics="all")) as house:
        app = create(house)
        with TestClient(app, client=ELSEWHERE) as client:
            codes = [client.get("/problems/gain").status_code for _ in range(5)]
            assert figures(client)['cacao_rate_limited_total{by="address"}'] == codes.count(429) > 2


@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
def test_figures_and_the_long_look_are_for_this_machine_unless_said_otherwise(house: House, path: str) -> None:
    app = create(house)
    with TestClient(app, client=HERE) as near, TestClient(app, client=ELSEWHERE) as far:
        assert near.get(path).status_code == 200
        assert near.get(path, headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
        assert far.get(path).status_code == 404
        house.settings.metrics = "all"
        assert far.get(path).status_code == 200


def test_it_lives_and_is_ready_and_healthy(door: TestClient) -> None:
    door.post("/commands", json=EXAMPLES)

    answers = [door.get(path) for path in ("/livez", "/readyz", "/healthz")]

    assert [each.status_code for each in answers] == [200, 200, 200]
    assert {each.headers["cache-control"] for each in answers} == {"no-store"}
    assert answers[1].json() == {"status": "ok", "database": "ok", "views": "ok"}
    assert answers[2].json()["head"] == "ok"
    assert "what was signed before is where this one goes on from" in answers[2].json()["checked"]


def test_it_is_not_ready_while_the_views_are_far_behind(url: str, tmp_path: Path) -> None:
    with opened(Settings(home=tmp_path, DATABASE_URL=url, behind=2)) as house:
        app = create(house)
        client = TestClient(app, headers={"Authorization": f"Bearer {house.token()}"})  # not entered: nobody follows
        client.post("/commands", json=EXAMPLES[:2])
        assert client.get("/readyz").status_code == 200
        with psycopg.connect(url) as conn:
            conn.execute("UPDATE ledger.head SET size = size + 1")
            conn.execute("UPDATE views.progress SET position = 0")

        answer = client.get("/readyz")

        assert (answer.status_code, answer.json()) == (
            503,
            {"status": "unavailable", "database": "ok", "views": "3 entries behind, at most 2 are allowed"},
        )


def test_it_is_not_ready_without_its_database_but_lives(places: Callable[[], Path], tmp_path: Path) -> None:
    server = Server(places() / "pg")
    with opened(Settings(home=tmp_path, DATABASE_URL=server.ensure())) as house, TestClient(create(house), client=HERE) as client:
        assert client.get("/readyz").status_code == 200
        server.stop()

        assert (client.get("/readyz").status_code, client.get("/readyz").json()) == (
            503,
            {"status": "unavailable", "database": "out of reach"},
        )
        assert client.get("/livez").status_code == 200
        assert figures(client)["cacao_database_up"] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE ledger.entries SET line = line || '\\x20' WHERE position = 3", "is not theirs"),
        ("DELETE FROM ledger.entries WHERE position = 3", "entries are missing"),
        ("UPDATE ledger.head SET nodes = set_byte(nodes, 0, get_byte(nodes, 0) # 1)", "is not theirs"),
    ],
)
def test_it_is_not_healthy_when_entries_and_head_differ(door: TestClient, house: House, change: str, said: str) -> None:
    door.post("/commands", json=EXAMPLES)
    with psycopg.connect(house.url) as conn:
        conn.execute(change)

    for _ in range(2):
        answer = door.get("/healthz")
        assert answer.status_code == 503
        assert said in answer.json()["head"]


def test_a_long_ledger_is_looked_through_bit_by_bit(door: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "READ_AT_ONCE", 3)
    door.post("/commands", json=EXAMPLES[:7])

    assert [door.get("/healthz").json()["head"] for _ in range(3)] == ["ok up to 3 of 7: look again", "ok up to 6 of 7: look again", "ok"]
    door.post("/commands", json=EXAMPLES[7])
    assert door.get("/healthz").json()["head"] == "ok"


@pytest.fixture
def home(places: Callable[[], Path]) -> Iterator[Path]:
    """A CACAO_HOME with a PostgreSQL of its own, stopped afterwards."""
    folder = places() / "home"
    yield folder
    Server(folder / "pg").stop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_under_the_load_of_64_clients_it_has_all_that_it_acknowledged_and_nothing_twice(
    home: Path, how: signal.Signals, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("CACAO_RATE_TOKEN", "0")
    port = a_port()
    server = serving(home, port)
    request.addfinalizer(server.kill)
    token = subprocess.run([CACAO, "token"], env=environment(home), capture_output=True, text=True, check=True).stdout.strip()
    post(port, token, EXAMPLES[:6])
    clients = [Client(port, token, number) for number in range(64)]
    for client in clients:
        client.start()
    wait_until(lambda: sum(len(client.acknowledged) for client in clients) > 500)

    os.kill(server.pid, how)
    server.wait(60)
    for client in clients:
        client.join(60)

    url = database(home)
    check_ledger(url)
    with psycopg.connect(url) as conn:
        stored = {str(id_): first for id_, first in conn.execute("SELECT id, first FROM ledger.commands")}
    acknowledged = {id_: at for client in clients for id_, at in client.acknowledged.items()}
    assert acknowledged.items() <= stored.items()
    if how == signal.SIGTERM:
        assert server.returncode == 0
        log = (home.parent / "serve.log").read_text(encoding="utf-8")
        said = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        assert sum(each["event"] == "command" and each["answer"] == "accepted" for each in said) == len(stored)
        assert not [each for each in said if each["event"] == "failure"]
        assert stored.keys() - acknowledged.keys() == {body["id"] for body in EXAMPLES[:6]}
