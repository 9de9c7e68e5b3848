"""A drawing that somebody else made, reduced to what can only be looked at: shapes and colours, no script, nothing from elsewhere."""

import gzip
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree import ElementTree as ET

SVG: Final = "http://www.w3.org/2000/svg"
MOST_SENT: Final = 4_000
"""Bytes of a logo as it is sent, so that a page with all that it loads stays within 14 KB."""
MOST_READ: Final = 20_000
"""Bytes of a logo's file, and pixels of its width and height together at most a fifth of that."""
SHAPES: Final = frozenset(
    "svg g defs title desc path rect circle ellipse line polyline polygon clipPath mask linearGradient radialGradient stop".split()
)
_LOOKS: Final = frozenset(
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray"
    " stroke-dashoffset opacity clip-path clip-rule mask stop-color stop-opacity color display visibility".split()
)
_PLACES: Final = frozenset(
    "id d x y x1 y1 x2 y2 cx cy r rx ry fx fy width height points transform viewBox preserveAspectRatio offset gradientUnits"
    " gradientTransform spreadMethod clipPathUnits maskUnits pathLength version".split()
)
_INSIDE: Final = re.compile(r"#[\w.-]{1,60}")
_CALLS: Final = re.compile(r"url\(#[\w.-]{1,60}\)|(rgb|hsl)a?\([-0-9.,% /deg]*\)", re.IGNORECASE)
"""What may be called in a colour: a part of the same drawing, or another spelling of a colour."""
_SIGNATURE, _HEAD, _END = b"\x89PNG\r\n\x1a\n", b"IHDR", b"IEND"


class BadDrawing(ValueError):
    """It cannot be taken; says why."""


def cleaned(text: bytes) -> bytes:
    """An SVG document of which shapes, colours and places are left; what drawing programs note beside them is left out.

    Raises BadDrawing where it holds a script, a style sheet, an animation, or anything from elsewhere, and where it is no SVG or too large.
    """
    if len(text) > MOST_READ:
        raise BadDrawing(f"larger than {MOST_READ:,} bytes")
    if re.search(rb"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE) or b"\0" in text:
        raise BadDrawing("it declares a document type or entities: save it as plain SVG")
    try:
        root = ET.fromstring(text)  # noqa: S314 - without a document type there are no entities to unfold
    except (ET.ParseError, ValueError, LookupError):
        raise BadDrawing("it is no SVG that can be read") from None
    if root.tag != f"{{{SVG}}}svg" or not re.fullmatch(r"[-0-9.eE ,]{7,80}", root.get("viewBox", "")):
        raise BadDrawing("wanted an <svg> with a viewBox")
    ET.register_namespace("", SVG)
    drawn = ET.tostring(_kept(root), encoding="utf-8")
    return _within(drawn, len(gzip.compress(drawn, 6)))


def _kept(element: ET.Element, deep: int = 0) -> ET.Element:
    if deep > 30:  # noqa: PLR2004 - no logo is
        raise BadDrawing("its parts are nested too deep")
    kept = ET.Element(element.tag, dict(_attributes(element)))
    if _local(element.tag) in ("title", "desc"):
        kept.text = element.text
    for child in element:
        name = _local(child.tag)
        if name in SHAPES and child.tag == f"{{{SVG}}}{name}":
            kept.append(_kept(child, deep + 1))
        elif child.tag == f"{{{SVG}}}{name}" and name != "metadata":
            raise BadDrawing(f"it holds <{name}>: only shapes are taken, and letters as shapes")
    return kept


def _local(tag: object) -> str:
    """The name of an element without its namespace; a comment or instruction has none."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _attributes(element: ET.Element) -> Iterator[tuple[str, str]]:
    for name, value in _spread(element.attrib):
        local = _local(name)
        if local.lower().startswith("on"):
            raise BadDrawing(f"it holds the event handler {local}")
        if local == "href":
            if not _INSIDE.fullmatch(value.strip()):
                raise BadDrawing("it refers to something outside itself")
            yield "href", value.strip()
        elif name in _LOOKS and re.search(r"[(\\]", _CALLS.sub("", value)):
            raise BadDrawing(f"its {name} is no plain colour or measure")
        elif name in _LOOKS | _PLACES:
            yield name, value


def _spread(attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Attributes, with those that stand in `style` as attributes of their own: there are no styles where it is shown."""
    for name, value in attributes.items():
        if name != "style":
            yield name, value
            continue
        for each in value.split(";"):
            prop, colon, what = each.partition(":")
            if colon:
                yield prop.strip(), what.strip()


def pictured(data: bytes) -> bytes:
    """A PNG, its parts whole, without what is no picture in it. Raises BadDrawing."""
    if not data.startswith(_SIGNATURE):
        raise BadDrawing("it is no PNG")
    if len(data) > MOST_READ:
        raise BadDrawing(f"larger than {MOST_READ:,} bytes")
    parts = list(_parts(data))
    if not parts or parts[0][0] != _HEAD or len(parts[0][1]) != 13 or parts[-1][0] != _END:  # noqa: PLR2004 - the length of IHDR
        raise BadDrawing("it is no whole PNG")
    width, height = struct.unpack(">II", parts[0][1][:8])
    if not 0 < width + height <= MOST_READ // 5:
        raise BadDrawing("it has too many pixels")
    kept = b"".join(_part(name, body) for name, body in parts if name in (_HEAD, b"PLTE", b"tRNS", b"IDAT", _END))
    return _within(_SIGNATURE + kept, len(kept))


def _parts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(data):
        head = data[at : at + 8]
        size = int.from_bytes(head[:4]) if len(head) == 8 else len(data)  # noqa: PLR2004 - a length and a name
        name, body, end = head[4:], data[at + 8 : at + 8 + size], at + 12 + size
        if end > len(data) or int.from_bytes(data[end - 4 : end]) != zlib.crc32(name + body):
            raise BadDrawing("it is no whole PNG")
        yield name, body
        at = end


def _part(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _within(drawing: bytes, sent: int) -> bytes:
    if sent > MOST_SENT:
        raise BadDrawing(f"it takes {sent:,} bytes to send, at most {MOST_SENT:,} are allowed")
    return drawing
