"""What an auditor of the house does at the terminal: recompute everything."""

from typing import Annotated

import typer

from api.cli.common import Json, app, caught_up, house


@app.command()
def fsck(
    views: Annotated[bool, typer.Option(help="Make the views again too, and compare.")] = True,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Recompute entries, tiles, head, checkpoints and views from the stored bytes. Exits 1 and names what is wrong, if anything is."""
    from api.checking import run

    with house() as each:
        if views:
            caught_up(each)
        raise typer.Exit(run(each, views=views, as_json=json))
