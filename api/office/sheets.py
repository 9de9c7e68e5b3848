"""Tables for spreadsheets, in which no cell can be taken for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from api.cache import SECURITY, Page, page

_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def cell(written: object) -> str:
    """A cell's text; one that a spreadsheet would work out gets an apostrophe before it, a plain number does not."""
    text = "" if written is None else str(written)
    return f"'{text}" if text.startswith(_FORMULAS) and not _NUMBER.fullmatch(text) else text


def sheet(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Page:
    """A CSV file to save, in UTF-8 with a mark that spreadsheets know it by."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(cell, head))
    writer.writerows(map(cell, row) for row in rows)
    headers = SECURITY | {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return page(text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", 200, headers)
