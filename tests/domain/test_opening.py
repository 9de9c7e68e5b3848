"""A log that lost entries is closed, and another one opened: each name once, for ever."""

from typing import Any
from uuid import UUID

import pytest

from domain.opening import Log, LogOpened, OpenLog, decide, evolve
from domain.values import Refused

NOW = "2026-07-01T12:00:00-05:00"
BODY: dict[str, Any] = {
    "id": UUID(int=1), "origin": "log.example/cacao-2", "closed_origin": "log.example/cacao", "closed_size": "5700000", "kept": "41",
    "closed_root": "6e" * 32, "opened_at": "2026-07-01T10:00:00-05:00",
}  # fmt: skip


def opening(**change: str) -> OpenLog:
    return OpenLog.model_validate(BODY | change, strict=False)


def test_a_log_is_opened_where_another_ended() -> None:
    fact = decide(opening(), {}, NOW)
    assert (fact.origin, fact.closed_origin, fact.closed_size, fact.kept) == ("log.example/cacao-2", "log.example/cacao", 5_700_000, 41)
    assert fact.tags(42) == ["log:log.example/cacao-2", "log:log.example/cacao"]
    assert (evolve("log.example/cacao-2", fact), evolve("log.example/cacao", fact)) == (Log(closed=False), Log(closed=True))


@pytest.mark.parametrize(
    ("change", "states"),
    [
        ({"origin": "log.example/cacao"}, {}),
        ({}, {"log:log.example/cacao-2": Log(closed=False)}),
        ({}, {"log:log.example/cacao-2": Log(closed=True)}),
        ({}, {"log:log.example/cacao": Log(closed=True)}),
    ],
    ids=["itself", "open", "closed", "closed twice"],
)
def test_no_log_is_opened_or_closed_twice(change: dict[str, str], states: dict[str, Log]) -> None:
    with pytest.raises(Refused) as refused:
        decide(opening(**change), states, NOW)
    assert refused.value.code == "already"


def test_the_log_that_was_opened_can_be_closed_in_its_turn() -> None:
    first = decide(opening(), {}, NOW)
    states = {f"log:{name}": evolve(name, first) for name in (first.origin, first.closed_origin)}
    again = decide(opening(origin="log.example/cacao-3", closed_origin="log.example/cacao-2"), states, NOW)
    assert isinstance(again, LogOpened)


@pytest.mark.parametrize("name", ["", "with space", "a+b", "ñ/cacao", "x" * 201])
def test_what_cannot_be_a_logs_name_cannot_be_read(name: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        opening(origin=name)
