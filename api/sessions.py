"""Who is signed in where, and which one-time links are out: what lives for hours or days, and is no part of the record.

Rights, people and devices are entries (see `domain/user`); here stand only secrets, as SHA-256, and when they end.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import psycopg

from ledger.schema import SERVER, Connection, missing_roles

TABLES: Final = """
CREATE SCHEMA IF NOT EXISTS access;
CREATE TABLE IF NOT EXISTS access.sessions (
  secret bytea PRIMARY KEY, before bytea, device text NOT NULL, org text, idle interval NOT NULL,
  made timestamptz NOT NULL DEFAULT now(), turned timestamptz NOT NULL DEFAULT now(), used timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS sessions_before ON access.sessions (before);
CREATE INDEX IF NOT EXISTS sessions_device ON access.sessions (device);
CREATE TABLE IF NOT EXISTS access.invites (
  secret bytea PRIMARY KEY, "user" text NOT NULL, by text NOT NULL, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS access.challenges (secret bytea PRIMARY KEY, challenge bytea NOT NULL, made timestamptz NOT NULL DEFAULT now());
"""
IDLE: Final = {"passkey": "12 hours", "oidc": "12 hours", "link": "30 days"}
"""How long a session may lie unused, by the sort of device: one that has no passkey cannot sign in again by itself."""
LONGEST: Final = "90 days"
TURN: Final = "1 hour"
"""A session's secret is another one after this; the one before is taken for a minute more, for answers under way."""
INVITE_HOURS: Final = 72
CHALLENGE_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class Held:
    """A session that holds: whose device, acting for which organisation; `turned` is its new secret where it has one."""

    device: str
    org: str | None
    turned: str | None = None


def install(url: str) -> None:
    """Make the tables where they are missing."""
    with psycopg.connect(url) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(7263004)")
        if conn.execute("SELECT to_regclass('access.challenges') IS NULL").fetchone() == (True,):
            conn.execute(TABLES)
        if SERVER not in missing_roles(conn):
            conn.execute(f"GRANT USAGE ON SCHEMA access TO {SERVER}")
            conn.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA access TO {SERVER}")


def new_secret() -> str:
    """256 random bits, as they stand in cookies, links and tokens."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What is stored of a secret; it is random, so a quick hash is enough."""
    return sha256(secret.encode("utf-8", "replace")).digest()


def begin(conn: Connection, device: str, sort: str, org: str | None) -> str:
    """A new session of a device of some sort; returns its secret. Whatever session the browser had is not continued."""
    secret = new_secret()
    conn.execute(
        "INSERT INTO access.sessions (secret, device, org, idle) VALUES (%s, %s, %s, %s)", (hashed(secret), device, org, IDLE[sort])
    )
    return secret


def held(conn: Connection, secret: str) -> Held | None:
    """The session of a secret, if it holds; its secret is turned when it is old."""
    row = conn.execute(_FIND, {"secret": hashed(secret), "longest": LONGEST, "turn": TURN}).fetchone()
    if row is None:
        return None
    device, org, old, lying = row
    if lying:
        conn.execute("UPDATE access.sessions SET used = now() WHERE secret = %(it)s OR before = %(it)s", {"it": hashed(secret)})
    if not old:
        return Held(device, org)
    turned = new_secret()
    done = conn.execute(
        "UPDATE access.sessions SET before = secret, secret = %s, turned = now() WHERE secret = %s RETURNING 1",
        (hashed(turned), hashed(secret)),
    ).fetchone()
    return Held(device, org, turned if done else None)


_FIND: Final = """
SELECT device, org, secret = %(secret)s AND turned < now() - %(turn)s::interval, used < now() - interval '1 minute'
FROM access.sessions WHERE (secret = %(secret)s OR (before = %(secret)s AND turned > now() - interval '1 minute'))
  AND made > now() - %(longest)s::interval AND used > now() - idle"""


def end(conn: Connection, secret: str) -> None:
    """Sign out."""
    conn.execute("DELETE FROM access.sessions WHERE secret = %(it)s OR before = %(it)s", {"it": hashed(secret)})


def end_of(conn: Connection, device: str) -> None:
    """Sign out a device everywhere."""
    conn.execute("DELETE FROM access.sessions WHERE device = %s", (device,))


def forget(conn: Connection, user: str) -> None:
    """End all sessions of a user's devices, and take back the links that are out for them."""
    conn.execute('DELETE FROM access.sessions WHERE device IN (SELECT device FROM views.devices WHERE "user" = %s)', (user,))
    conn.execute('DELETE FROM access.invites WHERE "user" = %s', (user,))


def choose(conn: Connection, secret: str, org: str | None) -> None:
    """Act for another of one's organisations from now on."""
    conn.execute("UPDATE access.sessions SET org = %s WHERE secret = %s", (org, hashed(secret)))


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who may enrol one device, and who said so."""

    user: str
    by: str


def invite(conn: Connection, user: str, by: str, hours: int = INVITE_HOURS) -> str:
    """A secret that enrols one device of a user, once."""
    secret = new_secret()
    conn.execute(
        'INSERT INTO access.invites (secret, "user", by, until) VALUES (%s, %s, %s, now() + make_interval(hours => %s))',
        (hashed(secret), user, by, hours),
    )
    return secret


def invited(conn: Connection, secret: str) -> Invitation | None:
    """The invitation of a secret, if it holds; it is not used up by looking."""
    row = conn.execute('SELECT "user", by FROM access.invites WHERE secret = %s AND until > now()', (hashed(secret),)).fetchone()
    return Invitation(*row) if row else None


def use(conn: Connection, secret: str) -> Invitation | None:
    """Use an invitation up; of two who try at once, one has it."""
    row = conn.execute('DELETE FROM access.invites WHERE secret = %s AND until > now() RETURNING "user", by', (hashed(secret),)).fetchone()
    return Invitation(*row) if row else None


def challenge(conn: Connection, words: bytes) -> str:
    """Keep a challenge for a browser; returns the secret under which it is taken once."""
    secret = new_secret()
    conn.execute("INSERT INTO access.challenges (secret, challenge) VALUES (%s, %s)", (hashed(secret), words))
    conn.execute("DELETE FROM access.challenges WHERE made < now() - interval '1 hour'")
    return secret


def challenged(conn: Connection, secret: str) -> bytes | None:
    """The challenge under a secret, once, if it is not too old."""
    row: tuple[Any, ...] | None = conn.execute(
        "DELETE FROM access.challenges WHERE secret = %s AND made > now() - make_interval(mins => %s) RETURNING challenge",
        (hashed(secret), CHALLENGE_MINUTES),
    ).fetchone()
    return bytes(row[0]) if row else None
