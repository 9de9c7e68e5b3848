"""What is typed into the office's forms, which lots they offer, and what its tables hold, cell by cell."""

import pytest

from api.office.acts import MOST_LOTS, Takes, marks
from api.office.frame import decimal, moment
from api.office.sheets import cell
from projections.office_stock import OnHand


@pytest.mark.parametrize("formula", ["=1+1", "+cmd", "-1+1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_taken_for_a_formula(formula: str) -> None:
    assert cell(formula) == f"'{formula}"


@pytest.mark.parametrize("plain", ["-40.5", "+3", "12,5", "H-1", "", "40.5"])
def test_a_number_and_a_word_stay_as_they_are(plain: str) -> None:
    assert cell(plain) == plain


@pytest.mark.parametrize(
    ("typed", "read"), [("12,5", "12.5"), ("0,125", "0.125"), ("1,250", "1,250"), ("12.5", "12.5"), ("-3,25", "-3.25"), ("x", "x")]
)
def test_a_comma_is_a_decimal_comma_where_it_cannot_be_mistaken(typed: str, read: str) -> None:
    assert decimal(typed) == read


def test_a_time_of_a_form_is_perus() -> None:
    assert moment("2026-05-02T10:00") == "2026-05-02T10:00:00-05:00"
    assert moment("2026-05-02T10:00:30") == "2026-05-02T10:00:30-05:00"
    assert moment("") == ""


def test_a_form_offers_the_oldest_lots_and_those_that_were_marked_before_them() -> None:
    since = "2026-05-02T09:00:00-05:00"
    lots = [OnHand(f"main/H-{n}", "wet", "main/COOP", "harvest-recorded.v1", 1_000, since, None, None) for n in range(MOST_LOTS + 30)]
    of = Takes(lots, marks({"take-H-140": "1", "kg-H-140": "1", "kg-H-141": "1"}))

    assert [lot.id for lot in of.shown[:3]] == ["H-140", "H-0", "H-1"]
    assert (len(of.shown), of.more) == (MOST_LOTS, 30)


def test_a_new_form_begins_with_the_lot_that_was_asked_for() -> None:
    assert marks(None, "H-1") == {"H-1"}
    assert marks({"take": "H-2", "kg": "1"}, "H-1") == {"H-2"}
