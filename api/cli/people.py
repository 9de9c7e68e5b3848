"""People and rights at the terminal, made on the machine itself."""

from typing import Annotated, Final

import typer

from api.cli.common import Book, Json, app, caught_up, failed, house


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
        caught_up(each)
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
        caught_up(each)
        raise typer.Exit(make(each, user, tuple(scope or ()), days))


@admin.command()
def people(
    at: Annotated[str | None, typer.Option(help="A moment such as 2026-05-02T10:00:00-05:00: who held which role then.")] = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Print who may do what, for whom, since and until when."""
    from api.admin import listed
    from api.replay import moment_or_position

    try:
        moment = moment_or_position(at) if at else None
    except ValueError:
        moment = 0
    if isinstance(moment, int):
        raise failed(f"--at {at}: wanted a moment such as 2026-05-02T10:00:00-05:00")
    with house() as each:
        caught_up(each)
        raise typer.Exit(listed(each, moment, as_json=json))


@app.command()
def erase(
    who: Annotated[str, typer.Argument(help="A party's or user's id (party:F-1, user:U-7Q3M where both are known), or a subject.")],
    basis: Annotated[
        str,
        typer.Option(
            "--basis", "--reason", help="asked, consent-withdrawn, objected, no-longer-needed, no-ground or ordered: as the law knows it."
        ),
    ],
    book: Book = "main",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Destroy what is known of a person, for ever: name, document, phone, boundaries, sign-in. The entries stay."""
    from api.erasing import run

    with house() as each:
        caught_up(each)
        raise typer.Exit(run(each, who, basis, book, lambda words: yes or typer.confirm(words, err=True), as_json=json))
