"""A container: opened, loaded with dry lots, sealed, departed, sold, emptied, and opened again on a later voyage."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, assert_never

from pydantic import Field

from domain.lot import Drawing, Grams
from domain.values import Command, Count, Fact, Id, Key, Moment, Quantity, Text

Incoterm = Literal["EXW", "FCA", "CPT", "CIP", "DAP", "DPU", "DDP", "FAS", "FOB", "CFR", "CIF"]
Locode = Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$")]


class _OnContainer(Command):
    container_no: Id
    at: Moment

    def reads(self) -> Iterable[str]:
        return (f"container:{self.container_no}",)


class OpenContainer(_OnContainer):
    """Begin a stuffing. The number must be ISO 6346, category U, its check digit right."""

    do: Literal["open-container"] = "open-container"
    holder_id: Id

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.holder_id)}", f"container:{self.container_no}"


class LoadLot(_OnContainer):
    """Load kilograms of a dry lot of the container's holder."""

    do: Literal["load-lot"] = "load-lot"
    lot_id: Id
    kg: Quantity
    bags: Count

    def reads(self) -> Iterable[str]:
        return f"lot:{self.key(self.lot_id)}", f"container:{self.container_no}"


class SealContainer(_OnContainer):
    """Close the container with a numbered seal."""

    do: Literal["seal-container"] = "seal-container"
    seal_no: Text


class DepartContainer(_OnContainer):
    """Send the sealed container to a UN/LOCODE."""

    do: Literal["depart-container"] = "depart-container"
    destination: Locode


class SellContainer(_OnContainer):
    """Sell the sealed container."""

    do: Literal["sell-container"] = "sell-container"
    buyer_id: Id
    contract_no: Text
    price_usd_t: Quantity
    incoterm: Incoterm

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.buyer_id)}", f"container:{self.container_no}"


class EmptyContainer(_OnContainer):
    """Unload the container at its destination; its number may then be opened again."""

    do: Literal["empty-container"] = "empty-container"


ContainerCommand = OpenContainer | LoadLot | SealContainer | DepartContainer | SellContainer | EmptyContainer


class ContainerOpened(Fact):
    kind: Literal["container-opened.v1"] = "container-opened.v1"
    container_no: str
    holder_id: Key
    at: Moment

    def tags(self, position: int) -> list[str]:
        return [f"container:{self.container_no}", f"stuffing:{self.container_no}@{position}", f"party:{self.holder_id}"]

    def happened(self) -> Moment:
        return self.at


class _OnStuffing(Fact):
    """`stuffing` is the position at which this stuffing was opened."""

    container_no: str
    stuffing: int
    at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"container:{self.container_no}", f"stuffing:{self.container_no}@{self.stuffing}"]

    def happened(self) -> Moment:
        return self.at


class LotLoaded(_OnStuffing, Drawing):
    kind: Literal["lot-loaded.v1"] = "lot-loaded.v1"
    lot_id: Key
    holder_id: Key
    grams: Grams
    bags: int

    def drawn(self, lot_id: Key) -> int:
        return self.grams if lot_id == self.lot_id else 0

    def tags(self, position: int) -> list[str]:
        return [*super().tags(position), f"lot:{self.lot_id}", f"party:{self.holder_id}"]


class ContainerSealed(_OnStuffing):
    kind: Literal["container-sealed.v1"] = "container-sealed.v1"
    seal_no: str


class ContainerDeparted(_OnStuffing):
    kind: Literal["container-departed.v1"] = "container-departed.v1"
    destination: str


class ContainerSold(_OnStuffing):
    """`price_usd_t` in thousandths of a dollar a tonne."""

    kind: Literal["container-sold.v1"] = "container-sold.v1"
    seller_id: Key
    buyer_id: Key
    contract_no: str
    price_usd_t: int
    incoterm: Incoterm

    def tags(self, position: int) -> list[str]:
        return [*super().tags(position), f"party:{self.seller_id}", f"party:{self.buyer_id}"]


class ContainerEmptied(_OnStuffing):
    kind: Literal["container-emptied.v1"] = "container-emptied.v1"


Stage = Literal["open", "sealed", "emptied"]


@dataclass(frozen=True, slots=True)
class Container:
    """What is remembered of a container's latest stuffing."""

    tag: ClassVar[str] = "container"
    stuffing: int
    holder_id: Key
    stage: Stage
    grams: int
    departed: bool
    sold: bool
    at: Moment


ContainerFact = ContainerOpened | LotLoaded | ContainerSealed | ContainerDeparted | ContainerSold | ContainerEmptied


def evolve(container: Container | None, fact: ContainerFact, position: int) -> Container | None:
    """What a container is after `fact`, which stands at `position`."""
    if isinstance(fact, ContainerOpened):
        return Container(position, fact.holder_id, "open", grams=0, departed=False, sold=False, at=fact.at)
    if container is None:
        return None
    match fact:
        case LotLoaded():
            return replace(container, grams=container.grams + fact.grams, at=fact.at)
        case ContainerSealed():
            return replace(container, stage="sealed", at=fact.at)
        case ContainerDeparted():
            return replace(container, departed=True, at=fact.at)
        case ContainerSold():
            return replace(container, sold=True, at=fact.at)
        case ContainerEmptied():
            return replace(container, stage="emptied", at=fact.at)
        case _:
            assert_never(fact)
