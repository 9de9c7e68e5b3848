"""Where every kilogram went: what came in, went out, was lost and is on hand, in grams, by season, holder, place, lot or container.

Every gram that a lot ever held is counted once where it went, and what is left is counted on its own; so for every group and form what
was there and came in is what went out, was lost and is on hand. What a step took away as water and pulp stands apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple

from ledger.schema import Connection

By = Literal["season", "holder", "site", "lot", "container"]
FORMS: Final = ("wet", "fermented", "dry")
_IN_ONE_GO: Final = (
    "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'"
)
MINE: Final = "(%(org)s::text IS NULL OR l.org = %(org)s OR l.holder = %(org)s)"
"""Condition of a lot that an organisation wrote or holds."""


def read_all(conn: Connection, query: str, **values: Any) -> list[Any]:  # noqa: ANN401 - what a question takes
    """The rows of a question about everything: tables are read in one go, not row by row. How they are read is forgotten afterwards."""
    with conn.transaction(force_rollback=True):
        conn.execute(_IN_ONE_GO)
        return conn.execute(query, values, prepare=False).fetchall()


class Row(NamedTuple):
    """Grams of one form in one group. `carried`: on hand when the season began (0 where no season is asked for).

    In: harvested, bought, made in a step, stuffed into the container. Out: drawn into steps, sold, loaded, emptied out of the container.
    `water`: what steps that made this form took away; it is no part of the balance of this form.
    """

    key: str
    form: str
    carried: int = 0
    harvested: int = 0
    bought: int = 0
    made: int = 0
    stuffed: int = 0
    stepped: int = 0
    sold: int = 0
    loaded: int = 0
    emptied: int = 0
    lost: int = 0
    on_hand: int = 0
    water: int = 0

    @property
    def came(self) -> int:
        """All that was there or came in."""
        return self.carried + self.harvested + self.bought + self.made + self.stuffed

    @property
    def went(self) -> int:
        """All that went out, but what was lost."""
        return self.stepped + self.sold + self.loaded + self.emptied

    @property
    def apart(self) -> int:
        """What cannot be accounted for: 0 in a sound record."""
        return self.came - self.went - self.lost - self.on_hand


class Wanted(NamedTuple):
    """Which lots are asked for: behind a key, at most so many; of a holder, a form, made at a time that begins so."""

    after: str = ""
    most: int | None = None
    holder: str | None = None
    form: str | None = None
    made: str | None = None


ALL: Final = Wanted()
KEYS: Final = {
    "season": "left(l.ended_at, 4)", "holder": "l.holder", "lot": "l.lot",
    "site": "coalesce((SELECT p.district FROM views.parties p WHERE p.party = l.holder), '')",
}  # fmt: skip
"""What lots are grouped by -> what says it. A party keeps its district, so it is asked for among those of today."""
_LOTS: Final = f"""SELECT l.lot, 'lot:' || l.lot AS node, l.form, l.made_by, l.grams, l.ended_at, {{key}} AS key FROM {{schema}}.lots l
 WHERE {MINE} AND l.lot > %(after)s
 AND (%(holder)s::text IS NULL OR l.holder = %(holder)s) AND (%(form)s::text IS NULL OR l.form = %(form)s)
 AND (%(made)s::text IS NULL OR starts_with(l.ended_at, %(made)s)) ORDER BY l.lot LIMIT %(most)s"""
_HAPPENED: Final = "coalesce(d.ended_at, x.lost_at, o.at, y.at, w.ended_at)"
"""When grams were drawn: as the lot made of them, the loss, the load or the sale says, where one of them may be seen."""
_MOVES: Final = """WITH mine AS MATERIALIZED ({lots}),
drawn AS MATERIALIZED (SELECT m.lot, m.key, m.form, m.ended_at, e.dst, e.grams, e.position, substr(e.dst, 5) AS into_lot,
  substr(e.dst, 6) AS loss FROM mine m JOIN {schema}.edges e ON e.src = m.node),
moves AS (
 SELECT key, form, CASE made_by WHEN 'harvest-recorded.v1' THEN 'harvested' WHEN 'lot-bought.v1' THEN 'bought' ELSE 'made' END AS what,
  ended_at AS at, grams FROM mine
 UNION ALL SELECT w.key, w.form, CASE WHEN w.dst LIKE 'loss:%%' THEN 'lost' WHEN w.dst LIKE 'stuffing:%%' THEN 'loaded'
  WHEN coalesce(d.made_by, 'lot-bought.v1') = 'lot-bought.v1' THEN 'sold' ELSE 'stepped' END, {happened}, w.grams
  FROM drawn w LEFT JOIN {schema}.lots d ON d.lot = w.into_lot {times}
 UNION ALL SELECT m.key, m.form, 'water', m.ended_at, e.grams FROM mine m JOIN {schema}.edges e ON e.dst = m.node
  WHERE m.made_by NOT IN ('harvest-recorded.v1', 'lot-bought.v1')
 UNION ALL SELECT key, form, 'water', ended_at, -grams FROM mine WHERE made_by NOT IN ('harvest-recorded.v1', 'lot-bought.v1')
 UNION ALL SELECT m.key, m.form, 'on_hand', m.ended_at, m.grams - coalesce(w.grams, 0)::int8
  FROM mine m LEFT JOIN (SELECT lot, sum(grams) AS grams FROM drawn GROUP BY lot) w ON w.lot = m.lot)
SELECT {group}, form, what, sum(grams)::int8 FROM moves GROUP BY 1, 2, 3"""
"""What is looked up by a key is a column, never worked out: row-level security lets no index be used otherwise."""
_TIMES: Final = """LEFT JOIN {schema}.losses x ON x.loss = w.loss LEFT JOIN {schema}.loads o ON o.position = w.position
 LEFT JOIN {schema}.money y ON y.position = w.position"""


_FIGURES: Final = Row._fields[2:]


def _row(key: str, form: str, figures: Mapping[str, int]) -> Row:
    return Row(key, form, *(figures.get(name, 0) for name in _FIGURES))


def balance(conn: Connection, org: str | None, by: By, wanted: Wanted = ALL, schema: str = "views") -> list[Row]:
    """The balance of every group and form, in order of the keys; of lots that an organisation holds or wrote, or of all."""
    if by == "container":
        return _containers(conn, org, schema)
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for key, form, what, grams in _moves(conn, org, by, wanted, schema):
        sums[key, form][what] = grams
    if by == "season":
        return _seasons(sums)
    return [_row(*at, sums[at]) for at in sorted(sums, key=_in_order)]


def whole(rows: Iterable[Row]) -> Row:
    """The balance of all groups together, over all forms: `stepped` is what steps took away, `bought` and `sold` cross the border."""
    rows = list(rows)
    total = _row("", "", {name: sum(getattr(row, name) for row in rows) for name in _FIGURES})
    bought, sold = max(0, total.bought - total.sold), max(0, total.sold - total.bought)
    on_hand = total.on_hand - total.carried  # what a season ends with, the next begins with
    return total._replace(carried=0, made=0, stepped=total.stepped - total.made, bought=bought, sold=sold, on_hand=on_hand)


def _moves(conn: Connection, org: str | None, by: By, wanted: Wanted, schema: str) -> list[Any]:
    seasons = by == "season"
    query = _MOVES.format(
        lots=_LOTS.format(key=KEYS[by], schema=schema),
        happened=_HAPPENED if seasons else "NULL",
        times=_TIMES.format(schema=schema) if seasons else "",
        group="left(at, 4)" if seasons else "key",
        schema=schema,
    )
    values = {"org": org, **wanted._asdict()}
    return conn.execute(query, values, prepare=False).fetchall() if wanted.most else read_all(conn, query, **values)


def _in_order(at: tuple[str, str]) -> tuple[str, int]:
    return at[0], FORMS.index(at[1])


def _seasons(sums: dict[tuple[str, str], dict[str, int]]) -> list[Row]:
    """Each season with what it began with and ended with; what is on hand by lots is that of the last one, and is compared with it."""
    rows: list[Row] = []
    for form in FORMS:
        left = 0
        years = sorted(year for year, of in sums if of == form)
        counted = sum(sums[year, form].get("on_hand", 0) for year in years)
        for year in years:
            row = _row(year, form, sums[year, form] | {"on_hand": 0, "carried": left})
            left = row.apart
            rows.append(row._replace(on_hand=counted if year == years[-1] else left))
    return sorted(rows, key=lambda row: _in_order(row[:2]))


_STUFFINGS: Final = """SELECT e.dst, sum(e.grams)::int8, coalesce(bool_or({emptied}), false) FROM {schema}.edges e
 LEFT JOIN views.containers c ON c.stuffing = e.dst AND c.emptied_at IS NOT NULL
 WHERE e.dst LIKE 'stuffing:%%' AND (%(org)s::text IS NULL OR e.org = %(org)s OR e.holder = %(org)s) GROUP BY e.dst ORDER BY e.dst"""
_EMPTIED_THEN: Final = "c.position <= current_setting('cacao.at')::int8"
"""Emptying is the last that happens to a stuffing, so the position of its row is that of the entry that says so."""


def _containers(conn: Connection, org: str | None, schema: str) -> list[Row]:
    """What was put into each stuffing, and whether it is still in there."""
    emptied = "c.stuffing IS NOT NULL" if schema == "views" else _EMPTIED_THEN
    rows = read_all(conn, _STUFFINGS.format(schema=schema, emptied=emptied), org=org)
    return [Row(node, "dry", stuffed=grams, emptied=grams if out else 0, on_hand=0 if out else grams) for node, grams, out in rows]
