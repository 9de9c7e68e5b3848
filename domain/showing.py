"""The rules of showing what lies behind a container: who may be shown its dossier, and whose prices are told, and from when on."""

from typing import assert_never

from domain.container import Container
from domain.party import Party
from domain.sharing import (
    ContainerShared,
    EndShare,
    PricePublished,
    PriceWithdrawn,
    Publication,
    PublishPrice,
    Share,
    ShareContainer,
    ShareEnded,
    SharingCommand,
    SharingFact,
    WithdrawPrice,
)
from domain.values import Moment, Refused, States, found, in_order, in_time, new


def decide(command: SharingCommand, states: States, as_of: Moment) -> SharingFact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case ShareContainer():
            return _share(command, states, as_of)
        case EndShare():
            return _end(command, states, as_of)
        case PublishPrice():
            return _publish(command, states, as_of)
        case WithdrawPrice():
            return _withdraw(command, states, as_of)
        case _:
            assert_never(command)


def _share(command: ShareContainer, states: States, as_of: Moment) -> ContainerShared:
    for_id = None if command.for_id is None else command.key(command.for_id)
    origins = [] if for_id is None else [("the other's enrolment", found(states, Party, for_id).enrolled_at)]
    container = found(states, Container, command.container_no)
    new(states, Share, command.share_id)
    in_time((command.shared_at,), [*origins, ("the last action", container.at)], as_of)
    in_order(command.shared_at, command.until)
    if for_id == container.holder_id:
        raise Refused("not-held", "{holder} holds the container, and sees its dossier anyway", holder=command.for_id)
    return ContainerShared(
        container_no=command.container_no, stuffing=container.stuffing, holder_id=container.holder_id, share_id=command.share_id,
        for_id=for_id, shared_at=command.shared_at, until=command.until,
    )  # fmt: skip


def _end(command: EndShare, states: States, as_of: Moment) -> ShareEnded:
    share = found(states, Share, command.share_id)
    in_time((command.ended_at,), [("the sharing", share.shared_at)], as_of)
    if share.ended:
        raise Refused("already", "share {share} was ended before", share=command.share_id)
    return ShareEnded(
        container_no=share.container_no, stuffing=share.stuffing, holder_id=share.holder_id, share_id=command.share_id,
        ended_at=command.ended_at,
    )  # fmt: skip


def _told(command: PublishPrice | WithdrawPrice, states: States, at: Moment, as_of: Moment) -> tuple[Container, tuple[int, ...]]:
    """The container, and of which of its stuffings the organisation's prices are shown."""
    holder, container = found(states, Party, command.key(command.holder_id)), found(states, Container, command.container_no)
    before: Publication | None = states.get(command.publication())
    origins = [("the holder's enrolment", holder.enrolled_at)]
    if isinstance(command, PublishPrice) or not before or container.stuffing in before.shown:
        origins.append(("the last action", container.at))
    in_time((at,), [*origins, ("the publication", before.at)] if before else origins, as_of)
    return container, before.shown if before else ()


def _publish(command: PublishPrice, states: States, as_of: Moment) -> PricePublished:
    (container, shown), holder = _told(command, states, command.published_at, as_of), command.key(command.holder_id)
    if container.stage == "open":
        raise Refused("not-sealed", "container {no} is not sealed yet", no=command.container_no)
    if container.stuffing in shown:
        raise Refused("already", "the prices of {holder} for container {no} are shown already", **_named(command))
    return PricePublished(
        container_no=command.container_no, stuffing=container.stuffing, holder_id=holder, published_at=command.published_at
    )


def _withdraw(command: WithdrawPrice, states: States, as_of: Moment) -> PriceWithdrawn:
    (_, shown), holder = _told(command, states, command.withdrawn_at, as_of), command.key(command.holder_id)
    if not shown:
        raise Refused("already", "the prices of {holder} for container {no} are not shown", **_named(command))
    return PriceWithdrawn(container_no=command.container_no, stuffing=shown[-1], holder_id=holder, withdrawn_at=command.withdrawn_at)


def _named(command: PublishPrice | WithdrawPrice) -> dict[str, str]:
    return {"holder": command.holder_id, "no": command.container_no}
