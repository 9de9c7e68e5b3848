"""Serving and keeping at the terminal: start, stop, look after, back up."""

from pathlib import Path
from typing import Annotated

import typer

from api import terminal
from api.cli.common import Json, Kept, Reborn, Tail, Unsigned, app, caught_up, failed, house, presentable
from api.settings import Settings

Port = Annotated[int, typer.Option(help="The port to serve on.")]
Keys = Annotated[Path | None, typer.Option(help="The folder of the newest keys; without it, cacao-keys beside the backup.")]


@app.command()
def serve(port: Port = 8000, host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1") -> None:
    """Serve the pages and the door for writing."""
    from api.erasing import said_again
    from api.running import free
    from api.serving import serve as run

    presentable()
    if not free(host, port):
        raise failed(f"port {port} is in use: choose another with --port")
    with house() as each:
        if lost := said_again(each):
            terminal.say(f"{lost} erasures were lost when the ledger was restored: they are written down again")
        terminal.say(f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}")  # noqa: S104 - compared, not bound
        run(each, host, port)


@app.command()
def publish() -> None:
    """Sign the log's heads, apart from the server: for a key that the server shall not read (there CACAO_PUBLISH=0)."""
    from api.publishing import publish as run

    with house() as each:
        run(each)


@app.command()
def demo(port: Port = 8000, lan: Annotated[bool, typer.Option("--lan", help="Serve on the local network too.")] = False) -> None:  # noqa: FBT002
    """Start with a season made for showing: its own PostgreSQL, pages, labels."""
    from api.showing import show

    presentable()
    raise typer.Exit(show(port, lan=lan))


@app.command()
def rebuild(json: Json = False) -> None:  # noqa: FBT002
    """Make all views again beside those that serve, compare, and swap. Exits 1 if they differ."""
    from api.rebuilding import run

    with house() as each:
        caught_up(each)
        raise typer.Exit(run(each, as_json=json))


@app.command()
def token() -> None:
    """Print this house's own token: with it a machine may give every command. Whoever reads CACAO_HOME holds it."""
    from api.token import token as of

    print(of(Settings()))  # noqa: T201 - data goes to stdout


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
def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    keys: Keys = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Write ledger and vault into a new folder, and the newest keys of its persons into theirs; the vault's own key is in neither."""
    from api.keeping import keep

    with house() as each:
        raise typer.Exit(keep(each, folder, keys, as_json=json))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="What `cacao backup` wrote.")],
    keys: Keys = None,
    without_vault: Annotated[bool, typer.Option("--without-vault", help="Leave names and boundaries out, as if erased.")] = False,  # noqa: FBT002
    mirror: Tail = None,
    checkpoint: Kept = [],  # noqa: B006
    new_origin: Reborn = None,
    never_signed: Unsigned = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Put a backup into an empty database, read only until it is compared with every signed head that can be found."""
    from api.keeping import bring_back
    from api.reopening import Wanted

    wanted = Wanted(mirror, checkpoint, new_origin, never_signed)
    raise typer.Exit(bring_back(Settings(), folder, keys, wanted, without_vault=without_vault, as_json=json))


@app.command()
def stop() -> None:
    """Stop the server and its own PostgreSQL; all data stay."""
    from api.running import stop as end

    stopped = end(Settings())
    terminal.say(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
