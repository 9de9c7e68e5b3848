"""What all commands at the terminal share: the application, the opened house, and how a failure is said."""

import gc
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api import terminal
from api.settings import Settings

app: Final = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="A ledger for cacao at the level of the lot."
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
AsOf = Annotated[str | None, typer.Option(help="As the record stood: a position, a day (its end in Peru) or a moment of writing.")]
Book = Annotated[str, typer.Option(help="The numbering whose ids are spoken.")]
Tail = Annotated[Path | None, typer.Option("--mirror", help="What `cacao mirror` made: a missing tail comes back from it.")]
Kept = Annotated[list[Path], typer.Option("--checkpoint", help="A signed checkpoint that somebody kept; once for each.")]
Reborn = Annotated[str | None, typer.Option("--new-origin", help="Where entries are lost for good: close the log, open one of this name.")]
Unsigned = Annotated[bool, typer.Option("--never-signed", help="This log was never signed: open it without comparing.")]


@contextmanager
def house() -> Any:  # noqa: ANN401 - a context
    """The opened house; what is wrong with it is said in one sentence."""
    from psycopg import OperationalError

    from api.house import opened
    from api.witnesses import BadPolicy
    from ledger.vault import WrongKey

    gc.set_threshold(50_000, 20, 100)  # commands and rows live shortly and in no cycles: looking for some costs a tenth
    try:
        with opened(Settings()) as each:
            yield each
    except OperationalError as error:
        raise failed(f"the database is out of reach ({str(error).splitlines()[0]}). `cacao doctor` looks further.") from None
    except (WrongKey, BadPolicy) as error:
        raise failed(str(error)) from None


def failed(words: str, code: int = 2) -> typer.Exit:
    """Say why a command ends, and with which exit code."""
    terminal.say(f"cacao: {words}")
    return typer.Exit(code)


def presentable() -> None:
    """Look whether public pages can be shown, before anything is opened; a theme that is not good is said in one sentence."""
    from api.theme import BadTheme, theme

    try:
        theme(Settings().theme)
    except BadTheme as bad:
        raise failed(str(bad)) from None


def caught_up(each: Any) -> None:  # noqa: ANN401 - a House
    """Wait until the views show all that is written."""
    from projections import follow

    with follow.connected(each.url) as conn:
        follow.catch_up(conn)


def stood(each: Any, as_of: str | None) -> int | None:  # noqa: ANN401 - a House
    """The position that `--as-of` names; None without one."""
    from api.moments import resolved

    try:
        found = resolved(each, as_of) if as_of else None
    except ValueError:
        raise failed(
            f"--as-of {as_of}: wanted a position, a day or a moment, such as 41, 2026-06-01 or 2026-06-01T10:00:00-05:00"
        ) from None
    if as_of and found is None:
        raise failed(f"--as-of {as_of}: the record does not reach that position yet", 1)
    return found.position if found else None
