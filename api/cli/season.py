"""A season's work at the terminal: take a folder in, answer, trace, replay, draw labels."""

from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer

from api import terminal
from api.cli.common import AsOf, Book, Json, app, caught_up, failed, house, stood


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="A season folder.")],
    book: Book = "main",
    report: Annotated[Path | None, typer.Option(help="Where refused rows and repeats are written.")] = None,
    org: Annotated[str | None, typer.Option(help="The organisation in whose name it is written: its farmers are those it enrols.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide every row, append nothing.")] = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Read a season folder; each row becomes a command. Goes on where it was interrupted."""
    from api.importing import run

    with house() as each:
        raise typer.Exit(run(each, folder, book, report, org=org, rehearse=dry_run, as_json=json))


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="Where the answers are written.")], book: Book = "main") -> None:
    """Write lots.json, containers.json, plots.json and totals.json of a book."""
    from api.report import FILES_OF_A_BOOK, write_answers

    with house() as each:
        caught_up(each)
        write_answers(each.url, book, folder)
    terminal.say(f"{', '.join(f'{name}.json' for name in FILES_OF_A_BOOK)} in {folder}")


Sort = Literal["container", "lot", "plot", "party", "clone", "budwood"]


@app.command()
def trace(
    sort: Annotated[str, typer.Argument(help=", ".join(get_args(Sort)))],
    id: Annotated[str, typer.Argument(help="Its id; BOOK/ID where there is more than one book.")],  # noqa: A002
    as_of: AsOf = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Follow beans both ways: up to the farms and mother plots, down to lots and containers."""
    from api.tracing import show

    if sort not in get_args(Sort):
        raise failed(f"{sort} cannot be traced: one of {', '.join(get_args(Sort))}")
    with house() as each:
        caught_up(each)
        raise typer.Exit(show(each, sort, id, stood(each, as_of), as_json=json))


@app.command()
def stock(
    org: Annotated[str | None, typer.Option(help="Only of this organisation and its farmers, such as main/AG-01.")] = None,
    as_of: AsOf = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Print the lots of which something is left: now, or as the record stood."""
    from api.inspecting import stock as show

    with house() as each:
        caught_up(each)
        raise typer.Exit(show(each, org, stood(each, as_of), as_json=json))


@app.command()
def replay(
    until: Annotated[str | None, typer.Option(help="A position, or a moment of writing (RFC 3339).")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only with this tag, such as lot:main/H-000788; may be repeated.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only of this kind, such as lot-bought.v1; may be repeated.")] = None,
    org: Annotated[str | None, typer.Option(help="Only what was written for this organisation, such as main/AG-01.")] = None,
    day: Annotated[str | None, typer.Option(help="Only what happened on this day, such as 2026-05-02.")] = None,
    late: Annotated[bool, typer.Option("--late", help="Only what was written more than 3 days after it happened.")] = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Print the history in order as sentences, or one JSON object a line."""
    import orjson

    from api.replay import Of, entries, moment_or_position, spoken

    try:
        limit = moment_or_position(until) if until else None
    except ValueError:
        raise failed(f"--until {until}: wanted a position such as 41, or a moment such as 2026-05-02T10:00:00-05:00") from None
    with house() as each, _quiet_pipe():
        for entry in entries(each.url, limit, Of(tuple(tag or ()), tuple(kind or ()), org, day, late)):
            if json:
                terminal.line({"position": entry.position, **orjson.loads(entry.line)})
            else:
                print(spoken(entry))  # noqa: T201 - data goes to stdout


@contextmanager
def _quiet_pipe() -> Any:  # noqa: ANN401 - a context
    """`cacao replay | head` ends without a word."""
    import os
    import sys

    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
