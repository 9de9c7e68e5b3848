"""All that one may ask and all that can have happened: the unions of commands and facts, what each state listens to, who decides."""

from collections.abc import Callable
from typing import Annotated, Any, Final, assert_never, get_args

from pydantic import Field, TypeAdapter

from domain import (
    annulment,
    container,
    device,
    erasure,
    graft,
    gs1,
    label,
    labelkey,
    labelling,
    lot,
    money,
    nursery,
    offer,
    opening,
    party,
    plot,
    printing,
    question,
    sharing,
    showing,
    step,
    stuffing,
    user,
)
from domain.annulment import ABOUT, ANNULLED, AnnulFact, FactAnnulled
from domain.container import ContainerCommand, ContainerFact, LotLoaded
from domain.device import DeviceCommand, DeviceFact
from domain.erasure import EraseSubject, SubjectErased
from domain.graft import BudwoodCut, CutBudwood, GraftCommand, GraftsCounted, PlantsGrafted
from domain.gs1 import GlnRecorded, Gs1Command, Gs1Fact, Gs1PrefixRecorded, ProductRegistered
from domain.label import LabelCommand
from domain.labelkey import LabelKeyCommand, LabelKeyFact
from domain.lot import HarvestRecorded, LotCommand, LotInspected, LotWrittenOff
from domain.money import AdvancePaid, MoneyCommand, PaymentMade, PriceSet
from domain.nursery import NurseryCommand, SeedlingsHandedOut, SeedlingsRaised, SeedlingsReturned
from domain.offer import LotOffered, OfferLot
from domain.opening import LogOpened, OpenLog
from domain.party import PartyAmended, PartyCommand, PartyEnrolled
from domain.plot import PlotCommand, PlotFact
from domain.printing import LabelFact
from domain.question import FactQuestioned, QuestionFact, QuestionSettled, SettleQuestion
from domain.sharing import SharingCommand, SharingFact
from domain.step import LotBought, LotsBlended, LotsDried, LotsFermented, LotSplit, StepCommand
from domain.user import UserCommand, UserFact
from domain.values import Fact, Moment, States

AnyCommand = Annotated[
    PartyCommand
    | PlotCommand
    | NurseryCommand
    | GraftCommand
    | LotCommand
    | StepCommand
    | OfferLot
    | ContainerCommand
    | Gs1Command
    | LabelCommand
    | LabelKeyCommand
    | MoneyCommand
    | UserCommand
    | DeviceCommand
    | SharingCommand
    | EraseSubject
    | OpenLog
    | AnnulFact
    | QuestionFact
    | SettleQuestion,
    Field(discriminator="do"),
]
StepFact = LotBought | LotsFermented | LotsDried | LotsBlended | LotSplit
AnyFact = Annotated[
    PartyEnrolled
    | PartyAmended
    | PlotFact
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
    | LotOffered
    | ContainerFact
    | Gs1Fact
    | LabelFact
    | LabelKeyFact
    | PriceSet
    | AdvancePaid
    | PaymentMade
    | UserFact
    | DeviceFact
    | SharingFact
    | SubjectErased
    | LogOpened
    | FactAnnulled
    | FactQuestioned
    | QuestionSettled,
    Field(discriminator="kind"),
]
COMMANDS: Final[TypeAdapter[Any]] = TypeAdapter(AnyCommand)
FACTS: Final[TypeAdapter[Any]] = TypeAdapter(AnyFact)


def decide(command: AnyCommand, states: States, as_of: Moment) -> Fact:  # noqa: C901, PLR0912 - one case a noun
    """The fact that answers `command`, given the states of the tags it reads. Pure. Raises Refused."""
    match command:
        case party.EnrolParty() | party.AmendParty():
            return party.decide(command, states, as_of)
        case plot.RegisterPlot() | plot.ResurveyPlot() | plot.TransferPlot():
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
        case gs1.RecordGs1Prefix() | gs1.RegisterProduct() | gs1.RecordGln():
            return gs1.decide(command, states, as_of)
        case label.PrintLotLabels() | label.PrintContainerLabels() | label.PrintCard() | label.VoidLabels() | label.ReprintLabels():
            return labelling.decide(command, states, as_of)
        case labelkey.OpenLabelKey() | labelkey.CloseLabelKey():
            return labelkey.decide(command, states, as_of)
        case OfferLot():
            return offer.decide(command, states, as_of)
        case money.SetPrice() | money.PayAdvance() | money.MakePayment():
            return money.decide(command, states, as_of)
        case user.AdmitUser() | user.GrantRole() | user.RevokeRole():
            return user.decide(command, states, as_of)
        case device.EnrolDevice() | device.RevokeDevice():
            return device.decide(command, states, as_of)
        case sharing.ShareContainer() | sharing.EndShare() | sharing.PublishPrice() | sharing.WithdrawPrice():
            return showing.decide(command, states, as_of)
        case EraseSubject():
            return erasure.decide(command, states, as_of)
        case OpenLog():
            return opening.decide(command, states, as_of)
        case AnnulFact():
            return annulment.decide(command, states, as_of)
        case QuestionFact() | SettleQuestion():
            return question.decide(command, states, as_of)
        case _:
            assert_never(command)


def _kind(fact: type[Fact]) -> str:
    return str(fact.model_fields["kind"].default)


def _kinds(*facts: type[Fact]) -> frozenset[str]:
    return frozenset(map(_kind, facts))


Evolve = Callable[[Any, str, Any, int], Any]
"""(state before, key, fact, position) -> state after."""


def _forgetting(evolve: Callable[[Any, Any], Any]) -> Evolve:
    """How the state of somebody is folded whose data can be erased."""
    return lambda state, _key, fact, _position: erasure.forget(state, fact) if isinstance(fact, SubjectErased) else evolve(state, fact)


LISTENS: Final[dict[str, tuple[frozenset[str], Evolve]]] = {
    "party": (_kinds(PartyEnrolled, PartyAmended, SubjectErased), _forgetting(party.evolve)),
    "plot": (_kinds(*get_args(PlotFact)), lambda state, _key, fact, _position: plot.evolve(state, fact)),
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
        _kinds(HarvestRecorded, LotInspected, LotWrittenOff, LotLoaded, LotOffered, *get_args(StepFact)),
        lambda state, key, fact, _position: lot.evolve(state, key, fact),
    ),
    "loss": (_kinds(LotWrittenOff), lambda _state, _key, _fact, _position: lot.Loss()),
    "container": (_kinds(*get_args(ContainerFact)), lambda state, _key, fact, position: container.evolve(state, fact, position)),
    "gs1-prefix": (_kinds(Gs1PrefixRecorded), lambda _state, key, fact, _position: gs1.evolve(key, fact)),
    "gs1-range": (_kinds(Gs1PrefixRecorded), lambda _state, _key, fact, _position: gs1.Gs1Range(fact.prefix)),
    "product": (_kinds(ProductRegistered), lambda _state, key, fact, _position: gs1.evolve(key, fact)),
    "gln": (_kinds(GlnRecorded), lambda _state, _key, _fact, _position: gs1.Place()),
    "label": (_kinds(*get_args(LabelFact)), printing.evolve),
    "label-key": (_kinds(*get_args(LabelKeyFact)), lambda state, _key, fact, _position: labelkey.evolve(state, fact)),
    "price": (_kinds(PriceSet), lambda _state, _key, _fact, _position: money.Price()),
    "advance": (_kinds(AdvancePaid), lambda _state, _key, _fact, _position: money.Advance()),
    "payment": (_kinds(PaymentMade), lambda _state, _key, _fact, _position: money.Payment()),
    "share": (_kinds(sharing.ContainerShared, sharing.ShareEnded), lambda state, _key, fact, _position: sharing.evolve_share(state, fact)),
    "publication": (
        _kinds(sharing.PricePublished, sharing.PriceWithdrawn),
        lambda state, _key, fact, _position: sharing.evolve_publication(state, fact),
    ),
    "user": (_kinds(*get_args(UserFact), SubjectErased), _forgetting(user.evolve)),
    "device": (_kinds(*get_args(DeviceFact)), lambda state, _key, fact, _position: device.evolve(state, fact)),
    "log": (_kinds(LogOpened), lambda _state, key, fact, _position: opening.evolve(key, fact)),
    "subject": (_kinds(SubjectErased), lambda _state, _key, _fact, _position: erasure.Subject()),
}
"""Prefix of a tag -> the kinds that its state listens to, and how it is folded."""


KINDS: Final = frozenset(str(fact.model_fields["kind"].default) for fact in get_args(get_args(AnyFact)[0]))
"""The stored names of all facts."""


MAY_REST: Final = KINDS - ABOUT
"""Kinds of facts that may rest on an earlier entry: all but those about entries."""
_LISTENED: Final = {prefix: kinds | {ANNULLED} for prefix, (kinds, _) in LISTENS.items()}


def remembered(tag: str) -> bool:
    """Whether there is a state under a tag; what is asked about entries is looked up instead."""
    return tag.partition(":")[0] in LISTENS


def listens(tag: str) -> frozenset[str]:
    """The kinds of facts that change the state under a tag; an annulment takes one of them back."""
    return _LISTENED[tag.partition(":")[0]]


def evolve(tag: str, state: Any, fact: Fact, position: int) -> Any:  # noqa: ANN401 - one state class a prefix
    """The state under `tag` after `fact`, which stands at `position` and is of a kind that the state listens to."""
    prefix, _, key = tag.partition(":")
    return LISTENS[prefix][1](state, key, fact, position)
