"""What is tried at labels: to tell void ones from those that never were, to push pages out, to draw what is not one's own to print."""

from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from api.app import create
from api.house import House
from tests.api.labelled import LOT, Labelled
from tests.api.people import signed_in

NEVER: Final = "ZZZZZZZZ"
HEADERS: Final[list[dict[str, str]]] = [
    {}, {"If-None-Match": "*"}, {"Accept": "application/linkset+json"}, {"Range": "bytes=0-9"}, {"Accept-Encoding": "gzip"},
    {"Authorization": "Bearer x"},
]  # fmt: skip


@pytest.fixture(scope="module")
def scanner(labelled_house: Labelled) -> TestClient:
    return TestClient(create(labelled_house.house), follow_redirects=False)


def told(answer: Any) -> tuple[Any, ...]:
    return answer.status_code, answer.content, sorted(answer.headers.items())


@pytest.mark.parametrize("serial", ["V01DSACK", "PR1VATE1"])
def test_however_it_is_asked_for_a_void_or_private_label_is_as_one_that_never_was(
    labelled_house: Labelled, scanner: TestClient, serial: str
) -> None:
    path, ours = labelled_house.path(serial), labelled_house.digits("SACK0001")
    asked = [(method, {}, "") for method in ("GET", "HEAD", "POST", "OPTIONS")]
    asked += [("GET", headers, "") for headers in HEADERS]
    asked += [("GET", {}, query) for query in ("?at=1", "?lang=de", "?s=1", f"?s={ours}", "?linkType=linkset")]
    for method, headers, query in asked:
        there, never = (scanner.request(method, each + query, headers=headers) for each in (path, path.replace(serial, NEVER)))
        assert told(there) == told(never), (method, headers, query)


def test_signatures_that_somebody_makes_up_push_no_page_out(labelled_house: Labelled) -> None:
    app = create(labelled_house.house)
    client = TestClient(app)
    client.get(f"/l/{LOT}")
    app.state.pages.most = 1
    for digits in range(1, 4):
        assert client.get(f"{labelled_house.path('SACK0001')}?s={digits}").status_code == 200

    assert [key[0] for key in app.state.pages._kept] == [f"/l/{LOT}"]
    assert len(app.state.scans._kept) == 3


def test_a_page_that_a_browser_only_looks_at_ahead_is_no_scan(labelled_house: Labelled, scanner: TestClient) -> None:
    noted: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.scans.note", lambda *of: noted.append(of[1]))
        for purpose in ("prefetch", "prefetch;prerender"):
            scanner.get(labelled_house.path("SACK0002"), headers={"Sec-Purpose": purpose})
        assert noted == []
        scanner.get(labelled_house.path("SACK0002"))
    assert noted == ["SACK0002"]


@pytest.fixture(scope="module")
def printings(labelled_house: Labelled) -> dict[str, str]:
    """Sort of label -> the office's page of one printing of EX-01's, or of AG-01's cards."""
    with labelled_house.house.pool.connection() as conn:
        rows = conn.execute("SELECT DISTINCT ON (sort) sort, position FROM views.printings ORDER BY sort, position").fetchall()
    return {sort: f"/labels/{position}" for sort, position in rows}


@pytest.mark.parametrize(
    ("org", "role", "sort", "sees", "draws"),
    [
        ("EX-01", "exporter", "sack", 200, 200),
        ("EX-01", "exporter", "container", 200, 200),
        ("EX-01", "auditor", "container", 200, 404),
        ("EX-01", "plant", "container", 200, 404),
        ("EX-01", "extensionist", "sack", 404, 404),
        ("AG-01", "plant", "card", 404, 404),
        ("AG-01", "auditor", "card", 200, 404),
        ("AG-01", "extensionist", "card", 200, 200),
    ],
)
def test_labels_are_seen_by_whoever_reads_of_what_they_are_on_and_drawn_by_whoever_may_print_them(
    labelled_house: Labelled, printings: dict[str, str], org: str, role: str, sort: str, sees: int, draws: int
) -> None:
    house: House = labelled_house.house
    with signed_in(house, f"main/{org}", role) as browser:
        page, file, listed = (browser.get(each) for each in (printings[sort], f"{printings[sort]}/labels.svg", "/labels"))

    assert (page.status_code, file.status_code) == (sees, draws)
    assert ("labels.pdf" in page.text) == (draws == 200)
    assert (f'href="{printings[sort]}"' in listed.text) == (sees == 200)


def test_only_some_files_of_labels_are_drawn_at_once_and_few_wait(
    labelled_house: Labelled, printings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with signed_in(labelled_house.house, "main/EX-01", "exporter") as browser:
        assert browser.get(f"{printings['sack']}/labels.svg").status_code == 200
        monkeypatch.setattr("api.office.labels._MOST_WAITING", 0)
        busy = browser.get(f"{printings['sack']}/labels.pdf")

    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("name", ["cacao.css", "label.js", "x/%2e%2e/label.js"])
def test_a_file_under_another_version_is_left_in_no_cache(scanner: TestClient, name: str) -> None:
    answer = scanner.get(f"/static/{name}?v=0123456789")

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.status_code in {200, 404}


def test_no_changed_sign_of_a_signed_code_is_believed(labelled_house: Labelled, scanner: TestClient) -> None:
    """All of the path, every tenth digit, and what hands and eyes take for one another; by hand, without digits, that is forgiven."""
    link = labelled_house.link("C0NTA1NR")
    path, _, digits = link.partition("?s=")
    changed = [f"{path[:at]}{chr(ord(path[at]) + 1)}{path[at + 1 :]}?s={digits}" for at in range(1, len(path))]
    changed += [f"{path}?s={digits[:at]}{(int(digits[at]) + 1) % 10}{digits[at + 1 :]}" for at in range(0, len(digits), 10)]
    changed += [link.replace("C0NTA1NR", misread) for misread in ("CONTA1NR", "C0NTAINR", "C0NTALNR")]

    assert "Its signature holds" in scanner.get(link, headers={"Accept-Language": "en"}).text
    assert [each for each in changed if "Its signature holds" in scanner.get(each, headers={"Accept-Language": "en"}).text] == []
    assert scanner.get(path.replace("C0NTA1NR", "CONTAINR")).status_code == 200
