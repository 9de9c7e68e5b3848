"""The nursery: seedlings raised, handed out to a farmer for a plot, and brought back where they are owed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self, assert_never

from pydantic import model_validator

from domain.party import Party
from domain.plot import Plot
from domain.values import Command, Count, Fact, Id, Key, Moment, Refused, States, Text, bare, found, in_time, new, whole

Species = Literal["cacao", "plantain", "bolaina", "capirona"]


class RaiseSeedlings(Command):
    """Record seedlings of one species raised together. `clone` for cacao rootstock only."""

    do: Literal["raise-seedlings"] = "raise-seedlings"
    nursery_lot_id: Id
    nursery_id: Id
    species: Species
    clone: Text | None = None
    count: Count
    raised_at: Moment

    @model_validator(mode="after")
    def _clone_for_cacao(self) -> Self:
        if (self.species == "cacao") != (self.clone is not None):
            raise ValueError("a clone is named for cacao, and for nothing else")
        return self

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.nursery_id)}", f"nursery-lot:{self.key(self.nursery_lot_id)}"


class HandOutSeedlings(Command):
    """Give seedlings to a farmer for a plot. `return_due` seedlings are owed back, taken as written."""

    do: Literal["hand-out-seedlings"] = "hand-out-seedlings"
    handout_id: Id
    nursery_lot_id: Id
    party_id: Id
    plot_id: Id
    count: Count
    return_due: Count
    handed_at: Moment

    def reads(self) -> Iterable[str]:
        return (
            f"party:{self.key(self.party_id)}",
            f"plot:{self.key(self.plot_id)}",
            f"nursery-lot:{self.key(self.nursery_lot_id)}",
            f"handout:{self.key(self.handout_id)}",
        )


class ReturnSeedlings(Command):
    """Bring seedlings back against a handout."""

    do: Literal["return-seedlings"] = "return-seedlings"
    return_id: Id
    handout_id: Id
    count: Count
    returned_at: Moment

    def reads(self) -> Iterable[str]:
        return f"handout:{self.key(self.handout_id)}", f"return:{self.key(self.return_id)}"


NurseryCommand = RaiseSeedlings | HandOutSeedlings | ReturnSeedlings


class SeedlingsRaised(Fact):
    kind: Literal["seedlings-raised.v1"] = "seedlings-raised.v1"
    nursery_lot_id: Key
    nursery_id: Key
    species: Species
    clone: str | None
    count: int
    raised_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"nursery-lot:{self.nursery_lot_id}", f"party:{self.nursery_id}"]

    def happened(self) -> Moment:
        return self.raised_at


class SeedlingsHandedOut(Fact):
    kind: Literal["seedlings-handed-out.v1"] = "seedlings-handed-out.v1"
    handout_id: Key
    nursery_lot_id: Key
    party_id: Key
    plot_id: Key
    species: Species
    count: int
    return_due: int
    handed_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"handout:{self.handout_id}", f"nursery-lot:{self.nursery_lot_id}", f"plot:{self.plot_id}", f"party:{self.party_id}"]

    def happened(self) -> Moment:
        return self.handed_at


class SeedlingsReturned(Fact):
    kind: Literal["seedlings-returned.v1"] = "seedlings-returned.v1"
    return_id: Key
    handout_id: Key
    party_id: Key
    count: int
    returned_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"return:{self.return_id}", f"handout:{self.handout_id}", f"party:{self.party_id}"]

    def happened(self) -> Moment:
        return self.returned_at


@dataclass(frozen=True, slots=True)
class NurseryLot:
    """What is remembered of seedlings raised together: how many are still there."""

    tag: ClassVar[str] = "nursery-lot"
    species: Species
    on_hand: int
    raised_at: Moment


@dataclass(frozen=True, slots=True)
class Handout:
    """What is remembered of a handout: what stands ungrafted, and what is still owed."""

    tag: ClassVar[str] = "handout"
    party_id: Key
    plot_id: Key
    species: Species
    ungrafted: int
    owed: int
    handed_at: Moment


@dataclass(frozen=True, slots=True)
class Return:
    """A return that was accepted."""

    tag: ClassVar[str] = "return"


def evolve_nursery_lot(lot: NurseryLot | None, fact: SeedlingsRaised | SeedlingsHandedOut) -> NurseryLot | None:
    """What a nursery lot is after it was raised, or handed out from."""
    if isinstance(fact, SeedlingsRaised):
        return NurseryLot(fact.species, fact.count, fact.raised_at)
    return lot and replace(lot, on_hand=lot.on_hand - fact.count)


def handed_out(fact: SeedlingsHandedOut) -> Handout:
    """What a handout is when it was made."""
    return Handout(fact.party_id, fact.plot_id, fact.species, fact.count, fact.return_due, fact.handed_at)


def decide(command: NurseryCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case RaiseSeedlings():
            return _raise(command, states, as_of)
        case HandOutSeedlings():
            return _hand_out(command, states, as_of)
        case ReturnSeedlings():
            return _take_back(command, states, as_of)
        case _:
            assert_never(command)


def _raise(command: RaiseSeedlings, states: States, as_of: Moment) -> SeedlingsRaised:
    nursery = found(states, Party, command.key(command.nursery_id))
    key = command.key(command.nursery_lot_id)
    new(states, NurseryLot, key)
    count = whole(command.count, "count")
    in_time((command.raised_at,), [("the nursery's enrolment", nursery.enrolled_at)], as_of)
    return SeedlingsRaised(
        nursery_lot_id=key,
        nursery_id=command.key(command.nursery_id),
        species=command.species,
        clone=command.clone,
        count=count,
        raised_at=command.raised_at,
    )


def _hand_out(command: HandOutSeedlings, states: States, as_of: Moment) -> SeedlingsHandedOut:
    party_id, plot_id, lot_id = map(command.key, (command.party_id, command.plot_id, command.nursery_lot_id))
    party, plot, lot = found(states, Party, party_id), found(states, Plot, plot_id), found(states, NurseryLot, lot_id)
    key = command.key(command.handout_id)
    new(states, Handout, key)
    count, due = whole(command.count, "count"), whole(command.return_due, "return_due", zero=True)
    origins = [("the party's enrolment", party.enrolled_at), ("the plot's survey", plot.surveyed_at), ("the raising", lot.raised_at)]
    in_time((command.handed_at,), origins, as_of)
    if plot.holder_id != party_id:
        raise Refused(
            "not-held",
            "plot {plot} is held by {holder}, not {party}",
            plot=bare(plot_id),
            holder=bare(plot.holder_id),
            party=command.party_id,
        )
    if count > lot.on_hand:
        raise Refused(
            "overdrawn", "nursery lot {lot} has {there} seedlings on hand, not {asked}", lot=bare(lot_id), there=lot.on_hand, asked=count
        )
    return SeedlingsHandedOut(
        handout_id=key,
        nursery_lot_id=lot_id,
        party_id=party_id,
        plot_id=plot_id,
        species=lot.species,
        count=count,
        return_due=due,
        handed_at=command.handed_at,
    )


def _take_back(command: ReturnSeedlings, states: States, as_of: Moment) -> SeedlingsReturned:
    handout_id, key = command.key(command.handout_id), command.key(command.return_id)
    handout = found(states, Handout, handout_id)
    new(states, Return, key)
    count = whole(command.count, "count")
    in_time((command.returned_at,), [("the handout", handout.handed_at)], as_of)
    if count > handout.owed:
        raise Refused(
            "overdrawn",
            "{there} seedlings are still owed on handout {handout}, not {asked}",
            there=handout.owed,
            handout=bare(handout_id),
            asked=count,
        )
    return SeedlingsReturned(return_id=key, handout_id=handout_id, party_id=handout.party_id, count=count, returned_at=command.returned_at)
