"""People and what they sign in with, as commands: admit, invite, enrol a device, revoke. Everything but the secrets becomes an entry."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import uuid4

from api import sessions
from api.access import PREFIX, Actor
from api.giving import give
from api.house import House
from api.roles import OPERATOR
from domain.device import DeviceSort, EnrolDevice, RevokeDevice
from domain.user import AdmitUser, UserRole
from domain.values import Command
from ledger.decision import Answer, Denied

_SIGNS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_WAIT_SECONDS: Final = 10.0


class NotDone(Exception):
    """The ledger refused; `denied` says why."""

    def __init__(self, denied: Denied) -> None:
        super().__init__(denied.sentence())
        self.denied = denied


@dataclass(frozen=True, slots=True)
class Device:
    """One device of a user: its id, sort, since when, until when, and whether it was revoked."""

    id: str
    sort: str
    enrolled_at: str
    until: str | None
    revoked_at: str | None


def operator(house: House) -> Actor:
    """Whoever holds the keys of this house."""
    return Actor(f"token-{sha256(house.token().encode()).hexdigest()[:8]}", None, (OPERATOR,))


def new_id(letter: str) -> str:
    """An id that says nothing: a letter and 16 random signs of which none is mistaken for another (78 bits)."""
    return f"{letter}-{''.join(secrets.choice(_SIGNS) for _ in range(16))}"


def done(house: House, actor: Actor, *commands: Command) -> int:
    """Give commands as one act and wait until the views show them; returns the position. Raises NotDone."""
    answers: list[Answer] = give(house, actor, commands, whole=True)
    if isinstance(answers[0], Denied):
        raise NotDone(answers[0])
    position = max(at for answer in answers if not isinstance(answer, Denied) for at in answer.positions)
    house.follower.wait_for(position, _WAIT_SECONDS)
    return position


def admit(house: House, actor: Actor, name: str, role: UserRole, org: str | None, until: str | None = None) -> str:
    """Admit a person in a role; returns the user's id. Raises NotDone, pydantic.ValidationError."""
    user = new_id("U")
    book, _, id_ = (org or "main/").rpartition("/")
    done(
        house,
        actor,
        AdmitUser(id=uuid4(), book=book, user_id=user, name=name, role=role, org_id=id_ or None, admitted_at=house.now(), until=until),
    )
    return user


def invite(house: House, actor: Actor, user: str, hours: int = sessions.INVITE_HOURS) -> str:
    """A link that enrols one device of a user, once; it holds for some hours."""
    with house.pool.connection() as conn:
        return f"{house.settings.base}/invite/{sessions.invite(conn, user, actor.name, hours)}"


def enrol(
    house: House, user: str, sort: DeviceSort, credential: str, *, scopes: tuple[str, ...] = (), until: str | None = None, device: str = ""
) -> str:
    """Enrol a device in the name of the user whose it is; returns its id. Raises NotDone."""
    device = device or new_id("D")
    command = EnrolDevice(
        id=uuid4(),
        user_id=user,
        device_id=device,
        sort=sort,
        credential=credential,
        scopes=scopes,
        enrolled_at=house.now(),
        until=until,
    )
    done(house, Actor(user, None, ()).oneself(), command)
    return device


def accept(house: House, secret: str) -> tuple[str, str] | None:
    """Use an invitation: enrol the device that came with it and sign it in; (user, session), or None where it does not hold."""
    with house.pool.connection() as conn:
        invitation = sessions.use(conn, secret)
        if invitation is None:
            return None
        try:
            device = enrol(house, invitation.user, "link", f"invited by {invitation.by}")
        except NotDone:  # their data were erased meanwhile
            return None
        return invitation.user, begin(house, device, "link")


def begin(house: House, device: str, sort: str) -> str:
    """Sign a device in, for the first of its user's organisations; returns the session's secret."""
    with house.pool.connection() as conn:
        row = conn.execute(_FIRST, (device,)).fetchone()
        return sessions.begin(conn, device, sort, row[0] if row else None)


_FIRST: Final = """SELECT u.org FROM views.devices d JOIN views.users u ON u."user" = d."user" AND u.revoked_at IS NULL
WHERE d.device = %s ORDER BY u.org NULLS FIRST LIMIT 1"""


def machine(house: House, user: str, scopes: tuple[str, ...], until: str | None) -> str:
    """A token for a machine that works in a user's name; shown once, kept as its hash. Raises NotDone."""
    secret = sessions.new_secret()
    device = enrol(house, user, "token", sessions.hashed(secret).hex(), scopes=scopes, until=until)
    return f"{PREFIX}{device}_{secret}"


def revoke(house: House, actor: Actor, device: str) -> None:
    """Revoke a device: its sessions end, and nobody signs in with it again. Raises NotDone."""
    done(house, actor, RevokeDevice(id=uuid4(), device_id=device, revoked_at=house.now()))
    with house.pool.connection() as conn:
        sessions.end_of(conn, device)


def devices(house: House, user: str) -> list[Device]:
    """The devices of a user, the newest first."""
    with house.pool.connection() as conn:
        found = conn.execute(
            'SELECT device, sort, enrolled_at, until, revoked_at FROM views.devices WHERE "user" = %s ORDER BY enrolled_at DESC, device',
            (user,),
        )
        return [Device(*row) for row in found]
