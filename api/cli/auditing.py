"""What an auditor of the house does at the terminal: recompute everything, take it all away."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import Json, Kept, Reborn, Tail, Unsigned, app, caught_up, failed, house


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


@app.command()
def entry(
    position: Annotated[int, typer.Argument(min=1, help="Its place in the ledger.")],
    json: Json = False,  # noqa: FBT002
) -> None:
    """Print one entry: its sentence, bytes and leaf hash, its first checkpoint, what it rests on and what rests on it."""
    from api.inspecting import entry as show

    with house() as each:
        caught_up(each)
        raise typer.Exit(show(each, position, as_json=json))


@app.command()
def export(file: Annotated[Path, typer.Argument(help="A new file: .sqlite, or .parquet.")], json: Json = False) -> None:  # noqa: FBT002
    """Write the whole history into one file that other programs query: a row an entry, nothing personal."""
    from api import exporting, terminal

    with house() as each:
        with each.pool.connection() as conn:
            ((size,),) = conn.execute("SELECT size FROM ledger.head").fetchall()
        try:
            with terminal.bar("entries", size) as progress:
                count = exporting.export(each, file, progress)
        except (exporting.Unwritable, OSError) as failure:
            raise failed(str(failure)) from None
    if json:
        terminal.data({"file": str(file), "entries": count, "bytes": file.stat().st_size})
    else:
        terminal.say(f"{count:,} entries in {file}, {file.stat().st_size:,} bytes")


@app.command()
def evidence(
    number: Annotated[str | None, typer.Argument(help="A container's number.")] = None,
    lot: Annotated[list[str], typer.Option(help="A lot, BOOK/ID or an id of the book main; once for each.")] = [],  # noqa: B006
    sample: Annotated[int | None, typer.Option(min=1, help="So many purchases, drawn at random.")] = None,
    seed: Annotated[int, typer.Option(help="What the sample is drawn with: write it down before you draw.")] = 1,
    output: Annotated[Path, typer.Option("-o", "--output", help="A new file.")] = Path("evidence.zip"),
    json: Json = False,  # noqa: FBT002
) -> None:
    """Write entries, proofs, what was sealed, a report and a verifier for a container or some lots into one zip file."""
    from api import terminal
    from api.evidence import package

    if [number is not None, bool(lot), sample is not None].count(True) != 1:
        raise failed("name a container, or lots with --lot, or how many with --sample")
    if output.exists():
        raise failed(f"{output} is there already: name a file that is not")
    with house() as each:
        caught_up(each)
        try:
            if number is not None:
                found = package.of_container(each, None, number)
            elif sample is not None:
                found = package.sampled(each, None, sample, seed)
            else:
                found = package.of_lots(each, None, [key if "/" in key else f"main/{key}" for key in lot])
            it = package.gathered(each, None, *found)
        except package.NoEvidence as none:
            raise failed(str(none), 1) from None
        with terminal.bar("entries", len(it.entries)) as progress, output.open("xb") as file:
            package.write(each, it, file, progress)
    if json:
        terminal.data({"file": str(output), "about": it.title, "entries": len(it.entries), "sealed": len(it.opened), "size": it.head.size})
    else:
        terminal.say(f"{len(it.entries):,} entries with proofs and {len(it.opened):,} sealed contents in {output}: do not publish it")
    if it.unsigned:
        terminal.say(f"{it.unsigned:,} entries are newer than the last signed head, and are left out: ask again in a moment")


@app.command()
def reopen(
    mirror: Tail = None,
    checkpoint: Kept = [],  # noqa: B006
    new_origin: Reborn = None,
    never_signed: Unsigned = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """After a restore: compare with all signed heads that can be found, and write on. Exits 1 where it stays read only."""
    from api.reopening import Wanted, run

    with house() as each:
        raise typer.Exit(run(each, Wanted(mirror, checkpoint, new_origin, never_signed), as_json=json))
