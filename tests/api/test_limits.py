"""What is too much, too often or too slow is refused in words, and keeps nobody else waiting: partly with sockets that behave badly."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Response
from starlette.testclient import TestClient

from api.app import create
from api.examples import EXAMPLES
from api.house import House, opened
from api.limits import nested_deeper
from api.settings import Settings

Houses = Callable[..., AbstractContextManager[House]]
ELSEWHERE = ("203.0.113.7", 5000)


@pytest.fixture
def houses(url: str, tmp_path: Path) -> Houses:
    """A house with settings of its own."""
    return lambda **settings: opened(Settings(home=tmp_path / "home", url="https://cacao.example", DATABASE_URL=url, **settings))


@pytest.fixture
def quarter_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """For those who count, it is fifteen seconds past a full minute, and stays so."""
    for module in ("limits.storage.memory", "limits.strategies", "api.limits"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(time=lambda: 1_800_000_015.0))


def asked(house: House, app: FastAPI | None = None, **options: Any) -> TestClient:
    return TestClient(app or create(house), **({"client": ELSEWHERE} | options))


@pytest.mark.usefixtures("quarter_past")
def test_requests_from_one_address_are_counted_and_the_next_must_wait(houses: Houses) -> None:
    with houses(rate_address=3) as house, asked(house) as client:
        answers = [client.get("/problems/gain") for _ in range(4)]

        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert answers[3].headers["content-type"] == "application/problem+json"
        assert answers[3].json()["code"] == "too-many"
        assert answers[3].headers["retry-after"] == "45"
        assert client.get("/problems/too-many", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 429


@pytest.mark.usefixtures("quarter_past")
def test_a_browser_that_must_wait_is_shown_a_page_in_its_language(houses: Houses) -> None:
    with houses(rate_address=1) as house, asked(house, headers={"Accept": "text/html", "Accept-Language": "es"}) as client:
        assert client.get("/problems/gain").status_code == 200
        page = client.get("/problems/gain")

    assert page.status_code == 429
    assert page.headers["content-type"].startswith("text/html")
    assert "Llegaron demasiadas solicitudes" in page.text
    assert page.headers["retry-after"] == "45"


@pytest.mark.usefixtures("quarter_past")
def test_another_address_and_this_machine_itself_need_not_wait(houses: Houses) -> None:
    with houses(rate_address=1) as house:
        app = create(house)
        for client in (("203.0.113.7", 1), ("203.0.113.8", 1), ("2001:db8:0:1::1", 1), ("127.0.0.1", 1), ("127.0.0.1", 1)):
            with asked(house, app, client=client) as caller:
                assert caller.get("/problems/gain").status_code == 200, client
        with asked(house, app, client=("2001:db8:0:1:ffff::2", 1)) as neighbour:
            assert neighbour.get("/problems/gain").status_code == 429


@pytest.mark.usefixtures("quarter_past")
def test_a_token_is_counted_wherever_it_comes_from(houses: Houses) -> None:
    with houses(rate_token=2) as house:
        app, codes = create(house), []
        for at in range(3):
            with asked(house, app, client=(f"203.0.113.{at}", 1), headers={"Authorization": f"Bearer {house.token()}"}) as client:
                codes.append(client.post("/commands", json=EXAMPLES[0]).status_code)
        with asked(house, app, headers={"Authorization": "Bearer another"}) as client:
            codes.append(client.post("/commands", json=EXAMPLES[0]).status_code)

    assert codes == [201, 200, 429, 401]


@pytest.mark.usefixtures("quarter_past")
def test_made_up_tokens_do_not_get_round_the_count_of_their_address(houses: Houses) -> None:
    with houses(rate_address=3) as house, asked(house) as client:
        codes = [client.get("/problems/gain", headers={"Authorization": f"Bearer {at}"}).status_code for at in range(4)]

    assert codes == [200, 200, 200, 429]


@pytest.mark.usefixtures("quarter_past")
def test_probers_and_our_own_files_are_not_counted(houses: Houses) -> None:
    with houses(rate_address=1) as house, asked(house) as client:
        codes = {client.get(path).status_code for path in ("/livez", "/readyz", "/static/cacao.css") for _ in range(3)}

    assert codes == {200}


def test_a_limit_of_zero_is_none(houses: Houses) -> None:
    with houses(rate_address=0, rate_token=0) as house, asked(house, headers={"Authorization": "Bearer x"}) as client:
        assert {client.get("/problems/gain").status_code for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("setting", "value", "path", "headers", "status", "code"),
    [
        ("url_bytes", 100, f"/problems/{'x' * 100}", {}, 414, "too-long"),
        ("url_bytes", 100, f"/problems/gain?{'x' * 100}", {}, 414, "too-long"),
        ("header_bytes", 1_000, "/problems/gain", {"X-Long": "x" * 1_000}, 431, "too-long"),
        ("result_bytes", 100, "/openapi.json", {}, 422, "too-much"),
    ],
)
def test_addresses_headers_and_answers_have_their_bounds(
    houses: Houses, setting: str, value: int, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    with houses(**{setting: value * 10_000}) as house, asked(house) as client:
        assert client.get(path, headers=headers).status_code in (200, 404)
    with houses(**{setting: value}) as house, asked(house) as client:
        answer = client.get(path, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_list_and_its_nesting_have_their_bounds(houses: Houses) -> None:
    with houses(batch=2, json_depth=8) as house, asked(house, headers={"Authorization": f"Bearer {house.token()}"}) as client:
        assert client.post("/commands", json=EXAMPLES[:2]).status_code == 200
        assert client.post("/commands", json=EXAMPLES[:3]).json()["detail"] == "3 commands: wanted 1 to 2"
        deep = client.post("/commands", json=EXAMPLES[0] | {"name": [[[[[[[["x"]]]]]]]]})
        assert (deep.status_code, deep.json()["detail"]) == (422, "the body is nested deeper than 8")
        [body] = [each["post"]["requestBody"] for path, each in client.get("/openapi.json").json()["paths"].items() if path == "/commands"]
        assert body["content"]["application/json"]["schema"]["oneOf"][1]["maxItems"] == 2


@pytest.mark.parametrize(("value", "depth"), [([], 1), ({}, 1), ([[], {"a": [1]}], 3), ({"a": {"b": {"c": [{}]}}}, 5)])
def test_the_depth_of_a_value_is_that_of_its_deepest_part(value: Any, depth: int) -> None:
    assert not nested_deeper(value, depth)
    assert nested_deeper(value, depth - 1)


def test_a_form_with_files_may_be_larger_than_other_bodies(houses: Houses) -> None:
    with houses(body_bytes=1_000, upload_bytes=10_000) as house, asked(house) as client:
        sizes = (500, 5_000, 50_000)
        plain = [client.post("/commands", content=b"x" * size).status_code for size in sizes]
        files = [client.post("/commands", files={"file": b"x" * size}).status_code for size in sizes]

    assert plain == [401, 413, 413]
    assert files == [401, 401, 413]


@contextmanager
def listening(house: House, app: FastAPI | None = None, **options: Any) -> Iterator[int]:
    """A server of the house on a port of its own."""
    config = uvicorn.Config(app or create(house), host="127.0.0.1", port=0, log_level="critical", access_log=False, **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


def talk(port: int, text: str) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    line.sendall(text.replace("\n", "\r\n").encode())
    return line


def heard(line: socket.socket) -> str:
    """All that comes until the other side closes."""
    parts = []
    while part := line.recv(65_536):
        parts.append(part)
    return b"".join(parts).decode()


def post(house: House, length: int, body: str = "") -> str:
    return (
        f"POST /commands HTTP/1.1\nHost: x\nAuthorization: Bearer {house.token()}\nContent-Type: application/json\n"
        f"Content-Length: {length}\n\n{body}"
    )


ASK = "GET /problems/gain HTTP/1.1\nHost: x\nConnection: close\n\n"


def test_a_body_that_trickles_in_is_given_up_and_its_line_closed(houses: Houses) -> None:
    with houses(body_seconds=1) as house, listening(house) as port, talk(port, post(house, 1_000, "{")) as slow:
        slow.sendall(b" ")
        answer = heard(slow)

        head, _, body = answer.partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 408 ")
        assert json.loads(body)["code"] == "too-slow"


def test_a_body_in_many_parts_is_taken_when_it_comes_in_time(houses: Houses) -> None:
    body = json.dumps(EXAMPLES[0])
    with (
        houses() as house,
        listening(house) as port,
        talk(port, post(house, len(body)).replace("Host: x", "Host: x\nConnection: close")) as line,
    ):
        for sign in body:
            line.sendall(sign.encode())

        assert heard(line).startswith("HTTP/1.1 201 ")


def test_a_body_without_a_length_is_counted_as_it_comes(houses: Houses) -> None:
    with houses(body_bytes=1_000) as house, listening(house) as port:
        head = post(house, 0).replace("Content-Length: 0", "Transfer-Encoding: chunked\nConnection: close")
        with talk(port, head + "320\n" + "x" * 800 + "\n320\n" + "x" * 800 + "\n0\n\n") as line:
            assert heard(line).startswith("HTTP/1.1 413 ")


def test_callers_with_half_a_head_keep_nobody_else_waiting(houses: Houses) -> None:
    with houses() as house, listening(house) as port:
        slow = [talk(port, "GET / HTTP/1.1\nHost: x\nX-Slow: ") for _ in range(100)]
        with talk(port, ASK) as line:
            assert heard(line).startswith("HTTP/1.1 200 ")
        for each in slow:
            each.close()


def test_more_connections_than_are_allowed_are_answered_503(houses: Houses) -> None:
    with houses() as house, listening(house, limit_concurrency=10) as port:
        slow = [talk(port, "GET / HTTP/1.1\nHost: x\nX-Slow: ") for _ in range(12)]
        with talk(port, ASK) as line:
            assert heard(line).startswith("HTTP/1.1 503 ")
        for each in slow:
            each.close()
        until = time.monotonic() + 10
        answer = ""
        while not answer.startswith("HTTP/1.1 200 ") and time.monotonic() < until:
            with talk(port, ASK) as line:
                answer = heard(line)
        assert answer.startswith("HTTP/1.1 200 ")


def test_a_connection_that_asks_nothing_more_is_closed(houses: Houses) -> None:
    with houses() as house, listening(house, timeout_keep_alive=1) as port, talk(port, ASK.replace("Connection: close\n", "")) as line:
        assert heard(line).startswith("HTTP/1.1 200 ")


def test_more_requests_under_way_than_are_allowed_are_answered_503_but_a_prober_is(houses: Houses) -> None:
    release = threading.Event()
    with houses(requests=2) as house:
        app = create(house)

        @app.get("/slow")
        def slow() -> Response:
            release.wait(20)
            return Response("done")

        with listening(house, app) as port, ExitStack() as lines:
            waiting = [talk(port, ASK.replace("/problems/gain", "/slow")) for _ in range(2)]
            lines.callback(lambda: [each.close() for each in waiting])
            until = time.monotonic() + 10
            answer = ""
            while not answer.startswith("HTTP/1.1 503 ") and time.monotonic() < until:
                with talk(port, ASK) as line:
                    answer = heard(line)
            assert answer.startswith("HTTP/1.1 503 ")
            assert "retry-after: 1" in answer.lower()
            with talk(port, ASK.replace("/problems/gain", "/readyz")) as line:
                assert heard(line).startswith("HTTP/1.1 200 ")
            release.set()
            assert [heard(each)[-4:] for each in waiting] == ["done", "done"]
            with talk(port, ASK) as line:
                assert heard(line).startswith("HTTP/1.1 200 ")
