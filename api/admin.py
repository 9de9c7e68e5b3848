"""`cacao admin` and `cacao roles` at the terminal: the first administrator, links and machine tokens, made on the machine itself."""

from datetime import datetime, timedelta
from typing import Final, get_args

from api import people, terminal
from api.house import House
from api.people import NotDone, operator
from api.roles import roles, rows
from api.sessions import INVITE_HOURS
from domain.user import UserRole
from labels.qr import blocks
from ledger.decision import PERU
from projections.users import grants

NAME: Final = "Administración"


def invite(house: House, name: str, role: str, org: str | None, hours: int = INVITE_HOURS, user: str | None = None) -> int:
    """Admit a person (or take one who was), and print a one-time link for a device of theirs. Exit code 2 where it is refused."""
    if role not in get_args(UserRole):
        terminal.say(f"cacao: {role} is no role: one of {', '.join(get_args(UserRole))} (`cacao roles` prints what each may do)")
        return 2
    try:
        user = user or people.admit(house, operator(house), name, role, org if org is None or "/" in org else f"main/{org}")  # type: ignore[arg-type]
    except (NotDone, ValueError) as refused:
        terminal.say(f"cacao: {refused}")
        return 2
    link = people.invite(house, operator(house), user, hours)
    terminal.say(f"{user}: {roles()[role].en}, {org or 'of the house'}. Once, within {hours} hours, on the device that will be used:")
    terminal.say(blocks(link))
    print(link)  # noqa: T201 - data goes to stdout
    return 0


def token(house: House, user: str, scopes: tuple[str, ...], days: int) -> int:
    """Print a token for a machine that works in a user's name. Exit code 2 where it is refused."""
    until = (datetime.now(PERU) + timedelta(days=days)).isoformat(timespec="seconds")
    try:
        made = people.machine(house, user, scopes, until)
    except (NotDone, ValueError) as refused:
        terminal.say(f"cacao: {refused}")
        return 2
    terminal.say(f"holds until {until[:10]}, for {', '.join(scopes) or 'all that its roles allow'}; shown once, kept as its hash")
    print(made)  # noqa: T201 - data goes to stdout
    return 0


def listed(house: House, at: datetime | None = None, *, as_json: bool) -> int:
    """Print who may do what, for whom, since and until when; with a moment, those roles alone that were held then."""
    then = at.astimezone(PERU).isoformat(timespec="seconds") if at else None
    with house.reading(None) as conn:
        found = [each for each in grants(conn, None) if then is None or each.held(then)]
    if as_json:
        terminal.data([each._asdict() for each in found])
    else:
        columns = ("user", "organisation", "role", "since", "until", "revoked")
        terminal.table("people", columns, [tuple(value or "" for value in each) for each in found])
    return 0


def table(*, as_json: bool) -> int:
    """Print what each role may command and read, and whose."""
    columns = ("what", "name", "whose", "roles")
    if as_json:
        terminal.data([dict(zip(columns, row, strict=True)) for row in rows()])
    else:
        terminal.table("roles", columns, rows())
        for name, role in roles().items():
            terminal.say(f"{name}: {role.es} / {role.en}")
    return 0
