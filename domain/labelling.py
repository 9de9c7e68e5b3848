"""The rules of labels: what may be printed, for whom, under which numbers, and which label no longer counts."""

from collections.abc import Iterable
from typing import Any, assert_never

from domain.container import Container
from domain.gs1 import Gs1Prefix, Product, prefix_of
from domain.label import LabelCommand, PrintCard, PrintContainerLabels, PrintLotLabels, ReprintLabels, VoidLabels
from domain.labelkey import opening, still_open
from domain.lot import Lot
from domain.party import Party
from domain.printing import (
    CardPrinted,
    ContainerLabelsPrinted,
    Label,
    LabelFact,
    LabelsReprinted,
    LabelsVoided,
    LotLabelsPrinted,
    Printed,
)
from domain.values import Key, Moment, Refused, States, found, in_time, new, thousandths


def decide(command: LabelCommand, states: States, as_of: Moment) -> LabelFact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case PrintLotLabels():
            return _of_lot(command, states, as_of)
        case PrintContainerLabels():
            return _of_container(command, states, as_of)
        case PrintCard():
            return _card(command, states, as_of)
        case VoidLabels():
            return _void(command, states, as_of)
        case ReprintLabels():
            return _reprint(command, states, as_of)
        case _:
            assert_never(command)


def _fresh(states: States, serials: Iterable[str]) -> None:
    """A serial is used once in the whole house. Raises Refused `duplicate-id`."""
    for serial in serials:
        new(states, Label, serial)


def _of_lot(command: PrintLotLabels, states: States, as_of: Moment) -> LotLabelsPrinted:
    lot_id = command.key(command.lot_id)
    lot, key = found(states, Lot, lot_id), opening(states, command.kid)
    product = None if command.gtin is None else states.get(f"{Product.tag}:{command.gtin}")
    prefix = None if command.sscc is None else prefix_of(states, command.sscc)
    _fresh(states, command.serials)
    grams = None if command.net_kg is None else thousandths(command.net_kg, "net_kg")
    numbered = [("the product", product.registered_at)] if product else [("the GS1 prefix", prefix.recorded_at)] if prefix else []
    in_time((command.printed_at,), [("the lot", lot.ended_at), *key, *numbered], as_of)
    if command.gtin is not None and (product is None or product.org_id != lot.holder_id):
        raise Refused("not-held", "GTIN {number} is no product of the lot's holder", number=command.gtin)
    _licensed(command.sscc, prefix, lot.holder_id)
    still_open(states, command.kid, command.printed_at)
    return LotLabelsPrinted(
        **command.model_dump(include={"sort", "serials", "public", "gtin", "sscc", "kid", "printed_at"}),
        lot_id=lot_id, holder_id=lot.holder_id, prefix=prefix.prefix if prefix else None, grams=grams,
    )  # fmt: skip


def _licensed(sscc: str | None, prefix: Gs1Prefix | None, holder_id: Key) -> None:
    """A number of GS1 is printed by whoever it was given to. Raises Refused `not-held`."""
    if sscc is not None and (prefix is None or prefix.org_id != holder_id):
        raise Refused("not-held", "{number} is under no GS1 prefix that was recorded of this organisation", number=sscc)


def _of_container(command: PrintContainerLabels, states: States, as_of: Moment) -> ContainerLabelsPrinted:
    container, key = found(states, Container, command.container_no), opening(states, command.kid)
    if container.stage == "emptied":
        raise Refused("unknown-container", "container {no} was emptied and not opened again", no=command.container_no)
    prefix = None if command.sscc is None else prefix_of(states, command.sscc)
    _fresh(states, command.serials)
    numbered = [("the GS1 prefix", prefix.recorded_at)] if prefix else []
    in_time((command.printed_at,), [("the last action", container.at), *key, *numbered], as_of)
    _licensed(command.sscc, prefix, container.holder_id)
    still_open(states, command.kid, command.printed_at)
    return ContainerLabelsPrinted(
        **command.model_dump(include={"container_no", "serials", "sscc", "kid", "printed_at"}),
        holder_id=container.holder_id, stuffing=container.stuffing, prefix=prefix.prefix if prefix else None, grams=container.grams,
    )  # fmt: skip


def _card(command: PrintCard, states: States, as_of: Moment) -> CardPrinted:
    party_id, issuer_id = command.key(command.party_id), command.key(command.issuer_id)
    party, issuer, key = found(states, Party, party_id), found(states, Party, issuer_id), opening(states, command.kid)
    _fresh(states, command.serials)
    if party.erased:
        raise Refused("erased", "the data of {id} were erased", id=command.party_id)
    since = [("the party's enrolment", party.enrolled_at), ("the organisation's enrolment", issuer.enrolled_at), *key]
    in_time((command.printed_at,), since, as_of)
    still_open(states, command.kid, command.printed_at)
    return CardPrinted(**command.model_dump(include={"serials", "kid", "printed_at"}), party_id=party_id, holder_id=issuer_id)


def _void(command: VoidLabels, states: States, as_of: Moment) -> LabelsVoided:
    labels = [found(states, Label, serial) for serial in command.serials]
    in_time((command.voided_at,), _printings(labels), as_of)
    holder_id = labels[0].printed.holder_id
    other = next((label.printed.holder_id for label in labels if label.printed.holder_id != holder_id), None)
    if other:
        raise Refused("not-held", "labels of more than one organisation: void those of each apart")
    _counting(command.serials, labels)
    return LabelsVoided(
        holder_id=holder_id, serials=command.serials, about=_about(labels), reason=command.reason, voided_at=command.voided_at
    )


def _reprint(command: ReprintLabels, states: States, as_of: Moment) -> LabelsReprinted:
    labels, key = [found(states, Label, serial) for serial in command.replaced], opening(states, command.kid)
    for serial, label in zip(command.replaced, labels, strict=True):
        if label.printing != command.printing:
            raise Refused("unknown-label", "label {id} is not of printing {printing}", id=serial, printing=command.printing)
    _fresh(states, command.serials)
    in_time((command.printed_at,), [*_printings(labels), *key], as_of)
    still_open(states, command.kid, command.printed_at)
    _counting(command.replaced, labels)
    was = labels[0].printed.model_dump()
    same: dict[str, Any] = {
        name: was.get(name) for name in ("holder_id", "sort", "lot_id", "container_no", "stuffing", "party_id", "gtin", "grams")
    }
    asked = command.model_dump(include={"printing", "replaced", "serials", "reason", "kid", "printed_at"})
    return LabelsReprinted(**same, **asked, public=was.get("public", False), about=_about(labels))


def _printings(labels: Iterable[Label]) -> list[tuple[str, Moment]]:
    return [("the printing", label.at) for label in labels]


def _about(labels: Iterable[Label]) -> tuple[str, ...]:
    """Tags of what the labels are on, each once."""
    told = (label.printed.about() if isinstance(label.printed, Printed) else label.printed.about for label in labels)
    return tuple(dict.fromkeys(tag for tags in told for tag in tags))


def _counting(serials: Iterable[str], labels: Iterable[Label]) -> None:
    """What is void stays void. Raises Refused `already`."""
    for serial, label in zip(serials, labels, strict=True):
        if label.ended:
            voided, replaced = "label {id} was voided before", "label {id} was replaced before"
            raise Refused("already", voided if label.ended == "voided" else replaced, id=serial)
