"""Labels at the terminal: drawn, printed, listed, voided, printed anew."""

import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from api import terminal
from api.cli.common import Book, Json, caught_up, failed, house
from api.cli.labels import DRAW, label

Output = Annotated[Path, typer.Option("-o", "--output", help="A file to be made: .pdf, .zpl, or, one page, .svg or .png.")]
PaperName = Annotated[str, typer.Option("--paper", help="a6, a4 (four on a page), 100, 80 or 58 (rolls, mm).")]
Second = Annotated[str, typer.Option("--second", help="The language beside the Spanish: en, de, fr, it, nl; es for none.")]
Serials = Annotated[list[str], typer.Argument(help="Serials, as labels print them.")]
Reason = Annotated[str, typer.Option(help="damaged, lost, copied, wrong or other.")]
_OPTIONS = {
    "lot_id": "the lot", "container_no": "the container", "party_id": "the farmer's code", "issuer_id": "--org", "net_kg": "--kg",
    "gtin": "--gtin", "sscc": "--sscc", "sort": "--sort", "book": "--book", "serials": "the serial", "replaced": "the serial",
    "reason": "--reason",
}  # fmt: skip
"""Field of a command -> what it is called here."""


@label.command(DRAW)
def draw(
    of: Annotated[str, typer.Argument(help="A container number; or the entry that printed labels, to draw these once more.")],
    output: Output,
    paper: PaperName = "a6",
    second: Second = "en",
) -> None:
    """Draw a container's label, A6, without serial, or what was printed: nothing is recorded. `cacao label CONTAINER` does so too."""
    if not of.isdigit():
        _draw_container(of, output)
        return
    form = _form(output, paper, second)
    _on_labels(lambda each, _operator: _drawn(each, [int(of)], form, output, paper, second))


def _draw_container(container: str, output: Path) -> None:
    from api.label import container_label_of
    from labels.sheet import draw as drawn_as
    from projections.trace import Unknown

    form = output.suffix.lower().removeprefix(".")
    if form not in ("pdf", "svg", "png"):
        raise failed(f"{output}: wanted a .pdf, .svg or .png file")
    with house() as each:
        caught_up(each)
        try:
            drawn = container_label_of(each, container)
        except Unknown as unknown:
            raise failed(str(unknown), 1) from None
    output.write_bytes(drawn_as(drawn, form))  # type: ignore[arg-type]
    terminal.say(f"{output}: opens {drawn.link}" + (" (DRAFT: CACAO_URL is this computer)" if drawn.draft else ""))


@label.command("print")
def print_(
    of: Annotated[str, typer.Argument(help="A lot's id, a container number, or a farmer's code.")],
    output: Output,
    sort: Annotated[str, typer.Option(help="sack, pallet, sample, container or card; else container for its number, sack for a lot.")] = "",
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 1,
    kg: Annotated[str, typer.Option(help="Net weight that stands on each, such as 69.")] = "",
    gtin: Annotated[str, typer.Option(help="A product of the lot's holder, fourteen digits.")] = "",
    sscc: Annotated[str, typer.Option(help="The number of one pallet or container, eighteen digits.")] = "",
    org: Annotated[str, typer.Option(help="Who gives a farmer's card, such as AG-01.")] = "",
    public: Annotated[bool, typer.Option("--public", help="Their page may be opened before the lot is in a container.")] = False,  # noqa: FBT002
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Do not sign, though there is a key.")] = False,  # noqa: FBT002
    paper: PaperName = "a6",
    second: Second = "en",
    book: Book = "main",
) -> None:
    """Record labels, each with a serial of its own, and draw them; prints the entries that recorded them."""
    from api.labelling import Wanted, print_labels
    from domain.identity import is_container_number, is_gs1_number

    if sscc and not is_gs1_number(sscc, 18):
        raise failed(f"--sscc {sscc}: wanted eighteen digits, the last of which checks the others")
    sort = sort or ("container" if is_container_number(of) else "sack")
    if sort == "card" and not org:
        raise failed("--org says who gives a farmer's card, such as AG-01")
    form, wanted = _form(output, paper, second), Wanted(sort, of, book, kg, gtin, sscc, public, org)

    def act(each: Any, operator: Any) -> None:  # noqa: ANN401 - a House and its Actor
        positions = print_labels(each, operator, wanted, count, signed=not unsigned)
        _kept(each, positions, form, output, paper, second)

    _on_labels(act)


@label.command("list")
def labels_(
    entry: Annotated[int | None, typer.Argument(help="Its labels one by one: each serial, and whether it counts.")] = None,
    lot: Annotated[str | None, typer.Option(help="Of this lot only, such as DR-001; of another book, book/DR-001.")] = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Print what was printed, the latest first, and how many of it count; or the labels of one entry."""
    from projections.labels import of_entry, printings

    key = lot if lot is None or "/" in lot else f"main/{lot}"
    with house() as each:
        caught_up(each)
        with each.reading(None) as conn:
            found = [one._asdict() for one in (printings(conn, lot=key) if entry is None else of_entry(conn, entry))]
    if entry is not None and not found:
        raise failed(f"entry {entry} printed no labels", 1)
    if json:
        terminal.data([one | ({"void": one["void"]._asdict()} if one.get("void") else {}) for one in found])
    elif entry is None:
        rows = [[str(one["position"]), _what(one), str(one["kid"] or ""), one["printed_at"][:10], _counting(one)] for one in found]
        terminal.table("", ("entry", "labels", "key", "printed", "counting"), rows)
    else:
        terminal.table("", ("serial", "counts"), [[one["serial"], _state(one["void"])] for one in found])


def _what(printing: dict[str, Any]) -> str:
    of = printing["lot"] or printing["container_no"] or printing["party"]
    again = f", reprint of {printing['printing']}" if printing["printing"] != printing["position"] else ""
    return f"{printing['sort']} {of.removeprefix('main/')}{again}"


def _counting(printing: dict[str, Any]) -> str:
    return f"{printing['counting']:,} of {printing['labels']:,}"


def _state(void: Any) -> str:  # noqa: ANN401 - a Void or None
    if void is None:
        return "yes"
    return f"no: replaced by {void.replaced_by}" if void.replaced_by else f"no: {void.reason}, {void.voided_at[:10]}"


@label.command()
def void(serial: Serials, reason: Reason) -> None:
    """Say of labels that they no longer count: whoever scans one is told so. Prints the entries."""
    from api.labelling import typed_serials
    from api.labelling import void as end

    for position in _on_labels(lambda each, operator: end(each, operator, typed_serials(serial), reason)):
        print(position)  # noqa: T201 - data goes to stdout


@label.command()
def reprint(
    serial: Serials,
    reason: Reason,
    output: Output,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Do not sign, though there is a key.")] = False,  # noqa: FBT002
    paper: PaperName = "a6",
    second: Second = "en",
) -> None:
    """Print new labels in place of others, which are void from then on."""
    from api.labelling import reprint as again
    from api.labelling import typed_serials

    form = _form(output, paper, second)

    def act(each: Any, operator: Any) -> None:  # noqa: ANN401 - a House and its Actor
        _kept(each, again(each, operator, typed_serials(serial), reason, signed=not unsigned), form, output, paper, second)

    _on_labels(act)


def _form(output: Path, paper: str, second: str) -> str:
    from api.printing import FORMS
    from labels.paper import PAPERS
    from labels.words import SECOND

    form = output.suffix.lower().removeprefix(".")
    alone = paper in PAPERS and PAPERS[paper].many == 1
    if form not in FORMS or paper not in PAPERS or second not in SECOND or (form == "zpl" and not alone):
        wanted = f"a file .{', .'.join(FORMS)} (.zpl not on a4); --paper {', '.join(PAPERS)}; --second {', '.join(SECOND)}"
        raise failed(f"{output}, {paper}, {second}: wanted {wanted}")
    if not os.access(output.parent, os.W_OK) or output.is_dir():
        raise failed(f"{output} cannot be written: nothing was recorded")
    return form


def _kept(each: Any, positions: list[int], form: str, output: Path, paper: str, second: str) -> None:  # noqa: ANN401
    """Draw what was recorded just now; where that fails, it stays recorded, and how to draw it is said."""
    from api.printing import Unsignable

    try:
        _drawn(each, positions, form, output, paper, second)
    except (OSError, ValueError, Unsignable) as error:
        entries = ", ".join(map(str, positions))
        raise failed(f"recorded as entry {entries}, but not drawn ({error}): `cacao label draw {positions[0]} -o FILE` draws it") from None


def _drawn(each: Any, positions: list[int], form: str, output: Path, paper: str, second: str) -> None:  # noqa: ANN401
    """Draw what some entries printed, with a bar; the file is there when it is whole."""
    from api.labelling import batches
    from api.printing import drawn
    from labels.paper import PAPERS

    found, part = batches(each, None, positions), output.with_name(f".{output.name}.part")
    total, before = sum(len(one.rows) for one in found), 0
    with terminal.bar("labels", total) as more, part.open("wb") as file:

        def told(done: int) -> None:
            nonlocal before
            more(done - before)
            before = done

        count = drawn(form, found, PAPERS[paper], second, file, told)
    part.replace(output)
    noun = "label" if count == 1 else "labels"
    draft = " (DRAFT: CACAO_URL is this computer)" if found[0].label.draft else ""
    signed = f", signed with key {found[0].label.kid}" if found[0].label.kid else ", not signed: `cacao label key open` makes a key"
    rest = f" of {total}: SVG and PNG are one page" if count < total else ""
    terminal.say(f"{output}: {count} {noun}{rest}{signed}{draft}")
    for position in positions:
        print(position)  # noqa: T201 - data goes to stdout


def _on_labels(act: Any) -> Any:  # noqa: ANN401 - what is done in an opened house by its operator
    from api.people import NotDone, operator
    from api.printing import Unsignable
    from ledger.act import ReadOnly

    with house() as each:
        caught_up(each)
        try:
            return act(each, operator(each))
        except (NotDone, ReadOnly, Unsignable, ValueError) as refused:
            raise failed(_plain(str(refused))) from None
        except OSError as error:
            raise failed(f"{error.filename} cannot be written ({error.strerror})") from None


def _plain(words: str) -> str:
    """What is wrong with a field of a command, as a word of this command line."""
    field, colon, rest = words.partition(":")
    option = _OPTIONS.get(re.sub(r"\.[0-9]+$", "", field))
    return f"{option}:{rest.removesuffix(', written as text')}" if colon and option else words
