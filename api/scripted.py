"""What a label's page adds where there is script: the check in the reader's own browser, and a page that the phone keeps for later."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Final, NamedTuple

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.cache import SECURITY, Ask, Page, answer, page, serve
from api.languages import LANGUAGES, catalog, said_by_scripts
from api.look import HERE, said

router: Final = APIRouter(include_in_schema=False)
NAMES: Final = ("signatures.js", "formats.js", "verify.js", "label.js")
_WORKER: Final = "sw.js"
_STYLES: Final = ("cacao.css", "verify.css")
_UNLISTED: Final = {"X-Robots-Tag": "noindex"}
HEADERS: Final = (
    SECURITY
    | _UNLISTED
    | {
        "Content-Security-Policy": SECURITY["Content-Security-Policy"].replace(
            "default-src 'none';", "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self';"
        )
    }
)
"""Of a label's page: our own scripts may run and ask this house; whoever gathers pages leaves this one out."""
_CLOSED: Final = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_METHODS: Final = ["GET", "HEAD"]


class Scripted(NamedTuple):
    """What a label's page names: its scripts in their order, and the version of all that a browser keeps."""

    names: tuple[str, ...]
    version: str


@cache
def of() -> Scripted:
    """For the template of a label's page, which includes `scripted.html`: `scripted=of()`."""
    return Scripted(NAMES, _version())


@cache
def _text(*names: str) -> str:
    return "".join((HERE / "static" / name).read_text(encoding="utf-8") for name in names)


@cache
def _version() -> str:
    """Changes with any file or word of what a browser keeps, so that what it kept before is thrown away."""
    words = [repr(sorted(catalog(language).items())) for language in LANGUAGES]
    template = (HERE / "templates" / "offline.html").read_text(encoding="utf-8")
    return sha256("".join((_text(*NAMES, *_STYLES, _WORKER), template, *words)).encode()).hexdigest()[:16]


def sentences() -> list[str]:
    """What the scripts say to people: marked in them as `_("…")`."""
    return said_by_scripts(_text(*NAMES))


def _sum(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _policy() -> str:
    return _CLOSED.format(scripts=" ".join(_sum(_text(name)) for name in NAMES), styles=_sum(_text(*_STYLES)))


def _kept(ask: Ask) -> Page:
    """The page for want of network: one file, so that it asks nobody for anything."""
    spoken = {each: said(ask.language, each) for each in sentences()}
    headers = SECURITY | _UNLISTED | {"Content-Security-Policy": _policy()}
    return ask.html(
        "offline.html", headers=headers, sentences=spoken, scripts=[_own(_text(name)) for name in NAMES], style=_own(_text(*_STYLES)),
        policy_of_content=_policy().removesuffix("; frame-ancestors 'none'"), address=ask.house.settings.base, kept_as=_version(),
    )  # fmt: skip


def _own(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - our own files


@router.api_route("/offline", methods=_METHODS)
async def offline(request: Request) -> Response:
    """The page that a browser keeps, in the reader's language."""
    return await serve(request, _kept, still=True)


@router.api_route("/sw.js", methods=_METHODS)
async def worker(request: Request) -> Response:
    """The service worker; at the root, because it answers only for what lies beneath its own address."""
    text = f'const KEPT = "cacao-labels-{_version()}";\n{_text(_WORKER)}'
    closed = SECURITY | {"Content-Security-Policy": "default-src 'none'; connect-src 'self'"}
    return answer(request, page(text.encode(), "text/javascript; charset=utf-8", 200, closed), "no-cache")
