"""GS1 Digital Link: identities that the world reads, as web addresses, and read back; a library parses behind a strict gate of our own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus, unquote_to_bytes

from biip import ParseError
from biip.gs1_application_identifiers import GS1ApplicationIdentifier
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString

from labels.gs1values import is_value

Elements = tuple[tuple[str, str], ...]
"""(Application Identifier, value), in the order in which they stand."""
QUALIFIERS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "00": (), "01": (("22", "10", "21"), ("235",)), "253": (), "255": (), "401": (), "402": (), "414": (("254",), ("7040",)),
    "415": (("8020",),), "417": (("7040",),), "8003": (), "8004": (("7040",),), "8006": (("22", "10", "21"),), "8010": (("8011",),),
    "8013": (), "8017": (("8019",),), "8018": (("8019",),),
}  # fmt: skip
"""Primary key -> the identifiers that may follow it in a path: one of these rows, each identifier in its order or not at all."""
NO_ATTRIBUTES: Final = frozenset("03 21 22 235 254 7040 7041 8011 8014 8019 8020 8040 8041 8042 8043 8200".split())
"""Identifiers that never stand in a query."""
COUPONS: Final = frozenset(("8110", "8112"))
"""Coupons of North America: not read here, whatever they hold."""
STEM: Final = "https://id.gs1.org"
"""Where a link leads that has no house of its own."""
_URI: Final = re.compile(
    r"(?:https?|HTTPS?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*\.?)(?::[0-9]{1,5})?"
    r"(?P<path>/[!$%&'()*+,\-./0-9:;=@A-Z_a-z~]*)(?:\?(?P<query>[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~]*))?"
    r"(?:\#[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~]*)?"
)
_SHORT_GTIN: Final = re.compile(r"[0-9]{8}|[0-9]{12,13}")
_BRACKETED: Final = re.compile(r"\(([0-9]{2,4})\)((?:\\\(|[^(])+)")


class BadLink(ValueError):
    """What is no GS1 Digital Link, or holds what cannot be: a sentence."""


def read(uri: str, *, short_gtins: bool = False) -> Elements:
    """What a link identifies. `short_gtins`: products' numbers of 8, 12 and 13 digits are taken too, and filled up. Raises BadLink."""
    parts = _URI.fullmatch(uri)
    if not parts:
        raise BadLink("wanted an address such as https://host/01/09521234000013/10/LOT")
    path = _path(parts["path"].split("/")[1:], short_gtins=short_gtins)
    query = _query(parts["query"] or "", short_gtins=short_gtins)
    _each_once([*path, *query])
    _attributes(path, [ai for ai, _ in query])
    return _parsed(path, query)


def spell(elements: Iterable[tuple[str, str]], stem: str = STEM) -> str:
    """The address of what the elements identify, beneath a house's own. Raises BadLink."""
    given = list(dict.fromkeys(elements))
    _each_once(given)
    key = next(((ai, value) for ai, value in given if ai in QUALIFIERS), None)
    if key is None:
        raise BadLink("none of the identifiers is a key, such as 01 of a product or 00 of a pallet")
    values = dict(given)
    row = max(QUALIFIERS[key[0]], key=lambda row: (any(ai in values for ai in row), -QUALIFIERS[key[0]].index(row)), default=())
    path = [key, *((ai, values[ai]) for ai in row if ai in values)]
    query = sorted((each for each in given if each not in path), key=lambda each: _separated(each[0]))
    _attributes(path, [ai for ai, _ in query])
    _parsed(path, query)
    said = "&".join(f"{ai}={escape(value, query=True)}" for ai, value in query)
    return stem.rstrip("/") + "".join(f"/{ai}/{escape(value)}" for ai, value in path) + (f"?{said}" if said else "")


def read_brackets(text: str) -> Elements:
    """Elements as people read them: `(01)09521234000013(10)LOT`; a bracket within a value stands after a backslash. Raises BadLink."""
    found = _BRACKETED.findall(text)
    if not found or "".join(f"({ai}){value}" for ai, value in found) != text:
        raise BadLink("wanted elements such as (01)09521234000013(10)LOT")
    return tuple(_element(ai, value.replace("\\(", "(")) for ai, value in found)


def brackets(elements: Sequence[tuple[str, str]]) -> str:
    """Elements as people read them."""
    return "".join(f"({ai})" + value.replace("(", "\\(") for ai, value in elements)


def read_message(text: str) -> Elements:
    """Elements as a bar code carries them, `^` where it has a separator: `^010952123400001310LOT^99X`. Raises BadLink."""
    rest, found = text.removeprefix("^"), []
    if rest == text or not rest:
        raise BadLink("wanted a separator, and elements after it")
    while rest:
        ai = next((rest[:length] for length in (2, 3, 4) if _known(rest[:length])), "")
        value, _, after = rest[len(ai) :].partition("^")
        if ai and not _separated(ai) and len(value) > (length := _length(ai)):
            value, after = value[:length], rest[len(ai) + length :]
        found.append(_element(ai, value))
        rest = after
    return tuple(found)


def message(elements: Sequence[tuple[str, str]]) -> str:
    """Elements as a bar code carries them; those of variable length end with a separator, but the last."""
    spelled = [f"{ai}{value}" + ("^" if _separated(ai) else "") for ai, value in elements]
    return f"^{''.join(spelled)}".rstrip("^")


def escape(text: str, *, query: bool = False) -> str:
    """A value as it stands in a path, or in a query."""
    return quote_plus(text, safe="") if query else quote(text, safe="")


def unescape(text: str, *, query: bool = False) -> str:
    """What stands in a path, or in a query, as a value: a character a byte, so that nothing is taken for what it is not."""
    return unquote_to_bytes(text.replace("+", " ") if query else text).decode("latin-1")


def form(ai: str) -> str | None:
    """The form of an identifier and its value as GS1 writes it, such as N2+X..20; None where it is none."""
    known = _known(ai)
    return known.format if known else None


def _path(segments: Sequence[str], *, short_gtins: bool) -> list[tuple[str, str]]:
    """The key and its qualifiers: the last pairs of the path; what stands before them may look like anything."""
    pairs: list[tuple[str, str]] = []
    while len(segments) > 1:
        *segments, ai, value = segments
        pairs.insert(0, _filled(ai, unescape(value), short_gtins=short_gtins))
        if ai in QUALIFIERS:
            if not _follows(ai, [each for each, _ in pairs[1:]]):
                raise BadLink(f"what follows {ai} in the path is no qualifier of it, or not in its order")
            return pairs
        if _known(ai) is None:
            break
    raise BadLink("the path holds no key, such as /01/ of a product or /00/ of a pallet, with its value")


def _query(query: str, *, short_gtins: bool) -> list[tuple[str, str]]:
    """The attributes of a query; a name that is no number is another's parameter."""
    found = []
    for name, equals, value in (each.partition("=") for each in query.split("&")):
        if equals and name.isdecimal():
            if _known(name) is None or not value:
                raise BadLink(f"{name} is no identifier of GS1's, or holds nothing")
            found.append(_filled(name, unescape(value, query=True), short_gtins=short_gtins))
    return found


def _filled(ai: str, value: str, *, short_gtins: bool) -> tuple[str, str]:
    return (ai, value.zfill(14)) if short_gtins and ai == "01" and _SHORT_GTIN.fullmatch(value) else (ai, value)


def _follows(key: str, qualifiers: Sequence[str]) -> bool:
    """Whether these may follow a key, in this order."""
    return any(list(qualifiers) == [ai for ai in row if ai in qualifiers] for row in QUALIFIERS[key] or ((),))


def _attributes(path: Sequence[tuple[str, str]], attributes: Sequence[str]) -> None:
    """What may stand in a path does not stand in the query. Raises BadLink."""
    (key, _), *rest = path
    qualifiers = [ai for ai, _ in rest]
    for ai in attributes:
        placed = [[*qualifiers[:at], ai, *qualifiers[at:]] for at in range(len(qualifiers) + 1)]
        if ai in NO_ATTRIBUTES or any(_follows(key, each) for each in placed):
            raise BadLink(f"{ai} does not stand in the query of such a link")


def _each_once(elements: Sequence[tuple[str, str]]) -> None:
    names = [ai for ai, _ in elements]
    if len(set(names)) < len(names):
        raise BadLink("an identifier stands there twice")


def _parsed(path: Sequence[tuple[str, str]], query: Sequence[tuple[str, str]]) -> Elements:
    """The library's reading of what passed the gate, each element judged. Raises BadLink."""
    said = "&".join(f"{ai}={escape(value, query=True)}" for ai, value in query)
    clean = f"{STEM}{''.join(f'/{ai}/{escape(value)}' for ai, value in path)}?{said}"
    try:
        found = GS1DigitalLinkURI.parse(clean).element_strings
    except ParseError as no:
        raise BadLink(str(no)) from no
    if [(each.ai.ai, each.value) for each in found] != [*path, *query]:
        raise BadLink("a number has too few digits: wanted all, with the zeros before it")
    return tuple(_element(each.ai.ai, each.value) for each in found)


def _element(ai: str, value: str) -> tuple[str, str]:
    """An element by itself. Raises BadLink."""
    if _known(ai) is None or ai in COUPONS:
        raise BadLink(f"{ai or 'what stands there'} is no identifier of GS1's that is read here")
    try:
        if not value.isascii() or GS1ElementString.parse(f"{ai}{value}").ai.ai != ai or not is_value(ai, value):
            raise BadLink(f"{value} is no value of ({ai})")
    except ParseError as no:
        raise BadLink(f"{value} is no value of ({ai})") from no
    return ai, value


def _separated(ai: str) -> bool:
    known = _known(ai)
    return known is None or known.separator_required


def _length(ai: str) -> int:
    """Digits of an identifier whose length is fixed, by the library's name of its form such as N2+N14."""
    known = _known(ai)
    return int(known.format.rpartition("N")[2]) if known else 0


@lru_cache(maxsize=2048)
def _known(ai: str) -> GS1ApplicationIdentifier | None:
    """What the library knows of an identifier; None where it is none."""
    try:
        known = GS1ApplicationIdentifier.extract(ai[:5])
    except ParseError:
        return None
    return known if known.ai == ai else None
