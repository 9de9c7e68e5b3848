"""`cacao balance` and `cacao findings` at the terminal: where every kilogram went, and what should be looked at."""

from typing import Any, Final

from api import terminal
from api.auditing import balance_data, finding_data, found, name_of, told
from api.house import House
from projections.balance import By, Row, Wanted
from projections.findings import CHECKS

_IN: Final = ("carried", "harvested", "bought", "made", "stuffed")
_OUT: Final = ("stepped", "sold", "loaded", "emptied")
_PART: Final = 1_000


def balance(house: House, by: By, *, as_json: bool) -> int:
    """Print the balance of everything; exit code 1 where something cannot be accounted for."""
    with house.reading(None) as conn:
        parts = [told(conn, None, by, Wanted(most=_PART))]
        while after := parts[-1].next:
            parts.append(told(conn, None, by, Wanted(after=after, most=_PART)))
    rows = [row for part in parts for row in part.rows]
    if as_json:
        data = [balance_data(by, part) for part in parts]
        terminal.data(data[0] | {name: [each for part in data for each in part[name]] for name in ("rows", "yields")} | {"next": None})
    else:
        _print(by, rows)
        shares = [each for part in parts for each in part.yields]
        cells = [(name_of(each.key), *map(_share, each[1:]), "" if each.usual in (None, "usual") else each.usual) for each in shares]
        terminal.table("yields", (by, "fermenting", "drying", "drying wet beans", "wet to dry", ""), cells)
    return int(any(row.apart for row in rows))


def _print(by: By, rows: list[Row]) -> None:
    ins, outs = ([name for name in names if any(getattr(row, name) for row in rows)] for names in (_IN, _OUT))
    names = (*ins, *outs, "lost", "on_hand", "water", "apart")
    columns = (by, "form", *ins, *(f"- {name}" for name in outs), "- lost", "= on hand", "water", "apart")
    terminal.table("kilograms", columns, [(name_of(row.key), row.form, *(_kilos(getattr(row, name)) for name in names)) for row in rows])


def _kilos(grams: int) -> str:
    return f"{grams / 1000:,.3f}"


def _share(share: Any) -> str:  # noqa: ANN401 - a share or None
    return "" if share is None else f"{share:.3f}"


def findings(house: House, *, as_json: bool) -> int:
    """Print what the checks find; they refuse nothing, so finding something is no failure."""
    with terminal.bar("checks", len(CHECKS)) as progress:
        of = found(house, None, progress)
    if as_json:
        terminal.data({"findings": [finding_data(each) for each in of]})
    else:
        terminal.table("to be looked at", ("check", "what", "entries"), [(each.check, str(each), _entries(each.positions)) for each in of])
    return 0


def _entries(positions: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, positions[:10]))
    return f"{shown} and {len(positions) - 10:,} more" if len(positions) > 10 else shown  # noqa: PLR2004 - what a cell holds
