"""Makes the golden database of a release: `python -m tests.golden.database FILE`. Once released, its file is never made again."""

import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from api.examples import EXAMPLES
from api.house import opened
from api.pgtools import tool
from api.settings import Settings
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.server import Server

KEY = bytes(range(32)).hex()
"""The vault's key in golden databases; no other has it."""
ORG = "main/AG-01"
KEPT = ("ledger", "vault", "access")
"""Schemas of which a release must read what earlier ones wrote; views are made again."""


def write(path: Path) -> None:
    """The examples of every command, written by this release, as SQL that makes the same database anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with opened(Settings(home=home, key=KEY)) as house:
            house.writer.submit(Act([COMMANDS.validate_python(body) for body in EXAMPLES], "U-GOLDEN", ORG)).result()
            with psycopg.connect(house.url) as conn:
                major = conn.info.server_version // 10_000
            dump = [tool("pg_dump", major), "--inserts", "--no-owner", "--no-privileges", *(f"--schema={name}" for name in KEPT)]
            said = subprocess.run([*dump, f"--dbname={house.url}"], capture_output=True, text=True, check=True).stdout
        Server(home.resolve() / "pg").stop()
    statements = [line for line in said.splitlines() if line and not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog.set_config"))]
    path.write_text("\n".join(statements) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
