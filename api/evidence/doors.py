"""Where an auditor who is signed in takes a container's evidence away."""

import tempfile
from collections.abc import Iterator
from typing import IO, BinaryIO, Final, cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from api.access import Actor
from api.cache import NO_STORE, answer, asking, unknown
from api.evidence.package import NoEvidence, gathered, of_container, write
from api.forms import member
from api.house import House

router: Final = APIRouter(include_in_schema=False)
IN_MEMORY: Final = 4_000_000
"""Bytes of a package beyond which it is kept on the disk while it is sent."""


@router.get("/evidence/{number}.zip")
async def evidence(request: Request, number: str) -> Response:
    """The evidence of a container's latest voyage, as far as the auditor may see it."""
    who = member(request, "entries")
    try:
        package = await run_in_threadpool(_package, request.app.state.house, who, number)
    except NoEvidence:
        return answer(request, unknown(asking(request)), NO_STORE)
    headers = {"Content-Disposition": f'attachment; filename="{number}-evidence.zip"', "Cache-Control": NO_STORE}
    return StreamingResponse(_parts(package), media_type="application/zip", headers=headers)


def _package(house: House, who: Actor, number: str) -> IO[bytes]:
    found = gathered(house, who.org, *of_container(house, who.org, number))
    package = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    write(house, found, cast("BinaryIO", package))
    package.seek(0)
    return package


def _parts(package: IO[bytes]) -> Iterator[bytes]:
    with package:
        while part := package.read(1 << 16):
            yield part
