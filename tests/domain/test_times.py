"""Times are inclusive: equal is allowed, a second too early or too late is not, whatever a command refers to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

MAY_31, JUNE = (f"2026-{day}T10:00:00-05:00" for day in ("05-31", "06-02"))
_STEP = [("lot:main/WET", "ended_at"), ("lot:main/WET-2", "ended_at")]
_LATEST: dict[str, str] = {
    "enrol-party": "enrolled_at", "register-plot": "surveyed_at", "raise-seedlings": "raised_at", "hand-out-seedlings": "handed_at",
    "return-seedlings": "returned_at", "cut-budwood": "cut_at", "graft-plants": "grafted_at", "count-grafts": "counted_at",
    "record-harvest": "to_at", "inspect-lot": "inspected_at", "write-off": "lost_at", "buy-lot": "ended_at", "ferment-lots": "ended_at",
    "dry-lots": "ended_at", "blend-lots": "ended_at", "split-lot": "ended_at", "open-container": "at", "load-lot": "at",
    "seal-container": "at", "depart-container": "at", "sell-container": "at", "empty-container": "at",
    "amend-party": "amended_at", "resurvey-plot": "surveyed_at", "transfer-plot": "transferred_at", "offer-lot": "offered_at",
    "print-lot-labels": "printed_at", "print-container-labels": "printed_at", "print-card": "printed_at", "void-labels": "voided_at",
    "reprint-labels": "printed_at", "open-label-key": "opened_at", "close-label-key": "closed_at",
    "record-gs1-prefix": "recorded_at", "register-product": "registered_at", "record-gln": "recorded_at",
    "share-container": "shared_at", "end-share": "ended_at", "publish-price": "published_at", "withdraw-price": "withdrawn_at",
    "pay-advance": "paid_at", "make-payment": "paid_at", "admit-user": "admitted_at", "grant-role": "granted_at",
    "revoke-role": "revoked_at", "enrol-device": "enrolled_at", "revoke-device": "revoked_at",
    "annul-fact": "annulled_at", "question-fact": "questioned_at", "settle-question": "settled_at",
    "erase-subject": "erased_at", "open-log": "opened_at",
}  # fmt: skip
"""Command -> its last time."""
_UNTIL: dict[str, str] = {
    "offer-lot": "until", "set-price": "valid_to", "admit-user": "until", "grant-role": "until", "enrol-device": "until",
}  # fmt: skip
"""Command -> up to when what it says holds; that may lie ahead."""
_STARTS: dict[str, str] = {"record-harvest": "from_at", "close-label-key": "since"} | {
    do: "started_at" for do, end in _LATEST.items() if end == "ended_at" and do != "end-share"
}
"""Command -> its first time, where it has two."""
ORIGINS: dict[str, list[tuple[str, str]]] = {
    "register-plot": [("party:main/FARMER", "enrolled_at")],
    "raise-seedlings": [("party:main/COOP", "enrolled_at")],
    "hand-out-seedlings": [
        ("party:main/FARMER", "enrolled_at"), ("plot:main/PLOT", "surveyed_at"), ("nursery-lot:main/ROOTS", "raised_at"),
    ],
    "return-seedlings": [("handout:main/GIVEN", "handed_at")],
    "cut-budwood": [("plot:main/PLOT", "surveyed_at")],
    "graft-plants": [("plot:main/PLOT", "surveyed_at"), ("handout:main/GIVEN", "handed_at"), ("budwood:main/STICKS", "cut_at")],
    "count-grafts": [("graft:main/GRAFT", "grafted_at")],
    "record-harvest": [("plot:main/PLOT", "surveyed_at"), ("plot:main/PLOT", "transferred_at")],
    "inspect-lot": [("lot:main/DRY", "ended_at")],
    "write-off": [("lot:main/WET", "ended_at")],
    "buy-lot": [("party:main/COOP", "enrolled_at"), *_STEP],
    "ferment-lots": [("party:main/FARMER", "enrolled_at"), *_STEP],
    "dry-lots": [("party:main/FARMER", "enrolled_at"), *_STEP],
    "blend-lots": [("party:main/FARMER", "enrolled_at"), *_STEP],
    "split-lot": [("party:main/FARMER", "enrolled_at"), ("lot:main/WET", "ended_at")],
    "open-container": [("party:main/COOP", "enrolled_at")],
    "load-lot": [("lot:main/DRY", "ended_at"), ("container:OPEN", "at")],
    "seal-container": [("container:OPEN", "at")],
    "depart-container": [("container:SEALED", "at")],
    "sell-container": [("party:main/BUYER", "enrolled_at"), ("container:SEALED", "at")],
    "empty-container": [("container:SEALED", "at")],
    "amend-party": [("party:main/FARMER", "enrolled_at")],
    "resurvey-plot": [("plot:main/PLOT", "surveyed_at")],
    "transfer-plot": [("party:main/COOP", "enrolled_at"), ("plot:main/PLOT", "surveyed_at"), ("plot:main/PLOT", "transferred_at")],
    "offer-lot": [("party:main/BUYER", "enrolled_at"), ("lot:main/DRY", "ended_at")],
    "print-lot-labels": [("lot:main/DRY", "ended_at"), ("label-key:7", "opened_at"), ("product:09521234000013", "registered_at")],
    "print-container-labels": [("container:SEALED", "at"), ("label-key:7", "opened_at")],
    "print-card": [("party:main/FARMER", "enrolled_at"), ("party:main/COOP", "enrolled_at"), ("label-key:7", "opened_at")],
    "void-labels": [("label:0K3V9ZQ1", "at")],
    "reprint-labels": [("label:0K3V9ZQ1", "at"), ("label-key:7", "opened_at")],
    "open-label-key": [],
    "close-label-key": [("label-key:7", "opened_at")],
    "record-gs1-prefix": [("party:main/COOP", "enrolled_at")],
    "register-product": [("party:main/COOP", "enrolled_at"), ("gs1-prefix:9521234", "recorded_at")],
    "record-gln": [("party:main/COOP", "enrolled_at"), ("gs1-prefix:9521234", "recorded_at")],
    "share-container": [("party:main/BUYER", "enrolled_at"), ("container:SEALED", "at")],
    "end-share": [("share:S-1", "shared_at")],
    "publish-price": [("party:main/COOP", "enrolled_at"), ("container:SEALED", "at")],
    "withdraw-price": [("party:main/COOP", "enrolled_at"), ("container:SHOWN", "at"), ("publication:SHOWN@main/COOP", "at")],
    "set-price": [("party:main/COOP", "enrolled_at")],
    "pay-advance": [("party:main/COOP", "enrolled_at"), ("party:main/FARMER", "enrolled_at")],
    "make-payment": [("party:main/COOP", "enrolled_at"), ("party:main/FARMER", "enrolled_at"), ("lot:main/DRY", "ended_at")],
    "admit-user": [("party:main/COOP", "enrolled_at")],
    "grant-role": [("party:main/COOP", "enrolled_at"), ("user:U-1", "admitted_at")],
    "revoke-role": [("party:main/COOP", "enrolled_at"), ("user:U-1", "admitted_at")],
    "enrol-device": [("user:U-1", "admitted_at")],
    "revoke-device": [("device:D-1", "enrolled_at")],
    "annul-fact": [("entry:7", "to_at")],
    "question-fact": [("entry:7", "to_at")],
    "settle-question": [("entry:8", "questioned_at")],
    "erase-subject": [("party:main/KNOWN", "enrolled_at")],
    "open-log": [],
}  # fmt: skip
"""Command -> what it draws on or refers to, with the field that holds its time."""


def later(moment: str, seconds: int) -> str:
    return (datetime.fromisoformat(moment) + timedelta(seconds=seconds)).isoformat()


def test_every_command_has_its_times_here(good: dict[str, Any]) -> None:
    assert set(_LATEST) == set(good) - {"set-price"}, "a price may be set ahead"
    assert set(ORIGINS) == set(good) - {"enrol-party"}


@pytest.mark.parametrize("do", _LATEST)
def test_now_is_not_in_the_future(accepted: Callable[..., Any], do: str) -> None:
    assert accepted(do, {"as_of": JUNE}).happened() == JUNE


@pytest.mark.parametrize("do", _LATEST)
def test_a_second_from_now_is_in_the_future(refused: Callable[..., Any], do: str) -> None:
    assert refused(do, {"as_of": later(JUNE, -1)}) == ("in-the-future", f"{JUNE} is later than {later(JUNE, -1)}")


@pytest.mark.parametrize(("do", "tag", "field"), [(do, *origin) for do, origins in ORIGINS.items() for origin in origins])
def test_something_may_happen_in_the_second_of_its_origin_and_not_before(
    accepted: Callable[..., Any], refused: Callable[..., Any], do: str, tag: str, field: str
) -> None:
    earliest = MAY_31 if do in _STARTS else JUNE
    code, sentence = refused(do, {tag: {field: later(earliest, 1)}})

    assert accepted(do, {tag: {field: earliest}}).happened() == JUNE
    assert code == "before-origin"
    assert sentence.startswith(f"{earliest} is before ")
    assert sentence.endswith(f" of {later(earliest, 1)}")


@pytest.mark.parametrize(("do", "start"), _STARTS.items())
def test_an_end_may_be_its_start_and_not_before(accepted: Callable[..., Any], refused: Callable[..., Any], do: str, start: str) -> None:
    assert accepted(do, {start: JUNE}).happened() == JUNE
    assert refused(do, {start: later(JUNE, 1)}) == ("before-origin", f"the end {JUNE} is before the start {later(JUNE, 1)}")


@pytest.mark.parametrize(("do", "start"), _STARTS.items())
def test_a_start_in_the_future_is_in_the_future(refused: Callable[..., Any], do: str, start: str) -> None:
    assert refused(do, {start: later(JUNE, 1), "as_of": JUNE})[0] == "in-the-future"


@pytest.mark.parametrize(("do", "until"), _UNTIL.items())
def test_what_holds_may_end_in_the_second_it_begins_and_not_before(
    accepted: Callable[..., Any], refused: Callable[..., Any], do: str, until: str
) -> None:
    assert accepted(do, {until: JUNE}).happened() == JUNE
    assert accepted(do, {until: None}).happened() == JUNE
    assert refused(do, {until: later(JUNE, -1)}) == ("before-origin", f"the end {later(JUNE, -1)} is before the start {JUNE}")


def test_a_price_may_be_set_ahead(accepted: Callable[..., Any]) -> None:
    assert accepted("set-price", {"as_of": later(JUNE, -1)}).valid_from == JUNE
