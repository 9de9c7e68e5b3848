"""Days and moments as people and machines name them: what happened on a day, what was written by a moment, and how long lies between."""

import re
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from api.house import House
from api.look import Language, counted
from ledger.decision import PERU
from ledger.entry import now
from projections import history

_DAY, _POSITION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), re.compile(r"[0-9]{1,16}")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?")
_LAST_DAY: Final = date(9990, 12, 31)
_END: Final = time(23, 59, 59, 999_999)
_INSTANT: Final = timedelta(microseconds=1)
_UNITS: Final = (
    (86_400, "%(num)s day", "%(num)s days"), (3_600, "%(num)s hour", "%(num)s hours"), (60, "%(num)s minute", "%(num)s minutes"),
)  # fmt: skip


def day_of(written: str) -> date:
    """A day as people write it. Raises ValueError."""
    if not _DAY.fullmatch(written):
        raise ValueError("wanted a day such as 2026-05-02")
    return date.fromisoformat(written)


def happened_on(day: date) -> tuple[str, str]:
    """The first and the last moment of a day in Peru, as facts spell them."""
    return f"{day.isoformat()}T00:00:00-05:00", f"{day.isoformat()}T23:59:59-05:00"


def written_on(house: House, day: date) -> tuple[int, int]:
    """The stretch of positions that was written on a day in Peru: after the first, up to the second."""
    start = datetime.combine(max(min(day, _LAST_DAY), date(1, 1, 3)), time.min, PERU)
    with house.pool.connection() as conn:
        return history.written_by(conn, now(start - _INSTANT)), history.written_by(conn, now(datetime.combine(start, _END, PERU)))


def said_as(written: str) -> int | str:
    """What `as_of` names: a position, or a moment of writing as entries spell it; a day is its end in Peru. Raises ValueError."""
    if _POSITION.fullmatch(written):
        return int(written)
    if not (_DAY.fullmatch(written) or _MOMENT.fullmatch(written)):
        raise ValueError(written)
    moment = datetime.combine(day_of(written), _END) if _DAY.fullmatch(written) else datetime.fromisoformat(written.upper())
    try:
        return now(moment if moment.tzinfo else moment.replace(tzinfo=PERU))
    except OverflowError:  # beyond what calendars hold: before all, or after all
        return "0" if moment.year == 1 else "9"


class AsOf(NamedTuple):
    """A moment of the record: up to which position it stood, when that was written, and how it was asked for."""

    position: int
    seen: str
    asked: str


def resolved(house: House, written: str) -> AsOf | None:
    """The moment of the record that `as_of` names; None where the record does not reach that position. Raises ValueError.

    Before the first entry was written it stood at position 0.
    """
    named = said_as(written)
    with house.pool.connection() as conn:
        position = named if isinstance(named, int) else history.written_by(conn, named)
        seen = history.seen_at(conn, position)
    return AsOf(position, seen or "", written) if seen or position == 0 else None


def in_peru(seen: str) -> str:
    """A moment of writing as the clocks in Peru showed it, to the second."""
    return datetime.fromisoformat(seen).astimezone(PERU).strftime("%Y-%m-%d %H:%M:%S")


def gap(at: str, seen: str, language: Language) -> str:
    """How long after it happened something was written, in words, by the largest unit that it fills; a minute at least."""
    seconds = max(0.0, (datetime.fromisoformat(seen) - datetime.fromisoformat(at)).total_seconds())
    size, one, many = next((unit for unit in _UNITS if seconds >= unit[0]), _UNITS[-1])
    number = int(seconds // size)
    return counted(language, one, many, number) % {"num": number}
