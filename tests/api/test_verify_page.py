"""The page that checks proofs: it judges in a real browser as at the terminal, asks nobody, and goes on working as a saved file."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait
from starlette.testclient import TestClient

from api.app import create
from api.house import House
from api.look import catalog
from api.verifypage import sentences
from tests.api.chromium import axe, fits, free_port, see, served, violations
from tests.api.test_verify import ANA, BEN, CARO, ENTRY, KEYS, checkpoint, grown, included, proof
from tests.ledger.golden_log import line

Put = Callable[[str, bytes], str]
POLICY = f"{KEYS}group g 2 ana ben caro\nquorum g\n"


@pytest.fixture(scope="module")
def client(fresh_house: House) -> Iterator[TestClient]:
    with TestClient(create(fresh_house)) as client:
        yield client


@pytest.fixture(scope="module")
def address(fresh_house: House) -> Iterator[str]:
    with served(create(fresh_house), free_port()) as at:
        yield f"{at}/verify?lang=en"


@pytest.fixture(scope="module")
def copy(client: TestClient, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The saved page; its address on this computer."""
    file = tmp_path_factory.mktemp("saved") / "cacao-verify.html"
    file.write_bytes(client.get("/verify.html?download&lang=en").content)
    return file.as_uri()


@pytest.fixture
def file(tmp_path: Path) -> Put:
    """Put a file on the disk; its path."""

    def put(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return put


def check(browser: webdriver.Chrome, proofs: Sequence[str], entries: Sequence[str] = (), policy: str | None = POLICY) -> list[list[str]]:
    """Give the open page files and a policy, press Enter on its button; the lines that it says of each."""
    browser.find_element("css selector", "#verify [type=reset]").send_keys(Keys.ENTER)
    browser.find_element("id", "proofs").send_keys("\n".join(proofs))
    if entries:
        browser.find_element("id", "entries").send_keys("\n".join(entries))
    if policy is not None:
        browser.execute_script("document.getElementById('policy').value = arguments[0]", policy)
    browser.find_element("css selector", "#verify [type=submit]").send_keys(Keys.ENTER)
    WebDriverWait(browser, 20).until(lambda each: each.switch_to.active_element.tag_name == "h2")
    articles = browser.find_elements("css selector", "#result article")
    return [[part.text for part in each.find_elements("css selector", "h3, .verdict")] for each in articles]


@pytest.mark.parametrize(("language", "words"), [("es", "Compruebe una prueba"), ("en", "Check a proof")])
def test_without_script_the_page_says_how_to_check_at_the_terminal(client: TestClient, language: str, words: str) -> None:
    text = unescape(client.get("/verify", headers={"Accept-Language": language}).text)
    form = text.partition('<form id="verify" hidden>')[2].partition("</form>")[0]

    assert f"<h1>{words}</h1>" in text
    assert "cacao verify 41.tlog-proof --entry 41.json --policy policy" in text
    assert "python verify.py --policy policy" in text
    assert text.index('id="unable">') < text.index('<form id="verify" hidden>')
    assert set(re.findall(r'<label for="(\w+)"', form)) == set(re.findall(r'<(?:input|textarea)[^>]* id="(\w+)"', form))


def test_the_page_begins_with_the_houses_own_keys_and_says_that_they_are(client: TestClient) -> None:
    policy = client.get("/policy").text
    text = unescape(client.get("/verify?lang=en").text)

    assert f'aria-describedby="of-policy">\n{policy}</textarea>' in text
    assert "These keys come from this site itself." in text


def test_the_page_may_run_our_own_scripts_and_reach_nobody(client: TestClient) -> None:
    rules = dict(each.split(" ", 1) for each in client.get("/verify").headers["Content-Security-Policy"].split("; "))

    assert rules == {
        "default-src": "'none'", "style-src": "'self'", "img-src": "'self' data:", "script-src": "'self'", "form-action": "'none'",
        "base-uri": "'none'", "frame-ancestors": "'none'",
    }  # fmt: skip


def test_the_saved_page_is_one_file_whose_parts_it_names_by_their_sums(client: TestClient) -> None:
    answer = client.get("/verify.html?download")
    text = answer.text
    rules = dict(each.split(" ", 1) for each in unescape(re.findall(r'-Policy" content="([^"]+)"', text)[0]).split("; "))
    scripts, styles = re.findall(r"<script>(.*?)</script>", text, re.DOTALL), re.findall(r"<style>(.*?)</style>", text, re.DOTALL)

    def sums(parts: list[str]) -> str:
        return " ".join(f"'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'" for each in parts)

    assert answer.headers["Content-Disposition"] == 'attachment; filename="cacao-verify.html"'
    assert (len(scripts), len(styles)) == (3, 1)
    assert rules == {
        "default-src": "'none'", "script-src": sums(scripts), "style-src": sums(styles), "img-src": "data:", "form-action": "'none'",
        "base-uri": "'none'",
    }  # fmt: skip
    assert not re.findall(r"<(?:link|img|a|iframe)\b|\ssrc=|\shref=", text)


def test_all_that_the_scripts_say_is_said_in_spanish_too() -> None:
    assert len(sentences()) > 30
    assert set(sentences()) - catalog("es").keys() == set()


@pytest.mark.parametrize("where", ["house", "copy"])
def test_a_proof_is_shown_clause_by_clause(browser: webdriver.Chrome, address: str, copy: str, file: Put, where: str) -> None:
    see(browser, copy if where == "copy" else address, (360, 800))
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd(
        "Network.emulateNetworkConditions", {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    )
    browser.get_log("performance")

    said = check(browser, [file("41.tlog-proof", proof(ANA, BEN))], [file("41.json", ENTRY)])
    wrong = check(browser, [file("41.tlog-proof", proof(CARO))], [file("41.json", line(7))])
    events = [json.loads(each["message"])["message"]["method"] for each in browser.get_log("performance")]
    browser.execute_cdp_cmd(
        "Network.emulateNetworkConditions", {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    )

    seen = "ana (2023-11-14T22:13:20Z), ben (2023-11-14T22:13:20Z)"
    key = re.findall(r"^log ([^+]+\+[0-9a-f]{8})", KEYS)[0]
    assert said == [[
        "41.tlog-proof", "True", "Shown: the entry stands at position 41 of 300 in the log cacao.example/log",
        f"Shown: its log signed it, with the key {key}", f"Shown: seen by 2 of 3 witnesses: {seen}",
        "Not shown: whether what somebody wrote is true: no proof shows that",
    ]]  # fmt: skip
    assert wrong[0][1] == "False"
    assert wrong[0][2].startswith("False: the proof does not lead where it should (the proof leads to the root ")
    assert wrong[0][3:] == [
        f"Shown: its log signed it, with the key {key}", "False: seen by 1 of 3 witnesses (caro), and the policy asks for 2",
    ]  # fmt: skip
    assert [each for each in events if each == "Network.requestWillBeSent"] == []
    assert browser.get_log("browser") == []
    assert not browser.find_element("id", "unable").is_displayed()


def test_with_the_houses_own_keys_nothing_is_simply_true(browser: webdriver.Chrome, address: str, file: Put) -> None:
    see(browser, address, (1280, 900))
    note = checkpoint(ANA, BEN)

    kept = check(browser, [file("checkpoint", note)], policy=POLICY)
    browser.execute_script("document.getElementById('policy').textContent = arguments[0]", POLICY)
    ours = check(browser, [file("checkpoint", note)], policy=None)
    none = check(browser, [file("checkpoint", note)], policy="")

    assert (kept[0][1], ours[0][1], none[0][1]) == ("True", "True, as far as it was checked", "No verdict")
    assert "Not shown: whether these are the right keys: they came with this page, so have them from somebody else" in ours[0]
    assert "Not shown: nobody's signature was checked: give the keys that count" in none[0]
    assert len(kept[0]) + 1 == len(ours[0])


def test_several_are_checked_at_once_each_with_the_entry_of_its_name(browser: webdriver.Chrome, copy: str, file: Put) -> None:
    see(browser, copy, (1280, 900))
    proofs = [file("a.tlog-proof", proof(ANA, BEN)), file("b.tlog-proof", proof(ANA, BEN)), file("c.tlog-proof", proof(ANA, BEN))]
    more = [file("inclusion.json", included()), file("consistency.json", grown()), file("x", b"x" * 2_000_001)]
    entries = [file("a.json", ENTRY), file("b.json", ENTRY + b"\n"), file("d.json", ENTRY)]

    said = check(browser, [*proofs, *more], entries)

    assert [each[:3] for each in said] == [
        ["a.tlog-proof", "True", "Shown: the entry stands at position 41 of 300 in the log cacao.example/log"],
        ["b.tlog-proof", "False", "False: an entry has no newline at its end: without the one in the file it would be true"],
        ["c.tlog-proof", "No verdict", "Not shown: a proof is of an entry: give its exact bytes"],
        ["inclusion.json", "True, as far as it was checked", "Shown: an entry with this hash stands at position 41 of 300"],
        ["consistency.json", "True, as far as it was checked", "Shown: the log of 300 entries begins with that of 130, unchanged"],
        ["x", "No verdict", "Not shown: x cannot be read (2000001 bytes)"],
        ["d.json", "No verdict", "Not shown: there is no proof of this entry: give one of the same name"],
    ]
    found = json.loads(browser.find_element("css selector", "#result pre").get_attribute("textContent"))
    assert (found["position"], found["witnesses"]) == ("41", {"ana": "1700000000", "ben": "1700000000"})


def test_an_entry_and_a_policy_can_be_pasted_and_a_policy_that_cannot_be_read_gives_no_verdict(
    browser: webdriver.Chrome, copy: str, file: Put
) -> None:
    see(browser, copy, (1280, 900))
    whole = file("41.tlog-proof", proof(ANA, BEN))
    browser.execute_script("document.getElementById('entry').defaultValue = arguments[0]", ENTRY.decode())

    assert check(browser, [whole])[0][1] == "True"
    assert check(browser, [whole], policy="quorum most\n") == [[
        "41.tlog-proof", "No verdict",
        "Not shown: the keys that count cannot be read (line 1 of the policy: most is no witness and no group of the lines above)",
    ]]  # fmt: skip
    browser.find_element("id", "policies").send_keys(file("policy", POLICY.encode()))
    browser.execute_script("document.getElementById('policy').value = 'nonsense'")
    browser.find_element("css selector", "#verify [type=submit]").click()
    WebDriverWait(browser, 20).until(lambda each: each.switch_to.active_element.tag_name == "h2")
    assert browser.find_element("css selector", "#result .verdict").text == "True"


def test_what_a_file_says_is_text_and_nothing_else(browser: webdriver.Chrome, copy: str, file: Put) -> None:
    see(browser, copy, (360, 800))
    name = "<img src=x onerror=alert(1)>{size}\u202e"

    said = check(browser, [file("odd.txt", checkpoint(origin=name))], policy="")

    assert said[0][2] == "Not shown: the log <img src=x onerror=alert(1)>{size}\ufffd had 300 entries"
    assert fits(browser)


def test_where_the_browser_hashes_nothing_the_page_does_it_itself(browser: webdriver.Chrome, address: str, file: Put) -> None:
    """So it is on a page that comes without TLS from another machine."""
    without = {"source": "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })"}
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", without)
    see(browser, address, (360, 800))

    assert browser.execute_script("return crypto.subtle === undefined")
    assert check(browser, [file("41.tlog-proof", proof(ANA, BEN))], [file("41.json", ENTRY)])[0][1] == "True"
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


@pytest.mark.parametrize("where", ["house", "copy"])
@pytest.mark.parametrize("size", [(320, 700), (1280, 900)], ids=["phone", "desk"])
def test_the_page_is_for_everybody(
    browser: webdriver.Chrome, address: str, copy: str, file: Put, where: str, size: tuple[int, int]
) -> None:
    at = copy if where == "copy" else address
    hosts, script = see(browser, at, size), axe()
    check(browser, [file("41.tlog-proof", proof(ANA))], [file("41.json", ENTRY)])
    browser.find_element("css selector", "#result summary").click()
    low = "return [...document.querySelectorAll('main :is(input, textarea, button, .button, summary)')].filter(each =>"

    assert hosts == {"/".join(at.split("/")[:3])}
    assert browser.execute_script(f"{low} each.getBoundingClientRect().height < 48).map(each => each.outerHTML)") == []
    assert (violations(browser, script), fits(browser), browser.get_log("browser")) == ([], True, [])
    browser.execute_script("document.documentElement.style.fontSize = '200%'")
    assert fits(browser)
