"""Buying in the office: few actions, one act, what is refused stands beside its field, and a receipt that says what the ledger has."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api.house import House
from domain.values import Command
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted
from projections import accounts
from tests.api.people import organisation, signed_in
from tests.api.village import JUNE, farmer, given, size
from tests.api.walking import Walk

RECEIPT = f"/receipts/C-{House.now()[:4]}-000001"


def command(do: str, **fields: Any) -> Command:
    made: Command = COMMANDS.validate_python({"id": uuid4(), "do": do, **fields})
    return made


@pytest.fixture
def buyer(house: House) -> Iterator[TestClient]:
    """A buyer in the field of a cooperative that pays 9.50 soles for wet beans, and a tenth more for aroma."""
    org = organisation(house, "AGG-1")
    with signed_in(house, org, "administrator") as office:
        given(
            office,
            {
                "do": "set-price", "price_id": "PR-1", "holder_id": "AGG-1", "form": "wet", "price_pen_kg": "9.50", "valid_from": JUNE,
                "premiums": [{"name": "Aroma", "pct": "10"}],
            },
        )  # fmt: skip
    with signed_in(house, org, "buyer") as browser:
        farmer(browser, "F-1", "Nélida Cachique Ruiz", "PL-1")
        yield browser


def owed(house: House, party: str) -> tuple[int, int]:
    with house.reading("main/AGG-1") as conn:
        (account,) = accounts.balance(conn, "main/AGG-1", party)
    return account.got, account.owed


def test_a_first_purchase_takes_at_most_eight_actions_and_three_typed_fields(buyer: TestClient, house: House) -> None:
    walk = Walk(buyer, "/office?lang=en")

    walk.click("Buy")
    walk.fill(q="nelida cach")
    walk.send("Find the farmer")
    walk.fill(weighings="24.5 31 28.2", tare="0.5")
    walk.send("Buy and make the receipt")

    assert (walk.status, walk.path) == (200, RECEIPT)
    assert walk.actions <= 8
    assert walk.typed <= 3
    # 24.5 + 31 + 28.2 = 83.7, less 3 * 0.5 = 82.2 kg; 82.2 * 9.50 = 780.90
    assert [part in walk.words for part in ("24.5 + 31 + 28.2 kg", "3 \u00d7 0.5 kg", "82.2 kg", "S/ 9.50 a kg", "S/ 780.90")] == [True] * 5
    assert "Nélida Cachique Ruiz, F-1" in walk.words
    assert "Cooperativa AGG-1" in walk.words
    assert owed(house, "main/F-1") == (78_090, 0)


def test_beans_that_are_not_paid_are_owed_and_the_premium_counts(buyer: TestClient, house: House) -> None:
    walk = Walk(buyer, "/buy/F-1?lang=en")

    walk.fill(weighings="10,5 + 20")
    walk.choose(premium="10", paid="owed")
    walk.send("Buy and make the receipt")

    # 30.5 * 9.50 * 1.1 = 318.725: half a céntimo goes up
    assert "S/ 318.73" in walk.words
    assert owed(house, "main/F-1") == (0, 31_873)


def test_working_it_out_writes_nothing_and_keeps_what_was_typed(buyer: TestClient, house: House) -> None:
    walk = Walk(buyer, "/buy/F-1?lang=en")
    before = size(house)

    walk.fill(weighings="24.5 31", tare="1")
    walk.send("Only work it out")

    assert "53.5 kg net, S/ 508.25" in walk.words
    assert walk.seen.forms[0]["fields"]["weighings"] == "24.5 31"
    assert size(house) == before


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"weighings": ""}, "weighings", "no weighing yet: wanted kilograms such as 24.5 31 28.2"),
        ({"weighings": "24.5 x"}, "weighings", "weighing 2 cannot be read: wanted kilograms such as 24.5"),
        ({"weighings": "1,250"}, "weighings", "weighing 1 cannot be read: wanted kilograms such as 24.5"),
        ({"weighings": "5 0.5", "tare": "0.5"}, "weighings", "weighing 2 is 0.5 kg: no more than the tare of 0.5 kg"),
        ({"weighings": "5.1234"}, "weighings", "“Weighings, kg” 4.8734: wanted above 0, at most 1,000,000, with at most 3 decimals"),
        ({"tare": "-1"}, "tare", "the tare cannot be read: wanted kilograms such as 0.5"),
        ({"price": "dear"}, "price", "the price cannot be read: wanted soles a kilogram such as 9.50"),
        ({"price": "0"}, "price", "“Price, soles a kg” 0: wanted above 0, at most 1,000,000, with at most 3 decimals"),
        ({"plot": "PL-9"}, "plot", "choose the plot from which the beans come"),
        ({"at": "2099-01-01T10:00", "since": "2099-01-01T10:00"}, "at", "2099-01-01T10:00:00-05:00 is later than"),
        ({"at": "2026-06-02T09:59", "since": "2026-06-02T09:59"}, "at", "is before the plot's survey of 2026-06-02T10:00:00-05:00"),
        ({"lot": "so so"}, "lot", "“Number of the purchase”: wanted an id of capital letters, digits and hyphens, at most 20"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_refusal_stands_beside_its_field_and_everything_typed_stays(
    buyer: TestClient, house: House, typed: dict[str, str], field: str, sentence: str
) -> None:
    walk, before = Walk(buyer, "/buy/F-1?lang=en"), size(house)

    walk.fill(**{"weighings": "24.5", "tare": "0.25", **typed})
    walk.send("Buy and make the receipt")

    assert walk.status == 422
    assert sentence in walk.text.replace("&#39;", "'").partition(f'id="{field}-wrong">')[2].partition("</p>")[0]
    kept = walk.seen.forms[0]["fields"]
    assert {name: kept[name] for name in ("weighings", "tare")} == {"weighings": "24.5", "tare": "0.25"} | {
        name: value for name, value in typed.items() if name in ("weighings", "tare")
    }
    assert size(house) == before


def test_the_same_form_sent_twice_buys_once(buyer: TestClient, house: House) -> None:
    walk = Walk(buyer, "/buy/F-1")
    sent = walk.seen.forms[0]["fields"] | {"weighings": "24.5"}

    first, second = buyer.post("/buy/F-1", data=sent), buyer.post("/buy/F-1", data=sent)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert owed(house, "main/F-1") == (23_275, 0)


def test_who_comes_second_with_a_number_gets_the_next_one(buyer: TestClient, house: House) -> None:
    one, other = Walk(buyer, "/buy/F-1?lang=en"), Walk(buyer, "/buy/F-1?lang=en")

    for walk in (one, other):
        walk.fill(weighings="10")
        walk.send("Buy and make the receipt")

    assert one.path == RECEIPT
    assert other.status == 422
    assert RECEIPT[10:] in other.text.partition('id="lot-wrong">')[2].partition("</p>")[0]
    other.send("Buy and make the receipt")
    assert other.path == RECEIPT[:-1] + "2"
    assert owed(house, "main/F-1") == (19_000, 0)


def test_a_farmer_is_found_by_code_card_phone_and_district(buyer: TestClient) -> None:
    farmer(buyer, "F-2", "Abel Tuanama", "PL-2", "PL-3")

    for asked in ("f-2", "main/F-2", "ABEL", "tuan ab"):
        found = buyer.post("/buy/find", data={"q": asked})
        assert (found.status_code, found.headers["location"]) == (303, "/buy/F-2")
    several = buyer.post("/buy/find", data={"q": "2201"})
    assert several.status_code == 200
    assert ("Abel Tuanama" in several.text, "Nélida Cachique Ruiz" in several.text) == (True, True)
    assert "Nadie" in buyer.post("/buy/find", data={"q": "nobody"}).text


def test_of_several_plots_one_must_be_chosen(buyer: TestClient) -> None:
    farmer(buyer, "F-2", "Abel Tuanama", "PL-2", "PL-3")
    walk = Walk(buyer, "/buy/F-2?lang=en")

    walk.fill(weighings="10")
    walk.send("Buy and make the receipt")

    assert "choose the plot" in walk.text.partition('id="plot-wrong">')[2].partition("</p>")[0]
    walk.choose(plot="PL-3")
    walk.send("Buy and make the receipt")
    assert walk.path == RECEIPT


def test_dry_beans_are_bought_from_a_lot_that_the_farmer_has(buyer: TestClient, house: House) -> None:
    harvest = command("record-harvest", lot_id="H-1", plot_id="PL-1", kg="100", from_at=JUNE, to_at=JUNE)
    dried = command("dry-lots", lot_id="S-1", holder_id="F-1", inputs=[{"lot_id": "H-1", "kg": "100"}], kg="38",
                    started_at=JUNE, ended_at="2026-06-09T10:00:00-05:00")  # fmt: skip
    answers = house.writer.submit(Act([harvest, dried], "U-1", "main/AGG-1", whole=True)).result()
    assert [type(answer) for answer in answers] == [Accepted, Accepted]
    assert house.follower.wait_for(size(house), 10)
    walk = Walk(buyer, "/buy/F-1?lang=en")

    walk.click("38 kg dry beans")
    walk.fill(weighings="20 18.5", price="22")
    walk.send("Buy and make the receipt")
    assert "lot S-1 has 38 kg on hand, not 38.5 kg" in walk.text.partition('id="weighings-wrong">')[2].partition("</p>")[0]
    walk.fill(weighings="20 18")
    walk.send("Buy and make the receipt")
    assert ("dry beans" in walk.words, "S/ 836.00" in walk.words) == (True, True)


def test_a_farmer_of_others_answers_as_if_unknown(buyer: TestClient, house: House) -> None:
    org = organisation(house, "AGG-2")

    with signed_in(house, org, "buyer") as stranger:
        bought = Walk(buyer, "/buy/F-1?lang=en")
        bought.fill(weighings="10")
        bought.send("Buy and make")

        assert stranger.get("/buy/F-1").status_code == 404
        assert stranger.get(RECEIPT).status_code == 404
        assert "Nélida" not in stranger.post("/buy/find", data={"q": "nelida"}).text
        assert stranger.post("/buy/F-1", data={"weighings": "10", "price": "1", "plot": "PL-1"}).status_code in (404, 422)


def test_a_receipt_shows_weighings_only_where_they_come_to_what_the_ledger_has(buyer: TestClient) -> None:
    walk = Walk(buyer, "/buy/F-1?lang=en")
    walk.fill(weighings="24.5 31", tare="0.5")
    walk.send("Buy and make the receipt")

    other = buyer.get(f"{RECEIPT}?weighed=99+31&tare=0.5&lang=en").text

    assert "24.5 + 31" in walk.words
    assert ("Weighings" in other, "54.5 kg" in other) == (False, True)


@pytest.mark.parametrize("paper", ["a6", "80"])
def test_a_receipt_has_a_style_for_its_paper_and_a_code(buyer: TestClient, paper: str) -> None:
    walk = Walk(buyer, "/buy/F-1?lang=en")
    walk.fill(weighings="24.5")
    walk.send("Buy and make the receipt")

    shown = buyer.get(f"{RECEIPT}?paper={paper}").text

    assert f"/static/receipt-{paper}.css?v=" in shown
    assert 'class="code"' in shown


def test_who_may_not_buy_is_told_so(house: House) -> None:
    org = organisation(house, "AGG-1")

    with signed_in(house, org, "plant") as plant:
        assert plant.get("/buy").status_code == 403
        assert plant.get("/receipts/C-1").status_code == 403


def test_an_exporter_buys_a_lot_that_was_offered_and_nothing_else(buyer: TestClient, house: House) -> None:
    exporter = organisation(house, "EXP-1", "exporter")
    walk = Walk(buyer, "/buy/F-1?lang=en")
    walk.fill(weighings="40")
    walk.send("Buy and make the receipt")
    lot = walk.path.rpartition("/")[2]
    with signed_in(house, "main/AGG-1", "plant") as plant, signed_in(house, exporter, "exporter") as other:
        assert "Nothing is offered to us." in Walk(other, "/buy?lang=en").words
        assert other.get(f"/buy/AGG-1?lot={lot}").status_code == 404
        given(plant, {"do": "offer-lot", "lot_id": lot, "to_id": "EXP-1", "offered_at": house.now()})

        walk = Walk(other, "/buy?lang=en")
        assert "Find the farmer" not in walk.words
        walk.click(f"40 kg wet beans {lot}")
        walk.fill(weighings="30", price="11", lot="X-1")
        walk.send("Buy and make the receipt")

        assert (walk.status, walk.path) == (200, "/stock/X-1")
        assert "10 kg wet beans" in Walk(other, "/buy?lang=en").words
