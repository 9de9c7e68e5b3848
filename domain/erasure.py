"""Erasing a person: what is known of them is destroyed with its key; the entries stay, and say nothing of them any more."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final, Literal, Self, TypeVar, get_args

from pydantic import Field, model_validator

from domain.party import Party
from domain.user import User
from domain.values import Command, Fact, Id, Moment, Refused, States, found, in_time, known

Basis = Literal["asked", "consent-withdrawn", "objected", "no-longer-needed", "no-ground", "ordered"]
"""Why, as Peru's Ley 29733 and Article 17 of the GDPR know it: the person asked for it, withdrew their consent or objected; what the
data were kept for is over; they were recorded without ground; an authority ordered it."""
BASES: Final[tuple[Basis, ...]] = get_args(Basis)
SubjectId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]


class EraseSubject(Command):
    """Destroy what is known of a person: of a party, of a user, or under a subject that none of them has any more."""

    do: Literal["erase-subject"] = "erase-subject"
    party_id: Id | None = None
    user_id: Id | None = None
    subject: SubjectId | None = None
    basis: Basis
    erased_at: Moment

    @model_validator(mode="after")
    def _one(self) -> Self:
        if [self.party_id, self.user_id, self.subject].count(None) != 2:  # noqa: PLR2004 - of three, one
            raise ValueError("wanted one of party_id, user_id and subject")
        return self

    def of(self) -> str:
        """Tag of what is named."""
        if self.party_id is not None:
            return f"party:{self.key(self.party_id)}"
        return f"subject:{self.subject}" if self.user_id is None else f"user:{self.user_id}"

    def reads(self) -> Iterable[str]:
        return (self.of(),)


class SubjectErased(Fact):
    """`of` is the tag of the party or user whose subject it was; where the command does not name them, the vault knows it."""

    kind: Literal["subject-erased.v1"] = "subject-erased.v1"
    subject: str
    of: str | None
    basis: Basis
    erased_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"subject:{self.subject}", *([] if self.of is None else [self.of])]

    def happened(self) -> Moment:
        return self.erased_at


@dataclass(frozen=True, slots=True)
class Subject:
    """What is remembered of a subject: that it was erased."""

    tag: ClassVar[str] = "subject"


P = TypeVar("P", Party, User)


def forget(person: P | None, fact: SubjectErased) -> P | None:
    """What a party or user is after their data were erased: their beans keep their origin, and nobody acts in their name."""
    if person is None or person.subject != fact.subject:
        return person
    return replace(person, erased=True, grants=frozenset()) if isinstance(person, User) else replace(person, erased=True)


def decide(command: EraseSubject, states: States, as_of: Moment) -> SubjectErased:
    """The fact that answers `command`. Raises Refused."""
    of = command.of()
    if command.subject is not None:
        in_time((command.erased_at,), (), as_of)
        if known(states, Subject, command.subject):
            raise _already(command.subject)
        return SubjectErased(subject=command.subject, of=None, basis=command.basis, erased_at=command.erased_at)
    if command.user_id is not None:
        user = found(states, User, command.user_id)
        subject, erased, since = user.subject, user.erased, ("the user's admission", user.admitted_at)
    else:
        party = found(states, Party, of.removeprefix("party:"))
        subject, erased, since = party.subject, party.erased, ("the party's enrolment", party.enrolled_at)
    in_time((command.erased_at,), [since], as_of)
    if erased or subject is None:
        raise _already(str(command.user_id or command.party_id))
    return SubjectErased(subject=subject, of=of, basis=command.basis, erased_at=command.erased_at)


def _already(id_: str) -> Refused:
    return Refused("already", "the data of {id} were erased before", id=id_)
