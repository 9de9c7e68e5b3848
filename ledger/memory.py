"""States folded from entries, kept by tag: what a decision needs is at hand, and a decision that does not hold is taken back."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from domain.annulment import ANNULLED
from domain.values import Fact
from domain.vocabulary import evolve, listens, remembered
from ledger.entry import Entry, read, typed

MOST_STATES: Final = 200_000
"""States kept (about 100 MB); beyond it the oldest half is forgotten and read again when needed."""


def annulled(entries: Iterable[Entry]) -> set[int]:
    """The positions that some entries annul."""
    return {int(entry.fact["position"]) for entry in entries if entry.kind == ANNULLED}


def folded(tags: Iterable[str], entries: Sequence[tuple[str, Entry]]) -> dict[str, Any]:
    """The states under some tags, from all entries (each with its tag, in order) that change them: an annulled one changes nothing."""
    states: dict[str, Any] = dict.fromkeys(tags)
    gone = annulled(entry for _, entry in entries)
    for tag, entry in entries:
        if entry.position not in gone and entry.kind != ANNULLED:
            states[tag] = evolve(tag, states[tag], typed(entry.fact), entry.position)
    return states


class Memory:
    """Every state in it is folded up to the same position: that of the head the writer knows."""

    def __init__(self, most: float = MOST_STATES) -> None:
        self._most = int(min(most, sys.maxsize))
        self.states: dict[str, Any] = {}
        self._undo: list[tuple[str, Any]] = []

    def missing(self, tags: Iterable[str]) -> dict[str, frozenset[str]]:
        """Those of the tags whose states are not at hand, each with the kinds it listens to; makes room for them."""
        wanted = set(tags)
        missing = {tag: listens(tag) for tag in wanted if tag not in self.states and remembered(tag)}
        if missing and len(self.states) > self._most:
            for tag in [tag for tag in list(self.states)[: self._most // 2] if tag not in wanted]:
                del self.states[tag]
        return missing

    def learn(self, missing: Iterable[str], entries: Iterable[tuple[str, int, bytes]]) -> None:
        """States that were missing, folded from their entries (tag, position, line), which are in order."""
        self.states.update(folded(missing, [(tag, read(position, line)) for tag, position, line in entries]))

    def apply(self, fact: Fact, tags: Iterable[str], position: int) -> None:
        """Fold a fact into the states at hand that listen to it, so that it can be taken back."""
        kind = fact.kind  # type: ignore[attr-defined]
        for tag in tags:
            if tag in self.states and kind in listens(tag):
                self._undo.append((tag, self.states[tag]))
                self.states[tag] = evolve(tag, self.states[tag], fact, position)

    def put(self, states: Mapping[str, Any]) -> None:
        """States folded anew in place of those at hand, so that it can be taken back."""
        for tag, state in states.items():
            self._undo.append((tag, self.states[tag]))
            self.states[tag] = state

    def drop(self, tags: Iterable[str]) -> None:
        """States that do not hold any more: the next decision reads them again."""
        for tag in tags:
            self.states.pop(tag, None)

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
