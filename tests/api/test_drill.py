"""Twelve rounds of kill -9; `python -m tests.crash` does two hundred."""

from collections.abc import Callable
from pathlib import Path

from tests.crash import drill


def test_after_twelve_kills_nothing_is_lost_doubled_or_signed_twice_over(places: Callable[[], Path]) -> None:
    it, wrong = drill(places(), 12, seed=20261125)
    assert wrong == {"lost": 0, "doubled": 0, "inconsistent": 0, "head": 0}
    assert len(it.acknowledged) > 60
    assert len(it.heads) >= 6
