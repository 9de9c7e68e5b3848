"""Webhooks as they are kept: whose, where to, signed with what, and how far each was delivered. No part of the record.

The secret must be read again to sign, so it is sealed under the vault's key; what it signs is entries of one organisation.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import psycopg

from ledger.schema import SERVER, Connection, missing_roles

TABLES: Final = """
CREATE SCHEMA IF NOT EXISTS access;
CREATE TABLE IF NOT EXISTS access.webhooks (
  id text PRIMARY KEY, org text, by text NOT NULL, url text NOT NULL, kinds text[] NOT NULL, secret bytea NOT NULL,
  position int8 NOT NULL, replays int NOT NULL DEFAULT 0, state text NOT NULL DEFAULT 'active', failures int NOT NULL DEFAULT 0,
  why text, made_at timestamptz NOT NULL DEFAULT now(), delivered_at timestamptz, next_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS webhooks_org ON access.webhooks (org);
"""
MOST: Final = 10
"""Webhooks of one organisation."""


class Hook(NamedTuple):
    """A webhook as its organisation sees it: `position` is the last entry that was delivered or passed over."""

    id: str
    by: str
    url: str
    kinds: list[str]
    position: int
    state: str
    failures: int
    why: str | None
    made_at: datetime
    delivered_at: datetime | None
    next_at: datetime

    def shown(self) -> dict[str, Any]:
        """As JSON; times in UTC."""
        return {name: _spoken(value) for name, value in self._asdict().items()}


_SHOWN: Final = ", ".join(Hook._fields)
_OF_ORG: Final = "org IS NOT DISTINCT FROM %(org)s"


@dataclass(frozen=True, slots=True)
class Due:
    """A webhook as it is delivered; `waits` are the seconds until it is tried (again), `replays` how often it began anew."""

    id: str
    org: str | None
    url: str
    kinds: tuple[str, ...]
    secret: bytes
    position: int
    replays: int
    failures: int
    waits: float


def install(url: str) -> None:
    """Make the table where it is missing."""
    with psycopg.connect(url) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(7263004)")
        if conn.execute("SELECT to_regclass('access.webhooks') IS NULL").fetchone() == (True,):
            conn.execute(TABLES)
        if SERVER not in missing_roles(conn):
            conn.execute(f"GRANT USAGE ON SCHEMA access TO {SERVER}")
            conn.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON access.webhooks TO {SERVER}")


def add(conn: Connection, id_: str, org: str | None, by: str, url: str, kinds: list[str], secret: bytes, after: int | None) -> Hook | None:
    """A new webhook whose deliveries begin after a position (None: after all there is now); None where there are too many."""
    row = conn.execute(
        "INSERT INTO access.webhooks (id, org, by, url, kinds, secret, position)"
        " SELECT %(id)s, %(org)s, %(by)s, %(url)s, %(kinds)s, %(secret)s, coalesce(%(after)s::int8, size) FROM ledger.head"
        f" WHERE (SELECT count(*) FROM access.webhooks WHERE {_OF_ORG}) < %(most)s RETURNING {_SHOWN}",
        {"id": id_, "org": org, "by": by, "url": url, "kinds": kinds, "secret": secret, "after": after, "most": MOST},
    ).fetchone()
    return Hook(*row) if row else None


def of(conn: Connection, org: str | None) -> list[Hook]:
    """The webhooks of an organisation (None: of the house itself), the oldest first."""
    rows = conn.execute(f"SELECT {_SHOWN} FROM access.webhooks WHERE {_OF_ORG} ORDER BY made_at, id", {"org": org})
    return [Hook(*row) for row in rows]


def remove(conn: Connection, org: str | None, id_: str) -> bool:
    """Take a webhook of an organisation away; False where it has none of that id."""
    return conn.execute(f"DELETE FROM access.webhooks WHERE id = %(id)s AND {_OF_ORG}", {"org": org, "id": id_}).rowcount == 1


def replay(conn: Connection, org: str | None, id_: str, after: int | None) -> Hook | None:
    """Deliver again what stands after a position (None: go on where it stopped), at once; None where there is none of that id."""
    row = conn.execute(
        "UPDATE access.webhooks SET position = coalesce(%(after)s::int8, position), replays = replays + 1, state = 'active', failures = 0,"
        f" why = NULL, next_at = now() WHERE id = %(id)s AND {_OF_ORG} RETURNING {_SHOWN}",
        {"org": org, "id": id_, "after": after},
    ).fetchone()
    return Hook(*row) if row else None


def active(conn: Connection) -> list[Due]:
    """All webhooks that are delivered, those first that waited longest."""
    rows = conn.execute(
        "SELECT id, org, url, kinds, secret, position, replays, failures, extract(epoch FROM next_at - now())::float8"
        " FROM access.webhooks WHERE state = 'active' ORDER BY next_at, id"
    )
    return [Due(id_, org, url, tuple(kinds), bytes(secret), *rest) for id_, org, url, kinds, secret, *rest in rows]


_AS_IT_WAS: Final = "id = %(id)s AND position = %(position)s AND replays = %(replays)s"
"""A replay that was asked for meanwhile is not undone."""


def passed(conn: Connection, hook: Due, upto: int, *, delivered: bool) -> None:
    """All up to a position was delivered, or was none of the webhook's."""
    conn.execute(
        "UPDATE access.webhooks SET position = %(upto)s, failures = 0, why = NULL, next_at = now(),"
        f" delivered_at = CASE WHEN %(delivered)s THEN now() ELSE delivered_at END WHERE {_AS_IT_WAS}",
        {"id": hook.id, "position": hook.position, "replays": hook.replays, "upto": upto, "delivered": delivered},
    )


def failed(conn: Connection, hook: Due, why: str, seconds: float | None) -> None:
    """A delivery was not taken: it is tried again in some seconds, or (None) given up until somebody asks for a replay."""
    conn.execute(
        "UPDATE access.webhooks SET failures = failures + 1, why = %(why)s, state = %(state)s,"
        f" next_at = now() + make_interval(secs => %(seconds)s) WHERE {_AS_IT_WAS}",
        {
            "id": hook.id,
            "position": hook.position,
            "replays": hook.replays,
            "why": why,
            "state": "failing" if seconds is None else "active",
            "seconds": seconds or 0.0,
        },
    )


def _spoken(value: Any) -> Any:  # noqa: ANN401 - a column of the table
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if isinstance(value, datetime) else value
