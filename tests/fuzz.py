"""Fuzz the doors: Schemathesis makes calls of the OpenAPI document and judges each answer. `python -m tests.fuzz` makes thousands of them.

Three callers ask: the house's operator, a person of an organisation that has something of everything, and nobody. An answer that the
document does not declare, a body unlike its schema, what is wrong but taken, what is right but refused, and every 5xx is a finding.
"""

import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from uuid import uuid4

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import people, sending, waiting
from api.app import create
from api.examples import EXAMPLES
from api.house import House, opened
from api.people import operator
from api.roles import OPERATOR, roles
from api.settings import Settings
from domain.user import GrantRole
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.server import Server
from tests.api.chromium import free_port, served

ORG: Final = "main/AG-01"
CALLERS: Final = ("operator", "person", "nobody")
LEAST: Final = 5_000
RULES: Final = """
request-timeout = 60

[[operations]]
include-name = "POST /commands"
# A command may be right by its schema and still be none: a time that no calendar has, a text of blanks.
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 409, 422]
# A list is answered 200, with a refusal for each item that cannot be read.
checks.negative_data_rejection.expected-statuses = [200, "4xx"]

[[operations]]
include-name = "POST /webhooks"
# A host that no name server knows.
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 409, 422]
"""
"""What the document cannot say."""
QUICK: Final = """
[[operations]]
include-name = "POST /commands"
phases.coverage.enabled = false
"""
"""Without the nine thousand calls that try each bound of each field of each command."""


@dataclass
class Outcome:
    """What a run came to: calls by status, what was found in words, seconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    found: str = ""
    seconds: float = 0.0

    @property
    def calls(self) -> int:
        """How many were answered."""
        return self.statuses.total()

    def of(self, hundred: int) -> int:
        """Answers of one sort: 2 are those that did it, 4 refusals, 5 failures."""
        return sum(count for status, count in self.statuses.items() if status // 100 == hundred)


class Tally:
    """A layer that counts answers by status."""

    def __init__(self, app: ASGIApp, statuses: Counter[int]) -> None:
        self._app, self._statuses = app, statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._statuses[message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counting)


def furnish(house: House) -> None:
    """Put something of everything into the house, in an organisation's name; nobody is counted at its doors."""
    house.settings.rate_token = house.settings.rate_address = 0
    commands = [
        COMMANDS.validate_python(body) for body in EXAMPLES if body["do"] not in ("revoke-role", "revoke-device") and "position" not in body
    ]
    house.writer.submit(Act(commands, "u-first", ORG)).result()


def jack_of_all_trades(house: House, org: str = ORG) -> str:
    """Somebody of an organisation who has every role there; the user's id."""
    user = people.admit(house, operator(house), "Ana Ruiz", "administrator", org)
    for role in roles().keys() - {OPERATOR, "administrator"}:
        body: Any = {"org_id": org.rpartition("/")[2], "role": role, "granted_at": house.now()}
        people.done(house, operator(house), GrantRole(id=uuid4(), user_id=user, **body))
    return user


def bearer(house: House, caller: str) -> str | None:
    """The token of one of CALLERS."""
    if caller == "person":
        return people.machine(house, jack_of_all_trades(house), (), None)
    return house.token() if caller == "operator" else None


def fuzzed(app: FastAPI, token: str | None, *words: str, rules: str = RULES) -> Outcome:
    """Have the application's doors called by whoever has the token. Nothing leaves this machine."""
    outcome, began, port = Outcome(), time.monotonic(), free_port()
    app.add_middleware(Tally, statuses=outcome.statuses)
    quiet = sending.NotSent("nothing is sent from here")
    with (
        tempfile.TemporaryDirectory(prefix="cacao-fuzz-") as folder,
        patch.object(sending, "post", side_effect=quiet),
        patch.object(sending, "addresses", return_value=["2001:4860:4860::8888"]),
        patch.object(waiting, "MOST_SECONDS", 1),
        served(app, port) as place,
    ):
        config = Path(folder) / "schemathesis.toml"
        config.write_text(rules, encoding="utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{place}/openapi.json"]
        command += ["--checks", "all", "--continue-on-failure", "--warnings", "off", *words]
        command += ["--header", f"Authorization: Bearer {token}"] if token else []
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    outcome.found = "" if done.returncode == 0 else f"{done.stdout}{done.stderr}"
    outcome.seconds = time.monotonic() - began
    return outcome


def main() -> int:
    """All three callers, every phase; 1 where anything was found, or too few calls were made."""
    logging.disable(logging.WARNING)
    outcomes: list[Outcome] = []
    print(f"{'caller':10} {'calls':>7} {'2xx':>7} {'4xx':>7} {'5xx':>5} {'seconds':>8}  findings")
    with tempfile.TemporaryDirectory(prefix="cacao-test-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder) / "pg")
        with opened(Settings(home=Path(folder) / "home", DATABASE_URL=server.ensure())) as house:
            furnish(house)
            for caller in CALLERS:
                of = fuzzed(create(house), bearer(house, caller), "--max-examples", "100", "--seed", "2026")
                outcomes.append(of)
                print(
                    f"{caller:10} {of.calls:7,} {of.of(2):7,} {of.of(4):7,} {of.of(5):5,} {of.seconds:8.0f}  {of.found or 'none'}",
                    flush=True,
                )
        server.stop()
    calls = sum(of.calls for of in outcomes)
    print(f"{calls:,} calls")
    return 1 if calls < LEAST or any(of.found or of.of(5) for of in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
