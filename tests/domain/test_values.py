"""Quantities are judged by the rules, not by the parser; equal numbers have one spelling; times are inclusive."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.money import centimos
from domain.values import (
    Count,
    Id,
    Moment,
    Quantity,
    Refused,
    Text,
    bare,
    in_order,
    in_time,
    kilograms,
    percent,
    plain,
    short,
    thousandths,
    whole,
)

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
WRITTEN = st.from_regex(r"\A-?[0-9]{1,9}(\.[0-9]{1,6})?\Z")


@pytest.mark.parametrize(
    ("written", "there"),
    [("0.001", 1), ("40.5", 40_500), ("40.50", 40_500), ("040.500", 40_500), ("1000000", 1_000_000_000), ("1000000.000", 1_000_000_000)],
)
def test_a_quantity_is_kept_in_whole_thousandths(written: str, there: int) -> None:
    assert thousandths(Decimal(written), "kg") == there


@pytest.mark.parametrize("written", ["0", "0.000", "-0", "-1", "-0.001", "40.5000", "0.0001", "1000000.001", "1000001"])
def test_a_quantity_out_of_bounds_is_refused_in_words(written: str) -> None:
    with pytest.raises(Refused) as refusal:
        thousandths(Decimal(written), "kg")

    assert refusal.value.code == "bad-quantity"
    assert str(refusal.value) == f"kg {written}: wanted above 0, at most 1,000,000, with at most 3 decimals"


@pytest.mark.parametrize("written", ["0", "0.000", "-0", "0.5", "1000000"])
def test_zero_is_a_quantity_where_something_is_measured(written: str) -> None:
    assert thousandths(Decimal(written), "accuracy_m", zero=True) == Decimal(written) * 1000


@pytest.mark.parametrize("written", ["-0.001", "0.0000", "1000000.001"])
def test_a_measured_quantity_has_bounds_too(written: str) -> None:
    with pytest.raises(Refused, match=f"^accuracy_m {written}: wanted 0 or more, at most 1,000,000, with at most 3 decimals$"):
        thousandths(Decimal(written), "accuracy_m", zero=True)


@pytest.mark.parametrize(("written", "there"), [("0", 0), ("0.001", 1), ("7.1", 7_100), ("100", 100_000), ("100.000", 100_000)])
def test_a_percentage_goes_up_to_100(written: str, there: int) -> None:
    assert percent(Decimal(written), "moisture") == there


@pytest.mark.parametrize("written", ["100.001", "101", "-1", "7.1234"])
def test_a_percentage_beyond_is_refused_in_words(written: str) -> None:
    with pytest.raises(Refused, match=f"^moisture {written}: wanted 0 or more, at most 100, with at most 3 decimals$"):
        percent(Decimal(written), "moisture")


def test_a_percentage_that_was_not_measured_stays_nothing() -> None:
    assert percent(None, "moisture") is None


@pytest.mark.parametrize(("written", "there"), [("1", 1), ("0040", 40), ("1000000", 1_000_000)])
def test_a_count_is_a_whole_number(written: str, there: int) -> None:
    assert whole(Decimal(written), "bags") == there


@pytest.mark.parametrize("written", ["0", "-3", "1000001"])
def test_a_count_has_the_bounds_of_a_quantity(written: str) -> None:
    with pytest.raises(Refused, match=f"^bags {written}: "):
        whole(Decimal(written), "bags")


def test_zero_can_be_counted_where_something_is_measured() -> None:
    assert whole(Decimal(0), "turns", zero=True) == 0


@pytest.mark.parametrize("written", ["0", "7", "-7", "40.5", "040.50", "0.0001", "9" * 400])
def test_a_number_as_text_is_read_as_written(written: str) -> None:
    assert TypeAdapter(Quantity).validate_python(written).as_tuple() == Decimal(written).as_tuple()


@pytest.mark.parametrize(
    "written", ["", " 1", "1 ", "1\n", "+1", "1.", ".5", "1e3", "NaN", "Infinity", "1,5", "1_000", "٣", "--1", 1, 1.5, None]
)
def test_what_is_no_number_cannot_be_read(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Quantity).validate_python(written)


@pytest.mark.parametrize("written", ["1.0", "1.5", "", "+1", " 1", "1\n", "³", 1])
def test_a_count_with_decimals_cannot_be_read(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Count).validate_python(written)


@pytest.mark.parametrize("written", ["2024-02-29T00:00:00-05:00", "2026-12-31T23:59:59-05:00"])
def test_a_moment_is_kept_as_written(written: str) -> None:
    assert TypeAdapter(Moment).validate_python(written) == written


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-29T10:00:00-05:00", "2026-04-31T10:00:00-05:00", "2026-13-01T10:00:00-05:00", "2026-05-02T24:00:00-05:00",
        "2026-05-02T10:60:00-05:00", "2026-05-02T10:00:60-05:00", "2026-05-02T10:00:00Z", "2026-05-02T10:00:00-06:00",
        "2026-05-02T10:00:00", "2026-05-02T10:00:00.5-05:00", "2026-05-02 10:00:00-05:00", "2026-05-02t10:00:00-05:00",
        "2026-05-02", " 2026-05-02T10:00:00-05:00", "2026-05-02T10:00:00-05:00\n", "0000-05-02T10:00:00-05:00", "",
    ],
)  # fmt: skip
def test_what_is_no_moment_of_peru_cannot_be_read(written: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Moment).validate_python(written)


@pytest.mark.parametrize("written", ["A", "0", "-", "HV-12", "A" * 20])
def test_an_id_is_of_capitals_digits_and_dashes(written: str) -> None:
    assert TypeAdapter(Id).validate_python(written) == written


@pytest.mark.parametrize("written", ["", "A" * 21, "hv-1", "HV 1", "HV_1", "HV-1\n", "Ñ", "HV/1", "٣"])
def test_a_bad_id_cannot_be_read(written: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Id).validate_python(written)


@pytest.mark.parametrize("written", ["x", " x ", "Ñ" * 200, "日"])
def test_a_text_is_kept_untrimmed(written: str) -> None:
    assert TypeAdapter(Text).validate_python(written) == written


@pytest.mark.parametrize("written", ["", " ", "\t\n", "\u00a0", "x" * 201, "a\0b"])
def test_a_text_that_is_empty_or_too_long_cannot_be_read(written: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Text).validate_python(written)


@pytest.mark.parametrize(
    ("written", "spelling"),
    [("40.50", "40.5"), ("040.5", "40.5"), ("100", "100"), ("1000", "1000"), ("7.0", "7"), ("-0", "0"), ("-0.00", "0"), ("-7.10", "-7.1")],
)
def test_a_number_has_one_spelling(written: str, spelling: str) -> None:
    assert plain(Decimal(written)) == spelling


@given(WRITTEN, WRITTEN)
def test_spellings_are_equal_exactly_when_numbers_are(one: str, other: str) -> None:
    assert (plain(Decimal(one)) == plain(Decimal(other))) == (Decimal(one) == Decimal(other))


@given(WRITTEN, st.text("0", max_size=3), st.text("0", max_size=3))
def test_zeros_in_front_or_behind_change_no_spelling(written: str, before: str, after: str) -> None:
    sign, digits = ("-", written[1:]) if written.startswith("-") else ("", written)
    longer = f"{sign}{before}{digits}{'' if '.' in digits else '.0'}{after}"

    assert plain(Decimal(longer)) == plain(Decimal(written))


@given(st.integers(1, 1_000_000_000))
def test_grams_spelled_as_kilograms_are_the_same_grams(grams: int) -> None:
    number, unit = kilograms(grams).split(" ")

    assert unit == "kg"
    assert thousandths(Decimal(number), "kg") == grams


@pytest.mark.parametrize(("grams", "spelling"), [(40_500, "40.5 kg"), (1, "0.001 kg"), (0, "0 kg"), (1_000_000_000, "1000000 kg")])
def test_grams_are_spelled_as_people_do(grams: int, spelling: str) -> None:
    assert kilograms(grams) == spelling


def test_hundreds_of_digits_are_cut_where_people_read_them() -> None:
    assert short(Decimal("9" * 24)) == "9" * 24
    assert short(Decimal("9" * 25)) == "9" * 20 + "…"


def test_a_book_is_hidden_while_people_speak_within_one() -> None:
    assert bare("main/HV-12") == "HV-12"


def test_equal_times_are_in_time() -> None:
    in_time((JUNE, JUNE), [("the plot's survey", JUNE)], JUNE)


@pytest.mark.parametrize(
    ("times", "origin", "as_of", "code", "sentence"),
    [
        ((JUNE,), MAY, MAY, "in-the-future", f"{JUNE} is later than {MAY}"),
        ((MAY, JUNE), JULY, MAY, "in-the-future", f"{JUNE} is later than {MAY}"),
        ((MAY, JULY), JUNE, JULY, "before-origin", f"{MAY} is before the plot's survey of {JUNE}"),
        ((JULY, JUNE), MAY, JULY, "before-origin", f"the end {JUNE} is before the start {JULY}"),
    ],
)
def test_times_out_of_order_are_refused_in_words(times: tuple[str, ...], origin: str, as_of: str, code: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        in_time(times, [("the plot's survey", origin)], as_of)

    assert (refusal.value.code, str(refusal.value)) == (code, sentence)


def test_a_refusal_keeps_its_words_apart_so_that_it_can_be_translated() -> None:
    refusal = Refused("gain", "{found} out of {drawn}", found="2 kg", drawn=Decimal(1))

    assert (refusal.code, refusal.template, refusal.values) == ("gain", "{found} out of {drawn}", {"found": "2 kg", "drawn": "1"})
    assert str(refusal) == "2 kg out of 1"


@pytest.mark.parametrize(("written", "there"), [("0.01", 1), ("150.5", 15_050), ("150.50", 15_050), ("1000000", 100_000_000)])
def test_money_is_kept_in_whole_centimos(written: str, there: int) -> None:
    assert centimos(Decimal(written), "pen") == there


@pytest.mark.parametrize("written", ["0", "0.00", "-0.01", "0.001", "1.000", "1000000.01"])
def test_money_out_of_bounds_is_refused_in_words(written: str) -> None:
    with pytest.raises(Refused) as refusal:
        centimos(Decimal(written), "pen")

    assert (refusal.value.code, str(refusal.value)) == (
        "bad-quantity",
        f"pen {written}: wanted above 0, at most 1,000,000, with at most 2 decimals",
    )


def test_an_end_that_is_not_known_is_in_order() -> None:
    in_order(MAY, None)
    in_order(MAY, MAY, None, JUNE)
    with pytest.raises(Refused, match=f"^the end {MAY} is before the start {JUNE}$"):
        in_order(JUNE, MAY)
