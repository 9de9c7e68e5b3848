"""What an address asks for that the world reads: the identity in it, expanded where it is compressed, and which of its links."""

import re
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from fastapi import Request

from api import linkset
from labels.compressed import expand
from labels.digital_link import BadLink, Elements, read, spell
from labels.gs1values import is_value
from labels.link import label_at

_HERE: Final = "https://resolver"
_LONGEST: Final = 2_000
_PARTLY: Final = re.compile(r"(/[0-9]{2,4}/[^/]+)/([A-Za-z0-9_-]+)")
_LABEL: Final = re.compile(r"/(?:01/(?P<gtin>[0-9]{14})/10/[^/]+/21|00)/(?P<serial>[^/]+?)(?P<data>\.json)?")
_NUMERIC: Final = re.compile(r"(?:^|&)[0-9]")


class Address(NamedTuple):
    """Path and query of a request, as they were sent, or expanded where they were compressed."""

    path: str
    query: str
    expanded: bool = False


class Asked(NamedTuple):
    """What is asked of an identity: its elements, the sort of link (None: whatever comes first), or every link; the query to pass on."""

    elements: Elements
    sort: str | None
    every: bool
    query: str


class Printed(NamedTuple):
    """The path of a printed label, and whether its data are asked for."""

    path: str
    data: bool


def sent(request: Request) -> Address:
    """An address as it was sent; a slash at its end is none of it."""
    scope = request.scope
    return Address(scope["raw_path"].decode("latin-1").removesuffix("/"), scope["query_string"].decode("latin-1"))


def partly(address: Address) -> Address | None:
    """An address whose key is legible and the rest compressed, expanded; None where it is none."""
    found = _PARTLY.fullmatch(address.path)
    try:
        return found and expanded(address, found[2], read(f"{_HERE}{found[1]}"))
    except BadLink:
        return None


def expanded(address: Address, segment: str, before: Elements = ()) -> Address:
    """A compressed address as it is when it is not; the elements `before` it were legible. Raises BadLink."""
    elements, others = expand(segment)
    parts = urlsplit(spell([*before, *elements], _HERE))
    said = [*filter(None, (parts.query, address.query)), *(f"{quote(name)}={quote(value)}" for name, value in others)]
    return Address(parts.path, "&".join(said), expanded=True)


def asked(request: Request, address: Address) -> Asked:
    """What is asked for. Raises BadLink where the address is no GS1 Digital Link."""
    if len(address.path) + len(address.query) > _LONGEST:
        raise BadLink("the address is longer than any such link")
    elements = read(f"{_HERE}{address.path}" + (f"?{address.query}" if address.query else ""))
    sort = request.query_params.get("linkType")
    every = sort in linkset.ALL or (sort is None and lists(request))
    return Asked(elements, None if sort is None else linkset.wanted(sort) or "", every, address.query)


def lists(request: Request) -> bool:
    """Whether somebody takes lists of links."""
    return linkset.MEDIA_TYPE in request.headers.get("accept", "")


def printed(path: str) -> Printed | None:
    """The printed label that a path leads to; None where it is something else."""
    found = _LABEL.fullmatch(path)
    if not found or label_at(label := found[0].removesuffix(".json").upper()) is None:
        return None
    number = ("01", found["gtin"]) if found["gtin"] else ("00", found["serial"])
    return Printed(label, bool(found["data"])) if is_value(*number) else None


def plain(request: Request, address: Address) -> bool:
    """Whether nothing is asked beyond what is there: no sort of link, no list, no attribute."""
    return not lists(request) and "linkType" not in address.query and not _NUMERIC.search(address.query)
