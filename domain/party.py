"""A party: a person or an organisation that grows, holds, buys or hands out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal, Self, assert_never

from pydantic import AfterValidator, Field, model_validator

from domain.identity import is_document, is_organisation
from domain.values import Command, District, Fact, Id, Key, Moment, Sealed, States, Text, found, in_time, new


def _document(number: str) -> str:
    if not is_document(number):
        raise ValueError("wanted a DNI of 8 digits or a RUC of 11 with its check digit")
    return number


Role = Literal["farmer", "nursery", "aggregator", "processor", "exporter", "buyer", "municipality"]
Document = Annotated[str, Field(pattern=r"^[0-9]{8}([0-9]{3})?$"), AfterValidator(_document)]
Phone = Annotated[str, Field(pattern=r"^[0-9]{9}$")]
_PERSONAL: Final = frozenset({"name", "document", "phone"})


class EnrolParty(Command):
    """Enrol a person or organisation. Name, document and phone are personal: they are put away, never in an entry."""

    personal: ClassVar[frozenset[str]] = _PERSONAL
    do: Literal["enrol-party"] = "enrol-party"
    party_id: Id
    role: Role
    name: Text
    document: Document | None = None
    phone: Phone | None = None
    sex: Literal["F", "M"] | None = None
    district: District
    enrolled_at: Moment

    def reads(self) -> Iterable[str]:
        return (f"party:{self.key(self.party_id)}",)


class AmendParty(Command):
    """Replace a party's name, document or phone: what is given, and it is personal."""

    personal: ClassVar[frozenset[str]] = _PERSONAL
    do: Literal["amend-party"] = "amend-party"
    party_id: Id
    name: Text | None = None
    document: Document | None = None
    phone: Phone | None = None
    amended_at: Moment

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is self.document is self.phone is None:
            raise ValueError("wanted a name, a document or a phone")
        return self

    def reads(self) -> Iterable[str]:
        return (f"party:{self.key(self.party_id)}",)


PartyCommand = EnrolParty | AmendParty


class PartyEnrolled(Sealed):
    """`organisation`: its RUC is of series 20, so it may be named in public; people never."""

    kind: Literal["party-enrolled.v1"] = "party-enrolled.v1"
    party_id: Key
    role: Role
    sex: Literal["F", "M"] | None
    organisation: bool
    district: District
    enrolled_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"party:{self.party_id}"]

    def whose(self) -> Key | None:
        return None if self.role == "farmer" else self.party_id

    def happened(self) -> Moment:
        return self.enrolled_at


class PartyAmended(Sealed):
    """`organisation` as its new document says; None where no document was given."""

    kind: Literal["party-amended.v1"] = "party-amended.v1"
    party_id: Key
    organisation: bool | None
    amended_at: Moment

    def under(self) -> str:
        return f"party:{self.party_id}"

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"party:{self.party_id}"]

    def happened(self) -> Moment:
        return self.amended_at


@dataclass(frozen=True, slots=True)
class Party:
    """What is remembered: since when, in which role, under which subject the personal part is put away, and whether it was erased."""

    tag: ClassVar[str] = "party"
    role: Role
    enrolled_at: Moment
    subject: str | None
    erased: bool = False


def evolve(party: Party | None, fact: PartyEnrolled | PartyAmended) -> Party | None:
    """What a party is after `fact`; what is remembered of it cannot be amended."""
    if isinstance(fact, PartyEnrolled):
        return Party(fact.role, fact.enrolled_at, fact.seal.subject if fact.seal else None)
    return party


def decide(command: PartyCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case EnrolParty():
            return _enrol(command, states, as_of)
        case AmendParty():
            return _amend(command, states, as_of)
        case _:
            assert_never(command)


def _enrol(command: EnrolParty, states: States, as_of: Moment) -> PartyEnrolled:
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


def _amend(command: AmendParty, states: States, as_of: Moment) -> PartyAmended:
    key = command.key(command.party_id)
    party = found(states, Party, key)
    in_time((command.amended_at,), [("the party's enrolment", party.enrolled_at)], as_of)
    organisation = None if command.document is None else is_organisation(command.document)
    return PartyAmended(party_id=key, organisation=organisation, amended_at=command.amended_at)
