"""`cacao witness`: a witness at an address of its own, which needs its folder and no database.

It takes heads (`POST /add-checkpoint`), shows what it signed last (`GET /<SHA-256 of the log's name>/checkpoint`), and says who it is.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api import logs
from api.limits import Body
from ledger.crypto import Signer
from ledger.note import LOG, WITNESS, Key, Malformed
from ledger.signed import synced
from ledger.vault import secret
from ledger.witness import BAD, CONFLICT, Damaged, NotCosigned, Witness

KEY: Final = "key"
MOST_BYTES: Final = 128_000
BODY_SECONDS: Final = 10
SIZE: Final = "text/x.tlog.size"


class Unfit(Exception):
    """There can be no witness as it was asked for; the message is for people."""


def opened(folder: Path, name: str | None, vkeys: Sequence[str]) -> Witness:
    """The witness of a folder; its key is made at the first start. Raises Unfit."""
    logs_ = [_log(vkey) for vkey in vkeys]
    path = folder / KEY
    if not path.exists():
        if name is None:
            raise Unfit("a new witness needs a name that is its own for ever, an address without https://: --name witness.example/cacao")
        try:
            made = Signer.new(name, WITNESS)
        except Malformed as malformed:
            raise Unfit(str(malformed)) from None
        secret(path, lambda: str(made))
        synced(folder)
    return Witness(_signer(path, name), logs_, folder, time.time)


def _log(vkey: str) -> Key:
    try:
        key = Key.parse(vkey)
    except Malformed as malformed:
        raise Unfit(f"--log: {malformed}") from None
    if key.type != LOG:
        raise Unfit(f"--log: the key of {key.name} is that of a witness, not of a log")
    return key


def _signer(path: Path, name: str | None) -> Signer:
    try:
        signer = Signer.parse(path.read_text(encoding="ascii").strip())
    except (Malformed, UnicodeDecodeError):
        raise Unfit(f"{path} holds no key of a witness") from None
    if signer.key.type != WITNESS:
        raise Unfit(f"{path} is the key of a log: a witness signs with a key of its own")
    if name not in (None, signer.name):
        raise Unfit(f"{path} is the key of {signer.name}: a witness keeps its name; another one needs another --dir")
    return signer


def policy_line(witness: Witness, url: str) -> str:
    """What the log's owner puts into the policy file."""
    return f"witness {witness.key.name} {witness.key} {url}"


def create(witness: Witness, url: str) -> Starlette:
    """The application."""

    async def add(request: Request) -> Response:
        body = await Request(request.scope, Body(request.receive, MOST_BYTES, BODY_SECONDS)).body()
        return await run_in_threadpool(_answer, witness, body)

    def seen(request: Request) -> Response:
        origin = witness.origins.get(request.path_params["place"])
        note = origin and witness.seen(origin)
        headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
        return Response(note, media_type="text/plain; charset=utf-8", headers=headers) if note else _text("nothing was seen of it", 404)

    def who(_request: Request) -> Response:
        return _text(words(witness, url))

    return Starlette(
        routes=[
            Route("/", who, methods=["GET"]),
            Route("/add-checkpoint", add, methods=["POST"]),
            Route("/{place}/checkpoint", seen, methods=["GET"]),
        ]
    )


def _answer(witness: Witness, body: bytes) -> Response:
    try:
        line = witness.add(body)
    except NotCosigned as no:
        if no.status != BAD:
            logs.log.warning("not cosigned: %s", no.status, extra={"said": {"event": "not-cosigned", "status": no.status}})
        if no.status == CONFLICT:
            return Response(f"{no.size}\n", CONFLICT, media_type=SIZE)
        return _text(f"{no}\n", no.status)
    except Damaged as damaged:
        return _text(f"{damaged}\n", 500)
    return _text(line)


def _text(words_: str, status: int = 200) -> Response:
    return PlainTextResponse(words_, status, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def words(witness: Witness, url: str) -> str:
    """Who it is and what it saw, in Spanish and English."""
    seen = "".join(f"  {_seen(witness, origin)}\n" for origin in sorted(witness.origins.values()))
    return f"""Testigo {witness.key.name}

Firmo la cabeza de un registro solo si continúa la última que firmé de él. No veo asientos, ni nombres, ni precios.
Para el archivo de política del registro (I sign a log's head only where it goes on from the last one that I signed
of it. I see no entries, names or prices. For the log's policy file):

{policy_line(witness, url)}

Lo último que firmé (what I signed last):

{seen}"""


def _seen(witness: Witness, origin: str) -> str:
    try:
        last = witness.last(origin)
    except Damaged:
        return f"{origin}: dañado (damaged)"
    if last is None:
        return f"{origin}: nada todavía (nothing yet)"
    return f"{origin}: {last.size} asientos (entries), {last.root.hex()}"
