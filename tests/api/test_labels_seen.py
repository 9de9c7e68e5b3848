"""What is served to whoever scans a label: pages and data, how they are kept, what they weigh, and that nobody can walk along labels."""

import gzip
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest
from starlette.testclient import TestClient

from api import known, labelpages, scans, whole
from api.app import create
from api.languages import shipped
from api.lately import Lately
from api.shown import Shell
from tests.api.labelled import CONTAINER, Labelled
from tests.api.test_alike import alike
from tests.api.test_browser import CSS, INITIAL_WINDOW, Outline

SIGNED: Final[dict[str, Any]] = {}
PLAIN: Final[dict[str, Any]] = {"signature": False}
SERIALS: Final = ["C0VNTED0", "ZZZZZZZZ"]
NOTHING: Final = ["/K/ZZZZZZZZ", "/k/x", "/l/X-0010/s/ZZZZZZZZ", "/C/KAWU2607135/9/S/ZZZZZZZZ", "/L/NOWHERE/NOWHERE/S/ZZZZZZZZ"]


@pytest.fixture(scope="module")
def scanner(labelled_house: Labelled) -> Iterator[TestClient]:
    """Somebody who scans labels and reads English, once the log is signed."""
    with TestClient(create(labelled_house.house), follow_redirects=False, headers={"Accept-Language": "en"}) as client:
        for _ in range(100):
            newest = client.get("/k/CARD0001.json?at=1").json()["head"]
            if newest and newest["size"] >= labelled_house.size:
                break
            time.sleep(0.05)
        yield client


def test_a_signed_label_tells_its_story_in_this_order(labelled_house: Labelled, scanner: TestClient) -> None:
    page = scanner.get(labelled_house.link("C0NTA1NR")).text
    order = [
        "KAWU 260713 5", "The code is genuine", "number C0NT A1NR, issued by Exportadora", "Its signature holds", "in the log",
        "last signed", "Compare: on the container", "are traced to", "Weight of the beans", 'class="map"', "From here back", "Budwood cut",
        "What is not known", "Check it yourself", ".tlog-proof", 'cacao verify "HTTPS://CACAO.EXAMPLE/C/', "at the end",
    ]  # fmt: skip

    places = [page.index(each) for each in order]
    assert places == sorted(places)
    assert page.count("last signed on") == 1
    assert "Label for the door" not in page


@pytest.mark.parametrize(
    ("serial", "how", "said"),
    [
        ("SACK0001", SIGNED, "The code is genuine"),
        ("SACK0001", PLAIN, "Part of the code is missing"),
        ("P1A1NC0N", PLAIN, "the code itself proves nothing"),
        ("0PENSAMP", SIGNED, "The code is genuine"),
        ("V01DSACK", SIGNED, "no longer valid"),
        ("01DSACK1", SIGNED, "replaced by a newer one"),
        ("NEWSACK1", SIGNED, "The code is genuine"),
        ("PR1VATE1", SIGNED, "Its lot is not public yet: it will be shown here once it is loaded into a container."),
        ("CARD0001", PLAIN, "Whose card it is stands on no public page"),
    ],
)
def test_a_label_has_a_page_with_its_words(
    labelled_house: Labelled, scanner: TestClient, serial: str, how: dict[str, Any], said: str
) -> None:
    answer = scanner.get(labelled_house.link(serial, **how))

    assert answer.status_code == 200
    assert said in answer.text
    assert (answer.headers["X-Robots-Tag"], answer.headers["Referrer-Policy"]) == ("noindex", "no-referrer")
    assert answer.headers["Cache-Control"] == "public, max-age=30"
    assert "FA-0001" not in answer.text


def test_a_signature_is_of_one_label_alone(labelled_house: Labelled, scanner: TestClient) -> None:
    digits = labelled_house.digits("SACK0001")
    other, changed = labelled_house.path("SACK0002"), digits[:-1] + str((int(digits[-1]) + 1) % 10)

    for address in (f"{other}?s={digits}", f"{labelled_house.path('SACK0001')}?s={changed}", f"{other}?s=", f"{other}?s=x"):
        assert "Do not rely on this label" in scanner.get(address).text


def test_a_signature_that_names_another_entry_than_the_log_has_is_not_believed(labelled_house: Labelled, scanner: TestClient) -> None:
    for otherwise in ({"digest": bytes(16)}, {"leaf_index": 2}):
        link = f"{labelled_house.path('SACK0002')}?s={labelled_house.digits('SACK0002', **otherwise)}"
        assert "it names another entry than the log has" in scanner.get(link).text


def test_a_serial_leads_only_to_what_it_was_printed_for(labelled_house: Labelled, scanner: TestClient) -> None:
    container = labelled_house.path("C0NTA1NR").removesuffix("C0NTA1NR")
    for address in (f"{container}SACK0001", "/L/X-0010/S/C0NTA1NR", "/L/X-0012/S/SACK0001", "/K/SACK0001", "/L/OTHER/X-0010/S/SACK0001"):
        assert scanner.get(address).status_code == 404
    assert scanner.get("/l/x-0010/s/sackooo1").status_code == scanner.get("/l/main/X-0010/s/SACK0001").status_code == 200


def test_the_same_as_data_says_the_same(labelled_house: Labelled, scanner: TestClient) -> None:
    answer = scanner.get(labelled_house.link("C0NTA1NR", suffix=".json"))
    it = answer.json()

    assert (it["kind"], it["signed"], it["lot"], it["issued_by"]) == ("good-signed", True, None, "Exportadora Granos del Alba S.A.C.")
    assert it["container"] == scanner.get(f"/c/{CONTAINER}.json").json()
    assert it["sentences"][0] == "The code is genuine: it is the one that was printed."
    assert it["head"]["size"] >= it["position"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert scanner.get(labelled_house.link("CARD0001", signature=False, suffix=".json")).json()["container"] is None


def test_another_language_keeps_the_signature(labelled_house: Labelled, scanner: TestClient) -> None:
    link = labelled_house.link("C0NTA1NR")
    digits = link.partition("?s=")[2]
    choices = [each["href"] for each in Outline(scanner.get(link).text).all("a") if "hreflang" in each]

    assert len(choices) == 2 * len(shipped())
    assert {each.partition("&lang=")[0] for each in choices if each} == {f"?s={digits}"}
    assert "El código es auténtico" in scanner.get(f"{link}&lang=es").text


@pytest.mark.parametrize("serial", ["C0NTA1NR", "SACK0001", "CARD0001"])
def test_a_label_and_its_style_come_with_the_first_answer_in_every_language(
    labelled_house: Labelled, scanner: TestClient, serial: str
) -> None:
    link = labelled_house.link(serial, signature=serial != "CARD0001")
    style = len(gzip.compress(CSS.read_bytes(), 6))
    sizes = {}
    for language in shipped():
        answer = scanner.get(f"{link}{'&' if '?' in link else '?'}lang={language}", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        sizes[language] = int(answer.headers["Content-Length"]) + style

    assert max(sizes.values()) < INITIAL_WINDOW, sizes


def test_a_filled_page_is_the_same_compressed_and_not() -> None:
    shell = Shell("<p>\x00q\x00</p>" + "long " * 500 + "\x00l\x00" + "an end " * 400 + "\x00q\x00")
    body, gzipped = shell.filled({"q": "s=1&amp;", "l": "ñandú " * 40})

    assert gzip.decompress(gzipped) == body
    assert body.decode().count("s=1&amp;") == 2
    assert len(gzipped) < 400


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the database for those who ask for pages; nothing of what goes on behind."""
    asked: list[str] = []
    execute = psycopg.Connection.execute

    def noted(conn: Any, query: Any, *of: Any, **how: Any) -> Any:
        if threading.current_thread().name.startswith("AnyIO"):
            asked.append(str(query))
        return execute(conn, query, *of, **how)

    monkeypatch.setattr(psycopg.Connection, "execute", noted)
    return asked


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_unknown_void_and_private_labels_are_one_page_after_the_same_questions(
    labelled_house: Labelled, scanner: TestClient, questions: list[str], monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    void, private, replaced = (labelled_house.link(each, signature=False, suffix=suffix) for each in ("V01DSACK", "PR1VATE1", "01DSACK1"))
    there = [void, private, replaced, f"{void}?s={labelled_house.digits('SACK0001')}", f"{private}?s=12"]
    never = [re.sub(r"(?<=[sS]/)[0-9A-Z]{8}", "ZZZZZZZZ", each) for each in there]
    monkeypatch.setattr(known, "_KEYS", Lately(0.0, 1))
    told = []
    for address in [*there, *never]:
        questions.clear()
        answer = scanner.get(address)
        told.append((tuple(questions), answer.status_code, answer.content, dict(answer.headers)))

    assert told[: len(there)] == told[len(there) :]
    assert [len(each[0]) for each in told[: len(there)]] == [1, 1, 1, 2, 2]
    assert {each[1:3] for each in told} == {(404, told[0][2])}
    assert all(each[3] == told[0][3] for each in told)
    assert all(scanner.get(f"{each.lower() if suffix else each}{suffix}").content == told[0][2] for each in NOTHING)


def test_how_long_it_takes_does_not_tell_a_void_label_from_one_that_never_was(labelled_house: Labelled, scanner: TestClient) -> None:
    void = labelled_house.path("V01DSACK")
    never = void.replace("V01DSACK", "ZZZZZZZZ")

    assert alike(lambda: scanner.get(void), lambda: scanner.get(never))


def test_many_labels_of_one_container_cost_its_page_once(labelled_house: Labelled, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    page = whole.container_page
    monkeypatch.setattr(whole, "container_page", lambda *of, **more: made.append(of[2]) or page(*of, **more))
    monkeypatch.setattr(labelpages, "_WHOLES", Lately(60.0, 8))
    client = TestClient(create(labelled_house.house))
    first, second, again = (client.get(labelled_house.link(each)) for each in ("C0NTA1NR", "C0NTA1N2", "C0NTA1NR"))

    assert len(made) == 1
    assert first.content != second.content
    assert (first.content, first.headers["ETag"]) == (again.content, again.headers["ETag"])
    assert client.get(labelled_house.link("C0NTA1NR"), headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_a_scan_is_counted_wherever_its_page_came_from_and_nothing_else_is(labelled_house: Labelled, scanner: TestClient) -> None:
    house = labelled_house.house
    labelled_house.print("sack", "C0VNTED0")
    for _ in range(3):
        scanner.get(labelled_house.link("C0VNTED0", signature=False))
    scanner.get(labelled_house.link("C0VNTED0", signature=False, suffix=".json"))
    scanner.head(labelled_house.link("C0VNTED0", signature=False))
    scanner.get("/K/ZZZZZZZZ")
    counted: list[Any] = []
    with house.pool.connection() as conn:
        for _ in range(40):  # another thread may be writing them down just now
            house.scans.write(conn)
            counted = conn.execute("SELECT serial, sum(n)::int8 FROM scans.looks WHERE serial = ANY(%s) GROUP BY 1", (SERIALS,)).fetchall()
            if counted == [("C0VNTED0", 3)]:
                break
            time.sleep(0.05)

    assert counted == [("C0VNTED0", 3)]


def test_earlier_scans_are_told_by_day_and_country(labelled_house: Labelled) -> None:
    labelled_house.print("sack", "SEEN0001")
    days = [datetime.now(UTC).date() - timedelta(ago) for ago in (30, 11, 10)]
    with labelled_house.house.pool.connection() as conn:
        scans.add(conn, {("SEEN0001", str(day), country): n for day, country, n in zip(days, ("PE", "DE", ""), (3, 1, 1), strict=True)})
    client = TestClient(create(labelled_house.house), headers={"Accept-Language": "en"})
    page, it = (client.get(labelled_house.link("SEEN0001", suffix=each, signature=False)) for each in ("", ".json"))

    assert f"90 days: 5; days on which it was scanned: 3; the last: {days[2]:%B} {days[2].day}, {days[2].year}." in page.text
    listed = re.findall(r"<li>(Peru|Germany|country not known): ([0-9])", page.text)
    assert listed == [("Peru", "3"), ("Germany", "1"), ("country not known", "1")]
    assert it.json()["scans"][0] == {"country": "PE", "first": str(days[0]), "last": str(days[0]), "count": 3}


def test_a_page_asked_for_at_a_position_shows_what_was_just_written(labelled_house: Labelled, scanner: TestClient) -> None:
    labelled_house.print("sack", "ANEW0001", kid=labelled_house.kid)
    link = labelled_house.link("ANEW0001")
    assert "number ANEW 0001" in scanner.get(link).text
    at = labelled_house.ask("void-labels", serials=["ANEW0001"], reason="copied", voided_at=labelled_house.house.now())
    answer = scanner.get(f"{link}&at={at}")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert "it was copied" in answer.text
