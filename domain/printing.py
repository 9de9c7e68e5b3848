"""What was printed: the facts about labels, and what is remembered of each label by its serial."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from domain.gs1 import Gs1Prefix, Product
from domain.label import LabelSort, LotLabel, Voiding, key_tags, label_tags
from domain.values import Fact, Key, Moment


class Printed(Fact):
    """Labels of one sort that were printed for a holder. `kid`: the number of the key with which they are signed; None: unsigned."""

    holder_id: Key
    sort: LabelSort
    serials: tuple[str, ...]
    kid: int | None
    printed_at: Moment

    def about(self) -> list[str]:
        """Tags of what the labels are on, and of the holder; what rests on that alone is found by them."""
        raise NotImplementedError

    def tags(self, position: int) -> list[str]:
        return [f"printing:{position}", *self.about(), *key_tags(self.kid), *label_tags(self.serials)]

    def happened(self) -> Moment:
        return self.printed_at


class LotLabelsPrinted(Printed):
    """`grams`: the weight on each label; `public`: their pages may be opened before the lot is in a container; `prefix`: of the SSCC."""

    kind: Literal["lot-labels-printed.v1"] = "lot-labels-printed.v1"
    sort: LotLabel
    lot_id: Key
    public: bool
    gtin: str | None
    sscc: str | None
    prefix: str | None
    grams: int | None

    def about(self) -> list[str]:
        return [f"lot:{self.lot_id}", f"party:{self.holder_id}"]

    def tags(self, position: int) -> list[str]:
        product = [f"{Product.tag}:{self.gtin}"] if self.gtin else []
        return [*super().tags(position), *product, *_licence(self.prefix)]


class ContainerLabelsPrinted(Printed):
    """`stuffing`: the position at which it was opened; `grams`: what was loaded at the time of printing; `prefix`: of the SSCC."""

    kind: Literal["container-labels-printed.v1"] = "container-labels-printed.v1"
    sort: Literal["container"] = "container"
    container_no: str
    stuffing: int
    sscc: str | None
    prefix: str | None
    grams: int

    def about(self) -> list[str]:
        return [f"container:{self.container_no}", f"stuffing:{self.container_no}@{self.stuffing}", f"party:{self.holder_id}"]

    def tags(self, position: int) -> list[str]:
        return [*super().tags(position), *_licence(self.prefix)]


class CardPrinted(Printed):
    """`holder_id`: the organisation that gives the card to the party."""

    kind: Literal["card-printed.v1"] = "card-printed.v1"
    sort: Literal["card"] = "card"
    party_id: Key

    def about(self) -> list[str]:
        return [f"party:{self.party_id}", f"party:{self.holder_id}"]


def _licence(prefix: str | None) -> list[str]:
    """The tag of the licence under which a number was given."""
    return [f"{Gs1Prefix.tag}:{prefix}"] if prefix else []


AnyPrinted = LotLabelsPrinted | ContainerLabelsPrinted | CardPrinted


class LabelsVoided(Fact):
    """`about`: tags of what the labels are on, so that its histories show this too."""

    kind: Literal["labels-voided.v1"] = "labels-voided.v1"
    holder_id: Key
    serials: tuple[str, ...]
    about: tuple[str, ...]
    reason: Voiding
    voided_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [*self.about, *label_tags(self.serials)]

    def happened(self) -> Moment:
        return self.voided_at


class LabelsReprinted(Fact):
    """New labels in place of others: all else is as it was on those. A label with an SSCC is replaced by one with a serial."""

    kind: Literal["labels-reprinted.v1"] = "labels-reprinted.v1"
    printing: int
    holder_id: Key
    sort: LabelSort
    lot_id: Key | None
    container_no: str | None
    stuffing: int | None
    party_id: Key | None
    public: bool
    gtin: str | None
    grams: int | None
    replaced: tuple[str, ...]
    serials: tuple[str, ...]
    about: tuple[str, ...]
    reason: Voiding
    kid: int | None
    printed_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        product = [f"{Product.tag}:{self.gtin}"] if self.gtin else []
        return [f"printing:{self.printing}", *self.about, *key_tags(self.kid), *label_tags((*self.replaced, *self.serials)), *product]

    def happened(self) -> Moment:
        return self.printed_at


LabelFact = AnyPrinted | LabelsVoided | LabelsReprinted


@dataclass(frozen=True, slots=True)
class Label:
    """What is remembered of a label: the first entry of its printing, when and what was printed, and whether it no longer counts."""

    tag: ClassVar[str] = "label"
    printing: int
    at: Moment
    printed: Printed | LabelsReprinted
    ended: Literal["voided", "replaced"] | None = None


def evolve(label: Label | None, serial: str, fact: LabelFact, position: int) -> Label | None:
    """What a label is after `fact`, which stands at `position`."""
    if isinstance(fact, LabelsVoided):
        return label and replace(label, ended="voided")
    if isinstance(fact, LabelsReprinted):
        return Label(fact.printing, fact.printed_at, fact) if serial in fact.serials else label and replace(label, ended="replaced")
    return Label(position, fact.printed_at, fact)
