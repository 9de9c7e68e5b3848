"""A label's page put together: what all labels of one thing have in common is made, and compressed, once; only the rest for each label.

A page is a text with gaps. What lies between them is compressed beforehand into blocks that end on a whole byte, so that a page with its
gaps filled is those blocks in a row: four thousand labels of one container cost little more than one.
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from api.cache import Page
from api.headlines import Line
from api.look import Language, look, said
from api.verdict import Verdict

GAP: Final = "\x00{}\x00"
"""What a template is given in the place of what differs from label to label: a letter between two signs that no text has."""
_GAPS: Final = re.compile("\x00([a-z])\x00")
_WORTH: Final = 1_000
"""Signs that are worth a block of their own."""
_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END: Final = b"\x03\x00"
"""An empty last block."""


class Shell:
    """A text with gaps, ready to be filled many times."""

    def __init__(self, text: str) -> None:
        parts = _GAPS.split(text)
        self._texts = [part.encode() for part in parts[::2]]
        self._gaps = parts[1::2]
        self._blocks = {at: _block(part) for at, part in enumerate(self._texts) if len(part) >= _WORTH}

    def filled(self, gaps: Mapping[str, str]) -> tuple[bytes, bytes]:
        """The whole text, and the same as gzip has it."""
        loose: list[bytes] = []
        whole, blocks = [], [_HEAD]
        for at, text in enumerate(self._texts):
            if at in self._blocks:
                blocks += [_block(b"".join(loose)), self._blocks[at]]
                loose = []
            else:
                loose.append(text)
            whole.append(text)
            if at < len(self._gaps):
                filling = gaps[self._gaps[at]].encode()
                loose.append(filling)
                whole.append(filling)
        body = b"".join(whole)
        sums = struct.pack("<II", zlib.crc32(body), len(body) & 0xFFFFFFFF)
        return body, b"".join([*blocks, _block(b"".join(loose)), _END, sums])

    def page(self, gaps: Mapping[str, str], like: Page) -> Page:
        """The page with its gaps filled, in other things like the one of which the shell was made."""
        body, gzipped = self.filled(gaps)
        tag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
        return Page(body, like.media_type, like.status, like.headers, tag, gzipped, like.position)


def _block(text: bytes) -> bytes:
    """Compressed, so that it can stand between others: it ends on a whole byte and looks back at nothing before it."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(text) + deflate.flush(zlib.Z_FULL_FLUSH) if text else b""


def spoken(language: Language, line: Line) -> str:
    """A sentence of a verdict in a language."""
    return said(language, line.english).format(**{name: _value(language, name, value) for name, value in line.values.items()})


@lru_cache(4_096)
def _value(language: Language, name: str, value: str | float | date) -> str:
    """A value as a language writes it; kept, for spelling a day costs more than looking a label up."""
    if isinstance(value, str):
        return said(language, value) if name.endswith("_word") else value
    kind = "moment" if isinstance(value, datetime) else "day" if isinstance(value, date) else "number"
    return str(look(language).templates.filters[kind](value))


def told(language: Language, of: Verdict, **further: Any) -> Markup:  # noqa: ANN401 - what a template shows
    """A verdict as a part of a page."""
    lines = [(each.sign, spoken(language, each)) for each in of.lines]
    headline = (of.headline.sign, spoken(language, of.headline))
    text = look(language).render("label.html", headline=headline, lines=lines, **further)
    return Markup(text)  # noqa: S704 - our own template, which escapes
