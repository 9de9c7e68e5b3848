"""Somebody at a browser without script, for tests: follows links, fills fields in, sends forms, and counts what they do."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from starlette.testclient import TestClient

Attributes = dict[str, str | None]


class Seen(HTMLParser):
    """What somebody can do on a page: its links by their words, and its forms with what they would send untouched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.forms: list[dict[str, Any]] = []
        self.words = ""
        self._href: str | None = None
        self._select: Attributes | None = None
        self._area = ""
        self._button: Attributes | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words += " "
        of, form = dict(attrs), self.forms[-1] if self.forms else {"fields": {}, "buttons": []}
        match tag:
            case "a":
                self._href = of.get("href") or ""
                self.links.append(("", self._href))
            case "form":
                self.forms.append({"action": of.get("action"), "method": of.get("method"), "fields": {}, "buttons": []})
            case "input" if "name" in of and (of.get("type") not in ("radio", "checkbox", "file") or "checked" in of):
                form["fields"][of["name"]] = of.get("value") or ""
            case "select" if "name" in of:
                self._select = of
            case "option" if self._select and (self._select["name"] not in form["fields"] or "selected" in of):
                form["fields"][self._select["name"]] = of.get("value") or ""
            case "textarea" if "name" in of:
                self._area = of["name"] or ""
                form["fields"][self._area] = ""
            case "button":
                self._button = of
                form["buttons"].append(["", of.get("name"), of.get("value")])

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._area = ""
        if tag == "button":
            self._button = None

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._href is not None:
            self.links[-1] = (self.links[-1][0] + data, self._href)
        if self._area:
            self.forms[-1]["fields"][self._area] += data
        if self._button is not None and self.forms:
            self.forms[-1]["buttons"][-1][0] += data


class Walk:
    """One visit: `actions` counts clicks, choices and sent forms, `typed` counts fields that were filled in by hand."""

    def __init__(self, browser: TestClient, start: str) -> None:
        self.browser, self.actions, self.typed = browser, 0, 0
        self._open(browser.get(start), start)

    def click(self, words: str) -> None:
        """Follow the first link with such words."""
        href = next(href for said, href in self.seen.links if words in said)
        self.actions += 1
        target = urljoin(self.address, href)
        self._open(self.browser.get(target), target)

    def fill(self, **fields: str) -> None:
        """Type into fields."""
        for name, value in fields.items():
            self._form_with(name)["fields"][name] = value
            self.typed += 1

    def choose(self, **fields: str) -> None:
        """Select or tick."""
        for name, value in fields.items():
            self._form_with(name)["fields"][name] = value
            self.actions += 1

    def send(self, words: str) -> None:
        """Press the button with such words."""
        form, button = next((form, button) for form in self.seen.forms for button in form["buttons"] if words in button[0])
        pressed = {button[1]: button[2] or ""} if button[1] else {}
        self.actions += 1
        target = urljoin(self.address, form["action"] or self.address)
        sent: Any = self.browser.post(target, data=form["fields"] | pressed)
        self._open(sent, target)

    def _form_with(self, name: str) -> dict[str, Any]:
        return next(form for form in self.seen.forms if name in form["fields"])

    def _open(self, answer: Any, address: str) -> None:
        while answer.status_code == 303:
            address = urljoin(address, answer.headers["location"])
            answer = self.browser.get(address)
        self.status, self.address = answer.status_code, address
        self.path = urlsplit(address).path
        self.text: str = answer.text
        self.seen = Seen(answer.text)
        self.words = " ".join(self.seen.words.split())
