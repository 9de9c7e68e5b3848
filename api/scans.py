"""How often a label was looked at, by day and country, and by whom a shared dossier was opened: what lives for days, no part of the record.

Of a scan nothing is kept but that it was: no address, no time of day, no sign of the phone. Pages that a cache kept are not heard of,
so every figure is a lower bound.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psycopg

from ledger.schema import OFFICE, SERVER, THEIRS, Connection, missing_roles

if TYPE_CHECKING:
    from fastapi import Request

    from api.house import House

DAYS: Final = 90
"""How long a scan is counted."""
DOSSIER_DAYS: Final = 365
"""How long its exporter sees when a dossier was opened."""
TABLES: Final = """
CREATE SCHEMA IF NOT EXISTS scans;
CREATE TABLE IF NOT EXISTS scans.looks (
  serial text COLLATE "C" NOT NULL, day date NOT NULL, country text COLLATE "C" NOT NULL, n int8 NOT NULL,
  PRIMARY KEY (serial, day, country));
CREATE INDEX IF NOT EXISTS looks_day ON scans.looks (day);
CREATE TABLE IF NOT EXISTS scans.opened (
  share text COLLATE "C" NOT NULL, minute text COLLATE "C" NOT NULL, way text NOT NULL, what text NOT NULL, stuffing int8 NOT NULL,
  holder text NOT NULL, n int8 NOT NULL, PRIMARY KEY (share, minute, way, what, stuffing));
CREATE INDEX IF NOT EXISTS opened_stuffing ON scans.opened (stuffing, minute);
CREATE INDEX IF NOT EXISTS opened_minute ON scans.opened (minute);
"""
WALLS: Final = f"""
ALTER TABLE scans.opened ENABLE ROW LEVEL SECURITY;
CREATE POLICY theirs ON scans.opened FOR SELECT TO {OFFICE} USING ({THEIRS.format("holder")});
CREATE POLICY others ON scans.opened TO {SERVER} USING (true) WITH CHECK (true);
"""
"""Who reads for an organisation sees when its own dossiers were opened, and no count of any label."""
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_SERIAL: Final = re.compile(r"[0-9A-Z]{1,20}")
NOWHERE: Final = "XX"
"""What proxies say where they do not know the country."""


class Country(NamedTuple):
    """Scans of a label from one country (empty: not known)."""

    country: str
    first: date
    last: date
    n: int


class Seen(NamedTuple):
    """Scans of a label within the last 90 days, and on how many different days; countries by their first day."""

    total: int
    days: int
    countries: list[Country]


def install(url: str) -> None:
    """Make the tables where they are missing."""
    with psycopg.connect(url) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(7263008)")
        if conn.execute("SELECT to_regclass('scans.opened') IS NULL").fetchone() == (True,):
            conn.execute(TABLES)
        if {SERVER, OFFICE} & set(missing_roles(conn)):
            return
        conn.execute(f"GRANT USAGE ON SCHEMA scans TO {SERVER}, {OFFICE}")
        conn.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA scans TO {SERVER}")
        conn.execute(f"GRANT SELECT ON scans.opened TO {OFFICE}")
        if conn.execute("SELECT count(*) FROM pg_policies WHERE schemaname = 'scans'").fetchone() == (0,):
            conn.execute(WALLS)


def readable(serial: str) -> bool:
    """Whether something can be a label's serial at all."""
    return _SERIAL.fullmatch(serial) is not None


def country_of(headers: Mapping[str, str], name: str) -> str:
    """The country that the trusted proxy's header of that name says, as two letters; empty where it says none, or no header is named."""
    said = headers.get(name, "").strip().upper() if name else ""
    return said if _COUNTRY.fullmatch(said) and said != NOWHERE else ""


def country(request: "Request") -> str:
    """From which country somebody asks, as far as the proxy in front says it; empty where it is not known."""
    return country_of(request.headers, request.app.state.house.settings.country_header)


def note(house: "House", serial: str, country: str) -> None:
    """Count a scan of a printed label today, at once and in memory; `country` as `country_of` says it. What cannot be a serial is not."""
    if readable(serial):
        house.scans.add(serial, house.now()[:10], country)


_ADD: Final = """
INSERT INTO scans.looks (serial, day, country, n) SELECT * FROM unnest(%s::text[], %s::date[], %s::text[], %s::int8[])
ON CONFLICT (serial, day, country) DO UPDATE SET n = scans.looks.n + excluded.n"""


def add(conn: Connection, counts: Mapping[tuple[str, str, str], int]) -> None:
    """Add what was counted by (serial, day, country)."""
    rows = sorted((*key, n) for key, n in counts.items())  # in one order everywhere, so that no two processes wait for each other
    if rows:
        conn.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])


def forget(conn: Connection, today: str) -> int:
    """Delete what is older than it may be; how many rows. `today` is a day such as 2026-06-01."""
    gone = conn.execute("DELETE FROM scans.looks WHERE day <= %s::date - %s", (today, DAYS)).rowcount
    return gone + conn.execute("DELETE FROM scans.opened WHERE minute < (%s::date - %s)::text", (today, DOSSIER_DAYS)).rowcount


SEEN: Final = """SELECT country, min(day) AS first, max(day) AS last, sum(n)::int8 AS scans,
 (SELECT count(DISTINCT day) FROM scans.looks WHERE serial = %(serial)s) AS days FROM scans.looks WHERE serial = %(serial)s
 GROUP BY country ORDER BY min(day), country"""
"""The question of one serial."""


def seen(conn: Connection, serial: str) -> Seen:
    """How often a label was scanned before, where and when: written within seconds, kept 90 days."""
    return read(conn.execute(SEEN, {"serial": serial}, prepare=True).fetchall())


def read(rows: Sequence[Sequence[Any]]) -> Seen:
    """What rows of `SEEN` say."""
    countries = [Country(*row[:-1]) for row in rows]
    return Seen(sum(each.n for each in countries), rows[0][-1] if rows else 0, countries)
