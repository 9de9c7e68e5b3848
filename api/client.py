"""A client for machines in one file: the standard library only, so that it can be copied out of here and used anywhere.

    ledger = Cacao("https://ledger.example", "cacao_D-…")
    ledger.record({"do": "record-harvest", "lot_id": "HV-12", …})
    for placed in ledger.entries(after=last, wait=20): …

What the house is too busy for, or cannot do for a moment, is asked again with the same ids, so that nothing is recorded twice.
"""

import base64
import hmac
import json
import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

Json = dict[str, Any]
OPERATIONS: Final = {
    "record_commands": "record", "list_entries": "entries", "list_lots": "lots", "find_party": "party", "find_plot": "plot",
    "list_webhooks": "webhooks", "add_webhook": "add_webhook", "remove_webhook": "remove_webhook", "replay_webhook": "replay_webhook",
    "balance": "balance", "flow": "flow", "findings": "findings",
}  # fmt: skip
"""Operation of the OpenAPI document -> the method that calls it."""
BATCH: Final = 1_000
TRIES: Final = 6
TOLERANCE: Final = 300
"""Seconds that a webhook's time may differ from ours."""
_LATER: Final = (429, 503)
_DOWN: Final = (ConnectionError, TimeoutError, URLError)


class Problem(Exception):
    """The house said no: `status`, `code` (programs decide by it), and the whole answer in `body`."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body.get('code', '')}: {body.get('detail', '')}")
        self.status, self.code, self.body = status, str(body.get("code", "")), body


class _Stay(HTTPRedirectHandler):
    """A redirect is no answer: the token goes to nobody else."""

    def redirect_request(self, *_of: Any, **_more: Any) -> None:  # noqa: ANN401 - the base class's own
        return None


class Cacao:
    """A house, for one token; `org` chooses the organisation where its owner works for more than one."""

    def __init__(
        self, base: str, token: str, org: str | None = None, timeout: float = 60, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._base, self._timeout, self._sleep = base.rstrip("/"), timeout, sleep
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **({"Cacao-Org": org} if org else {})}
        self._open = build_opener(_Stay).open

    def record(self, commands: Json | Sequence[Json], whole: bool = False, wait: int = 0) -> list[Json]:  # noqa: FBT001, FBT002 - by name
        """One answer a command, in order; commands without an id are given one. `wait`: seconds, until the views show it.

        `whole`: all or none. Raises Problem where nothing could be read, or the whole was refused. To send them again after a failure,
        give them ids of your own (`new_id`).
        """
        given = [{"id": new_id(), **each} for each in ([commands] if isinstance(commands, Mapping) else commands)]
        if whole:
            return self._recorded({"all": given}, wait)
        return [answer for at in range(0, len(given), BATCH) for answer in self._recorded(given[at : at + BATCH], wait)]

    def _recorded(self, body: Json | list[Json], wait: int) -> list[Json]:
        return cast("list[Json]", self._ask("POST", "/commands", body, wait)["answers"])

    def entries(self, after: int = 0, wait: int = 0, kinds: Sequence[str] = (), tag: str | None = None) -> Iterator[Json]:
        """{"position", "entry"} after a position, in order; with `wait` (seconds a question) it does not end, but waits for more."""
        while True:
            query = urlencode([("after", after), ("limit", BATCH), *(("kind", kind) for kind in kinds), *([("tag", tag)] if tag else [])])
            part = self._ask("GET", f"/entries?{query}", wait=wait)
            yield from part["entries"]
            if part["next"] is None and not wait:
                return
            after = part["head"] if part["next"] is None else part["next"]

    def lots(self, *, used_up: bool = False) -> Iterator[Json]:
        """The organisation's lots with what is on hand; also those of which nothing is left, with `used_up`."""
        after: str | None = ""
        while after is not None:
            part = self._ask("GET", f"/lots?{urlencode({'after': after, 'limit': BATCH, 'used_up': str(used_up).lower()})}")
            yield from part["lots"]
            after = part["next"]

    def party(self, id_: str) -> Json:
        """A party of the organisation."""
        return self._ask("GET", f"/parties/{quote(id_)}")

    def plot(self, id_: str) -> Json:
        """A plot of the organisation."""
        return self._ask("GET", f"/plots/{quote(id_)}")

    def balance(self, by: str = "season") -> Iterator[Json]:
        """What came in, went out, was lost and is on hand, by season, holder, site, lot or container."""
        after: str | None = ""
        while after is not None:
            part = self._ask("GET", f"/balance?{urlencode({'by': by, 'after': after, 'limit': BATCH})}")
            yield from part["rows"]
            after = part["next"]

    def flow(self) -> Json:
        """The way of the beans: groups of plots, lots and containers, and the kilograms that went from one to another."""
        return self._ask("GET", "/flow")

    def findings(self) -> list[Json]:
        """What should be looked at, each with its entries; a finding is no proof."""
        return cast("list[Json]", self._ask("GET", "/findings")["findings"])

    def webhooks(self) -> list[Json]:
        """The organisation's webhooks, and how they go."""
        return cast("list[Json]", self._ask("GET", "/webhooks")["webhooks"])

    def add_webhook(self, url: str, kinds: Sequence[str] = (), after: int | None = None) -> Json:
        """Have entries brought to an address; keep the `secret` of the answer, for it is shown this once."""
        return self._ask("POST", "/webhooks", {"url": url, "kinds": list(kinds), "after": after}, again=False)

    def remove_webhook(self, id_: str) -> None:
        """Have nothing brought there any more."""
        self._ask("DELETE", f"/webhooks/{quote(id_)}", again=False)

    def replay_webhook(self, id_: str, after: int | None = None) -> Json:
        """Have brought again what stands after a position; without one, go on with a webhook that was given up."""
        return self._ask("POST", f"/webhooks/{quote(id_)}/replay", {"after": after}, again=False)

    def _ask(self, method: str, path: str, body: Json | list[Json] | None = None, wait: int = 0, *, again: bool = True) -> Json:
        """What is answered. A lost connection is tried again only where doing it twice is doing it once. Raises Problem."""
        headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
        headers |= {"Prefer": f"wait={wait}"} if wait else {}
        data = None if body is None else json.dumps(body).encode()
        for left in reversed(range(TRIES)):
            pause = 2.0 ** (TRIES - 1 - left) * random.uniform(0.5, 1)  # noqa: S311 - jitter, no secret
            try:
                with self._open(Request(self._base + path, data, headers, method=method), timeout=self._timeout + wait) as answer:  # noqa: S310
                    return cast("Json", json.loads(answer.read() or b"{}"))
            except HTTPError as error:
                with error:
                    if error.code not in _LATER or not left:
                        raise Problem(error.code, _read(error)) from None
                    pause = float(error.headers.get("Retry-After") or pause)
            except _DOWN:
                if not again or not left:
                    raise
            self._sleep(pause)
        raise AssertionError("the last try returns or raises")


def _read(error: HTTPError) -> Json:
    try:
        body = json.loads(error.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def new_id() -> str:
    """A UUIDv7 (RFC 9562): the milliseconds, then 74 random bits."""
    since = time.time_ns() // 1_000_000
    bits = int.from_bytes(os.urandom(10), "big")
    return str(uuid.UUID(int=(since << 80) | (7 << 76) | ((bits >> 68) << 64) | (2 << 62) | (bits & (2**62 - 1))))


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> Json:
    """The content of a delivery that this secret signed within the last minutes (Standard Webhooks). Raises ValueError.

    `body` is what came, byte for byte, before anybody read it as JSON.
    """
    given = {name.lower(): value for name, value in headers.items()}
    id_, sent, signatures = (given.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not sent.isascii() or not sent.isdigit() or abs((time.time() if now is None else now) - int(sent)) > TOLERANCE:
        raise ValueError("the delivery is not of these minutes")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.digest(key, f"{id_}.{sent}.".encode() + body, "sha256")).decode()
    if not any(hmac.compare_digest(wanted.encode(), each.encode()) for each in signatures.split()):
        raise ValueError("the delivery was not signed with this secret")
    return cast("Json", json.loads(body))
