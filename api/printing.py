"""Labels as they are printed: what the record says of them, each with the address its code opens and, where a key signs, the signature."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from api import labelkeys
from api.house import House
from domain.label import LONG, SIGNS
from domain.values import bare
from labels.book import Writes
from labels.job import Progress, page_of, pdf_of, zpl_of
from labels.label import Label, Own, Plan, Sort, plan
from labels.link import Of, is_loopback, label_link, label_path
from labels.paper import DPI, Paper
from labels.raster import png
from labels.svg import svg
from ledger.schema import Connection
from projections import labels as views
from projections import public

_WHOLE: Final = {"pdf": pdf_of, "zpl": zpl_of}
FORMS: Final = {"pdf": "application/pdf", "zpl": "application/vnd.zebra-zpl", "svg": "image/svg+xml", "png": "image/png"}
"""As what labels are drawn -> its media type. SVG and PNG are one page."""
SORTS: Final[dict[str, Sort]] = {"sack": "sack", "pallet": "pallet", "sample": "sample", "container": "container", "card": "card"}


def serials(count: int) -> list[str]:
    """As many serials that nobody can guess, each once."""
    made: dict[str, None] = {}
    while len(made) < count:
        made["".join(secrets.choice(SIGNS) for _ in range(LONG))] = None
    return list(made)


def serials_of(form: str, count: int, turn: int = 0) -> list[str]:
    """The serials of a form by its id, the same each time it is sent, others with another `turn`: whoever does not know the id of random
    bits cannot guess them. Raises ValueError where it is no UUID.
    """
    made: dict[str, None] = {}
    seed, number = UUID(form).bytes + turn.to_bytes(2), 0
    while len(made) < count:
        bits = int.from_bytes(sha256(seed + number.to_bytes(4)).digest()[:5])
        made["".join(SIGNS[bits >> 5 * place & 31] for place in range(LONG))] = None
        number += 1
    return list(made)


class Unsignable(Exception):
    """Labels of a key whose private half is not here: they cannot be drawn any more, and are to be printed anew."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Labels that are drawn together: what they all say, the rows of the views, void ones left out, and the signature of each by serial."""

    base: str
    label: Label
    rows: tuple[views.Label, ...]
    digits: Mapping[str, str]

    def owns(self) -> Iterator[Own]:
        """Each label's own part, in the order of serials; the same each time."""
        return map(self._own, self.rows)

    def plan(self, paper: Paper, second: str) -> Plan:
        """Where all stands on them. Raises ValueError where a code would be too fine for a phone, and where there is no label left."""
        if not self.rows:
            raise ValueError("none of these labels counts any more")
        return plan(self.label, paper, second, self._own(self.rows[0]))

    def _own(self, row: views.Label) -> Own:
        of, serial, base = labelkeys.of(row), row.serial, urlsplit(self.base)
        host, elements = f"{base.netloc}{base.path.rstrip('/')}", _elements(of, serial)
        address = host if elements else f"{host}{label_path(of, serial)}"
        return Own(serial, label_link(self.base, of, serial), address, self.digits.get(serial, ""), elements)


def batch(house: House, rows: Sequence[views.Label]) -> Batch:
    """Labels that one entry recorded, as they are drawn; void ones are left out. Raises Unsignable, ValueError for no label at all."""
    if not rows:
        raise ValueError("no label of this printing")
    base = house.settings.base
    with house.pool.connection() as conn:
        label = _label(house, conn, rows[0], draft=is_loopback(base))
    try:
        return Batch(base, label, tuple(sorted(row for row in rows if row.void is None)), labelkeys.digits_of(house, rows))
    except labelkeys.NoKey as gone:
        raise Unsignable(str(gone)) from None


def _elements(of: Of, serial: str) -> str:
    """What the code holds, as GS1 writes it for people; empty without numbers of GS1."""
    if of.sscc:
        return f"(00){of.sscc}"
    return f"(01){of.gtin}(10){bare(of.lot)}(21){serial}" if of.gtin and of.lot else ""


_SEAL: Final = """SELECT seal_no FROM views.containers c WHERE container_no = %s AND first = %s AND EXISTS (SELECT FROM views.timeline t
 JOIN views.moments m USING (position) WHERE t.tag = c.stuffing AND m.kind = 'container-sealed.v1' AND m.position < %s)"""
"""A seal that was on the container when the label was printed: drawn again later, it is the same label."""


def _label(house: House, conn: Connection, row: views.Label, *, draft: bool) -> Label:
    """What all labels of an entry say; the holder is named where it is an organisation with a RUC of series 20."""
    name, seal = public.names(conn, house.vault, [row.holder]).get(row.holder, ""), None
    if row.container_no:
        (seal,) = conn.execute(_SEAL, (row.container_no, row.stuffing, row.position)).fetchone() or (None,)
    number = row.container_no or bare(row.lot or row.party or "")
    return Label(SORTS[row.sort], number, row.printed_at[:10], name, row.grams, seal, row.kid, draft)


def drawn(form: str, batches: Sequence[Batch], paper: Paper, second: str, file: Writes, progress: Progress = lambda _: None) -> int:
    """Write labels to a file as PDF, ZPL, or, the first page of them, as SVG or PNG; how many there are on it.

    Raises ValueError where a code would be too fine for a phone, where there is none, and for ZPL on paper with several labels a page.
    """
    alive = [each for each in batches if each.rows]
    laid = (alive or batches)[0].plan(paper, second)
    owns = chain.from_iterable(each.owns() for each in alive)
    if form in _WHOLE:
        return _WHOLE[form](laid, owns, file, progress)
    first = list(islice(owns, paper.many))
    sheet = page_of(laid, first)
    file.write(svg(sheet) if form == "svg" else png(sheet, DPI))
    return len(first)
