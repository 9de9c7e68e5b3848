"""What tests stand on: a real PostgreSQL (our own, or DATABASE_URL's), a database each, the folders of shared material."""

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo

from api.house import House, install, opened
from api.settings import Settings
from ledger import schema
from ledger.server import Server
from ledger.vault import Vault
from ledger.writer import Writer
from tests.vectors import pytest_terminal_summary, tally

__all__ = ["pytest_terminal_summary", "tally"]

KEY = bytes(range(32))


@pytest.fixture(scope="session")
def need() -> Callable[[Path], Path]:
    """A folder or file beside the checkout; skips where it is absent, fails in CI."""

    def there(path: Path) -> Path:
        if not path.exists():
            missing = f"{path.name} is absent: this test reads it beside the checkout"
            if os.environ.get("CACAO_CI"):
                pytest.fail(missing)
            pytest.skip(missing)
        return path

    return there


@pytest.fixture(scope="session")
def places() -> Iterator[Callable[[], Path]]:
    """Make folders for PostgreSQL. Not below pytest's own, which it closes to other users at every start, and PostgreSQL is one."""
    with tempfile.TemporaryDirectory(prefix="cacao-test-", ignore_cleanup_errors=True) as whole:
        yield lambda: Path(tempfile.mkdtemp(dir=whole))


@pytest.fixture(scope="session")
def cluster(places: Callable[[], Path]) -> Iterator[str]:
    """The address of a PostgreSQL in which tests may make databases."""
    if given := os.environ.get("DATABASE_URL"):
        with psycopg.connect(given) as conn:  # roles are of the whole server, and several workers of pytest begin at once
            conn.execute("SELECT pg_advisory_xact_lock(7263009)")
            schema.make_roles(conn)
        yield given
        return
    server = Server(places() / "pg")
    yield server.ensure()
    server.stop()


@pytest.fixture(scope="session")
def furnished_once(cluster: str) -> Callable[[], str]:
    """The name of a database with the tables of a house, made when first asked for: a copy takes three quarters of the time."""

    @cache
    def made() -> str:
        name = f"h{uuid4().hex}"
        with psycopg.connect(cluster, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name}")
        install(conninfo.make_conninfo(cluster, dbname=name))
        return name

    return made


@pytest.fixture
def url(cluster: str, furnished_once: Callable[[], str], request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database; where the test asks for a house, of one that a house was opened in before."""
    name = f"t{uuid4().hex}"
    like = f"TEMPLATE {furnished_once()}" if "house" in request.fixturenames else ""
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} {like}")
    yield conninfo.make_conninfo(cluster, dbname=name)
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def ledger(url: str) -> str:
    """The address of an empty ledger."""
    schema.install(url)
    return url


@pytest.fixture
def house(url: str, tmp_path: Path) -> Iterator[House]:
    """An opened house with an empty ledger, at a public address."""
    with opened(Settings(home=tmp_path / "home", url="https://cacao.example", DATABASE_URL=url)) as each:
        yield each


@pytest.fixture
def vault() -> Vault:
    return Vault(KEY)


@pytest.fixture
def writers(ledger: str, vault: Vault) -> Iterator[Callable[[], Writer]]:
    """Make writers on the ledger; they are closed afterwards."""
    made: list[Writer] = []

    def make() -> Writer:
        made.append(Writer(ledger, vault))
        return made[-1]

    yield make
    for writer in made:
        writer.close()


@pytest.fixture
def writer(writers: Callable[[], Writer]) -> Writer:
    return writers()
