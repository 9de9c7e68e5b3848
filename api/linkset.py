"""The links of an identity, from the most particular level up to its key, as a resolver of GS1's lists them (RFC 9264)."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson

from api.languages import shipped
from api.look import said

VOCABULARY: Final = "https://ref.gs1.org/voc/"
"""GS1's names of the sorts of links."""
DEFAULT: Final = "defaultLink"
MEDIA_TYPE: Final = "application/linkset+json"
_SPELLINGS: Final = ("gs1:", VOCABULARY, "https://gs1.org/voc/", "https://www.gs1.org/voc/", "http://gs1.org/voc/")
ALL: Final = ("linkset", "all")
"""What is asked for where all links are wanted."""
HTML: Final = "text/html"


class Link(NamedTuple):
    """A link of one sort (a name of GS1's vocabulary), its title in English, and what is found there."""

    sort: str
    href: str
    title: str
    media: str = HTML


class Level(NamedTuple):
    """An identity by its own address, what it is in English, and its links; the first is that to follow where none is asked for."""

    anchor: str
    description: str
    links: tuple[Link, ...]


CONTEXT: Final[dict[str, Any]] = {
    "@context": [
        {
            "@version": 1.1,
            "@vocab": VOCABULARY,
            "linkset": "@graph",
            "anchor": "@id",
            "href": "@id",
            "title": "http://purl.org/dc/terms/title",
            "title*": "http://purl.org/dc/terms/title",
            "itemDescription": "http://purl.org/dc/terms/description",
            "type": "http://purl.org/dc/terms/format",
            "hreflang": {"@id": "http://purl.org/dc/terms/language", "@container": "@set"},
            "value": "@value",
            "language": "@language",
        }
    ]
}
"""What makes JSON-LD of such a list."""


def wanted(asked: str) -> str | None:
    """The sort of link that is asked for, in whichever spelling; None where it is none of GS1's vocabulary."""
    return next((asked.removeprefix(each) for each in _SPELLINGS if asked.startswith(each)), None)


def chosen(levels: Sequence[Level], sort: str) -> Link | None:
    """The link of a sort at the most particular level that has one; the default is each level's first."""
    if sort == DEFAULT:
        return next((level.links[0] for level in levels if level.links), None)
    return next((link for level in levels for link in level.links if link.sort == sort), None)


def linkset(levels: Sequence[Level]) -> bytes:
    """All links, as JSON. The default link has no attribute but its title; each stands there under what it is, too."""
    return orjson.dumps({"linkset": [_level(level) for level in levels if level.links]}, option=orjson.OPT_INDENT_2)


def _level(level: Level) -> dict[str, Any]:
    listed: dict[str, Any] = {"anchor": level.anchor, "itemDescription": level.description}
    for link in level.links:
        listed.setdefault(VOCABULARY + link.sort, []).append(_link(link))
    default = level.links[0]
    return listed | {VOCABULARY + DEFAULT: [{"href": default.href, "title": default.title}]}


def _link(link: Link) -> dict[str, Any]:
    titles = [{"value": title, "language": each} for each in shipped() if (title := said(each, link.title)) != link.title]
    languages = {"hreflang": list(shipped())} if link.media == HTML else {}
    return {"href": link.href, "title": link.title, "title*": titles, "type": link.media, **languages}


def header(levels: Sequence[Level], whole: str) -> str:
    """The value of a Link header: where the list is, and all of its links."""
    links = [link for level in levels for link in level.links]
    listed = (f'<{link.href}>; rel="{VOCABULARY}{link.sort}"; type="{link.media}"; title="{link.title}"' for link in links)
    return ", ".join([f'<{whole}>; rel="linkset"; type="{MEDIA_TYPE}"; title="Links"', *listed])
