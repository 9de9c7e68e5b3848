"""`cacao erase` at the terminal: what will go is counted and asked about, then it goes; and erasures that a restore lost are said again."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from api import people, terminal
from api.house import House
from api.people import NotDone, operator
from domain.erasure import BASES, EraseSubject
from ledger import erase, reopen
from ledger.schema import Connection
from projections import follow


@dataclass(frozen=True, slots=True)
class Person:
    """Whose data: the tag of a party or user, the subject, and how much is put away (never what)."""

    of: str
    subject: str
    held: dict[str, int]

    def spoken(self) -> str:
        """The id as people say it."""
        return self.of.rpartition("/")[2] if "/" in self.of else self.of.rpartition(":")[2]


_KNOWN: Final = """WITH known AS (SELECT 'party:' || party AS tag, subject FROM views.parties
 UNION ALL SELECT 'user:' || "user", subject FROM views.users WHERE subject IS NOT NULL) """
_FOUND: Final = f"{_KNOWN} SELECT tag, subject FROM known WHERE tag = ANY(%(tags)s) OR subject = %(who)s ORDER BY tag"
_HELD: Final = "SELECT DISTINCT split_part(tag, ':', 1), tag FROM vault.sealed WHERE subject = %s"
_TRACES: Final = """SELECT count(*) FILTER (WHERE revoked_at IS NULL),
 (SELECT count(*) FROM access.sessions WHERE device IN (SELECT device FROM views.devices WHERE "user" = %(user)s)),
 (SELECT count(*) FROM access.invites WHERE "user" = %(user)s) FROM views.devices WHERE "user" = %(user)s"""


def found(house: House, who: str, book: str) -> list[Person]:
    """Those that an id, a tag or a subject names: none, one, or a party and a user of the same id."""
    sort, _, id_ = who.rpartition(":")
    tags = [f"party:{id_ if '/' in id_ else f'{book}/{id_}'}", f"user:{id_}"]
    with house.pool.connection() as conn:
        rows = conn.execute(_FOUND, {"tags": [tag for tag in tags if tag.startswith(sort)], "who": who}).fetchall()
        if not rows and _is_subject(who) and erase.owner(conn, who):  # whose entry was annulled
            rows = [(f"subject:{who}", who)]
        return [Person(of, subject, _held(conn, house, of, subject)) for of, subject in rows]


def _is_subject(who: str) -> bool:
    try:
        return str(UUID(who)) == who
    except ValueError:
        return False


def _held(conn: Connection, house: House, of: str, subject: str) -> dict[str, int]:
    """How many names, documents, phones and boundaries are put away, and what a user signs in with."""
    sealed = conn.execute(_HELD, (subject,)).fetchall()
    opened = house.vault.open(conn, [of] if sealed else []).get(of)
    held = {name: 1 for name, value in opened.content.items() if value is not None} if opened else {"name": len(sealed)}
    held["boundary"] = sum(sort == "plot" for sort, _ in sealed)
    if of.startswith("user:"):
        row = conn.execute(_TRACES, {"user": of.removeprefix("user:")}).fetchone() or (0, 0, 0)
        held |= dict(zip(("device", "session", "link"), row, strict=True))
    return {name: count for name, count in held.items() if count}


def run(house: House, who: str, basis: str, book: str, sure: Callable[[str], bool], *, as_json: bool) -> int:
    """Show what will go, ask, and erase. Exit code 1 where nobody is known by that name or nothing is left of them, 2 where unclear."""
    if basis not in BASES:
        terminal.say(f"cacao: {basis} is no reason that the law knows: one of {', '.join(BASES)}")
        return 2
    persons = found(house, who, book)
    if len(persons) != 1:
        either = " or ".join(each.of for each in persons)
        terminal.say(f"cacao: {who} is both a party and a user: say {either}" if persons else f"cacao: nobody is known as {who}")
        return 2 if persons else 1
    [person] = persons
    if not as_json:
        terminal.table(f"{person.of}: what is put away, and will be gone", ("what", "how many"), list(person.held.items()))
    if not sure(f"Erase what is known of {person.spoken()}? Nobody can bring it back. The entries stay."):
        return 1
    return _done(house, person, basis, as_json=as_json)


def _done(house: House, person: Person, basis: str, *, as_json: bool) -> int:
    try:
        position = people.done(house, operator(house), _command(person.of, person.subject, basis, house.now()))
    except NotDone as refused:
        terminal.say(f"cacao: {refused}")
        return 1
    if as_json:
        terminal.data(asdict(person) | {"basis": basis, "position": position})
    terminal.say(f"Erased: entry {position} says so. Backups of before hold the data as long as they have keys of before: see the README.")
    return 0


def _command(of: str, subject: str, basis: Any, erased_at: str) -> EraseSubject:  # noqa: ANN401 - one of BASES
    """The command that names the party or user whose subject it is, or the subject that is nobody's any more."""
    sort, _, key = of.partition(":")
    book, _, id_ = key.rpartition("/")
    names = {"party": {"party_id": id_, "book": book}, "user": {"user_id": id_}, "subject": {"subject": subject}}
    named: Any = names[sort]
    return EraseSubject(id=uuid4(), basis=basis, erased_at=erased_at, **named)


def said_again(house: House) -> int:
    """Say again what this machine remembers to have erased and the ledger does not, for it was restored from before; how many.

    Nothing while it is read only: it may come back from elsewhere.
    """
    with house.pool.connection() as conn:
        if not erase.unsaid(conn) or reopen.sealed(conn):
            return 0
    with follow.connected(house.url) as views:
        follow.catch_up(views)
    with house.pool.connection() as conn:
        lost = conn.execute(_LOST).fetchall()
    for of, subject, basis, erased_at in lost:
        people.done(house, operator(house), _command(of, subject, basis, erased_at))
    return len(lost)


_LOST: Final = f"""{_KNOWN}
SELECT DISTINCT ON (e.subject) k.tag, k.subject, e.basis, e.erased_at FROM vault.erased e JOIN known k ON k.subject = e.subject::text
WHERE NOT EXISTS (SELECT FROM ledger.tags t WHERE t.tag = 'subject:' || k.subject AND t.kind = 'subject-erased.v1')"""
