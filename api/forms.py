"""What every page behind the sign-in shares: who may open it, what a form sent, and how the answer is given."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from api.access import Actor, Refusal, known, same_site
from api.cache import NO_STORE, SECURITY, Ask, Page, answer, asking, refusal
from api.problems import problem
from api.roles import may_read

SCRIPTED: Final = SECURITY | {
    "Content-Security-Policy": SECURITY["Content-Security-Policy"].replace(
        "default-src 'none';", "default-src 'none'; script-src 'self'; connect-src 'self';"
    ),
    "Referrer-Policy": "same-origin",
}
"""Headers of pages behind the sign-in: our own script may run; the origin is told to ourselves alone."""
_LONGEST: Final = 2_000
_FIELDS: Final = 400
_FILES: Final = 1

Fields = dict[str, str]
"""What a form sent, by name: the last of each."""


def root(request: Request) -> str:
    """The path under which the house stands."""
    return str(urlsplit(request.app.state.house.settings.base).path)


def member(request: Request, *reads: str) -> Actor:
    """The person who asks; somebody else is sent to sign in. With `reads`, they must be allowed to read one of these.

    Raises Refusal.
    """
    actor = known(request)
    if actor is None and hasattr(request.state, "unreached"):
        words = "The database is out of reach for the moment."
        raise Refusal(answer(request, asking(request).message(503, "Please try again in a moment", words), NO_STORE))
    if actor is None:
        back = request.url.path if request.method == "GET" else "/office"
        raise Refusal(RedirectResponse(f"{root(request)}/signin?next={quote(back)}", 303, SCRIPTED | {"Cache-Control": NO_STORE}))
    if reads and not any(may_read(actor.roles, each) for each in reads):
        raise Refusal(answer(request, denied(asking(request)), NO_STORE))
    return actor


def denied(ask: Ask) -> Page:
    """The page of what one's role does not allow."""
    if ask.data:
        return refusal(403, "forbidden", "the role does not allow this")
    return ask.message(403, "Not for this role", "Your role does not allow this. Whoever admitted you can give you another.")


async def fields(request: Request) -> Fields:
    """What a form of ours sent. Raises Refusal 403 where another site sent it, 422 where it cannot be read."""
    return {name: value for name, value in (await _sent(request)).items() if isinstance(value, str)}


async def uploaded(request: Request, name: str) -> bytes:
    """The content of a file that a form sent; empty where there is none."""
    found = (await _sent(request)).get(name)
    if not isinstance(found, UploadFile):
        return b""
    try:
        return await found.read()
    finally:
        await found.close()


async def _sent(request: Request) -> dict[str, Any]:
    if not same_site(request):
        raise Refusal(problem(403, "cross-site", "this was not sent from a page of this house"))
    sent = await request.form(max_files=_FILES, max_fields=_FIELDS)
    if any(isinstance(value, str) and len(value) > _LONGEST for value in sent.values()):
        raise Refusal(problem(422, "malformed", f"a field of more than {_LONGEST:,} characters"))
    if any(isinstance(value, str) and "\0" in value for value in sent.values()):
        raise Refusal(problem(422, "malformed", "a field with a NUL"))
    return {name: value.strip() if isinstance(value, str) else value for name, value in sent.items()}


async def shown(request: Request, make: Callable[..., Page], *of: Any, **more: Any) -> Response:  # noqa: ANN401 - passed on
    """The answer with a page that `make(ask, …)` makes in a thread; never kept by anybody."""
    made = await run_in_threadpool(partial(make, asking(request), *of, **more))
    return answer(request, made, NO_STORE)


def gone(request: Request, path: str) -> Response:
    """On to another page of ours after something was done."""
    return RedirectResponse(f"{root(request)}{path}", 303, SECURITY | {"Cache-Control": NO_STORE})
