"""The exact shares of plots in every lot, in one pass: what a whole book's answers are made of."""

from collections import defaultdict
from fractions import Fraction
from math import gcd, lcm

from ledger.schema import Connection


def bare(key: str | None) -> str | None:
    """The id of a key: the book is hidden while one book is spoken of."""
    return None if key is None else key.rpartition("/")[2]


class Shares:
    """The exact shares of plots in every lot of the ledger: one pass over the edges in order of position.

    A lot's shares are integers over one common denominator. Memory: the shares of all lots.
    """

    def __init__(self, conn: Connection) -> None:
        self._of: dict[str, tuple[int, dict[str, int]]] = {}
        made: list[tuple[str, int]] = []
        at = ""
        for src, dst, grams in conn.execute(
            "SELECT src, dst, grams FROM views.edges WHERE dst LIKE 'lot:%%' ORDER BY position, src", prepare=False
        ):
            if dst != at and made:
                self._make(at, made)
                made = []
            at = dst
            made.append((src, grams))
        if made:
            self._make(at, made)

    def of(self, lot: str) -> dict[str, Fraction]:
        """Plot (bare) -> share, of a lot by its key."""
        whole, parts = self._of[f"lot:{lot}"]
        return {str(bare(plot)): Fraction(part, whole) for plot, part in parts.items()}

    def _make(self, lot: str, drawn: list[tuple[str, int]]) -> None:
        inputs = [(grams, *self._input(src)) for src, grams in drawn]
        common = lcm(*(whole for _, whole, _ in inputs))
        parts: dict[str, int] = defaultdict(int)
        for grams, whole, of in inputs:
            for plot, part in of.items():
                parts[plot] += part * grams * (common // whole)
        self._of[lot] = _reduced(common * sum(grams for grams, _, _ in inputs), parts)

    def _input(self, src: str) -> tuple[int, dict[str, int]]:
        return (1, {src.removeprefix("plot:"): 1}) if src.startswith("plot:") else self._of[src]


def _reduced(whole: int, parts: dict[str, int]) -> tuple[int, dict[str, int]]:
    common = gcd(whole, *parts.values())
    return whole // common, {plot: part // common for plot, part in parts.items()}
