"""A label key: what labels are signed with; opened and closed by entries, so that everybody knows which signatures to believe."""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final, Literal, Self, assert_never

from pydantic import AfterValidator, Field, model_validator

from domain.values import Command, Fact, Moment, Refused, States, found, in_time, new

PUBLIC_BYTES: Final = 32


def _public(written: str) -> str:
    try:
        key = b64decode(written, validate=True)
    except Error:
        key = b""
    if len(key) != PUBLIC_BYTES or b64encode(key).decode() != written:
        raise ValueError("wanted the 32 bytes of a public Ed25519 key in base64")
    return written


Kid = Annotated[int, Field(ge=1, le=65_535, examples=[1])]
"""The number of a label key, as labels say it."""
Public = Annotated[str, AfterValidator(_public), Field(examples=["A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="])]
"""A public Ed25519 key in base64."""
Closing = Literal["rotated", "lost", "compromised"]


class OpenLabelKey(Command):
    """Open a key for labels: from now on its signatures are believed."""

    do: Literal["open-label-key"] = "open-label-key"
    kid: Kid
    public_key: Public
    opened_at: Moment

    def reads(self) -> Iterable[str]:
        return (f"label-key:{self.kid}",)


class CloseLabelKey(Command):
    """Close a key: no further label is signed with it. A key that was rotated or lost may be closed once more, as compromised.

    Of a compromised key, labels printed before `since` are believed; without that moment, none.
    """

    do: Literal["close-label-key"] = "close-label-key"
    kid: Kid
    reason: Closing
    since: Moment | None = None
    closed_at: Moment

    @model_validator(mode="after")
    def _since_when_it_leaked(self) -> Self:
        if self.since is not None and self.reason != "compromised":
            raise ValueError("only a compromised key has a moment since which it is not believed")
        return self

    def reads(self) -> Iterable[str]:
        return (f"label-key:{self.kid}",)


LabelKeyCommand = OpenLabelKey | CloseLabelKey


class LabelKeyOpened(Fact):
    kind: Literal["label-key-opened.v1"] = "label-key-opened.v1"
    kid: int
    public_key: str
    opened_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"label-key:{self.kid}"]

    def happened(self) -> Moment:
        return self.opened_at


class LabelKeyClosed(Fact):
    kind: Literal["label-key-closed.v1"] = "label-key-closed.v1"
    kid: int
    reason: Closing
    since: Moment | None
    closed_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"label-key:{self.kid}"]

    def happened(self) -> Moment:
        return self.closed_at


@dataclass(frozen=True, slots=True)
class LabelKey:
    """What is remembered of a key for labels: since when and until when labels may be signed with it, and why it was closed."""

    tag: ClassVar[str] = "label-key"
    opened_at: Moment
    closed_at: Moment | None = None
    reason: Closing | None = None


LabelKeyFact = LabelKeyOpened | LabelKeyClosed


def evolve(key: LabelKey | None, fact: LabelKeyFact) -> LabelKey | None:
    """What a key is after `fact`."""
    if isinstance(fact, LabelKeyOpened):
        return LabelKey(fact.opened_at)
    return key and replace(key, closed_at=fact.closed_at, reason=fact.reason)


def decide(command: LabelKeyCommand, states: States, as_of: Moment) -> LabelKeyFact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case OpenLabelKey():
            new(states, LabelKey, str(command.kid))
            in_time((command.opened_at,), (), as_of)
            return LabelKeyOpened(kid=command.kid, public_key=command.public_key, opened_at=command.opened_at)
        case CloseLabelKey():
            return _close(command, states, as_of)
        case _:
            assert_never(command)


def _close(command: CloseLabelKey, states: States, as_of: Moment) -> LabelKeyClosed:
    key = found(states, LabelKey, str(command.kid))
    times = (command.closed_at,) if command.since is None else (command.since, command.closed_at)
    in_time(times, [("the label key", key.opened_at)], as_of)
    if key.reason == "compromised" or (key.reason and command.reason != "compromised"):
        raise Refused("already", "label key {id} was closed before, at {found}", id=command.kid, found=key.closed_at)
    return LabelKeyClosed(kid=command.kid, reason=command.reason, since=command.since, closed_at=command.closed_at)


def opening(states: States, kid: int | None) -> list[tuple[str, Moment]]:
    """A key must be there, and no label is signed with it before it was opened. Raises Refused `unknown-label-key`."""
    return [] if kid is None else [("the label key", found(states, LabelKey, str(kid)).opened_at)]


def still_open(states: States, kid: int | None, at: Moment) -> None:
    """No label is signed with a key that was closed before it was printed, or that others may have. Raises Refused `already`."""
    key = None if kid is None else found(states, LabelKey, str(kid))
    if key and key.closed_at and (key.reason == "compromised" or at > key.closed_at):
        raise Refused("already", "label key {id} was closed at {found}: a label is signed with an open one", id=kid, found=key.closed_at)
