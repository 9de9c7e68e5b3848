"""Money between those who sell beans and those who buy them: prices, advances, payments, and what a sale comes to. Always soles."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, assert_never

from pydantic import AfterValidator, Field

from domain.lot import Form, Lot
from domain.party import Party
from domain.values import (
    Command,
    Fact,
    Id,
    Key,
    Moment,
    Quantity,
    Refused,
    States,
    Text,
    Value,
    bare,
    found,
    in_order,
    in_time,
    new,
    percent,
    scaled,
    thousandths,
)


def centimos(written: Decimal, what: str) -> int:
    """Whole céntimos of soles as written. Raises Refused `bad-quantity`."""
    return scaled(written, what, 2)


def total_centimos(grams: int, price: int, premium: int | None) -> int:
    """What beans come to in céntimos, exactly; half a céntimo is rounded away from zero (no figure here is negative).

    `price` in thousandths of a sol a kilogram, `premium` in thousandths of a percent on top of it.
    """
    exactly = grams * price * (100_000 + (premium or 0))  # in 10⁻⁹ céntimos
    return (exactly + 500_000_000) // 1_000_000_000


class WantedPremium(Value):
    """A premium by its name, in percent of the price."""

    name: Annotated[Text, Field(max_length=40)]
    pct: Quantity


def _each_once(premiums: tuple[WantedPremium, ...]) -> tuple[WantedPremium, ...]:
    if len({premium.name for premium in premiums}) < len(premiums):
        raise ValueError("wanted each premium once")
    return premiums


class SetPrice(Command):
    """Say what a holder pays from a moment on (it may lie ahead), for beans of one form."""

    do: Literal["set-price"] = "set-price"
    price_id: Id
    holder_id: Id
    form: Form
    price_pen_kg: Quantity
    premiums: Annotated[tuple[WantedPremium, ...], Field(max_length=10, strict=False), AfterValidator(_each_once)]
    valid_from: Moment
    valid_to: Moment | None = None

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.holder_id)}", f"price:{self.key(self.price_id)}"


class _Pay(Command):
    payer_id: Id
    party_id: Id
    pen: Quantity
    paid_at: Moment


class PayAdvance(_Pay):
    """Pay a party ahead of beans that it will sell."""

    do: Literal["pay-advance"] = "pay-advance"
    advance_id: Id

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.payer_id)}", f"party:{self.key(self.party_id)}", f"advance:{self.key(self.advance_id)}"


class MakePayment(_Pay):
    """Pay a party for beans. `lot_id` is the lot that was bought, where the payment is for one purchase."""

    do: Literal["make-payment"] = "make-payment"
    payment_id: Id
    lot_id: Id | None = None

    def reads(self) -> Iterable[str]:
        lot = () if self.lot_id is None else (f"lot:{self.key(self.lot_id)}",)
        parties = f"party:{self.key(self.payer_id)}", f"party:{self.key(self.party_id)}"
        return *parties, *lot, f"payment:{self.key(self.payment_id)}"


MoneyCommand = SetPrice | PayAdvance | MakePayment


class Premium(Value):
    """`pct` in thousandths of a percent."""

    name: str
    pct: int


class PriceSet(Fact):
    """`price_pen_kg` in thousandths of a sol a kilogram; `valid_to` is the last moment at which it holds."""

    kind: Literal["price-set.v1"] = "price-set.v1"
    price_id: Key
    holder_id: Key
    form: Form
    price_pen_kg: int
    premiums: tuple[Premium, ...]
    valid_from: Moment
    valid_to: Moment | None

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"price:{self.price_id}", f"party:{self.holder_id}"]

    def happened(self) -> Moment:
        return self.valid_from


class _Paid(Fact):
    payer_id: Key
    party_id: Key
    centimos: int
    paid_at: Moment

    def happened(self) -> Moment:
        return self.paid_at


class AdvancePaid(_Paid):
    kind: Literal["advance-paid.v1"] = "advance-paid.v1"
    advance_id: Key

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"advance:{self.advance_id}", f"party:{self.payer_id}", f"party:{self.party_id}"]


class PaymentMade(_Paid):
    kind: Literal["payment-made.v1"] = "payment-made.v1"
    payment_id: Key
    lot_id: Key | None

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        lot = [] if self.lot_id is None else [f"lot:{self.lot_id}"]
        return [f"payment:{self.payment_id}", *lot, f"party:{self.payer_id}", f"party:{self.party_id}"]


@dataclass(frozen=True, slots=True)
class Price:
    """A price that was accepted."""

    tag: ClassVar[str] = "price"


@dataclass(frozen=True, slots=True)
class Advance:
    """An advance that was accepted."""

    tag: ClassVar[str] = "advance"


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that was accepted."""

    tag: ClassVar[str] = "payment"


def decide(command: MoneyCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case SetPrice():
            return _set_price(command, states)
        case PayAdvance():
            return _advance(command, states, as_of)
        case MakePayment():
            return _pay(command, states, as_of)
        case _:
            assert_never(command)


def _set_price(command: SetPrice, states: States) -> PriceSet:
    holder_id, key = command.key(command.holder_id), command.key(command.price_id)
    holder = found(states, Party, holder_id)
    new(states, Price, key)
    price = thousandths(command.price_pen_kg, "price_pen_kg")
    premiums = tuple(Premium(name=each.name, pct=percent(each.pct, "pct") or 0) for each in command.premiums)
    in_time((command.valid_from,), [("the holder's enrolment", holder.enrolled_at)], command.valid_from)
    in_order(command.valid_from, command.valid_to)
    return PriceSet(
        price_id=key, holder_id=holder_id, form=command.form, price_pen_kg=price, premiums=premiums,
        valid_from=command.valid_from, valid_to=command.valid_to,
    )  # fmt: skip


def _parties(command: PayAdvance | MakePayment, states: States) -> list[tuple[str, Moment]]:
    """Payer and payee must be known; their enrolments as origins."""
    payer, party = (found(states, Party, command.key(id_)) for id_ in (command.payer_id, command.party_id))
    return [("the payer's enrolment", payer.enrolled_at), ("the party's enrolment", party.enrolled_at)]


def _another(command: PayAdvance | MakePayment) -> None:
    """Money changes hands, as beans do in a sale."""
    if command.payer_id == command.party_id:
        raise Refused("not-held", "{payer} cannot pay itself", payer=command.payer_id)


def _advance(command: PayAdvance, states: States, as_of: Moment) -> AdvancePaid:
    origins, key = _parties(command, states), command.key(command.advance_id)
    new(states, Advance, key)
    paid = centimos(command.pen, "pen")
    in_time((command.paid_at,), origins, as_of)
    _another(command)
    payer_id, party_id = command.key(command.payer_id), command.key(command.party_id)
    return AdvancePaid(advance_id=key, payer_id=payer_id, party_id=party_id, centimos=paid, paid_at=command.paid_at)


def _pay(command: MakePayment, states: States, as_of: Moment) -> PaymentMade:
    origins, key = _parties(command, states), command.key(command.payment_id)
    lot_id = None if command.lot_id is None else command.key(command.lot_id)
    lot = None if lot_id is None else found(states, Lot, lot_id)
    new(states, Payment, key)
    paid = centimos(command.pen, "pen")
    in_time((command.paid_at,), origins if lot is None else [*origins, ("the lot", lot.ended_at)], as_of)
    _another(command)
    payer_id, party_id = command.key(command.payer_id), command.key(command.party_id)
    if lot is not None and lot.holder_id != payer_id:
        raise Refused("not-held", "the beans are held by {holders}, not {holder}", holders=bare(lot.holder_id), holder=command.payer_id)
    return PaymentMade(payment_id=key, payer_id=payer_id, party_id=party_id, lot_id=lot_id, centimos=paid, paid_at=command.paid_at)
