"""What every page of the office asks: the next free id of a kind within a book, and organisations that one may trade with."""

from typing import Final

from ledger.schema import Connection

_PLACES: Final = {
    "lot": ("lots", "lot"), "loss": ("losses", "loss"), "nursery-lot": ("nursery_lots", "nursery_lot"), "handout": ("handouts", "handout"),
    "return": ("returns", "return"), "budwood": ("budwood", "budwood"), "graft": ("grafts", "graft"),
    "party": ("parties", "party"), "plot": ("plots", "plot"), "price": ("prices", "price"), "money": ("money", "id"),
}  # fmt: skip
"""Sort of thing -> table and column of its ids."""
_DIGITS: Final = 6


def next_id(conn: Connection, sort: str, book: str, letter: str, year: str) -> str:
    """LETTER-YEAR-NUMBER after the highest of that pattern in a book. Ask on a connection that sees the whole book."""
    table, column = _PLACES[sort]
    start = f"{book}/{letter}-{year}-"
    row = conn.execute(
        f'SELECT max("{column}") FROM views.{table} WHERE "{column}" >= %(start)s AND "{column}" < %(end)s AND "{column}" ~ %(shape)s',
        {"start": f"{start}0", "end": f"{start}:", "shape": f"-[0-9]{{{_DIGITS}}}$"},
    ).fetchone()
    last = int(row[0][-_DIGITS:]) if row and row[0] else 0
    return f"{letter}-{year}-{last + 1:0{_DIGITS}}"


def organisations(conn: Connection, *but: str) -> list[tuple[str, str]]:
    """(party, role) of organisations that may be seen."""
    rows = conn.execute("SELECT party, role FROM views.parties WHERE role <> 'farmer' AND party <> ALL(%s) ORDER BY party", (list(but),))
    return [(party, role) for party, role in rows]
