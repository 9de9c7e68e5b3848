"""What was made lately and is wanted again: kept for some seconds, and made once however many threads ask for it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Lately(Generic[T]):
    """What was made lately, by key: made once however many threads ask for it, kept for some seconds, the least used dropped first."""

    def __init__(self, seconds: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._making: dict[Hashable, tuple[threading.Lock, list[None]]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under a key, or made now; whatever `make` raises is raised, and nothing kept."""
        if (kept := self._found(key)) is not None:
            return kept[1]
        with self._alone(key):
            if (kept := self._found(key)) is not None:
                return kept[1]
            made = make()
            with self._lock:
                self._kept[key] = (self._clock() + self._seconds, made)
                self._kept.move_to_end(key)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            return made

    def _found(self, key: Hashable) -> tuple[float, T] | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] <= self._clock():
                return None
            self._kept.move_to_end(key)
            return kept

    @contextmanager
    def _alone(self, key: Hashable) -> Iterator[None]:
        """One thread a key; who waits holds nothing that the one before needs."""
        with self._lock:
            lock, waiting = self._making.setdefault(key, (threading.Lock(), []))
            waiting.append(None)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                waiting.pop()
                if not waiting:
                    self._making.pop(key, None)
