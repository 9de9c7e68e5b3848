"""What anybody does at the terminal with a proof in hand: no database, no network."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import Json, app
from api.settings import Settings


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A .tlog-proof, a signed checkpoint, or a proof as JSON.")],
    policy: Annotated[Path | None, typer.Option(help="Whose signatures count: a tlog-policy that you have from elsewhere.")] = None,
    entry: Annotated[str | None, typer.Option(help="A file with the entry's exact bytes, or - for what comes in.")] = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Say whether a proof or checkpoint is true (0), false (1) or cannot be judged (2), offline."""
    from api import verifying as of
    from ledger.note import Malformed

    try:
        data = file.read_bytes()
        line = None if entry is None else sys.stdin.buffer.read() if entry == "-" else Path(entry).read_bytes()
        verdict = of.verify(data, line, of.trusted(policy.read_bytes() if policy else None, Settings().log_key))
    except OSError as error:
        verdict = of.broken("{file} cannot be read ({detail})", file=error.filename, detail=error.strerror)
    except Malformed as malformed:
        verdict = of.broken("the keys that count cannot be read ({detail})", detail=malformed)
    raise typer.Exit(of.show(verdict, as_json=json))
