"""Somebody before a real browser, for tests: presses, types and chooses, by hand or by keys alone; each page they see is looked at."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import visibility_of_element_located
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.api.chromium import axe, fits, violations

SECONDS = 20
MOST_TABS, NOON = 60, 12
_NAME = "const name = it => it.tagName + ' ' + (it.name || it.getAttribute('href') || it.textContent.trim());"
_FOCUS = f"""{_NAME}
const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect();
return {{on: it !== document.body, ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.width > 0 && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight, as: name(it)}}"""
_REACHABLE = f"""{_NAME}
const all = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]');
return [...new Set([...all].filter(it => it.checkVisibility()).map(name))]"""


@contextmanager
def authenticator(browser: webdriver.Chrome) -> Iterator[None]:
    """One that knows its owner and keeps passkeys, as phones do."""
    options = VirtualAuthenticatorOptions(protocol="ctap2", transport="internal", has_resident_key=True, has_user_verification=True)
    options.is_user_verified = True
    browser.add_virtual_authenticator(options)
    yield
    browser.remove_virtual_authenticator()


class Visit:
    """One visit on a phone in Peru: `actions` counts what was pressed and chosen, `typed` fields that were filled in by hand."""

    def __init__(self, browser: webdriver.Chrome, at: str) -> None:
        self.browser, self.at, self.actions, self.typed = browser, at, 0, 0
        self._known: set[str] = set()
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        )
        agent = browser.execute_script("return navigator.userAgent")
        browser.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": "es-PE"})
        for log in ("browser", "performance"):
            browser.get_log(log)

    @property
    def path(self) -> str:
        """The address of the page that is open, without its host."""
        return urlsplit(self.browser.current_url).path

    @property
    def words(self) -> str:
        """What the page says."""
        return " ".join(self.browser.find_element(By.TAG_NAME, "main").text.split())

    def open(self, url: str) -> None:
        """Open an address."""
        self.browser.get(url if "//" in url else self.at + url)
        self.look()

    def press(self, selector: str) -> None:
        """Press a link or button, and see the page to which it leads."""
        button = self._found(selector)
        self.leave()
        button.click()
        self.arrive()

    def type(self, **fields: str) -> None:
        """Type into fields."""
        for name, value in fields.items():
            self._found(f"[name='{name}']").clear()
            self._found(f"[name='{name}']").send_keys(value)
            self.typed += 1

    def pick(self, **fields: str) -> None:
        """Choose from a list, or tick."""
        for name, value in fields.items():
            field = self._found(f"[name='{name}']")
            Select(field).select_by_value(value) if field.tag_name == "select" else field.click()
            self.actions += 1

    def when(self, **fields: str) -> None:
        """Set a day or a moment, as picking it from a calendar does."""
        for name, value in fields.items():
            self.browser.execute_script("arguments[0].value = arguments[1]", self._found(f"[name='{name}']"), value)
            self.actions += 1

    def look(self) -> None:
        """The page asks no other host, says nothing in the console, fits, and axe finds nothing on it."""
        asked = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        urls = [event["params"]["request"]["url"] for event in asked if event["method"] == "Network.requestWillBeSent"]
        hosts = {"/".join(url.split("/")[:3]) for url in urls if not url.startswith("data:")}
        assert (hosts - {self.at}, self.browser.get_log("browser"), fits(self.browser)) == (set(), [], True), self.path
        kind = re.sub(r"[A-Z]+-?[0-9-]+", "*", self.path)
        if kind not in self._known:
            self._known.add(kind)
            found = violations(self.browser, axe())
            assert not found, (self.path, found)

    def leave(self) -> None:
        """Something is done that leads to another page."""
        self.actions += 1
        self.browser.execute_script("window.left = true")

    def arrive(self, part: str = "") -> None:
        """The next page is there (with that in its address), and looked at."""
        arrived = f"return !window.left && document.readyState == 'complete' && location.pathname.includes('{part}')"
        self._waiting().until(lambda browser: browser.execute_script(arrived))
        self.look()

    def _found(self, selector: str) -> WebElement:
        return self._waiting().until(visibility_of_element_located((By.CSS_SELECTOR, selector)))

    def _waiting(self) -> WebDriverWait[webdriver.Chrome]:
        """Patience; a driver asked while one page gives way to another complains of that."""
        return WebDriverWait(self.browser, SECONDS, 0.05, ignored_exceptions=[WebDriverException])


class ByKeys(Visit):
    """The same without a pointer: Tab leads to everything, and where the focus is can always be seen."""

    def keys(self, *keys: str) -> None:
        """Strike keys, wherever the focus is."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def reachable(self) -> list[str]:
        """What on the page is there to be used, in its order."""
        return list(self.browser.execute_script(_REACHABLE))

    def is_at(self, selector: str) -> bool:
        """Whether the focus is there."""
        return bool(self.browser.execute_script("return document.activeElement.matches(arguments[0])", selector))

    def tab(self, *, back: bool = False) -> str:
        """One step on (or back); what has the focus now, which can be seen. Empty where the page was left."""
        self.keys(Keys.SHIFT + Keys.TAB + Keys.SHIFT if back else Keys.TAB)
        focus = self.browser.execute_script(_FOCUS)
        assert not focus["on"] or (focus["ring"] and focus["seen"]), focus
        return str(focus["as"]) if focus["on"] else ""

    def to(self, selector: str, *, back: bool = False) -> None:
        """Tab to what a selector finds."""
        for _ in range(MOST_TABS):
            if self.is_at(selector):
                return
            self.tab(back=back)
        raise AssertionError(f"{MOST_TABS} tabs do not lead to {selector}")

    def press(self, selector: str, key: str = Keys.ENTER) -> None:
        """Tab to a link or button, strike Enter on it, and see where it leads."""
        self.to(selector)
        self.strike(key)

    def strike(self, key: str = Keys.ENTER) -> None:
        """Strike a key that leads to another page."""
        self.leave()
        self.keys(key)
        self.arrive()

    def type(self, **fields: str) -> None:
        """Tab to fields and type."""
        for name, value in fields.items():
            self.to(f"[name='{name}']")
            self.keys(value)
            self.typed += 1

    def moment(self, name: str, moment: str) -> None:
        """Tab to a field and type a moment: day, month and hour as the browser's own language writes them."""
        american = self.browser.execute_script("return new Date(2000, 0, 31).toLocaleDateString()").startswith("1/")
        (year, month, day), (hour, minute) = moment[:10].split("-"), moment[11:].split(":")
        half = "PM" if int(hour) >= NOON else "AM"
        self.to(f"[name='{name}']")
        self.keys(*((month, day) if american else (day, month)), year, Keys.TAB)
        self.keys(*((f"{(int(hour) + 11) % 12 + 1:02d}", minute, half) if american else (hour, minute)))
        self.typed += 1
