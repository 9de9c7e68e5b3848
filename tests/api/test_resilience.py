"""The database goes away and comes back: pages are shown as they were, and say so; what was erased since is not shown."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg import conninfo
from starlette.testclient import TestClient

from api.app import create
from api.house import House, opened
from api.kept import AS_OF, Kept
from api.look import said
from api.page import Cache, Page, page
from api.settings import Settings
from ledger.server import Server

AWAY = "The record cannot be reached just now: what was written since is not shown. Nothing is lost."


@pytest.fixture(scope="module")
def server(places: Callable[[], Path]) -> Iterator[Server]:
    """A PostgreSQL that these tests alone stop and start."""
    each = Server(places() / "pg")
    yield each
    if each.running():
        halt(each)


def halt(server: Server) -> None:
    """Stop it as an administrator does who does not wait for clients."""
    os.kill(int((server.folder / "postmaster.pid").read_text(encoding="ascii").split()[0]), signal.SIGINT)
    while server.running():
        time.sleep(0.02)


@pytest.fixture
def standing(server: Server, tmp_path: Path) -> Iterator[House]:
    """An empty house on that server."""
    admin = server.ensure()
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute("CREATE DATABASE house")
    url = conninfo.make_conninfo(admin, dbname="house")
    with opened(Settings(home=tmp_path, url="https://cacao.example", DATABASE_URL=url, publish=False)) as house:
        yield house


def test_pages_are_shown_as_they_were_while_the_database_is_away_and_are_new_when_it_is_back(standing: House, server: Server) -> None:
    app = create(standing)
    app.state.pages = Cache(seconds=0)
    with TestClient(app, headers={"Accept-Language": "de"}) as client:
        before = {path: client.get(path) for path in ("/", "/?lang=fr", "/verify", "/offline")}
        halt(server)

        during = {path: client.get(path) for path in before}
        began = time.monotonic()
        assert [client.get("/", headers={"Authorization": f"Bearer {standing.token()}"}).status_code] == [503]
        never = client.get("/c/CSQU3054383", headers={"Accept": "text/html"}), client.get("/c/CSQU3054383.json"), client.get("/?lang=it")
        assert time.monotonic() - began < 4
        server.ensure()
        until = time.monotonic() + 10
        while AS_OF in (back := client.get("/")).headers and time.monotonic() < until:
            time.sleep(0.05)
        assert client.get("/c/CSQU3054383").status_code == 404

    assert [each.status_code for each in (*before.values(), *during.values(), back)] == [200] * 9
    for path, language in (("/", "de"), ("/?lang=fr", "fr")):
        then = datetime.fromisoformat(during[path].headers[AS_OF])
        assert timedelta() <= datetime.now(UTC) - then < timedelta(minutes=1)
        banner = unescape(re.findall(r'<p class="trouble" role="status">(.*?)</p>', during[path].text)[0])
        assert said(language, AWAY) in banner
        assert f"{then.astimezone().year}" in banner
        assert during[path].text.replace(re.findall(r'<p class="trouble".*?</p>', during[path].text)[0], "") == before[path].text
        assert during[path].headers["Cache-Control"] == "no-store"
        assert during[path].headers["ETag"] != before[path].headers["ETag"]
    for path in ("/verify", "/offline"):  # a phone keeps the second, for a time when the database is long back
        assert (AS_OF in during[path].headers, during[path].text) == (False, before[path].text)
    assert [(each.status_code, each.headers["Retry-After"], each.headers["Cache-Control"]) for each in never] == [
        (503, "5", "no-store")
    ] * 3
    assert said("de", "Please try again in a moment") in never[0].text
    assert never[1].json()["code"] == "unavailable"
    assert (AS_OF in back.headers, back.text, back.headers["Cache-Control"]) == (False, before["/"].text, "public, max-age=30")


class Shelf:
    """What is kept, and a database that is there or not."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house: Any = SimpleNamespace(settings=Settings(home=home))
        self.kept, self.there = Kept(self.house, 100_000), True
        monkeypatch.setattr(self.kept, "_look", lambda: self.there)

    async def asks(self, key: str, made: Page, *, further: bool = False) -> Page | None:
        """The page that is shown; None where the door says: try again."""

        async def getting() -> Page:
            if not self.there:
                raise psycopg.OperationalError("gone")
            return made

        try:
            return await self.kept.reached(key, "en", getting, further=further)
        except psycopg.OperationalError:
            return None


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return Shelf(tmp_path, monkeypatch)


def long(name: str) -> Page:
    """A page that fills a tenth of what is kept."""
    return page(name.encode() * (9_000 // len(name)), "application/pdf")


def test_what_is_kept_is_bounded_and_made_up_addresses_push_nothing_out(shelf: Shelf) -> None:
    async def asks() -> None:
        await shelf.asks("first", long("a"))
        for at in range(100):
            await shelf.asks(f"s={at}", long("b"), further=True)
        shelf.there = False
        first, newest, oldest = [await shelf.asks(key, long("c"), further=key != "first") for key in ("first", "s=99", "s=0")]
        assert first
        assert (first.body, newest and newest.body, oldest) == (long("a").body, long("b").body, None)

    asyncio.run(asks())
    assert [0 < store.bytes <= 100_000 for store in shelf.kept._stores.values()] == [True, True]


def test_only_pages_that_were_found_are_kept(shelf: Shelf) -> None:
    async def asks() -> None:
        assert await shelf.asks("nothing", page(b"not found", "text/html", 404))
        shelf.there = False
        assert await shelf.asks("nothing", page(b"", "text/html")) is None

    asyncio.run(asks())


def test_what_was_made_before_somebody_was_erased_is_never_shown_again(shelf: Shelf) -> None:
    async def asks() -> None:
        await shelf.asks("named", page(b"Cooperativa de Rosa", "text/html"))
        shelf.house.settings.erased.write_text("somebody", encoding="ascii")
        os.utime(shelf.house.settings.erased, (time.time() + 1, time.time() + 1))
        shelf.there = False
        assert await shelf.asks("named", page(b"", "text/html")) is None

    asyncio.run(asks())


def test_one_question_that_takes_too_long_closes_no_door(shelf: Shelf) -> None:
    async def cancelled() -> Page:
        raise psycopg.errors.QueryCanceled("took too long")

    async def asks() -> None:
        with pytest.raises(psycopg.OperationalError):
            await shelf.kept.reached("heavy", "en", cancelled)
        light = await shelf.asks("light", page(b"light", "text/html"))
        assert light
        assert AS_OF not in light.headers

    asyncio.run(asks())


def test_a_page_that_does_not_come_in_time_is_shown_as_it_was(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> Page:
        await asyncio.sleep(60)
        raise AssertionError

    async def asks() -> None:
        await shelf.asks("slow", page(b'<main id="main">slow', "text/html"))
        late = await shelf.kept.reached("slow", "nl", never)
        assert late.headers[AS_OF].endswith("Z")
        assert said("nl", AWAY) in late.body.decode()

    monkeypatch.setattr("api.kept.PATIENCE_SECONDS", 0.05)
    asyncio.run(asks())


def test_a_page_says_when_the_head_was_last_signed(reader: TestClient, sample_house: House) -> None:
    said_so = re.compile(r"The log was last signed on [A-Z][a-z]+ \d{1,2}, \d{4}, \d\d:\d\d \(UTC\u22125\)")
    until = time.monotonic() + 30
    while reader.get("/checkpoint").status_code != 200 and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(1.1)  # as long as a head is told on

    anew = TestClient(create(sample_house))  # the reader's application may show for a while what it made before

    assert said_so.search(unescape(anew.get("/l/X-0010?lang=en").text))


def test_a_page_of_a_record_that_nobody_signed_yet_says_so(sample_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.head.lately", lambda _: None)
    page = TestClient(create(sample_house)).get("/l/X-0010?lang=nl")  # of an application that has made no page before

    assert said("nl", "The log is not signed yet: nothing is proven.") in unescape(page.text)


def test_a_page_that_was_made_lately_of_what_was_there_before_an_erasure_is_not_kept_again(shelf: Shelf) -> None:
    before = page(b"Cooperativa de Rosa", "text/html")

    async def asks() -> None:
        await shelf.asks("named", before)
        shelf.house.settings.erased.write_text("somebody", encoding="ascii")
        assert await shelf.asks("named", before), "of the pages that are served for seconds as they were made"
        shelf.there = False
        assert await shelf.asks("named", before) is None

    asyncio.run(asks())
