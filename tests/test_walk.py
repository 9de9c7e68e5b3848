"""One season from door to label: the first test to read.

A harvest comes in as JSON, becomes a fact, an entry with a position, rows in the views, a share of a container, a page, and a label
whose code opens that page.
"""

import io
from fractions import Fraction

import orjson
import psycopg
import zxingcpp
from PIL import Image
from starlette.testclient import TestClient

from api.app import create
from api.examples import EXAMPLES
from api.house import House
from api.replay import Of, entries, spoken
from ledger.entry import canonical
from ledger.merkle import Range, leaf_hash, unpacked
from projections.rebuild import rebuild
from projections.trace import trace

CONTAINER = "CSQU3054383"


def test_one_season_from_door_to_label(house: House) -> None:
    with TestClient(create(house), headers={"Authorization": f"Bearer {house.token()}"}) as door:
        answers = door.post("/commands", json=EXAMPLES).json()["answers"]

        # Every command was accepted, each at the next position.
        assert [answer["positions"] for answer in answers] == [[at] for at in range(1, len(EXAMPLES) + 1)]

        # What was written is canonical, and the head commits to it.
        with psycopg.connect(house.url) as conn:
            lines = [bytes(line) for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]
            size, nodes = conn.execute("SELECT size, nodes FROM ledger.head").fetchone() or (0, b"")
        assert all(canonical(orjson.loads(line)) == line for line in lines)
        assert unpacked(size, bytes(nodes)) == Range().extend(map(leaf_hash, lines))

        # The receipt's link waits for the views and shows the container; nothing of the farmer is on the page.
        link = next(answer["link"] for answer, body in zip(answers, EXAMPLES, strict=True) if body["do"] == "sell-container")
        page = door.get(link)
        assert page.status_code == 200
        assert "149.6" in page.text
        assert "Tuanama" not in page.text

        # The label's code opens the container's page.
        label = door.get(f"/c/{CONTAINER}/label.png")
        [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(label.content)))
        assert code.text.startswith(f"https://cacao.example/c/{CONTAINER}/")
        assert door.get(code.text.removeprefix("https://cacao.example")).status_code == 200

    # All beans of the container came from the one plot, exactly.
    with house.pool.connection() as conn:
        found = trace(conn, "container", CONTAINER)
    assert [(part.node, part.share, part.grams) for part in found.up if part.node.startswith("plot:")] == [
        ("plot:main/P-00001", Fraction(1), Fraction(149_600))
    ]
    assert [graft.clone for graft in found.grafts] == ["ICS-95"]

    # The history tells it in order, and a replay makes the same views again.
    told = [spoken(entry) for entry in entries(house.url, of=Of(("lot:main/HV-001",)))]
    assert [line.split()[0] for line in told] == ["13", "14"]
    assert "harvested 412.5 kg wet on plot P-00001" in told[0]
    assert all(each.before == each.after for each in rebuild(house.url)[1])
