"""The door for writing: one command, a list of them, or `{"all": [...]}` as one act; one answer a command."""

import json
import time
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api import logs, waiting
from api.access import Actor, Refusal, actor
from api.examples import EXAMPLES
from api.giving import give
from api.limits import nested_deeper
from api.machines import BODY, problems
from api.metrics import Metrics
from api.problems import Unreadable, problem, unreadable
from domain.values import Command
from domain.vocabulary import COMMANDS
from ledger.act import ReadOnly, Unavailable
from ledger.decision import Accepted, Answer, Denied, Repeated

READ_ONLY: Final = "this ledger was restored from a backup and is read only until it is compared with what was signed"
STATUS: Final = {"malformed": 422, "forbidden": 403}
"""Code of a refusal -> HTTP status; 409 for all others."""
router = APIRouter()
_ACCEPTED: Final = {"id": EXAMPLES[12]["id"], "status": "accepted", "positions": [13], "link": "/l/HV-001?at=13"}
_REFUSED: Final = {
    "id": "0197a3c0-4b2e-7fff-8c51-2f1b6d0e9aff",
    "status": "refused",
    "code": "duplicate-id",
    "sentence": "lot HV-001 was accepted before, with other content",
}
_ONE: Final = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": ["string", "null"]},
        "status": {"enum": ["accepted", "repeat", "refused"]},
        "positions": {"type": "array", "items": {"type": "integer"}, "description": "Of the entries; final."},
        "link": {"type": ["string", "null"], "description": "A page that waits until it shows what was written."},
        "code": {"type": "string"},
        "sentence": {"type": "string"},
    },
}
_MANY: Final = {"type": "object", "required": ["answers"], "properties": {"answers": {"type": "array", "items": _ONE}}}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A repeat, or one answer for each command of a list, in order.",
        "content": {"application/json": {"schema": {"oneOf": [_ONE, _MANY]}, "example": {"answers": [_ACCEPTED, _REFUSED]}}},
    },
    201: {"description": "Accepted.", "content": {"application/json": {"schema": {"oneOf": [_ONE, _MANY]}, "example": _ACCEPTED}}},
    **problems(*BODY, 400, 403, 409, 415, 422),
}


def request_body(most: int) -> dict[str, Any]:
    """The request body as OpenAPI: every command with a real example, at most so many at once."""
    schema = COMMANDS.json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs")
    many = {"type": "array", "items": schema, "minItems": 1, "maxItems": most}
    whole = {"type": "object", "properties": {"all": many}, "required": ["all"], "additionalProperties": False}
    examples = {body["do"]: {"summary": body["do"], "value": body} for body in reversed(EXAMPLES)}
    content = {"application/json": {"schema": {"oneOf": [schema, many, whole]}, "examples": dict(reversed(examples.items()))}}
    return {"required": True, "content": content}


@router.post(
    "/commands",
    operation_id="record_commands",
    tags=["commands"],
    summary="Record commands",
    response_class=Response,
    responses=ANSWERS,
    openapi_extra={"parameters": [waiting.HEADER]},
)
async def record_commands(request: Request, by: Annotated[Actor, Depends(actor)]) -> Response:
    """Decide commands and append the facts. A refusal changes nothing; the same id with the same content answers as the first time.

    One command: 201 accepted, 200 repeat, 409 refused, 422 malformed. A list: 200 with one answer a command, in order; 422 where
    none can be read. `{"all": [...]}`: 201, or 409/422 for all. With `Prefer: wait` the answer comes when the views show what was written.
    """
    with waiting.place(request) as seconds:
        response = await _recorded(request, by)
        written: int = getattr(request.state, "written", 0)
        shown = seconds if seconds and await waiting.moved(request.app.state.house, written - 1, seconds) else 0
        return waiting.applied(response, shown)


async def _recorded(request: Request, by: Actor) -> Response:
    limits = request.app.state.house.settings
    body = _parsed(await _body(request), limits.json_depth)
    match body:
        case {"all": [*items]} if len(body) == 1:
            return await _whole(request, _bounded(items, limits.batch), by)
        case [*items]:
            return await _each(request, _bounded(items, limits.batch), by)
        case {**item}:
            return _single((await _answers(request, [item], by))[0])
    raise Refusal(problem(422, "malformed", 'wanted a command, a list of commands, or {"all": [commands]}'))


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(problem(415, "unsupported-media-type", "wanted application/json"))
    return await request.body()


def _parsed(body: bytes, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal(problem(400, "not-json", "the body is not JSON (RFC 8259, UTF-8)")) from None
    if nested_deeper(parsed, depth):
        raise Refusal(problem(422, "malformed", f"the body is nested deeper than {depth}"))
    try:
        json.loads(body, object_pairs_hook=_named_once, parse_int=str, parse_float=str)
    except ValueError:
        raise Refusal(problem(422, "malformed", "a name stands twice in one object: which is meant?")) from None
    return parsed


def _named_once(pairs: list[tuple[str, Any]]) -> None:
    """Programs differ in which of two they take, so nobody could say what was sent. Raises ValueError."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError


def _bounded(items: list[Any], most: int) -> list[Any]:
    if not 1 <= len(items) <= most:
        raise Refusal(problem(422, "malformed", f"{len(items)} commands: wanted 1 to {most:,}"))
    return items


def _read(request: Request, item: Any) -> Command | Unreadable:  # noqa: ANN401 - whatever stands in a body
    try:
        command: Command = COMMANDS.validate_python(item)
    except ValidationError as error:
        request.app.state.metrics.malformed()
        return unreadable(error)
    return command


async def _submit(request: Request, commands: list[Command], by: Actor, *, whole: bool = False) -> list[Answer]:
    metrics: Metrics = request.app.state.metrics
    began = time.perf_counter()
    try:
        answers = await run_in_threadpool(give, request.app.state.house, by, commands, whole=whole)
    except ReadOnly:
        raise Refusal(problem(503, "read-only", READ_ONLY, {"Retry-After": "3600"})) from None
    except Unavailable:
        sentence = "the database is out of reach; send the same commands with the same ids again"
        raise Refusal(problem(503, "unavailable", sentence, {"Retry-After": "5"})) from None
    metrics.answered(answers, time.perf_counter() - began)
    request.state.written = max((at for answer in answers if not isinstance(answer, Denied) for at in answer.positions), default=0)
    for command, answer in zip(commands, answers, strict=False):  # an act that is refused has one answer
        logs.answered(command, answer)
    return answers


async def _answers(request: Request, items: list[Any], by: Actor) -> list[dict[str, Any]]:
    asked = [_read(request, item) for item in items]
    commands = [each for each in asked if isinstance(each, Command)]
    decided = iter(await _submit(request, commands, by) if commands else [])
    return [
        _spoken(each, Denied("malformed", each.template, each.values) if isinstance(each, Unreadable) else next(decided)) for each in asked
    ]


def _spoken(command: Command | Unreadable, answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = {"id": str(command.id) if isinstance(command, Command) else None}
    match answer:
        case Accepted(positions) | Repeated(positions):
            status = "accepted" if isinstance(answer, Accepted) else "repeat"
            return body | {"status": status, "positions": positions, "link": _link(command, positions)}
        case Denied(code):
            return body | {"status": "refused", "code": code, "sentence": answer.sentence()}


def _link(command: Command | Unreadable, positions: tuple[int, ...]) -> str | None:
    """The page that shows what was written, once the views show it."""
    number, lot = getattr(command, "container_no", None), getattr(command, "lot_id", None)
    if number:
        return f"/c/{number}?at={positions[-1]}"
    book = "" if not isinstance(command, Command) or command.book == "main" else f"{command.book}/"
    return f"/l/{book}{lot}?at={positions[-1]}" if lot else None


def _single(answer: dict[str, Any]) -> Response:
    if answer["status"] == "refused":
        return problem(STATUS.get(answer["code"], 409), answer["code"], answer["sentence"], id=answer["id"])
    return JSONResponse(answer, 201 if answer["status"] == "accepted" else 200)


async def _each(request: Request, items: list[Any], by: Actor) -> Response:
    answers = await _answers(request, items, by)
    if all(answer.get("code") == "malformed" for answer in answers):
        return problem(422, "malformed", f"none of the {len(items)} items can be read as a command", answers=answers)
    return JSONResponse({"answers": answers})


async def _whole(request: Request, items: list[Any], by: Actor) -> Response:
    asked = [_read(request, item) for item in items]
    for at, each in enumerate(asked):
        if isinstance(each, Unreadable):
            return problem(422, "malformed", str(each), at=at)
    commands = [each for each in asked if isinstance(each, Command)]
    answers = await _submit(request, commands, by, whole=True)
    if isinstance(answers[0], Denied):
        return problem(STATUS.get(answers[0].code, 409), answers[0].code, answers[0].sentence(), at=answers[0].at)
    spoken = [_spoken(command, answer) for command, answer in zip(commands, answers, strict=True)]
    return JSONResponse({"answers": spoken}, 201 if any(each["status"] == "accepted" for each in spoken) else 200)
