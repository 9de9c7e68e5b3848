"""The log's doors, open to all: the signed checkpoint, its tiles, and proofs; the entries themselves for auditors of the house."""

from base64 import b64encode
from hashlib import sha256
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api import witnesses
from api.access import Actor, Refusal
from api.cache import ANY_SITE, Page, answer
from api.house import House
from api.machines import FARTHEST, asked, problems, reader
from api.problems import problem
from api.publishing import policy
from ledger import log, proving
from ledger.checkpoint import parse as parse_checkpoint
from ledger.merkle import HASH_BYTES
from ledger.note import parse as parse_note
from ledger.proof import TlogProof
from ledger.tile import WIDTH, Bundle, Tile, bundle
from ledger.tile import parse as parse_tile

router: Final = APIRouter()
FRESH: Final = "public, max-age=1"
FOR_EVER: Final = "public, max-age=31536000, immutable"
_SIZE: Final = Query(
    ge=1, le=FARTHEST, description="Of which tree: entries it has. Without it, that of the newest checkpoint.", examples=[41]
)
_TEXT_PLAIN, _BYTES = "text/plain; charset=utf-8", "application/octet-stream"
_TEXT: Final[dict[str, Any]] = {"content": {"text/plain": {"schema": {"type": "string"}}}}
Size = Annotated[int | None, _SIZE]
Position = Annotated[int, Path(ge=1, le=FARTHEST, description="The entry's position: its leaf index and one.", examples=[13])]
Hash = Annotated[str, Field(description="32 bytes, Base64.")]


class Inclusion(BaseModel):
    """That an entry is a leaf of a tree."""

    index: int = Field(description="The leaf's index: the position less one.")
    size: int
    leaf_hash: Hash
    root: Hash
    proof: list[Hash] = Field(description="From the leaf upward (RFC 6962 §2.1.1).")


class Consistency(BaseModel):
    """That a tree of `new` leaves begins with one of `old`."""

    old: int
    new: int
    old_root: Hash
    new_root: Hash
    proof: list[Hash] = Field(description="RFC 6962 §2.1.2.")


@router.api_route("/checkpoint", methods=["GET", "HEAD"], include_in_schema=False)
async def checkpoint(request: Request) -> Response:
    """The newest signed checkpoint (C2SP tlog-checkpoint)."""
    note = await asked(_shown, request.app.state.house)
    return _said(request, note, _TEXT_PLAIN, FRESH)


@router.api_route("/policy", methods=["GET", "HEAD"], include_in_schema=False)
async def trusted(request: Request) -> Response:
    """The log's key and its witnesses (C2SP tlog-policy), for those who do not have them from elsewhere."""
    text = await asked(policy, request.app.state.house)
    return _said(request, text.encode(), _TEXT_PLAIN, "public, max-age=60")


@router.api_route("/tile/entries/{rest:path}", methods=["GET"], include_in_schema=False)
async def entries(request: Request, rest: str, by: Annotated[Actor, Depends(reader("entries"))]) -> Response:
    """256 entries, or as many as a checkpoint covers, in one bundle (C2SP tlog-tiles): those of all, so for auditors of the house."""
    if by.org is not None:
        raise Refusal(
            problem(403, "forbidden", "bundles hold the entries of all: they are for auditors of the house; `/entries` has yours")
        )
    of = _tile(f"tile/entries/{rest}")
    if not isinstance(of, Bundle):
        raise _nothing()
    lines = await asked(_lines, request.app.state.house, of)
    return _said(request, bundle(lines), _BYTES, "private, max-age=31536000, immutable", {})


@router.api_route("/tile/{rest:path}", methods=["GET", "HEAD"], include_in_schema=False)
async def tile(request: Request, rest: str) -> Response:
    """Up to 256 hashes of one level (C2SP tlog-tiles). What is served once never changes."""
    of = _tile(f"tile/{rest}")
    if not isinstance(of, Tile):
        raise _nothing()
    hashes = await asked(_hashes, request.app.state.house, of)
    return _said(request, hashes, _BYTES, FOR_EVER)


@router.get(
    "/proofs/{position}.tlog-proof", operation_id="tlog_proof", tags=["log"], summary="That an entry is in the log, to keep",
    response_class=Response, responses={200: _TEXT, **problems(404, 422, public=True)},
)  # fmt: skip
async def tlog_proof(request: Request, position: Position, size: Size = None) -> Response:
    """A C2SP tlog-proof: the index, the hashes, and the signed checkpoint. `size`: of an earlier checkpoint of exactly that size."""
    text = await asked(_tlog_proof, request.app.state.house, position, size)
    headers = {"Content-Disposition": f'attachment; filename="{position}.tlog-proof"'}
    return _said(request, text, _TEXT_PLAIN, FRESH, ANY_SITE | headers)


@router.get(
    "/proofs/{position}.json", operation_id="inclusion", tags=["log"], summary="That an entry is in a tree of any size",
    response_class=Response, responses={200: {"model": Inclusion}, **problems(404, 422, public=True)},
)  # fmt: skip
async def inclusion(request: Request, position: Position, size: Size = None) -> Response:
    """An inclusion proof as JSON."""
    return _json(request, await asked(_inclusion, request.app.state.house, position, size))


@router.get(
    "/consistency/{old}/{new}.json", operation_id="consistency", tags=["log"], summary="That one tree begins with another",
    response_class=Response, responses={200: {"model": Consistency}, **problems(404, 422, public=True)},
)  # fmt: skip
async def consistent(
    request: Request,
    old: Annotated[int, Path(ge=0, le=FARTHEST, description="Entries of the earlier tree.", examples=[13])],
    new: Annotated[int, Path(ge=0, le=FARTHEST, description="Entries of the later tree.", examples=[41])],
) -> Response:
    """A consistency proof between any two sizes, as JSON."""
    return _json(request, await asked(_consistency, request.app.state.house, old, new))


def _json(request: Request, of: dict[str, Any]) -> Response:
    return _said(request, orjson.dumps(of, option=orjson.OPT_APPEND_NEWLINE), "application/json", FRESH)


def _said(request: Request, body: bytes, media_type: str, control: str, headers: dict[str, str] = ANY_SITE) -> Response:
    """An answer with its tag; hashes cannot be compressed."""
    return answer(request, Page(body, media_type, 200, headers, f'"{sha256(body).hexdigest()[:20]}"'), control)


def _nothing() -> Refusal:
    return Refusal(problem(404, "not-found", "there is nothing here, or no signed checkpoint covers it yet"))


def _tile(path: str) -> Tile | Bundle:
    try:
        return parse_tile(path)
    except ValueError:
        raise _nothing() from None


def _newest(house: House) -> bytes:
    with house.pool.connection() as conn:
        note = log.newest(conn, house.settings.origin)
    if note is None:
        raise _nothing()
    return note


def _shown(house: House) -> bytes:
    """The newest that its quorum of witnesses saw, if that is not long ago."""
    with house.pool.connection() as conn:
        note = witnesses.shown(conn, house)
    if note is None:
        raise _nothing()
    return note


def _covered(house: House, size: int | None, at_least: int) -> int:
    """The size asked for, or that of the newest checkpoint; only what is signed is shown."""
    newest = parse_checkpoint(parse_note(_shown(house) if size is None else _newest(house)).text).size
    wanted = newest if size is None else size
    if not at_least <= wanted <= newest:
        raise _nothing()
    return wanted


def _hashes(house: House, of: Tile) -> bytes:
    _covered(house, (of.index * WIDTH + of.width) * WIDTH**of.level, 1)
    with house.pool.connection() as conn:
        return log.tile(conn, of.level, of.index)[: of.width * HASH_BYTES]


def _lines(house: House, of: Bundle) -> list[bytes]:
    _covered(house, of.index * WIDTH + of.width, 1)
    with house.pool.connection() as conn:
        return proving.lines(conn, of.index, of.width)


def _inclusion(house: House, position: int, size: int | None) -> dict[str, Any]:
    covered = _covered(house, size, position)
    with house.pool.connection() as conn:
        proof = proving.included(conn, position - 1, covered, house.nodes)
    said = {"index": position - 1, "size": covered, "leaf_hash": _64(proof.leaf), "root": _64(proof.root)}
    return {**said, "proof": [_64(each) for each in proof.hashes]}


def _tlog_proof(house: House, position: int, size: int | None) -> bytes:
    with house.pool.connection() as conn:
        origin = house.settings.origin
        note = witnesses.shown(conn, house) if size is None else log.signed_at(conn, origin, size)
        if note is None:
            raise _nothing()
        covered = parse_checkpoint(parse_note(note).text).size
        if position > covered:
            raise _nothing()
        proof = proving.included(conn, position - 1, covered, house.nodes)
    return TlogProof(position - 1, tuple(proof.hashes), note).spell().encode()


def _consistency(house: House, old: int, new: int) -> dict[str, Any]:
    covered = _covered(house, new, old)
    with house.pool.connection() as conn:
        proof = proving.grown(conn, old, covered, house.nodes)
    said = {"old": old, "new": covered, "old_root": _64(proof.old_root), "new_root": _64(proof.new_root)}
    return {**said, "proof": [_64(each) for each in proof.hashes]}


def _64(hash_: bytes) -> str:
    return b64encode(hash_).decode()
