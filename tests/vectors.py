"""Other people's vectors of logs and of identities, counted: how many agree with us, of how many, and what was left out and why."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pytest

from ledger import crypto, ed25519
from ledger.note import Verify

PLACE = "../shared/conformance/tlog"
GS1 = "gs1-digital-link/"
"""What the rows begin with that are of GS1's identities."""
Tally = Callable[..., None]
VERIFIERS = pytest.mark.parametrize("verify", [crypto.verify, ed25519.verify], ids=["OpenSSL", "plain Python"])
"""Both that check our signatures: the server's, and the one that travels."""


def checker(verify: Verify) -> str:
    """What the table calls one of them."""
    return "OpenSSL" if verify is crypto.verify else "plain Python"


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """Put a row into the table that ends a run, then fail where a case does not agree.

    The row's name begins with the vectors' folder. `left_out`: the reason, and the names that it is the reason for.
    """

    def row(what: str, agrees: Mapping[Any, bool], left_out: Mapping[str, Collection[str]] | None = None) -> None:
        wrong = [str(case) for case, right in agrees.items() if not right]
        apart = {why: sorted(names) for why, names in (left_out or {}).items() if names}
        of = len(agrees) + sum(map(len, apart.values()))
        record_property("vectors", [what, len(agrees) - len(wrong), of, apart])
        assert wrong == []

    return row


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table; with -v the names of what was left out. A folder of vectors that no test of the run read is named too."""
    reports = [each for of in terminalreporter.stats.values() for each in of if getattr(each, "when", "") == "call"]
    rows = [value for each in reports for name, value in each.user_properties if name == "vectors"]
    if not rows:
        return
    logs = [row for row in rows if not row[0].startswith(GS1)]
    _table(terminalreporter, "vectors of verifiable logs", logs, names=config.get_verbosity() > 0)
    _table(terminalreporter, "vectors and rules of GS1", [row for row in rows if row not in logs], names=config.get_verbosity() > 0)
    folders = {each.name for each in (config.rootpath / PLACE).iterdir() if each.is_dir()} if logs else set()
    if unread := sorted(folders - {row[0].partition("/")[0] for row in logs}):
        terminalreporter.write_line(f"no test of this run reads {', '.join(unread)}")


def _table(terminalreporter: Any, title: str, rows: Sequence[Sequence[Any]], *, names: bool) -> None:
    if rows:
        terminalreporter.section(f"{title}: passed of how many")
    for what, passed, of, apart in sorted(rows, key=lambda row: row[0]):
        why = "; ".join(f"{len(names)} left out: {reason}" for reason, names in apart.items())
        terminalreporter.write_line(f"{what:45} {passed:5,} of {of:5,}   {why}".rstrip())
        for name in (each for of_one in apart.values() for each in of_one if names):
            terminalreporter.write_line(f"{'':45} left out: {name}")
