"""What is shown of a container to whom: its dossier shared for a time, and the prices that an organisation paid for the beans in it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from domain.values import Command, Fact, Id, Key, Moment


class ShareContainer(Command):
    """Open the dossier of a container's latest stuffing up to and with `until`: to the people of one party, or to whoever has the link."""

    do: Literal["share-container"] = "share-container"
    container_no: Id
    share_id: Id
    for_id: Id | None = None
    shared_at: Moment
    until: Moment

    def reads(self) -> Iterable[str]:
        yield f"container:{self.container_no}"
        yield f"share:{self.share_id}"
        if self.for_id is not None:
            yield f"party:{self.key(self.for_id)}"


class EndShare(Command):
    """Close a shared dossier before its time."""

    do: Literal["end-share"] = "end-share"
    share_id: Id
    ended_at: Moment

    def reads(self) -> Iterable[str]:
        return (f"share:{self.share_id}",)


class _OfPrices(Command):
    """`holder_id` paid for beans in the container: what others paid it does not tell."""

    holder_id: Id
    container_no: Id

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.holder_id)}", f"container:{self.container_no}", self.publication()

    def publication(self) -> str:
        """Tag of what an organisation tells of a container number."""
        return f"publication:{self.container_no}@{self.key(self.holder_id)}"


class PublishPrice(_OfPrices):
    """Show to everybody the mean price that an organisation paid to producers for the beans in a container's latest stuffing."""

    do: Literal["publish-price"] = "publish-price"
    published_at: Moment


class WithdrawPrice(_OfPrices):
    """Show it no more: of the latest stuffing for which it is shown, which may be one of an earlier voyage."""

    do: Literal["withdraw-price"] = "withdraw-price"
    withdrawn_at: Moment


SharingCommand = ShareContainer | EndShare | PublishPrice | WithdrawPrice


class _OfStuffing(Fact):
    """`stuffing` is the position at which this stuffing was opened; `holder_id` who shows something of it."""

    container_no: str
    stuffing: int
    holder_id: Key

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [self.about(), f"container:{self.container_no}", f"stuffing:{self.container_no}@{self.stuffing}", f"party:{self.holder_id}"]

    def about(self) -> str:
        """Tag of what is shown."""
        raise NotImplementedError


class ContainerShared(_OfStuffing):
    kind: Literal["container-shared.v1"] = "container-shared.v1"
    share_id: str
    for_id: Key | None
    shared_at: Moment
    until: Moment

    def tags(self, position: int) -> list[str]:
        return [*super().tags(position), *([f"party:{self.for_id}"] if self.for_id else [])]

    def about(self) -> str:
        return f"share:{self.share_id}"

    def happened(self) -> Moment:
        return self.shared_at


class ShareEnded(_OfStuffing):
    kind: Literal["share-ended.v1"] = "share-ended.v1"
    share_id: str
    ended_at: Moment

    def about(self) -> str:
        return f"share:{self.share_id}"

    def happened(self) -> Moment:
        return self.ended_at


class _OfPublication(_OfStuffing):
    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [
            self.about(),
            f"container:{self.container_no}",
            f"party:{self.holder_id}",
        ]  # not the stuffing's: nothing of others hinders its holder

    def about(self) -> str:
        return f"publication:{self.container_no}@{self.holder_id}"


class PricePublished(_OfPublication):
    """The price itself is not in it: it is worked out from the purchases, and is right when one of these is annulled."""

    kind: Literal["price-published.v1"] = "price-published.v1"
    published_at: Moment

    def happened(self) -> Moment:
        return self.published_at


class PriceWithdrawn(_OfPublication):
    kind: Literal["price-withdrawn.v1"] = "price-withdrawn.v1"
    withdrawn_at: Moment

    def happened(self) -> Moment:
        return self.withdrawn_at


SharingFact = ContainerShared | ShareEnded | PricePublished | PriceWithdrawn


@dataclass(frozen=True, slots=True)
class Share:
    """What is remembered of a shared dossier."""

    tag: ClassVar[str] = "share"
    container_no: str
    stuffing: int
    holder_id: Key
    shared_at: Moment
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Publication:
    """Of which stuffings of a container number an organisation shows its prices, the latest last, and when it said so last."""

    tag: ClassVar[str] = "publication"
    shown: tuple[int, ...]
    at: Moment


def evolve_share(share: Share | None, fact: SharingFact) -> Share | None:
    """What a share is after `fact`."""
    if isinstance(fact, ContainerShared):
        return Share(fact.container_no, fact.stuffing, fact.holder_id, fact.shared_at)
    return share and replace(share, ended=True)


def evolve_publication(before: Publication | None, fact: SharingFact) -> Publication:
    """What an organisation tells of a container number after `fact`."""
    others = tuple(each for each in (before.shown if before else ()) if each != fact.stuffing)
    return Publication((*others, fact.stuffing) if isinstance(fact, PricePublished) else others, fact.happened())
