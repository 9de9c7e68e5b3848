"""Grafting: sticks of fine-flavour clones cut from mother plots, set as buds on handed-out rootstock, and counted."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, assert_never

from domain.nursery import Handout, SeedlingsHandedOut, SeedlingsReturned, handed_out
from domain.plot import Plot
from domain.values import Command, Count, Fact, Id, Key, Moment, Refused, States, Text, bare, found, in_time, new, whole

BUDS_A_STICK: Final = 3


class CutBudwood(Command):
    """Cut sticks of one clone from grown trees on a plot."""

    do: Literal["cut-budwood"] = "cut-budwood"
    budwood_id: Id
    mother_plot_id: Id
    clone: Text
    sticks: Count
    cut_at: Moment

    def reads(self) -> Iterable[str]:
        return f"plot:{self.key(self.mother_plot_id)}", f"budwood:{self.key(self.budwood_id)}"


class GraftPlants(Command):
    """Set buds on handed-out cacao rootstock standing on the plot."""

    do: Literal["graft-plants"] = "graft-plants"
    graft_id: Id
    plot_id: Id
    handout_id: Id
    budwood_id: Id
    grafted: Count
    grafted_at: Moment

    def reads(self) -> Iterable[str]:
        return (
            f"plot:{self.key(self.plot_id)}",
            f"budwood:{self.key(self.budwood_id)}",
            f"handout:{self.key(self.handout_id)}",
            f"graft:{self.key(self.graft_id)}",
        )


class CountGrafts(Command):
    """Count how many took; a graft may be counted again."""

    do: Literal["count-grafts"] = "count-grafts"
    graft_id: Id
    alive: Count
    counted_at: Moment

    def reads(self) -> Iterable[str]:
        return (f"graft:{self.key(self.graft_id)}",)


GraftCommand = CutBudwood | GraftPlants | CountGrafts


class BudwoodCut(Fact):
    kind: Literal["budwood-cut.v1"] = "budwood-cut.v1"
    budwood_id: Key
    mother_plot_id: Key
    clone: str
    sticks: int
    cut_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"budwood:{self.budwood_id}", f"plot:{self.mother_plot_id}"]

    def happened(self) -> Moment:
        return self.cut_at


class _OnGraft(Fact):
    graft_id: Key
    plot_id: Key
    handout_id: Key
    budwood_id: Key

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"graft:{self.graft_id}", f"plot:{self.plot_id}", f"handout:{self.handout_id}", f"budwood:{self.budwood_id}"]


class PlantsGrafted(_OnGraft):
    kind: Literal["plants-grafted.v1"] = "plants-grafted.v1"
    mother_plot_id: Key
    clone: str
    grafted: int
    grafted_at: Moment

    def happened(self) -> Moment:
        return self.grafted_at


class GraftsCounted(_OnGraft):
    kind: Literal["grafts-counted.v1"] = "grafts-counted.v1"
    alive: int
    counted_at: Moment

    def happened(self) -> Moment:
        return self.counted_at


@dataclass(frozen=True, slots=True)
class Budwood:
    """What is remembered of a cut: its clone, and how many buds are left."""

    tag: ClassVar[str] = "budwood"
    mother_plot_id: Key
    clone: str
    buds: int
    cut_at: Moment


@dataclass(frozen=True, slots=True)
class Graft:
    """What is remembered of a graft: how many buds were set, and when it was counted."""

    tag: ClassVar[str] = "graft"
    plot_id: Key
    handout_id: Key
    budwood_id: Key
    grafted: int
    grafted_at: Moment
    counts: frozenset[Moment]


def evolve_budwood(budwood: Budwood | None, fact: BudwoodCut | PlantsGrafted) -> Budwood | None:
    """What a cut is after it was made, or grafted from."""
    if isinstance(fact, BudwoodCut):
        return Budwood(fact.mother_plot_id, fact.clone, fact.sticks * BUDS_A_STICK, fact.cut_at)
    return budwood and replace(budwood, buds=budwood.buds - fact.grafted)


def evolve_handout(handout: Handout | None, fact: SeedlingsHandedOut | SeedlingsReturned | PlantsGrafted) -> Handout | None:
    """What a handout is after it was made, grafted on, or returned against."""
    if isinstance(fact, SeedlingsHandedOut):
        return handed_out(fact)
    if isinstance(fact, SeedlingsReturned):
        return handout and replace(handout, owed=handout.owed - fact.count)
    return handout and replace(handout, ungrafted=handout.ungrafted - fact.grafted)


def evolve_graft(graft: Graft | None, fact: PlantsGrafted | GraftsCounted) -> Graft | None:
    """What a graft is after it was made, or counted."""
    if isinstance(fact, PlantsGrafted):
        return Graft(fact.plot_id, fact.handout_id, fact.budwood_id, fact.grafted, fact.grafted_at, frozenset())
    return graft and replace(graft, counts=graft.counts | {fact.counted_at})


def decide(command: GraftCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case CutBudwood():
            return _cut(command, states, as_of)
        case GraftPlants():
            return _graft(command, states, as_of)
        case CountGrafts():
            return _count(command, states, as_of)
        case _:
            assert_never(command)


def _cut(command: CutBudwood, states: States, as_of: Moment) -> BudwoodCut:
    plot_id, key = command.key(command.mother_plot_id), command.key(command.budwood_id)
    plot = found(states, Plot, plot_id)
    new(states, Budwood, key)
    sticks = whole(command.sticks, "sticks")
    in_time((command.cut_at,), [("the plot's survey", plot.surveyed_at)], as_of)
    return BudwoodCut(budwood_id=key, mother_plot_id=plot_id, clone=command.clone, sticks=sticks, cut_at=command.cut_at)


def _graft(command: GraftPlants, states: States, as_of: Moment) -> PlantsGrafted:
    plot_id, budwood_id, handout_id = map(command.key, (command.plot_id, command.budwood_id, command.handout_id))
    plot, budwood, handout = found(states, Plot, plot_id), found(states, Budwood, budwood_id), found(states, Handout, handout_id)
    key = command.key(command.graft_id)
    new(states, Graft, key)
    grafted = whole(command.grafted, "grafted")
    origins = [("the plot's survey", plot.surveyed_at), ("the cut", budwood.cut_at), ("the handout", handout.handed_at)]
    in_time((command.grafted_at,), origins, as_of)
    if handout.plot_id != plot_id:
        raise Refused(
            "not-held",
            "handout {handout} was for plot {other}, not {plot}",
            handout=command.handout_id,
            other=bare(handout.plot_id),
            plot=command.plot_id,
        )
    if handout.species != "cacao":
        raise Refused(
            "wrong-form", "handout {handout} was of {species}: buds are set on cacao", handout=command.handout_id, species=handout.species
        )
    _enough(grafted, budwood.buds, "buds", "budwood", command.budwood_id)
    _enough(grafted, handout.ungrafted, "ungrafted seedlings", "handout", command.handout_id)
    return PlantsGrafted(
        graft_id=key,
        plot_id=plot_id,
        handout_id=handout_id,
        budwood_id=budwood_id,
        mother_plot_id=budwood.mother_plot_id,
        clone=budwood.clone,
        grafted=grafted,
        grafted_at=command.grafted_at,
    )


def _enough(asked: int, there: int, of: str, what: str, id_: str) -> None:
    if asked > there:
        raise Refused("overdrawn", "{what} {id} has {there} {of}, not {asked}", what=what, id=id_, there=there, of=of, asked=asked)


def _count(command: CountGrafts, states: States, as_of: Moment) -> GraftsCounted:
    key = command.key(command.graft_id)
    graft = found(states, Graft, key)
    if command.counted_at in graft.counts:
        raise Refused(
            "duplicate-id", "graft {id} was counted at {moment} before, with other content", id=command.graft_id, moment=command.counted_at
        )
    alive = whole(command.alive, "alive", zero=True)
    in_time((command.counted_at,), [("the grafting", graft.grafted_at)], as_of)
    if alive > graft.grafted:
        raise Refused(
            "overdrawn", "graft {id} has {there} plants, not {asked} alive", id=command.graft_id, there=graft.grafted, asked=alive
        )
    return GraftsCounted(
        graft_id=key,
        plot_id=graft.plot_id,
        handout_id=graft.handout_id,
        budwood_id=graft.budwood_id,
        alive=alive,
        counted_at=command.counted_at,
    )
