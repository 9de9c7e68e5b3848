"""Print, void and reprint labels: as commands, and as files that a printer takes. What the command line and the office share."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from pydantic import ValidationError

from api import labelkeys
from api.access import Actor
from api.giving import give
from api.house import House
from api.people import NotDone
from api.printing import Batch, batch, serials
from api.problems import unreadable
from domain.label import LONG, MOST_PRINTED, MOST_REPLACED, MOST_VOIDED
from domain.values import Command
from domain.vocabulary import COMMANDS
from labels.link import MISREAD
from ledger.decision import Denied
from projections import labels as views

_WAIT_SECONDS: Final = 60.0
_TURNS: Final = 3
"""How often serials are drawn anew where one was given before: of a million labels that happens once in a hundred times."""


def parts(numbers: Sequence[str], most: int) -> Iterator[list[str]]:
    """Serials in lists that one command takes."""
    return (list(numbers[at : at + most]) for at in range(0, len(numbers), most))


def typed_serials(written: Iterable[str]) -> list[str]:
    """Serials as people type them, each once: in two groups as labels print them, in small letters, with an O for a 0, with commas."""
    joined: list[str] = []
    for word in re.split(r"[\s,;]+", " ".join(written).upper().translate(MISREAD).strip()):
        half = len(word) == LONG // 2 and joined and len(joined[-1]) == LONG // 2
        joined[-1:] = [joined[-1] + word] if half else [*joined[-1:], word]
    return [each for each in dict.fromkeys(joined) if each]


class Unasked(ValueError):
    """What was asked cannot be printed; says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What labels are wanted: of a lot (sack, pallet, sample), a container, or a farmer's card. `id` is the bare id, `book` its book.

    `kg`: what stands on each as its net weight; `public`: a lot's page may be opened before the lot is in a container; `sscc`: the number
    of one pallet; `issuer`: who gives a card, a bare id.
    """

    sort: str
    id: str
    book: str = "main"
    kg: str = ""
    gtin: str = ""
    sscc: str = ""
    public: bool = False
    issuer: str = ""

    def bodies(self, numbers: Sequence[str], kid: int | None, at: str) -> Iterator[dict[str, Any]]:
        """The commands that print so many labels, without their ids."""
        shared: dict[str, Any] = {"book": self.book, "printed_at": at} | ({} if kid is None else {"kid": kid})
        for some in parts(numbers, MOST_PRINTED):
            yield self._body(some) | shared

    def _body(self, numbers: list[str]) -> dict[str, Any]:
        if self.sort == "container":
            of: dict[str, Any] = {"do": "print-container-labels", "container_no": self.id, "serials": numbers}
            return of | ({"sscc": self.sscc} if self.sscc else {})
        if self.sort == "card":
            return {"do": "print-card", "issuer_id": self.issuer, "party_id": self.id, "serials": numbers}
        further = {"gtin": self.gtin, "sscc": self.sscc, "net_kg": self.kg}
        of = {"do": "print-lot-labels", "lot_id": self.id, "sort": self.sort, "serials": numbers, "public": self.public}
        return of | {name: value for name, value in further.items() if value}


def print_labels(house: House, actor: Actor, wanted: Wanted, count: int, *, signed: bool = True) -> list[int]:
    """Record that so many labels are printed, as one act; the positions of its entries. Raises NotDone, Unasked."""
    if wanted.sort == "card" and count != 1:
        raise Unasked("a farmer has one card: print it once")
    if wanted.sscc and count != 1:
        raise Unasked("an SSCC is the number of one pallet or container: print it once")
    kid, at = labelkeys.current(house) if signed else None, house.now()
    for turn in range(_TURNS):
        numbers = [wanted.sscc] if wanted.sscc else serials(count)
        try:
            return _given(house, actor, wanted.bodies(numbers, kid, at))
        except NotDone as refused:
            if wanted.sscc or refused.denied.code != "duplicate-id" or turn == _TURNS - 1:
                raise
    raise AssertionError


def void(house: House, actor: Actor, numbers: Sequence[str], reason: str) -> list[int]:
    """Say of labels that they no longer count; the positions. Raises NotDone, Unasked."""
    at = house.now()
    bodies = ({"do": "void-labels", "serials": some, "reason": reason, "voided_at": at} for some in parts(numbers, MOST_VOIDED))
    return _given(house, actor, bodies)


def reprint(house: House, actor: Actor, numbers: Sequence[str], reason: str, *, signed: bool = True) -> list[int]:
    """Record new labels in place of others, those of each printing apart, all as one act; the positions. Raises NotDone, Unasked."""
    with house.reading(actor.org) as conn:
        found = {row.serial: row for row in views.labels(conn, list(numbers))}
    if lost := [each for each in numbers if each not in found]:
        raise Unasked(f"no label {lost[0]} was ever printed")
    kid, at = labelkeys.current(house) if signed else None, house.now()
    of: dict[int, list[str]] = {}
    for each in numbers:
        of.setdefault(found[each].printing, []).append(each)
    cut = [(printing, some) for printing, olds in of.items() for some in parts(olds, MOST_REPLACED)]
    return _given(house, actor, (reprinting(printing, olds, serials(len(olds)), reason, kid, at) for printing, olds in cut))


def reprinting(printing: int, olds: list[str], news: list[str], reason: str, kid: int | None, at: str) -> dict[str, Any]:
    """The command that replaces labels, without its id."""
    body = {"do": "reprint-labels", "printing": printing, "replaced": olds, "serials": news, "reason": reason, "printed_at": at}
    return body | ({} if kid is None else {"kid": kid})


def batches(house: House, org: str | None, positions: Iterable[int]) -> list[Batch]:
    """The labels that some entries recorded, as they are drawn. Raises Unsignable, Unasked where an entry recorded none that one sees."""
    made: list[Batch] = []
    for position in positions:
        with house.reading(org) as conn:
            rows = views.of_entry(conn, position)
        if not rows:
            raise Unasked(f"entry {position} printed no labels")
        made.append(batch(house, rows))
    return made


def _given(house: House, actor: Actor, bodies: Iterable[dict[str, Any]]) -> list[int]:
    try:
        commands: list[Command] = [COMMANDS.validate_python({"id": uuid4(), **body}) for body in bodies]
    except ValidationError as error:
        raise Unasked(str(unreadable(error))) from None
    answers = give(house, actor, commands, whole=True)
    positions: list[int] = []
    for answer in answers:
        if isinstance(answer, Denied):
            raise NotDone(answer)
        positions += answer.positions
    house.follower.wait_for(max(positions), _WAIT_SECONDS)
    return positions
