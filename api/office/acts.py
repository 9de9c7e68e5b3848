"""What the forms of steps share: who may open one, its fields, lots to choose from, and a refusal that stands by the line it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Actor
from api.cache import Ask, Page
from api.forms import Fields
from api.house import House
from api.office.desk import onward
from api.office.frame import Draft, Wrong, attempt, decimal, framed, new_id, office
from projections.office_stock import OnHand

MOST_LOTS: Final = 120
"""Lots that a form offers at once: a form carries so many fields."""
TO_MINUTES: Final = 16


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form; label and hint are English messages. `options` are (value, what is shown), for a choice or to pick from."""

    name: str
    label: str
    kind: Literal["text", "number", "whole", "moment", "choice", "pick"] = "text"
    value: str = ""
    hint: str = ""
    required: bool = True
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Takes:
    """Lots on hand from which a form takes: each a line with a mark and its kilograms; `bags`: and how many bags; `one`: one lot only."""

    lots: Sequence[OnHand]
    chosen: frozenset[str] = frozenset()
    bags: bool = False
    one: bool = False

    @property
    def shown(self) -> list[OnHand]:
        """Those chosen first, then the oldest."""
        first = sorted(self.lots, key=lambda lot: lot.id not in self.chosen)
        return first[:MOST_LOTS]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return max(0, len(self.lots) - MOST_LOTS)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of one act: where it is sent, what it is called, its fields, and what its button says; English messages."""

    action: str
    title: str
    button: str
    fields: Sequence[Field]
    here: str
    takes: Takes | None = None
    notes: Sequence[str] = ()
    about: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)


def form_page(ask: Ask, who: Actor, form: Form, typed: Fields | None = None, wrong: Wrong | None = None) -> Page:
    """The page of a form, with what was typed."""
    return framed(ask, who, "act.html", typed, wrong, form=form, here=form.here)


def org_of(who: Actor) -> str:
    """The key of the organisation in whose name somebody acts; `acting` has looked that there is one."""
    return who.org or ""


async def given(request: Request, who: Actor, typed: Fields, drafts: Sequence[Draft], again: Any, then: str) -> Response:  # noqa: ANN401
    """Give a form's commands as one act; on to `then`, or the page `again(ask, who, typed=…, wrong=…)` with what was wrong."""
    result = await run_in_threadpool(attempt, request.app.state.house, who, new_id(typed), *drafts)
    if isinstance(result, Wrong):
        return await office(request, again, who, typed=typed, wrong=placed(result))
    return onward(request, then)


def placed(wrong: Wrong) -> Wrong:
    """More than a lot has stands beside what is taken of it."""
    beside = wrong.code == "overdrawn" and not wrong.field and "lot" in wrong.values
    return replace(wrong, field=f"kg-{wrong.values['lot']}") if beside else wrong


def taken(typed: Fields, *, one: bool = False) -> list[tuple[str, str]]:
    """(lot, kilograms as typed) of each lot that was marked."""
    if one:
        return [(typed["take"], decimal(typed.get("kg", "")))] if typed.get("take") else []
    marked = [name.removeprefix("take-") for name in typed if name.startswith("take-")]
    return [(lot, decimal(typed.get(f"kg-{lot}", ""))) for lot in marked]


def marks(typed: Fields | None, asked: str = "") -> frozenset[str]:
    """The lots that were marked, or the one that a new form begins with."""
    return frozenset({asked} if typed is None else {lot for one in (False, True) for lot, _ in taken(typed, one=one)})


def upper(typed: Fields, name: str) -> str:
    """An id as typed, in capital letters."""
    return typed.get(name, "").upper()


def now(house: House) -> str:
    """The moment, as a field for times takes it."""
    return house.now()[:TO_MINUTES]
