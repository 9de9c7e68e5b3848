"""`/label-keys`: every key with which labels were ever signed, open to all; what a phone keeps to check labels without a network."""

from typing import Any, Final, Literal

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.cache import ANY_SITE, SECURITY, Ask, page, serve
from api.labelkeys import keys
from api.page import Page
from domain.labelkey import Kid, Public

router: Final = APIRouter()


class LabelKey(BaseModel):
    """One key."""

    kid: Kid = Field(description="Its number, as labels say it.")
    public: Public = Field(description="The public Ed25519 key, Base64.")
    opened_at: str
    closed_at: str | None = Field(description="No label was signed with it later.")
    reason: Literal["rotated", "lost", "compromised"] | None = Field(description="Why it was closed.")
    since: str | None = Field(description="Of a compromised key: labels printed from this moment on are not believed; none, where null.")


class LabelKeys(BaseModel):
    """All keys, by number."""

    keys: list[LabelKey]


_DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {200: {"model": LabelKeys}}


@router.get(
    "/label-keys", operation_id="label_keys", tags=["log"], summary="The keys with which labels are signed", response_class=Response,
    responses=_DOCUMENTED,
)  # fmt: skip
@router.head("/label-keys", include_in_schema=False)
async def listed(request: Request) -> Response:
    """The keys, as JSON."""
    return await serve(request, _listed, data=True)


def _listed(ask: Ask) -> Page:
    told = [
        {
            "kid": key.kid, "public": key.public_key, "opened_at": key.opened_at, "closed_at": key.closed_at, "reason": key.reason,
            "since": key.since,
        }
        for key in keys(ask.house)
    ]  # fmt: skip
    return page(orjson.dumps({"keys": told}), "application/json", 200, SECURITY | ANY_SITE)
