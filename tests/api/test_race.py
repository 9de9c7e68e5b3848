"""Two people of one organisation draw on one lot at the same moment, at two servers: one gets it, the other is told what is left."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from api import people
from api.access import COOKIE, Actor
from api.house import House
from api.people import operator
from api.running import free
from domain.vocabulary import COMMANDS
from tests.api.chromium import free_port
from tests.api.people import FROM_US, PLACE, admitted, organisation
from tests.api.walking import Seen

CACAO = Path(sys.executable).parent / "cacao"
MAY = "2026-05-02T09:00:00-05:00"
PLOT = {
    "plot_id": "P-1", "holder_id": "COOP", "area_ha": "2", "district": "220101", "system": "agroforestry", "planted_at": MAY,
    "surveyed_at": MAY, "accuracy_m": "3", "geometry": {"type": "Point", "coordinates": [-76.5, -6.5]},
}  # fmt: skip
ROUNDS, SECONDS = 10, 60


class Answer(NamedTuple):
    status: int
    location: str
    text: str


class Desk(NamedTuple):
    """Somebody's browser at one of the servers."""

    port: int
    secret: str

    def send(self, path: str, typed: dict[str, str]) -> Answer:
        conn = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {**FROM_US, "Cookie": f"{COOKIE}={self.secret}", "Accept-Language": "en"}
        conn.request("POST", path, urlencode(typed), {**headers, "Content-Type": "application/x-www-form-urlencoded"})
        answer = conn.getresponse()
        told = Answer(answer.status, answer.getheader("Location", ""), answer.read().decode())
        conn.close()
        return told


def given(house: House, do: str, **body: Any) -> None:
    """Something that happened before, written in the name of COOP."""
    by = operator(house)
    people.done(house, Actor(by.name, "main/COOP", by.roles), COMMANDS.validate_python({"do": do, "id": uuid4(), **body}))


@contextmanager
def serving(house: House, log: Path) -> Iterator[int]:
    """A server of its own on the house's database, which begins to listen in a while; its port."""
    port, settings = free_port(), house.settings
    env = os.environ | {"CACAO_HOME": str(settings.home), "CACAO_URL": PLACE, "DATABASE_URL": house.url}
    with log.open("w", encoding="utf-8") as into:
        process = subprocess.Popen([CACAO, "serve", "--port", str(port)], env=env, stdout=into, stderr=into, text=True)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def desks(house: House, tmp_path: Path) -> Iterator[list[Desk]]:
    """Two plant operators of COOP, each at a server of their own."""
    organisation(house, "COOP")
    given(house, "register-plot", **PLOT)
    users = [admitted(house, "main/COOP", "plant") for _ in range(2)]
    secrets = [people.begin(house, people.enrol(house, user, "link", "invited by a test"), "link") for user in users]
    with ExitStack() as servers:
        found = [Desk(servers.enter_context(serving(house, tmp_path / f"{n}.log")), secret) for n, secret in enumerate(secrets)]
        until = time.monotonic() + SECONDS
        while any(free("127.0.0.1", desk.port) for desk in found):
            assert time.monotonic() < until, [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.log")]
            time.sleep(0.05)
        yield found


def at_once(desks: list[Desk], path: str, *forms: dict[str, str]) -> list[Answer]:
    """A form from each desk, sent at the same moment."""
    ready = threading.Barrier(len(desks))

    def send(desk: Desk, typed: dict[str, str]) -> Answer:
        ready.wait()
        return desk.send(path, typed)

    with ThreadPoolExecutor(len(desks)) as threads:
        return list(threads.map(send, desks, forms))


def draw(step: str, lot: str, new: str) -> dict[str, str]:
    """40 of a lot's 60 kg, by a form of the office."""
    inputs = {"take": lot} if step == "split" else {f"take-{lot}": "1", f"kg-{lot}": "40", "started_at": "2026-05-02T10:00"}
    return {"id": str(uuid4()), **inputs, "kg": "40", "ended_at": "2026-05-08T10:00", "lot_id": new}


def test_of_two_who_draw_on_a_lot_at_once_one_gets_it_and_the_other_is_told_what_is_left(house: House, desks: list[Desk]) -> None:
    for n in range(ROUNDS):
        lot, step = f"H-{n}", ("split", "ferment")[n % 2]
        given(house, "record-harvest", lot_id=lot, plot_id="P-1", kg="60", from_at=MAY, to_at=MAY)
        forms = [draw(step, lot, f"{who}-{n}") for who in "AB"]

        answers = at_once(desks, f"/step/{step}", *forms)

        assert sorted(answer.status for answer in answers) == [303, 422], answers
        (won, lost) = sorted(range(2), key=lambda who: answers[who].status)
        field = "kg" if step == "split" else f"kg-{lot}"
        text = answers[lost].text
        told = unescape(text.partition(f'id="{field}-wrong">')[2].partition("<")[0])
        kept = Seen(text).forms[-1]["fields"]
        assert answers[won].location == f"/stock/{'AB'[won]}-{n}?done=1"
        assert told == f"lot {lot} has 20 kg on hand, not 40 kg"
        assert {name: kept.get(name) for name in forms[lost]} == forms[lost]
