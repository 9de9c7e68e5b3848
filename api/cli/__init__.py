"""The door at the terminal. Exit codes: 0 done (or true), 1 no (a difference, an unknown id), 2 could not be done."""

from api.cli import auditing, balance, labels, people, printing, season, serving, trust, verifying  # noqa: F401 - they register their commands
from api.cli.common import app


def main() -> None:
    """The script `cacao`."""
    app()
