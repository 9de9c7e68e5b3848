"""Steps of the plant: ferment, dry, blend and split lots on hand, inspect one, write off what was lost of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response

from api.access import Actor
from api.cache import Ask, Page, answer, asking, unknown
from api.forms import Fields, fields
from api.look import said
from api.office.acts import Field, Form, Takes, form_page, given, marks, now, org_of, taken, upper
from api.office.desk import proposed
from api.office.frame import Draft, Wrong, acting, decimal, moment, office
from api.office.history import REASONS
from api.office.stock import HERE
from domain.values import bare, plain
from projections.office_stock import OnHand, own_on_hand

router: Final = APIRouter(include_in_schema=False)
_EVERY: Final = ("wet", "fermented", "dry")
_METHODS: Final = {
    "ferment": (("", "not said"), ("box", "in boxes"), ("heap", "in heaps"), ("sack", "in sacks")),
    "dry": (("", "not said"), ("sun", "in the sun"), ("tunnel", "in a tunnel"), ("oven", "in an oven")),
}
_SHARES: Final = (
    ("moisture_pct", "Moisture, %%"), ("mouldy_pct", "Mouldy beans, %%"), ("slaty_pct", "Slaty beans, %%"),
    ("defective_pct", "Otherwise defective beans, %%"),
)  # fmt: skip

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its command, the forms it takes, the letter of the ids it makes, its words, and the fields of its own."""

    do: str
    forms: tuple[str, ...]
    letter: str
    title: str
    button: str
    kg: str
    kg_hint: str = ""
    own: Callable[[Choices], list[Field]] = lambda _choices: []
    lasts: bool = True


def _fermented(methods: Choices) -> list[Field]:
    return [
        Field("method", "Method", "choice", options=methods, required=False),
        Field("max_temp_c", "Highest temperature, °C", "number", required=False),
        Field("turns", "How often it was turned", "whole", required=False),
    ]


def _dried(methods: Choices) -> list[Field]:
    return [
        Field("method", "Method", "choice", options=methods, required=False),
        Field("moisture_pct", "Moisture, %%", "number", required=False),
    ]


_ALL_IN: Final = "Empty: as much as goes in."
STEPS: Final = {
    "ferment": Step("ferment-lots", ("wet",), "F", "Ferment", "Write down the fermentation", "kg of fermented beans", own=_fermented),
    "dry": Step("dry-lots", ("wet", "fermented"), "S", "Dry", "Write down the drying", "kg of dry beans", own=_dried),
    "blend": Step("blend-lots", _EVERY, "M", "Blend", "Write down the blend", "kg of the blend", _ALL_IN, lasts=False),
    "split": Step("split-lot", _EVERY, "D", "Split a lot", "Split", "kg of the new lot", lasts=False),
}


@router.get("/step/{name}")
async def step(request: Request, name: str) -> Response:
    """The form of a step, or of what is done to one lot."""
    if name in STEPS:
        who = acting(request, "lots", do=STEPS[name].do)
        return await office(request, _step, who, name, asked=request.query_params.get("lot", ""))
    if name in _ON_ONE:
        who = acting(request, "lots", do=_ON_ONE[name][0])
        return await office(request, _ON_ONE[name][1], who, chosen=request.query_params.get("lot", ""))
    return answer(request, unknown(asking(request)))


def _step(ask: Ask, who: Actor, name: str, *, asked: str = "", typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    of = STEPS[name]
    with ask.house.reading(who.org) as conn:
        lots = own_on_hand(conn, org_of(who), of.forms)
    choices = [(key, said(ask.language, words)) for key, words in _METHODS.get(name, ())]
    listed = [
        Field("kg", of.kg, "number", hint=of.kg_hint, required=not of.kg_hint),
        *([Field("started_at", "Begun", "moment")] if of.lasts else []),
        Field("ended_at", "Ended" if of.lasts else "When", "moment", now(ask.house)),
        *of.own(choices),
        Field("lot_id", "Number of the new lot", value=proposed(ask.house, who, "lot", of.letter)),
    ]
    form = Form(f"/step/{name}", of.title, of.button, listed, HERE, Takes(lots, marks(typed, asked), one=name == "split"))
    return form_page(ask, who, form, typed, wrong)


@router.post("/step/ferment")
@router.post("/step/dry")
@router.post("/step/blend")
@router.post("/step/split")
async def make(request: Request) -> Response:
    """Make one lot of those that were marked."""
    name = request.url.path.rpartition("/")[2]
    of, typed = STEPS[name], await fields(request)
    who = acting(request, "lots", do=of.do)
    takes = taken(typed, one=name == "split")
    started = typed.get("started_at" if of.lasts else "ended_at", "")
    own = {each.name: decimal(typed.get(each.name, "")) for each in of.own(())}
    body = {
        "do": of.do, "lot_id": upper(typed, "lot_id"), "holder_id": bare(org_of(who)),
        "kg": decimal(typed.get("kg", "")) or (_sum(takes) if of.kg_hint else ""),
        "inputs": [{"lot_id": lot, "kg": kg} for lot, kg in takes], "started_at": moment(started),
        "ended_at": moment(typed.get("ended_at", "")), **own,
    }  # fmt: skip
    about = {"duplicate-id": "lot_id", "gain": "kg", "wrong-form": "takes", "not-held": "takes", "unknown-lot": "takes", "inputs": "takes"}
    for at, (lot, _) in enumerate(takes):
        about |= dict.fromkeys((f"inputs.{at}.kg", f"kg of {lot}"), "kg" if name == "split" else f"kg-{lot}")
    if name == "split":
        about["overdrawn"] = "kg"
    if not of.lasts:
        about["started_at"] = "ended_at"
    return await given(request, who, typed, [Draft(body, about)], partial(_again, name), f"/stock/{body['lot_id']}?done=1")


def _again(name: str, ask: Ask, who: Actor, typed: Fields, wrong: Wrong) -> Page:
    return _step(ask, who, name, typed=typed, wrong=wrong)


def _sum(takes: Sequence[tuple[str, str]]) -> str:
    """All that goes in; empty where a figure cannot be read, for the rules to say which."""
    try:
        return plain(sum((Decimal(kg) for _, kg in takes), Decimal())) if takes else ""
    except InvalidOperation:
        return ""


def _lots(ask: Ask, who: Actor) -> list[tuple[str, str]]:
    """The lots on hand to choose one from."""
    with ask.house.reading(who.org) as conn:
        lots = own_on_hand(conn, org_of(who))
    return [(lot.id, _named(ask, lot)) for lot in lots]


def _named(ask: Ask, lot: OnHand) -> str:
    return f"{said(ask.language, f'{lot.form} beans')}, {plain(lot.kg)} kg"


def _inspect(ask: Ask, who: Actor, *, chosen: str = "", typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    listed = [
        Field("lot_id", "Lot", "pick", chosen, options=_lots(ask, who)),
        Field("beans_100g", "Beans in 100 g", "whole"),
        *(Field(name, label, "number") for name, label in _SHARES),
        Field("inspected_at", "When", "moment", now(ask.house)),
    ]
    notes = ["Of 300 beans that were cut through, how many in a hundred."]
    form = Form("/step/inspect", "Inspect a lot", "Write down the inspection", listed, HERE, notes=notes)
    return form_page(ask, who, form, typed, wrong)


@router.post("/step/inspect")
async def inspect(request: Request) -> Response:
    """Record a cut test."""
    typed = await fields(request)
    who = acting(request, "lots", do="inspect-lot")
    shares = {name: decimal(typed.get(name, "")) for name, _ in _SHARES}
    body = {"do": "inspect-lot", "lot_id": upper(typed, "lot_id"), "inspected_at": moment(typed.get("inspected_at", "")), **shares}
    body["beans_100g"] = typed.get("beans_100g", "")
    about = {"unknown-lot": "lot_id", "duplicate-id": "inspected_at"}
    return await given(request, who, typed, [Draft(body, about)], _inspect, f"/stock/{body['lot_id']}?done=1")


def _lose(ask: Ask, who: Actor, *, chosen: str = "", typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    reasons = [(key, said(ask.language, words)) for key, words in REASONS.items()]
    listed = [
        Field("lot_id", "Lot", "pick", chosen, options=_lots(ask, who)),
        Field("kg", "kg that were lost", "number"),
        Field("reason", "Why", "choice", options=reasons),
        Field("lost_at", "When", "moment", now(ask.house)),
        Field("loss_id", "Number of the loss", value=proposed(ask.house, who, "loss", "L")),
    ]
    return form_page(ask, who, Form("/step/lose", "Write off a loss", "Write off", listed, HERE), typed, wrong)


@router.post("/step/lose")
async def lose(request: Request) -> Response:
    """Take off a lot what was lost of it."""
    typed = await fields(request)
    who = acting(request, "lots", do="write-off")
    body = {
        "do": "write-off", "loss_id": upper(typed, "loss_id"), "lot_id": upper(typed, "lot_id"), "kg": decimal(typed.get("kg", "")),
        "reason": typed.get("reason", ""), "lost_at": moment(typed.get("lost_at", "")),
    }  # fmt: skip
    about = {"unknown-lot": "lot_id", "duplicate-id": "loss_id", "overdrawn": "kg"}
    return await given(request, who, typed, [Draft(body, about)], _lose, f"/stock/{body['lot_id']}?done=1")


_ON_ONE: Final[dict[str, tuple[str, Callable[..., Page]]]] = {"inspect": ("inspect-lot", _inspect), "lose": ("write-off", _lose)}
