"""What pages are made of: kept a while, spoken in two languages, and without a trace of any person; and the report of refused rows."""

import ast
import asyncio
import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from jinja2.ext import babel_extract
from starlette.testclient import TestClient

from api.app import SAID, create
from api.cache import Cache, page
from api.house import opened
from api.imports import Import
from api.limits import TOO_MUCH
from api.look import catalog, refused_page, sentence
from api.machines import WHEN
from api.problems import MEANINGS
from api.season import Folder
from api.settings import Settings
from domain.values import CODES

HERE = Path(__file__).resolve().parents[2]


@dataclass
class Kitchen:
    """Something that makes pages, and a clock."""

    now: float = 0.0
    made: list[str] = field(default_factory=list)

    def make(self, name: str, status: int = 200) -> Callable[[], Any]:
        def cook() -> Any:
            self.made.append(name)
            return page(name.encode(), "text/plain", status)

        return cook


def test_a_page_is_made_once_while_it_keeps_and_the_least_used_goes_first() -> None:
    kitchen = Kitchen()
    cache = Cache(seconds=20, most=2, clock=lambda: kitchen.now)

    async def asks() -> None:
        await asyncio.gather(*(cache.get("a", kitchen.make("a")) for _ in range(9)))
        for name in ("b", "a", "c", "a", "b"):
            await cache.get(name, kitchen.make(name))
        kitchen.now = 21
        await cache.get("b", kitchen.make("b"))
        for _ in range(2):
            await cache.get("gone", kitchen.make("gone", 404))

    asyncio.run(asks())
    assert kitchen.made == ["a", "b", "c", "b", "b", "gone", "gone"]


def spoken() -> Iterator[str]:
    """Every message of templates and code that a reader may see."""
    for path in sorted((HERE / "api/templates").rglob("*.html")):
        with path.open("rb") as file:
            for _, message, _, _ in extract(babel_extract, file, DEFAULT_KEYWORDS, (), {"newstyle_gettext": "true", "silent": "false"}):
                yield message if isinstance(message, str) else message[0]
    for path in [*sorted((HERE / "domain").glob("*.py")), *sorted((HERE / "ledger").glob("*.py")), *sorted((HERE / "api").rglob("*.py"))]:
        for call in (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
            at = {"Refused": (1,), "Denied": (1,), "Unreadable": (0,), "said": (1,), "_wait": (1,), "message": (1, 2, 3, 4)}.get(name, ())
            words = [call.args[n] for n in at if n < len(call.args)]
            yield from (word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str))
    yield from MEANINGS.values()


def test_everything_that_is_said_is_said_in_spanish_too() -> None:
    messages = set(spoken())

    assert len(messages) > 150
    assert messages - catalog("es").keys() == set()


def refusal_codes() -> Iterator[str]:
    """Every code that the doors refuse with: where a refusal is made, its code stands as text, or is one of a table's."""
    for path in sorted((HERE / "api").rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            at = {"problem": 1, "refusal": 1, "documented": 1, "Denied": 0}.get(name)
            if at is not None and isinstance(word := call.args[at] if at < len(call.args) else None, ast.Constant):
                yield word.value
    yield from (*TOO_MUCH.values(), *(code for code, _ in (*SAID.values(), *WHEN.values())), *CODES)


def test_every_code_of_a_refusal_has_a_page_that_explains_it_in_both_languages(reader: TestClient) -> None:
    codes = set(refusal_codes())

    assert {"forbidden", "cross-site", "not-json", "unsupported-media-type", "full"} <= codes
    assert codes == MEANINGS.keys()
    for code in codes:
        spanish, english = (reader.get(f"/problems/{code}?lang={language}") for language in ("es", "en"))
        assert (spanish.status_code, english.status_code, spanish.text == english.text) == (200, 200, False)
        assert MEANINGS[code] in unescape(english.text)


def test_a_translation_names_the_same_values() -> None:
    for english, forms in catalog("es").items():
        for spanish in forms:
            assert set(re.findall(r"%\(\w+\)s|\{\w+\}", english)) == set(re.findall(r"%\(\w+\)s|\{\w+\}", spanish)), english


def test_values_that_are_words_are_translated_and_others_stay() -> None:
    assert sentence("es", "{found} beans: a container takes dry beans", {"found": "dry and wet"}).startswith("grano seco y en baba:")
    assert "sun, tunnel o oven" in sentence("es", "{field}: wanted one of {allowed}", {"field": "method", "allowed": "sun, tunnel or oven"})


def test_refused_rows_are_shown_as_they_were_written_with_their_sentence_in_both_languages() -> None:
    rows = iter([("parties.csv", 7, ("FA-1", "<script>\udcff", "a\0b"), "malformed", "{field} is empty: it is needed", {"field": "name"})])
    text = "".join(refused_page(rows, {"malformed": 1}))

    assert "FA-1,&lt;script&gt;\ufffd,a\ufffdb" in text
    assert "name está vacío: hace falta" in text
    assert "name is empty: it is needed" in text
    assert MEANINGS["malformed"] in text
    assert "<script" not in text
    assert "http" not in text.replace("http://www.w3.org", "")


def test_refused_rows_are_made_as_they_come() -> None:
    rows = (("a.csv", n, ("x",), "gain", "no more", {}) for n in range(10_000))
    parts = refused_page(rows, {})
    next(parts)

    assert next(rows)[1] < 1_000


@pytest.fixture
def season(need: Callable[[Path], Path]) -> Path:
    return need(HERE.parent / "shared" / "season" / "small")


def secrets(season: Path) -> set[str]:
    """What stands in the season and may stand in no public page."""
    parties = list(csv.DictReader((season / "parties.csv").read_text(encoding="utf-8").splitlines()))
    plots = json.loads((season / "plots.geojson").read_text(encoding="utf-8"))["features"]
    steps = list(csv.DictReader((season / "steps.csv").read_text(encoding="utf-8").splitlines()))
    boxes = list(csv.DictReader((season / "containers.csv").read_text(encoding="utf-8").splitlines()))
    found = {row[column] for row in parties for column in ("document", "phone")}
    found |= {row["name"] for row in parties if not row["document"].startswith("20")} | {row["party_id"] for row in parties}
    found |= {str(plot["properties"].get("plot_id")) for plot in plots}
    found |= {number for plot in plots for number in re.findall(r"-?\d+\.\d{3,}", json.dumps(plot["geometry"]))}
    found |= {f"{row['price_pen_kg']}" for row in steps if "." in (row["price_pen_kg"] or "")}
    return {each for each in found | {row[name] for row in boxes for name in ("price_usd_t", "contract_no")} if each and len(each) > 3}


def test_no_person_place_or_price_of_a_season_stands_in_any_page(url: str, tmp_path: Path, season: Path) -> None:
    with opened(Settings(home=tmp_path, DATABASE_URL=url, rate_address=0)) as house, TestClient(create(house)) as client:
        Import(Folder(season, "main"), house.writer, house.url).take()
        with house.pool.connection() as conn:
            assert house.follower.wait_for((conn.execute("SELECT size FROM ledger.head").fetchone() or (0,))[0], 60)
            lots = [key.removeprefix("main/") for (key,) in conn.execute("SELECT lot FROM views.lots")]
            boxes = [number for (number,) in conn.execute("SELECT container_no FROM views.containers")]
        things = [*(f"/c/{number}" for number in boxes), *(f"/l/{lot}" for lot in lots)]
        answers = [client.get(path) for thing in things for path in (thing, f"{thing}.json", f"{thing}?lang=en")]
        texts = [unescape(answer.text) for answer in [*answers, client.get("/")] if answer.status_code == 200]

    assert len(texts) > 3 * 15
    shown = {word for text in texts for word in re.findall(r"[\w.@-]+", text)}
    phrases = {secret for secret in secrets(season) if " " in secret and any(secret in text for text in texts)}
    assert (shown & secrets(season), phrases) == (set(), set())
