"""Every page for everybody: axe finds nothing, nothing runs off a narrow screen, and text may be twice as large."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pydantic import HttpUrl
from selenium import webdriver

from api import people
from api.app import create
from api.house import House
from api.people import operator
from api.sample import write_season
from domain.user import GrantRole
from projections.labels import label
from projections.sharing import share
from tests.api.chromium import axe, fits, free_port, see, served, violations
from tests.api.conftest import with_season
from tests.api.labelled import CONTAINER, Labelled, labelled
from tests.api.people import admitted

COOP = "main/AG-01"
PUBLIC = [
    "/", "/signin", "/c/KAWU2607135", "/c/NOWHERE", "/l/X-0010", "/problems/gain", "{container_label}", "{void_label}", "/K/CARD0001",
    "/k/00000000", "/offline",
]  # fmt: skip
OFFICE = [
    "/office", "/devices", "/people", "/buy", "/buy/{farmer}", "/farmers", "/farmers/new", "/farmers/{farmer}",
    "/farmers/{farmer}/plots/new", "/land/{plot}", "/daybook?day={day}", "/pay/{farmer}", "/prices", "/numbers",
    "/receipts/{bought}", "/stock",
    "/stock/{bought}", "/step/ferment", "/step/dry", "/step/blend", "/step/split", "/step/inspect", "/step/lose", "/containers", "/nursery",
    "/audit", "/audit?kind=lot-bought.v1&order=oldest&late=1", "/audit/{position}", "/stock/{bought}?as_of={position}",
    "/stock?as_of=2026-05-10", "/land/{plot}?as_of={position}", "/containers?as_of={position}",
    "/nursery/raise", "/nursery/hand-out", "/nursery/take-back", "/nursery/cut", "/nursery/graft", "/nursery/count",
    "/office/balance", "/office/balance?by=lot", "/office/findings",
    "/dossier", "{dossier}", "/containers/CSQU3054383/sharing", "/labels", "/labels/new", "/labels/{printing}",
]  # fmt: skip


@pytest.fixture(scope="module")
def cooperative(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The sample season, written by the cooperative."""
    folder = tmp_path_factory.mktemp("sample")
    write_season(folder)
    with with_season(cluster, tmp_path_factory.mktemp("home"), folder, COOP) as house:
        yield house


@pytest.fixture(scope="module")
def printed(cooperative: House) -> Labelled:
    """Its labels."""
    return labelled(cooperative)


@pytest.fixture(scope="module")
def at(cooperative: House, browser: webdriver.Chrome) -> Iterator[str]:
    """The address, with the browser signed in as somebody who may do everything here."""
    port = free_port()
    cooperative.settings.url = HttpUrl(f"http://localhost:{port}")
    user = admitted(cooperative, COOP, "administrator")
    for role in ("buyer", "plant", "exporter", "extensionist"):
        command = GrantRole(id=uuid4(), user_id=user, org_id="AG-01", role=role, granted_at=cooperative.now())
        people.done(cooperative, operator(cooperative), command)
    with served(create(cooperative), port):
        browser.get(people.invite(cooperative, operator(cooperative), user))
        browser.find_element("css selector", "main form button").click()
        yield f"http://localhost:{port}"


@pytest.fixture(scope="module")
def named(cooperative: House, printed: Labelled) -> dict[str, str]:
    """Things of the cooperative that stand in addresses."""
    with cooperative.reading(COOP) as conn:
        row = conn.execute(
            "SELECT m.party, p.plot, m.lot, substr(m.at, 1, 10), m.position FROM views.money m JOIN views.plots p ON p.holder = m.party"
            " WHERE m.payer = %s ORDER BY m.position LIMIT 1",
            (COOP,),
        ).fetchone()
    assert row
    far = {"shared_at": cooperative.now(), "until": "2099-12-31T23:59:59-05:00"}
    printed.ask("share-container", container_no=CONTAINER, share_id="S-AGAG", for_id="AG-01", **far)
    printed.ask("open-container", container_no="CSQU3054383", holder_id="AG-01", at=cooperative.now())
    printed.ask("share-container", container_no="CSQU3054383", share_id="S-AGEX", **far | {"shared_at": cooperative.now()})
    with cooperative.pool.connection() as conn:
        shared, sample = share(conn, "S-AGAG"), label(conn, "PR1VATE1")
    assert shared
    assert sample
    labels = {
        "dossier": f"/dossier/{CONTAINER}/{shared.first}",
        "container_label": printed.link("C0NTA1NR"),
        "void_label": printed.link("V01DSACK"),
        "printing": str(sample.position),
    }
    return labels | dict(zip(("farmer", "plot", "bought", "day", "position"), (str(each).rpartition("/")[2] for each in row), strict=True))


@pytest.mark.parametrize("path", [*PUBLIC, *OFFICE])
def test_a_page_is_for_everybody(browser: webdriver.Chrome, at: str, named: dict[str, str], path: str) -> None:
    url, script = at + path.format(**named), axe()

    for size in ((320, 700), (1280, 900)):
        hosts = see(browser, url, size)
        complaints = [line for line in browser.get_log("browser") if "404" not in line["message"]]
        assert (hosts, complaints, fits(browser)) == ({at}, [], True), size
        assert browser.current_url.startswith(url)
        assert violations(browser, script) == []

    browser.execute_script("document.documentElement.style.fontSize = '200%'")
    see_width = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert see_width[0] <= see_width[1]
