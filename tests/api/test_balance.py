"""Where every kilogram went, and what should be looked at: as pages, for machines and at the terminal, each for who may see it."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from jinja2.ext import babel_extract
from starlette.testclient import TestClient

from api.house import House
from api.look import catalog
from api.office import balance, findings, ways
from api.sample import write_season
from projections.balance import Row
from projections.findings import CHECKS
from tests.api.conftest import with_season
from tests.api.people import organisation, signed_in
from tests.api.village import given, size

COOP, OTHER = "main/AG-01", "main/ZZ-01"
CACAO = Path(sys.executable).parent / "cacao"
HARVEST = {"do": "record-harvest", "from_at": "2026-06-01T07:00:00-05:00", "to_at": "2026-06-01T15:00:00-05:00"}


@pytest.fixture(scope="module")
def cooperative(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The sample season, written by a cooperative; another one has nothing."""
    folder = tmp_path_factory.mktemp("sample")
    write_season(folder)
    with with_season(cluster, tmp_path_factory.mktemp("home"), folder, COOP) as house:
        organisation(house, "ZZ-01")
        yield house


@pytest.fixture(scope="module")
def people(cooperative: House) -> Iterator[dict[str, TestClient]]:
    with ExitStack() as stack:
        asked = {role: signed_in(cooperative, COOP, role) for role in ("auditor", "plant", "extensionist")}
        asked["stranger"] = signed_in(cooperative, OTHER, "auditor")
        yield {name: stack.enter_context(browser) for name, browser in asked.items()}


class Links(HTMLParser):
    """Where a page leads, and what it says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hrefs += [value for name, value in attrs if tag == "a" and name == "href" and value and value.startswith("/")]

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def page(browser: TestClient, path: str, language: str = "es") -> Links:
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, (path, answer.status_code)
    return Links(answer.text)


@pytest.mark.parametrize("by", ["season", "holder", "site", "lot", "container"])
def test_the_page_and_the_machines_door_tell_the_same_kilograms(people: dict[str, TestClient], by: str) -> None:
    data = people["auditor"].get(f"/balance?by={by}").json()
    said = " ".join(page(people["auditor"], f"/office/balance?by={by}", "en").said)

    assert len(data["rows"]) >= 3
    assert {each["kg"]["apart"] for each in data["rows"]} == {"0"}
    shown = {f"{float(kg):,.3f}".rstrip("0").rstrip(".") for each in data["rows"] for kg in (each["kg"]["on_hand"], each["kg"]["lost"])}
    assert [kg for kg in shown if kg not in said] == []
    assert (data["whole"] is None) == (by in ("lot", "container"))


def test_the_page_says_that_nothing_is_unaccounted_for(people: dict[str, TestClient]) -> None:
    whole = people["auditor"].get("/balance").json()["whole"]
    kg = {name: float(value) for name, value in whole.items()}

    assert kg["harvested"] == pytest.approx(kg["stepped"] + kg["loaded"] + kg["lost"] + kg["on_hand"])
    assert "No falta dar cuenta de nada." in " ".join(page(people["auditor"], "/office/balance").said)


@pytest.mark.parametrize("role", ["auditor", "plant"])
def test_every_link_of_the_balance_leads_somewhere(people: dict[str, TestClient], role: str) -> None:
    browser = people[role]
    pages = ["/office/balance?lang=es", *(f"/office/balance?by={by}" for by in ("holder", "lot", "container"))]
    hrefs = sorted({href for each in pages for href in page(browser, each).hrefs})
    kinds = {re.sub(r"[A-Z]+-?[0-9A-Z-]+|[0-9]{4}(-[0-9]{2})?", "*", href): href for href in hrefs}

    assert {"/stock/main/*", "/office/balance?by=lot&holder=main/*"} < kinds.keys()
    assert len(kinds) > 15
    assert {href: status for href in kinds.values() if (status := browser.get(href).status_code) != 200} == {}


def test_a_group_of_the_picture_leads_to_its_lots(people: dict[str, TestClient]) -> None:
    of = page(people["auditor"], "/office/balance")
    href = next(each for each in of.hrefs if "by=lot&form=" in each and "holder=" in each and "made=" in each)
    many = next(int(found[1]) for text in of.said if (found := re.search(r"\(([0-9]+) lotes\)", text)))
    listed = [each for each in page(people["auditor"], href).hrefs if each.startswith("/stock/main/")]

    assert many > 1
    assert len(listed) > 1


def test_lots_come_part_by_part(people: dict[str, TestClient]) -> None:
    browser = people["auditor"]
    all_ = [each["key"] for each in browser.get("/balance?by=lot&limit=1000").json()["rows"]]
    parts: list[str] = []
    after: str | None = ""
    while after is not None:
        part = browser.get("/balance", params={"by": "lot", "limit": "300", "after": after}).json()
        parts, after = parts + [each["key"] for each in part["rows"]], part["next"]
    first = page(browser, "/office/balance?by=lot")
    (more,) = [href for href in first.hrefs if "after=" in href]

    assert parts[: len(all_)] == all_ == sorted(all_)
    assert len(parts) == len(set(parts)) > 300
    assert next(href for href in page(browser, more).hrefs if href.startswith("/stock/main/")) == f"/stock/{parts[100]}"


def test_the_flow_is_told_to_machines(people: dict[str, TestClient]) -> None:
    data = people["auditor"].get("/flow").json()
    columns = [group["column"] for group in data["groups"]]
    harvested = people["auditor"].get("/balance").json()["whole"]["harvested"]

    for at in range(max(columns)):
        through = [float(each["kg"]) for each in data["links"] if columns[each["from"]] <= at < columns[each["to"]]]
        assert sum(through) == pytest.approx(float(harvested))


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/balance?by=sack", "auditor", 422), ("/balance?limit=0", "auditor", 422), ("/balance?after=%00", "auditor", 422),
        ("/balance", "extensionist", 403), ("/flow", "extensionist", 403), ("/findings", "plant", 403),
        ("/office/balance", "extensionist", 403), ("/office/findings", "plant", 403), ("/office/balance?by=sack", "auditor", 200),
        ("/office/balance?by=lot&holder=%00&form=x&made=20&after=;", "auditor", 200), ("/findings", "auditor", 200),
    ],
)  # fmt: skip
def test_who_may_ask_and_what_is_asked_is_looked_at(people: dict[str, TestClient], path: str, role: str, status: int) -> None:
    assert people[role].get(path).status_code == status


def test_another_organisation_sees_none_of_it(people: dict[str, TestClient]) -> None:
    stranger = people["stranger"]

    assert stranger.get("/balance?by=lot").json()["rows"] == []
    assert stranger.get("/flow").json() == {"groups": [], "links": []}
    assert stranger.get("/findings").json() == {"findings": []}
    assert "Todavía no se cosechó ni se compró nada." in " ".join(page(stranger, "/office/balance").said)
    assert '<svg class="flow"' not in stranger.get("/office/balance").text


def test_a_finding_is_told_in_words_with_its_entries(cooperative: House, people: dict[str, TestClient]) -> None:
    with cooperative.reading(COOP) as conn:
        plots = "SELECT plot, holder FROM views.plots WHERE area_m2 < 40000 AND plot IN (SELECT plot FROM views.lots) ORDER BY plot LIMIT 1"
        plot = str(conn.execute(plots).fetchall()[0][0]).rpartition("/")[2]
    before = people["auditor"].get("/findings").json()["findings"]
    with signed_in(cooperative, COOP, "buyer") as buyer:
        given(buyer, HARVEST | {"lot_id": "Z-1", "plot_id": plot, "kg": "90000"})
    new = {each["check"]: each for each in people["auditor"].get("/findings").json()["findings"] if each not in before}
    (position,) = new["picked"]["entries"]
    spoken = page(people["auditor"], "/office/findings")

    assert new.keys() == {"yield", "picked"}
    assert new["picked"]["about"] == [{"sort": "plot", "id": f"main/{plot}"}]
    assert new["yield"]["entries"][-1] == position == size(cooperative)
    assert any(re.fullmatch(rf"se cosecharon [0-9,]+ kg de baba por hectárea en la parcela {plot} .*", said) for said in spoken.said)
    assert {f"/audit/{position}", f"/land/{plot}"} <= set(spoken.hrefs)


def test_the_terminal_tells_the_same(cooperative: House) -> None:
    def cacao(*words: str) -> "subprocess.CompletedProcess[str]":
        settings = {"CACAO_HOME": str(cooperative.settings.folder), "DATABASE_URL": cooperative.url, "COLUMNS": "200", "PATH": ""}
        return subprocess.run([CACAO, *words], env=settings, capture_output=True, text=True, check=False, timeout=120)

    balanced, asked = cacao("balance", "--by", "lot", "--json"), cacao("findings", "--json")
    data: dict[str, Any] = json.loads(balanced.stdout)

    assert (balanced.returncode, asked.returncode, cacao("balance", "--by", "sack").returncode) == (0, 0, 2)
    assert len(data["rows"]) > 1_000
    assert data["next"] is None
    assert isinstance(json.loads(asked.stdout)["findings"], list)
    assert "= on hand" in cacao("balance").stdout
    assert "to be looked at" in cacao("findings").stdout


def test_all_of_it_is_said_in_spanish() -> None:
    said: set[str] = set()
    for name in ("balance", "findings"):
        with (Path(balance.__file__).parents[1] / "templates/office" / f"{name}.html").open("rb") as file:
            messages = extract(babel_extract, file, DEFAULT_KEYWORDS, (), {"newstyle_gettext": "true", "silent": "false"})
            said |= {message if isinstance(message, str) else message[0] for _, message, _, _ in messages}
    said |= {*balance.NAMES.values(), *balance._IN.values(), *balance._OUT.values(), *findings.TITLES.values()}
    said |= {*ways._HEADS.values(), *ways._ENDS.values(), ways._ABOUT, *(one for one, _ in ways._MANY.values())}

    assert len(said) > 60
    assert said - catalog("es").keys() == set()
    assert findings.TITLES.keys() == set(CHECKS)
    assert {*balance._IN, *balance._OUT} < set(Row._fields)


def test_every_finding_is_said_in_spanish() -> None:
    sources = sorted((Path(balance.__file__).parents[2] / "projections").glob("checks_*.py"))
    texts = {node.value for each in sources for node in ast.walk(ast.parse(each.read_text(encoding="utf-8")))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # fmt: skip
    sentences = {text for text in texts if re.search(r"\{[a-z]+\}", text) and re.search(r"[a-z] [a-z]", text) and "SELECT" not in text}

    assert len(sentences) == len(CHECKS) + 2
    assert sentences - catalog("es").keys() == set()
