"""An annulment: an entry that was a mistake no longer counts, while nothing later rests on it; entry and command id stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from pydantic import Field

from domain.container import ContainerDeparted, ContainerEmptied, ContainerOpened, ContainerSealed, ContainerSold, LotLoaded
from domain.graft import BudwoodCut, GraftsCounted, PlantsGrafted
from domain.gs1 import GlnRecorded, Gs1PrefixRecorded, ProductRegistered
from domain.lot import LotInspected, LotWrittenOff, Made
from domain.money import AdvancePaid, PaymentMade, PriceSet
from domain.nursery import SeedlingsHandedOut, SeedlingsRaised, SeedlingsReturned
from domain.offer import LotOffered
from domain.party import PartyAmended, PartyEnrolled
from domain.plot import PlotRegistered, PlotResurveyed, PlotTransferred
from domain.printing import LabelsReprinted, LabelsVoided, Printed
from domain.sharing import ContainerShared, PricePublished, PriceWithdrawn, ShareEnded
from domain.values import Command, Fact, Key, Moment, Refused, States, found, in_time

Position = Annotated[int, Field(ge=1, le=2**53, examples=[41])]
"""An entry's place in the ledger."""
ANNULLED: Final = "fact-annulled.v1"
ABOUT: Final = frozenset({ANNULLED, "fact-questioned.v1", "question-settled.v1"})
"""Kinds of facts about entries: nothing rests on an entry because of these."""


class AboutEntry(Command):
    """A command about the entry at `position`."""

    position: Position

    def reads(self) -> Iterable[str]:
        return (f"{Written.tag}:{self.position}",)


class AnnulFact(AboutEntry):
    """Say that an entry was a mistake: what it made is gone, what it took is given back. Refused while something later rests on it.

    `corrected_by`: ids of the commands that say what was meant.
    """

    do: Literal["annul-fact"] = "annul-fact"
    reason: Literal["did-not-occur", "incorrect-data", "entered-twice", "practice"]
    corrected_by: Annotated[tuple[Annotated[UUID, Field(strict=False)], ...], Field(max_length=50, strict=False)] | None = None
    annulled_at: Moment


class AboutFact(Fact):
    """A fact about the entry at `position`; `about`: the tags of that entry, so that its histories show this too."""

    position: int
    about: tuple[str, ...]

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [*self.about, f"{Written.tag}:{self.position}"]


class FactAnnulled(AboutFact):
    """The first two reasons are those of EPCIS's error declaration, and so is `corrected_by`."""

    kind: Literal["fact-annulled.v1"] = "fact-annulled.v1"
    annulled_kind: str
    reason: Literal["did-not-occur", "incorrect-data", "entered-twice", "practice"]
    corrected_by: tuple[str, ...]
    annulled_at: Moment

    def happened(self) -> Moment:
        return self.annulled_at


@dataclass(frozen=True, slots=True)
class Written:
    """What is known of an entry: what it says, for whom it was written, which facts about it there are, and what rests on it first."""

    tag: ClassVar[str] = "entry"
    position: int
    fact: Fact
    tags: tuple[str, ...]
    org: Key
    about: frozenset[str] = frozenset()
    rests: tuple[int, str] | None = None

    def kind(self) -> str:
        """The stored name of its fact."""
        return str(self.fact.kind)  # type: ignore[attr-defined]

    def origins(self) -> list[tuple[str, Moment]]:
        """Before it happened nothing can be said about it; a price alone speaks of a time ahead."""
        return [] if isinstance(self.fact, PriceSet) else [("the entry", self.fact.happened())]


@dataclass(frozen=True, slots=True)
class Resting:
    """What rests on an entry: later ones that carry all of these tags and are of one of these kinds (None: of any)."""

    tags: tuple[str, ...] = ()
    kinds: frozenset[str] | None = None


def resting(fact: Fact, position: int) -> Resting | None:  # noqa: C901 - one case a sort of fact
    """What rests on the entry at `position`, where it is not annulled itself; None where it cannot be annulled."""
    tags = fact.tags(position)
    match fact:
        case PartyEnrolled() | PlotRegistered() | SeedlingsRaised() | SeedlingsHandedOut() | BudwoodCut() | PlantsGrafted() | Made():
            return Resting((tags[0],))
        case ContainerOpened(container_no=number):
            return Resting((f"stuffing:{number}@{position}",))
        case Gs1PrefixRecorded() | ProductRegistered() | Printed() | ContainerShared() | PricePublished() | PriceWithdrawn():
            return Resting((tags[0],))
        case LabelsReprinted():
            return Resting((tags[0],), frozenset({"labels-reprinted.v1"}))
        case PlotTransferred():
            return Resting((tags[0],), _LAND)
        case LotOffered(lot_id=lot, to_id=buyer):
            return Resting((f"lot:{lot}", f"party:{buyer}"), frozenset({"lot-bought.v1"}))
        case LotLoaded():
            return Resting((tags[1],), frozenset({"container-sealed.v1"}))
        case ContainerSealed():
            return Resting((tags[1],), frozenset({"container-departed.v1", "container-sold.v1", "container-emptied.v1"}))
        case ContainerEmptied():
            return Resting((tags[0],), frozenset({"container-opened.v1"}))
        case (
            PartyAmended() | PlotResurveyed() | SeedlingsReturned() | GraftsCounted() | LotInspected() | LotWrittenOff()
            | ContainerDeparted() | ContainerSold() | GlnRecorded() | LabelsVoided() | PriceSet() | AdvancePaid() | PaymentMade()
            | ShareEnded()
        ):  # fmt: skip
            return Resting()
        case _:
            return None


_LAND: Final = frozenset({"harvest-recorded.v1", "plot-resurveyed.v1", "plot-transferred.v1", "seedlings-handed-out.v1"})
"""Facts that rest on who holds a plot."""


def open_to_it(written: Written) -> None:
    """Users, roles and devices have their own undoing, and what was said about entries stands. Raises Refused `not-annullable`."""
    if resting(written.fact, written.position) is None:
        raise Refused(
            "not-annullable", "entry {id} is of kind {kind}: it can be neither annulled nor questioned",
            id=written.position, kind=written.kind(),
        )  # fmt: skip


def still_counts(written: Written) -> None:
    """What was annulled is annulled for ever. Raises Refused `already`."""
    if ANNULLED in written.about:
        raise Refused("already", "entry {id} was annulled before", id=written.position)


def decide(command: AnnulFact, states: States, as_of: Moment) -> FactAnnulled:
    """The fact that answers `command`. Raises Refused."""
    written = found(states, Written, str(command.position))
    in_time((command.annulled_at,), written.origins(), as_of)
    open_to_it(written)
    still_counts(written)
    if written.rests:
        position, kind = written.rests
        raise Refused(
            "rests-on-it", "entry {at} ({kind}) rests on entry {id}: annul that one first", at=position, kind=kind, id=command.position
        )
    return FactAnnulled(
        position=command.position,
        about=written.tags,
        annulled_kind=written.kind(),
        reason=command.reason,
        corrected_by=tuple(map(str, command.corrected_by or ())),
        annulled_at=command.annulled_at,
    )
