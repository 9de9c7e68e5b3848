"""What a browser meets: small pages that are complete without script, call no other host, and fit a phone and a desk."""

import gzip
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.support.expected_conditions import url_to_be
from selenium.webdriver.support.wait import WebDriverWait
from starlette.testclient import TestClient

from api.app import create
from api.house import House
from api.look import HERE, refused_page
from api.problems import MEANINGS
from tests.api.chromium import fits, free_port, see, served

PATHS = ["/", "/c/KAWU2607135", "/c/KAWU2610289", "/l/X-0010", "/problems/gain"]
SIZES = [(360, 800), (1280, 900)]
CSS = HERE / "static" / "cacao.css"
INITIAL_WINDOW = 14 * 1024
"""Bytes that come with the first answer of a TCP connection."""


class Outline(HTMLParser):
    """What a page is made of: its elements with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_and_its_style_come_with_the_first_answer(reader: TestClient, path: str) -> None:
    page = len(gzip.compress(reader.get(path).content, 6))

    assert page + len(gzip.compress(CSS.read_bytes(), 6)) < INITIAL_WINDOW
    assert CSS.stat().st_size < 6_000


@pytest.mark.parametrize("path", [*PATHS, "/c/NOWHERE"])
def test_a_page_is_well_built_and_needs_no_script(reader: TestClient, path: str) -> None:
    outline = Outline(reader.get(path).text)
    tags = [tag for tag, _ in outline.elements]
    ids = [str(attributes["id"]) for _, attributes in outline.elements if "id" in attributes]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]

    assert not {"script", "iframe", "style"} & set(tags)
    assert not [name for _, attributes in outline.elements for name in attributes if name == "style" or name.startswith("on")]
    assert len(ids) == len(set(ids))
    assert {str(attributes["aria-labelledby"]) for _, attributes in outline.elements if "aria-labelledby" in attributes} <= set(ids)
    assert [tags.count(tag) for tag in ("main", "header", "footer", "h1")] == [1, 1, 1, 1]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert tags.count("table") == tags.count("caption")
    assert len({str(nav["aria-label"]) for nav in outline.all("nav")}) == tags.count("nav")


@pytest.mark.parametrize("path", PATHS)
def test_no_link_leads_to_another_host(reader: TestClient, path: str) -> None:
    links = [value for _, attributes in Outline(reader.get(path).text).elements for value in attributes.values() if value and "//" in value]

    assert set(links) <= {"http://www.w3.org/2000/svg"}


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_and_cells_can_be_told_from_their_ground(scheme: int) -> None:
    colours = dict(re.findall(r"--(\w+):(#\w{6})", CSS.read_text(encoding="utf-8").split("@media")[scheme]))

    for words, grounds in {"ink": ("paper", "ground"), "soft": ("paper", "ground"), "link": ("paper",), "good": ("goodp",)}.items():
        assert all(contrast(colours[words], colours[ground]) >= 4.5 for ground in grounds), words
    assert min(contrast(colours[each], colours[f"{each}p"]) for each in ("open", "warn")) >= 4.5
    assert contrast(colours["edge"], colours["ground"]) >= 3


@pytest.fixture(scope="module")
def address(sample_house: House) -> Iterator[str]:
    """The sample's pages at a free port of this computer."""
    with served(create(sample_house), free_port()) as at:
        yield at


@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
@pytest.mark.parametrize("path", [*PATHS, "/c/KAWU2607135?lang=en"])
def test_a_browser_shows_a_page_whole_without_complaint(browser: webdriver.Chrome, address: str, path: str, size: tuple[int, int]) -> None:
    hosts = see(browser, address + path, size)

    assert hosts == {address}
    assert browser.get_log("browser") == []
    assert fits(browser)


def test_targets_are_large_enough_for_a_thumb(browser: webdriver.Chrome, address: str) -> None:
    see(browser, f"{address}/c/KAWU2607135", SIZES[0])
    browser.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")

    small = browser.execute_script(
        "return [...document.querySelectorAll('a:not(.skip), summary, button')].filter(each => {"
        " const box = each.getBoundingClientRect(); return box.height < 24 }).map(each => each.textContent)"
    )
    assert small == []


def test_searching_by_hand_leads_to_the_container(browser: webdriver.Chrome, address: str) -> None:
    see(browser, f"{address}/?lang=es", SIZES[0])
    browser.find_element("id", "q").send_keys("kawu 260713 5\n")

    WebDriverWait(browser, 10).until(url_to_be(f"{address}/c/KAWU2607135?lang=es"))
    assert browser.find_element("tag name", "h1").text == "KAWU 260713 5"


def test_the_report_of_refused_rows_stands_alone(browser: webdriver.Chrome, tmp_path: Path) -> None:
    rows = (("steps.csv", n, ("x" * 400, "y"), "gain", "{found} out of {drawn}: wanted {allowed}",
             {"found": "2 kg", "drawn": "1 kg", "allowed": "no more"}) for n in range(1, 40))  # fmt: skip
    report = tmp_path / "refused.html"
    report.write_text("".join(refused_page(rows, {"gain": 39})), encoding="utf-8")

    assert see(browser, report.as_uri(), SIZES[0]) == {"file://"}
    assert browser.get_log("browser") == []
    assert fits(browser)
    assert MEANINGS["gain"] in browser.find_element("tag name", "main").text
