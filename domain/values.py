"""The words the domain is written in: values that cannot hold nonsense, and how it says no."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal, Protocol, TypeVar, get_args
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

Code = Literal[
    "malformed",
    "unknown-party", "unknown-plot", "unknown-lot", "unknown-nursery-lot", "unknown-budwood", "unknown-handout", "unknown-graft",
    "unknown-container", "unknown-label", "unknown-label-key", "unknown-share", "unknown-user", "unknown-device", "unknown-entry",
    "unknown-subject",
    "duplicate-id", "erased",
    "bad-geometry", "swapped-coordinates", "outside-region", "needs-polygon", "area-mismatch",
    "bad-container-number",
    "bad-quantity", "in-the-future", "before-origin",
    "not-held", "wrong-form", "not-annullable", "overdrawn", "gain",
    "sealed", "not-sealed", "empty", "already", "rests-on-it",
]  # fmt: skip
"""Reason codes of refusals, in the order in which they are checked; the first that applies is the answer."""
CODES: Final[tuple[str, ...]] = get_args(Code)


class Refused(Exception):
    """The domain says no.

    `code` is from the closed list; `template` with `values` says what was found and what was allowed (kept apart so that the
    sentence can be translated); `str()` is the English sentence.
    """

    def __init__(self, code: Code, template: str, **values: object) -> None:
        self.code, self.template, self.values = code, template, {name: str(value) for name, value in values.items()}
        super().__init__(template.format(**self.values))


_FAR: Final = 500
"""Powers of ten from here on are all the same: beyond every limit."""


def _real(moment: str) -> str:
    datetime.fromisoformat(moment)
    return moment


def _readable(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError("a text of white space alone, or with a NUL, cannot be read")
    return text


def _number(pattern: re.Pattern[str], wanted: str) -> PlainValidator:
    def read(written: Any) -> Decimal:  # noqa: ANN401 - whatever stands in a body
        if isinstance(written, str) and pattern.fullmatch(written):
            number = Decimal(written)
            return number if number.adjusted() < _FAR else Decimal((number.is_signed(), (1,), _FAR))
        raise ValueError(wanted)

    return PlainValidator(read)


DECIMAL, WHOLE = r"-?[0-9]+(\.[0-9]+)?", r"-?[0-9]+"
Id = Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,20}$")]
Book = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}$")]
District = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_readable)]
Moment = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]-05:00$", examples=["2026-05-02T10:00:00-05:00"]),
    AfterValidator(_real),
]
"""RFC 3339 to the second at Peru's -05:00; one spelling a moment, so that text order is time order."""
Quantity = Annotated[
    Decimal,
    _number(re.compile(DECIMAL), "wanted a number such as 40.5, written as text"),
    WithJsonSchema({"type": "string", "pattern": f"^{DECIMAL}$", "examples": ["40.5"]}),
]
"""A number as written; `thousandths` judges it."""
Count = Annotated[
    Decimal,
    _number(re.compile(WHOLE), "wanted a whole number such as 40, written as text"),
    WithJsonSchema({"type": "string", "pattern": f"^{WHOLE}$", "examples": ["40"]}),
]
"""A whole number as written; `whole` judges it."""
Key = str
"""BOOK/ID: an id within its book, as facts, tags and states name things."""


class Value(BaseModel):
    """Equal by content, never changed, no unknown fields, nothing coerced."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Command(Value):
    """What every command has: its own id, made where it was made, and the book whose ids it speaks."""

    personal: ClassVar[frozenset[str]] = frozenset()
    id: Annotated[UUID, Field(strict=False)]
    book: Book = "main"

    def key(self, id_: str) -> Key:
        """An id of this command's book as a key."""
        return f"{self.book}/{id_}"

    def reads(self) -> Iterable[str]:
        """Tags of all states that the decision needs."""
        raise NotImplementedError


class Seal(Value):
    """Where the personal part of a fact is put away: an id that says nothing of the person, and a salted commitment (SHA-256, hex)."""

    subject: str
    commitment: str


class Fact(Value):
    """What has happened. `kind` is the stored name, for ever; classes may be renamed."""

    def tags(self, position: int) -> list[str]:
        """Tags under which the entry at `position` is found again."""
        raise NotImplementedError

    def happened(self) -> Moment:
        """When it happened (its last moment, where there are two)."""
        raise NotImplementedError


class Sealed(Fact):
    """A fact of a command with a personal part, which is put away under the subject that `under` leads to."""

    seal: Seal | None = None

    def under(self) -> str | None:
        """Tag of the state that knows the subject; None where the fact opens a subject of its own."""
        return None

    def whose(self) -> Key | None:
        """The organisation that the personal part is about, or whose person it is; None where it is of the one that writes."""
        return None


class Sort(Protocol):
    """A state that can be looked up: `tag` is the prefix of its tags."""

    tag: ClassVar[str]


S = TypeVar("S", bound=Sort)
States = Mapping[str, Any]
"""Tag -> what is remembered of the thing, None where nothing was ever accepted."""


def bare(key: Key) -> str:
    """The id of a key, without its book: the book is hidden while people speak within one."""
    return key.rpartition("/")[2]


def known(states: States, sort: type[S], key: Key) -> S | None:
    """What is remembered of a thing, or None."""
    state: S | None = states.get(f"{sort.tag}:{key}")
    return state


def found(states: States, sort: type[S], key: Key) -> S:
    """What is remembered of a thing that must be there. Raises Refused `unknown-…`."""
    state = known(states, sort, key)
    if state is None:
        code: Any = f"unknown-{sort.tag}"
        raise Refused(code, "no {thing} {id} was ever accepted", thing=sort.tag.replace("-", " "), id=bare(key))
    return state


def new(states: States, sort: type[S], key: Key) -> None:
    """An id must be free. Raises Refused `duplicate-id`."""
    if known(states, sort, key) is not None:
        thing = sort.tag.replace("-", " ")
        raise Refused("duplicate-id", "{thing} {id} was accepted before, with other content", thing=thing, id=bare(key))


MOST: Final = 1_000_000


def scaled(written: Decimal, what: str, decimals: int, *, zero: bool = False, most: int = MOST) -> int:
    """Whole parts of a quantity as written, a power of ten to one. Raises Refused `bad-quantity`."""
    _, _, exponent = written.as_tuple()
    if written < 0 or (written == 0 and not zero) or written > most or (isinstance(exponent, int) and exponent < -decimals):
        least = "0 or more" if zero else "above 0"
        raise Refused(
            "bad-quantity", "{what} {found}: wanted {least}, at most {most}, with at most {decimals} decimals",
            what=what, found=short(written), least=least, most=f"{most:,}", decimals=decimals,
        )  # fmt: skip
    return int(written.scaleb(decimals))


def thousandths(written: Decimal, what: str, *, zero: bool = False, most: int = MOST) -> int:
    """Whole thousandths of a quantity as written (kg -> grams). Raises Refused `bad-quantity`."""
    return scaled(written, what, 3, zero=zero, most=most)


def whole(written: Decimal, what: str, *, zero: bool = False) -> int:
    """A count as written. Raises Refused `bad-quantity`."""
    return thousandths(written, what, zero=zero) // 1000


def percent(written: Decimal | None, what: str) -> int | None:
    """Thousandths of a percent; None stays None. Raises Refused `bad-quantity`."""
    return None if written is None else thousandths(written, what, zero=True, most=100)


def short(written: Decimal) -> str:
    """A number as people read it, cut where somebody wrote hundreds of digits."""
    text = f"{written:f}"
    return text if len(text) <= 24 else f"{text[:20]}…"  # noqa: PLR2004 - the width of a cell


def plain(written: Decimal) -> str:
    """One spelling for equal numbers, however written (40.50 -> 40.5)."""
    text = f"{written:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def kilograms(grams: int) -> str:
    """Spell grams as people do: 40500 -> '40.5 kg'."""
    return f"{plain(Decimal(grams) / 1000)} kg"


def in_time(times: tuple[Moment, ...], origins: Iterable[tuple[str, Moment]], as_of: Moment) -> None:
    """Times of a command, in order, against the clock and all it refers to. Raises Refused `in-the-future`, `before-origin`."""
    if max(times) > as_of:
        raise Refused("in-the-future", "{found} is later than {allowed}", found=max(times), allowed=as_of)
    for what, moment in origins:
        if min(times) < moment:
            raise Refused("before-origin", "{found} is before {what} of {allowed}", found=min(times), what=what, allowed=moment)
    in_order(*times)


def in_order(start: Moment, *later: Moment | None) -> None:
    """An end may be its start and not before; None is no end. Raises Refused `before-origin`."""
    times = [start, *(moment for moment in later if moment is not None)]
    if times != sorted(times):
        raise Refused("before-origin", "the end {found} is before the start {allowed}", found=times[-1], allowed=times[0])
