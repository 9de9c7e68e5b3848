"""What somebody writes into a name stays a name: on no page does it become an element, an attribute, an address or a formula."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from api.app import create
from api.examples import EXAMPLES
from api.house import House
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted
from tests.api.conftest import house_of_its_own
from tests.api.people import FROM_US, PLACE, signed_in
from tests.api.test_doors import NAMED, doors, size
from tests.api.walking import Seen
from tests.fuzz import ORG, jack_of_all_trades

HARMLESS: Final = "Rosa"
HOSTILE: Final = {
    "markup": """"><script>alert(1)</script><img src=x onerror=alert(1)></title></textarea></style></svg><!-- ' onfocus='alert(1)' a=`""",
    "a template": "javascript:alert(1)//{{7*7}}{% raw %}%(name)s%s%%{0}{name}${7*7}<%=7%>&lt;b&gt;&#60;b&#62;",
    "two hundred signs": ("\u202eabc\u2066def\u200f\ufeff\u2028g\u0085\u001bh\r\ni" + "W" * 200)[:200],
}
AT: Final = NAMED | {"name": "dry"}
FURTHER: Final = [
    *(f"/containers/CSQU3054383/{act}" for act in ("load", "seal", "depart", "sell", "empty")), "/buy/FA-0001?lot=HV-001", "/stock/BL-001",
    *(f"/nursery/{act}" for act in ("raise", "hand-out", "take-back", "cut", "graft", "count")), "/daybook?day=2026-05-02", "/stock/BU-001",
    *(f"/step/{step}" for step in ("ferment", "dry", "blend", "split", "inspect", "lose")), "/pay/FA-0001?ahead", "/farmers/FA-0002",
    "/c/CSQU3054383", "/c/CSQU3054383/label.svg", "/l/BU-002", "/receipts/BU-001?paper=80", "/land/P-00002", "/devices?new=1",
]  # fmt: skip
"""Addresses beside those of all routes."""


def free(schema: dict[str, Any]) -> int:
    """How many signs of any kind a field takes; 0 where it takes none."""
    several = [free(each) for each in schema.get("anyOf", [])]
    bound = {"pattern", "enum", "const", "format"} & schema.keys()
    return int(schema.get("maxLength", 0)) if schema.get("type") == "string" and not bound else max(several, default=0)


FIELDS: Final = {
    (of["properties"]["do"]["const"], name): free(schema)
    for of in COMMANDS.json_schema()["$defs"].values()
    if "do" in of.get("properties", {})
    for name, schema in of["properties"].items()
    if free(schema)
}
"""(command, field) that takes any text -> how long it may be, from the commands' own schema."""


def spoiled(text: str) -> list[dict[str, Any]]:
    """The examples with a text in every field that takes any."""
    bodies = [body for body in EXAMPLES if body["do"] not in ("revoke-role", "revoke-device") and "position" not in body]
    signs = {"credential": "".join(sign for sign in text if sign.isascii() and sign.isprintable())}
    told = [
        body | {name: signs.get(name, text)[:most] for (do, name), most in FIELDS.items() if do == body["do"] and name in body}
        for body in bodies
    ]
    return [body | ({"premiums": [{"name": text[:40], "pct": "10"}]} if "premiums" in body else {}) for body in told]


@dataclass
class Skeleton(HTMLParser):
    """What a page is made of, and what it says."""

    elements: list[tuple[str, ...]] = field(default_factory=list)
    targets: set[str] = field(default_factory=set)
    words: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.targets |= {value or "" for name, value in attrs if name in ("href", "src", "action", "formaction", "xlink:href", "data")}
        self.words += "".join(f" {value} " for _, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(("/", tag))

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        self.elements.append(("!--", data))

    def handle_decl(self, decl: str) -> None:
        self.elements.append(("!", decl))

    def unknown_decl(self, data: str) -> None:
        self.elements.append(("![", data))

    def handle_pi(self, data: str) -> None:
        self.elements.append(("?", data))


def skeleton(text: str) -> Skeleton:
    found = Skeleton()
    found.feed(text)
    found.close()
    return found


Browsers = dict[str, TestClient]


@contextmanager
def written(cluster: str, home: Path, text: str) -> Iterator[tuple[House, Browsers]]:
    """A house in which a text was written everywhere, and who looks at it."""
    with house_of_its_own(cluster, home) as house, ExitStack() as stack:
        house.settings.rate_token = house.settings.rate_address = 0
        answers = house.writer.submit(Act([COMMANDS.validate_python(body) for body in spoiled(text)], "u-first", ORG)).result()
        assert all(isinstance(answer, Accepted) for answer in answers)
        nobody = TestClient(create(house), base_url=PLACE, follow_redirects=False, headers=FROM_US)
        browsers = {org: stack.enter_context(signed_in(house, org, "", jack_of_all_trades(house, org))) for org in (ORG, "main/EX-01")}
        yield house, browsers | {"nobody": stack.enter_context(nobody), "house": stack.enter_context(signed_in(house, None, "auditor"))}


@pytest.fixture(scope="module")
def harmless(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Browsers]]:
    with written(cluster, tmp_path_factory.mktemp("home"), HARMLESS) as each:
        yield each


def pages(house: House) -> list[str]:
    """An address of every page, and more of some."""
    paths = [path for method, path in doors(house) if method == "GET" and not path.startswith(("/healthz", "/metrics", "/signin/oidc"))]
    return [re.sub(r"\{(\w+)(:path)?\}", lambda found: AT.get(found[1], "x"), path) for path in paths] + FURTHER


def shown(browser: TestClient, path: str) -> str:
    """What is shown at an address; for data, nothing but that no browser takes it for a page."""
    answer = browser.get(path, headers={"Accept-Language": "en"})
    kind = answer.headers.get("content-type", "")
    assert answer.headers["x-content-type-options"] == "nosniff", path
    return answer.text if kind.startswith(("text/html", "image/svg")) else ""


def read(text: str, where: str) -> Skeleton:
    """A page, of which every address is one of ours."""
    found = skeleton(text)
    strange = [each for each in found.targets if not re.match(r"$|[?#]|/(?![/\\])|https://cacao\.example|data:image/", each)]
    assert strange == [], where
    return found


def forms(browser: TestClient, house: House) -> Iterator[tuple[str, str, dict[str, str], list[str]]]:
    """Page, action, fields and which of them one types into, of every form in which somebody types."""
    for path in pages(house):
        for form in Seen(shown(browser, path)).forms:
            typed = [name for name in form["fields"] if name not in ("id", "do", "proposed", "source")]
            if form["method"] == "post" and typed:
                yield path, form["action"] or path, form["fields"], typed


def refused(browser: TestClient, action: str, fields: dict[str, str], typed: list[str], words: str) -> str:
    """The page that a form comes back as, with the same words in every field."""
    return browser.post(action, data=fields | dict.fromkeys(typed, words), headers={"Accept-Language": "en"}).text


def test_the_fields_that_take_any_text_are_all_written_to() -> None:
    written_to = {(body["do"], name) for body in spoiled("@") for name, value in body.items() if value == "@"}

    assert {("enrol-party", "name"), ("seal-container", "seal_no"), ("sell-container", "contract_no")} <= FIELDS.keys()
    assert FIELDS.keys() - written_to == {("amend-party", "name")}  # the example amends a phone


@pytest.mark.parametrize("sort", HOSTILE)
def test_a_text_stays_a_text_on_every_page(cluster: str, tmp_path: Path, harmless: tuple[House, Browsers], sort: str) -> None:
    text, seen = HOSTILE[sort], 0
    with written(cluster, tmp_path, text) as (house, browsers):
        for who, browser in browsers.items():
            for path in pages(house):
                before, after = (read(shown(each, path), path) for each in (harmless[1][who], browser))
                of = set if path.endswith(".svg") else Counter  # on a label a long text stands on several lines
                assert of(after.elements) == of(before.elements), (who, path)
                seen += text[:20] in after.words

    assert seen > 25


@pytest.mark.parametrize("sort", HOSTILE)
def test_a_text_stays_a_text_in_every_form_that_comes_back(harmless: tuple[House, Browsers], sort: str) -> None:
    text, (house, browsers), seen, known, found = HOSTILE[sort], harmless, 0, set(), set()
    before = size(house)
    for path, *form in forms(browsers[ORG], house):
        for words in ("rosa, s\u00ed", "9", ""):
            known |= set(read(shown(browsers[ORG], path) + refused(browsers[ORG], *form, words), path).elements)
        after = read(refused(browsers[ORG], *form, text), path)
        found |= set(after.elements)
        seen += text[:20] in after.words

    assert found <= known
    assert seen > 15
    assert size(house) == before
