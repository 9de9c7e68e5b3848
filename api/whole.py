"""The page of a container or a lot, whole: what all who look at it see, whether they came by its number or by one of its labels."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import orjson
from markupsafe import Markup

from api import head
from api.cache import ANY_SITE, SECURITY, Ask, Page, page
from api.headlines import UNSIGNED
from api.look import drawn
from api.shown import spoken
from api.verdict import of_head
from domain.values import plain
from projections import public

_NOTHING: Final = {"scan": "", "keep": ""}
T = TypeVar("T", public.Container, public.Lot)


def data(of: object) -> Page:
    """Something as JSON, with decimals as strings."""
    body = orjson.dumps(of, default=_spelled, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return page(body, "application/json", 200, SECURITY | ANY_SITE)


def _spelled(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value).__name__} has no spelling")


def container(ask: Ask, number: str, first: int | None) -> public.Container | None:
    """The latest stuffing of a container, or one; None where there is none."""
    with ask.house.pool.connection() as conn:
        found = public.container(conn, ask.house.vault, number, first)
    return _witnessed(ask, found)


def lot(ask: Ask, key: str, *, everything: bool) -> public.Lot | None:
    """A lot that was loaded in a container, or any; None where there is none."""
    with ask.house.pool.connection() as conn:
        found = public.lot(conn, key, everything=everything)
    return _witnessed(ask, found)


def _witnessed(ask: Ask, it: T | None) -> T | None:
    """What is not known, without what the log's newest head knows."""
    newest = head.lately(ask.house)
    if it is None or newest is None or not newest.cosigned:
        return it
    return replace(it, not_known=[each for each in it.not_known if each.code != "not-witnessed"])


def container_page(ask: Ask, it: public.Container, of_first: str = "", **further: Any) -> Page:  # noqa: ANN401 - what a template shows
    """The page of a stuffing; `of_first`: what stands in the address behind the number."""
    here = f"{urlsplit(ask.house.settings.base).path}/c/{it.container}"
    of = {"json": f"{here}{of_first}.json", "label": f"{here}/{it.first}/label", **_about(ask, it), **_NOTHING, **further}
    return replace(ask.html("container.html", **of), position=it.position)


def lot_page(ask: Ask, it: public.Lot, **further: Any) -> Page:  # noqa: ANN401 - what a template shows
    """The page of a lot."""
    here = f"{urlsplit(ask.house.settings.base).path}/l/{it.lot}.json"
    of = {"json": here, **_about(ask, it), **_NOTHING, **further}
    return replace(ask.html("lot.html", **of), position=it.position)


def _about(ask: Ask, it: public.Container | public.Lot) -> dict[str, Any]:
    newest = head.lately(ask.house)
    log = [(line.sign, spoken(ask.language, line)) for line in (of_head(newest) if newest else (UNSIGNED,))]
    return {"it": it, "map": drawn(ask.language, it.origin.cells), "head": newest, "log": log}


def gap(letter: str) -> Markup:
    """What stands for a part that differs from label to label."""
    return Markup(f"\x00{letter}\x00")  # noqa: S704 - no markup at all
