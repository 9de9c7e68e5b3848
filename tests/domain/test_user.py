"""People are admitted in roles, for an organisation or for the house; what they sign in with is enrolled and revoked."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from domain.device import Device, DeviceEnrolled, DeviceRevoked
from domain.device import evolve as evolve_device
from domain.user import Grant, RoleGranted, RoleRevoked, User, UserAdmitted, UserRole, evolve

MAY, MAY_31, JUNE, JULY = (f"2026-{day}T10:00:00-05:00" for day in ("05-02", "05-31", "06-02", "07-02"))
BUYER, PLANT = Grant("main/COOP", "buyer", MAY, None), Grant("main/COOP", "plant", JUNE, JULY)
USER = User(MAY, frozenset({BUYER}))
ENDED = User(MAY, frozenset({Grant("main/COOP", "buyer", MAY, MAY_31)}))


def test_a_person_is_admitted_in_a_first_role_and_without_a_name_in_the_fact(accepted: Callable[..., Any]) -> None:
    fact = accepted("admit-user")

    assert fact == UserAdmitted(user_id="NEW", org_id="main/COOP", role="plant", admitted_at=JUNE, until=JULY)
    assert (fact.tags(9), fact.under()) == (["user:NEW", "party:main/COOP"], None)
    assert "Luz" not in fact.model_dump_json()
    assert evolve(None, fact) == User(JUNE, frozenset({PLANT}))


def test_a_role_without_an_organisation_is_one_of_the_house(accepted: Callable[..., Any]) -> None:
    fact = accepted("admit-user", {"org_id": None, "role": "administrator"})

    assert (fact.org_id, fact.tags(9)) == (None, ["user:NEW"])


def test_a_users_id_is_the_same_in_every_book(accepted: Callable[..., Any], refused: Callable[..., Any]) -> None:
    assert accepted("admit-user", {"book": "acopagro", "org_id": None}).user_id == "NEW"
    assert refused("admit-user", {"book": "acopagro", "org_id": None, "user_id": "U-1"})[0] == "duplicate-id"


def test_a_further_role_is_granted_and_a_role_is_revoked(accepted: Callable[..., Any]) -> None:
    granted, revoked = accepted("grant-role"), accepted("revoke-role")

    assert granted == RoleGranted(user_id="U-1", org_id="main/COOP", role="plant", granted_at=JUNE, until=JULY)
    assert revoked == RoleRevoked(user_id="U-1", org_id="main/COOP", role="buyer", revoked_at=JUNE)
    assert evolve(USER, granted) == User(MAY, frozenset({BUYER, PLANT}))
    assert evolve(User(MAY, frozenset({BUYER, PLANT})), revoked) == User(MAY, frozenset({PLANT}))


def test_the_same_role_for_the_house_is_another_role(accepted: Callable[..., Any]) -> None:
    granted = accepted("grant-role", {"role": "buyer", "org_id": None})

    assert evolve(USER, granted) == User(MAY, frozenset({BUYER, Grant(None, "buyer", JUNE, JULY)}))


def test_a_role_that_ended_can_be_granted_anew_and_is_no_longer_revoked(accepted: Callable[..., Any], refused: Callable[..., Any]) -> None:
    granted = accepted("grant-role", {"role": "buyer", "user:U-1": ENDED})

    assert evolve(ENDED, granted) == User(MAY, frozenset({Grant("main/COOP", "buyer", JUNE, JULY)}))
    assert refused("revoke-role", {"user:U-1": ENDED}) == ("already", "user U-1 is not buyer, or no longer")


def test_a_role_is_held_up_to_and_with_its_last_moment(accepted: Callable[..., Any], refused: Callable[..., Any]) -> None:
    ends_now = User(MAY, frozenset({Grant("main/COOP", "buyer", MAY, JUNE)}))

    assert accepted("revoke-role", {"user:U-1": ends_now}).revoked_at == JUNE
    assert refused("grant-role", {"role": "buyer", "user:U-1": ends_now})[0] == "already"


@pytest.mark.parametrize("role", get_args(UserRole))
def test_every_role_can_be_granted(accepted: Callable[..., Any], role: str) -> None:
    assert accepted("admit-user", {"role": role}).role == role


@pytest.mark.parametrize("sort", ["passkey", "link", "token", "oidc"])
def test_a_device_of_every_sort_is_enrolled_with_its_scopes(accepted: Callable[..., Any], sort: str) -> None:
    fact = accepted("enrol-device", {"sort": sort})

    assert fact == DeviceEnrolled(
        device_id="NEW", user_id="U-1", sort=sort, credential="9f86d081884c7d65", scopes=("buy-lot", "read"), enrolled_at=JUNE, until=JULY
    )  # type: ignore[arg-type]
    assert fact.tags(9) == ["device:NEW", "user:U-1"]
    assert evolve_device(None, fact) == Device("U-1", JUNE)


def test_a_device_may_do_all_that_its_user_may(accepted: Callable[..., Any]) -> None:
    assert accepted("enrol-device", {"scopes": []}).scopes == ()


def test_a_device_is_revoked_once(accepted: Callable[..., Any], refused: Callable[..., Any]) -> None:
    fact = accepted("revoke-device")
    revoked = evolve_device(Device("U-1", MAY), fact)

    assert fact == DeviceRevoked(device_id="D-1", user_id="U-1", revoked_at=JUNE)
    assert revoked == Device("U-1", MAY, revoked=True)
    assert refused("revoke-device", {"device:D-1": revoked}) == ("already", "device D-1 was revoked before")


@pytest.mark.parametrize(
    ("do", "difference", "code", "sentence"),
    [
        ("admit-user", {"org_id": "X"}, "unknown-party", "no party X was ever accepted"),
        ("admit-user", {"org_id": "FARMER"}, "unknown-party", "no organisation FARMER was ever accepted: FARMER is a farmer"),
        ("admit-user", {"user:NEW": USER}, "duplicate-id", "user NEW was accepted before, with other content"),
        ("admit-user", {"as_of": MAY}, "in-the-future", f"{JUNE} is later than {MAY}"),
        (
            "admit-user", {"party:main/COOP": {"enrolled_at": JULY}}, "before-origin",
            f"{JUNE} is before the organisation's enrolment of {JULY}",
        ),
        ("grant-role", {"org_id": "FARMER"}, "unknown-party", "no organisation FARMER was ever accepted: FARMER is a farmer"),
        ("grant-role", {"user_id": "X"}, "unknown-user", "no user X was ever accepted"),
        ("grant-role", {"user:U-1": {"admitted_at": JULY}}, "before-origin", f"{JUNE} is before the user's admission of {JULY}"),
        ("grant-role", {"role": "buyer"}, "already", "user U-1 is buyer already"),
        ("revoke-role", {"user_id": "X"}, "unknown-user", "no user X was ever accepted"),
        (
            "revoke-role", {"user:U-1": User(MAY, frozenset({Grant("main/COOP", "buyer", JULY, None)}))}, "before-origin",
            f"{JUNE} is before the grant of the role of {JULY}",
        ),
        ("revoke-role", {"role": "auditor"}, "already", "user U-1 is not auditor, or no longer"),
        ("revoke-role", {"org_id": None}, "already", "user U-1 is not buyer, or no longer"),
        ("enrol-device", {"user_id": "X"}, "unknown-user", "no user X was ever accepted"),
        ("enrol-device", {"device_id": "D-1"}, "duplicate-id", "device D-1 was accepted before, with other content"),
        ("enrol-device", {"user:U-1": {"admitted_at": JULY}}, "before-origin", f"{JUNE} is before the user's admission of {JULY}"),
        ("revoke-device", {"device_id": "X"}, "unknown-device", "no device X was ever accepted"),
        ("revoke-device", {"device:D-1": {"enrolled_at": JULY}}, "before-origin", f"{JUNE} is before the device's enrolment of {JULY}"),
    ],
)  # fmt: skip
def test_it_is_refused_in_words(refused: Callable[..., Any], do: str, difference: dict[str, Any], code: str, sentence: str) -> None:
    assert refused(do, difference) == (code, sentence)


@pytest.mark.parametrize(
    ("do", "difference"),
    [
        ("admit-user", {"role": "farmer"}), ("admit-user", {"name": " "}), ("admit-user", {"user_id": "rosa"}),
        ("enrol-device", {"sort": "password"}), ("enrol-device", {"credential": ""}), ("enrol-device", {"credential": "x" * 2001}),
        ("enrol-device", {"credential": "clave ñ"}), ("enrol-device", {"credential": "a\nb"}), ("enrol-device", {"scopes": None}),
        ("enrol-device", {"scopes": ["Buy"]}), ("enrol-device", {"scopes": [""]}), ("enrol-device", {"scopes": ["buy lot"]}),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_no_command(ask: Callable[..., Any], do: str, difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(do, difference)
