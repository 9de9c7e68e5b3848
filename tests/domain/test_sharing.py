"""Shared dossiers and published prices: who may show what of a container, for how long, and in which words the ledger says no."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.container import Container
from domain.sharing import (
    ContainerShared,
    PricePublished,
    PriceWithdrawn,
    Publication,
    Share,
    ShareEnded,
    evolve_publication,
    evolve_share,
)

MAY, JUNE, JULY = (f"2026-{day}T10:00:00-05:00" for day in ("05-02", "06-02", "07-02"))
OPEN = Container(41, "main/COOP", "open", grams=3_000, departed=False, sold=False, at=MAY)
EMPTIED = Container(51, "main/COOP", "emptied", grams=3_000, departed=True, sold=True, at=MAY)


def test_a_share_is_of_the_latest_stuffing_for_a_time_and_for_one_party(accepted: Callable[..., Any]) -> None:
    fact = accepted("share-container")

    assert fact == ContainerShared(
        container_no="SEALED", stuffing=51, holder_id="main/COOP", share_id="S-2", for_id="main/BUYER", shared_at=JUNE, until=JULY
    )
    assert fact.tags(99) == ["share:S-2", "container:SEALED", "stuffing:SEALED@51", "party:main/COOP", "party:main/BUYER"]
    assert evolve_share(None, fact) == Share("SEALED", 51, "main/COOP", JUNE)


def test_a_share_may_be_for_whoever_has_the_link(accepted: Callable[..., Any], ask: Callable[..., Any]) -> None:
    fact = accepted("share-container", {"for_id": None})

    assert fact.for_id is None
    assert fact.tags(99) == ["share:S-2", "container:SEALED", "stuffing:SEALED@51", "party:main/COOP"]
    assert set(ask("share-container", {"for_id": None}).reads()) == {"container:SEALED", "share:S-2"}


def test_a_share_of_an_open_or_emptied_container_is_taken(accepted: Callable[..., Any]) -> None:
    assert accepted("share-container", {"container:SEALED": OPEN}).stuffing == 41
    assert accepted("share-container", {"container:SEALED": EMPTIED}).stuffing == 51


def test_a_share_may_end_in_its_own_second_and_may_last_beyond_now(accepted: Callable[..., Any]) -> None:
    assert accepted("share-container", {"until": JUNE}).until == JUNE
    assert accepted("share-container", {"until": JULY, "as_of": JUNE}).until == JULY


def test_a_share_that_was_ended_stays_so(accepted: Callable[..., Any]) -> None:
    share, fact = Share("SEALED", 51, "main/COOP", MAY), accepted("end-share")

    assert fact == ShareEnded(container_no="SEALED", stuffing=51, holder_id="main/COOP", share_id="S-1", ended_at=JUNE)
    assert evolve_share(share, fact) == Share("SEALED", 51, "main/COOP", MAY, ended=True)
    assert evolve_share(None, fact) is None


def test_prices_are_shown_by_who_paid_them_and_no_more_when_withdrawn(accepted: Callable[..., Any]) -> None:
    shown, withdrawn = accepted("publish-price", {"holder_id": "BUYER"}), accepted("withdraw-price")

    assert shown == PricePublished(container_no="SEALED", stuffing=51, holder_id="main/BUYER", published_at=JUNE)
    assert withdrawn == PriceWithdrawn(container_no="SHOWN", stuffing=61, holder_id="main/COOP", withdrawn_at=JUNE)
    assert evolve_publication(None, shown) == Publication((51,), JUNE)
    assert evolve_publication(Publication((20, 61), MAY), withdrawn) == Publication((20,), JUNE)


def test_what_was_shown_of_an_earlier_voyage_is_not_shown_of_the_next_and_can_be_withdrawn_after_it_began(
    accepted: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    publication, no = "publication:SHOWN@main/COOP", {"container_no": "SHOWN"}
    both = Publication((20, 61), MAY)

    assert accepted("publish-price", no | {publication: Publication((20,), MAY)}).stuffing == 61
    assert accepted("withdraw-price", no | {publication: both}).stuffing == 61
    assert accepted("withdraw-price", no | {publication: Publication((20,), MAY), "container:SHOWN": {"at": JULY}}).stuffing == 20
    assert refused("withdraw-price", no | {publication: Publication((), MAY)})[0] == "already"


@pytest.mark.parametrize(
    ("do", "difference", "code", "sentence"),
    [
        ("share-container", {"party:main/BUYER": None}, "unknown-party", "no party BUYER was ever accepted"),
        ("share-container", {"container:SEALED": None}, "unknown-container", "no container SEALED was ever accepted"),
        ("share-container", {"share_id": "S-1"}, "duplicate-id", "share S-1 was accepted before, with other content"),
        ("share-container", {"until": MAY}, "before-origin", f"the end {MAY} is before the start {JUNE}"),
        ("share-container", {"for_id": "COOP"}, "not-held", "COOP holds the container, and sees its dossier anyway"),
        ("end-share", {"share_id": "S-9"}, "unknown-share", "no share S-9 was ever accepted"),
        ("end-share", {"share:S-1": {"ended": True}}, "already", "share S-1 was ended before"),
        ("publish-price", {"container_no": "OPEN"}, "not-sealed", "container OPEN is not sealed yet"),
        ("publish-price", {"container_no": "NONE"}, "unknown-container", "no container NONE was ever accepted"),
        ("publish-price", {"container_no": "SHOWN"}, "already", "the prices of COOP for container SHOWN are shown already"),
        ("withdraw-price", {"container_no": "SEALED"}, "already", "the prices of COOP for container SEALED are not shown"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_these_words(
    refused: Callable[..., Any], do: str, difference: dict[str, Any], code: str, sentence: str
) -> None:
    assert refused(do, difference) == (code, sentence)
