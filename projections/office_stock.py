"""What an organisation has on hand: lots with what is left of them, what each was made of and went into, and its outturn."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from ledger.schema import Connection
from projections.lineage import Edge, up
from projections.past import HOLDER, SCHEMA

FORMS: Final = ("wet", "fermented", "dry")


def kilos(grams: int) -> Decimal:
    """Kilograms of grams, in the fewest digits."""
    return Decimal(grams) / 1000


class OnHand(NamedTuple):
    """A lot of which something is left: `grams`. `role` and `district` are its holder's, where they may be seen."""

    lot: str
    form: str
    holder: str
    made_by: str
    grams: int
    since: str
    role: str | None
    district: str | None

    @property
    def id(self) -> str:
        """Its id within its book."""
        return self.lot.rpartition("/")[2]

    @property
    def kg(self) -> Decimal:
        """Kilograms on hand."""
        return kilos(self.grams)

    def days(self, now: str) -> int:
        """Whole days since it was made, at a moment."""
        return max(0, (datetime.fromisoformat(now) - datetime.fromisoformat(self.since)).days)


_LEFT: Final = "l.grams - coalesce((SELECT sum(e.grams) FROM {schema}.edges e WHERE e.src = 'lot:' || l.lot), 0)::int8"
_ON_HAND: Final = f"""SELECT * FROM (SELECT l.lot, l.form, l.holder, l.made_by, {_LEFT} AS grams, l.ended_at, p.role, p.district
 FROM {{schema}}.lots l LEFT JOIN {{holder}}
 WHERE (%(org)s::text IS NULL OR l.holder = %(org)s OR p.role = 'farmer') AND (%(forms)s::text[] IS NULL OR l.form = ANY(%(forms)s)))
 AS on_hand WHERE grams > 0 ORDER BY array_position(%(order)s::text[], form::text), ended_at, lot"""


def on_hand(conn: Connection, org: str | None, forms: tuple[str, ...] | None = None, schema: str = "views") -> list[OnHand]:
    """Lots with something left, the oldest first by form: an organisation's and those of its farmers; without one, those of all."""
    holder = HOLDER if schema == SCHEMA else f"{schema}.parties p ON p.party = l.holder"
    query = _ON_HAND.format(schema=schema, holder=holder)
    values = {"org": org, "forms": list(forms) if forms else None, "order": list(FORMS)}
    return [OnHand(*row) for row in conn.execute(query, values)]


def own_on_hand(conn: Connection, org: str, forms: tuple[str, ...] | None = None) -> list[OnHand]:
    """Lots of which an organisation itself has something left."""
    return [lot for lot in on_hand(conn, org, forms) if lot.holder == org]


class Made(NamedTuple):
    """How a lot was made: `grams` when made, `left` on hand."""

    lot: str
    form: str
    holder: str
    made_by: str
    grams: int
    left: int
    started_at: str
    ended_at: str
    plot: str | None
    seller: str | None
    price_pen_kg: int | None
    premium: int | None
    position: int


class Drawn(NamedTuple):
    """Grams drawn from or into a lot: `node` is the tag at the other end; when, and by which step, where that may be seen."""

    node: str
    grams: int
    at: str | None
    made_by: str | None

    @property
    def id(self) -> str:
        """The other end's id: a lot's, a plot's, a container's."""
        return self.node.partition(":")[2].rpartition("/")[2].partition("@")[0]

    @property
    def sort(self) -> str:
        """What stands at the other end."""
        return self.node.partition(":")[0]


class Inspection(NamedTuple):
    """A cut test, percentages in thousandths."""

    inspected_at: str
    moisture: int
    beans_100g: int
    mouldy: int
    slaty: int
    defective: int


class Lost(NamedTuple):
    """Grams that were lost."""

    lost_at: str
    grams: int
    reason: str


class Offered(NamedTuple):
    """To whom a lot was offered, and until when."""

    offered_at: str
    to_party: str
    until: str | None


class Story(NamedTuple):
    """All that is known of one lot."""

    made: Made
    of: list[Drawn]
    into: list[Drawn]
    inspections: list[Inspection]
    losses: list[Lost]
    offers: list[Offered]


_MADE: Final = f"""SELECT l.lot, l.form, l.holder, l.made_by, l.grams, {_LEFT}, l.started_at, l.ended_at, l.plot, l.seller, m.price_pen_kg,
 m.premium, l.position FROM {{schema}}.lots l LEFT JOIN {{schema}}.money m ON m.sort = 'purchase' AND m.lot = l.lot WHERE l.lot = %s"""
_INTO: Final = """SELECT e.dst, e.grams, coalesce(l.ended_at, d.at), l.made_by FROM {schema}.edges e
 LEFT JOIN LATERAL (SELECT ended_at, made_by FROM {schema}.lots WHERE lot = substr(e.dst, 5) OFFSET 0) l ON true
 LEFT JOIN LATERAL (SELECT at FROM {schema}.loads WHERE position = e.position OFFSET 0) d ON true
 WHERE e.src = %s AND e.dst NOT LIKE 'loss:%%' ORDER BY e.position, e.dst"""


def story(conn: Connection, lot: str, schema: str = "views") -> Story | None:
    """What happened to a lot (a key); None where there is none that may be seen."""

    def asked(query: str, of: str) -> list[tuple[Any, ...]]:
        return conn.execute(query.format(schema=schema), (of,)).fetchall()

    found = asked(_MADE, lot)
    if not found:
        return None
    node = f"lot:{lot}"
    of = asked("SELECT src, grams, NULL, NULL FROM {schema}.edges WHERE dst = %s ORDER BY src", node)
    tests = "SELECT inspected_at, moisture, beans_100g, mouldy, slaty, defective FROM {schema}.inspections WHERE lot = %s ORDER BY 1"
    losses = "SELECT lost_at, grams, reason FROM {schema}.losses WHERE lot = %s ORDER BY 1, loss"
    offers = "SELECT offered_at, to_party, until FROM {schema}.offers WHERE lot = %s ORDER BY position"
    return Story(
        Made(*found[0]),
        [Drawn(*row) for row in of],
        [Drawn(*row) for row in asked(_INTO, node)],
        [Inspection(*row) for row in asked(tests, lot)],
        [Lost(*row) for row in asked(losses, lot)],
        [Offered(*row) for row in asked(offers, lot)],
    )


class Outturn(NamedTuple):
    """What came out of what went in, as a share; `of_wet` by the wet beans behind it, where all of them can be seen."""

    drawn: int
    share: Fraction
    of_wet: Fraction | None


def outturn(conn: Connection, lot: str, schema: str = "views") -> Outturn | None:
    """The outturn of a lot that was made of other lots; None where it was not."""
    above = up(conn, [f"lot:{lot}"], schema)
    keys = {node.removeprefix("lot:") for edge in above for node in (edge.src, edge.dst)}
    rows = conn.execute(f"SELECT lot, grams, form FROM {schema}.lots WHERE lot = ANY(%s)", (list(keys),))
    made = {f"lot:{key}": (int(grams), str(form)) for key, grams, form in rows}
    node = f"lot:{lot}"
    drawn = sum(edge.grams for edge in above if edge.dst == node and edge.src.startswith("lot:"))
    if not drawn or node not in made:
        return None
    wet = _wet_behind(node, above, made)
    grams = made[node][0]
    return Outturn(drawn, Fraction(grams, drawn), Fraction(grams) / wet if wet else None)


def _wet_behind(node: str, above: list[Edge], made: dict[str, tuple[int, str]]) -> Fraction | None:
    """Grams of wet beans that a lot stands for, the lots it was drawn from by their parts; None where one of them cannot be seen."""
    into: dict[str, list[Edge]] = defaultdict(list)
    for edge in above:
        into[edge.dst].append(edge)
    behind: dict[str, Fraction | None] = {}
    for each in dict.fromkeys([*(edge.dst for edge in reversed(above)), *(edge.src for edge in above)]):
        if each in made and made[each][1] == "wet":
            behind[each] = Fraction(made[each][0])
    for each in dict.fromkeys(edge.dst for edge in reversed(above)):
        if each not in behind:
            parts = [_part(edge, behind, made) for edge in into[each]]
            behind[each] = None if None in parts else sum((part for part in parts if part is not None), Fraction())
    return behind.get(node)


def _part(edge: Edge, behind: dict[str, Fraction | None], made: dict[str, tuple[int, str]]) -> Fraction | None:
    whole = behind.get(edge.src)
    return None if whole is None or edge.src not in made else whole * edge.grams / made[edge.src][0]
