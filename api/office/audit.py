"""The auditor's timeline: all entries as sentences, found by kind, by what they are about, by day, and by how late they were written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from api.access import Actor
from api.cache import Ask, Page
from api.feed import head, sought
from api.forms import Fields, member
from api.moments import day_of, happened_on, written_on
from api.office.frame import Wrong, book_of, framed, office
from api.office.told import told
from api.sentences import KINDS, kind_name
from projections.history import Facets, Stretch, kinds_of
from projections.timeline import LATE_DAYS

router: Final = APIRouter(include_in_schema=False)
HERE: Final = "/audit"
AT_ONCE: Final = 50
"""Entries on a page."""
COUNTED: Final = 1_000
"""Entries up to which is counted."""
ABOUT: Final = ("lot", "plot", "container", "party")
"""What an entry may be about, that of which there are the fewest entries first."""
_KEY, _NUMBER = re.compile(r"(?:[a-z0-9-]{1,20}/)?[A-Z0-9-]{1,20}"), re.compile(r"[0-9]{1,16}")
_NO_ID: Final = "wanted an id of capital letters, digits and hyphens"
_NO_DAY: Final = "wanted a day such as 2026-05-02"
_TAG: Final = re.compile(r"[a-z-]{1,20}:[A-Za-z0-9@/._:-]{1,200}")
_ASKED: Final = ("kind", *ABOUT, "tag", "org", "day", "by", "late", "order")
_WRITTEN, _OLDEST = "written", "oldest"


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked for: facets, the stretch of the ledger that is meant, and the part of it that is shown."""

    facets: Facets
    whole: Stretch
    part: Stretch
    data: str
    """The address of the same as JSON."""


@router.get(HERE)
async def timeline(request: Request) -> Response:
    """Entries by their facets, the newest first."""
    return await office(request, _timeline, member(request, "entries"), dict(request.query_params))


def _timeline(ask: Ask, who: Actor, asked: Fields) -> Page:
    asked = {name: asked[name].strip() for name in (*_ASKED, "beyond") if asked.get(name, "").strip()}
    want = _sought(ask, who, asked)
    positions, counts, many, data = _found(ask, who, want) if isinstance(want, Sought) else ([], {}, 0, "")
    shown, kept = positions[:AT_ONCE], {name: value for name, value in asked.items() if name != "beyond"}
    return framed(
        ask, who, "audit.html", asked, want if isinstance(want, Wrong) else None, here=HERE, days=LATE_DAYS,
        entries=told(ask.house, who.org, ask.language, shown), kinds=_kinds(ask, counts), many=many, most=COUNTED, data=data,
        further=_address(ask, kept, beyond=str(shown[-1])) if len(positions) > AT_ONCE else "",
        first=_address(ask, kept) if "beyond" in asked else "", query=f"{urlencode(asked)}&" if asked else "",
    )  # fmt: skip


def _found(ask: Ask, who: Actor, want: Sought) -> tuple[list[int], dict[str, int], int, str]:
    """Positions to show and one more; how many there are of each kind and in all, up to COUNTED; the address of the same as data."""
    house = ask.house
    fit = sought(house, replace(want.facets, kinds=()), replace(want.whole, newest=True))
    with house.reading(who.org) as conn:
        counts = kinds_of(conn, fit[:COUNTED])
    return sought(house, want.facets, want.part), counts, len(fit), want.data


def _sought(ask: Ask, who: Actor, asked: Fields) -> Sought | Wrong:
    named = {name: asked[name] if "/" in asked[name] else asked[name].upper() for name in (*ABOUT, "org") if name in asked}
    if unreadable := next((name for name, id_ in named.items() if not _KEY.fullmatch(id_)), None):
        return Wrong(unreadable, _NO_ID)
    keys = {name: id_ if "/" in id_ or name == "container" else f"{book_of(who)}/{id_}" for name, id_ in named.items()}
    tag = asked.get("tag", "")
    if tag and not _TAG.fullmatch(tag):
        return Wrong("tag", _NO_ID)
    tags = (*([tag] if tag else []), *(f"{name}:{keys[name]}" for name in ABOUT if name in keys))
    kinds = (asked["kind"],) if asked.get("kind") in KINDS else ()
    facets = Facets(who.org or keys.get("org"), kinds, tags, late="late" in asked)
    whole = Stretch(upto=head(ask.house), most=COUNTED + 1, newest=asked.get("order") != _OLDEST)
    if "day" in asked:
        try:
            day = day_of(asked["day"])
        except ValueError:
            return Wrong("day", _NO_DAY)
        if asked.get("by") == _WRITTEN:
            first, last = written_on(ask.house, day)
            whole = replace(whole, after=first, upto=last)
        else:
            since, until = happened_on(day)
            facets = replace(facets, since=since, until=until)
    return Sought(facets, whole, _part(whole, asked.get("beyond", "")), _data(facets, asked))


def _part(whole: Stretch, beyond: str) -> Stretch:
    """A page of a stretch: what lies beyond a position, or its beginning."""
    part = replace(whole, most=AT_ONCE + 1)
    if not _NUMBER.fullmatch(beyond):
        return part
    further = part.beyond(int(beyond))
    return replace(further, after=max(further.after, whole.after), upto=min(further.upto, whole.upto))


def _kinds(ask: Ask, counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """(kind, what it is called and how many there are) of all kinds, those of which there are most first."""
    named = sorted((-counts.get(kind, 0), kind_name(kind, ask.language), kind) for kind in KINDS)
    return [(kind, f"{name} ({-count})" if count else name) for count, name, kind in named]


def _address(ask: Ask, kept: Fields, **further: str) -> str:
    lang = {"lang": ask.language} if ask.chosen else {}
    return f"?{urlencode({**kept, **further, **lang})}"


def _data(of: Facets, asked: Fields) -> str:
    """The address of the same as JSON."""
    query = [("tag", tag) for tag in of.tags] + [("kind", kind) for kind in of.kinds]
    query += [(_WRITTEN if asked.get("by") == _WRITTEN else "day", asked["day"])] if "day" in asked else []
    query += ([("late", "true")] if of.late else []) + ([("org", of.org)] if of.org and "org" in asked else [])
    return f"/entries?{urlencode(query)}"
