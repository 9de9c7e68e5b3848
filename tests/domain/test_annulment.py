"""What may be annulled and questioned, what rests on what, and in which words the ledger says no."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain.annulment import ABOUT, FactAnnulled, Resting, Written, resting
from domain.money import PriceSet
from domain.question import FactQuestioned, QuestionSettled
from domain.vocabulary import KINDS, MAY_REST

JUNE, JULY = "2026-06-02T10:00:00-05:00", "2026-07-02T10:00:00-05:00"
_LAND = {"harvest-recorded.v1", "plot-resurveyed.v1", "plot-transferred.v1", "seedlings-handed-out.v1"}
RESTS: dict[str, tuple[tuple[str, ...], set[str] | None]] = {
    "enrol-party": (("party:main/NEW",), None),
    "register-plot": (("plot:main/NEW",), None),
    "transfer-plot": (("plot:main/PLOT",), _LAND),
    "raise-seedlings": (("nursery-lot:main/NEW",), None),
    "hand-out-seedlings": (("handout:main/NEW",), None),
    "cut-budwood": (("budwood:main/NEW",), None),
    "graft-plants": (("graft:main/NEW",), None),
    **dict.fromkeys(("record-harvest", "buy-lot", "ferment-lots", "dry-lots", "blend-lots", "split-lot"), (("lot:main/NEW",), None)),
    "offer-lot": (("lot:main/DRY", "party:main/BUYER"), {"lot-bought.v1"}),
    **dict.fromkeys(("print-lot-labels", "print-container-labels", "print-card"), (("printing:99",), None)),
    "reprint-labels": (("printing:71",), {"labels-reprinted.v1"}),
    "record-gs1-prefix": (("gs1-prefix:952000",), None),
    "register-product": (("product:09521234000099",), None),
    "share-container": (("share:S-2",), None),
    "publish-price": (("publication:SEALED@main/COOP",), None),
    "withdraw-price": (("publication:SHOWN@main/COOP",), None),
    "open-container": (("stuffing:CSQU3054383@99",), None),
    "load-lot": (("stuffing:OPEN@41",), {"container-sealed.v1"}),
    "seal-container": (("stuffing:OPEN@41",), {"container-departed.v1", "container-sold.v1", "container-emptied.v1"}),
    "empty-container": (("container:SEALED",), {"container-opened.v1"}),
    **dict.fromkeys(
        (
            "amend-party", "resurvey-plot", "return-seedlings", "count-grafts", "inspect-lot", "write-off", "depart-container",
            "sell-container", "record-gln", "set-price", "pay-advance", "make-payment", "end-share", "void-labels",
        ),
        ((), None),
    ),
}  # fmt: skip
"""Command -> the tags that what rests on its fact carries, and of which kinds that is (None: of any)."""
NEVER = {
    "admit-user", "grant-role", "revoke-role", "enrol-device", "revoke-device", "erase-subject", "open-log",
    "open-label-key", "close-label-key",
    "annul-fact", "question-fact", "settle-question",
}  # fmt: skip


def test_every_command_has_its_place_here(good: dict[str, Any]) -> None:
    assert set(RESTS) | NEVER == set(good)
    assert MAY_REST == KINDS - ABOUT
    assert {"fact-annulled.v1", "fact-questioned.v1", "question-settled.v1"} == ABOUT


@pytest.mark.parametrize(("do", "tags", "kinds"), [(do, *what) for do, what in RESTS.items()])
def test_what_rests_on_a_fact_is_found_by_its_tags(
    accepted: Callable[..., Any], do: str, tags: tuple[str, ...], kinds: set[str] | None
) -> None:
    assert resting(accepted(do), 99) == Resting(tags, None if kinds is None else frozenset(kinds))


@pytest.mark.parametrize("do", sorted(NEVER - {"erase-subject"}))
@pytest.mark.parametrize("asked", ["annul-fact", "question-fact"])
def test_what_has_its_own_undoing_is_neither_annulled_nor_questioned(
    accepted: Callable[..., Any], refused: Callable[..., Any], do: str, asked: str
) -> None:
    fact = accepted(do)
    written = Written(7, fact, tuple(fact.tags(7)), "main/COOP")

    assert refused(asked, {"entry:7": written}) == (
        "not-annullable",
        f"entry 7 is of kind {fact.kind}: it can be neither annulled nor questioned",
    )


def test_an_annulment_says_what_was_annulled_and_stands_in_the_same_histories(accepted: Callable[..., Any]) -> None:
    fact = accepted("annul-fact")

    assert fact == FactAnnulled(
        position=7,
        about=("lot:main/WET", "plot:main/PLOT", "party:main/FARMER"),
        annulled_kind="harvest-recorded.v1",
        reason="entered-twice",
        corrected_by=("018f0000-0000-7000-8000-000000000002",),
        annulled_at=JUNE,
    )
    assert fact.tags(9) == ["lot:main/WET", "plot:main/PLOT", "party:main/FARMER", "entry:7"]
    assert accepted("annul-fact", {"corrected_by": None}).corrected_by == ()


def test_what_something_later_rests_on_is_not_annulled_but_may_be_questioned(
    accepted: Callable[..., Any], refused: Callable[..., Any], world: dict[str, Any]
) -> None:
    later = {"entry:7": replace(world["entry:7"], rests=(12, "lot-bought.v1"))}

    assert refused("annul-fact", later) == ("rests-on-it", "entry 12 (lot-bought.v1) rests on entry 7: annul that one first")
    assert accepted("question-fact", later).position == 7


@pytest.mark.parametrize("do", ["annul-fact", "question-fact"])
def test_what_was_annulled_is_neither_annulled_nor_questioned_again(refused: Callable[..., Any], world: dict[str, Any], do: str) -> None:
    gone = replace(world["entry:7"], about=frozenset({"fact-annulled.v1"}), rests=(12, "lot-bought.v1"))

    assert refused(do, {"entry:7": gone}) == ("already", "entry 7 was annulled before")


def test_what_was_questioned_may_be_questioned_again_and_annulled(accepted: Callable[..., Any], world: dict[str, Any]) -> None:
    asked = {"entry:7": replace(world["entry:7"], about=frozenset({"fact-questioned.v1", "question-settled.v1"}))}

    assert accepted("question-fact", asked, {"reason": "date"}).reason == "date"
    assert accepted("annul-fact", asked).position == 7


@pytest.mark.parametrize("do", ["annul-fact", "question-fact", "settle-question"])
def test_an_entry_must_be_there(refused: Callable[..., Any], do: str) -> None:
    position = 8 if do == "settle-question" else 7

    assert refused(do, {f"entry:{position}": None}) == ("unknown-entry", f"no entry {position} was ever accepted")


def test_a_question_says_what_is_doubted_and_its_settlement_stands_in_the_same_histories(accepted: Callable[..., Any]) -> None:
    tags = ("lot:main/WET", "plot:main/PLOT", "party:main/FARMER")
    settled = accepted("settle-question")

    assert accepted("question-fact") == FactQuestioned(
        position=7, about=tags, questioned_kind="harvest-recorded.v1", reason="weight", questioned_at=JUNE
    )
    assert settled == QuestionSettled(position=8, about=(*tags, "entry:7"), outcome="upheld", settled_at=JUNE)
    assert settled.tags(9) == [*tags, "entry:7", "entry:8"]


def test_a_question_is_settled_once_and_nothing_else_is_settled(refused: Callable[..., Any], world: dict[str, Any]) -> None:
    settled = replace(world["entry:8"], about=frozenset({"question-settled.v1"}))

    assert refused("settle-question", {"entry:8": settled}) == ("already", "question 8 was settled before")
    assert refused("settle-question", {"position": 7}) == ("unknown-entry", "entry 7 is not a question")


def test_a_price_set_ahead_is_annulled_before_it_holds(accepted: Callable[..., Any]) -> None:
    price = accepted("set-price", {"valid_from": JULY, "valid_to": None})
    written = Written(7, price, tuple(price.tags(7)), "main/COOP")

    assert isinstance(price, PriceSet)
    assert accepted("annul-fact", {"entry:7": written, "annulled_at": JUNE}).annulled_kind == "price-set.v1"
