"""What all office pages share: the frame around them, commands made of forms, and a refusal that stands beside its field."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.access import Actor, Refusal
from api.cache import NO_STORE, Ask, Page, answer, asking
from api.commands import READ_ONLY
from api.forms import SCRIPTED, Fields, denied, member
from api.giving import give
from api.house import House
from api.look import Language, said, sentence
from api.moments import AsOf, in_peru
from api.problems import unreadable
from api.roles import may_command, may_read, roles
from domain.values import Command
from domain.vocabulary import COMMANDS
from ledger.act import ReadOnly, Unavailable
from ledger.decision import Denied

WAIT_SECONDS: Final = 10.0
_COMMA: Final = re.compile(r"^(-?0|-?[0-9]+(?=,([0-9]{1,2}|[0-9]{4,})$)),(?=[0-9]+$)")
_TO_SECONDS, _OFFSET, _TO_MINUTES = ":00", "-05:00", 16
_QUANTITY, _TIMES, _AS_TEXT = "bad-quantity", ("in-the-future", "before-origin"), ", written as text"
WHOLE_FORM: Final = ""
"""Where a refusal stands that is about no single field."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a form was not accepted: the field it is about (WHOLE_FORM: all of it), a sentence with its values apart, and its code."""

    field: str
    template: str
    values: dict[str, str] = dataclasses.field(default_factory=dict)
    code: str = "malformed"


@dataclass(frozen=True, slots=True)
class Draft:
    """One command of a form: its body without id and book, and which field of the form each code or field of the command is about."""

    body: dict[str, Any]
    about: Mapping[str, str] = dataclasses.field(default_factory=dict)


def new_id(typed: Fields) -> str:
    """The id that a form carries, so that sending it twice does a thing once; a new one for a new form."""
    try:
        return str(UUID(typed.get("id", "")))
    except ValueError:
        return str(uuid4())


def decimal(typed: str) -> str:
    """A number with its decimal point, where a comma was typed for it; `1,250` may be either, and stays for the rules to refuse."""
    return _COMMA.sub(r"\1.", typed)


def moment(typed: str) -> str:
    """A time as a form sends it (`2026-05-02T10:00`), at Peru's offset."""
    return f"{typed}{_TO_SECONDS if len(typed) == _TO_MINUTES else ''}{_OFFSET}" if typed else ""


def book_of(actor: Actor) -> str:
    """The book of the actor's organisation."""
    return (actor.org or "main/").partition("/")[0]


def acting(request: Request, *reads: str, do: str = "") -> Actor:
    """Who asks, acting for an organisation; they must be allowed to read one of `reads`, and to give the command `do`.

    Raises Refusal.
    """
    who = member(request, *reads)
    if do and not may_command(who.roles, do):
        raise Refusal(answer(request, denied(asking(request)), NO_STORE))
    if who.org is None:
        words = "This is done in the name of an organisation. Act for one of yours, or ask its administrator to admit you."
        raise Refusal(answer(request, asking(request).message(403, "For an organisation", words), NO_STORE))
    return who


def attempt(house: House, actor: Actor, id_: str, *drafts: Draft) -> int | Wrong:
    """Give a form's commands as one act; the position once the views show it, or what was wrong.

    The commands' ids are made of the form's: the same form sent again is a repeat.
    """
    commands: list[Command] = []
    first = UUID(new_id({"id": id_})).int
    for at, draft in enumerate(drafts):
        body = {"id": UUID(int=(first + at) % 2**128), "book": book_of(actor), **draft.body}
        try:
            commands.append(COMMANDS.validate_python({name: value for name, value in body.items() if value not in ("", None)}))
        except ValidationError as error:
            unread = unreadable(error)
            name = unread.values.get("field", "")
            return Wrong(draft.about.get(name, draft.about.get(name.partition(".")[0], name)), unread.template, unread.values)
    try:
        answers = give(house, actor, commands, whole=True)
    except ReadOnly:
        return Wrong(WHOLE_FORM, READ_ONLY, code="read-only")
    except Unavailable:
        return Wrong(WHOLE_FORM, "the database is out of reach for the moment: send this again", code="unavailable")
    for each in answers:
        if isinstance(each, Denied):
            return Wrong(_about(drafts[each.at], each), each.template, each.values, each.code)
    position = max(at for each in answers if not isinstance(each, Denied) for at in each.positions)
    house.follower.wait_for(position, WAIT_SECONDS)
    return position


def _about(draft: Draft, denied: Denied) -> str:
    """The field of a form that a refusal is about: of figures and times it names the one it found, of the rest its code says it."""
    named = denied.values.get("what", "") if denied.code == _QUANTITY else ""
    if denied.code in _TIMES:
        named = next((name for name, value in draft.body.items() if value == denied.values["found"]), "")
    return draft.about.get(named, draft.about.get(denied.code, named))


def framed(
    ask: Ask,
    actor: Actor,
    template: str,
    typed: Fields | None = None,
    wrong: Wrong | None = None,
    **of: Any,  # noqa: ANN401
) -> Page:
    """A page of the office: with what was typed, and what was wrong beside its field. 422 where something was.

    `then`: as what moment of the record it shows it; its links to other such pages end in `stays`, so that these show the same moment.
    """
    then: AsOf | None = of.setdefault("then", None)
    asked = ({"as_of": then.asked} if then else {}) | ({"lang": ask.language} if ask.chosen else {})
    of.setdefault("query", f"{urlencode({'as_of': then.asked})}&" if then else "")
    return ask.html(
        f"office/{template}",
        422 if wrong else 200,
        headers=SCRIPTED,
        typed=typed or {},
        id=new_id(typed or {}),
        wrong=wrong,
        why=wrong and partial(_why, ask.language, wrong),
        actor=actor,
        may=partial(may_command, actor.roles),
        reads=partial(may_read, actor.roles),
        role_names=[getattr(roles()[role], ask.language) for role in actor.roles],
        written=in_peru(then.seen) if then and then.seen else "",
        stays=f"?{urlencode(asked)}" if asked else "",
        **of,
    )


def _why(language: Language, wrong: Wrong, label: str) -> str:
    """Why a form was not accepted, where a field of that label is wrong: what a command calls it is the command's affair."""
    named = said(language, "“{label}”").format(label=label)
    about = {"field", "what"} if wrong.code == _QUANTITY else {"field"}
    values = {name: named if name in about and label else value for name, value in wrong.values.items()}
    return sentence(language, wrong.template, values).replace(_AS_TEXT, "")


async def office(request: Request, make: Any, *of: Any, **more: Any) -> Response:  # noqa: ANN401 - passed on
    """The answer with a page that `make(ask, …)` makes in a thread; kept by nobody."""
    made: Page = await run_in_threadpool(partial(make, asking(request), *of, **more))
    return answer(request, made, NO_STORE)


async def steady(request: Request, make: Any, who: Actor) -> Response:  # noqa: ANN401 - passed on
    """As `office`, for a page without forms: while the ledger stands still, it is made once."""
    ask = asking(request)
    key = (who.org, who.roles, who.name, str(request.url), ask.language, ask.house.now()[:10], ask.house.follower.reached, ask.trouble())
    made = await request.app.state.steady.get(key, partial(make, ask, who))
    return answer(request, made, NO_STORE)


def names(house: House, actor: Actor, parties: Sequence[str]) -> dict[str, str]:
    """Party -> name, of those that the actor's organisation may see."""
    with house.reading(actor.org) as conn:
        opened = house.vault.open(conn, [f"party:{party}" for party in parties])
    return {tag.removeprefix("party:"): str(of.content.get("name", "")) for tag, of in opened.items()}
