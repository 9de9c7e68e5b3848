"""All that one may ask and all that can have happened: the unions of commands and facts, what each state listens to, who decides."""

from collections.abc import Callable
from typing import Annotated, Any, Final, assert_never, get_args

from pydantic import Field, TypeAdapter

from domain import container, graft, lot, nursery, party, plot, step, stuffing
from domain.container import ContainerCommand, ContainerFact, LotLoaded
from domain.graft import BudwoodCut, CutBudwood, GraftCommand, GraftsCounted, PlantsGrafted
from domain.lot import HarvestRecorded, LotCommand, LotInspected, LotWrittenOff
from domain.nursery import NurseryCommand, SeedlingsHandedOut, SeedlingsRaised, SeedlingsReturned
from domain.party import EnrolParty, PartyEnrolled
from domain.plot import PlotRegistered, RegisterPlot
from domain.step import LotBought, LotsBlended, LotsDried, LotsFermented, LotSplit, StepCommand
from domain.values import Fact, Moment, States

AnyCommand = Annotated[
    EnrolParty | RegisterPlot | NurseryCommand | GraftCommand | LotCommand | StepCommand | ContainerCommand,
    Field(discriminator="do"),
]
StepFact = LotBought | LotsFermented | LotsDried | LotsBlended | LotSplit
AnyFact = Annotated[
    PartyEnrolled
    | PlotRegistered
    | SeedlingsRaised
    | SeedlingsHandedOut
    | SeedlingsReturned
    | BudwoodCut
    | PlantsGrafted
    | GraftsCounted
    | HarvestRecorded
    | LotInspected
    | LotWrittenOff
    | StepFact
    | ContainerFact,
    Field(discriminator="kind"),
]
COMMANDS: Final[TypeAdapter[Any]] = TypeAdapter(AnyCommand)
FACTS: Final[TypeAdapter[Any]] = TypeAdapter(AnyFact)


def decide(command: AnyCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`, given the states of the tags it reads. Pure. Raises Refused."""
    match command:
        case EnrolParty():
            return party.decide(command, states, as_of)
        case RegisterPlot():
            return plot.decide(command, states, as_of)
        case nursery.RaiseSeedlings() | nursery.HandOutSeedlings() | nursery.ReturnSeedlings():
            return nursery.decide(command, states, as_of)
        case CutBudwood() | graft.GraftPlants() | graft.CountGrafts():
            return graft.decide(command, states, as_of)
        case lot.RecordHarvest() | lot.InspectLot() | lot.WriteOff():
            return lot.decide(command, states, as_of)
        case step.BuyLot() | step.FermentLots() | step.DryLots() | step.BlendLots() | step.SplitLot():
            return step.decide(command, states, as_of)
        case (
            container.OpenContainer()
            | container.LoadLot()
            | container.SealContainer()
            | container.DepartContainer()
            | container.SellContainer()
            | container.EmptyContainer()
        ):
            return stuffing.decide(command, states, as_of)
        case _:
            assert_never(command)


def _kind(fact: type[Fact]) -> str:
    return str(fact.model_fields["kind"].default)


def _kinds(*facts: type[Fact]) -> frozenset[str]:
    return frozenset(map(_kind, facts))


Evolve = Callable[[Any, str, Any, int], Any]
"""(state before, key, fact, position) -> state after."""

LISTENS: Final[dict[str, tuple[frozenset[str], Evolve]]] = {
    "party": (_kinds(PartyEnrolled), lambda _state, _key, fact, _position: party.evolve(fact)),
    "plot": (_kinds(PlotRegistered), lambda _state, _key, fact, _position: plot.evolve(fact)),
    "nursery-lot": (
        _kinds(SeedlingsRaised, SeedlingsHandedOut),
        lambda state, _key, fact, _position: nursery.evolve_nursery_lot(state, fact),
    ),
    "handout": (
        _kinds(SeedlingsHandedOut, SeedlingsReturned, PlantsGrafted),
        lambda state, _key, fact, _position: graft.evolve_handout(state, fact),
    ),
    "return": (_kinds(SeedlingsReturned), lambda _state, _key, _fact, _position: nursery.Return()),
    "budwood": (_kinds(BudwoodCut, PlantsGrafted), lambda state, _key, fact, _position: graft.evolve_budwood(state, fact)),
    "graft": (_kinds(PlantsGrafted, GraftsCounted), lambda state, _key, fact, _position: graft.evolve_graft(state, fact)),
    "lot": (
        _kinds(HarvestRecorded, LotInspected, LotWrittenOff, LotLoaded, *get_args(StepFact)),
        lambda state, key, fact, _position: lot.evolve(state, key, fact),
    ),
    "loss": (_kinds(LotWrittenOff), lambda _state, _key, _fact, _position: lot.Loss()),
    "container": (_kinds(*get_args(ContainerFact)), lambda state, _key, fact, position: container.evolve(state, fact, position)),
}
"""Prefix of a tag -> the kinds that its state listens to, and how it is folded."""


KINDS: Final = frozenset(str(fact.model_fields["kind"].default) for fact in get_args(get_args(AnyFact)[0]))
"""The stored names of all facts."""


def listens(tag: str) -> frozenset[str]:
    """The kinds of facts that change the state under a tag."""
    return LISTENS[tag.partition(":")[0]][0]


def evolve(tag: str, state: Any, fact: Fact, position: int) -> Any:  # noqa: ANN401 - one state class a prefix
    """The state under `tag` after `fact`, which stands at `position` and is of a kind that the state listens to."""
    prefix, _, key = tag.partition(":")
    return LISTENS[prefix][1](state, key, fact, position)
