"""A label in a real browser: checked there too, against the log; and, once visited, checked with no server at all."""

import re
import socket
from dataclasses import dataclass
from uuid import uuid4

import pytest
from pydantic import HttpUrl
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.support.wait import WebDriverWait
from starlette.testclient import TestClient

from api import people, scripted
from api.app import create
from api.house import House
from api.people import operator
from domain.labelkey import CloseLabelKey
from domain.vocabulary import COMMANDS
from labels.signed import Claims
from ledger.crypto import Signer
from tests.api.chromium import axe, fits, free_port, see, served, violations
from tests.api.signing import key_opened, printed, signed
from tests.api.test_crash import wait_until

NUMBER, DAY = "CSQU3054383", 20_787
STOLEN = Signer("label", bytes([7]) * 32)
PHONE = (320, 700)


@dataclass(frozen=True)
class Labels:
    """Addresses of labels, and of the house."""

    at: str
    port: int
    visited: str
    others: list[str]
    stolen: str


def text(browser: webdriver.Chrome, address: str) -> str:
    """What a label's page says that the browser found, when it is done."""
    see(browser, address, PHONE)
    done = "const it = document.getElementById('own-check'); return it && 'done' in it.dataset"
    WebDriverWait(browser, 20).until(lambda each: each.execute_script(done))
    return str(browser.execute_script("return document.getElementById('own-check').innerText"))


def without_tls(browser: webdriver.Chrome, address: str) -> str:
    """What the page says where a browser hashes, keeps and works for no page."""
    gone = "for (const [of, name] of [[Crypto.prototype, 'subtle'], [window, 'caches'], [Navigator.prototype, 'serviceWorker']])"
    source = f"{gone} Object.defineProperty(of, name, {{ value: undefined }})"
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    said = text(browser, address)
    assert browser.execute_script("return [crypto.subtle, window.caches, navigator.serviceWorker]") == [None, None, None]
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    return said


def forged(label: str) -> str:
    """A label with another last digit."""
    return f"{label[:-1]}{(int(label[-1]) + 1) % 10}"


@pytest.fixture(scope="module")
def labels(furnished: House) -> Labels:
    """A container's labels under a key that is good, and one of a key that became known to others."""
    port = free_port()
    furnished.settings.url = HttpUrl(f"http://localhost:{port}")
    again = {"do": "open-container", "id": str(uuid4()), "container_no": NUMBER, "holder_id": "EX-01", "at": furnished.now()}
    people.done(furnished, operator(furnished), COMMANDS.validate_python(again))
    key_opened(furnished, 101)
    key_opened(furnished, 102, STOLEN)
    visited, *others = printed(furnished, NUMBER, 2, 101)
    stolen = printed(furnished, NUMBER, 1, 102, STOLEN)[0]
    close = CloseLabelKey(id=uuid4(), kid=102, reason="compromised", closed_at=furnished.now())
    people.done(furnished, operator(furnished), close)
    return Labels(f"http://localhost:{port}", port, visited, others, stolen)


@pytest.fixture(scope="module")
def online(furnished: House, labels: Labels, browser: webdriver.Chrome) -> dict[str, str]:
    """What a label's page said while the server ran, in two languages; afterwards there is no server any more."""
    with served(create(furnished), labels.port):
        client = TestClient(create(furnished))
        wait_until(lambda: int((client.get("/checkpoint").text + "\n0\n").split("\n")[1]) > 0)
        said = {"es": text(browser, f"{labels.at}{labels.visited}&lang=es"), "en": text(browser, f"{labels.at}{labels.visited}&lang=en")}
        said["log"] = str([each["message"] for each in browser.get_log("browser")])
        said["forged"] = text(browser, labels.at + forged(labels.visited))
        said["plain"] = without_tls(browser, f"{labels.at}{labels.visited}&lang=en")
        said["stolen"] = text(browser, f"{labels.at}{labels.stolen}&lang=en")
        browser.execute_async_script("const done = arguments[0]; navigator.serviceWorker.ready.then(() => done())")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", labels.port))
    return said


def test_with_network_the_browser_checks_signature_and_log_and_says_what_it_did_not_check(online: dict[str, str]) -> None:
    lines = [re.sub(r"\d+", "#", each.strip()) for each in online["en"].split("\n") if each.strip()]

    assert lines[0] == "Checked in your browser just now"
    assert re.fullmatch(r"Shown: it was signed here with key # on \w+ #, #, for this label and no other", lines[1])
    assert re.fullmatch(r"Shown: its printing stands at position # of # in the log \S+", lines[2])
    assert lines[3].startswith("Shown: its log signed it, with the key ")
    assert lines[-1].startswith("Not shown: whether it hangs where it belongs")
    assert "Comprobado ahora mismo en su navegador" in online["es"]
    assert online["log"] == "[]"
    assert online["plain"] == online["en"]
    assert re.fullmatch(r"Checked in your browser just now\s+False: its signature does not fit this label: .*", online["forged"].strip())


def test_a_key_that_became_known_to_others_is_told_with_and_without_network(
    online: dict[str, str], browser: webdriver.Chrome, labels: Labels
) -> None:
    offline = text(browser, labels.at + labels.stolen)

    for said in (online["stolen"], offline):
        assert "Not shown: label key 102 is in the hands of others: its signature shows nothing" in said
        assert "it was signed here" not in said


def test_without_a_server_every_sort_of_label_is_checked_by_the_keys_that_were_kept(
    online: dict[str, str], browser: webdriver.Chrome, labels: Labels
) -> None:
    sorts = ["/L/BU-002/S/0K3V9ZQ1", "/L/MAIN/BU-002/S/0K3V9ZQ1", "/K/0K3V9ZQ1", "/01/09506000134352/10/BU-002/21/0K3V9ZQ1",
             "/00/195060001343527777"]  # fmt: skip
    further = signed(sorts, Claims(101, DAY, 40, bytes(16)))
    path, _, digits = labels.others[0].partition("?s=")

    for each in (labels.visited, *labels.others, *further, f"{path.lower()}?s={digits}"):
        said = text(browser, labels.at + each)
        assert re.match(r"What was found\s+Shown: it was signed here with key 101 on .*, for this label and no other", said), each
        assert "Not shown: whether it or its key was given up since, and whether its printing stands in the log" in said
    assert browser.find_element("css selector", "h1").text.startswith("Label ")
    assert online


def test_without_a_server_a_false_label_is_false_and_an_unknown_key_is_unknown(
    online: dict[str, str], browser: webdriver.Chrome, labels: Labels
) -> None:
    path, _, digits = labels.visited.partition("?s=")
    cases = {
        forged(labels.visited): "False: its signature does not fit this label",
        f"/K/0K3V9ZQ1?s={digits}": "False: its signature does not fit this label",
        f"{path}?s={digits[:-1]}": "False: its signature cannot be read",
        path: "Not shown: this label carries no signature",
        signed(["/K/0K3V9ZQ1"], Claims(900, DAY, 40, bytes(16)))[0]: "Not shown: it says that key 900 signed it",
    }

    for address, found in cases.items():
        assert found in text(browser, labels.at + address)
    assert online


@pytest.mark.parametrize("path", ["/office", f"/c/{NUMBER}", "/", "/k/0k3v9zq1.json", "/static/cacao.css?v=2"])
def test_nothing_but_a_label_is_answered_without_a_server(
    online: dict[str, str], browser: webdriver.Chrome, labels: Labels, path: str
) -> None:
    with pytest.raises(WebDriverException, match="ERR_CONNECTION_REFUSED"):
        browser.get(labels.at + path)
    assert online


def test_the_page_without_a_server_is_for_everybody_in_the_language_of_the_last_visit(
    online: dict[str, str], browser: webdriver.Chrome, labels: Labels
) -> None:
    text(browser, labels.at + labels.visited)

    assert browser.find_element("css selector", "html").get_attribute("lang") == "en"
    assert (fits(browser), violations(browser, axe())) == (True, [])
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert online


def test_what_the_scripts_say_is_in_the_page_that_is_kept_and_its_version_follows_the_files(furnished: House) -> None:
    client = TestClient(create(furnished))
    kept, worker = client.get("/offline?lang=es"), client.get("/sw.js")

    assert f'data-version="{scripted.of().version}"' in kept.text
    assert worker.text.startswith(f'const KEPT = "cacao-labels-{scripted.of().version}";\n')
    assert (worker.headers["cache-control"], worker.headers["content-type"]) == ("no-cache", "text/javascript; charset=utf-8")
    assert kept.headers["x-robots-tag"] == "noindex"
    assert "'unsafe" not in kept.headers["content-security-policy"]
    assert not re.findall(r"<(?:link|img|iframe)\b|\ssrc=", kept.text)


def test_a_label_may_ask_this_house_alone_and_is_in_no_list_and_a_container_has_no_script(furnished: House, labels: Labels) -> None:
    client = TestClient(create(furnished))
    label, container, robots = (client.get(path) for path in (labels.visited, f"/c/{NUMBER}", "/robots.txt"))
    rules = dict(each.split(" ", 1) for each in label.headers["content-security-policy"].split("; "))

    assert rules == {
        "default-src": "'none'", "script-src": "'self'", "connect-src": "'self'", "worker-src": "'self'", "style-src": "'self'",
        "img-src": "'self' data:", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
    }  # fmt: skip
    assert label.headers["x-robots-tag"] == "noindex"
    assert "x-robots-tag" not in container.headers
    assert ("<script" in container.text, "script-src" in container.headers["content-security-policy"]) == (False, False)
    assert robots.text.startswith("User-agent: *\nDisallow: /signin\n")
    assert '<meta name="description" content="' in container.text
