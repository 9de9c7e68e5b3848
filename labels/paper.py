"""What labels are printed on: how large it is, how near the edge one may print, how many labels a page has, how large letters are."""

from dataclasses import dataclass
from typing import Final

DOT: Final = 0.125
"""Millimetres of a dot of a thermal printer (203 an inch, eight a millimetre): on whole dots all modules print equally large."""
DPI: Final = 25.4 / DOT


@dataclass(frozen=True, slots=True)
class Paper:
    """A sort of paper; `width` and `height` are a label's, in millimetres.

    `height` is None where a roll is cut after each label. `scale` is the size of letters, A6 being 1. A page has `across` x `down` labels.
    """

    name: str
    words: str
    width: float
    height: float | None
    margin: float
    scale: float
    across: int = 1
    down: int = 1

    @property
    def many(self) -> int:
        """Labels on a page."""
        return self.across * self.down


PAPERS: Final = {
    each.name: each
    for each in (
        Paper("a6", "A6", 105, 148, 6, 1),
        Paper("a4", "A4: 4 x A6", 105, 148.5, 6, 1, across=2, down=2),
        Paper("100", "100 x 150 mm", 100, 150, 4, 1),
        Paper("80", "80 mm", 80, None, 4, 0.85),
        Paper("58", "58 mm", 58, None, 5, 0.7),
    )
}
"""Name -> paper, as the command line and the pages call it."""
