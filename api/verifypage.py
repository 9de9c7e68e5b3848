"""The page that checks proofs in the reader's own browser, and the copy of it to keep: one file that asks nobody for anything."""

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.cache import SECURITY, Ask, Page, serve
from api.look import HERE, said
from api.publishing import policy
from ledger.log import Diverged

router: Final = APIRouter(include_in_schema=False)
SCRIPTS: Final = ("signatures.js", "formats.js", "verify.js")
_CLOSED: Final = "default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; form-action 'none'; base-uri 'none'"
_HERE: Final = SECURITY | {
    "Content-Security-Policy": SECURITY["Content-Security-Policy"].replace("form-action 'self'", "script-src 'self'; form-action 'none'")
}
"""Our own scripts may run; they can ask nobody, and send nothing."""


@cache
def _text(*names: str) -> str:
    return "".join((HERE / "static" / name).read_text(encoding="utf-8") for name in names)


def sentences() -> list[str]:
    """What the scripts say to people: marked in them as `_("…")`."""
    return re.findall(r'\b_\("([^"]+)"\)', _text(*SCRIPTS))


def _keys(ask: Ask) -> str:
    """The house's own policy, where it has one to show."""
    try:
        return policy(ask.house)
    except Diverged:
        return ""


def _page(ask: Ask, frame: str, **of: Any) -> Page:  # noqa: ANN401 - what a template shows
    spoken = {each: said(ask.language, each) for each in sentences()}
    of = {"headers": _HERE, "scripts": None, **of}
    return ask.html("verify.html", frame=frame, names=SCRIPTS, policy=_keys(ask), sentences=spoken, **of)


def _here(ask: Ask) -> Page:
    return _page(ask, "base.html")


def _copy(ask: Ask) -> Page:
    style, scripts = _text("cacao.css", "verify.css"), {name: _text(name) for name in SCRIPTS}
    closed = _CLOSED.format(scripts=_sums(scripts.values()), styles=_sums([style]))
    return _page(
        ask, "alone.html", scripts={name: _own(text) for name, text in scripts.items()}, style=_own(style), policy_of_content=closed,
        address=f"{ask.house.settings.base}/verify", headers=SECURITY | {"Content-Disposition": 'attachment; filename="cacao-verify.html"'},
    )  # fmt: skip


def _own(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - our own files


def _sums(texts: Iterable[str]) -> str:
    """Texts as a policy of content names them: by their sums."""
    return " ".join(f"'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'" for each in texts)


@router.api_route("/verify", methods=["GET", "HEAD"])
async def verify(request: Request) -> Response:
    """The page."""
    return await serve(request, _here, still=True)


@router.api_route("/verify.html", methods=["GET", "HEAD"])
async def saved(request: Request) -> Response:
    """The copy to keep, as a download."""
    return await serve(request, _copy, still=True)
