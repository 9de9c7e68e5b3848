"""Compressed GS1 Digital Links, read: letters that stand for six bits each, in which every identifier is followed by its value.

It is the compression of GS1 Digital Link 1.1, section 10. Nothing here writes it: what is printed here can be read without a table.
"""

import re
from dataclasses import dataclass
from math import ceil, log2
from typing import Final

from labels.digital_link import BadLink, form

SIX_BITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_HEXADECIMAL: Final = "0123456789abcdef"
_LONGEST: Final = 400
_GROUPS: Final = {
    0x0A: "01 22", 0x0B: "01 10", 0x0C: "01 21", 0x0D: "01 17", 0x0E: "01 7003", 0x0F: "01 30", 0x1A: "01 10 21 17", 0x1B: "01 15",
    0x1C: "01 11", 0x1D: "01 16", 0x1E: "01 91", 0x1F: "01 10 15", 0x9A: "8010 8011", 0x9B: "8017 8019", 0x9C: "8018 8019", 0x9D: "414 254",
    **{0x2A + n: f"01 310{n}" for n in range(6)}, **{0x3A + n: f"01 320{n}" for n in range(6)},
    **{0xA0 + n: f"01 392{n}" for n in range(10)},
    **{0xC0 + n: f"255 390{n}" for n in range(10)}, **{0xCA + n: f"255 394{n}" for n in range(4)},
}  # fmt: skip
"""Eight bits that name several identifiers at once."""
_OTHER: Final = 0xF
"""Four bits before a parameter that is no identifier of GS1's."""
_UNSURE: Final = re.compile(r"235|7040|723[0-9]|8007|8013")
"""Identifiers whose form has changed since the compression was fixed: which one was written cannot be known."""
_PARTS: Final = re.compile(r"([NXYZ])(\.\.)?([0-9]+)")


def expand(segment: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The elements that a compressed segment holds, and parameters that are none of GS1's. Raises BadLink."""
    if not 0 < len(segment) <= _LONGEST or not all(each in SIX_BITS for each in segment):
        raise BadLink("this is no compressed link")
    bits = _Bits("".join(f"{SIX_BITS.index(each):06b}" for each in segment))
    elements: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    while bits.left() > 8:  # noqa: PLR2004 - fewer fill up the last letter
        first, second = bits.number(4), bits.number(4)
        if first == _OTHER:
            name = bits.letters(second << 3 | bits.number(3))
            how = bits.number(3)
            others.append((name, bits.text(how, bits.number(7))))
        elif max(first, second) <= 9:  # noqa: PLR2004 - digits
            ai = _identifier(bits, f"{first}{second}")
            elements.append((ai, _value(bits, ai)))
        else:
            elements.extend((ai, _value(bits, ai)) for ai in _GROUPS.get(first << 4 | second, "-").split())
    return elements, others


@dataclass(slots=True)
class _Bits:
    """Bits that are taken from the left."""

    said: str
    at: int = 0

    def left(self) -> int:
        return len(self.said) - self.at

    def number(self, count: int) -> int:
        """A number of so many bits. Raises BadLink where there are not as many."""
        if self.left() < count:
            raise BadLink("a compressed link ends in the middle")
        self.at += count
        return int(self.said[self.at - count : self.at] or "0", 2)

    def digits(self, count: int) -> str:
        """So many digits, as one number. Raises BadLink."""
        told = str(self.number(ceil(count * log2(10) + 0.01))).zfill(count)
        if len(told) > count:
            raise BadLink("a number is too large for its digits")
        return told if count else ""

    def letters(self, count: int) -> str:
        return "".join(SIX_BITS[self.number(6)] for _ in range(count))

    def text(self, how: int, count: int) -> str:
        """So many characters: digits, hexadecimal ones, letters of six bits or ASCII. Raises BadLink."""
        match how:
            case 0:
                return self.digits(count)
            case 1:
                return "".join(_HEXADECIMAL[self.number(4)] for _ in range(count))
            case 2:
                return "".join(_HEXADECIMAL[self.number(4)] for _ in range(count)).upper()
            case 3:
                return self.letters(count)
            case 4:
                return "".join(chr(self.number(7)) for _ in range(count))
            case _:
                raise BadLink("a value is written in a way that is not known")


def _identifier(bits: _Bits, ai: str) -> str:
    while form(ai) is None:
        if len(ai) == 4:  # noqa: PLR2004 - none is longer
            raise BadLink(f"{ai} is no identifier of GS1's")
        ai += str(bits.number(4))
    return ai


def _value(bits: _Bits, ai: str) -> str:
    """A value by the parts of its identifier's form. Raises BadLink."""
    known = form(ai)
    if known is None or _UNSURE.fullmatch(ai):
        raise BadLink(f"{ai} cannot be read where it is compressed")
    value = ""
    for sort, variable, length in _PARTS.findall(known.partition("+")[2]):
        several = bool(variable) or f"[+{sort}{length}" in known
        how = 0 if sort == "N" else bits.number(3)
        value += bits.text(how, bits.number(ceil(log2(int(length)) + 0.01)) if several else int(length))
    return value
