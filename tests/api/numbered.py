"""A house with numbers of GS1's, and labels that bear them: of a lot that anybody may see, and of one that nobody may."""

import re
from typing import Any, Final
from uuid import uuid4

from starlette.testclient import TestClient

from api.house import House
from domain.vocabulary import COMMANDS
from labels.compressed import SIX_BITS
from ledger.act import Act
from ledger.decision import Accepted

AT: Final = "2026-08-01T10:00:00-05:00"
BASE, VOC = "https://cacao.example", "https://ref.gs1.org/voc/"
GTIN, GLN, LOT = "09521234000013", "9521234000020", "BU-002"
PALLET, VOID, PRIVATE, NEVER = "095212340000000013", "095212340000000020", "095200050000000016", "095212340000999997"
THEIRS = "09520005000016"
"""A product of which no lot is public."""
LINKSET = {"accept": "application/linkset+json"}


def numbered(house: House) -> House:
    """The examples are there; labels of a public lot and of another, and an organisation that may not be named, come to them."""
    of_lot = {"printed_at": AT, "lot_id": LOT, "public": False}
    hidden = of_lot | {"lot_id": "DR-001"}
    bodies: list[dict[str, Any]] = [
        {"do": "record-gs1-prefix", "prefix": "9520005", "org_id": "AG-01", "recorded_at": AT},
        {"do": "register-product", "gtin": THEIRS, "org_id": "AG-01", "registered_at": AT},
        {"do": "record-gs1-prefix", "prefix": "9520006", "org_id": "BU-01", "recorded_at": AT},
        {"do": "record-gln", "gln": "9520006000015", "org_id": "BU-01", "stands_for": "party", "recorded_at": AT},
        {"do": "record-gln", "gln": "9520005000016", "org_id": "AG-01", "stands_for": "site", "district": "220501", "recorded_at": AT},
        {"do": "print-lot-labels", "sort": "sack", "gtin": GTIN, "serials": ["SACK0001", "V01DSACK"], **of_lot},
        {"do": "print-lot-labels", "sort": "pallet", "sscc": PALLET, "serials": [PALLET], **of_lot},
        {"do": "print-lot-labels", "sort": "pallet", "sscc": VOID, "serials": [VOID], **of_lot},
        {"do": "print-lot-labels", "sort": "sack", "gtin": THEIRS, "serials": ["PR1VATE1"], **hidden},
        {"do": "print-lot-labels", "sort": "pallet", "sscc": PRIVATE, "serials": [PRIVATE], **hidden},
        {"do": "void-labels", "serials": ["V01DSACK", VOID], "reason": "lost", "voided_at": AT},
    ]
    commands = [COMMANDS.validate_python(body | {"id": str(uuid4())}) for body in bodies]
    answers = house.writer.submit(Act(commands, "u-1", "main")).result()
    assert [answer for answer in answers if not isinstance(answer, Accepted)] == []
    assert house.follower.wait_for(answers[-1].positions[0], 20)
    return house


def listed(ask: TestClient, path: str) -> dict[str, dict[str, Any]]:
    """Anchor -> what is said of it, of a list of links."""
    answer = ask.get(path, headers=LINKSET)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/linkset+json")
    return {of["anchor"].removeprefix(BASE): of for of in answer.json()["linkset"]}


def leads(ask: TestClient, path: str) -> tuple[int, str]:
    """Status, and where it leads."""
    answer = ask.get(path)
    return answer.status_code, answer.headers.get("location", "").removeprefix(BASE)


def alike(ask: TestClient, paths: list[str], **headers: str) -> set[tuple[Any, ...]]:
    """What is answered, without what was asked."""
    names = re.compile("|".join(re.escape(each) for path in paths for each in path.split("/")[2:] if len(each) > 2))
    answers = [ask.get(path, headers=headers or {"accept": "text/html"}) for path in paths]
    return {
        (
            each.status_code,
            names.sub("", each.text),
            names.sub("", str(sorted((name, of) for name, of in each.headers.items() if name not in ("etag", "content-length")))),
        )
        for each in answers
    }


def squeezed(gtin: str = "", lot: str = "", serial: str = "") -> str:
    """A compressed link, written by hand: of each identifier its digits, then a number of 47 bits or, after 100, letters of 7 bits."""
    bits = f"{1:08b}{int(gtin):047b}" if gtin else ""
    for ai, value in (("00010000", lot), ("00100001", serial)):
        bits += f"{ai}100{len(value):05b}" + "".join(f"{ord(each):07b}" for each in value) if value else ""
    bits += "0" * (-len(bits) % 6)
    return "".join(SIX_BITS[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))
