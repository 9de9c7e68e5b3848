"""A lot: beans of one form in one holder's hands, drawn from until nothing is left; harvested, inspected, lost."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, assert_never

from pydantic import Field

from domain.plot import Plot
from domain.values import (
    Command,
    Count,
    Fact,
    Id,
    Key,
    Moment,
    Quantity,
    Refused,
    States,
    Value,
    found,
    in_time,
    kilograms,
    new,
    percent,
    thousandths,
    whole,
)

Form = Literal["wet", "fermented", "dry"]
Grams = Annotated[int, Field(gt=0, le=1_000_000_000)]


class RecordHarvest(Command):
    """Record wet beans picked from one plot; they make a wet lot held by the plot's holder."""

    do: Literal["record-harvest"] = "record-harvest"
    lot_id: Id
    plot_id: Id
    kg: Quantity
    from_at: Moment
    to_at: Moment

    def reads(self) -> Iterable[str]:
        return f"plot:{self.key(self.plot_id)}", f"lot:{self.key(self.lot_id)}"


class InspectLot(Command):
    """Record a cut test of 300 beans."""

    do: Literal["inspect-lot"] = "inspect-lot"
    lot_id: Id
    inspected_at: Moment
    moisture_pct: Quantity
    beans_100g: Count
    mouldy_pct: Quantity
    slaty_pct: Quantity
    defective_pct: Quantity

    def reads(self) -> Iterable[str]:
        return (f"lot:{self.key(self.lot_id)}",)


class WriteOff(Command):
    """Take kilograms off a lot that were lost."""

    do: Literal["write-off"] = "write-off"
    loss_id: Id
    lot_id: Id
    kg: Quantity
    reason: Literal["spoiled", "stolen", "sample", "shrinkage"]
    lost_at: Moment

    def reads(self) -> Iterable[str]:
        return f"lot:{self.key(self.lot_id)}", f"loss:{self.key(self.loss_id)}"


LotCommand = RecordHarvest | InspectLot | WriteOff


class Draw(Value):
    """Grams drawn from one lot."""

    lot_id: Key
    grams: Grams


class Drawing(Fact):
    """A fact that draws grams from lots on hand."""

    def drawn(self, lot_id: Key) -> int:
        """Grams drawn from that lot."""
        raise NotImplementedError


class Made(Drawing):
    """A fact that makes one new lot."""

    lot_id: Key
    holder_id: Key
    form: Form
    grams: Grams

    def drawn(self, lot_id: Key) -> int:  # noqa: ARG002 - nothing is drawn unless a step says so
        return 0


class HarvestRecorded(Made):
    kind: Literal["harvest-recorded.v1"] = "harvest-recorded.v1"
    plot_id: Key
    from_at: Moment
    to_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"lot:{self.lot_id}", f"plot:{self.plot_id}", f"party:{self.holder_id}"]

    def happened(self) -> Moment:
        return self.to_at


class LotInspected(Fact):
    """Percentages in thousandths of a percent."""

    kind: Literal["lot-inspected.v1"] = "lot-inspected.v1"
    lot_id: Key
    inspected_at: Moment
    moisture: int
    beans_100g: int
    mouldy: int
    slaty: int
    defective: int

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"lot:{self.lot_id}"]

    def happened(self) -> Moment:
        return self.inspected_at


class LotWrittenOff(Drawing):
    kind: Literal["lot-written-off.v1"] = "lot-written-off.v1"
    loss_id: Key
    lot_id: Key
    holder_id: Key
    grams: Grams
    reason: Literal["spoiled", "stolen", "sample", "shrinkage"]
    lost_at: Moment

    def drawn(self, lot_id: Key) -> int:
        return self.grams if lot_id == self.lot_id else 0

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"lot:{self.lot_id}", f"loss:{self.loss_id}"]

    def happened(self) -> Moment:
        return self.lost_at


@dataclass(frozen=True, slots=True)
class Lot:
    """What is remembered of a lot: what is left, in whose hands, and when it was inspected."""

    tag: ClassVar[str] = "lot"
    form: Form
    holder_id: Key
    on_hand: int
    ended_at: Moment
    inspections: frozenset[Moment] = frozenset()


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss that was accepted."""

    tag: ClassVar[str] = "loss"


def evolve(lot: Lot | None, lot_id: Key, fact: Drawing | LotInspected) -> Lot | None:
    """What `lot_id` is after `fact`, which made it, drew on it, or inspected it."""
    if isinstance(fact, Made) and fact.lot_id == lot_id:
        return Lot(fact.form, fact.holder_id, fact.grams, fact.happened())
    if isinstance(fact, LotInspected):
        return lot and replace(lot, inspections=lot.inspections | {fact.inspected_at})
    return lot and replace(lot, on_hand=lot.on_hand - fact.drawn(lot_id))


def decide(command: LotCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case RecordHarvest():
            return _harvest(command, states, as_of)
        case InspectLot():
            return _inspect(command, states, as_of)
        case WriteOff():
            return _write_off(command, states, as_of)
        case _:
            assert_never(command)


def on_hand(lot: Lot, lot_id: str, asked: int) -> None:
    """A lot cannot give more than it has. Raises Refused `overdrawn`."""
    if asked > lot.on_hand:
        raise Refused(
            "overdrawn", "lot {lot} has {there} on hand, not {asked}", lot=lot_id, there=kilograms(lot.on_hand), asked=kilograms(asked)
        )


def _harvest(command: RecordHarvest, states: States, as_of: Moment) -> HarvestRecorded:
    plot_id, key = command.key(command.plot_id), command.key(command.lot_id)
    plot = found(states, Plot, plot_id)
    new(states, Lot, key)
    grams = thousandths(command.kg, "kg")
    in_time((command.from_at, command.to_at), plot.origins(), as_of)
    return HarvestRecorded(
        lot_id=key, plot_id=plot_id, holder_id=plot.holder_id, form="wet", grams=grams, from_at=command.from_at, to_at=command.to_at
    )


def _inspect(command: InspectLot, states: States, as_of: Moment) -> LotInspected:
    key = command.key(command.lot_id)
    lot = found(states, Lot, key)
    if command.inspected_at in lot.inspections:
        raise Refused(
            "duplicate-id",
            "lot {id} was inspected at {moment} before, with other content",
            id=command.lot_id,
            moment=command.inspected_at,
        )
    names = ("moisture_pct", "mouldy_pct", "slaty_pct", "defective_pct")
    moisture, mouldy, slaty, defective = (percent(getattr(command, name), name) or 0 for name in names)
    beans = whole(command.beans_100g, "beans_100g", zero=True)
    in_time((command.inspected_at,), [("the lot", lot.ended_at)], as_of)
    return LotInspected(
        lot_id=key, inspected_at=command.inspected_at, moisture=moisture, beans_100g=beans, mouldy=mouldy, slaty=slaty, defective=defective
    )


def _write_off(command: WriteOff, states: States, as_of: Moment) -> LotWrittenOff:
    lot_id, key = command.key(command.lot_id), command.key(command.loss_id)
    lot = found(states, Lot, lot_id)
    new(states, Loss, key)
    grams = thousandths(command.kg, "kg")
    in_time((command.lost_at,), [("the lot", lot.ended_at)], as_of)
    on_hand(lot, command.lot_id, grams)
    return LotWrittenOff(loss_id=key, lot_id=lot_id, holder_id=lot.holder_id, grams=grams, reason=command.reason, lost_at=command.lost_at)
