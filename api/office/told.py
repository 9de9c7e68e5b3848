"""Entries as an auditor's pages list them: what each says in a sentence, both its times, and what was said of it since."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from api.cache import Ask
from api.house import House
from api.look import Language, said
from api.moments import gap, in_peru
from api.sentences import REASONS, kind_name, sentence
from ledger.entry import read
from projections.doubt import Doubt
from projections.history import Mark, lines, marks


@dataclass(frozen=True, slots=True)
class Told:
    """One entry: when it happened (`at`) and was written (`seen`) as clocks in Peru show it, and the words for what lies between."""

    position: int
    kind: str
    said: str
    at: str
    seen: str
    gap: str
    mark: Mark


def told(house: House, org: str | None, language: Language, positions: Iterable[int]) -> list[Told]:
    """Those of some entries that an organisation may see (None: the house), in the order in which they were named."""
    asked = list(positions)
    with house.reading(org) as conn:
        seen = marks(conn, asked)
    with house.pool.connection() as conn:
        stored = lines(conn, seen)
    entries = [read(position, stored[position]) for position in asked if position in seen]
    return [
        Told(
            each.position, kind_name(each.kind, language), sentence(each.fact, language), clock(each.at), in_peru(each.seen),
            gap(each.at, each.seen, language), seen[each.position],
        )
        for each in entries
    ]  # fmt: skip


def clock(moment: str) -> str:
    """A moment as facts spell it, as the clocks in Peru showed it."""
    return moment[:19].replace("T", " ")


class Doubted(NamedTuple):
    """What is doubted of a thing, in words, and which entry."""

    entry: int
    why: str


def told_doubts(ask: Ask, doubts: Iterable[Doubt]) -> list[Doubted]:
    """Questions of what a thing comes from, in words."""
    return [Doubted(each.entry, said(ask.language, REASONS["fact-questioned.v1"][each.reason])) for each in doubts]
