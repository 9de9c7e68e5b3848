"""Houses with a season in them, which the tests of pages only read, and a reader at their door."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo
from selenium import webdriver
from starlette.testclient import TestClient

from api.app import create
from api.house import House, opened
from api.imports import Import
from api.sample import write_season
from api.season import Folder
from api.settings import Settings
from tests.api.chromium import chromium
from tests.api.labelled import Labelled, labelled
from tests.fuzz import furnish

PLACE = "https://cacao.example"


@contextmanager
def house_of_its_own(cluster: str, home: Path) -> Iterator[House]:
    """An opened house with an empty ledger in a database of its own."""
    name = f"s{uuid4().hex}"
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    with opened(Settings(home=home, url=PLACE, DATABASE_URL=conninfo.make_conninfo(cluster, dbname=name))) as house:
        yield house
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def fresh_house(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that the tests of one file share."""
    with house_of_its_own(cluster, tmp_path_factory.mktemp("home")) as house:
        yield house


@pytest.fixture(scope="module")
def furnished(fresh_house: House) -> House:
    """A house in which an organisation has something of everything, and nobody is counted at the doors."""
    furnish(fresh_house)
    return fresh_house


@contextmanager
def with_season(cluster: str, home: Path, folder: Path, org: str | None = None) -> Iterator[House]:
    """A house of its own into which a folder was taken, its views shown."""
    with house_of_its_own(cluster, home) as house:
        Import(Folder(folder, "main"), house.writer, house.url, org=org).take()
        with house.pool.connection() as conn:
            row = conn.execute("SELECT size FROM ledger.head").fetchone()
        assert row
        assert house.follower.wait_for(row[0], 60)
        yield house


@pytest.fixture(scope="session")
def sample_house(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The sample season: two containers sealed and sold, one open."""
    folder = tmp_path_factory.mktemp("sample")
    write_season(folder)
    with with_season(cluster, tmp_path_factory.mktemp("home"), folder) as house:
        yield house


@pytest.fixture(scope="session")
def reader(sample_house: House) -> Iterator[TestClient]:
    """Somebody who reads the sample's pages in Spanish."""
    with TestClient(create(sample_house), follow_redirects=False, headers={"Accept-Language": "es"}) as client:
        yield client


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Chromium, shared by the tests of one file."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture(scope="session")
def labelled_house(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labelled]:
    """The sample season with printed labels."""
    folder = tmp_path_factory.mktemp("sample")
    write_season(folder)
    with with_season(cluster, tmp_path_factory.mktemp("home"), folder) as house:
        yield labelled(house)
