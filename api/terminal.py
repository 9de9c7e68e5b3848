"""How the command line speaks: data on stdout, talk on stderr, bars only on a terminal."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

out = Console()
err = Console(stderr=True)


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar with the time left, on a terminal; elsewhere nothing. The call takes how many more are done."""
    if not err.is_terminal:
        yield lambda _more: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err) as progress:
        task = progress.add_task(what, total=total)
        yield lambda more: progress.update(task, advance=more)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; numbers stand to the right."""
    drawn = Table(title=title, title_justify="left")
    lines = [list(row) for row in rows]
    for at, column in enumerate(columns):
        numbers = bool(lines) and all(isinstance(line[at], int) for line in lines)
        drawn.add_column(column, justify="right" if numbers else "left", overflow="fold")  # nothing is cut away
    for line in lines:
        drawn.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in line))
    out.print(drawn)


def data(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def line(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """One JSON value on one line of stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def say(words: str) -> None:
    """Talk."""
    err.print(words, highlight=False, soft_wrap=True)
