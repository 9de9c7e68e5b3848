"""Numbers that the world reads: check digits, prefixes that overlap, and nothing numbered under what nobody licensed to one."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from domain.gs1 import GlnRecorded, Gs1Prefix, Gs1PrefixRecorded, Gs1Range, Product, ProductRegistered, prefix_of, prefix_tags
from domain.identity import is_gs1_number
from domain.vocabulary import evolve

MAY, JUNE = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6))
NOT_MINE = "is under no GS1 prefix that was recorded of this organisation"


def test_the_check_digit_of_others_numbers_is_ours() -> None:
    """GS1's own examples of its general specifications, and of Peru's prefix."""
    assert is_gs1_number("07751234567892", 14)
    assert is_gs1_number("377512345678901239", 18)
    assert is_gs1_number("6291041500213", 13)
    assert not is_gs1_number("07751234567893", 14)
    assert not is_gs1_number("7751234567892", 14)
    assert not is_gs1_number("\u06607751234567892", 14)


@pytest.mark.parametrize(
    ("do", "field", "number"), [("register-product", "gtin", "09521234000099"), ("record-gln", "gln", "9521234000020")]
)
def test_every_number_with_one_digit_changed_is_refused(ask: Callable[..., Any], do: str, field: str, number: str) -> None:
    others = {number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :] for at in range(len(number)) for by in range(1, 10)}

    assert len(others) == 9 * len(number)
    for other in others:
        with pytest.raises(ValidationError, match="check digit"):
            ask(do, {field: other})


@pytest.mark.parametrize("prefix", ["0000123", "0212345", "0412345", "2000", "9771234", "9781234", "9811", "9912"])
def test_what_gs1_licenses_to_nobody_is_no_prefix(ask: Callable[..., Any], prefix: str) -> None:
    with pytest.raises(ValidationError, match="licenses to organisations"):
        ask("record-gs1-prefix", {"prefix": prefix})


@pytest.mark.parametrize("prefix", ["775", "9521234567890", "95212A4", "٩521234"])
def test_a_prefix_is_4_to_12_digits(ask: Callable[..., Any], prefix: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        ask("record-gs1-prefix", {"prefix": prefix})


def test_a_prefix_is_of_one_organisation_and_found_by_all_with_which_it_begins(accepted: Callable[..., Any]) -> None:
    fact = accepted("record-gs1-prefix")

    assert fact == Gs1PrefixRecorded(prefix="952000", org_id="main/COOP", recorded_at=JUNE)
    assert fact.tags(9) == ["gs1-prefix:952000", "party:main/COOP", "gs1-range:9520", "gs1-range:95200"]
    assert evolve("gs1-prefix:952000", None, fact, 9) == Gs1Prefix("952000", "main/COOP", JUNE)
    assert evolve("gs1-range:9520", None, fact, 9) == Gs1Range("952000")


@pytest.mark.parametrize("prefix", ["9521", "952123", "9521234", "95212345", "952123456789"])
def test_no_prefix_overlaps_with_another_of_whomever(accepted: Callable[..., Any], refused: Callable[..., Any], prefix: str) -> None:
    recorded = accepted("record-gs1-prefix", {"prefix": "9521234", "gs1-prefix:9521234": None})
    states = {tag: evolve(tag, None, recorded, 9) for tag in recorded.tags(9) if not tag.startswith("party:")}

    code, sentence = refused("record-gs1-prefix", states, {"prefix": prefix, "org_id": "BUYER"})

    assert code == "duplicate-id"
    assert "9521234 was accepted before" in sentence
    assert "COOP" not in sentence
    assert accepted("record-gs1-prefix", states, {"prefix": "9521235", "org_id": "BUYER"}).prefix == "9521235"


def test_a_product_says_under_which_prefix_it_is(accepted: Callable[..., Any]) -> None:
    fact = accepted("register-product")

    assert fact == ProductRegistered(
        gtin="09521234000099", prefix="9521234", org_id="main/COOP", name_es="Cacao en grano", name_en="Cocoa beans", registered_at=JUNE
    )
    assert fact.tags(9) == ["product:09521234000099", "gs1-prefix:9521234", "party:main/COOP"]
    assert evolve("product:09521234000099", None, fact, 9) == Product("main/COOP", JUNE)


def test_a_place_says_what_it_stands_for(accepted: Callable[..., Any]) -> None:
    assert accepted("record-gln") == GlnRecorded(
        gln="9521234000020", prefix="9521234", org_id="main/COOP", stands_for="site", district="220501", recorded_at=JUNE
    )


@pytest.mark.parametrize(("do", "number"), [("register-product", "09521234000099"), ("record-gln", "9521234000020")])
def test_nothing_is_numbered_under_a_prefix_of_another_or_of_nobody(refused: Callable[..., Any], do: str, number: str) -> None:
    assert refused(do, {"gs1-prefix:9521234": None}) == ("not-held", f"{number} {NOT_MINE}")
    assert refused(do, {"gs1-prefix:9521234": {"org_id": "main/BUYER"}}) == ("not-held", f"{number} {NOT_MINE}")
    assert refused(do, {"gs1-prefix:9521234": {"org_id": "main/BUYER", "recorded_at": "2026-06-09T10:00:00-05:00"}})[0] == "not-held"


def test_a_number_is_registered_once(refused: Callable[..., Any]) -> None:
    taken = {"product:09521234000099": Product("main/BUYER", MAY)}

    assert refused("register-product", taken) == ("duplicate-id", "product 09521234000099 was accepted before, with other content")
    assert refused("record-gln", {"gln:9521234000020": object()})[0] == "duplicate-id"


def test_an_organisation_must_be_there(refused: Callable[..., Any]) -> None:
    assert refused("register-product", {"party:main/COOP": None}) == ("unknown-party", "no party COOP was ever accepted")


def test_the_prefix_of_a_number_is_read_after_the_first_digit_of_a_gtin_or_sscc() -> None:
    states = {"gs1-prefix:9521234": Gs1Prefix("9521234", "main/COOP", MAY)}

    assert prefix_tags("39521234000000017")[0] == "gs1-prefix:9521"
    assert prefix_of(states, "395212340000000012") is not None
    assert prefix_of(states, "59521234000018") is not None
    assert prefix_of(states, "9521234000020") is not None
    assert prefix_of(states, "952123400000000012") is None
    assert len(prefix_tags("09521234000099")) == 9
