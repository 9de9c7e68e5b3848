"""The door at the terminal. Exit codes: 0 done (or true), 1 no (a difference, an unknown id), 2 could not be done."""

import gc
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import typer

from api import terminal
from api.settings import Settings

app: Final = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="A ledger for cacao at the level of the lot."
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Book = Annotated[str, typer.Option(help="The numbering whose ids are spoken.")]
Port = Annotated[int, typer.Option(help="The port to serve on.")]


@contextmanager
def house() -> Any:  # noqa: ANN401 - a context
    """The opened house; what is wrong with it is said in one sentence."""
    from psycopg import OperationalError

    from api.house import opened
    from ledger.vault import WrongKey

    gc.set_threshold(50_000, 20, 100)  # commands and rows live shortly and in no cycles: looking for some costs a tenth
    try:
        with opened(Settings()) as each:
            yield each
    except OperationalError as error:
        raise _failed(f"the database is out of reach ({str(error).splitlines()[0]}). `cacao doctor` looks further.") from None
    except WrongKey as error:
        raise _failed(str(error)) from None


def _failed(words: str, code: int = 2) -> typer.Exit:
    terminal.say(f"cacao: {words}")
    return typer.Exit(code)


@app.command()
def serve(port: Port = 8000, host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1") -> None:
    """Serve the pages and the door for writing."""
    from api.running import free
    from api.running import serve as run

    if not free(host, port):
        raise _failed(f"port {port} is in use: choose another with --port")
    with house() as each:
        terminal.say(f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}")  # noqa: S104 - compared, not bound
        run(each, host, port)


@app.command()
def demo(port: Port = 8000, lan: Annotated[bool, typer.Option("--lan", help="Serve on the local network too.")] = False) -> None:  # noqa: FBT002
    """Start with a season made for showing: its own PostgreSQL, pages, labels."""
    from api.showing import show

    raise typer.Exit(show(port, lan=lan))


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
        _caught_up(each)
        write_answers(each.url, book, folder)
    terminal.say(f"{', '.join(f'{name}.json' for name in FILES_OF_A_BOOK)} in {folder}")


def _caught_up(each: Any) -> None:  # noqa: ANN401 - a House
    from projections import follow

    with follow.connected(each.url) as conn:
        follow.catch_up(conn)


Sort = Literal["container", "lot", "plot", "party", "clone", "budwood"]


@app.command()
def trace(
    sort: Annotated[str, typer.Argument(help=", ".join(get_args(Sort)))],
    id: Annotated[str, typer.Argument(help="Its id; BOOK/ID where there is more than one book.")],  # noqa: A002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Follow beans both ways: up to the farms and mother plots, down to lots and containers."""
    from api.tracing import show

    if sort not in get_args(Sort):
        raise _failed(f"{sort} cannot be traced: one of {', '.join(get_args(Sort))}")
    with house() as each:
        _caught_up(each)
        raise typer.Exit(show(each, sort, id, as_json=json))


@app.command()
def replay(
    until: Annotated[str | None, typer.Option(help="A position, or a moment of writing (RFC 3339).")] = None,
    tag: Annotated[str | None, typer.Option(help="Only entries with this tag, such as lot:main/H-000788.")] = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Print the history in order as sentences, or one JSON object a line."""
    import orjson

    from api.replay import entries, moment_or_position, spoken

    try:
        limit = moment_or_position(until) if until else None
    except ValueError:
        raise _failed(f"--until {until}: wanted a position such as 41, or a moment such as 2026-05-02T10:00:00-05:00") from None
    with house() as each, _quiet_pipe():
        for entry in entries(each.url, limit, tag):
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


@app.command()
def rebuild(json: Json = False) -> None:  # noqa: FBT002
    """Make all views again beside those that serve, compare, and swap. Exits 1 if they differ."""
    from api.rebuilding import run

    with house() as each:
        _caught_up(each)
        raise typer.Exit(run(each, as_json=json))


@app.command()
def label(
    container: Annotated[str, typer.Argument(help="A container number.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="A .pdf, .svg or .png file.")],
) -> None:
    """Draw a container's label, A6."""
    from api.label import container_label_of
    from labels.sheet import draw
    from projections.trace import Unknown

    form = output.suffix.lower().removeprefix(".")
    if form not in ("pdf", "svg", "png"):
        raise _failed(f"{output}: wanted a .pdf, .svg or .png file")
    with house() as each:
        _caught_up(each)
        try:
            drawn = container_label_of(each, container)
        except Unknown as unknown:
            raise _failed(str(unknown), 1) from None
    output.write_bytes(draw(drawn, form))  # type: ignore[arg-type]
    terminal.say(f"{output}: opens {drawn.link}" + (" (DRAFT: CACAO_URL is this computer)" if drawn.draft else ""))


@app.command()
def token() -> None:
    """Print this house's own token: with it a machine may give every command. Whoever reads CACAO_HOME holds it."""
    from api.house import token as of

    print(of(Settings()))  # noqa: T201 - data goes to stdout


@app.command("roles")
def roles_(json: Json = False) -> None:  # noqa: FBT002
    """Print what each role may command and read, and whose."""
    from api.admin import table

    raise typer.Exit(table(as_json=json))


admin: Final = typer.Typer(no_args_is_help=True, help="Who works here: made on the machine itself, by whoever holds its keys.")
app.add_typer(admin, name="admin")


@admin.command()
def invite(
    name: Annotated[str, typer.Option(help="The person's name; it is put away, not written in the record.")] = "Administración",
    role: Annotated[str, typer.Option(help="One of those that `cacao roles` prints.")] = "administrator",
    org: Annotated[str | None, typer.Option(help="The organisation's code; without it, of the house.")] = None,
    user: Annotated[str | None, typer.Option(help="A person who was admitted before: a link for a further device.")] = None,
    hours: Annotated[int, typer.Option(min=1, max=720, help="How long the link holds.")] = 72,
) -> None:
    """Admit a person and print a one-time link for their device. The first administrator comes from here."""
    from api.admin import invite as make

    with house() as each:
        _caught_up(each)
        raise typer.Exit(make(each, name, role, org, hours, user))


@admin.command("token")
def machine_token(
    user: Annotated[str, typer.Argument(help="In whose name the machine works.")],
    scope: Annotated[list[str] | None, typer.Option(help="A command it may give, or `read`; without one, all its roles allow.")] = None,
    days: Annotated[int, typer.Option(min=1, max=730, help="How long it holds.")] = 90,
) -> None:
    """Print a token for a machine: scoped, expiring, shown once."""
    from api.admin import token as make

    with house() as each:
        _caught_up(each)
        raise typer.Exit(make(each, user, tuple(scope or ()), days))


@admin.command()
def people(json: Json = False) -> None:  # noqa: FBT002
    """Print who may do what, for whom, since and until when."""
    from api.admin import listed

    with house() as each:
        _caught_up(each)
        raise typer.Exit(listed(each, as_json=json))


@app.command()
def doctor(json: Json = False) -> None:  # noqa: FBT002
    """Say what is wrong with a setup, and how to mend it. Exits 1 if something is."""
    from dataclasses import asdict

    from api.doctor import examine

    findings = list(examine(Settings()))
    if json:
        terminal.data([asdict(each) for each in findings])
    else:
        marks = {"ok": "ok", "warning": "!", "wrong": "WRONG"}
        terminal.table(
            "cacao doctor", ("", "what", "found", "how to mend it"), [(marks[f.state], f.what, f.found, f.mend) for f in findings]
        )
    raise typer.Exit(int(any(each.state == "wrong" for each in findings)))


@app.command()
def backup(folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.")], json: Json = False) -> None:  # noqa: FBT002
    """Write ledger and vault into a new folder; the keys are not in it."""
    from api.keeping import keep

    with house() as each:
        raise typer.Exit(keep(each, folder, as_json=json))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="What `cacao backup` wrote.")],
    without_vault: Annotated[bool, typer.Option("--without-vault", help="Leave names and boundaries out, as if erased.")] = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Put a backup into an empty database."""
    from api.keeping import bring_back

    raise typer.Exit(bring_back(Settings(), folder, without_vault=without_vault, as_json=json))


@app.command()
def stop() -> None:
    """Stop the server and its own PostgreSQL; all data stay."""
    from api.running import stop as end

    stopped = end(Settings())
    terminal.say(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


def main() -> None:
    """The script `cacao`."""
    app()
