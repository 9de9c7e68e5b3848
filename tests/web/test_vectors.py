"""The page's scripts on the vectors on which Python was tested, and on every spelling that Python refuses."""

from hashlib import sha256, sha512
from pathlib import Path

import pytest
from selenium import webdriver

from ledger.crypto import Signer
from tests.vectors import Tally
from tests.web.asking import ENGINES, SCRIPTS, Ask, engine, in_browser, in_node
from tests.web.sets import SETS, left_out, odd_signatures, other_spellings, signatures

AT_ONCE = 60
"""Cases of each set that a real browser is asked; all of them are asked in Node."""


@ENGINES
@pytest.mark.parametrize("what", SETS)
def test_the_browser_judges_as_other_peoples_vectors_do(tlog: Path, tally: Tally, ask: Ask, what: str) -> None:
    of, count = SETS[what]
    cases = list(of(tlog))
    answers = ask([case.asked for case in cases])

    assert len(cases) == len({case.name for case in cases}) == count
    agrees = {case.name: case.right(answer) for case, answer in zip(cases, answers, strict=True)}
    tally(f"{what} ({engine(ask)})", agrees, left_out(tlog, what, agrees))


@pytest.fixture(scope="module")
def page(browser: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> webdriver.Chrome:
    """A browser with an empty page open on which the scripts are loaded."""
    file = tmp_path_factory.mktemp("page") / "empty.html"
    file.write_text("<!doctype html>" + "".join(f'<script src="{each.as_uri()}"></script>' for each in SCRIPTS), encoding="utf-8")
    browser.get(file.as_uri())
    return browser


@pytest.mark.parametrize("what", SETS)
def test_a_real_browser_judges_alike(page: webdriver.Chrome, tlog: Path, tally: Tally, what: str) -> None:
    cases = list(SETS[what][0](tlog))
    asked = cases[:: -(-len(cases) // AT_ONCE)]
    agrees = {case.name: case.right(answer) for case, answer in zip(asked, in_browser(page, [case.asked for case in asked]), strict=True)}

    rest = [case.name for case in cases if case.name not in agrees]
    tally(f"{what} (Chromium, a sample)", agrees, {"Node is asked for them": rest})


def test_what_chromium_brings_along_accepts_nothing_that_ours_refuses(page: webdriver.Chrome, tlog: Path) -> None:
    cases = [*signatures(tlog), *odd_signatures(tlog)]
    theirs = in_browser(page, [["native", *case.asked[1:]] for case in cases])

    assert [case.name for case, answer in zip(cases, theirs, strict=True) if answer["is"] and not case.right(answer)] == []
    assert all(case.right(answer) for case, answer in zip(cases[:151], theirs, strict=False))


def test_every_other_spelling_is_refused() -> None:
    cases = list(other_spellings())
    answers = in_node([case.asked for case in cases])

    assert len(cases) > 150
    assert [(case.name, answer) for case, answer in zip(cases, answers, strict=True) if not case.right(answer)] == []


@pytest.mark.parametrize(("kind", "hashed"), [(256, sha256), (512, sha512)])
def test_plain_script_hashes_as_python_does(kind: int, hashed: type[sha256]) -> None:
    # around one and two blocks of either sum, and a long one
    data = [bytes(n % 251 for n in range(size)) for size in (0, 1, *range(54, 66), *range(110, 130), *range(238, 258), 65_535)]

    assert [each["is"] for each in in_node([["sha2", kind, each.hex()] for each in data])] == [hashed(each).hexdigest() for each in data]


@ENGINES
def test_no_bit_of_a_signature_or_its_key_may_be_another(ask: Ask) -> None:
    signer = Signer("a.example", bytes(range(32)))
    public, signed = signer.key.public, signer.sign(b"message")
    whole = public + signed
    changed = [(int.from_bytes(whole) ^ 1 << bit).to_bytes(96) for bit in range(0, 768, 5)]

    def asked(of: bytes) -> list[str]:
        return ["ed25519", of[:32].hex(), of[32:].hex(), b"message".hex()]

    assert [each["is"] for each in ask([asked(whole), *map(asked, changed)])] == [True, *[False] * 154]
