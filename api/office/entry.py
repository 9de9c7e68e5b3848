"""One entry: what it says, who wrote it when, its exact bytes and proof, what it rests on, and what was said of it since."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Request, Response

from api.access import Actor
from api.cache import Ask, Page, page, unknown
from api.forms import SCRIPTED, Fields, denied, member
from api.house import House
from api.look import said
from api.moments import gap, in_peru
from api.office.audit import HERE
from api.office.fieldset import fields
from api.office.frame import Wrong, framed, office
from api.office.told import clock, told
from api.roles import ADMINISTRATOR, OPERATOR, may_command, may_read, roles
from api.sentences import REASONS, kind_name, sentence
from domain.annulment import resting
from domain.vocabulary import KINDS
from ledger import log
from ledger.entry import Entry, read, typed
from ledger.merkle import leaf_hash
from ledger.note import parse
from projections.history import Mark, Question, lines, marks, neighbours
from projections.standing import MOST, rest_on_it, rests_on
from projections.users import roles_at

router: Final = APIRouter(include_in_schema=False)
POSITION: Final = re.compile(r"[1-9][0-9]{0,15}")
_COSIGNED: Final = 72
"""Bytes of a witness's signature: the time, and then what it signed."""
_REASONS: Final = {"annul": REASONS["fact-annulled.v1"], "question": REASONS["fact-questioned.v1"]}


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry that somebody may see: the command that it answers, and what was said of it since."""

    entry: Entry
    do: str
    mark: Mark


def shown(house: House, who: Actor, position: str) -> Shown | None:
    """An entry of the actor's organisation; None for another's, and where there is none. The wall between them is asked first."""
    if not POSITION.fullmatch(position):
        return None
    at = int(position)
    with house.reading(who.org) as conn:
        mark = marks(conn, [at]).get(at)
    if mark is None:
        return None
    with house.pool.connection() as conn:
        line = lines(conn, [at])[at]
    return Shown(read(at, line), orjson.loads(line)["do"], mark)


def may_see(who: Actor, do: str) -> bool:
    """Whether somebody sees an entry that a command made: who reads entries, and who may take back what they may record."""
    return may_read(who.roles, "entries") or (may_command(who.roles, "annul-fact") and may_command(who.roles, do))


@router.get(f"{HERE}/{{position}}.entry")
async def stored(request: Request, position: str) -> Response:
    """The very bytes of an entry."""
    return await office(request, _stored, member(request), position)


def _stored(ask: Ask, who: Actor, position: str) -> Page:
    of = shown(ask.house, who, position)
    if of is None or not may_see(who, of.do):
        return unknown(ask)
    named = {"Content-Disposition": f'attachment; filename="{of.entry.position}.entry"'}
    return page(of.entry.line, "application/octet-stream", 200, SCRIPTED | named)


@router.get(f"{HERE}/{{position}}")
async def entry(request: Request, position: str) -> Response:
    """One entry."""
    return await office(request, entry_page, member(request), position)


def entry_page(ask: Ask, who: Actor, position: str, typed_in: Fields | None = None, wrong: Wrong | None = None) -> Page:
    """The page of an entry, with what was typed into its forms."""
    if not (may_read(who.roles, "entries") or may_command(who.roles, "annul-fact")):
        return denied(ask)
    of = shown(ask.house, who, position)
    if of is None or not may_see(who, of.do):
        return unknown(ask)
    each, language = of.entry, ask.language
    return framed(
        ask, who, "entry.html", typed_in, wrong, here=HERE, each=each, do=of.do, mark=of.mark, sentence=sentence(each.fact, language),
        kind=kind_name(each.kind, language), fields=fields(each.fact, language), at=clock(each.at), seen=in_peru(each.seen),
        gap=gap(each.at, each.seen, language), leaf=leaf_hash(each.line).hex(), proof=_proof(ask.house, each.position),
        tags=[(tag, _link(tag)) for tag in each.tags], writer=_writer(ask, who, each), most=MOST,
        reasons={name: [(code, said(language, words)) for code, words in of.items()] for name, of in _REASONS.items()},
        **_standing(ask, who, of, wrong),
    )  # fmt: skip


def _standing(ask: Ask, who: Actor, of: Shown, wrong: Wrong | None) -> dict[str, Any]:
    """What an entry rests on, what rests on it, what was said of it, and what may be said of it now."""
    house, each, mark = ask.house, of.entry, of.mark
    with house.pool.connection() as conn:
        below, above = rests_on(conn, each), rest_on_it(conn, each)
        around = neighbours(conn, who.org, each.position, each.tags)
    since = [at for at in (mark.annulled_by, *(at for of in mark.questions for at in (of.position, of.settled_by))) if at]
    tell = partial(told, house, who.org, ask.language)
    open_to_it = each.kind in KINDS and resting(typed(each.fact), each.position) is not None and mark.annulled_by is None
    takes_back = bool({ADMINISTRATOR, OPERATOR} & set(who.roles)) or may_command(who.roles, of.do)
    return {
        "below": tell(below), "above": tell(above[:MOST]), "more": len(above) > MOST, "since": tell(sorted(since)),
        "around": [each for each in around if each.before or each.after],
        "annuls": open_to_it and takes_back and (not above or wrong is not None) and may_command(who.roles, "annul-fact"),
        "questions": open_to_it and may_command(who.roles, "question-fact"),
        "settles": [_asked(ask, each) for each in mark.questions if each.outcome is None and may_command(who.roles, "settle-question")],
    }  # fmt: skip


def _asked(ask: Ask, question: Question) -> tuple[str, str]:
    """An open question as a choice: its position, and what it doubts."""
    return str(question.position), f"{question.position}: {said(ask.language, _REASONS['question'][question.reason])}"


def _link(tag: str) -> str:
    """Where the entries with a tag are shown."""
    sort, _, key = tag.partition(":")
    return f"{HERE}/{key}" if sort == "entry" else f"{HERE}?{urlencode({'tag': tag}, safe=':/@')}"


@dataclass(frozen=True, slots=True)
class Proof:
    """The first signed checkpoint that held an entry: its size, when it was signed, and how many witnesses signed it."""

    size: int
    signed: str
    witnesses: int


def _proof(house: House, position: int) -> Proof | None:
    with house.pool.connection() as conn:
        first = log.first_over(conn, house.settings.origin, position)
        note = first and log.signed_at(conn, house.settings.origin, first[0])
    if not first or not note:
        return None
    return Proof(first[0], in_peru(first[1]), sum(len(each.signed) == _COSIGNED for each in parse(note).signatures))


class Writer(NamedTuple):
    """Who wrote an entry: the name, and the roles that they held then, as far as the asker may know them."""

    name: str
    roles: list[str]


def _writer(ask: Ask, who: Actor, each: Entry) -> Writer:
    if not may_read(who.roles, "users"):
        return Writer("", [])
    tag, moment = f"user:{each.by}", f"{in_peru(each.seen).replace(' ', 'T')}-05:00"
    with ask.house.reading(who.org) as conn:
        opened = ask.house.vault.open(conn, [tag])
        held = [getattr(roles()[role], ask.language) for org, role in roles_at(conn, each.by, moment) if org in (None, each.org)]
    return Writer(str(opened[tag].content.get("name", "")) if tag in opened else "", held)
