"""Erasing names one person, once, for a reason that the law knows; whose data they were stays what they were in all else."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from domain.erasure import BASES, Subject, SubjectErased, forget
from domain.party import Party
from domain.user import Grant, User

APRIL, MAY, JUNE = (f"2026-0{month}-02T10:00:00-05:00" for month in (4, 5, 6))
ONE, OTHER = "0b8f9c1e-5d0a-4b7e-9f27-3c1d5a6e7f80", "6d1f0c55-7a0e-4c02-8f0a-2f5b8f3b9d11"
GONE = SubjectErased(subject=ONE, of="party:main/KNOWN", basis="asked", erased_at=JUNE)
USER = User(MAY, frozenset({Grant("main/COOP", "buyer", MAY, None)}), ONE)


def test_the_fact_names_the_subject_and_whose_it_was(accepted: Callable[..., Any]) -> None:
    assert accepted("erase-subject") == GONE
    assert GONE.tags(9) == [f"subject:{ONE}", "party:main/KNOWN"]
    of_user = accepted("erase-subject", {"party_id": None, "user_id": "U-1", "user:U-1": USER})
    assert (of_user.subject, of_user.of) == (ONE, "user:U-1")


def test_a_subject_alone_is_named_where_nobody_has_it_any_more(accepted: Callable[..., Any]) -> None:
    fact = accepted("erase-subject", {"party_id": None, "subject": OTHER})

    assert (fact.subject, fact.of, fact.tags(9)) == (OTHER, None, [f"subject:{OTHER}"])


@pytest.mark.parametrize(
    "named", [{"party_id": None}, {"user_id": "U-1"}, {"subject": ONE}, {"party_id": None, "user_id": "U-1", "subject": ONE}]
)
def test_one_and_no_more_is_named(ask: Callable[..., Any], named: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="wanted one of party_id, user_id and subject"):
        ask("erase-subject", named)


@pytest.mark.parametrize("subject", ["", "x", ONE.upper(), ONE[:-1], f"{ONE} "])
def test_what_is_no_subject_cannot_be_read(ask: Callable[..., Any], subject: str) -> None:
    with pytest.raises(ValidationError, match="subject"):
        ask("erase-subject", {"party_id": None, "subject": subject})


@pytest.mark.parametrize("basis", BASES)
def test_every_reason_that_the_law_knows_is_taken_and_no_other(accepted: Callable[..., Any], ask: Callable[..., Any], basis: str) -> None:
    assert accepted("erase-subject", {"basis": basis}).basis == basis
    with pytest.raises(ValidationError, match="basis"):
        ask("erase-subject", {"basis": f"{basis}s"})


@pytest.mark.parametrize(
    ("difference", "refusal"),
    [
        ({"party_id": "NOBODY"}, ("unknown-party", "no party NOBODY was ever accepted")),
        ({"party_id": None, "user_id": "U-9"}, ("unknown-user", "no user U-9 was ever accepted")),
        ({"party:main/KNOWN": {"erased": True}}, ("already", "the data of KNOWN were erased before")),
        ({"party:main/KNOWN": {"subject": None}}, ("already", "the data of KNOWN were erased before")),
        ({"party_id": None, "user_id": "U-1", "user:U-1": {"erased": True, "subject": ONE}},
         ("already", "the data of U-1 were erased before")),
        ({"party_id": None, "subject": OTHER, f"subject:{OTHER}": Subject()}, ("already", f"the data of {OTHER} were erased before")),
        ({"erased_at": APRIL}, ("before-origin", f"{APRIL} is before the party's enrolment of {MAY}")),
        ({"as_of": MAY}, ("in-the-future", f"{JUNE} is later than {MAY}")),
        ({"party_id": None, "subject": OTHER, "as_of": MAY}, ("in-the-future", f"{JUNE} is later than {MAY}")),
    ],
)  # fmt: skip
def test_who_cannot_be_erased_is_said(refused: Callable[..., Any], difference: dict[str, Any], refusal: tuple[str, str]) -> None:
    assert refused("erase-subject", difference) == refusal


def test_what_is_remembered_of_a_party_stays_but_that_it_was_erased() -> None:
    assert forget(Party("farmer", MAY, ONE), GONE) == Party("farmer", MAY, ONE, erased=True)
    assert forget(USER, GONE) == User(MAY, frozenset(), ONE, erased=True)


def test_who_took_the_id_of_an_annulled_party_is_not_the_one_who_was_erased() -> None:
    assert forget(Party("farmer", MAY, OTHER), GONE) == Party("farmer", MAY, OTHER)
    assert forget(None, GONE) is None


@pytest.mark.parametrize("do", ["grant-role", "enrol-device"])
def test_a_user_who_was_erased_is_given_nothing(refused: Callable[..., Any], do: str) -> None:
    assert refused(do, {"user:U-1": {"erased": True}}) == ("erased", "the data of U-1 were erased")
