"""What anybody does at the terminal with a proof or a label in hand: no database, and no network unless asked."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import Json, app
from api.settings import Settings


@app.command()
def verify(
    file: Annotated[str, typer.Argument(help="A .tlog-proof, a signed checkpoint, a proof as JSON, or the address that a label leads to.")],
    policy: Annotated[Path | None, typer.Option(help="Whose signatures count: a tlog-policy that you have from elsewhere.")] = None,
    entry: Annotated[str | None, typer.Option(help="A file with the entry's exact bytes, or - for what comes in.")] = None,
    keys: Annotated[Path | None, typer.Option(help="Of a label: the keys that count, as /label-keys gave them.")] = None,
    online: Annotated[bool, typer.Option("--online", help="Of a label: ask its house for keys and proof.")] = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Say whether a proof, checkpoint or label is true (0), false (1) or cannot be judged (2); offline, unless asked otherwise."""
    from api import verifying as of
    from api import verifylabel
    from ledger.note import Malformed

    try:
        trust = of.trusted(policy.read_bytes() if policy else None, Settings().log_key)
        if verifylabel.is_label(file):
            known = verifylabel.keys_of(keys.read_bytes()) if keys else None
            raise typer.Exit(of.show(verifylabel.verify(file, known, trust, online=online), as_json=json))
        data = Path(file).read_bytes()
        line = None if entry is None else sys.stdin.buffer.read() if entry == "-" else Path(entry).read_bytes()
        verdict = of.verify(data, line, trust)
    except OSError as error:
        verdict = of.broken("{file} cannot be read ({detail})", file=error.filename, detail=error.strerror)
    except Malformed as malformed:
        verdict = of.broken("the keys that count cannot be read ({detail})", detail=malformed)
    raise typer.Exit(of.show(verdict, as_json=json))
