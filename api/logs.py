"""What the program says while it runs: one JSON line an event, for machines; on a terminal the same in words. Never what somebody wrote.

The standard library's logging and one formatter: uvicorn, the pool and the driver speak through it already, so nothing has to be bridged.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

import orjson

from domain.values import Command
from ledger.decision import Accepted, Answer, Denied

log: Final = logging.getLogger("cacao")
_FRAMES: Final = 6


class Line(logging.Formatter):
    """A record as one line; of an exception its kind and place, for its message may hold what somebody wrote."""

    def __init__(self, *, for_people: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._for_people = for_people

    def format(self, record: logging.LogRecord) -> str:
        if self._for_people:
            return super().format(record)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said: dict[str, Any] = getattr(record, "said", None) or {"event": record.name, "words": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            said = said | {"failure": kind_and_place(record.exc_info[1])}
        return orjson.dumps({"at": at, "level": record.levelname.lower(), **said}, default=str).decode()

    def formatException(  # noqa: N802 - logging's own name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return kind_and_place(ei[1]) if ei[1] else ""


def begin() -> None:
    """Speak from now on, to stderr: in words where that is a terminal."""
    handler = logging.StreamHandler()
    handler.setFormatter(Line(for_people=sys.stderr.isatty()))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    log.setLevel(logging.INFO)


def request(method: str, route: str, status: int, seconds: float, size: int) -> None:
    """A request was answered; `route` is the template of its address, without the values in it."""
    said = {"event": "request", "method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1), "bytes": size}
    log.info("%s %s %s %.1f ms %d B", method, route, status, seconds * 1000, size, extra={"said": said})


def failure(error: BaseException) -> None:
    """Something went wrong."""
    where = kind_and_place(error)
    log.error("%s", where, extra={"said": {"event": "failure", "failure": where}})


def answered(command: Command, answer: Answer) -> None:
    """A command was decided."""
    do: str = command.do  # type: ignore[attr-defined]
    said: dict[str, Any] = {"event": "command", "do": do, "answer": outcome(answer)}
    if not isinstance(answer, Denied):
        said["positions"] = answer.positions
    log.info("%s %s", do, said["answer"], extra={"said": said})


def outcome(answer: Answer) -> str:
    """Accepted, repeat, or the code of a refusal."""
    return answer.code if isinstance(answer, Denied) else "accepted" if isinstance(answer, Accepted) else "repeat"


def kind_and_place(error: BaseException) -> str:
    """Of what kind a failure is, and where it happened, innermost first."""
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return f"{type(error).__name__} at {' < '.join(reversed(places[-_FRAMES:]))}"
