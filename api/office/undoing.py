"""What the office does about a mistake: annul an entry, question it, settle a question; each a form on the entry's own page."""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Actor, Refusal
from api.cache import NO_STORE, answer, asking
from api.forms import Fields, denied, fields, member
from api.house import House
from api.office.audit import HERE
from api.office.desk import onward
from api.office.entry import POSITION, entry_page
from api.office.frame import Draft, Wrong, attempt, new_id, office
from api.roles import may_command
from api.sentences import KINDS

router: Final = APIRouter(include_in_schema=False)
_BESIDE: Final = ("rests-on-it", "already", "not-annullable", "unknown-entry", "before-origin", "in-the-future", "forbidden")
"""Refusals that stand beside what was chosen."""


@router.post(f"{HERE}/{{position}}/annul")
async def annul(request: Request, position: str) -> Response:
    """Say that an entry was a mistake."""
    typed = await fields(request)
    return await _done(request, position, typed, "annul-fact", "annulled_at", {"reason": typed.get("annul", "")}, "annul")


@router.post(f"{HERE}/{{position}}/question")
async def question(request: Request, position: str) -> Response:
    """Say that an entry may be wrong."""
    typed = await fields(request)
    return await _done(request, position, typed, "question-fact", "questioned_at", {"reason": typed.get("question", "")}, "question")


@router.post(f"{HERE}/{{position}}/settle")
async def settle(request: Request, position: str) -> Response:
    """Settle a question of an entry."""
    typed = await fields(request)
    of, outcome = typed.get("of", ""), typed.get("settle", "")
    return await _done(request, position, typed, "settle-question", "settled_at", {"position": of, "outcome": outcome}, "settle")


async def _done(request: Request, position: str, typed: Fields, do: str, at: str, says: dict[str, str], field: str) -> Response:
    who = member(request)
    if not may_command(who.roles, do):
        raise Refusal(answer(request, denied(asking(request)), NO_STORE))
    wrong = await run_in_threadpool(_give, request.app.state.house, who, typed, {"position": position, **says, "do": do}, at, field)
    return await office(request, entry_page, who, position, typed, wrong) if wrong else onward(request, f"{HERE}/{position}")


def _give(house: House, who: Actor, typed: Fields, says: dict[str, str], at: str, field: str) -> Wrong | None:
    """What was wrong, or None where it was done. A position is a number; what is none stays, and is refused."""
    number = says["position"]
    body = {**says, "position": int(number) if POSITION.fullmatch(number) else number, at: house.now()}
    done = attempt(house, who, new_id(typed), Draft(body, dict.fromkeys(("reason", "outcome", "position", *_BESIDE), field)))
    if not isinstance(done, Wrong):
        return None
    named = {name: KINDS.get(value, value) if name == "kind" else value for name, value in done.values.items()}
    return Wrong(done.field, done.template, named, done.code)


@router.get(f"{HERE}/{{position}}/{{act}}")
async def back(request: Request, position: str, act: str) -> Response:  # noqa: ARG001 - annul, question or settle
    """The language was changed at a form that was refused."""
    return onward(request, f"{HERE}/{position}") if POSITION.fullmatch(position) else onward(request, HERE)
