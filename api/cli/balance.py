"""Where every kilogram went, and what should be looked at, at the terminal."""

from typing import Annotated, Literal, get_args

import typer

from api.cli.common import Json, app, caught_up, failed, house

Groups = Literal["season", "holder", "site", "lot", "container"]


@app.command()
def balance(
    by: Annotated[str, typer.Option(help=f"{', '.join(get_args(Groups))}. A site is the district of the holder.")] = "season",
    json: Json = False,  # noqa: FBT002
) -> None:
    """Print what came in, went out, was lost and is on hand, and the yields. Exits 1 if something cannot be accounted for."""
    from api.balancing import balance as show

    group = next((each for each in get_args(Groups) if each == by), None)
    if group is None:
        raise failed(f"--by {by}: wanted one of {', '.join(get_args(Groups))}")
    with house() as each:
        caught_up(each)
        raise typer.Exit(show(each, group, as_json=json))


@app.command()
def findings(json: Json = False) -> None:  # noqa: FBT002
    """Print what should be looked at: yields, weights, times and boundaries that are not as usual, each with its entries."""
    from api.balancing import findings as show

    with house() as each:
        caught_up(each)
        raise typer.Exit(show(each, as_json=json))
