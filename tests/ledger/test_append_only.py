"""Append-only is kept by the database too: what each role may do, tried."""

import psycopg
import pytest
from psycopg import sql

from api.examples import EXAMPLES
from domain.vocabulary import COMMANDS
from ledger import schema
from ledger.act import Act
from ledger.schema import ERASER, PROJECTOR, SERVER
from ledger.writer import Writer
from projections import follow


@pytest.fixture
def filled(ledger: str, writer: Writer) -> str:
    writer.submit(Act([COMMANDS.validate_python(body) for body in EXAMPLES], "test", "main")).result(30)
    follow.install(ledger)
    with follow.connected(ledger) as conn:
        follow.catch_up(conn)
    return ledger


TABLES = (
    "ledger.entries",
    "ledger.tags",
    "ledger.commands",
    "ledger.journal",
    "ledger.head",
    "vault.subjects",
    "vault.sealed",
    "vault.annulled",
    "views.lots",
)
MAY = {
    SERVER: {
        *(("SELECT", table) for table in TABLES),
        *(("INSERT", table) for table in TABLES if not table.startswith("views")),
        ("UPDATE", "ledger.head"),
    },
    PROJECTOR: {
        *(("SELECT", table) for table in TABLES if not table.startswith("vault")),
        *((do, "views.lots") for do in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")),
    },
    ERASER: {
        *(("SELECT", table) for table in TABLES if not table.startswith("views")),
        *(("DELETE", table) for table in ("vault.subjects", "vault.sealed")),
    },
}


@pytest.mark.parametrize("role", [SERVER, PROJECTOR, ERASER])
def test_a_role_has_exactly_the_rights_it_needs(filled: str, role: str) -> None:
    with psycopg.connect(filled) as conn:
        rights = {
            (right, table)
            for table in TABLES
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
            if conn.execute("SELECT has_table_privilege(%s, %s, %s)", (role, table, right)).fetchone() == (True,)
        }

    assert rights == MAY[role]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.entries SET line = 'x' WHERE position = 1",
        "DELETE FROM ledger.entries WHERE position = 1",
        "TRUNCATE ledger.entries",
        "UPDATE ledger.tags SET tag = 'x'",
        "DELETE FROM ledger.commands",
        "DELETE FROM ledger.head",
        "DROP TABLE ledger.entries",
        "ALTER TABLE ledger.entries DISABLE TRIGGER ALL",
        "DELETE FROM vault.subjects",
        "UPDATE vault.sealed SET sealed = 'x'",
        "DELETE FROM views.lots",
    ],
)
def test_the_serving_role_cannot_change_what_was_written(filled: str, statement: str) -> None:
    with schema.connect(filled, SERVER) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)


def test_the_writer_and_the_views_act_in_their_own_roles(filled: str, writer: Writer) -> None:
    assert writer._store.conn.execute("SELECT current_user").fetchone() == (SERVER,)
    with follow.connected(filled) as conn:
        assert conn.execute("SELECT current_user").fetchone() == (PROJECTOR,)


def test_where_the_login_may_not_make_roles_it_works_and_says_what_an_administrator_must_run(url: str) -> None:
    """Roles belong to the whole cluster, so this looks at the words; the login without the right is tried in doctor's test."""
    words = schema.administrator_must_run()

    with psycopg.connect(url) as conn:
        conn.execute("CREATE ROLE plain_login LOGIN")
        for line in words.replace("<login>", "plain_login").splitlines():
            if line.startswith("GRANT"):
                conn.execute(sql.SQL(line))  # type: ignore[arg-type]
        assert conn.execute("SELECT pg_has_role('plain_login', %s, 'MEMBER')", (SERVER,)).fetchone() == (True,)
        conn.rollback()
