"""The demonstration is what it says: a season, people, and labels whose codes, read by another library, open a page that believes them."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import zxingcpp
from fastapi.testclient import TestClient
from PIL import Image

from api.app import create
from api.demo import Demo, ready
from api.house import House, opened
from api.settings import Settings
from ledger.server import Server


def _silent(_words: str, _many: int | None) -> nullcontext[Callable[[int], None]]:
    return nullcontext(lambda _: None)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> "tuple[House, Demo]":
    settings = Settings(home=tmp_path_factory.mktemp("demo"), origin="example.org/demo")
    with opened(settings) as house:
        yield house, ready(house, _silent)
    Server(settings.folder / "pg").stop()


def test_the_label_that_was_drawn_opens_a_page_that_finds_its_signature_good(shown: "tuple[House, Demo]") -> None:
    house, demo = shown
    drawn = demo.folder / "labels" / f"{demo.containers[0]}.png"

    (read,) = zxingcpp.read_barcodes(Image.open(drawn))
    at = urlsplit(read.text)
    with TestClient(create(house), base_url="http://localhost:8000") as client:
        page = client.get(f"{at.path}?{at.query}", headers={"Accept-Language": "en"})

    assert read.text.casefold() == demo.label.casefold()
    assert page.status_code == 200
    assert "Its signature holds" in page.text
    assert demo.containers[0] in page.text


def test_it_is_made_once(shown: "tuple[House, Demo]") -> None:
    house, demo = shown
    files = sorted(demo.folder.rglob("*.pdf"))
    with house.pool.connection() as conn:
        before = conn.execute("SELECT size FROM ledger.head").fetchone()

    again = ready(house, _silent)

    with house.pool.connection() as conn:
        assert conn.execute("SELECT size FROM ledger.head").fetchone() == before
    assert again == demo
    assert len(files) == len(demo.containers)
    assert [path.name for path in files] == sorted(Path(f"{number}.pdf").name for number in demo.containers)
