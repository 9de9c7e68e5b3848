"""The pages of administrators: who works here, in which roles, with which devices; admit, invite, give and take roles."""

from dataclasses import dataclass
from typing import Any, Final, get_args
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from api import people, sessions
from api.access import Actor
from api.cache import Ask, Page
from api.forms import Fields, fields, gone, member
from api.house import House
from api.office.frame import WHOLE_FORM, Draft, Wrong, attempt, framed, office
from api.people import NotDone
from api.roles import roles
from domain.user import UserRole
from labels.qr import matrix
from projections.users import Grant, grants

router: Final = APIRouter(include_in_schema=False)
_QUIET: Final = 4


@dataclass(frozen=True, slots=True)
class Person:
    """One person as an administrator sees them."""

    user: str
    name: str
    grants: list[dict[str, Any]]
    devices: list[people.Device]


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link, shown once."""

    user: str
    link: str
    hours: int

    @property
    def qr(self) -> Markup:
        """The link as a code to scan."""
        modules = matrix(self.link)
        side = len(modules) + 2 * _QUIET
        path = "".join(f"M{x + _QUIET} {y + _QUIET}h1v1h-1z" for y, row in enumerate(modules) for x, dark in enumerate(row) if dark)
        ground = '<rect width="100%" height="100%" fill="#fff"/>'
        return Markup(f'<svg viewBox="0 0 {side} {side}" width="240">{ground}<path d="{path}"/></svg>')  # noqa: S704 - of numbers


def _people(house: House, actor: Actor, language: str) -> list[Person]:
    with house.reading(actor.org) as conn:
        found: dict[str, list[Grant]] = {}
        for each in grants(conn, actor.org):
            found.setdefault(each.user, []).append(each)
        opened = house.vault.open(conn, [f"user:{user}" for user in found])
    named = {tag.removeprefix("user:"): str(of.content["name"]) for tag, of in opened.items()}
    return [
        Person(user, named.get(user, ""), [_told(each, language) for each in of], people.devices(house, user)) for user, of in found.items()
    ]


def _told(grant: Grant, language: str) -> dict[str, Any]:
    return {**grant._asdict(), "role_name": getattr(roles()[grant.role], language), "org_id": (grant.org or "").rpartition("/")[2]}


def _page(ask: Ask, who: Actor, typed: Fields | None = None, wrong: Wrong | None = None, link: Link | None = None) -> Page:
    listed = _people(ask.house, who, ask.language)
    choices = [(role, getattr(roles()[role], ask.language)) for role in get_args(UserRole)]
    own = (who.org or "").rpartition("/")[2]
    return framed(ask, who, "people.html", typed, wrong, here="/people", people=listed, role_choices=choices, org_id=own, invitation=link)


@router.get("/people")
async def list_people(request: Request) -> Response:
    """Who works here."""
    return await office(request, _page, member(request, "users"))


@router.post("/people")
async def admit(request: Request) -> Response:
    """Admit a person, and show their one-time link."""
    who, typed = member(request, "users"), await fields(request)
    house: House = request.app.state.house
    user = people.new_id("U")
    org = (who.org or "").rpartition("/")[2] or typed.get("org_id", "")
    body = {"do": "admit-user", "user_id": user, "name": typed.get("name", ""), "role": typed.get("role", ""), "org_id": org}
    about = {"unknown-party": "org_id", "admitted_at": ""}
    done = await run_in_threadpool(attempt, house, who, typed.get("id", ""), Draft({**body, "admitted_at": house.now()}, about))
    if isinstance(done, Wrong):
        return await office(request, _page, who, typed, done)
    return await office(request, _with_link, who, user)


def _with_link(ask: Ask, who: Actor, user: str) -> Page:
    return _page(ask, who, link=Link(user, people.invite(ask.house, who, user), sessions.INVITE_HOURS))


def _of_theirs(house: House, who: Actor, user: str) -> bool:
    """Whether somebody works for the administrator's organisation and no other: whoever has a link acts for all that its user works for."""
    with house.reading(None) as conn:
        held = {each.org for each in grants(conn, None) if each.user == user and each.held(house.now())}
    return bool(held) and (who.org is None or held == {who.org})


def _has(house: House, who: Actor, user: str, device: str) -> bool:
    """Whether it is a device of somebody who works, or once worked, for the administrator's organisation."""
    with house.reading(who.org) as conn:
        theirs = any(each.user == user for each in grants(conn, who.org))
    return theirs and device in {each.id for each in people.devices(house, user)}


@router.post("/people/{user}/invite")
async def invite(request: Request, user: str) -> Response:
    """A one-time link for a further device."""
    who = member(request, "users")
    await fields(request)
    if not _administrates(who) or not await run_in_threadpool(_of_theirs, request.app.state.house, who, user):
        return gone(request, "/people")
    return await office(request, _with_link, who, user)


def _administrates(who: Actor) -> bool:
    return any("admit-user" in roles()[role].commands for role in who.roles)


@router.post("/people/{user}/grant")
async def grant(request: Request, user: str) -> Response:
    """Give a further role."""
    return await _change(request, user, "grant-role", "granted_at")


@router.post("/people/{user}/revoke")
async def revoke(request: Request, user: str) -> Response:
    """Take a role away."""
    return await _change(request, user, "revoke-role", "revoked_at")


async def _change(request: Request, user: str, do: str, moment: str) -> Response:
    who, typed = member(request, "users"), await fields(request)
    house: House = request.app.state.house
    body = {"do": do, "user_id": user, "org_id": typed.get("org_id", ""), "role": typed.get("role", ""), moment: house.now()}
    done = await run_in_threadpool(attempt, house, who, str(uuid4()), Draft(body))
    return await office(request, _page, who, None, done) if isinstance(done, Wrong) else gone(request, "/people")


@router.post("/people/{user}/devices/{device}/revoke")
async def revoke_device(request: Request, user: str, device: str) -> Response:
    """Let nobody sign in with a device any more."""
    who = member(request, "users")
    await fields(request)
    if not await run_in_threadpool(_has, request.app.state.house, who, user, device):
        return gone(request, "/people")
    try:
        await run_in_threadpool(people.revoke, request.app.state.house, who, device)
    except NotDone as refused:
        said = Wrong(WHOLE_FORM, refused.denied.template, refused.denied.values, refused.denied.code)
        return await office(request, _page, who, None, said)
    return gone(request, "/people")
