"""`cacao entry` and `cacao stock` at the terminal: one entry with its proof and what rests on what; what is on hand, or was."""

from typing import Any

import orjson

from api import terminal
from api.house import House
from api.office.told import clock
from api.replay import spoken
from domain.values import bare, kilograms
from ledger import log
from ledger.entry import read
from ledger.merkle import leaf_hash
from projections.history import lines, marks
from projections.office_stock import on_hand
from projections.standing import rest_on_it, rests_on


def entry(house: House, position: int, *, as_json: bool) -> int:
    """Print an entry; exit code 1 where there is none."""
    with house.pool.connection() as conn:
        stored = lines(conn, [position])
        if position not in stored:
            terminal.say(f"cacao: there is no entry {position:,}")
            return 1
        of = read(position, stored[position])
        mark = marks(conn, [position])[position]
        first = log.first_over(conn, house.settings.origin, position)
        found: dict[str, Any] = {
            "position": position, "leaf_hash": leaf_hash(of.line).hex(), "late": mark.late, "annulled_by": mark.annulled_by,
            "questions": [question._asdict() for question in mark.questions],
            "first_checkpoint": None if first is None else {"size": first[0], "signed_at": first[1]},
            "rests_on": rests_on(conn, of), "rest_on_it": rest_on_it(conn, of), "entry": orjson.loads(of.line),
        }  # fmt: skip
    if as_json:
        terminal.data(found)
    else:
        print(spoken(of))  # noqa: T201 - data goes to stdout
        shown = {name: value for name, value in found.items() if name not in ("position", "entry")}
        terminal.table(f"entry {position:,}", ("", ""), [(name.replace("_", " "), _told(value)) for name, value in shown.items()])
        print(of.line.decode())  # noqa: T201
    return 0


def _told(value: Any) -> str:  # noqa: ANN401 - of a few sorts
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case {"size": size, "signed_at": signed}:
            return f"{size:,} entries, signed {signed}"
        case list():
            return ", ".join(str(each["position"] if isinstance(each, dict) else each) for each in value) or "-"
        case _:
            return str(value)


def stock(house: House, org: str | None, at: int | None, *, as_json: bool) -> int:
    """Print the lots on hand of an organisation and its farmers (None: of all), now or at a position."""
    with house.standing(org, at) as (conn, schema):
        lots = on_hand(conn, org, schema=schema)
    if as_json:
        terminal.data({"as_of": at, "lots": [{**lot._asdict(), "kg": str(lot.kg)} for lot in lots]})
        return 0
    rows = [(bare(lot.lot), lot.form, bare(lot.holder), kilograms(lot.grams), clock(lot.since)) for lot in lots]
    title = "on hand" if at is None else f"on hand as the record stood at entry {at:,}"
    terminal.table(f"{title}: {kilograms(sum(lot.grams for lot in lots))}", ("lot", "form", "holder", "left", "since"), rows)
    return 0
