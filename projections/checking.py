"""All checks that look for trouble, one after another, on what one asker may see."""

from collections.abc import Callable, Iterator

from ledger.schema import Connection
from ledger.vault import Vault
from projections.checks_beans import outturns, repeated
from projections.checks_labels import labelled
from projections.checks_land import bought, overlapping, picked, yields_of_plots
from projections.checks_seal import sealed
from projections.findings import Finding, WrittenUntil


def findings(
    conn: Connection,
    org: str | None,
    vault: Vault,
    until: WrittenUntil,
    schema: str = "views",
    done: Callable[[int], None] = lambda _: None,
) -> Iterator[Finding]:
    """What every check finds, in the order of CHECKS; `done` is told how many more are through."""
    for check in (yields_of_plots, outturns, picked, bought, repeated):
        yield from check(conn, org, schema)
        done(1)
    yield from sealed(conn, org, until, schema)
    done(2)
    yield from labelled(conn, org, schema)
    done(1)
    yield from overlapping(conn, org, vault)
    done(1)
