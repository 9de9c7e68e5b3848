"""Check digits as the standards describe them: ISO 6346 for containers, modulo 11 for the RUC."""

from string import ascii_uppercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity import is_container_number, is_document, is_organisation

LETTERS = dict(zip(ascii_uppercase, (value for value in range(10, 39) if value % 11), strict=True))
"""ISO 6346: letters count from 10 and leave out 11, 22 and 33."""


def iso_6346(number: str) -> str:
    """The check digit of ten characters: values times powers of two, modulo 11, modulo 10."""
    return str(sum((LETTERS[each] if each in LETTERS else int(each)) * 2**place for place, each in enumerate(number)) % 11 % 10)


def modulo_11(ten_digits: str) -> str:
    """The check digit of a RUC: 11 less the weighted sum modulo 11, the last figure of it."""
    rest = sum(int(digit) * weight for digit, weight in zip(ten_digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
    return {10: "0", 11: "1"}.get(11 - rest, str(11 - rest))


def test_letters_of_iso_6346_end_at_38() -> None:
    assert (LETTERS["A"], LETTERS["B"], LETTERS["K"], LETTERS["L"], LETTERS["U"], LETTERS["V"], LETTERS["Z"]) == (
        10,
        12,
        21,
        23,
        32,
        34,
        38,
    )


def test_the_example_of_the_standard_is_a_container_number() -> None:
    assert is_container_number("CSQU3054383")


@pytest.mark.parametrize(
    "number",
    [
        "CSQU3054384", "CSQU3054380", "CSQU305438", "CSQU30543833", "csqu3054383", "CSQu3054383", "CSQJ3054383", "CSQZ3054383",
        "CSQ-3054383", "CSQU 305438 3", "CSQU3054383\n", " CSQU3054383", "C5QU3054383", "CSQU305438A", "CSQU305438٣", "",
    ],
)  # fmt: skip
def test_what_is_not_a_freight_container_is_refused(number: str) -> None:
    assert not is_container_number(number)


@pytest.mark.parametrize("category", ["J", "Z", "A"])
def test_another_category_is_refused_although_its_check_digit_is_right(category: str) -> None:
    number = f"CSQ{category}305438"

    assert not is_container_number(number + iso_6346(number))


@given(st.text(ascii_uppercase, min_size=3, max_size=3), st.text(digits, min_size=6, max_size=6), st.sampled_from(digits))
def test_a_container_number_is_right_exactly_with_its_check_digit(owner: str, serial: str, last: str) -> None:
    assert is_container_number(f"{owner}U{serial}{last}") == (last == iso_6346(f"{owner}U{serial}"))


@given(st.text(ascii_uppercase, min_size=3, max_size=3), st.text(digits, min_size=6, max_size=6))
def test_every_owner_and_serial_has_a_check_digit(owner: str, serial: str) -> None:
    assert is_container_number(f"{owner}U{serial}" + iso_6346(f"{owner}U{serial}"))


@given(st.text(min_size=0, max_size=12))
def test_no_other_text_is_a_container_number(text: str) -> None:
    right = len(text) == 11 and set(text[:3]) <= set(ascii_uppercase) and text[3] == "U" and set(text[4:]) <= set(digits)

    assert is_container_number(text) == (right and iso_6346(text[:10]) == text[10])


@pytest.mark.parametrize("number", ["20131312955", "20100047218", "45678912", "00000000"])
def test_a_ruc_with_its_check_digit_and_any_dni_are_documents(number: str) -> None:
    assert is_document(number)


@pytest.mark.parametrize(
    "number", ["20131312954", "2013131295", "201313129550", "4567891", "456789123", "4567891A", "45678912\n", " 45678912", "٤٥٦٧٨٩١٢", ""]
)
def test_other_numbers_are_no_documents(number: str) -> None:
    assert not is_document(number)


@given(st.text(digits, min_size=10, max_size=10), st.sampled_from(digits))
def test_a_ruc_is_right_exactly_with_its_check_digit(ten: str, last: str) -> None:
    assert is_document(ten + last) == (last == modulo_11(ten))


@given(st.text(digits, min_size=10, max_size=10))
def test_of_a_ruc_nothing_but_the_check_digit_is_judged(ten: str) -> None:
    assert is_document(ten + modulo_11(ten))


@given(st.text(digits, min_size=8, max_size=8))
def test_every_eight_digits_are_a_dni(dni: str) -> None:
    assert is_document(dni)


@pytest.mark.parametrize(("number", "named"), [("20131312955", True), ("10456789121", False), ("20131312", False), (None, False)])
def test_only_a_ruc_of_series_20_is_an_organisation(number: str | None, *, named: bool) -> None:
    assert is_organisation(number) is named
