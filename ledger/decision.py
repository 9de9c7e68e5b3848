"""One batch of decisions: commands against the states at hand, and what their commit will hold."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final
from uuid import UUID

from domain.annulment import AboutEntry, FactAnnulled, Written
from domain.erasure import SubjectErased
from domain.values import Command, Fact, Moment, Refused, Sealed, bare, found
from domain.vocabulary import decide, listens
from ledger import erase
from ledger.entry import content, digest, personal, read, spell
from ledger.memory import Memory, folded
from ledger.schema import Connection
from ledger.store import UNKNOWN, Head, Record, Rows, Store, Taken
from ledger.vault import ANNULLED, ERASED, SEALED, SUBJECTS, Vault
from ledger.written import look_up

PERU: Final = timezone(timedelta(hours=-5))
AHEAD: Final = timedelta(minutes=5)
"""How far a device's clock may run ahead of the server's."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The command was accepted now: the positions of its facts."""

    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """The command was accepted before with the same content: the positions of its facts then."""

    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """The command was refused: a code, a sentence with its values apart, and which of an act's commands it was."""

    code: str
    template: str
    values: dict[str, str]
    at: int = 0

    def sentence(self) -> str:
        """The sentence in English."""
        return self.template.format(**self.values)


Answer = Accepted | Repeated | Denied


def moment_of(clock: datetime) -> Moment:
    """The latest moment that is not in the future: the server's clock and five minutes, at Peru's offset."""
    return (clock + AHEAD).astimezone(PERU).isoformat(timespec="seconds")


@dataclass(slots=True)
class Batch:
    """What one commit will hold, growing decision by decision.

    `unsure`: it may have been appended before the connection was lost. `rehearsed`: earlier batches may stand in no store.
    """

    store: Store
    vault: Vault
    memory: Memory
    head: Head
    known: dict[UUID, Taken]
    seen: str
    unsure: bool = False
    rehearsed: bool = False
    records: list[Record] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    rows: Rows = field(default_factory=dict)
    _fresh: dict[UUID, tuple[Taken, bytes | None]] = field(default_factory=dict)
    _keys: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seen = max(self.seen, self.head.seen)

    def mark(self) -> tuple[int, int, int, dict[str, int]]:
        """A point to come back to."""
        return self.memory.mark(), len(self.records), len(self.taken), {table: len(rows) for table, rows in self.rows.items()}

    def back_to(self, mark: tuple[int, int, int, dict[str, int]]) -> None:
        """Take back all that was decided since the mark."""
        states, records, taken, rows = mark
        self.memory.back_to(states)
        for each in self.taken[taken:]:
            self._fresh.pop(each.id, None)
        del self.records[records:], self.taken[taken:]
        for table, values in self.rows.items():
            del values[rows.get(table, 0) :]

    def add(self, rows: Rows) -> None:
        """Further rows for the same commit."""
        for table, values in rows.items():
            self.rows.setdefault(table, []).extend(values)

    def advanced(self) -> Head:
        """The head as if the batch had been appended (its hashes are of nobody's interest)."""
        return Head(self.head.range.extend(b"" for _ in self.records), self.seen)

    def given(self, records: Sequence[Record], condition: Callable[[Connection, Head, Sequence[Record]], None] | None) -> list[Answer]:
        """Records that are decided already; `condition` raises where they may not be appended."""
        if condition:
            condition(self.store.conn, self.head, self.records)
        first = self._next()
        self.records.extend(records)
        return [Accepted(tuple(range(first, self._next())))]

    def act(self, commands: Sequence[Command], by: str, org: str, as_of: Moment, *, whole: bool) -> list[Answer]:
        """One answer a command; where all or none are wanted and one is refused, that refusal alone."""
        mark = self.mark() if whole else None
        answers: list[Answer] = []
        for at, command in enumerate(commands):
            answer = self._answer(command, by, org, as_of)
            if mark and isinstance(answer, Denied):
                self.back_to(mark)
                return [Denied(answer.code, answer.template, answer.values, at)]
            answers.append(answer)
        return answers

    def _next(self) -> int:
        return self.head.size + len(self.records) + 1

    def _answer(self, command: Command, by: str, org: str, as_of: Moment) -> Answer:
        about, kept = digest(content(command)), personal(command)
        if before := self._before(command, about, kept):
            return before
        position = self._next()
        try:
            fact, org = self._decided(command, position, org, as_of, kept)
        except Refused as refused:
            return Denied(refused.code, refused.template, refused.values)
        kind, tags, line = spell(command, command.do, fact, position, self.seen, by, org)  # type: ignore[attr-defined]
        self.records.append(Record(kind, tags, line))
        self.taken.append(Taken(command.id, position, 1, about))
        self._fresh[command.id] = self.taken[-1], kept
        if isinstance(fact, FactAnnulled):
            self.memory.put(self._folded_again(tags))
        else:
            self.memory.apply(fact, tags, position)
        return Accepted((position,))

    def _decided(self, command: Command, position: int, org: str, as_of: Moment, kept: bytes | None) -> tuple[Fact, str]:
        """The fact, and for whom it is written."""
        if isinstance(command, AboutEntry):
            return self._about(command, as_of)
        fact = decide(command, self.memory.states, as_of)  # type: ignore[arg-type]
        if isinstance(fact, SubjectErased):
            return self._erased(fact), org
        return (fact if kept is None else self._sealed(fact, command, position, org, kept)), org

    def _about(self, command: AboutEntry, as_of: Moment) -> tuple[Fact, str]:
        """What is said about an entry is written for the organisation whose entry it is. What was sealed for it is opened no more."""
        if self.rehearsed:
            raise Refused("not-annullable", "a rehearsal keeps nothing, so it neither annuls nor questions")
        key = str(command.position)
        states = {f"{Written.tag}:{key}": look_up(self.store.conn, self.head.size, self.records, command.position)}
        fact: Fact = decide(command, states, as_of)  # type: ignore[arg-type]
        written = found(states, Written, key)
        if isinstance(fact, FactAnnulled) and isinstance(written.fact, Sealed):
            self.add({ANNULLED: [(written.position, written.fact.whose() or written.org)]})
        return fact, written.org

    def _folded_again(self, tags: Sequence[str]) -> dict[str, Any]:
        """The states at hand under some tags, from all that stands in the store and all that will follow it."""
        wanted = {tag: listens(tag) for tag in tags if tag in self.memory.states}
        _, stored = self.store.known([], wanted, self.head.size)
        placed = enumerate(self.records, self.head.size + 1)
        pending = [(tag, at, each.line) for at, each in placed for tag in each.tags if each.kind in wanted.get(tag, ())]
        return folded(wanted, [(tag, read(at, line)) for tag, at, line in stored + pending])

    def _before(self, command: Command, about: bytes, kept: bytes | None) -> Answer | None:
        """The answer to an id that is taken; None where it is free."""
        if command.id in self._fresh:
            taken, then = self._fresh[command.id]
            same = taken.digest == about and then == kept
        elif command.id in self.known:
            taken = self.known[command.id]
            same = taken.digest in (about, UNKNOWN) and (kept is None or self.vault.same(self.store.conn, command.id, kept))
        else:
            return None
        if not same:
            return Denied("duplicate-id", "the command {id} was accepted before, with other content", {"id": str(command.id)})
        positions = tuple(range(taken.first, taken.first + taken.count))
        return Accepted(positions) if self.unsure and command.id in self.known else Repeated(positions)

    def _sealed(self, fact: Fact, command: Command, position: int, org: str, kept: bytes) -> Fact:
        """Put the personal part away: under a subject of its own, or under the one that the fact names."""
        if not isinstance(fact, Sealed):
            raise TypeError(f"{type(fact).__name__} has no personal part")
        under = fact.under()
        subject, key = self._new_subject() if under is None else self._subject(under)
        seal, sealed = self.vault.seal(key, subject, fact.tags(position)[0], position, command.id, fact.whose() or org, kept)
        self.add({SEALED: [sealed]})
        return fact.model_copy(update={"seal": seal})

    def _erased(self, fact: SubjectErased) -> SubjectErased:
        """Have key, salts and content destroyed in the same commit; whose subject it was the vault knows, where the command names none."""
        of = fact.of or erase.owner(self.store.conn, fact.subject)
        if of is None:
            raise Refused("unknown-subject", "nothing is put away under subject {id}", id=fact.subject)
        self.add({ERASED: [(UUID(fact.subject), fact.basis, fact.erased_at)]})
        return fact.model_copy(update={"of": of})

    def _new_subject(self) -> tuple[str, bytes]:
        subject, key, row = self.vault.new_subject()
        self.add({SUBJECTS: [row]})
        self._keys[subject] = key
        return subject, key

    def _subject(self, tag: str) -> tuple[str, bytes]:
        """The subject that the state under a tag knows, and its key."""
        subject = str(self.memory.states[tag].subject)
        if subject not in {str(erased) for erased, *_ in self.rows.get(ERASED, ())}:
            with suppress(LookupError):
                self._keys[subject] = self._keys.get(subject) or self.vault.key(self.store.conn, subject)
                return subject, self._keys[subject]
        raise Refused("erased", "the data of {id} were erased", id=bare(tag))
