"""C2SP tlog-policy: whose signatures count, which logs are believed, and how many witnesses must have seen a checkpoint."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger import checkpoint, ed25519, note
from ledger.checkpoint import Checkpoint
from ledger.merkle import Unproven
from ledger.note import LOG, WITNESS, Key, Malformed, Verify, decimal

NONE: Final = "none"


class TooFew(Unproven):
    """Fewer witnesses saw a checkpoint than the policy asks for: who did, how many are needed, and of how many."""

    def __init__(self, names: Collection[str], needed: int, of: int) -> None:
        super().__init__(f"seen by {len(names)} of {of} witnesses ({', '.join(names) or 'none'}), {needed} are needed")
        self.names, self.needed, self.of = tuple(names), needed, of


class Group(NamedTuple):
    """So many of these, each a witness or a further group."""

    needed: int
    members: tuple[str, ...]


class Seen(NamedTuple):
    """A checkpoint that a policy accepts: which key of the log signed it, and who saw it when (names of the policy, seconds since 1970)."""

    checkpoint: Checkpoint
    log: Key
    witnesses: dict[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs and witnesses with their addresses, groups of witnesses, and the name that must have seen a checkpoint."""

    logs: tuple[tuple[Key, str | None], ...]
    witnesses: Mapping[str, tuple[Key, str | None]]
    groups: Mapping[str, Group]
    quorum: str

    @classmethod
    def of(cls, log: Key) -> "Policy":
        """The policy that believes a log alone, whoever saw it."""
        return cls(((log, None),), {}, {}, NONE)

    def satisfied(self, names: Collection[str]) -> bool:
        """Whether the quorum is reached where the witnesses of these names cosigned."""
        return self.quorum == NONE or self._reached(self.quorum, names)

    def _reached(self, name: str, names: Collection[str]) -> bool:
        group = self.groups.get(name)
        return name in names if group is None else sum(self._reached(each, names) for each in group.members) >= group.needed

    def count(self) -> tuple[int, int]:
        """With how many witnesses the quorum can be reached at the least, and how many there are for it."""
        return self._least(self.quorum), len(self.members())

    def members(self) -> set[str]:
        """The witnesses that count for the quorum."""
        return self._members(self.quorum)

    def _members(self, name: str) -> set[str]:
        group = self.groups.get(name)
        return {name} - {NONE} if group is None else {member for each in group.members for member in self._members(each)}

    def _least(self, name: str) -> int:
        group = self.groups.get(name)
        return int(name != NONE) if group is None else sum(sorted(map(self._least, group.members))[: group.needed])

    def seen(self, signed: bytes, verify: Verify = ed25519.verify) -> Seen:
        """A signed checkpoint that this policy accepts.

        Raises Malformed, Unsigned and BadSignature; TooFew where too few witnesses saw it.
        """
        names = {key: name for name, (key, _) in self.witnesses.items()}
        text = note.parse(signed).text
        head = checkpoint.parse(text)
        logs = [key for key, _ in self.logs if key.name == head.origin]
        verified = dict(note.opened(signed, [*logs, *names], verify).verified)
        log = next((key for key in logs if key in verified), None)
        if log is None:
            raise note.Unsigned(f"no log of the policy signed the checkpoint of {head.origin}")
        witnesses = {names[key]: checkpoint.cosigned_at(signature) for key, signature in verified.items() if key in names}
        if not self.satisfied(witnesses):
            raise TooFew([name for name in witnesses if name in self.members()], *self.count())
        return Seen(head, log, witnesses)


def parse(text: str) -> Policy:
    """The policy of a policy file. Raises Malformed, which names the line."""
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in re.split("[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            reading.line(line, *words)
        except Malformed as malformed:
            raise Malformed(f"line {number} of the policy: {malformed}") from None
    if reading.quorum is None:
        raise Malformed("the policy has no quorum line; `quorum none` asks for no witness")
    return Policy(tuple(reading.logs), reading.witnesses, reading.groups, reading.quorum)


class _Reading:
    """What is read of a policy so far."""

    def __init__(self) -> None:
        self.logs: list[tuple[Key, str | None]] = []
        self.witnesses: dict[str, tuple[Key, str | None]] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._in_a_group: set[str] = set()

    def line(self, line: str, *words: str) -> None:
        if re.search("[\x00-\x08\x0a-\x1f\x7f]", line):
            raise Malformed("it has a control character in it")
        match words:
            case ("log", vkey):
                self._log(vkey, None)
            case ("log", vkey, url):
                self._log(vkey, url)
            case ("witness", name, vkey):
                self._witness(name, vkey, None)
            case ("witness", name, vkey, url):
                self._witness(name, vkey, url)
            case ("group", name, needed, *members) if members:
                self._group(name, needed, members)
            case ("quorum", name):
                if self.quorum is not None:
                    raise Malformed("a second quorum")
                self.quorum = name if name == NONE else self._known(name)
            case _:
                raise Malformed(f"{' '.join(words)[:80]!r} is not a line of a policy")

    def _log(self, vkey: str, url: str | None) -> None:
        self.logs.append((_key(vkey, LOG, (key for key, _ in self.logs)), url))

    def _witness(self, name: str, vkey: str, url: str | None) -> None:
        self.witnesses[self._free(name)] = (_key(vkey, WITNESS, (key for key, _ in self.witnesses.values())), url)

    def _group(self, name: str, needed: str, members: list[str]) -> None:
        for each in members:
            if self._known(each) in self._in_a_group:
                raise Malformed(f"{each} is a member twice")
            self._in_a_group.add(each)
        least = {"any": 1, "all": len(members)}.get(needed) or decimal(needed)
        if not 1 <= least <= len(members):
            raise Malformed(f"{least} of {len(members)} members")
        self.groups[self._free(name)] = Group(least, tuple(members))

    def _known(self, name: str) -> str:
        if name not in self.witnesses and name not in self.groups:
            raise Malformed(f"{name} is no witness and no group of the lines above")
        return name

    def _free(self, name: str) -> str:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise Malformed(f"the name {name} is taken")
        return name


def _key(vkey: str, kind: int, others: Iterable[Key]) -> Key:
    key = Key.parse(vkey)
    if key.type != kind:
        raise Malformed(f"the key of {key.name} is of type {key.type}, not {kind}")
    if key.public in {each.public for each in others}:
        raise Malformed(f"the key of {key.name} stands there twice")
    return key
