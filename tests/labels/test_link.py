"""An address on paper cannot be corrected, so it must be right before it is printed."""

import pytest

from labels.link import container_link, is_loopback, lot_link, short_address


def test_a_label_leads_to_one_stuffing_and_not_to_the_next_voyage() -> None:
    first, later = (container_link("https://cacao.example", "TRHU6368220", position) for position in (2421, 9000))

    assert first == "https://cacao.example/c/TRHU6368220/2421"
    assert later == "https://cacao.example/c/TRHU6368220/9000"


def test_what_one_types_by_hand_has_neither_scheme_nor_position() -> None:
    assert short_address("https://cacao.example", "TRHU6368220") == "cacao.example/c/TRHU6368220"


def test_a_lot_is_led_to_by_its_id_and_by_its_book_where_that_is_not_the_first() -> None:
    links = [lot_link("https://cacao.example/libro/", key) for key in ("main/C-2026-000001", "coop-2/C-2026-000001")]

    assert links == ["https://cacao.example/libro/l/C-2026-000001", "https://cacao.example/libro/l/coop-2/C-2026-000001"]


@pytest.mark.parametrize("base", ["https://cacao.example/libro", "https://cacao.example/libro/"])
def test_a_site_may_live_in_a_folder_with_or_without_a_closing_slash(base: str) -> None:
    assert container_link(base, "TRHU6368220", 7) == "https://cacao.example/libro/c/TRHU6368220/7"
    assert short_address(base, "TRHU6368220") == "cacao.example/libro/c/TRHU6368220"


@pytest.mark.parametrize(
    "base",
    [
        "http://localhost:8000",
        "http://LOCALHOST",
        "http://localhost.",
        "https://cacao.localhost/",
        "http://127.0.0.1:8000",
        "http://127.200.3.4",
        "http://[::1]:8000",
        "http://0.0.0.0:8000",
    ],
)
def test_an_address_that_only_its_own_computer_can_open_is_known(base: str) -> None:
    assert is_loopback(base)


@pytest.mark.parametrize(
    "base",
    [
        "https://cacao.example",
        "https://localhost.example",
        "https://notlocalhost",
        "http://192.168.1.20:8000",
        "http://128.0.0.1",
        "http://[2001:db8::1]",
    ],
)
def test_an_address_that_others_can_open_is_no_loopback(base: str) -> None:
    assert not is_loopback(base)


@pytest.mark.parametrize(
    "base",
    [
        "cacao.example",
        "ftp://cacao.example",
        "https://",
        "",
        "https://u:p@cacao.example",
        "https://cacao.example/?a=1",
        "https://cacao.example/#a",
    ],
)
def test_what_is_no_public_web_address_is_not_printed(base: str) -> None:
    with pytest.raises(ValueError, match="wanted one such as https"):
        container_link(base, "TRHU6368220", 2421)


def test_a_password_is_not_repeated_when_it_is_refused() -> None:
    with pytest.raises(ValueError, match="password") as refusal:
        short_address("https://ana:s3cret@cacao.example", "TRHU6368220")

    assert "s3cret" not in str(refusal.value)
