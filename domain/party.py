"""A party: a person or an organisation that grows, holds, buys or hands out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from domain.identity import is_document, is_organisation
from domain.values import Command, District, Fact, Id, Key, Moment, Seal, States, Text, in_time, new


def _document(number: str) -> str:
    if not is_document(number):
        raise ValueError("wanted a DNI of 8 digits or a RUC of 11 with its check digit")
    return number


Role = Literal["farmer", "nursery", "aggregator", "processor", "exporter", "buyer", "municipality"]
Document = Annotated[str, Field(pattern=r"^[0-9]{8}([0-9]{3})?$"), AfterValidator(_document)]


class EnrolParty(Command):
    """Enrol a person or organisation. Name, document and phone are personal: they are put away, never in an entry."""

    personal: ClassVar[frozenset[str]] = frozenset({"name", "document", "phone"})
    do: Literal["enrol-party"] = "enrol-party"
    party_id: Id
    role: Role
    name: Text
    document: Document | None = None
    phone: Annotated[str, Field(pattern=r"^[0-9]{9}$")] | None = None
    sex: Literal["F", "M"] | None = None
    district: District
    enrolled_at: Moment

    def reads(self) -> Iterable[str]:
        return (f"party:{self.key(self.party_id)}",)


class PartyEnrolled(Fact):
    """`organisation`: its RUC is of series 20, so it may be named in public; people never."""

    kind: Literal["party-enrolled.v1"] = "party-enrolled.v1"
    party_id: Key
    role: Role
    sex: Literal["F", "M"] | None
    organisation: bool
    district: District
    enrolled_at: Moment
    seal: Seal | None = None

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"party:{self.party_id}"]

    def happened(self) -> Moment:
        return self.enrolled_at


@dataclass(frozen=True, slots=True)
class Party:
    """What is remembered: since when, in which role, and under which subject the personal part is put away."""

    tag: ClassVar[str] = "party"
    role: Role
    enrolled_at: Moment
    subject: str | None


def evolve(fact: PartyEnrolled) -> Party:
    """What a party is after it was enrolled."""
    return Party(fact.role, fact.enrolled_at, fact.seal.subject if fact.seal else None)


def decide(command: EnrolParty, states: States, as_of: Moment) -> PartyEnrolled:
    """The fact that answers `command`. Raises Refused."""
    key = command.key(command.party_id)
    new(states, Party, key)
    in_time((command.enrolled_at,), (), as_of)
    return PartyEnrolled(
        party_id=key,
        role=command.role,
        sex=command.sex,
        organisation=is_organisation(command.document),
        district=command.district,
        enrolled_at=command.enrolled_at,
    )
