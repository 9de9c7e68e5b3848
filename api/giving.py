"""Give commands in an actor's name: what they may not give, or what is not theirs, is refused; the rest is decided by the ledger.

Page, office and machine all come through here.
"""

from collections.abc import Sequence
from typing import Final

from api import erased
from api.access import Actor
from api.guard import Guard
from api.house import House
from domain.erasure import EraseSubject
from domain.values import Command
from ledger.act import Act
from ledger.decision import Accepted, Answer, Denied, Repeated

WAIT_SECONDS: Final = 5.0
TAKEN: Final = "the command {id} was accepted before, with other content"


def give(house: House, actor: Actor, commands: Sequence[Command], *, whole: bool = False) -> list[Answer]:
    """One answer a command, in order; with `whole`, all or none, and one refusal alone. Blocks.

    Raises ledger.act.Unavailable.
    """
    guard = Guard(actor, house.now())
    _look(house, guard, commands)
    return _whole(house, guard, commands) if whole else _each(house, guard, commands)


def _whole(house: House, guard: Guard, commands: Sequence[Command]) -> list[Answer]:
    for at, command in enumerate(commands):
        if denied := guard.denies(command):
            return [Denied(denied.code, denied.template, denied.values, at)]
        guard.claims(command)
    return _submit(house, guard.actor, commands, whole=True)


def _each(house: House, guard: Guard, commands: Sequence[Command]) -> list[Answer]:
    """In stretches: what rests on something made earlier in the list waits until that was accepted, so that nothing is taken as theirs
    because they said so.
    """
    answers: list[Answer] = []
    stretch: list[Command] = []
    made: set[str] = set()

    def settle() -> None:
        if stretch:
            for command, answer in zip(stretch, _submit(house, guard.actor, stretch), strict=True):
                answers.append(answer)
                if isinstance(answer, Accepted):
                    guard.claims(command)
            stretch.clear()
            made.clear()

    for command in commands:
        if made & guard.open(command):
            settle()
        denied = guard.denies(command)
        if denied is None:
            stretch.append(command)
            made |= guard.makes(command)
        else:
            settle()
            answers.append(denied)
    settle()
    return answers


def _submit(house: House, actor: Actor, commands: Sequence[Command], *, whole: bool = False) -> list[Answer]:
    """The ledger's answers. A repeat is told to the organisation whose command it was; to another one the id is taken, and no more."""
    answers = house.writer.submit(Act(commands, actor.name, actor.org or commands[0].book, whole=whole)).result()
    done = [command for command, answer in zip(commands, answers, strict=False) if not isinstance(answer, Denied)]
    if gone := [command for command in done if isinstance(command, EraseSubject)]:
        erased.finish(house.settings, house.url, [command.user_id for command in gone if command.user_id])
    repeats = [at for answer in answers if isinstance(answer, Repeated) for at in answer.positions]
    if actor.org is None or not repeats:
        return answers
    with house.pool.connection() as conn:
        others = {at for (at,) in conn.execute(_OF_OTHERS, (repeats, actor.org))}
    return [
        Denied("duplicate-id", TAKEN, {"id": str(command.id)})
        if isinstance(answer, Repeated) and others & set(answer.positions)
        else answer
        for command, answer in zip(commands, answers, strict=False)  # an act that is refused has one answer
    ]


_OF_OTHERS: Final = """
SELECT position FROM ledger.entries WHERE position = ANY(%s) AND convert_from(line, 'UTF8')::jsonb ->> 'org' IS DISTINCT FROM %s"""


def _look(house: House, guard: Guard, commands: Sequence[Command]) -> None:
    """Look for all that is touched; what is not theirs by the views is looked for once more when these show all that the ledger has."""
    wanted = guard.unseen(commands)
    if not wanted:
        return
    with house.pool.connection() as conn:
        guard.look(conn, wanted)
        if not any(guard.denies(command) for command in commands):
            return
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    if row and house.follower.wait_for(row[0], WAIT_SECONDS):
        with house.pool.connection() as conn:
            guard.look(conn, wanted)
