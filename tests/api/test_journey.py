"""The office from end to end in a real browser: from a one-time link to a container's public page, on a phone, and by keys alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import HttpUrl
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from api import people
from api.app import create
from api.house import House
from api.people import operator
from domain.user import GrantRole
from tests.api.chromium import free_port, served
from tests.api.people import admitted, organisation, signed_in
from tests.api.village import SQUARE, farmer, given
from tests.api.visiting import MOST_TABS, ByKeys, Visit, authenticator

CONTAINER = "CSQU3054383"
CORNERS = "-6.500, -76.500\n-6.500, -76.499\n-6.499, -76.499\n-6.499, -76.500"
ACT = "form button.act"


def village(house: House) -> None:
    """A farmer with a plot, and a price of the day: what a buyer meets on a first day."""
    with signed_in(house, "main/AGG-01", "administrator") as office:
        day = {"do": "set-price", "holder_id": "AGG-01", "form": "wet", "price_pen_kg": "9.50", "premiums": []}
        given(office, day | {"price_id": "PR-9", "valid_from": "2026-06-02T10:00:00-05:00"})
    with signed_in(house, "main/AGG-01", "buyer") as office:
        farmer(office, "F-900", "Nélida Cachique Ruiz", "PL-900")


@pytest.fixture(scope="module")
def at(fresh_house: House) -> Iterator[str]:
    """The address of a house in which a cooperative buys, and a buyer abroad is known."""
    port = free_port()
    organisation(fresh_house, "AGG-01")
    organisation(fresh_house, "BU-01", "buyer")
    village(fresh_house)
    fresh_house.settings.url = HttpUrl(f"http://localhost:{port}")
    with served(create(fresh_house), port):
        yield f"http://localhost:{port}"


@pytest.fixture
def passkeys(browser: webdriver.Chrome) -> Iterator[None]:
    browser.delete_all_cookies()
    with authenticator(browser):
        yield


def worker(house: House) -> str:
    """Somebody who buys, ferments, registers and sets prices."""
    user = admitted(house, "main/AGG-01", "administrator")
    for role in ("buyer", "plant", "extensionist"):
        command = GrantRole(id=uuid4(), user_id=user, org_id="AGG-01", role=role, granted_at=house.now())
        people.done(house, operator(house), command)
    return user


def in_with(visit: Visit, house: House, user: str) -> None:
    """From the one-time link to a passkey, out, and in again with it."""
    visit.open(people.invite(house, operator(house), user))
    visit.press(ACT)
    visit.press("button[data-passkey=make]")
    visit.press("form[action$='/signout'] button")
    visit.press("button[data-passkey=sign]")
    visit.arrive("/office")


def enrol(visit: Visit, name: str, *, corners: str = "", file: Path | None = None) -> None:
    """Enrol a farmer and register a plot for them."""
    visit.press("nav a[href='/farmers']")
    visit.press("a[href='/farmers/new']")
    visit.type(name=name, district="220101")
    visit.press(ACT)
    visit.press("a[href$='/plots/new']")
    visit.type(area_ha="1.223")
    if file:
        visit.browser.find_element(By.ID, "map").send_keys(str(file))
    else:
        visit.type(corners=corners)
    visit.when(planted_at="2020-03-01")
    visit.press(ACT)
    assert visit.path.startswith("/land/PL-")


def bought(visit: Visit, name: str, weighings: str) -> str:
    """Buy from a farmer; the number of the lot."""
    visit.press("nav a[href='/office']")
    visit.press("main a[href='/buy']")
    visit.type(q=name)
    visit.press(ACT)
    visit.type(weighings=weighings, tare="0.5")
    visit.press("button[value=buy]")
    assert visit.path.startswith("/receipts/C-")
    return visit.path.removeprefix("/receipts/")


def made(visit: Visit, step: str, kg: str, **of: str) -> str:
    """A step of the plant, with all or some kilograms of lots; the number of the new lot."""
    visit.press("nav a[href='/stock']")
    visit.press(f".does a[href='/step/{step}']")
    for lot, drawn in of.items():
        visit.pick(**{f"take-{lot}": "1"})
        if drawn:
            visit.type(**{f"kg-{lot}": drawn})
    visit.type(kg=kg)
    if step != "blend":
        visit.when(started_at=str(visit.browser.find_element(By.ID, "ended_at").get_attribute("value")))
    visit.press(ACT)
    assert "Anotado." in visit.words
    return visit.path.removeprefix("/stock/")


def shipped(visit: Visit, lot: str) -> None:
    """Open a container, load a lot, seal, depart, sell."""
    visit.press("nav a[href='/containers']")
    visit.type(container_no=CONTAINER)
    visit.press(ACT)
    visit.press(f".does a[href='/containers/{CONTAINER}/load']")
    visit.pick(**{f"take-{lot}": "1"})
    visit.type(**{f"bags-{lot}": "2"})
    visit.press(ACT)
    further = {"seal": {"seal_no": "PE0041207"}, "depart": {"destination": "NLRTM"}, "sell": {"buyer_id": "BU-01", "contract_no": "C-7"}}
    for act, fields in further.items():
        visit.press(f".does a[href='/containers/{CONTAINER}/{act}']")
        visit.type(**fields, **({"price_usd_t": "8420.50"} if act == "sell" else {}))
        visit.press(ACT)


@pytest.mark.usefixtures("passkeys")
def test_beans_go_from_three_farms_to_a_public_page(browser: webdriver.Chrome, fresh_house: House, at: str, tmp_path: Path) -> None:
    user = admitted(fresh_house, "main/AGG-01", "administrator")
    visit, file = Visit(browser, at), tmp_path / "plot.geojson"
    file.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}))

    in_with(visit, fresh_house, user)
    visit.press("nav a[href='/people']")
    for role in ("buyer", "plant", "exporter", "extensionist"):
        browser.find_element(By.CSS_SELECTOR, f"section[aria-label$='{user}'] summary").click()
        Select(browser.find_element(By.ID, f"role-{user}")).select_by_value(role)
        visit.press(f"form[action$='/{user}/grant'] button")
    visit.press("nav a[href='/prices']")
    visit.type(price_pen_kg="9,50", premium_1="Aroma", pct_1="10")
    visit.press(ACT)
    enrol(visit, "Abel Tuanama", corners=CORNERS)
    enrol(visit, "Berta Sangama", file=file)
    enrol(visit, "Carlos Pinchi", corners="-6.600, -76.600")
    lots = [bought(visit, "Abel", "60.5 40.5"), bought(visit, "Berta", "80.5"), bought(visit, "Carlos", "20.5")]
    # 60 + 40 + 80 + 20 = 200 kg without the tare; of the last purchase 20 * 9.50 = 190
    assert "190.00" in visit.words
    fermented = made(visit, "ferment", "180", **dict.fromkeys(lots, ""))
    dry = [made(visit, "dry", "40", **{fermented: "100"}), made(visit, "dry", "32", **{fermented: ""})]
    blend = made(visit, "blend", "72", **dict.fromkeys(dry, ""))
    shipped(visit, blend)
    assert "BU-01" in visit.words

    browser.delete_all_cookies()
    visit.open(f"/c/{CONTAINER}")
    assert browser.get_cookies() == []
    assert "todos sus 72 kg" in visit.words.lower()
    assert "menos de 5 familias" in visit.words
    assert not [name for name in ("Abel", "Sangama", "Pinchi", "F-", "PL-", "9.50", "8420") if name in visit.words]
    visit.open("/office")
    assert visit.path == "/signin"


def test_a_first_purchase_takes_at_most_eight_actions_and_three_typed_fields(
    browser: webdriver.Chrome, fresh_house: House, at: str
) -> None:
    visit = Visit(browser, at)
    visit.open(people.invite(fresh_house, operator(fresh_house), admitted(fresh_house, "main/AGG-01", "buyer")))
    visit.press(ACT)
    visit.open("/office")
    visit.actions = visit.typed = 0

    bought(visit, "nelida cach", "24.5 31 28.2")

    # 83.7 kg less 3 * 0.5 of tare, at 9.50
    assert "780.90" in visit.words
    assert visit.actions <= 8
    assert visit.typed <= 3


@pytest.mark.usefixtures("passkeys")
def test_the_same_goes_without_a_pointer(browser: webdriver.Chrome, fresh_house: House, at: str) -> None:
    visit = ByKeys(browser, at)

    in_with(visit, fresh_house, worker(fresh_house))
    visit.to("a.skip", back=True)
    visit.keys(Keys.ENTER)
    visit.tab()
    assert visit.is_at("main *")
    visit.press("main a[href='/buy']")
    visit.type(q="nelida")
    visit.strike()
    visit.type(weighings="24.5 31 28.2")
    visit.to("[name=paid]")
    visit.keys(Keys.ARROW_DOWN)
    visit.to("summary")
    visit.keys(Keys.SPACE)
    visit.to("#lot")
    visit.to("#tare", back=True)
    visit.keys(Keys.BACKSPACE, "0,5")
    visit.press("button[value=buy]", Keys.SPACE)
    assert visit.path.startswith("/receipts/C-")
    # 83.7 kg less 3 * 0.5 of tare, at 9.50: none of it is paid
    assert visit.words.count("780.90") == 2
    lot = visit.path.removeprefix("/receipts/")
    visit.to("nav a[href='/stock']", back=True)
    visit.strike()
    visit.press(".does a[href='/step/ferment']")
    visit.to(f"[name='take-{lot}']")
    visit.keys(Keys.SPACE)
    visit.type(kg="70")
    visit.moment("started_at", str(browser.find_element(By.ID, "ended_at").get_attribute("value")))
    visit.press(ACT)
    assert visit.path.startswith("/stock/F-")
    assert "70 kg" in visit.words


def test_the_keys_go_through_every_form_and_out_of_it_again(browser: webdriver.Chrome, fresh_house: House, at: str) -> None:
    visit = ByKeys(browser, at)
    visit.open(people.invite(fresh_house, operator(fresh_house), worker(fresh_house)))
    visit.press(ACT)

    for page in ("/buy/F-900", "/step/ferment", "/farmers/F-900/plots/new", "/prices"):
        visit.open(page)
        met = [visit.tab()]
        while focus := visit.tab():
            met.append(focus)
            assert len(met) < MOST_TABS, met
        assert list(dict.fromkeys(met)) == visit.reachable(), page
