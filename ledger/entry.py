"""A fact in its envelope, and its one spelling in bytes: what is stored is what is hashed, signed and served."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid5

import orjson

from domain.values import Command, Fact, Moment, plain
from domain.vocabulary import FACTS

VERSION: Final = 1
MOST_BYTES: Final = 65_535
"""The largest entry that a C2SP tile can carry."""
_FAR: Final = 1_000_000
_ROWS: Final = UUID("6f1c3a52-6c1b-5b0e-9d53-1f2a8c0e7b11")

LIFTS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""Old kind -> how its fact is read today. Every reader goes through `fact_of`, so an old entry is never rewritten."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger, read: `line` is the stored bytes; `fact` its content with `kind`, in the newest shape."""

    position: int
    kind: str
    tags: tuple[str, ...]
    line: bytes
    fact: dict[str, Any]
    at: Moment
    seen: str
    by: str
    org: str
    id: str


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value without floats
    """RFC 8785 bytes of a value that holds no floats: for those, sorted compact JSON is the same."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def content(command: Command) -> bytes:
    """The content of a command that is not personal, one spelling for equal values: what `the same content` means."""
    public = command.model_dump(exclude={"id", *command.personal})
    return orjson.dumps(public, default=_plain, option=orjson.OPT_SORT_KEYS)


def personal(command: Command) -> bytes | None:
    """The personal content of a command, one spelling for equal values; None where it has none."""
    if not command.personal:
        return None
    return orjson.dumps(_positions_only(command.model_dump(include=set(command.personal))), default=_plain, option=orjson.OPT_SORT_KEYS)


def _positions_only(value: dict[str, Any]) -> dict[str, Any]:
    """A geometry by its positions alone: altitude and further members do not count, nor does how a number was written."""
    if "geometry" not in value:
        return value
    geometry = value["geometry"] if isinstance(value["geometry"], dict) else {}
    sort = geometry.get("type")
    return {"geometry": {"type": sort if sort in ("Point", "Polygon") else None, "coordinates": _flat(geometry.get("coordinates"), 3)}}


def _flat(coordinates: Any, depth: int) -> Any:  # noqa: ANN401 - coordinates nest
    if not depth or not isinstance(coordinates, list | tuple):
        return None
    if coordinates and all(isinstance(each, int | float | Decimal) for each in coordinates):
        return [float(each) if -_FAR < each < _FAR else None for each in coordinates[:2]]
    return [_flat(each, depth - 1) for each in coordinates]


def _plain(value: Any) -> str:  # noqa: ANN401 - what orjson does not know
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value).__name__} has no spelling")


def digest(command_content: bytes) -> bytes:
    """What is compared when an id comes back."""
    return sha256(command_content).digest()


def row_id(file: str, command_content: bytes) -> UUID:
    """UUIDv5 of an imported row: its file and those cells that are not personal (the book is among them)."""
    return uuid5(_ROWS, f"{file}\n{command_content.decode()}")


def spell(command: Command, do: str, fact: Fact, position: int, seen: str, by: str, org: str) -> tuple[str, list[str], bytes]:
    """Kind, tags and line of the entry that will stand at `position`. Raises ValueError above 65,535 bytes."""
    body = fact.model_dump()
    kind = body.pop("kind")
    tags = list(dict.fromkeys(fact.tags(position)))  # who sells to itself is named once
    line = canonical(
        {
            "v": VERSION,
            "id": str(command.id),
            "n": 0,
            "do": do,
            "kind": kind,
            "at": fact.happened(),
            "seen": seen,
            "by": by,
            "org": org,
            "fact": body,
            "tags": tags,
        }
    )
    if len(line) > MOST_BYTES:
        raise ValueError(f"an entry of {len(line)} bytes: at most {MOST_BYTES}")
    return kind, tags, line


def read(position: int, line: bytes) -> Entry:
    """An entry from its stored bytes."""
    body = orjson.loads(line)
    fact = fact_of(body)
    return Entry(position, fact["kind"], tuple(body["tags"]), line, fact, body["at"], body["seen"], body["by"], body["org"], body["id"])


def fact_of(body: dict[str, Any]) -> dict[str, Any]:
    """The fact of an envelope with its kind, lifted to the newest shape."""
    fact = body["fact"]
    fact["kind"] = body["kind"]
    lift = LIFTS.get(body["kind"])
    return fact if lift is None else lift(fact)


def typed(fact: dict[str, Any]) -> Fact:
    """The fact as the domain knows it."""
    known: Fact = FACTS.validate_python(fact, strict=False)
    return known


def now(clock: datetime) -> str:
    """A moment of writing, RFC 3339 in UTC to the microsecond: text order is time order."""
    return clock.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
