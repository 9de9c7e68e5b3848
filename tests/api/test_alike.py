"""What is another's and what never was cannot be told apart: not by status, headers or words, and not by how long the answer takes."""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api import people
from api.app import create
from api.examples import EXAMPLES
from api.house import House
from api.people import operator
from api.roles import OPERATOR, may_command, roles, touches
from tests.api.people import FROM_US, PLACE, admitted, organisation, signed_in
from tests.api.test_doors import NAMED, OPEN, RULES, doors
from tests.api.test_walls import MAKES_OWN, anew
from tests.fuzz import ORG, jack_of_all_trades

OURS: Final = "main/ZZ-01"
PEOPLE: Final = [role for role in roles() if role != OPERATOR]
NEVER: Final = {
    "CSQU3054383": "MSKU9070323", "DR-001": "DR-991", "D-9K2F": "D-9K9F", "U-7Q3M": "U-7Q9M", "FA-0001": "FA-9991", "P-00001": "P-99991",
    "BU-001": "BU-991",
}  # fmt: skip
"""Something of theirs -> what might be, and never was."""
PRIVATE: Final = ["/l/DR-001", "/l/DR-001.json", "/l/main/DR-001", "/l/main/DR-001.json"]
"""Addresses for everybody that show only what was loaded in a container."""


def told(answer: Any, *names: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and words of an answer, without what is another each time, nor the names that were asked for."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "etag", "set-cookie", "content-length")}
    apart = "|".join([r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", *map(re.escape, names)])
    return answer.status_code, {name: re.sub(apart, "", value) for name, value in headers.items()}, re.sub(apart, "", answer.text)


@pytest.fixture(scope="module")
def house(furnished: House) -> House:
    """One organisation has everything; another one has nothing."""
    organisation(furnished, "ZZ-01")
    return furnished


@pytest.fixture(scope="module")
def ours(house: House) -> Iterator[dict[str, TestClient]]:
    """A browser for every role of the organisation that has nothing, and for nobody."""
    with ExitStack() as stack:
        browsers = {role: stack.enter_context(signed_in(house, OURS, role)) for role in PEOPLE}
        nobody = TestClient(create(house), base_url=PLACE, follow_redirects=False, headers=FROM_US)
        yield browsers | {"nobody": stack.enter_context(nobody)}


def pairs(house: House) -> list[tuple[str, str, str, str]]:
    """(method, address of something of theirs, the same of what never was, its name) of every closed door with a name in its address."""
    found = []
    for method, path in doors(house):
        for name in re.findall(r"\{(\w+)", path) if RULES[path] != OPEN else []:
            if NAMED.get(name) in NEVER or (name == "name" and path.startswith(("/parties", "/plots"))):
                given = NAMED | {"name": {"/parties": "FA-0001", "/plots/": "P-00001"}.get(path[:8].rstrip("{"), "load"), "form": "load"}
                address = re.sub(r"\{(\w+)(:path)?\}", lambda found, given=given: given.get(found[1], "x"), path)
                theirs = given[name]
                found.append((method, address, address.replace(theirs, NEVER[theirs]), theirs))
    return found


@pytest.mark.parametrize("role", PEOPLE)
def test_behind_closed_doors_what_is_anothers_is_as_what_never_was(house: House, ours: dict[str, TestClient], role: str) -> None:
    asked = pairs(house)
    assert len(asked) > 25
    for method, address, never, name in asked:
        sent: dict[str, Any] = {"data": {"id": "", "at": "2026-06-01T08:00"}} if method == "POST" else {}
        theirs, nothing = (ours[role].request(method, each, **sent) for each in (address, never))

        assert told(theirs, name) == told(nothing, NEVER[name]), (method, address)


@pytest.mark.parametrize("address", PRIVATE)
def test_at_open_doors_what_is_private_is_as_what_never_was(ours: dict[str, TestClient], address: str) -> None:
    private, nothing = (ours["nobody"].get(address.replace("DR-001", each)) for each in ("DR-001", "DR-991"))

    assert private.status_code == 404
    assert told(private, "DR-001") == told(nothing, "DR-991")


def test_a_link_that_was_used_has_run_out_or_never_was_is_all_one(house: House, ours: dict[str, TestClient]) -> None:
    used, ended = (people.invite(house, operator(house), admitted(house, ORG, "buyer"), hours) for hours in (72, 0))
    secrets = [link.rpartition("/")[2] for link in (used, ended)] + ["A" * 43]
    ours["nobody"].post(f"/invite/{secrets[0]}")
    ours["nobody"].cookies.clear()

    for method in ("GET", "POST"):
        answers = [told(ours["nobody"].request(method, f"/invite/{secret}"), secret) for secret in secrets]
        assert answers[0][0] == 404
        assert answers[0] == answers[1] == answers[2]


def _named(body: dict[str, Any]) -> list[str]:
    """The names of theirs that a command touches."""
    fields = {field for of in touches()[body["do"]].values() for field in of if body.get(field)}
    values = [body[field] for field in fields if isinstance(body[field], str)]
    return [each for each in values if each != "ZZ-01"] + [ask["lot_id"] for ask in body.get("inputs", []) if "inputs" in fields]


@pytest.mark.parametrize(
    "body",
    [body for body in EXAMPLES if body["do"] not in MAKES_OWN | {"enrol-device"}],
    ids=lambda body: f"{body['id'][-2:]}-{body['do']}",
)
def test_a_command_on_what_is_anothers_is_answered_as_one_on_what_never_was(ours: dict[str, TestClient], body: dict[str, Any]) -> None:
    body = {field: "ZZ-01" if value in ("AG-01", "EX-01", "NU-01") else value for field, value in anew(body).items()}
    if "container_no" in body:
        body["container_no"] = "CSQU3054383"
    names = _named(body)
    never = {name: NEVER.get(name, f"{name[:-2]}9{name[-1]}") for name in names}
    text = re.compile("|".join(map(re.escape, never)) or "$^")

    def asked(role: str, sent: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        entry = f"entry {sent.get('position')} "
        return told(ours[role].post("/commands", json=sent | {"id": str(uuid4())}), *never, *never.values(), entry)

    other = {field: _swapped(value, text, never) for field, value in body.items() if field != "do"} | {"do": body["do"]}
    if "position" in body:
        other["position"] = body["position"] + 90_000
    answers = [(asked(role, body), asked(role, other)) for role in PEOPLE]
    assert [theirs for theirs, _ in answers] == [nothing for _, nothing in answers]
    assert [theirs[0] for theirs, _ in answers] == [409 if may_command([role], body["do"]) else 403 for role in PEOPLE]


def _swapped(value: Any, text: re.Pattern[str], never: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_swapped(each, text, never) for each in value]
    if isinstance(value, dict):
        return {name: _swapped(each, text, never) for name, each in value.items()}
    return text.sub(lambda found: never[found[0]], value) if isinstance(value, str) else value


# How long it takes


def _apart(one: Callable[[], object], other: Callable[[], object], times: int = 200) -> tuple[float, float]:
    """How far the medians of interleaved calls lie apart, and the wider of their own interquartile ranges."""
    taken: tuple[list[float], list[float]] = [], []
    for at in range(2 * times):
        began = time.perf_counter()
        (one if at % 2 == 0 else other)()
        taken[at % 2].append(time.perf_counter() - began)
    quartiles = [statistics.quantiles(each) for each in taken]
    return abs(quartiles[0][1] - quartiles[1][1]), max(high - low for low, _, high in quartiles)


def alike(one: Callable[[], object], other: Callable[[], object]) -> bool:
    """Whether two calls cannot be told apart by their time: of three looks, one at least finds medians nearer than three spreads."""
    return any(apart < 3 * spread for apart, spread in (_apart(one, other) for _ in range(3)))


def _harvest(plot: str) -> dict[str, Any]:
    body = next(body for body in EXAMPLES if body["do"] == "record-harvest")
    return anew(body) | {"plot_id": plot}


ASKED: Final[dict[str, Callable[[TestClient, str], object]]] = {
    "a page": lambda browser, name: browser.get(f"/farmers/{name}"),
    "data": lambda browser, name: browser.get(f"/parties/{name}"),
    "a form": lambda browser, name: browser.post("/buy/find", data={"q": name}),
    "a command": lambda browser, name: browser.post("/commands", json=_harvest(name.replace("FA-", "P-0"))),
}


@pytest.mark.parametrize("what", ASKED)
def test_how_long_an_answer_takes_does_not_tell_what_is_anothers(ours: dict[str, TestClient], what: str) -> None:
    ask, browser = ASKED[what], ours["buyer"]

    assert alike(lambda: ask(browser, "FA-0001"), lambda: ask(browser, "FA-9991"))


def test_a_difference_of_a_hundredth_of_a_second_would_be_seen() -> None:
    assert not alike(lambda: None, lambda: time.sleep(0.01))


def test_a_token_is_refused_as_quickly_whether_its_device_is_known_or_not(house: House) -> None:
    token = people.machine(house, jack_of_all_trades(house), (), None)
    device = token.removeprefix("cacao_").partition("_")[0]
    known, unknown = (f"Bearer cacao_{each}_{'A' * 43}" for each in (device, "D-" + "A" * 16))
    with TestClient(create(house)) as machine:
        answers = [told(machine.get("/lots", headers={"Authorization": each})) for each in (known, unknown)]

        assert answers[0][0] == 401
        assert answers[0] == answers[1]
        assert alike(*(lambda each=each: machine.get("/lots", headers={"Authorization": each}) for each in (known, unknown)))
