"""A label on a sack, a pallet, a container, a sample or in a farmer's hand: what may be asked of it, by its serial."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from domain.gs1 import Gtin, Sscc, prefix_tags
from domain.labelkey import Kid
from domain.values import Command, Id, Moment, Quantity

SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LONG: Final = 8
SERIAL: Final = f"[0-9A-HJKMNP-TV-Z]{{{LONG}}}"
"""A label's serial: eight characters of Crockford's base 32, forty random bits."""
MOST_PRINTED, MOST_REPLACED, MOST_VOIDED = 1_500, 750, 400
"""Labels of one command, so that its entry with all their tags, and that of its annulment, stay within 65,535 bytes."""


def _each_once(serials: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(serials)) < len(serials):
        raise ValueError("wanted each serial once")
    return serials


def _numbered(sscc: str | None, serials: tuple[str, ...]) -> None:
    """An SSCC names one unit, so that it is the serial of one label. Raises ValueError."""
    if sscc is not None and serials != (sscc,):
        raise ValueError("an SSCC is the serial of one label, and of that alone")
    if sscc is None and any(serial.isdigit() and len(serial) == 18 for serial in serials):  # noqa: PLR2004 - an SSCC
        raise ValueError("a serial of 18 digits is an SSCC, and needs to be said as one")


Serial = Annotated[str, Field(pattern=f"^{SERIAL}$", examples=["0K3V9ZQ1"])]
AnySerial = Annotated[str, Field(pattern=f"^({SERIAL}|[0-9]{{18}})$", examples=["0K3V9ZQ1"])]
"""A serial; of a pallet or container with an SSCC, that number."""
Serials = Annotated[tuple[AnySerial, ...], Field(min_length=1, max_length=MOST_PRINTED, strict=False), AfterValidator(_each_once)]
FreshSerials = Annotated[tuple[Serial, ...], Field(min_length=1, max_length=MOST_PRINTED, strict=False), AfterValidator(_each_once)]
Printing = Annotated[int, Field(ge=1, le=2**53, examples=[41])]
"""The position of the entry that recorded a printing."""
LotLabel = Literal["sack", "pallet", "sample"]
LabelSort = Literal["sack", "pallet", "sample", "container", "card"]
Voiding = Literal["damaged", "lost", "copied", "wrong", "other"]


class PrintLotLabels(Command):
    """Print labels of a lot. With an `sscc` it is one label of a pallet, and that number is its serial.

    `public`: their pages may be opened before the lot is in a container. `kid`: the key with which they are signed, where they are.
    """

    do: Literal["print-lot-labels"] = "print-lot-labels"
    lot_id: Id
    sort: LotLabel
    serials: Serials
    public: bool
    gtin: Gtin | None = None
    sscc: Sscc | None = None
    kid: Kid | None = None
    net_kg: Quantity | None = None
    printed_at: Moment

    @model_validator(mode="after")
    def _serial_of_a_pallet(self) -> Self:
        if self.sscc is not None and (self.sort != "pallet" or self.gtin is not None):
            raise ValueError("an SSCC is the serial of one label of a pallet, without GTIN")
        _numbered(self.sscc, self.serials)
        return self

    def reads(self) -> Iterable[str]:
        product = [f"product:{self.gtin}"] if self.gtin else []
        prefixes = prefix_tags(self.sscc) if self.sscc else ()
        return f"lot:{self.key(self.lot_id)}", *product, *prefixes, *key_tags(self.kid), *label_tags(self.serials)


class PrintContainerLabels(Command):
    """Print labels of a container's latest stuffing. With an `sscc` it is one label, and that number is its serial."""

    do: Literal["print-container-labels"] = "print-container-labels"
    container_no: Id
    serials: Serials
    sscc: Sscc | None = None
    kid: Kid | None = None
    printed_at: Moment

    @model_validator(mode="after")
    def _serial_of_a_container(self) -> Self:
        _numbered(self.sscc, self.serials)
        return self

    def reads(self) -> Iterable[str]:
        prefixes = prefix_tags(self.sscc) if self.sscc else ()
        return f"container:{self.container_no}", *prefixes, *key_tags(self.kid), *label_tags(self.serials)


class PrintCard(Command):
    """Print a card that an organisation gives to a party, by which its people find it again; its page says nothing of the party."""

    do: Literal["print-card"] = "print-card"
    issuer_id: Id
    party_id: Id
    serials: Annotated[FreshSerials, Field(max_length=1)]
    kid: Kid | None = None
    printed_at: Moment

    def reads(self) -> Iterable[str]:
        parties = (f"party:{self.key(each)}" for each in (self.party_id, self.issuer_id))
        return *parties, *key_tags(self.kid), *label_tags(self.serials)


class VoidLabels(Command):
    """Say of labels that they no longer count: whoever scans one is told so."""

    do: Literal["void-labels"] = "void-labels"
    serials: Annotated[Serials, Field(max_length=MOST_VOIDED)]
    reason: Voiding
    voided_at: Moment

    def reads(self) -> Iterable[str]:
        return label_tags(self.serials)


class ReprintLabels(Command):
    """Print new labels in place of others of one printing (its first entry), which are void from then on: the first for the first."""

    do: Literal["reprint-labels"] = "reprint-labels"
    printing: Printing
    replaced: Annotated[Serials, Field(max_length=MOST_REPLACED)]
    serials: Annotated[FreshSerials, Field(max_length=MOST_REPLACED)]
    reason: Voiding
    kid: Kid | None = None
    printed_at: Moment

    @model_validator(mode="after")
    def _one_for_one(self) -> Self:
        if len(self.replaced) != len(self.serials):
            raise ValueError("wanted as many new serials as labels that are replaced")
        return self

    def reads(self) -> Iterable[str]:
        return *key_tags(self.kid), *label_tags(self.replaced), *label_tags(self.serials)


LabelCommand = PrintLotLabels | PrintContainerLabels | PrintCard | VoidLabels | ReprintLabels


def label_tags(serials: Iterable[str]) -> list[str]:
    """The tags of labels."""
    return [f"label:{serial}" for serial in serials]


def key_tags(kid: int | None) -> list[str]:
    """The tag of the key with which labels are signed."""
    return [] if kid is None else [f"label-key:{kid}"]
