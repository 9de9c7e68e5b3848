"""States folded from entries, kept by tag: what a decision needs is at hand, and a decision that does not hold is taken back."""

import sys
from collections.abc import Iterable
from typing import Any, Final

from domain.values import Fact
from domain.vocabulary import evolve, listens
from ledger.entry import read, typed

MOST_STATES: Final = 200_000
"""States kept (about 100 MB); beyond it the oldest half is forgotten and read again when needed."""


class Memory:
    """Every state in it is folded up to the same position: that of the head the writer knows."""

    def __init__(self, most: float = MOST_STATES) -> None:
        self._most = int(min(most, sys.maxsize))
        self.states: dict[str, Any] = {}
        self._undo: list[tuple[str, Any]] = []

    def missing(self, tags: Iterable[str]) -> dict[str, frozenset[str]]:
        """Those of the tags whose states are not at hand, each with the kinds it listens to; makes room for them."""
        wanted = set(tags)
        missing = {tag: listens(tag) for tag in wanted if tag not in self.states}
        if missing and len(self.states) > self._most:
            for tag in [tag for tag in list(self.states)[: self._most // 2] if tag not in wanted]:
                del self.states[tag]
        return missing

    def learn(self, missing: Iterable[str], entries: Iterable[tuple[str, int, bytes]]) -> None:
        """States that were missing, folded from their entries (tag, position, line), which are in order."""
        self.states.update(dict.fromkeys(missing))
        for tag, position, line in entries:
            self.states[tag] = evolve(tag, self.states[tag], typed(read(position, line).fact), position)

    def apply(self, fact: Fact, tags: Iterable[str], position: int) -> None:
        """Fold a fact into the states at hand that listen to it, so that it can be taken back."""
        kind = fact.kind  # type: ignore[attr-defined]
        for tag in tags:
            if tag in self.states and kind in listens(tag):
                self._undo.append((tag, self.states[tag]))
                self.states[tag] = evolve(tag, self.states[tag], fact, position)

    def mark(self) -> int:
        """A point to come back to."""
        return len(self._undo)

    def back_to(self, mark: int) -> None:
        """Take back all that was applied since the mark."""
        while len(self._undo) > mark:
            tag, before = self._undo.pop()
            self.states[tag] = before

    def keep(self) -> None:
        """What was applied is committed."""
        self._undo.clear()

    def forget(self) -> None:
        """Nothing is known any more: the next decision reads again."""
        self.states.clear()
        self._undo.clear()
