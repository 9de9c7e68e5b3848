"""Many callers at once, each a thread that asks one thing after the other."""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common import percentile, seconds


@dataclass(frozen=True, slots=True)
class Crowd:
    """What many callers at once got: calls a second, and milliseconds a call."""

    rate: float
    p50: float
    p99: float


def crowd(callers: Sequence[Callable[[int], object]], each: int) -> Crowd:
    """Every caller a thread that calls `each` times, one by one; all begin together. Stops where a call fails."""
    waits: list[float] = []
    start = threading.Barrier(len(callers) + 1)

    def work(call: Callable[[int], object]) -> None:
        start.wait()
        waits.extend([seconds(lambda at=at: call(at)) for at in range(each)])  # type: ignore[misc]

    threads = [threading.Thread(target=work, args=(call,)) for call in callers]
    for thread in threads:
        thread.start()
    start.wait()
    took = seconds(lambda: [thread.join() for thread in threads])
    if len(waits) != len(callers) * each:
        sys.exit("a caller failed: its figures are worth nothing")
    return Crowd(len(waits) / took, percentile(waits, 50) * 1e3, percentile(waits, 99) * 1e3)
