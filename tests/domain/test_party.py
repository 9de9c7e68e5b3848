"""A party is enrolled once and can be amended, and nothing that is about a person goes into its facts."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from domain.party import Party, PartyAmended, PartyEnrolled, evolve
from domain.values import Seal

APRIL, MAY, JUNE = (f"2026-0{month}-02T10:00:00-05:00" for month in (4, 5, 6))
THERE = {"party:main/NEW": Party("farmer", MAY, None)}


def test_an_enrolled_party_is_remembered_by_role_and_since_when(accepted: Callable[..., Any]) -> None:
    fact = accepted("enrol-party")

    assert fact == PartyEnrolled(
        party_id="main/NEW", role="farmer", sex="F", organisation=False, district="220501", enrolled_at=JUNE, seal=None
    )
    assert evolve(None, fact) == Party("farmer", JUNE, None)


def test_the_subject_under_which_the_personal_part_is_put_away_is_remembered(accepted: Callable[..., Any]) -> None:
    fact = accepted("enrol-party").model_copy(update={"seal": Seal(subject="some-subject", commitment="00")})

    remembered = evolve(None, fact)

    assert remembered == Party("farmer", JUNE, "some-subject")
    assert evolve(remembered, accepted("amend-party")) == remembered


def test_name_document_and_phone_are_not_in_the_fact(accepted: Callable[..., Any]) -> None:
    spelled = accepted("enrol-party").model_dump_json() + accepted("amend-party").model_dump_json()

    assert not [each for each in ("Rosa", "Quispe", "45678912", "987654321") if each in spelled]


@pytest.mark.parametrize(("document", "organisation"), [("20131312955", True), ("45678912", False), (None, False)])
def test_an_organisation_is_known_by_its_ruc(accepted: Callable[..., Any], document: str | None, *, organisation: bool) -> None:
    assert accepted("enrol-party", {"document": document}).organisation is organisation


@pytest.mark.parametrize("role", ["farmer", "nursery", "aggregator", "processor", "exporter", "buyer", "municipality"])
def test_every_role_can_be_enrolled(accepted: Callable[..., Any], role: str) -> None:
    assert accepted("enrol-party", {"role": role}).role == role


@pytest.mark.parametrize("empty", ["document", "phone", "sex"])
def test_document_phone_and_sex_may_be_empty(accepted: Callable[..., Any], empty: str) -> None:
    assert accepted("enrol-party", {empty: None}).party_id == "main/NEW"


def test_the_same_id_in_another_book_is_another_party(accepted: Callable[..., Any]) -> None:
    assert accepted("enrol-party", {"book": "acopagro"}, THERE).party_id == "acopagro/NEW"


@pytest.mark.parametrize(
    ("difference", "code", "sentence"),
    [
        (THERE, "duplicate-id", "party NEW was accepted before, with other content"),
        ({"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        (THERE | {"as_of": MAY}, "duplicate-id", "party NEW was accepted before, with other content"),
    ],
)
def test_an_enrolment_is_refused_in_words(refused: Callable[..., Any], difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused("enrol-party", difference) == (code, sentence)


@pytest.mark.parametrize(
    "difference",
    [
        {"role": "Farmer"}, {"role": "thief"}, {"sex": "f"}, {"sex": ""},
        {"district": "22050"}, {"district": "2205011"}, {"district": "22050A"},
        {"name": ""}, {"name": " "}, {"name": "x" * 201}, {"name": None},
        {"document": "4567891"}, {"document": "20131312954"}, {"document": "456789120"}, {"document": ""}, {"document": 45678912},
        {"phone": "98765432"}, {"phone": "+51987654"}, {"phone": ""},
        {"party_id": "new"}, {"party_id": ""}, {"party_id": "A" * 21}, {"book": "Main"}, {"book": ""}, {"id": "not-a-uuid"},
        {"enrolled_at": "2026-06-02"}, {"enrolled_at": None},
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_no_enrolment(ask: Callable[..., Any], difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask("enrol-party", difference)


@pytest.mark.parametrize(("document", "organisation"), [("20131312955", True), ("45678912", False), (None, None)])
def test_an_amendment_says_whether_it_is_an_organisation_where_a_document_was_given(
    accepted: Callable[..., Any], document: str | None, *, organisation: bool | None
) -> None:
    fact = accepted("amend-party", {"document": document})

    assert fact == PartyAmended(party_id="main/FARMER", organisation=organisation, amended_at=JUNE)
    assert (fact.tags(9), fact.under()) == (["party:main/FARMER"], "party:main/FARMER")


@pytest.mark.parametrize("given", ["name", "document", "phone"])
def test_one_thing_is_enough_to_amend(accepted: Callable[..., Any], ask: Callable[..., Any], given: str) -> None:
    nothing = {"name": None, "document": None, "phone": None}
    one = {given: ask("amend-party").model_dump()[given]}

    assert accepted("amend-party", nothing, one).party_id == "main/FARMER"
    with pytest.raises(ValidationError, match="wanted a name, a document or a phone"):
        ask("amend-party", nothing)


@pytest.mark.parametrize(
    ("difference", "code", "sentence"),
    [
        ({"party_id": "NOBODY"}, "unknown-party", "no party NOBODY was ever accepted"),
        ({"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        ({"amended_at": APRIL}, "before-origin", f"{APRIL} is before the party's enrolment of {MAY}"),
    ],
)
def test_an_amendment_is_refused_in_words(refused: Callable[..., Any], difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused("amend-party", difference) == (code, sentence)
