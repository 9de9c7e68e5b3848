"""Witnesses at ports of this computer, and houses that share one log's key and ask them, for tests."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from api.app import create
from api.house import House, opened
from api.settings import Settings
from api.witness import create as witness_app
from api.witness import opened as witness_of
from api.witness import policy_line
from ledger.crypto import Signer
from ledger.merkle import leaf_hash, root_of
from ledger.publisher import size_of
from ledger.tile import bundle_path, path, tiles
from ledger.witness import Witness
from tests.api.chromium import free_port, served
from tests.api.test_crash import wait_until
from tests.api.test_log import stored, write

ORIGIN = "log.example/cosigned"
LOG = Signer.new(ORIGIN)


class Network:
    """Witnesses at ports of this computer, and houses that ask them."""

    def __init__(self, folder: Path, cluster: str, stack: ExitStack) -> None:
        self.folder, self.cluster, self.stack = folder, cluster, stack
        self.witnesses: dict[str, Witness] = {}

    def witness(self, name: str, *, up: bool = True) -> str:
        """A witness; its line of a policy."""
        self.witnesses[name] = witness_of(self.folder / name, f"{name}.example/w", [str(LOG.key)])
        port = free_port()
        if up:
            self.start(name, port)
        return policy_line(self.witnesses[name], f"http://127.0.0.1:{port}").replace(f"{name}.example/w ", f"{name} ", 1)

    def start(self, name: str, port: int) -> None:
        self.stack.enter_context(served(witness_app(self.witnesses[name], ""), port))

    def policy(self, *lines: str) -> Path:
        path = self.folder / f"policy-{len(list(self.folder.iterdir()))}"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    def house(self, policy: Path | None = None, home: str = "home") -> House:
        """A house with an empty ledger and the log's key."""
        keys = self.folder / home / "keys"
        keys.mkdir(parents=True)
        (keys / "log.key").write_text(f"{LOG}\n", encoding="ascii")
        name = f"c{self.folder.name[-12:].replace('-', '_')}{home}{free_port()}"
        with psycopg.connect(self.cluster, autocommit=True) as conn:
            conn.execute(f'CREATE DATABASE "{name}"')
        self.stack.callback(self._drop, name)
        url = conninfo.make_conninfo(self.cluster, dbname=name)
        settings = Settings(home=self.folder / home, url="https://cacao.example", origin=ORIGIN, DATABASE_URL=url, policy=policy)
        return self.stack.enter_context(opened(settings))

    def _drop(self, name: str) -> None:
        with psycopg.connect(self.cluster, autocommit=True) as conn:
            conn.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def network(tmp_path: Path, cluster: str) -> Iterator[Network]:
    with ExitStack() as stack:
        yield Network(tmp_path, cluster, stack)


@contextmanager
def at_a_port(house: House) -> Iterator[str]:
    with served(create(house), free_port()) as url:
        yield url


def written(house: House, size: int) -> None:
    """Entries until there are so many, and a signed head over all of them."""
    if (more := size - len(stored(house))) > 0:
        write(house, more)
    with psycopg.connect(house.url, autocommit=True) as conn:
        wait_until(lambda: size_of(conn, ORIGIN) == size)


def expected(lines: list[bytes]) -> dict[str, bytes]:
    """Address of every tile and bundle -> what is in it, worked out from the entries alone."""
    hashes, above, of = [leaf_hash(line) for line in lines], [[leaf_hash(line) for line in lines]], {}
    while len(above[-1]) >= 256:
        above.append([root_of(above[-1][at : at + 256]) for at in range(0, len(above[-1]) - 255, 256)])
    for tile in tiles(len(hashes)):
        of[path(tile)] = b"".join(above[tile.level][tile.index * 256 :][: tile.width])
        if tile.level == 0:
            inside = lines[tile.index * 256 :][: tile.width]
            of[bundle_path(tile.index, tile.width)] = b"".join(len(line).to_bytes(2) + line for line in inside)
    return of
