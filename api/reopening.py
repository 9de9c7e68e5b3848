"""`cacao reopen`: after a restore, compare what is here with every signed head that can be found; then write on, or say what is missing.

Heads are looked for in the file of the last signed head, at the witnesses, in a mirror, and in files that somebody kept. What the log's
key did not sign is not believed.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

import psycopg

from api import people, terminal
from api.fetching import Line, NoAnswer
from api.house import House
from api.people import operator
from api.publishing import last_signed, signer
from api.witnesses import BadPolicy, configured
from domain.opening import OpenLog
from ledger import log, reopen
from ledger.checkpoint import Checkpoint
from ledger.checkpoint import parse as parse_checkpoint
from ledger.crypto import verify
from ledger.entry import now
from ledger.log import Diverged
from ledger.merkle import Unproven
from ledger.mirror import Incomplete, Mirror
from ledger.note import BadSignature, Key, Malformed, Unsigned, opened
from ledger.note import parse as parse_note

MOST_BYTES: Final = 100_000
"""Of a checkpoint that a witness shows."""


class Known(NamedTuple):
    """A head that was signed: where it was found, and the note itself."""

    where: str
    head: Checkpoint
    note: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What whoever restores has at hand: a mirror, checkpoints they kept, and what may be done where all of it is not enough."""

    mirror: Path | None = None
    checkpoints: Sequence[Path] = ()
    new_origin: str | None = None
    never_signed: bool = False


NOTHING: Final = Wanted()


@dataclass(slots=True)
class Outcome:
    """What was found and done: exit code, sentences, and the same for machines."""

    code: int = 0
    said: list[str] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)

    def say(self, code: int, *sentences: str) -> "Outcome":
        """The same, with more said; the worst code stands."""
        self.code = max(self.code, code)
        self.said += sentences
        return self


def compared(house: House, wanted: Wanted) -> Outcome:
    """Compare, and open what may be opened. Code 0: it is written on; 1: it stays read only; 2: it could not be looked at."""
    with closing(psycopg.connect(house.url, autocommit=True)) as conn:
        try:
            return _reopened(house, conn, wanted)
        except (Diverged, Unproven, Incomplete, Malformed, BadSignature, Unsigned, BadPolicy, OSError, people.NotDone) as failure:
            return Outcome(2, [f"cacao: {failure}"])


def run(house: House, wanted: Wanted, *, as_json: bool) -> int:
    """Compare and tell; the exit code is the outcome's."""
    outcome = compared(house, wanted)
    if as_json:
        terminal.data({"code": outcome.code, "said": outcome.said, **outcome.found})
    else:
        for each in outcome.said:
            terminal.say(each)
    return outcome.code


def _reopened(house: House, conn: reopen.Connection, wanted: Wanted) -> Outcome:
    if not reopen.sealed(conn):
        return Outcome(0, ["This ledger is open: there is nothing to compare."])
    key, outcome = _key(house, wanted), Outcome()
    heads = list(_heads(house, key, wanted, outcome))
    here = reopen.size(conn)
    outcome.found |= {"size": here, "heads": [{"where": each.where, "size": each.head.size} for each in heads]}
    if not heads and key is not None and not wanted.never_signed:
        return outcome.say(
            1, "No signed head was found, so nothing shows that this is all there was: name one with --checkpoint, or a --mirror.",
            "Where this log was never signed (it was never served), --never-signed opens it.",
        )  # fmt: skip
    with terminal.bar("entries", here) as progress:
        other = reopen.differing(conn, [each.head for each in heads if each.head.size <= here], progress)
    if other:
        outcome.say(1, f"What is here is not what was signed: the first {other[0].size:,} entries have another root. Restore another copy.")
    last = max(heads, key=lambda each: each.head.size, default=None)
    if last is not None and last.head.size > here and not other:
        _tail(conn, last, wanted, outcome)
    if outcome.code and wanted.new_origin and last is not None:
        return _under_a_new_name(house, conn, last, wanted.new_origin, here)
    if outcome.code:
        return outcome
    if last is not None and last_signed(house).read() is None:
        last_signed(house).swap(None, last.note)
    reopen.unseal(conn)
    return outcome.say(0, f"What is here goes on from what was signed, {reopen.size(conn):,} entries: it is open for writing.")


def _key(house: House, wanted: Wanted) -> Key | None:
    """The log's key; None where it is gone, and only for a log that was never signed, or is closed because of that. Raises Diverged."""
    if house.settings.log_key.exists():
        return signer(house).key
    with house.pool.connection() as conn:
        signed = log.newest(conn, house.settings.origin) is not None or last_signed(house).read() is not None
    return signer(house).key if signed and not wanted.new_origin else None


def _heads(house: House, key: Key | None, wanted: Wanted, outcome: Outcome) -> Iterator[Known]:
    """Every head that was signed and can be found. Raises Malformed, Unsigned, BadSignature for what cannot be believed."""
    for where, note in _notes(house, wanted, outcome):
        head = parse_checkpoint(opened(note, [key], verify).text if key else parse_note(note).text)
        if head.origin == house.settings.origin:
            yield Known(where, head, note)


def _notes(house: House, wanted: Wanted, outcome: Outcome) -> Iterator[tuple[str, bytes]]:
    if (kept := last_signed(house).read()) is not None:
        yield "the file of the last signed head", kept
    with house.pool.connection() as conn:
        if (kept := log.newest(conn, house.settings.origin)) is not None:
            yield "the backup", kept
    for file in wanted.checkpoints:
        yield str(file), file.read_bytes()
    if wanted.mirror and (note := Mirror(wanted.mirror).note()):
        yield "the mirror", note
    place = f"/{sha256(house.settings.origin.encode()).hexdigest()}/checkpoint"
    for name, (_, url) in configured(house).witnesses.items():
        if url is None:
            continue
        try:
            with closing(Line(url, MOST_BYTES)) as line:
                answer = line.ask("GET", place)
        except NoAnswer:
            outcome.say(0, f"The witness {name} did not answer: what it saw is not compared.")
            continue
        if answer.status == 200:  # noqa: PLR2004 - anything else: it has seen nothing
            yield f"the witness {name}", answer.body


def _tail(conn: reopen.Connection, last: Known, wanted: Wanted, outcome: Outcome) -> None:
    """What was signed and is not here comes back from the mirror, where it has it."""
    here = reopen.size(conn)
    missing = (
        f"A head of {last.head.size:,} entries was signed ({last.where}), and {here:,} are here: {last.head.size - here:,} are missing."
    )
    mirror = Mirror(wanted.mirror) if wanted.mirror else None
    held = mirror.checkpoint() if mirror else None
    if mirror is None or held is None or held.size < last.head.size:
        outcome.say(
            1, missing, "Bring them back with --mirror FOLDER (what `cacao mirror` made). Where nobody has them, --new-origin NAME closes"
            " this log and opens another one, whose first entry says so.",
        )  # fmt: skip
        return
    with terminal.bar("missing entries", held.size - here) as progress:
        count = reopen.bring_back(conn, mirror.entries(here, held.size), held, progress)
    outcome.found |= {"brought_back": count}
    outcome.say(
        0, missing, f"{count:,} came back from the mirror, and lead to the root that was signed. Names and boundaries that were sealed with"
        " them are not in a mirror: enter them again.",
    )  # fmt: skip


def _under_a_new_name(house: House, conn: reopen.Connection, last: Known, name: str, here: int) -> Outcome:
    """Close the log at its last signed head, and open another one, whose first entry names it.

    What survives a crash: until the entry is written the old key and head stay where they are, and nothing else is signed.
    """
    command = OpenLog.model_validate(
        {
            "id": uuid4(), "origin": name, "closed_origin": last.head.origin, "closed_size": str(last.head.size), "kept": str(here),
            "closed_root": last.head.root.hex(), "opened_at": house.now(),
        }, strict=False,
    )  # fmt: skip
    reopen.unseal(conn)
    position = people.done(house, operator(house), command)
    conn.execute(
        "INSERT INTO log.checkpoints VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (last.head.origin, last.head.size, last.note, now(datetime.now(UTC))),
    )
    for path in _of_the_old(house):
        path.rename(path.with_name(f"{path.name}.closed-{sha256(last.head.origin.encode()).hexdigest()[:8]}"))
    lost = last.head.size - here
    return Outcome(
        0,
        [
            f"The log {last.head.origin} is closed at {last.head.size:,} entries; {max(lost, 0):,} of them are lost.",
            f"Entry {position:,} opens the log {name}: set CACAO_ORIGIN={name}, publish its new key, and tell all who held the old one.",
        ],
        {"opened": name, "position": position, "closed": last.head.origin, "lost": lost},
    )


def _of_the_old(house: House) -> Iterable[Path]:
    return [path for path in (house.settings.last_signed, house.settings.log_key) if path.exists()]
