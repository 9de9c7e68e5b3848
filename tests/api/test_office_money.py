"""Prices, payments and the day book in the office: exact in céntimos, each farmer's account, and a spreadsheet without formulas."""

import csv
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.house import House
from tests.api.people import organisation, signed_in
from tests.api.village import farmer
from tests.api.walking import Walk


@pytest.fixture
def buyer(house: House) -> Iterator[TestClient]:
    """A buyer in the field of a cooperative, with two farmers, one of whom is called like a formula."""
    with signed_in(house, organisation(house, "AGG-1"), "buyer") as browser:
        farmer(browser, "F-1", "Nélida Cachique Ruiz", "PL-1")
        farmer(browser, "F-2", "=HYPERLINK(1)", "PL-2")
        yield browser


def buy(browser: TestClient, party: str, weighings: str, price: str, paid: str) -> Walk:
    walk = Walk(browser, f"/buy/{party}?lang=en")
    walk.fill(weighings=weighings, price=price)
    walk.choose(paid=paid)
    walk.send("Buy and make the receipt")
    assert walk.status == 200, walk.words
    return walk


def test_the_day_book_holds_purchases_against_cash_and_each_farmers_account(buyer: TestClient) -> None:
    buy(buyer, "F-1", "40", "10", "now")  # 400.00, paid
    buy(buyer, "F-1", "10.5", "10", "owed")  # 105.00, owed
    buy(buyer, "F-2", "3", "9.99", "owed")  # 29.97, owed
    walk = Walk(buyer, "/daybook?lang=en")

    for part in ("53.5 kg", "3, S/ 534.97", "S/ 400.00", "S/ 134.97 in all, to 2 farmers"):
        assert part in walk.words
    assert "Nélida Cachique Ruiz 50.5 505.00 400.00 105.00" in walk.words
    assert "=HYPERLINK(1) 3 29.97 0.00 29.97" in walk.words

    walk.click("Nélida Cachique Ruiz S/ 105.00")
    assert walk.seen.forms[0]["fields"]["pen"] == "105.00"
    walk.fill(pen="100,5")
    walk.send("Pay")
    assert (walk.status, walk.path) == (200, "/farmers/F-1")
    assert "Sold 50.5 kg for S/ 505.00, got S/ 500.50. Owed to the farmer: S/ 4.50" in walk.words


def test_an_advance_is_paid_ahead_of_beans(buyer: TestClient, house: House) -> None:
    walk = Walk(buyer, "/farmers/F-1?lang=en")

    walk.click("Pay")
    walk.click("Pay ahead of beans")
    walk.fill(pen="50")
    walk.send("Pay ahead")

    assert "Paid ahead: S/ 50.00" in walk.words
    assert f"advance A-{house.now()[:4]}-000001" in Walk(buyer, "/daybook?lang=en").words


@pytest.mark.parametrize(
    ("typed", "about", "sentence"),
    [
        ({"pen": "0"}, "pen", "“Soles” 0: wanted above 0, at most 1,000,000, with at most 2 decimals"),
        ({"pen": "5.001"}, "pen", "“Soles” 5.001: wanted above 0"),
        ({"pen": "much"}, "pen", "“Soles”: wanted a number such as 40.5"),
        ({"pen": "5", "lot_id": "C-9"}, "lot_id", "no lot C-9 was ever accepted"),
        ({"pen": "5", "paid_at": "2099-01-01T00:00"}, "paid_at", "is later than"),
    ],
)
def test_a_payment_that_is_refused_stays_typed(buyer: TestClient, typed: dict[str, str], about: str, sentence: str) -> None:
    walk = Walk(buyer, "/pay/F-1?lang=en")

    walk.fill(**typed)
    walk.send("Pay")

    assert walk.status == 422
    assert sentence in walk.text.partition(f'id="{about}-wrong">')[2].partition("</p>")[0]
    assert walk.seen.forms[0]["fields"] | typed == walk.seen.forms[0]["fields"]


def test_the_same_payment_sent_twice_is_paid_once(buyer: TestClient) -> None:
    sent = Walk(buyer, "/pay/F-1").seen.forms[0]["fields"] | {"pen": "7"}

    answers = [buyer.post("/pay/F-1", data=sent).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert "got S/ 7.00" in Walk(buyer, "/farmers/F-1?lang=en").words


def test_the_spreadsheet_of_a_day_holds_no_formula(buyer: TestClient, house: House) -> None:
    lot = buy(buyer, "F-2", "3", "9.99", "owed").path.rpartition("/")[2]
    day = house.now()[:10]

    answer = buyer.get(f"/daybook.csv?day={day}&lang=en")
    rows = list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))

    assert answer.headers["content-disposition"] == f'attachment; filename="daybook-{day}.csv"'
    assert len(rows) == 2
    assert rows[1][1:10] == [lot, "F-2", "'=HYPERLINK(1)", "wet", "3", "9.99", "", "29.97", "0.00"]


def test_another_day_is_another_page_and_no_day_is_today(buyer: TestClient, house: House) -> None:
    buy(buyer, "F-1", "40", "10", "now")

    assert "Nothing was bought on this day." in buyer.get("/daybook?day=2026-01-05&lang=en").text
    assert house.now()[:10] in buyer.get("/daybook?day=nonsense&lang=en").text


def test_a_price_with_premiums_is_set_and_paid_from_then_on(buyer: TestClient, house: House) -> None:
    with signed_in(house, "main/AGG-1", "administrator") as office:
        walk = Walk(office, "/prices?lang=en")
        walk.fill(price_pen_kg="9,80", premium_1="Aroma", pct_1="10", premium_2="Orgánico", pct_2="5.5")
        walk.send("Set this price")
        assert "wet beans 9.80 Aroma 10 %, Orgánico 5.5 %" in walk.words
        assert "is paid now" in walk.words

    walk = Walk(buyer, "/buy/F-1?lang=en")
    assert walk.seen.forms[0]["fields"]["price"] == "9.8"
    assert ("Aroma: 10 %" in walk.words, "Orgánico: 5.5 %" in walk.words) == (True, True)
    assert "Set this price" not in Walk(buyer, "/prices?lang=en").words


def test_of_two_prices_the_later_is_paid_and_one_that_ended_is_not(buyer: TestClient, house: House) -> None:
    with signed_in(house, "main/AGG-1", "administrator") as office:
        for price, since, until in (
            ("8", "2026-02-01T00:00", ""),
            ("9", "2026-03-01T00:00", "2026-03-31T23:59"),
            ("99", "2099-01-01T00:00", ""),
        ):
            walk = Walk(office, "/prices?lang=en")
            walk.fill(price_pen_kg=price, valid_from=since, valid_to=until)
            walk.send("Set this price")
            assert walk.status == 200

        listed = walk.text.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]

    assert [[state in row for state in ("from later on", "no longer", "is paid now")] for row in listed] == [
        [True, False, False], [False, True, False], [False, False, True],
    ]  # fmt: skip
    assert Walk(buyer, "/buy/F-1").seen.forms[0]["fields"]["price"] == "8"


@pytest.mark.parametrize(
    ("typed", "about", "sentence"),
    [
        ({"price_pen_kg": "0"}, "price_pen_kg", "“Price, soles a kg” 0: wanted above 0"),
        ({"price_pen_kg": "9", "premium_1": "Aroma"}, "pct_1", "a premium has a name and a percentage: one of them is empty"),
        ({"price_pen_kg": "9", "premium_1": "A", "pct_1": "x"}, "pct_1", "“Premium 1, percent”: wanted a number such as 40.5"),
        ({"price_pen_kg": "9", "valid_from": "2026-02-01T00:00", "valid_to": "2026-01-01T00:00"}, "valid_to", "is before the start"),
    ],
)
def test_a_price_that_is_refused_stays_typed(house: House, typed: dict[str, str], about: str, sentence: str) -> None:
    with signed_in(house, organisation(house, "AGG-1"), "administrator") as office:
        walk = Walk(office, "/prices?lang=en")

        walk.fill(**typed)
        walk.send("Set this price")

        assert walk.status == 422
        assert sentence in walk.text.partition(f'id="{about}-wrong">')[2].partition("</p>")[0]
        assert walk.seen.forms[0]["fields"] | typed == walk.seen.forms[0]["fields"]


def test_the_first_page_tells_each_role_what_it_may_read(buyer: TestClient, house: House) -> None:
    buy(buyer, "F-1", "40", "10", "owed")

    first = Walk(buyer, "/office?lang=en").words
    with signed_in(house, "main/AGG-1", "plant") as plant:
        other = Walk(plant, "/office?lang=en").words

    for part in (
        "Bought today 40 kg",
        "1, S/ 400.00",
        "Waiting to be fermented 1 lot, 40 kg",
        "Owed to farmers S/ 400.00 (1)",
        "Buy beans",
    ):
        assert part in first
    assert "Waiting to be fermented 1 lot, 40 kg" in other
    assert [part in other for part in ("S/", "Buy beans", "Day book")] == [False, False, False]


def test_money_is_closed_to_roles_that_do_not_read_it(house: House) -> None:
    with signed_in(house, organisation(house, "AGG-1"), "extensionist") as other:
        assert [other.get(path).status_code for path in ("/daybook", "/daybook.csv", "/pay/F-1", "/prices")] == [403] * 4


def test_somebody_of_no_organisation_is_told_to_act_for_one(house: House) -> None:
    with signed_in(house, None, "administrator") as admin:
        assert admin.get("/daybook").status_code == 403
        assert "actúa por la casa" in admin.get("/office?lang=es").text.lower()
