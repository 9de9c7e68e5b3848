"""A signed label is believed without a network, so nothing of it may be changed unseen."""

from datetime import date

import pytest

from labels.link import Of, label_at, label_link, label_path
from labels.signed import MOST_DIGITS, BadLabel, Claims, checked, day_of, read, sign
from ledger import ed25519
from ledger.crypto import Signer

SIGNER = Signer("ledger.example/label/7", bytes(range(32)))
PUBLIC = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
"""The public half of the seed 00 01 … 1f: as RFC 8410's and libsodium's examples have it."""
PATH = "/01/09521234543213/10/B-000769/21/0K3V9ZQ1"
CLAIMS = Claims(kid=7, issued_day=20_700, leaf_index=41, digest=bytes(range(16)))
DIGITS = sign(PATH, CLAIMS, SIGNER)
KEYS = {7: PUBLIC, 8: Signer("ledger.example/label/8", bytes(32)).key.public}


def reason(path: str, digits: str, keys: dict[int, bytes] = KEYS) -> str:
    try:
        checked(path, digits, keys)
    except BadLabel as bad:
        return bad.reason
    return "good"


def test_a_label_says_who_signed_it_when_and_which_entry_recorded_it() -> None:
    assert checked(PATH, DIGITS, KEYS) == CLAIMS
    assert (CLAIMS.issued, CLAIMS.position, day_of("2026-09-04T23:30:00-05:00")) == (date(2026, 9, 4), 42, 20_700)


def test_what_is_signed_is_the_context_the_path_and_25_bytes_in_network_order() -> None:
    _, signature = read(DIGITS)
    packed = bytes([1, 0, 7, 0x50, 0xDC, 0, 0, 0, 41, *range(16)])

    assert ed25519.verify(PUBLIC, signature, b"cacao-ledger/label/v1\n" + PATH.encode() + b"\n" + packed)
    assert int(DIGITS) == int.from_bytes(b"\x01" + packed + signature)


def test_digits_are_as_few_as_a_small_code_has_room_for() -> None:
    assert 214 <= len(DIGITS) <= 217


def test_no_single_change_of_path_or_digits_is_believed() -> None:
    others = "0123456789ABCXYZabc-/.% \n"
    paths = [PATH[:at] + other + PATH[at + 1 :] for at in range(len(PATH)) for other in others if other != PATH[at]]
    digits = [DIGITS[:at] + other + DIGITS[at + 1 :] for at in range(len(DIGITS)) for other in "0123456789A " if other != DIGITS[at]]
    longer = [*(DIGITS[:at] + DIGITS[at + 1 :] for at in range(len(DIGITS))), DIGITS + "0", "0" + DIGITS, DIGITS + "\n", DIGITS[::-1]]

    assert {reason(path, DIGITS) for path in [*paths, PATH.lower(), PATH + "/", PATH[:-1], ""]} == {"forged"}
    assert {reason(PATH, each) for each in digits + longer} == {"forged", "unreadable", "unknown-key"}


def test_a_label_of_a_key_that_is_not_known_or_of_another_number_is_refused() -> None:
    assert reason(PATH, DIGITS, {8: PUBLIC}) == "unknown-key"
    assert reason(PATH, DIGITS, {7: KEYS[8]}) == "forged"


@pytest.mark.parametrize(
    "digits",
    ["", "1", "-5", "+" + DIGITS, "٣" * 215, "9" * MOST_DIGITS, "9" * 100_000, "1_0", DIGITS + "?", str(int(DIGITS) + (1 << 711))],
    ids=range(10),
)
def test_what_is_no_signature_is_unreadable_and_costs_nothing(digits: str) -> None:
    assert reason(PATH, digits) == "unreadable"


@pytest.mark.parametrize("wrong", [Claims(65_536, 1, 1, bytes(16)), Claims(1, 1, 1 << 32, bytes(16)), Claims(1, 1, 1, bytes(15))])
def test_what_a_label_has_no_room_for_is_not_signed(wrong: Claims) -> None:
    with pytest.raises(ValueError, match=r"room|wanted 16"):
        sign(PATH, wrong, SIGNER)


@pytest.mark.parametrize(
    ("of", "path"),
    [
        (Of("CSQU3054383", 22), "/C/CSQU3054383/22/S/0K3V9ZQ1"),
        (Of(lot="main/B-000769"), "/L/B-000769/S/0K3V9ZQ1"),
        (Of(lot="coop-2/B-000769"), "/L/COOP-2/B-000769/S/0K3V9ZQ1"),
        (Of(lot="main/B-000769", gtin="09521234543213"), PATH),
        (Of(lot="main/B-000769", sscc="095212340000000011"), "/00/095212340000000011"),
        (Of(), "/K/0K3V9ZQ1"),
    ],
)
def test_each_label_has_a_path_of_its_own_that_leads_back_to_what_it_is_on(of: Of, path: str) -> None:
    serial = of.sscc or "0K3V9ZQ1"
    back = of._replace(lot=None) if of.sscc else of

    assert label_path(of, serial) == path
    assert label_at(path) == label_at(f"/libro{path}") == (path, back, serial)


@pytest.mark.parametrize(
    "path", ["/c/CSQU3054383/22/s/0K3V9ZQ1", "/C/CSQU3054383/022/S/0K3V9ZQ1", "/K/0K3V9ZQI", "/K/0K3V9ZQ1/", "/K/0K3V9ZQ1\n", "/00/1", "/"]
)
def test_what_is_no_path_of_a_label_leads_nowhere(path: str) -> None:
    assert label_at(path) is None


def test_the_address_on_paper_is_upper_case_but_for_the_folder_of_the_house() -> None:
    of = Of(lot="main/B-000769")

    assert label_link("https://cacao.example/libro", of, "0K3V9ZQ1", "123") == "HTTPS://CACAO.EXAMPLE/libro/L/B-000769/S/0K3V9ZQ1?s=123"
    assert label_link("https://cacao.example", of, "0K3V9ZQ1") == "HTTPS://CACAO.EXAMPLE/L/B-000769/S/0K3V9ZQ1"
