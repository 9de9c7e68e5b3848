"""The way of the beans as a picture needs it: groups of plots and lots in columns, and the grams that went from one to another.

Nothing is dropped: what is lost, on hand, or went as water has a group of its own, so every cut between two columns carries all grams.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple

from ledger.schema import Connection
from projections.balance import KEYS, read_all
from projections.lineage import Edge

Sort = Literal["plots", "from", "lots", "container", "sold", "on-hand", "lost", "water"]
EACH: Final = 200
"""Up to so many lots, each has its own place; beyond, those of a column are grouped."""
MOST: Final = 40
"""Groups of a column, where they are grouped."""
DEEPEST: Final = 3
"""So often beans change hands, are blended or split within one form before what follows stands together."""
_STAGES: Final = {"wet": 1, "fermented": 2, "dry": 4}
_DRIED, _ENDS = 3, 9


class Group(NamedTuple):
    """What stands at one place: `size` plots, lots or containers. Of one alone `key` says which; the rest is what all of them share."""

    column: int
    sort: Sort
    form: str
    key: str = ""
    holder: str = ""
    month: str = ""
    size: int = 1


class Flow(NamedTuple):
    """Groups by column, and (from, to) -> grams by their places in `groups`.

    `columns` says of each what stands in it: 0 farms, 1 wet, 2 fermented, 3 dried, 4 further dry beans, 9 where they went; and how often
    they were passed on within it.
    """

    columns: list[tuple[int, int]]
    groups: list[Group]
    links: dict[tuple[int, int], int]


class _Lot(NamedTuple):
    lot: str
    form: str
    holder: str
    made_by: str
    grams: int
    month: str
    plot: str | None
    seller: str | None
    site: str
    own: bool


class _Thing(NamedTuple):
    """A plot, a lot or an end: where it stands, and what it may be grouped by."""

    stage: int
    depth: int
    sort: Sort
    form: str
    key: str
    holder: str
    month: str


_LOTS: Final = f"""SELECT l.lot, l.form, l.holder, l.made_by, l.grams, left(l.ended_at, 7), l.plot, l.seller,
 CASE WHEN l.plot IS NULL THEN '' ELSE {KEYS["site"]} END,
 %(org)s::text IS NULL OR l.org = %(org)s OR l.holder = %(org)s FROM {{schema}}.lots l"""
_EDGES: Final = "SELECT src, dst, grams, position, holder FROM {schema}.edges WHERE src LIKE 'lot:%%' ORDER BY position, dst, src"
_PAYERS: Final = "SELECT position, payer FROM {schema}.money WHERE sort = 'purchase'"


def flow(conn: Connection, org: str | None, schema: str = "views") -> Flow:
    """The way of all beans that an organisation wrote or held, or of all."""
    lots = {f"lot:{row[0]}": _Lot(*row) for row in read_all(conn, _LOTS.format(schema=schema), org=org)}
    edges = read_all(conn, _EDGES.format(schema=schema))
    payers = {} if org is None else dict(read_all(conn, _PAYERS.format(schema=schema)))
    way = _Way(lots, payers)
    for *edge, holder in edges:
        way.walk(Edge(*edge), holder)
    way.settle()
    return _grouped(way.things, way.links, each=sum(lot.own for lot in lots.values()) <= EACH)


class _Way:
    """The things that beans pass, and the grams between them; a harvested lot stands with its plot."""

    def __init__(self, lots: Mapping[str, _Lot], payers: Mapping[int, str]) -> None:
        self._lots, self._payers = lots, payers
        self.things: dict[str, _Thing] = {}
        self.links: dict[tuple[str, str], int] = defaultdict(int)
        self._came: dict[str, int] = defaultdict(int)
        self._went: dict[str, int] = defaultdict(int)

    def walk(self, edge: Edge, holder: str | None) -> None:
        """Grams that were drawn, as one link; edges come in order of position."""
        src, dst = self._own(edge.src), self._own(edge.dst)
        if src is None and dst is None:
            return
        start = self._of(edge.src, src) if src else self._source(self._lots[edge.src].holder if edge.src in self._lots else holder or "")
        end = self._of(edge.dst, dst, start) if dst else self._end(edge)
        self.links[start, end] += edge.grams
        self._went[edge.src] += edge.grams
        self._came[edge.dst] += edge.grams

    def settle(self) -> None:
        """What is on hand, what steps took away, and what came from where one cannot see."""
        for node, lot in self._lots.items():
            if not lot.own:
                continue
            at = self._of(node, lot)
            if left := lot.grams - self._went[node]:
                self.links[at, self._place("hand", _Thing(_ENDS, 0, "on-hand", lot.form, lot.form, "", ""))] += left
            more = 0 if lot.plot else self._came[node] - lot.grams
            if more > 0:
                self.links[at, self._place("water", _Thing(_ENDS, 0, "water", "", "water", "", ""))] += more
            elif more < 0:
                self.links[self._source(lot.seller or lot.holder), at] -= more

    def _own(self, node: str) -> _Lot | None:
        lot = self._lots.get(node)
        return lot if lot and lot.own else None

    def _place(self, sort: str, thing: _Thing) -> str:
        name = f"{sort}:{thing.key}"
        self.things.setdefault(name, thing)
        return name

    def _source(self, holder: str) -> str:
        return self._place("from", _Thing(0, 0, "from", "", holder, holder, ""))

    def _of(self, node: str, lot: _Lot, start: str | None = None) -> str:
        if lot.plot:
            name = f"plot:{lot.plot}"
            return name if name in self.things else self._place("plot", _Thing(0, 0, "plots", "wet", lot.plot, lot.holder, lot.site))
        if start is None and node in self.things:
            return node
        stage = _DRIED if lot.made_by == "lots-dried.v1" else _STAGES[lot.form]
        before = self.things.get(start or "")
        depth = min(DEEPEST, before.depth + 1) if before and before.stage == stage else 0
        if node not in self.things or depth > self.things[node].depth:
            self.things[node] = _Thing(stage, depth, "lots", lot.form, lot.lot, lot.holder, lot.month)
        return node

    def _end(self, edge: Edge) -> str:
        sort, _, key = edge.dst.partition(":")
        if sort == "stuffing":
            return self._place("stuffing", _Thing(_ENDS, 0, "container", "dry", key, "", ""))
        if sort == "loss":
            return self._place("lost", _Thing(_ENDS, 0, "lost", "", "lost", "", ""))
        payer = self._payers.get(edge.position, "")
        return self._place("sold", _Thing(_ENDS, 0, "sold", "", payer, payer, ""))


_By = Callable[[_Thing], tuple[str, str, str]]
_LEVELS: Final[tuple[_By, ...]] = (
    lambda thing: (thing.key, thing.holder, thing.month),
    lambda thing: ("", thing.holder, thing.month),
    lambda thing: ("", thing.holder, ""),
    lambda thing: ("", "", thing.month),
    lambda _thing: ("", "", ""),
)
"""What things of a column are told apart by, from the finest: themselves, holder and month, holder, month, nothing but their form."""


def _grouped(things: Mapping[str, _Thing], links: Mapping[tuple[str, str], int], *, each: bool) -> Flow:
    """The same grams between groups; what passes within a group is not shown."""
    columns: dict[tuple[int, int], list[str]] = defaultdict(list)
    for name in {name for link in links for name in link}:
        columns[things[name].stage, things[name].depth].append(name)
    place: dict[str, int] = {}
    groups: list[Group] = []
    for column, at in enumerate(sorted(columns)):
        of = sorted(columns[at])
        for group, members in _column(of, things, column, each=each and at[1] < DEEPEST):
            place |= dict.fromkeys(members, len(groups))
            groups.append(group)
    joined: dict[tuple[int, int], int] = defaultdict(int)
    for (start, end), grams in links.items():
        if place[start] != place[end]:
            joined[place[start], place[end]] += grams
    return Flow(sorted(columns), groups, dict(sorted(joined.items())))


def _column(names: Iterable[str], things: Mapping[str, _Thing], column: int, *, each: bool) -> list[tuple[Group, list[str]]]:
    """The groups of one column, told apart as finely as there is room for."""
    names = list(names)
    deepest = things[names[0]].depth == DEEPEST
    levels = _LEVELS[:1] if each else _LEVELS[-1:] if deepest else _LEVELS
    for level in levels:
        members: dict[Any, list[str]] = defaultdict(list)
        for name in names:
            members[things[name].sort, things[name].form, level(things[name])].append(name)
        if len(members) <= MOST or level is levels[-1]:
            break
    return [(_shared(column, [things[name] for name in of]), of) for of in members.values()]


def _shared(column: int, of: list[_Thing]) -> Group:
    """The group of some things: what all of them have alike."""
    keys, holders, months = ({getattr(thing, name) for thing in of} for name in ("key", "holder", "month"))
    key, holder, month = ("".join(values) if len(values) == 1 else "" for values in (keys, holders, months))
    return Group(column, of[0].sort, of[0].form, key, holder, month, len(of))
