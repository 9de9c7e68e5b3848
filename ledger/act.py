"""What callers hand to the writer, and how it can fail."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from domain.values import Command, Moment
from ledger.decision import Answer
from ledger.schema import Connection
from ledger.store import Head, Record, Rows

Condition = Callable[[Connection, Head, Sequence[Record]], None]


class Unavailable(Exception):
    """The database could not be reached in time; whether the act was appended is unknown: send it again with the same ids."""


class ReadOnly(Unavailable):
    """Nothing may be written until what was restored was compared with what was signed: `cacao reopen`."""


class Unsure(Exception):
    """The connection was lost at records without command ids, or at an act that keeps a journal: look there for how far it came."""


@dataclass(frozen=True, slots=True)
class Act:
    """Commands of one caller, decided in order. `whole`: all or none. `note`: further rows for the same commit, made of the answers."""

    commands: Sequence[Command]
    by: str
    org: str
    as_of: Moment | None = None
    whole: bool = False
    note: Callable[[Sequence[Answer]], Rows] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """Records that are already decided; `condition` raises where they may not be appended."""

    records: Sequence[Record]
    condition: Condition | None = None


@dataclass(slots=True)
class Job:
    """An act that waits, and the future its caller holds."""

    work: Act | Given
    answer: "Future[list[Answer]]" = field(default_factory=Future)

    def weight(self) -> int:
        """How much it adds to a batch."""
        return len(self.work.commands if isinstance(self.work, Act) else self.work.records)
