"""The theme's own files, served from here like all that public pages load."""

from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response

from api.cache import NO_STORE, SECURITY, answer, asking, page, unknown, versioned
from api.house import House
from api.page import Page
from api.theme import Theme, theme

router: Final = APIRouter(include_in_schema=False)
_route = partial(router.api_route, methods=["GET", "HEAD"])


def _served(request: Request, made: Page | None, version: str) -> Response:
    if made is None:
        return answer(request, unknown(asking(request, public=True)), NO_STORE)
    return answer(request, made, versioned(request, version, "public, max-age=300"))


def _of(request: Request) -> Theme | None:
    house: House = request.app.state.house
    return theme(house.settings.theme)


@_route("/theme.css")
async def style(request: Request) -> Response:
    """The theme's colours."""
    it = _of(request)
    return _served(request, page(it.style.encode(), "text/css; charset=utf-8", 200, SECURITY) if it else None, it.version if it else "")


@_route("/theme/logo")
async def logo(request: Request) -> Response:
    """The theme's logo, reduced to what can be looked at."""
    it = _of(request)
    return _served(request, page(it.logo, it.media, 200, SECURITY) if it and it.logo else None, it.version if it else "")
