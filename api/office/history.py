"""The history of a lot as sentences that can be said in both languages: how it was made, tested, offered, drawn on and lost."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from api import sentences
from domain.values import bare, kilograms, plain
from projections.office_stock import Drawn, Story


class Told(NamedTuple):
    """When something happened (where that may be seen), and its sentence with its values apart."""

    at: str | None
    template: str
    values: dict[str, str]


_MADE: Final = {
    "harvest-recorded.v1": "{kg} wet were harvested on plot {plot}.",
    "lots-fermented.v1": "{drawn} were fermented: {kg} fermented came out.",
    "lots-dried.v1": "{drawn} were dried: {kg} dry came out.",
    "lots-blended.v1": "{drawn} of {count} lots were blended: {kg} came out.",
    "lot-split.v1": "{kg} of lot {first} became this lot.",
    "lot-bought.v1": "{kg} were bought from {seller}.",
}
_PRICED: Final = "{kg} were bought from {seller} at S/ {price} a kg."
_INTO: Final = {
    "lots-fermented.v1": "{kg} went into the fermented lot {id}.",
    "lots-dried.v1": "{kg} went into the dry lot {id}.",
    "lots-blended.v1": "{kg} went into the blend {id}.",
    "lot-split.v1": "{kg} became the lot {id}.",
    "stuffing": "{kg} were loaded into container {id}.",
}
_SOLD: Final = "{kg} were sold, lot {id} of the buyer."
_TESTED: Final = (
    "It was inspected: {moisture} % moisture, {beans} beans in 100 g, {mouldy} % mouldy, {slaty} % slaty, {defective} % defective."
)
_LOST: Final = "{kg} were lost: {reason}."
REASONS: Final = sentences.REASONS["lot-written-off.v1"]
"""Reason of a loss -> the words for it."""
_OFFERED: Final = "It was offered to {to}."
_OFFERED_UNTIL: Final = "It was offered to {to}, until {until}."
TEMPLATES: Final = (*_MADE.values(), _PRICED, *_INTO.values(), _SOLD, _TESTED, _LOST, _OFFERED, _OFFERED_UNTIL)
"""All sentences, in English."""


def history(story: Story, *, prices: bool) -> list[Told]:
    """What happened to a lot, in order of time; its price only where `prices` may be read."""
    told = [_made(story, prices=prices), *_later(story)]
    return sorted(told, key=lambda each: (each.at is None, each.at or ""))


def _made(story: Story, *, prices: bool) -> Told:
    made, of = story.made, story.of
    values = {
        "kg": kilograms(made.grams), "drawn": kilograms(sum(draw.grams for draw in of)), "count": str(len(of)),
        "first": of[0].id if of else "", "plot": bare(made.plot or ""), "seller": bare(made.seller or ""),
    }  # fmt: skip
    if prices and made.price_pen_kg is not None:
        return Told(made.ended_at, _PRICED, values | {"price": _thousandths(made.price_pen_kg)})
    return Told(made.ended_at, _MADE[made.made_by], values)


def _later(story: Story) -> Iterator[Told]:
    for drawn in story.into:
        yield Told(drawn.at, _went(drawn), {"kg": kilograms(drawn.grams), "id": drawn.id})
    for test in story.inspections:
        names = ("moisture", "mouldy", "slaty", "defective")
        shares = {name: _thousandths(getattr(test, name)) for name in names}
        yield Told(test.inspected_at, _TESTED, shares | {"beans": str(test.beans_100g)})
    for loss in story.losses:
        yield Told(loss.lost_at, _LOST, {"kg": kilograms(loss.grams), "reason": REASONS[loss.reason]})
    for offer in story.offers:
        values = {"to": bare(offer.to_party), "until": (offer.until or "")[:10]}
        yield Told(offer.offered_at, _OFFERED_UNTIL if offer.until else _OFFERED, values)


def _went(drawn: Drawn) -> str:
    """Where it went; what the buyer made of it is the buyer's, and so is seen by nobody else."""
    return _INTO.get("stuffing" if drawn.sort == "stuffing" else drawn.made_by or "", _SOLD)


def _thousandths(value: int) -> str:
    return plain(Decimal(value) / 1000)
