"""An offer: a lot shown to one party that may buy it; the lot stays with its holder until it is bought."""

from collections.abc import Iterable
from typing import Literal

from domain.lot import Drawing, Lot
from domain.party import Party
from domain.values import Command, Id, Key, Moment, Refused, States, found, in_order, in_time


class OfferLot(Command):
    """Offer a lot to a party. The latest offer of a lot to a party is the one that stands, up to and with `until`."""

    do: Literal["offer-lot"] = "offer-lot"
    lot_id: Id
    to_id: Id
    offered_at: Moment
    until: Moment | None = None

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.to_id)}", f"lot:{self.key(self.lot_id)}"


class LotOffered(Drawing):
    """Nothing is drawn by an offer."""

    kind: Literal["lot-offered.v1"] = "lot-offered.v1"
    lot_id: Key
    holder_id: Key
    to_id: Key
    offered_at: Moment
    until: Moment | None

    def drawn(self, lot_id: Key) -> int:  # noqa: ARG002 - one shape for all drawings
        return 0

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"lot:{self.lot_id}", f"party:{self.holder_id}", f"party:{self.to_id}"]

    def happened(self) -> Moment:
        return self.offered_at


def decide(command: OfferLot, states: States, as_of: Moment) -> LotOffered:
    """The fact that answers `command`. Raises Refused."""
    to_id, lot_id = command.key(command.to_id), command.key(command.lot_id)
    to, lot = found(states, Party, to_id), found(states, Lot, lot_id)
    in_time((command.offered_at,), [("the buyer's enrolment", to.enrolled_at), ("the lot", lot.ended_at)], as_of)
    in_order(command.offered_at, command.until)
    if lot.holder_id == to_id:
        raise Refused("not-held", "{holder} cannot buy from itself", holder=command.to_id)
    if lot.on_hand == 0:
        raise Refused("overdrawn", "lot {lot} has nothing on hand to offer", lot=command.lot_id)
    return LotOffered(lot_id=lot_id, holder_id=lot.holder_id, to_id=to_id, offered_at=command.offered_at, until=command.until)
