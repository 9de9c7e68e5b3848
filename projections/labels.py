"""Labels by their serials: what each is on, which entry recorded it, which no longer count, and the keys with which they are signed."""

from typing import Any, Final, NamedTuple

from ledger.schema import Connection
from projections.view import Fact, Rows, View, annullable, table

_NAMES: Final = ("sort", "lot_id", "container_no", "stuffing", "party_id", "gtin", "sscc", "kid")


def _printed(position: int, fact: Fact) -> Rows:
    what = tuple(fact.get(name) for name in _NAMES)
    printing, public = fact.get("printing", position), fact.get("public", fact["sort"] == "container")
    at = (fact["printed_at"], fact["holder_id"])
    yield "printings", (printing, *what, *at, len(fact["serials"]), position, fact["org"])
    for serial in fact["serials"]:
        yield "labels", (serial, *what, printing, *at, public, fact.get("grams"), position, fact["org"])


def _voided(position: int, fact: Fact) -> Rows:
    for serial in fact["serials"]:
        yield "label_voids", (serial, fact["voided_at"], fact["reason"], None, fact["holder_id"], position, fact["org"])


def _reprinted(position: int, fact: Fact) -> Rows:
    yield from _printed(position, fact)
    for old, new in zip(fact["replaced"], fact["serials"], strict=True):
        yield "label_voids", (old, fact["printed_at"], fact["reason"], new, fact["holder_id"], position, fact["org"])


def _opened(position: int, fact: Fact) -> Rows:
    yield "label_keys", (fact["kid"], fact["public_key"], fact["opened_at"], position, fact["org"])


def _closed(position: int, fact: Fact) -> Rows:
    yield "label_key_ends", (fact["kid"], fact["closed_at"], fact["reason"], fact["since"], position, fact["org"])


LABELS = View(
    "labels",
    (
        *annullable(
            table(
                "labels",
                "serial text, sort text, lot text, container_no text, stuffing int8, party text, gtin text, sscc text, kid int4,"
                " printing int8, printed_at text, holder text, public boolean, grams int8, position int8, org text",
                "serial",
                "position",
                "lot",
                theirs="{org} OR {holder}",
            ),
            table(
                "printings",
                "printing int8, sort text, lot text, container_no text, stuffing int8, party text, gtin text, sscc text, kid int4,"
                " printed_at text, holder text, labels int8, position int8, org text",
                "position",
                "printing",
                "lot",
                "stuffing",
                "holder, position",
                theirs="{org} OR {holder}",
            ),
            table(
                "label_voids",
                "serial text, voided_at text, reason text, replaced_by text, holder text, position int8, org text",
                "serial, position",
                "position",
                theirs="{org} OR {holder}",
            ),
        ),
        table("label_keys", "kid int4, public_key text, opened_at text, position int8, org text", "kid", theirs=None),
        table(
            "label_key_ends", "kid int4, closed_at text, reason text, since text, position int8, org text", "position", "kid", theirs=None
        ),
    ),
    {
        "lot-labels-printed.v1": _printed,
        "container-labels-printed.v1": _printed,
        "card-printed.v1": _printed,
        "labels-reprinted.v1": _reprinted,
        "labels-voided.v1": _voided,
        "label-key-opened.v1": _opened,
        "label-key-closed.v1": _closed,
    },
)
"""Of a label, `position` is the entry that recorded it (a printing or a reprint), `printing` that of the first printing."""


class Void(NamedTuple):
    """That a label no longer counts: since when, why (`annulled`: its printing was), which label replaced it, and by which entry."""

    voided_at: str
    reason: str
    replaced_by: str | None
    position: int


class Label(NamedTuple):
    """One printed label. `stuffing` is the position at which the container was opened; `grams` the weight that stands on it, if any.

    `position`: the entry that recorded it, which a signed label names; `printing`: the first entry of its printing. `lot`, `party` and
    `holder` are keys BOOK/ID; `kid` is the number of the key it was to be signed with.
    """

    serial: str
    sort: str
    lot: str | None
    container_no: str | None
    stuffing: int | None
    party: str | None
    gtin: str | None
    sscc: str | None
    kid: int | None
    printing: int
    printed_at: str
    holder: str
    public: bool
    grams: int | None
    position: int
    org: str
    void: Void | None


class LabelKey(NamedTuple):
    """A key for labels: its number, its public half (base64), and, where it was closed, when, why, and since when it is not believed."""

    kid: int
    public_key: str
    opened_at: str
    closed_at: str | None
    reason: str | None
    since: str | None


class Printing(NamedTuple):
    """A printing or reprint: its entry, the first entry of its printing, what was printed on what, when, how many, and how many count."""

    position: int
    printing: int
    sort: str
    lot: str | None
    container_no: str | None
    stuffing: int | None
    party: str | None
    gtin: str | None
    kid: int | None
    printed_at: str
    labels: int
    counting: int


_COLUMNS: Final = ", ".join(f"l.{name}" for name in Label._fields[:-1])
# What was annulled stays printed: its labels are void. Where a serial was freed and printed anew, the new label is the one.
_LABEL: Final = f"""SELECT {_COLUMNS}, v.voided_at, v.reason, v.replaced_by, v.position FROM {{0}}.labels l
 LEFT JOIN {{0}}.label_voids v ON v.serial = l.serial AND v.position > l.position WHERE l.serial {{1}}
UNION ALL SELECT * FROM (SELECT DISTINCT ON (l.serial) {_COLUMNS}, a.at, 'annulled', NULL, a.by_position FROM views.gone_labels l
 JOIN {{0}}.annulments a ON a.position = l.position WHERE l.serial {{1}}
 AND NOT EXISTS (SELECT FROM {{0}}.labels o WHERE o.serial = l.serial) ORDER BY l.serial, l.position DESC) AS gone"""
ONE: Final = _LABEL.format("{0}", "= %(serial)s")
"""The question of one serial, in a schema: one plan for all of them."""
_KEYS: Final = """SELECT kid, public_key, opened_at, closed_at, reason, since FROM {0}.label_keys
 LEFT JOIN LATERAL (SELECT closed_at, reason, since FROM {0}.label_key_ends e WHERE e.kid = label_keys.kid
  ORDER BY position DESC LIMIT 1) AS ends ON true ORDER BY kid"""
_PRINTINGS: Final = """WITH latest AS (SELECT * FROM {0}.printings
 WHERE (%(printing)s::int8 IS NULL OR printing = %(printing)s) AND (%(lot)s::text IS NULL OR lot = %(lot)s)
 AND (%(stuffing)s::int8 IS NULL OR stuffing = %(stuffing)s) ORDER BY position DESC LIMIT %(most)s),
void AS (SELECT l.position, count(*) AS n FROM latest JOIN {0}.labels l USING (position)
 JOIN {0}.label_voids v ON v.serial = l.serial AND v.position > l.position GROUP BY 1)
SELECT position, printing, sort, lot, container_no, stuffing, party, gtin, kid, printed_at, labels, labels - coalesce(n, 0)
 FROM latest LEFT JOIN void USING (position) ORDER BY position DESC"""


def label(conn: Connection, serial: str, schema: str = "views") -> Label | None:
    """One label by its serial (of a pallet with an SSCC, that number); None where none was printed."""
    found = conn.execute(ONE.format(schema), {"serial": serial}, prepare=True)
    return next(map(read, found), None)


def labels(conn: Connection, serials: list[str], schema: str = "views") -> list[Label]:
    """Those of some labels that were printed, in no order."""
    return [read(row) for row in conn.execute(_LABEL.format(schema, "= ANY(%(serials)s)"), {"serials": serials})]


def read(row: tuple[Any, ...]) -> Label:
    """The label of a row of `ONE`."""
    return Label._make((*row[:-4], Void._make(row[-4:]) if row[-1] is not None else None))


def of_entry(conn: Connection, position: int, schema: str = "views") -> list[Label]:
    """The labels that one entry recorded (a printing or a reprint), in the order of their serials."""
    serials = [serial for (serial,) in conn.execute(f"SELECT serial FROM {schema}.labels WHERE position = %s", (position,))]
    return sorted(labels(conn, serials, schema))


def printings(
    conn: Connection, *, printing: int | None = None, lot: str | None = None, stuffing: int | None = None, most: int = 200,
    schema: str = "views",
) -> list[Printing]:  # fmt: skip
    """Printings and reprints, the latest first: all, of one printing, of a lot (its key), or of a stuffing."""
    asked = {"printing": printing, "lot": lot, "stuffing": stuffing, "most": most}
    return [Printing(*row) for row in conn.execute(_PRINTINGS.format(schema), asked)]


def label_keys(conn: Connection, schema: str = "views") -> list[LabelKey]:
    """All keys for labels, by number."""
    return [LabelKey(*row) for row in conn.execute(_KEYS.format(schema))]
