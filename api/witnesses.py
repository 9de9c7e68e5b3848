"""The witnesses of CACAO_POLICY: who they are, how far each has seen, and which head is shown for their sake."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from api.fetching import Line
from api.house import House
from ledger import checkpoint, log, note, witnessed
from ledger.entry import now
from ledger.policy import NONE, Policy
from ledger.policy import parse as parse_policy
from ledger.schema import Connection

MOST: Final = 32
HELD_SECONDS: Final = 10.0
"""How long a newer head is held back for its quorum."""


class BadPolicy(Exception):
    """The policy file cannot be used; the message is for people."""


def configured(house: House) -> Policy:
    """The policy of CACAO_POLICY, read once; without it nobody is asked. Raises BadPolicy."""
    return of_file(house.settings.policy)


def of_file(path: Path | None) -> Policy:
    """The policy of a file, read once; of no file, that of a log without witnesses. Raises BadPolicy."""
    return _read(path.expanduser()) if path else Policy((), {}, {}, NONE)


@cache
def _read(path: Path) -> Policy:
    try:
        policy = parse_policy(path.read_text(encoding="utf-8"))
        for _, url in policy.witnesses.values():
            Line(url or "http://localhost", 0)
    except (OSError, ValueError) as failure:
        raise BadPolicy(f"CACAO_POLICY: {path}: {failure}") from None
    if len(policy.witnesses) > MOST:
        raise BadPolicy(f"CACAO_POLICY: {path} names {len(policy.witnesses)} witnesses; at most {MOST} are asked")
    return policy


def shown(conn: Connection, house: House) -> bytes | None:
    """The checkpoint to show: one that its quorum saw, unless a newer one waited long enough for that."""
    since = now(datetime.now(UTC) - timedelta(seconds=HELD_SECONDS))
    return witnessed.shown(conn, house.settings.origin, configured(house), since)


def behind(conn: Connection, house: House) -> Mapping[str, int]:
    """How many entries of the newest head each witness of the policy has not seen."""
    seen, newest = witnessed.sizes(conn, house.settings.origin), log.newest(conn, house.settings.origin)
    size = checkpoint.parse(note.parse(newest).text).size if newest else 0
    return {name: size - min(seen.get(name, 0), size) for name in configured(house).witnesses}


def spelled(of: Policy) -> str:
    """Witnesses, groups and quorum as lines of a policy file."""
    witnesses = [" ".join(("witness", name, str(key), *([url] if url else []))) for name, (key, url) in of.witnesses.items()]
    groups = [f"group {name} {group.needed} {' '.join(group.members)}" for name, group in of.groups.items()]
    return "".join(f"{line}\n" for line in (*witnesses, *groups, f"quorum {of.quorum}"))
