"""The door for administrators of webhooks: say where an organisation's entries are to be brought, see how that goes, begin anew."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, Field

from api import hooks, people, sending
from api.access import Actor, Refusal
from api.delivery import BATCH, MOST_FAILURES, new_secret
from api.entries import EXAMPLE as ENTRY
from api.entries import Kind
from api.hooks import Hook
from api.house import House
from api.machines import BODY, FARTHEST, NO_STORE, asked, missing, problems, reader
from api.problems import problem
from api.roles import may_command

router: Final = APIRouter(tags=["webhooks"])
_MADE: Final = datetime(2026, 5, 2, 20, 0, tzinfo=UTC)
EXAMPLE: Final = Hook(
    "W-7Q3M9K2FHXWV4TRB", "U-7Q3M", "https://coop.example/cacao", ["lot-bought.v1"], 41, "active", 1, "answered 503", _MADE, _MADE, _MADE
).shown()
_ENDED: Final = dict.fromkeys((f"{MOST_FAILURES} failures in a row", "an answer 410"))


def _number(written: Any) -> Any:  # noqa: ANN401 - whatever stands in a body
    if isinstance(written, bool | str):
        raise ValueError("wanted a number")  # noqa: TRY004 - pydantic reads ValueErrors
    return written


After = Annotated[int | None, BeforeValidator(_number)]
_ADDRESS: Final[dict[str, Any]] = {"format": "uri", "maxLength": sending.LONGEST}
DELIVERED: Final = {"hook": EXAMPLE["id"], "entries": [ENTRY], "next": ENTRY["position"]}
Id = Annotated[str, Path(pattern=r"^W-[A-Z2-9]{16}$", examples=[EXAMPLE["id"]])]


class NewWebhook(BaseModel):
    """Where entries are to be brought, of which kinds, and after which position."""

    url: str = Field(description="https, on the open internet.", examples=["https://coop.example/cacao"], json_schema_extra=_ADDRESS)
    kinds: list[Kind] = Field([], max_length=50, description="Only these; none stands for all.", examples=[["lot-bought.v1"]])
    after: After = Field(None, ge=0, le=FARTHEST, description="Without one: after all there is now.")


class Again(BaseModel):
    """From where to deliver again."""

    after: After = Field(None, ge=0, le=FARTHEST, description="Without one: go on where it stopped.", examples=[0])


class Webhook(BaseModel):
    """A webhook and how it goes."""

    id: str
    by: str = Field(description="Who registered it.")
    url: str
    kinds: list[str]
    position: int = Field(description="Up to which position all was delivered.")
    state: str = Field(description=f"`active`, or `failing`: given up after {' or '.join(_ENDED)}, until a replay is asked for.")
    failures: int = Field(description="In a row.")
    why: str | None = Field(description="Why the last delivery was not taken.")
    made_at: str
    delivered_at: str | None
    next_at: str = Field(description="When the next delivery is due.")


class Registered(Webhook):
    """A new webhook with its secret, which is shown this once."""

    secret: str = Field(description="Signs each delivery (Standard Webhooks).")


class Webhooks(BaseModel):
    """All webhooks of the organisation."""

    webhooks: list[Webhook]


class Delivery(BaseModel):
    """What a receiver gets; entries that come again have the same positions."""

    hook: str
    entries: list[dict[str, Any]] = Field(max_length=BATCH)
    next: int


def administrator(by: Annotated[Actor, Depends(reader("entries"))]) -> Actor:
    """Who asks: somebody who admits others, and reads entries. Raises Refusal 401, 403."""
    if not may_command(by.roles, "admit-user"):
        raise Refusal(problem(403, "forbidden", "webhooks are for administrators"))
    return by


Administrator = Annotated[Actor, Depends(administrator)]


def _said(status: int, model: type[BaseModel], example: dict[str, Any], *statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": model, "content": {"application/json": {"example": example}}}, **problems(403, *statuses)}


calls: Final = APIRouter()


@calls.post(
    "{$request.body#/url}",
    operation_id="deliver_entries",
    summary="Entries are brought",
    response_class=Response,
    responses={200: {"description": "Taken; so it is by any other 2xx."}, "default": {"description": "Not taken: they come again."}},
)
def deliver_entries(_body: Delivery) -> None:
    """Signed by `Webhook-Id`, `Webhook-Timestamp` and `Webhook-Signature` (Standard Webhooks). Any answer 2xx takes it.

    At least once and in order: what was not taken is sent again after 1, 2, 4 … 300 seconds, before anything that follows it.
    """


@router.post(
    "/webhooks",
    operation_id="add_webhook",
    summary="Register a webhook",
    status_code=201,
    response_class=Response,
    responses=_said(201, Registered, {**EXAMPLE, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, *BODY, 400, 409, 422),
    callbacks=calls.routes,
)
async def add_webhook(request: Request, by: Administrator, body: NewWebhook) -> Response:
    """Have the organisation's entries brought to an address. Redirects are not followed."""
    made = await asked(_add, request.app.state.house, by, body)
    return JSONResponse(made, 201, NO_STORE)


def _add(house: House, by: Actor, body: NewWebhook) -> dict[str, Any]:
    local = house.settings.webhooks_local
    try:
        parts = sending.readable(body.url, local=local)
        sending.addresses(parts.hostname or "", parts.port or 0, local=local)
    except (ValueError, sending.NotSent) as wrong:
        raise Refusal(problem(422, "malformed", f"url: {wrong}")) from None
    id_, secret = people.new_id("W"), new_secret()
    sealed = house.vault.seal_secret(id_, secret.encode())
    with house.pool.connection() as conn:
        hook = hooks.add(conn, id_, by.org, by.name, body.url, body.kinds, sealed, body.after)
    if hook is None:
        raise Refusal(problem(409, "full", f"an organisation has at most {hooks.MOST} webhooks: remove one first"))
    return {**hook.shown(), "secret": secret}


@router.get(
    "/webhooks",
    operation_id="list_webhooks",
    summary="All webhooks",
    response_class=Response,
    responses=_said(200, Webhooks, {"webhooks": [EXAMPLE]}),
)
async def list_webhooks(request: Request, by: Administrator) -> Response:
    """The organisation's webhooks and how they go, without their secrets."""

    def found(house: House) -> list[dict[str, Any]]:
        with house.pool.connection() as conn:
            return [each.shown() for each in hooks.of(conn, by.org)]

    return JSONResponse({"webhooks": await asked(found, request.app.state.house)}, headers=NO_STORE)


@router.delete(
    "/webhooks/{id_}",
    operation_id="remove_webhook",
    summary="Remove a webhook",
    status_code=204,
    response_class=Response,
    responses=problems(403, 404, 422),
)
async def remove_webhook(request: Request, by: Administrator, id_: Id) -> Response:
    """Nothing is brought there any more; a delivery under way still ends."""

    def removed(house: House) -> bool:
        with house.pool.connection() as conn:
            return hooks.remove(conn, by.org, id_)

    if not await asked(removed, request.app.state.house):
        raise missing()
    return Response(status_code=204, headers=NO_STORE)


@router.post(
    "/webhooks/{id_}/replay",
    operation_id="replay_webhook",
    summary="Deliver again",
    response_class=Response,
    responses=_said(200, Webhook, EXAMPLE, *BODY, 400, 404, 422),
)
async def replay_webhook(request: Request, by: Administrator, id_: Id, body: Again) -> Response:
    """Deliver again what stands after a position; or, where a hook was given up, go on."""

    def again(house: House) -> Hook | None:
        with house.pool.connection() as conn:
            return hooks.replay(conn, by.org, id_, body.after)

    hook = await asked(again, request.app.state.house)
    if hook is None:
        raise missing()
    return JSONResponse(hook.shown(), headers=NO_STORE)
