"""What a GS1 element may hold beyond its form: check digits, dates, numbers of pieces, places on earth. No list of countries is kept."""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

CHECK_DIGITS: Final = {
    **dict.fromkeys(("01", "02", "03", "8003", "8006", "8026"), 14),
    **dict.fromkeys(("00", "8017", "8018"), 18),
    **dict.fromkeys(("253", "255", *(f"41{n}" for n in range(8))), 13),
    "402": 17,
}  # fmt: skip
"""Application Identifier -> of how many digits at the beginning of its value the last is a check digit."""
TIMES: Final = {
    **dict.fromkeys(("11", "12", "13", "15", "16", "17"), "D"),
    "4324": "DT", "4325": "DT", "4326": "d", "7003": "dT", "7006": "d", "7007": "dd", "7011": "dT", "7250": "Y",
    "7251": "YT", "8008": "dhms",
}  # fmt: skip
"""Identifier -> its parts: a day (d, whose 00 is the month's end in D, of four digits' year in Y), hours and minutes T, or h, m, s."""
_LENGTHS: Final = {"D": 6, "d": 6, "Y": 8, "T": 4, "h": 2, "m": 2, "s": 2}
_PERCENT: Final = re.compile(r"([^%]|%[0-9A-Fa-f]{2})*")
_NUMBERED: Final = re.compile(r"[0-9]{4}.*")
"""Begins with a company prefix."""
_FORMS: Final = {
    **dict.fromkeys(("401", "7023", "8004", "8010", "8013", "8014"), _NUMBERED),
    **dict.fromkeys((f"43{n:02}" for n in (*range(7), *range(10, 17), 20)), _PERCENT),
    **dict.fromkeys(("7253", "7254", "7256", "7257", "7259"), _PERCENT),
    "7040": re.compile(r"...[-0-9A-Za-z_]"),
    "7252": re.compile(r"[0129]"),
    "8001": re.compile(r"(?!0000)[0-9]{4}(?!00000)[0-9]{5}(?!000)[0-9]{3}[019][0-9]"),
    "8011": re.compile(r"0|[1-9][0-9]*"),
}  # fmt: skip


def check_digit(digits: str) -> str:
    """The digit that follows these (modulo 10, weights 3 and 1 from the right)."""
    return str(-sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(digits))) % 10)


def is_value(ai: str, value: str) -> bool:
    """Whether a value of the form that an identifier wants can be one."""
    length = CHECK_DIGITS.get(ai)
    checked = length is None or check_digit(value[: length - 1]) == value[length - 1]
    formed = ai not in _FORMS or bool(_FORMS[ai].fullmatch(value))
    return checked and formed and (ai not in TIMES or _times(TIMES[ai], value)) and (ai not in _FURTHER or _FURTHER[ai](value))


def _times(parts: str, value: str) -> bool:
    """Whether each part that is there is a day or an hour that there is; later parts may be absent."""
    for part in parts:
        here, value = value[: _LENGTHS[part]], value[_LENGTHS[part] :]
        if not _time(part, here):
            return False
        if not value:
            return True
    return False


def _time(part: str, here: str) -> bool:
    if part in "dDY":
        day = "01" if part == "D" and here[-2:] == "00" else here[-2:]
        return _is_date(here[:-4] if part == "Y" else f"20{here[:2]}", here[-4:-2], day)
    return len(here) == _LENGTHS[part] and all(int(each) < most for each, most in zip(re.findall("..", here), _BELOW[part], strict=True))


_BELOW: Final = {"T": (24, 60), "h": (24,), "m": (60,), "s": (60,)}


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _pieces(value: str) -> bool:
    """A piece and the number of pieces, of two digits each, after a product's number."""
    piece, of = int(value[14:16]), int(value[16:18])
    return 1 <= piece <= of


def _place(value: str) -> bool:
    """Latitude and longitude in ten-millionths of a degree, counted from the south pole and from the date line."""
    return int(value[:10]) <= 180 * 10**7 and int(value[10:]) <= 360 * 10**7


def _position(value: str) -> bool:
    at, _, of = value.partition("/")
    return 1 <= int(at) <= int(of)


def _account(value: str) -> bool:
    """An IBAN, by its check digits (ISO 7064, modulo 97); the countries that have some are not listed here."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{6,30}", value):
        return False
    return int("".join(str(int(each, 36)) for each in value[4:] + value[:4])) % 97 == 1


_FURTHER: Final[dict[str, Callable[[str], bool]]] = {
    "4309": _place, "7258": _position, "8006": _pieces, "8007": _account, "8026": _pieces,
}  # fmt: skip
