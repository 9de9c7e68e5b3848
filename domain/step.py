"""Steps: draw kilograms from lots on hand into one new lot. Buy, ferment, dry, blend and split are this one shape."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, assert_never

from pydantic import AfterValidator, Field

from domain.lot import Draw, Form, Lot, Made, on_hand
from domain.party import Party
from domain.values import (
    Command,
    Count,
    Id,
    Key,
    Moment,
    Quantity,
    Refused,
    States,
    Value,
    bare,
    found,
    in_time,
    kilograms,
    new,
    percent,
    thousandths,
    whole,
)


class Ask(Value):
    """Kilograms wanted from one lot."""

    lot_id: Id
    kg: Quantity


def _each_once(asks: tuple[Ask, ...]) -> tuple[Ask, ...]:
    if len({ask.lot_id for ask in asks}) < len(asks):
        raise ValueError("a lot stands twice among the inputs")
    return asks


Inputs = Annotated[tuple[Ask, ...], Field(min_length=1, max_length=500, strict=False), AfterValidator(_each_once)]


class Step(Command):
    """What every step says: which lots it draws on, and the new lot of `kg` kilograms it makes of them."""

    lot_id: Id
    holder_id: Id
    inputs: Inputs
    kg: Quantity
    started_at: Moment
    ended_at: Moment

    def reads(self) -> Iterable[str]:
        lots = (f"lot:{self.key(ask.lot_id)}" for ask in self.inputs)
        return f"party:{self.key(self.holder_id)}", f"lot:{self.key(self.lot_id)}", *lots


class BuyLot(Step):
    """Buy beans of one seller and one form; all that is drawn becomes the buyer's new lot."""

    do: Literal["buy-lot"] = "buy-lot"
    price_pen_kg: Quantity
    premium_pct: Quantity | None = None


class FermentLots(Step):
    """Ferment wet lots."""

    do: Literal["ferment-lots"] = "ferment-lots"
    method: Literal["box", "heap", "sack"] | None = None
    max_temp_c: Quantity | None = None
    turns: Count | None = None


class DryLots(Step):
    """Dry wet or fermented lots, all of one form."""

    do: Literal["dry-lots"] = "dry-lots"
    method: Literal["sun", "tunnel", "oven"] | None = None
    moisture_pct: Quantity | None = None


class BlendLots(Step):
    """Blend two or more lots of one form."""

    do: Literal["blend-lots"] = "blend-lots"
    inputs: Annotated[Inputs, Field(min_length=2)]


class SplitLot(Step):
    """Make a part of one lot a lot of its own."""

    do: Literal["split-lot"] = "split-lot"
    inputs: Annotated[Inputs, Field(max_length=1)]


StepCommand = BuyLot | FermentLots | DryLots | BlendLots | SplitLot


class Stepped(Made):
    """What every step's fact says."""

    inputs: tuple[Draw, ...]
    started_at: Moment
    ended_at: Moment

    def drawn(self, lot_id: Key) -> int:
        return sum(draw.grams for draw in self.inputs if draw.lot_id == lot_id)

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"lot:{self.lot_id}", *(f"lot:{draw.lot_id}" for draw in self.inputs), f"party:{self.holder_id}"]

    def happened(self) -> Moment:
        return self.ended_at


class LotBought(Stepped):
    """`price_pen_kg` in thousandths of a sol a kilogram, `premium` in thousandths of a percent."""

    kind: Literal["lot-bought.v1"] = "lot-bought.v1"
    seller_id: Key
    price_pen_kg: int
    premium: int | None

    def tags(self, position: int) -> list[str]:
        return [*super().tags(position), f"party:{self.seller_id}"]


class LotsFermented(Stepped):
    """`max_temp` in thousandths of a degree Celsius."""

    kind: Literal["lots-fermented.v1"] = "lots-fermented.v1"
    method: str | None
    max_temp: int | None
    turns: int | None


class LotsDried(Stepped):
    """`moisture` in thousandths of a percent."""

    kind: Literal["lots-dried.v1"] = "lots-dried.v1"
    method: str | None
    moisture: int | None


class LotsBlended(Stepped):
    kind: Literal["lots-blended.v1"] = "lots-blended.v1"


class LotSplit(Stepped):
    kind: Literal["lot-split.v1"] = "lot-split.v1"


def decide(command: StepCommand, states: States, as_of: Moment) -> Stepped:
    """The fact that answers `command`, rules in the order of the codes. Raises Refused."""
    holder = found(states, Party, command.key(command.holder_id))
    lots = {ask.lot_id: found(states, Lot, command.key(ask.lot_id)) for ask in command.inputs}
    new(states, Lot, command.key(command.lot_id))
    own = _own(command)
    made: dict[str, Any] = {
        "lot_id": command.key(command.lot_id),
        "holder_id": command.key(command.holder_id),
        "inputs": tuple(Draw(lot_id=command.key(ask.lot_id), grams=thousandths(ask.kg, f"kg of {ask.lot_id}")) for ask in command.inputs),
        "grams": thousandths(command.kg, "kg"),
        "started_at": command.started_at,
        "ended_at": command.ended_at,
    }
    origins = [("the holder's enrolment", holder.enrolled_at), *((f"lot {id_}", lot.ended_at) for id_, lot in lots.items())]
    in_time((command.started_at, command.ended_at), origins, as_of)
    made |= own | _held(command, lots)
    made["form"] = _form(command, lots)
    for draw, (id_, lot) in zip(made["inputs"], lots.items(), strict=True):
        on_hand(lot, id_, draw.grams)
    _weighs(made["grams"], sum(draw.grams for draw in made["inputs"]), exactly=isinstance(command, BuyLot | SplitLot))
    return _FACTS[type(command)](**made)


_FACTS: dict[type[Step], type[Stepped]] = {
    BuyLot: LotBought,
    FermentLots: LotsFermented,
    DryLots: LotsDried,
    BlendLots: LotsBlended,
    SplitLot: LotSplit,
}


def _own(command: StepCommand) -> dict[str, Any]:
    """The step's own columns, judged."""
    match command:
        case BuyLot():
            return {
                "price_pen_kg": thousandths(command.price_pen_kg, "price_pen_kg"),
                "premium": percent(command.premium_pct, "premium_pct"),
            }
        case FermentLots():
            temperature = None if command.max_temp_c is None else thousandths(command.max_temp_c, "max_temp_c", zero=True)
            turns = None if command.turns is None else whole(command.turns, "turns", zero=True)
            return {"method": command.method, "max_temp": temperature, "turns": turns}
        case DryLots():
            return {"method": command.method, "moisture": percent(command.moisture_pct, "moisture_pct")}
        case BlendLots() | SplitLot():
            return {}
        case _:
            assert_never(command)


def _held(command: StepCommand, lots: dict[str, Lot]) -> dict[str, Key]:
    """Beans are drawn from their holder; a sale has one seller, another than the buyer."""
    holder = command.key(command.holder_id)
    holders = {lot.holder_id for lot in lots.values()}
    names = ", ".join(sorted(map(bare, holders)))
    if not isinstance(command, BuyLot):
        if holders != {holder}:
            raise Refused("not-held", "the beans are held by {holders}, not {holder}", holders=names, holder=command.holder_id)
        return {}
    if len(holders) > 1:
        raise Refused("not-held", "the beans are held by {holders}: a sale has one seller", holders=names)
    if holders == {holder}:
        raise Refused("not-held", "{holder} cannot buy from itself", holder=command.holder_id)
    return {"seller_id": holders.pop()}


def _form(command: StepCommand, lots: dict[str, Lot]) -> Form:
    """The form of the new lot, from the one form that all inputs have."""
    forms = sorted({lot.form for lot in lots.values()})
    allowed: tuple[Form, ...] = ("wet", "fermented", "dry")
    if isinstance(command, FermentLots):
        allowed = ("wet",)
    elif isinstance(command, DryLots):
        allowed = ("wet", "fermented")
    if len(forms) > 1 or forms[0] not in allowed:
        raise Refused(
            "wrong-form", "{found} beans, wanted all of one form among {allowed}", found=" and ".join(forms), allowed=", ".join(allowed)
        )
    return "fermented" if isinstance(command, FermentLots) else "dry" if isinstance(command, DryLots) else forms[0]


def _weighs(grams: int, drawn: int, *, exactly: bool) -> None:
    if grams > drawn or (exactly and grams != drawn):
        allowed = "exactly as much" if exactly else "no more"
        raise Refused("gain", "{found} out of {drawn}: wanted {allowed}", found=kilograms(grams), drawn=kilograms(drawn), allowed=allowed)
