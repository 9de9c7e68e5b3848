"""What programs that gather pages are told: leave alone what is for those who work here, or for one reader."""

from typing import Final

from fastapi import APIRouter, Request, Response

from api.cache import SECURITY, answer, page

router: Final = APIRouter(include_in_schema=False)
_TEXT: Final = b"User-agent: *\nDisallow: /signin\nDisallow: /invite/\nDisallow: /office\nDisallow: /search\n"
"""Pages of labels may be fetched: each says itself, in a header, that it is for no list."""


@router.api_route("/robots.txt", methods=["GET", "HEAD"])
async def robots(request: Request) -> Response:
    """The rules (RFC 9309)."""
    return answer(request, page(_TEXT, "text/plain; charset=utf-8", 200, SECURITY), "public, max-age=86400")
