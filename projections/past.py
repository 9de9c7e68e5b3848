"""The record as it stood: a schema of SQL views with the names and columns of the views, cut at the position `cacao.at`.

It holds every table whose rows are added and, at most, annulled; plots, parties and containers change, and are folded again from their
entries instead (see `entity`).
"""

from collections.abc import Iterable
from typing import Final

from psycopg import sql

from ledger.schema import OFFICE, SERVER, Connection
from projections.view import GONE, Table

SCHEMA: Final = "past"
_AT: Final = "current_setting('cacao.at')::int8"
_CHANGE: Final = {"plots", "parties", "containers", "users", "devices", "origins"}
"""Tables whose rows later facts change, or that are settled from others."""
HOLDER: Final = f"""LATERAL (SELECT role, district FROM (
  SELECT role, district, 1 AS of FROM views.gone_parties WHERE party = l.holder AND position <= {_AT} AND annulled_by > {_AT}
  UNION ALL SELECT role, district, 2 FROM views.parties WHERE party = l.holder) AS them ORDER BY of LIMIT 1) p ON true"""
"""What never changes of who held the lot `l` then: by the enrolment that stood then, which may have been annulled since."""
_ANNULMENTS: Final = f"SELECT * FROM views.annulments WHERE by_position <= {_AT}"
_QUESTIONS: Final = f"""SELECT position, entry, touches, reason, at, org,
 CASE WHEN settled_by <= {_AT} THEN settled_by END AS settled_by, CASE WHEN settled_by <= {_AT} THEN outcome END AS outcome,
 CASE WHEN settled_by <= {_AT} THEN settled_at END AS settled_at FROM views.questions WHERE position <= {_AT}"""
_OWN: Final = {"annulments": _ANNULMENTS, "questions": _QUESTIONS}


def cut(conn: Connection, position: int) -> None:
    """For the rest of the transaction, `past` shows the record as it stood at a position."""
    conn.execute(sql.SQL("SET LOCAL cacao.at = {}").format(sql.Literal(str(position))))


def joined(schema: str, name: str, alias: str, condition: str) -> str:
    """What stands after JOIN where a table is looked into by key: once for each row, as PostgreSQL finds out by itself of the views.

    What `past` shows is of two tables, into which it would not carry the key.
    """
    if schema != SCHEMA:
        return f"{schema}.{name} {alias} ON {condition}"
    return f"LATERAL (SELECT * FROM {schema}.{name} {alias} WHERE {condition} OFFSET 0) {alias} ON true"


def past(tables: Iterable[Table]) -> dict[str, str]:
    """The query of each table as it stood; what was annulled later still stood."""
    by_name = {each.name: each for each in tables}
    added = [each for name, each in by_name.items() if not name.startswith(GONE) and name not in _CHANGE | set(_OWN)]
    return {each.name: _stood(each, gone=f"{GONE}{each.name}" in by_name) for each in added} | _OWN


def open_past(conn: Connection, tables: Iterable[Table]) -> None:
    """Make the schema, which reads the views with the rights of whoever asks."""
    tables = list(tables)
    there = {name for (name,) in conn.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", ([SERVER, OFFICE],))}
    conn.execute(f"CREATE SCHEMA {SCHEMA}")
    for name, query in past(tables).items():
        conn.execute(f"CREATE VIEW {SCHEMA}.{name} WITH (security_invoker = true) AS {query}")
    for role in there:
        conn.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {role}")


def close_past(conn: Connection) -> None:
    """Take the schema away: nothing may hang on views that are exchanged."""
    conn.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _stood(of: Table, *, gone: bool) -> str:
    columns = ", ".join(of.columns)
    held = f"SELECT {columns} FROM views.{of.name} WHERE position <= {_AT}"
    annulled_later = f"SELECT {columns} FROM views.{GONE}{of.name} WHERE position <= {_AT} AND annulled_by > {_AT}"
    return f"{held} UNION ALL {annulled_later}" if gone else held
