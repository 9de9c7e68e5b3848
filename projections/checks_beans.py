"""Checks of beans on their way: weight gained or missing, and weights that repeat."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import comb
from typing import Final, NamedTuple

from ledger.schema import Connection
from projections.balance import MINE, read_all
from projections.findings import About, Finding, bare, kg
from projections.lineage import Edge
from projections.yields import LEAST, MOST, judged, known, wet_behind

_EDGES: Final = "SELECT src, dst, grams, position FROM {schema}.edges WHERE dst NOT LIKE 'loss:%%' ORDER BY position, dst, src"


def ways(conn: Connection, schema: str) -> list[Edge]:
    """All edges but those of losses, in order of position."""
    return list(map(Edge._make, read_all(conn, _EDGES.format(schema=schema))))


def outturns(conn: Connection, org: str | None, schema: str = "views") -> list[Finding]:
    """Dried lots that weigh more, or less, than the wet beans behind them usually give: beans of elsewhere came in, or some went out."""
    edges, lots = ways(conn, schema), known(conn, None, schema)
    behind = wet_behind(edges, lots)
    into: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        into[edge.dst].append(edge.src)
    query = f"SELECT l.lot, l.grams, l.position FROM {schema}.lots l WHERE l.made_by = 'lots-dried.v1' AND {MINE} ORDER BY l.position"
    dried = read_all(conn, query, org=org)
    made = {f"lot:{lot}": position for lot, position in read_all(conn, f"SELECT lot, position FROM {schema}.lots")}
    found = []
    for lot, grams, position in dried:
        wet = behind.get(node := f"lot:{lot}")
        if wet and judged(grams / wet) != "usual":
            values = {
                "lot": bare(lot), "found": f"{grams / wet:.4f}", "kg": kg(grams), "wet": kg(wet),
                "least": f"{LEAST:.2f}", "most": f"{MOST:.2f}",
            }  # fmt: skip
            said = "lot {lot} weighs {kg} kg dry, {found} of the {wet} kg of wet beans behind it; {least} to {most} is usual"
            found.append(Finding("outturn", (("lot", lot),), said, values, tuple(sorted({position, *(made[src] for src in into[node])}))))
    return found


class Purchase(NamedTuple):
    """A purchase, as far as repeats are concerned."""

    buyer: str
    seller: str
    grams: int
    at: datetime
    position: int


_PURCHASES: Final = f"""SELECT l.holder, l.seller, l.grams, l.ended_at, l.position FROM {{schema}}.lots l
 WHERE l.made_by = 'lot-bought.v1' AND {MINE} ORDER BY l.ended_at, l.position"""
_THREE: Final = 3
_SELDOM: Final = 1e-4
_FINE: Final = 1e-3
"""Two purchases weigh alike once in a thousand times at least: to a tenth of a kilogram, over a hundred kilograms."""
_WINDOWS: Final = (("pair", timedelta(days=30)), ("buyer", timedelta(days=7)))


def repeated(conn: Connection, org: str | None, schema: str = "views") -> list[Finding]:
    """The same grams again and again within days: of one seller to one buyer within 30, of one buyer's purchases within 7.

    More than chance: as often as two of the buyer's other purchases weigh alike (scales that tell whole kilograms alone repeat more),
    so many alike in that time would be seen less than once in ten thousand such times.
    """
    purchases = [
        Purchase(buyer, seller, grams, datetime.fromisoformat(at), position)
        for buyer, seller, grams, at, position in read_all(conn, _PURCHASES.format(schema=schema), org=org)
    ]
    found: dict[tuple[int, ...], Finding] = {}
    alike = _alike(purchases)
    for whose, window in _WINDOWS:
        groups: dict[tuple[str, ...], list[Purchase]] = defaultdict(list)
        for each in purchases:
            groups[(each.buyer, each.seller) if whose == "pair" else (each.buyer,)].append(each)
        for group in groups.values():
            for run in _runs(group, window, alike):
                found.setdefault(tuple(each.position for each in run), _repeat(run))
    return list(found.values())


def _alike(purchases: Sequence[Purchase]) -> dict[tuple[str, int], float]:
    """(buyer, grams) -> how often two of the buyer's purchases of other weights weigh alike."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for each in purchases:
        counts[each.buyer][each.grams] += 1
    chances = {}
    for buyer, of in counts.items():
        pairs = sum(count * (count - 1) for count in of.values())
        for grams, count in of.items():
            others = of.total() - count
            chances[buyer, grams] = max(_FINE, (pairs - count * (count - 1)) / max(1, others * (others - 1)))
    return chances


def _runs(group: Sequence[Purchase], window: timedelta, alike: Mapping[tuple[str, int], float]) -> Iterator[list[Purchase]]:
    """The longest runs of one weight within a window that are more than chance; `group` in order of time."""
    times = [each.at for each in group]
    weights: dict[int, list[Purchase]] = defaultdict(list)
    for each in group:
        weights[each.grams].append(each)
    for grams, of in weights.items():
        at = 0
        while at + _THREE <= len(of):
            run = [each for each in of[at:] if each.at - of[at].at <= window]
            among = bisect_right(times, run[-1].at) - bisect_left(times, run[0].at)
            if len(run) >= _THREE and comb(among, len(run)) * alike[of[0].buyer, grams] ** (len(run) - 1) < _SELDOM:
                yield run
                at += len(run)
            else:
                at += 1


def _repeat(run: Sequence[Purchase]) -> Finding:
    sellers = sorted({each.seller for each in run})
    values = {
        "buyer": bare(run[0].buyer), "found": str(len(run)), "kg": f"{run[0].grams / 1000:,.3f}".rstrip("0").rstrip("."),
        "sellers": ", ".join(map(bare, sellers)), "since": run[0].at.date().isoformat(), "until": run[-1].at.date().isoformat(),
    }  # fmt: skip
    said = "{buyer} bought exactly {kg} kg {found} times between {since} and {until}, of {sellers}; chance gives twice at most"
    parties: list[About] = [("party", party) for party in (run[0].buyer, *sellers)]
    return Finding("repeated", tuple(parties), said, values, tuple(sorted(each.position for each in run)))
