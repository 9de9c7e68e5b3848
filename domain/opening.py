"""A log is opened where another one ended: entries were lost for good, and the record says so in its own first entry under the new name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from domain.values import Command, Count, Fact, Moment, Refused, States, in_time, scaled

Origin = Annotated[str, Field(pattern=r"^[!-*,-~]{1,200}$")]
"""The name of a log for ever: an address without scheme, of visible ASCII but `+`."""
FARTHEST: Final = 2**53
"""Beyond every position, and still a whole number everywhere."""
Root = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class OpenLog(Command):
    """Open a log under a new name; the old one is closed at the last head that was signed under its name."""

    do: Literal["open-log"] = "open-log"
    origin: Origin
    closed_origin: Origin
    closed_size: Count
    closed_root: Root
    kept: Count
    opened_at: Moment

    def reads(self) -> Iterable[str]:
        return f"log:{self.origin}", f"log:{self.closed_origin}"


class LogOpened(Fact):
    """`kept`: entries of the old log that are left, and that the new one begins with; those from there to `closed_size` are lost."""

    kind: Literal["log-opened.v1"] = "log-opened.v1"
    origin: Origin
    closed_origin: Origin
    closed_size: int
    closed_root: Root
    kept: int
    opened_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"log:{self.origin}", f"log:{self.closed_origin}"]

    def happened(self) -> Moment:
        return self.opened_at


@dataclass(frozen=True, slots=True)
class Log:
    """What is remembered of a log: whether it was closed."""

    tag: ClassVar[str] = "log"
    closed: bool


def decide(command: OpenLog, states: States, as_of: Moment) -> LogOpened:
    """The fact that answers `command`. Raises Refused."""
    size = scaled(command.closed_size, "entries that were signed", 0, zero=True, most=FARTHEST)
    kept = scaled(command.kept, "entries left", 0, zero=True, most=FARTHEST)
    in_time((command.opened_at,), (), as_of)
    if command.origin == command.closed_origin or states.get(f"log:{command.origin}") is not None:
        raise Refused("already", "the log {origin} was opened before: a log never changes, and never comes back", origin=command.origin)
    closed = states.get(f"log:{command.closed_origin}")
    if closed is not None and closed.closed:
        raise Refused("already", "the log {origin} was closed before", origin=command.closed_origin)
    fields = command.model_dump(include={"origin", "closed_origin", "closed_root", "opened_at"})
    return LogOpened(**fields, closed_size=size, kept=kept)


def evolve(key: str, fact: LogOpened) -> Log:
    """What the log of a name is after `fact`."""
    return Log(closed=key == fact.closed_origin)
