"""The rules of stuffing a container: what may be opened, loaded, sealed, sent, sold and emptied, and when."""

from typing import assert_never

from domain.container import (
    Container,
    ContainerCommand,
    ContainerDeparted,
    ContainerEmptied,
    ContainerOpened,
    ContainerSealed,
    ContainerSold,
    DepartContainer,
    EmptyContainer,
    LoadLot,
    LotLoaded,
    OpenContainer,
    SealContainer,
    SellContainer,
)
from domain.identity import is_container_number
from domain.lot import Lot, on_hand
from domain.party import Party
from domain.values import Fact, Moment, Refused, States, bare, found, in_time, known, thousandths, whole


def decide(command: ContainerCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case OpenContainer():
            return _open(command, states, as_of)
        case LoadLot():
            return _load(command, states, as_of)
        case SealContainer():
            return _seal(command, states, as_of)
        case DepartContainer():
            return _depart(command, states, as_of)
        case SellContainer():
            return _sell(command, states, as_of)
        case EmptyContainer():
            return _empty(command, states, as_of)
        case _:
            assert_never(command)


def _open(command: OpenContainer, states: States, as_of: Moment) -> ContainerOpened:
    holder = found(states, Party, command.key(command.holder_id))
    before = known(states, Container, command.container_no)
    if before and before.stage == "open":
        raise Refused("duplicate-id", "container {no} is open already", no=command.container_no)
    if not is_container_number(command.container_no):
        raise Refused("bad-container-number", "{no} is not an ISO 6346 number of category U with its check digit", no=command.container_no)
    origins = [("the holder's enrolment", holder.enrolled_at)]
    in_time((command.at,), origins if before is None else [*origins, ("the last action", before.at)], as_of)
    if before and before.stage == "sealed":
        raise Refused("sealed", "container {no} is sealed: it must be emptied before it is opened again", no=command.container_no)
    return ContainerOpened(container_no=command.container_no, holder_id=command.key(command.holder_id), at=command.at)


def _stuffing(command: ContainerCommand, states: States) -> Container:
    """The latest stuffing of the container that the command names; one that was emptied is no longer there."""
    container = found(states, Container, command.container_no)
    if container.stage == "emptied":
        raise Refused("unknown-container", "container {no} was emptied and not opened again", no=command.container_no)
    return container


def _load(command: LoadLot, states: States, as_of: Moment) -> LotLoaded:
    lot_id = command.key(command.lot_id)
    lot, container = found(states, Lot, lot_id), _stuffing(command, states)
    grams, bags = thousandths(command.kg, "kg"), whole(command.bags, "bags")
    in_time((command.at,), [("the lot", lot.ended_at), ("the last action", container.at)], as_of)
    if lot.holder_id != container.holder_id:
        raise Refused(
            "not-held", "lot {lot} is held by {found}, the container by {allowed}",
            lot=command.lot_id, found=bare(lot.holder_id), allowed=bare(container.holder_id),
        )  # fmt: skip
    if lot.form != "dry":
        raise Refused("wrong-form", "{found} beans: a container takes dry beans", found=lot.form)
    on_hand(lot, command.lot_id, grams)
    _is_open(container, command.container_no)
    return LotLoaded(
        container_no=command.container_no,
        stuffing=container.stuffing,
        at=command.at,
        lot_id=lot_id,
        holder_id=container.holder_id,
        grams=grams,
        bags=bags,
    )


def _is_open(container: Container, number: str) -> None:
    if container.stage == "sealed":
        raise Refused("sealed", "container {no} is sealed", no=number)


def _is_sealed(container: Container, number: str) -> None:
    if container.stage != "sealed":
        raise Refused("not-sealed", "container {no} is not sealed yet", no=number)


def _follows(command: ContainerCommand, container: Container, as_of: Moment) -> None:
    in_time((command.at,), [("the last action", container.at)], as_of)


def _seal(command: SealContainer, states: States, as_of: Moment) -> ContainerSealed:
    container = _stuffing(command, states)
    _follows(command, container, as_of)
    _is_open(container, command.container_no)
    if not container.grams:
        raise Refused("empty", "container {no} has nothing loaded", no=command.container_no)
    return ContainerSealed(container_no=command.container_no, stuffing=container.stuffing, at=command.at, seal_no=command.seal_no)


def _depart(command: DepartContainer, states: States, as_of: Moment) -> ContainerDeparted:
    container = _stuffing(command, states)
    _follows(command, container, as_of)
    _is_sealed(container, command.container_no)
    if container.departed:
        raise Refused("already", "container {no} departed before", no=command.container_no)
    return ContainerDeparted(container_no=command.container_no, stuffing=container.stuffing, at=command.at, destination=command.destination)


def _sell(command: SellContainer, states: States, as_of: Moment) -> ContainerSold:
    buyer = found(states, Party, command.key(command.buyer_id))
    container = _stuffing(command, states)
    price = thousandths(command.price_usd_t, "price_usd_t")
    in_time((command.at,), [("the buyer's enrolment", buyer.enrolled_at), ("the last action", container.at)], as_of)
    _is_sealed(container, command.container_no)
    if container.sold:
        raise Refused("already", "container {no} was sold before", no=command.container_no)
    return ContainerSold(
        container_no=command.container_no,
        stuffing=container.stuffing,
        at=command.at,
        seller_id=container.holder_id,
        buyer_id=command.key(command.buyer_id),
        contract_no=command.contract_no,
        price_usd_t=price,
        incoterm=command.incoterm,
    )


def _empty(command: EmptyContainer, states: States, as_of: Moment) -> ContainerEmptied:
    container = _stuffing(command, states)
    _follows(command, container, as_of)
    _is_sealed(container, command.container_no)
    return ContainerEmptied(container_no=command.container_no, stuffing=container.stuffing, at=command.at)
