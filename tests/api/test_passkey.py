"""A person with a real browser and an authenticator: from the one-time link to a passkey, out, and in again with it."""

from collections.abc import Iterator

import pytest
from pydantic import HttpUrl
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.support.expected_conditions import presence_of_element_located, url_contains
from selenium.webdriver.support.wait import WebDriverWait

from api import people
from api.app import create
from api.house import House
from api.people import operator
from tests.api.chromium import fits, free_port, see, served
from tests.api.people import admitted, organisation

PHONE = (360, 800)


@pytest.fixture
def authenticator(browser: webdriver.Chrome) -> Iterator[None]:
    """One that knows its owner and keeps passkeys, as phones do."""
    options = VirtualAuthenticatorOptions(protocol="ctap2", transport="internal", has_resident_key=True, has_user_verification=True)
    options.is_user_verified = True
    browser.add_virtual_authenticator(options)
    yield
    browser.remove_virtual_authenticator()


@pytest.fixture
def at(house: House) -> Iterator[str]:
    port = free_port()
    house.settings.url = HttpUrl(f"http://localhost:{port}")
    with served(create(house), port):
        yield f"http://localhost:{port}"


def press(browser: webdriver.Chrome, selector: str) -> None:
    WebDriverWait(browser, 10).until(presence_of_element_located((By.CSS_SELECTOR, selector))).click()


@pytest.mark.usefixtures("authenticator")
def test_a_person_enrols_a_passkey_signs_out_and_signs_in_with_it(browser: webdriver.Chrome, house: House, at: str) -> None:
    user = admitted(house, organisation(house, "AGG-01"), "buyer")
    link = people.invite(house, operator(house), user)
    wait = WebDriverWait(browser, 10)

    assert see(browser, f"{link}?lang=es", PHONE) == {at}
    assert fits(browser)
    press(browser, "main form button")
    wait.until(url_contains("/devices"))
    press(browser, "button[data-passkey=make]")
    wait.until(lambda driver: "/devices" in driver.current_url and "new" not in driver.current_url)
    assert fits(browser)
    press(browser, "form[action$='/signout'] button")
    wait.until(url_contains("/signin"))
    press(browser, "button[data-passkey=sign]")
    wait.until(url_contains("/office"))
    browser.get(f"{at}/devices")

    assert sorted(device.sort for device in people.devices(house, user)) == ["link", "passkey"]
    assert user in browser.find_element(By.TAG_NAME, "body").text
    assert [line for line in browser.get_log("browser") if "/office" not in line["message"]] == []


@pytest.mark.usefixtures("authenticator")
def test_a_passkey_that_was_revoked_signs_nobody_in(browser: webdriver.Chrome, house: House, at: str) -> None:
    user = admitted(house, organisation(house, "AGG-01"), "buyer")
    wait = WebDriverWait(browser, 10)
    browser.get(people.invite(house, operator(house), user))
    press(browser, "main form button")
    wait.until(url_contains("/devices"))
    press(browser, "button[data-passkey=make]")
    wait.until(lambda driver: "new" not in driver.current_url)
    passkey = next(device for device in people.devices(house, user) if device.sort == "passkey")
    people.revoke(house, operator(house), passkey.id)

    browser.get(f"{at}/signin")
    press(browser, "button[data-passkey=sign]")

    told = wait.until(lambda driver: driver.find_element(By.ID, "told").text)
    assert "begin again" in told
    assert browser.current_url.endswith("/signin")
