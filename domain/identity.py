"""Numbers given by others, by their check digits: the RUC of Peru's tax office, ISO 6346 container numbers, and those of GS1."""

import re

from stdnum import ean, iso6346
from stdnum.pe import ruc

_CONTAINER = re.compile(r"[A-Z]{3}U[0-9]{7}")


def is_container_number(number: str) -> bool:
    """True for an ISO 6346 number of category U with its check digit: the gate stands before the library, which takes more."""
    return bool(_CONTAINER.fullmatch(number)) and iso6346.calc_check_digit(number[:-1]) == number[-1]


def is_document(number: str) -> bool:
    """True for a DNI (8 digits) or a RUC (11 digits, the last its check digit); of a RUC nothing else is judged."""
    if not re.fullmatch(r"[0-9]{8}|[0-9]{11}", number):
        return False
    return len(number) == 8 or ruc.calc_check_digit(number[:-1]) == number[-1]  # noqa: PLR2004 - a DNI


def is_organisation(number: str | None) -> bool:
    """True for a RUC of series 20, which only organisations have; they may be named in public."""
    return number is not None and len(number) == 11 and number.startswith("20")  # noqa: PLR2004 - a RUC


def is_gs1_number(number: str, digits: int) -> bool:
    """True for a GTIN (14 digits), GLN (13) or SSCC (18) by its length and check digit; whose it is is not judged."""
    return bool(re.fullmatch(rf"[0-9]{{{digits}}}", number)) and ean.calc_check_digit(number[:-1]) == number[-1]
