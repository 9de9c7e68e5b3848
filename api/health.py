"""Whether the program lives, may be sent requests, and holds what its head says; and its figures, for those on this machine."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar

import anyio
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api import witnesses
from api.house import House
from api.metrics import MEDIA_TYPE, PATIENCE_SECONDS, Metrics, stand
from ledger import log, publisher
from ledger.merkle import Range, leaf_hash, unpacked
from ledger.schema import Connection
from ledger.store import OUT_OF_REACH

router = APIRouter(include_in_schema=False)
PATHS: Final = ("/livez", "/readyz", "/healthz", "/metrics")
ANSWER_SECONDS: Final = 5.0
"""After this long without an answer the database counts as out of reach."""
READ_AT_ONCE: Final = 20_000
"""Entries that one look at /healthz hashes, at most."""
T = TypeVar("T")


@dataclass(slots=True)
class Health:
    """What was found of a house, and how far its entries were hashed since the program began."""

    house: House
    range: Range = field(default_factory=Range)
    threads: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))
    """Of their own, so that a prober is answered however many requests wait."""
    _lock: Lock = field(default_factory=Lock)

    def ready(self) -> dict[str, str]:
        """What was looked at, and `ok` or what is wrong with it."""
        try:
            with self.house.pool.connection(PATIENCE_SECONDS) as conn:
                size, shown = stand(conn)
        except OUT_OF_REACH:
            return {"database": "out of reach"}
        behind = size - shown
        most = self.house.settings.behind
        return {"database": "ok", "views": "ok" if behind <= most else f"{behind:,} entries behind, at most {most:,} are allowed"}

    def whole(self) -> dict[str, str]:
        """As ready, and whether the head is that of the entries; each look reads on where the last one ended."""
        found = self.ready()
        if found["database"] == "ok":
            try:
                with self._lock, self.house.pool.connection(PATIENCE_SECONDS) as conn, conn.transaction():
                    found["head"] = self._head(conn)
                    found["log"] = self._log(conn)
            except OUT_OF_REACH:
                found["database"] = "out of reach"
        return found

    def witnesses(self) -> dict[str, Any]:
        """How many of how many witnesses saw the newest head, and how many entries each is behind; empty without witnesses."""
        with suppress(*OUT_OF_REACH), self.house.pool.connection(PATIENCE_SECONDS) as conn:
            behind = witnesses.behind(conn, self.house)
            return {"saw_newest": list(behind.values()).count(0), "of": len(behind), "behind": behind} if behind else {}
        return {}

    def _log(self, conn: Connection) -> str:
        trouble = log.trouble(conn)
        if trouble:
            return f"not signed since {trouble.since}: {trouble}"
        return f"ok, signed up to {publisher.size_of(conn, self.house.settings.origin):,}"

    def _head(self, conn: Connection) -> str:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        size, nodes = conn.execute("SELECT size, nodes FROM ledger.head").fetchall()[0]
        upto = min(size, self.range.size + READ_AT_ONCE)
        rows = conn.execute(
            "SELECT position, line FROM ledger.entries WHERE position > %s AND position <= %s ORDER BY position",
            (self.range.size, upto),
            binary=True,
        ).fetchall()
        if [position for position, _ in rows] != list(range(self.range.size + 1, upto + 1)):
            return f"entries are missing between {self.range.size:,} and {size:,}"
        reached = self.range.extend(leaf_hash(line) for _, line in rows)
        if upto == size and reached != unpacked(size, bytes(nodes)):
            self.range = Range()
            return f"the head of {size:,} entries is not theirs: stop writing and restore a backup"
        self.range = reached
        return "ok" if upto == size else f"ok up to {upto:,} of {size:,}: look again"


CHECKED: Final = (
    "database: it answers. views: they are not too far behind. head: the stored head is recomputed from all entries, each hashed once"
    " since the program began. log: what was signed before is where this one goes on from."
)


def on_this_machine(request: Request) -> bool:
    """Whether the request comes from this machine itself, and not through a proxy on it."""
    forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via"))
    return request.client is not None and request.client.host in ("127.0.0.1", "::1") and not forwarded


def _closed(request: Request) -> None:
    settings = request.app.state.house.settings
    if settings.metrics != "all" and not on_this_machine(request):
        raise HTTPException(404)


async def _found(request: Request, look: Callable[[], T]) -> T | None:
    """What a look found; None where it takes too long."""
    health: Health = request.app.state.health
    with anyio.move_on_after(ANSWER_SECONDS):
        return await anyio.to_thread.run_sync(look, abandon_on_cancel=True, limiter=health.threads)
    return None


def _answer(found: dict[str, str] | None, **further: Any) -> Response:  # noqa: ANN401 - any JSON value
    found = found or {"database": "out of reach"}
    well = all(each.startswith("ok") for each in found.values())
    return JSONResponse(
        {"status": "ok" if well else "unavailable", **found, **further}, 200 if well else 503, {"Cache-Control": "no-store"}
    )


@router.get("/livez")
async def live() -> Response:
    """The process answers."""
    return _answer({"process": "ok"})


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The database answers, and the views are not too far behind; 503 and the reason where not."""
    return _answer(await _found(request, request.app.state.health.ready))


@router.get("/healthz")
async def healthy(request: Request) -> Response:
    """As /readyz, and the head is that of the entries."""
    _closed(request)
    health: Health = request.app.state.health
    found, seen = await _found(request, health.whole), await _found(request, health.witnesses)
    return _answer(found, checked=CHECKED, **({"witnesses": seen} if seen else {}))


@router.get("/metrics")
async def figures(request: Request) -> Response:
    """Figures for Prometheus."""
    _closed(request)
    metrics: Metrics = request.app.state.metrics
    found = await _found(request, metrics.text)
    return Response(found or b"", 200 if found else 503, {"Cache-Control": "no-store"}, MEDIA_TYPE)
