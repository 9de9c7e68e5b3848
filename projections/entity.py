"""An entity: a row that later facts change, and the same row folded again from the entries, as it stood at any position."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from domain.annulment import ANNULLED
from ledger.entry import fact_of
from ledger.schema import Connection
from projections.view import Fact, Facts, Fold, Table

_ENTRIES = f"""
SELECT e.position, e.line FROM ledger.tags t JOIN ledger.entries e USING (position)
WHERE t.tag = %(tag)s AND t.kind = ANY(%(kinds)s) AND t.position <= %(upto)s AND NOT EXISTS (
  SELECT FROM ledger.tags a WHERE a.tag = 'entry:' || t.position AND a.kind = '{ANNULLED}' AND a.position <= %(upto)s)
ORDER BY t.position"""


@dataclass(frozen=True, slots=True)
class Entity:
    """One row a thing: made by a fact of kind `made`, as `fold` says, and changed by later facts.

    `changes`: kind -> column -> the fact's field; a field that is None changes nothing. `key`: the row's key as a later fact names it.
    `tag`: what stands before the key in the tag of all these facts. The row's `position` is that of the last fact that made or changed it.
    """

    table: Table
    made: str
    fold: Fold
    changes: Mapping[str, Mapping[str, str]]
    key: Callable[[Fact], str]
    tag: str = ""

    def change(self, conn: Connection, schema: str, facts: Facts) -> None:
        """What the facts change, in order."""
        for position, fact in facts:
            if fact["kind"] in self.changes:
                self._set(conn, schema, self.key(fact), self._changed(position, fact))

    def undo(self, conn: Connection, schema: str, undone: Facts, upto: int) -> None:
        """Rows that facts changed which are annulled now, as the others leave them."""
        columns = {column for of in self.changes.values() for column in of} | {"position"}
        for key in sorted({self.key(fact) for _, fact in undone if fact["kind"] in self.changes}):
            if row := refold(conn, self, key, upto):
                self._set(conn, schema, key, {column: row[column] for column in columns})

    def after(self, row: dict[str, Any] | None, position: int, fact: Fact) -> dict[str, Any] | None:
        """The row after a fact that makes or changes it."""
        if fact["kind"] == self.made:
            ((_, made),) = self.fold(position, fact)
            return dict(zip(self.table.columns, made, strict=True))
        return row and row | self._changed(position, fact)

    def _changed(self, position: int, fact: Fact) -> dict[str, Any]:
        changed = {column: fact[field] for column, field in self.changes[fact["kind"]].items() if fact[field] is not None}
        return changed | {"position": position}

    def _set(self, conn: Connection, schema: str, key: str, values: Mapping[str, Any]) -> None:
        sets = ", ".join(f"{column} = %s" for column in values)
        conn.execute(f"UPDATE {schema}.{self.table.name} SET {sets} WHERE {self.table.key} = %s", (*values.values(), key))


def refold(conn: Connection, entity: Entity, key: str, upto: int) -> dict[str, Any] | None:
    """One row (column -> value) as the entries up to a position make it, without those annulled by then; None where there is none.

    A container's `whole` is not among what facts say: it is None here.
    """
    asked = {"tag": entity.tag + key, "kinds": [entity.made, *entity.changes], "upto": upto}
    row: dict[str, Any] | None = None
    for position, line in conn.execute(_ENTRIES, asked, binary=True):
        row = entity.after(row, position, told(line))
    return row


def told(line: bytes) -> dict[str, Any]:
    """What an entry says, with its kind and the organisation that wrote it, as folds take it."""
    body = orjson.loads(line)
    return fact_of(body) | {"org": body["org"]}
