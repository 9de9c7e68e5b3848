"""Labels at the terminal: drawn, printed, voided, and the keys with which they are signed."""

import re
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from api import terminal
from api.cli.common import Json, app, caught_up, failed, house

DRAW: Final = "draw"


class _OrDraw(TyperGroup):
    """`cacao label CONTAINER` draws that container's label, as `cacao label draw CONTAINER` does."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - what Typer keeps to itself
        """The command that was named; what is none is something to draw the label of."""
        return super().resolve_command(ctx, args if args[0] in self.commands else [DRAW, *args])


label: Final = typer.Typer(no_args_is_help=True, cls=_OrDraw, help="Labels: drawn, printed, voided, and the keys that sign them.")
app.add_typer(label, name="label")
key: Final = typer.Typer(no_args_is_help=True, help="The keys with which labels are signed. Their private halves stay on this machine.")
label.add_typer(key, name="key")


def _on_keys(act: Any) -> Any:  # noqa: ANN401 - what is done in an opened house by its operator
    from pydantic import ValidationError

    from api.labelkeys import NoKey
    from api.people import NotDone, operator
    from api.problems import unreadable
    from ledger.act import ReadOnly

    with house() as each:
        caught_up(each)
        try:
            return act(each, operator(each))
        except ValidationError as error:
            raise failed(f"--{unreadable(error)}") from None
        except (NotDone, NoKey, ReadOnly, ValueError) as refused:
            raise failed(str(refused)) from None


@key.command("open")
def open_() -> None:
    """Make a key and open it under the next number: labels are signed with it from now on."""
    from api.labelkeys import open_key

    kid = _on_keys(open_key)
    terminal.say(f"label key {kid} is open; its private half is in CACAO_HOME/keys, and in no backup")
    print(kid)  # noqa: T201 - data goes to stdout


@key.command()
def rotate() -> None:
    """Open a new key and close the one that was used until now, whose private half is destroyed. Its labels stay good."""
    from api.labelkeys import rotate as turn

    print(_on_keys(turn))  # noqa: T201 - data goes to stdout


@key.command()
def close(
    kid: Annotated[int, typer.Argument(min=1, max=65_535, help="The key's number.")],
    reason: Annotated[str, typer.Option(help="rotated, lost, or compromised: others may have it.")],
    since: Annotated[
        str | None, typer.Option(help="Labels printed since this day or moment are not believed; of a compromised key.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002
) -> None:
    """Close a key for ever; its private half is destroyed. Of a compromised one no label is believed, or those before --since alone."""
    from api.labelkeys import close_key

    if not yes and not typer.confirm(f"Close label key {kid} for ever, and destroy its private half?", err=True):
        raise typer.Exit(1)
    if since and re.fullmatch(r"\d{4}-\d\d-\d\d", since):
        since += "T00:00:00-05:00"
    _on_keys(lambda each, operator: close_key(each, operator, kid, reason, since))  # type: ignore[arg-type]
    terminal.say(f"label key {kid} is closed: no label is signed with it any more")


@key.command("list")
def list_(json: Json = False) -> None:  # noqa: FBT002
    """Print all keys: since when, until when, why they were closed, and whether the private half is here; --json, the public half too."""
    from api.labelkeys import is_here, keys

    rows = _on_keys(lambda each, _operator: [{**one._asdict(), "here": is_here(each.settings, one)} for one in keys(each)])
    if json:
        terminal.data(rows)
    else:
        heads = ("key", "opened", "closed", "why", "not believed since", "here")
        times = ("opened_at", "closed_at", "since")
        told = [row | {name: (row[name] or "")[:16].replace("T", " ") for name in times} for row in rows]
        terminal.table(
            "",
            heads,
            [[str(row["kid"]), row["opened_at"], row["closed_at"], row["reason"] or "", row["since"], _here(row)] for row in told],
        )


def _here(row: dict[str, Any]) -> str:
    return "yes" if row["here"] else "no"
