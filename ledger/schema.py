"""Tables of the ledger and of the vault, and who may touch them: append-only is kept by the database too."""

from typing import Any, Final

import psycopg
from psycopg import sql

SERVER, PROJECTOR, ERASER, OFFICE, PUBLISHER = "cacao_server", "cacao_projector", "cacao_eraser", "cacao_office", "cacao_publisher"
ROLES: Final = (SERVER, PROJECTOR, ERASER, OFFICE, PUBLISHER)
AS_OFFICE: Final = f"SET LOCAL ROLE {OFFICE}; SET LOCAL cacao.org = {{}}"
"""For the rest of the transaction nothing is seen but the rows of one organisation (`*`: of all); for `sql.SQL(…).format`."""
THEIRS: Final = "current_setting('cacao.org', true) IN ({}, '*')"
"""Condition of a row's visibility to `cacao_office`, by the column that says whose it is."""

TABLES: Final = """
CREATE SCHEMA IF NOT EXISTS ledger;
CREATE TABLE IF NOT EXISTS ledger.entries (
  position bigint PRIMARY KEY, kind text NOT NULL, tags text[] NOT NULL, line bytea NOT NULL);
CREATE TABLE IF NOT EXISTS ledger.tags (
  tag text COLLATE "C" NOT NULL, kind text COLLATE "C" NOT NULL, position bigint NOT NULL, PRIMARY KEY (tag, kind, position));
CREATE TABLE IF NOT EXISTS ledger.commands (
  id uuid PRIMARY KEY, first bigint NOT NULL, count int NOT NULL, digest bytea NOT NULL);
CREATE TABLE IF NOT EXISTS ledger.head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one), size bigint NOT NULL, nodes bytea NOT NULL, seen text NOT NULL,
  sealed boolean NOT NULL DEFAULT false);
INSERT INTO ledger.head (size, nodes, seen) VALUES (0, '', '') ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS ledger.journal (
  run bytea NOT NULL, file smallint NOT NULL, row int NOT NULL, answer text NOT NULL, why text, PRIMARY KEY (run, file, row));

CREATE SCHEMA IF NOT EXISTS vault;
CREATE TABLE IF NOT EXISTS vault.subjects (subject uuid PRIMARY KEY, key bytea NOT NULL);
CREATE TABLE IF NOT EXISTS vault.sealed (
  tag text COLLATE "C" NOT NULL, position bigint NOT NULL, subject uuid NOT NULL,
  command uuid NOT NULL, org text NOT NULL, sealed bytea NOT NULL, mac bytea NOT NULL, PRIMARY KEY (tag, position));
CREATE INDEX IF NOT EXISTS sealed_command ON vault.sealed (command);
CREATE INDEX IF NOT EXISTS sealed_subject ON vault.sealed (subject);
CREATE TABLE IF NOT EXISTS vault.lock (one boolean PRIMARY KEY DEFAULT true CHECK (one), proof bytea NOT NULL);
"""
ERASING: Final = """
CREATE TABLE vault.erased (subject uuid NOT NULL, basis text NOT NULL, erased_at text NOT NULL);
CREATE INDEX erased_subject ON vault.erased (subject);
CREATE FUNCTION vault.forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
  DELETE FROM vault.sealed WHERE subject = NEW.subject; DELETE FROM vault.subjects WHERE subject = NEW.subject; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER forget AFTER INSERT ON vault.erased DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION vault.forget();
ALTER TABLE vault.sealed DROP CONSTRAINT IF EXISTS sealed_subject_fkey;
"""
"""The list of erased subjects: whatever is put on it, in the same commit its key, salts and content are destroyed."""
ANNULLING: Final = "CREATE TABLE vault.annulled (position bigint PRIMARY KEY, org text NOT NULL)"
"""Where something was sealed for an entry that was annulled since: it is kept to know a repeat by, and opened no more."""
# Entries are read by position and never changed; the head alone is updated, so it keeps room for that in its page.
TUNING: Final = "ALTER TABLE ledger.head SET (fillfactor = 10);"

RIGHTS: Final = f"""
GRANT USAGE ON SCHEMA ledger, vault TO {SERVER}, {PROJECTOR}, {ERASER};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ledger TO {SERVER};
GRANT UPDATE ON ledger.head TO {SERVER};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA vault TO {SERVER};
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO {PROJECTOR};
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO {ERASER};
GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA vault TO {ERASER};
REVOKE DELETE ON vault.erased, vault.annulled FROM {ERASER};
GRANT INSERT ON vault.erased TO {ERASER};
GRANT USAGE ON SCHEMA vault TO {OFFICE};
GRANT SELECT ON vault.subjects, vault.sealed, vault.annulled TO {OFFICE};
"""

WALLS: Final = f"""
ALTER TABLE vault.sealed ENABLE ROW LEVEL SECURITY;
CREATE POLICY theirs ON vault.sealed FOR SELECT TO {OFFICE} USING ({THEIRS.format("org")});
CREATE POLICY others ON vault.sealed TO {SERVER}, {ERASER} USING (true) WITH CHECK (true);
ALTER TABLE vault.subjects ENABLE ROW LEVEL SECURITY;
CREATE POLICY theirs ON vault.subjects FOR SELECT TO {OFFICE} USING (subject IN (SELECT subject FROM vault.sealed));
CREATE POLICY others ON vault.subjects TO {SERVER}, {ERASER} USING (true) WITH CHECK (true);
"""
"""The second wall before what is about people: who reads for an organisation sees what it wrote, and nothing else."""
ERASING_WALLS: Final = f"""
ALTER TABLE vault.erased ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON vault.erased FOR SELECT TO {SERVER} USING (true);
CREATE POLICY said ON vault.erased FOR INSERT TO {SERVER} WITH CHECK (
  EXISTS (SELECT FROM ledger.tags t WHERE t.tag = 'subject:' || subject::text AND t.kind = 'subject-erased.v1'));
CREATE POLICY others ON vault.erased TO {ERASER} USING (true) WITH CHECK (true);
"""
"""The serving role destroys nothing that no entry says was erased."""
ANNULLING_WALLS: Final = f"""
ALTER TABLE vault.annulled ENABLE ROW LEVEL SECURITY;
CREATE POLICY theirs ON vault.annulled FOR SELECT TO {OFFICE} USING ({THEIRS.format("org")});
CREATE POLICY others ON vault.annulled TO {SERVER}, {ERASER} USING (true) WITH CHECK (true);
"""

BY_INDEX: Final = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
"""Options of connections that look things up by key: a fresh table has no statistics, and a plan that scans it would be kept."""

Connection = psycopg.Connection[tuple[Any, ...]]


def install(url: str) -> None:
    """Make tables, roles and rights where they are missing; safe to call at every start, by several processes at once."""
    with psycopg.connect(url) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(7263001)")
        if conn.execute("SELECT to_regclass('ledger.journal') IS NULL OR to_regclass('vault.lock') IS NULL").fetchone() == (True,):
            conn.execute(TABLES)
            conn.execute(TUNING)
        if conn.execute("SELECT to_regclass('vault.erased') IS NULL").fetchone() == (True,):
            conn.execute(ERASING)
        if conn.execute("SELECT to_regclass('vault.annulled') IS NULL").fetchone() == (True,):
            conn.execute(ANNULLING)
        if make_roles(conn):
            conn.execute(RIGHTS)
            walled = {table for (table,) in conn.execute("SELECT tablename FROM pg_policies WHERE schemaname = 'vault'")}
            for table, walls in (("sealed", WALLS), ("erased", ERASING_WALLS), ("annulled", ANNULLING_WALLS)):
                if table not in walled:
                    conn.execute(walls)
            conn.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(conn.info.dbname), sql.Identifier(PROJECTOR)))


def missing_roles(conn: Connection) -> list[str]:
    """Roles that the server does not have."""
    there = {name for (name,) in conn.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (list(ROLES),))}
    return [role for role in ROLES if role not in there]


def not_held(conn: Connection) -> list[str]:
    """Roles that this login cannot act as, because they are missing or it is not a member."""
    held = {
        name
        for (name,) in conn.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND pg_has_role(current_user, oid, 'MEMBER')", (list(ROLES),)
        )
    }
    return [role for role in ROLES if role not in held]


def make_roles(conn: Connection) -> bool:
    """Make the roles and enter them; False where this login may not (then `cacao doctor` says what to run)."""
    may = conn.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone() == (True,)
    missing = missing_roles(conn)
    if missing and not may:
        return False
    for role in missing:
        conn.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    for role in not_held(conn) if may else ():
        conn.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
    return not not_held(conn)


def administrator_must_run() -> str:
    """SQL for an administrator where the login may not make roles."""
    lines = [f"CREATE ROLE {role} NOLOGIN;" for role in ROLES]
    return "\n".join([*lines, *(f"GRANT {role} TO <login>;" for role in ROLES)])


def connect(url: str, role: str | None = None, **options: Any) -> Connection:  # noqa: ANN401 - psycopg's own
    """An autocommit connection that acts as `role`, where the role exists and this login is a member."""
    conn = psycopg.connect(url, autocommit=True, **options)
    if role is not None and conn.execute(
        "SELECT bool_or(pg_has_role(current_user, oid, 'MEMBER')) FROM pg_roles WHERE rolname = %s", (role,)
    ).fetchone() == (True,):
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    return conn
