"""What others do at the terminal so that nobody has to trust one house: witness its log, keep a copy of it."""

from pathlib import Path
from typing import Annotated

import typer

from api import terminal
from api.cli.common import Json, app, failed
from api.settings import Settings

Dir = Annotated[Path | None, typer.Option("--dir", help="The witness's own folder; CACAO_HOME/witness without it.")]


@app.command()
def witness(
    log: Annotated[list[str], typer.Option(help="The key of a log to witness, as the log's /policy shows it; once for each log.")],
    name: Annotated[str | None, typer.Option(help="At the first start: its name for ever, an address without https://.")] = None,
    port: Annotated[int, typer.Option(help="The port to serve on.")] = 8001,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    url: Annotated[str | None, typer.Option(help="Where the log reaches it, for the line of its policy file.")] = None,
    folder: Dir = None,
) -> None:
    """Witness the logs of others: sign what goes on from what was signed before, and nothing else. Needs no database."""
    from api import witness as of
    from api.listening import listen
    from api.running import free

    settings = Settings()
    try:
        opened = of.opened(folder or settings.folder / "witness", name, log)
    except of.Unfit as unfit:
        raise failed(str(unfit)) from None
    if not free(host, port):
        raise failed(f"port {port} is in use: choose another with --port")
    public = url or f"http://localhost:{port}"
    terminal.say("The line for the policy file of each log's owner:")
    print(of.policy_line(opened, public), flush=True)  # noqa: T201 - data goes to stdout
    listen(of.create(opened, public), host, port, settings)


@app.command()
def mirror(
    url: Annotated[str, typer.Argument(help="The log's address, such as https://ledger.example.")],
    folder: Annotated[Path, typer.Argument(help="Where the copy is; it goes on from what is there.")],
    token: Annotated[str | None, typer.Option(envvar="CACAO_TOKEN", help="Of one who may read all entries: they are copied too.")] = None,
    policy: Annotated[Path | None, typer.Option(help="A tlog-policy file: who must have signed. Without it, the key first seen.")] = None,
    entries: Annotated[bool, typer.Option("--entries", help="Fail where the entries cannot be copied.")] = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Copy a log: checkpoint, tiles and, with the right to, entries; checked to the last hash. Exits 1 if it was rewritten."""
    from api.mirrored import run

    raise typer.Exit(run(url, folder, token, policy, entries=entries, as_json=json))
