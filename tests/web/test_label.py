"""A label's script and `labels.signed` say the same of every label and digit; a key's fate and a printing's place are told too."""

import json
from base64 import b64encode
from functools import partial
from random import Random
from typing import Any

import pytest

from labels.link import label_at
from labels.signed import BadLabel, Claims, checked, sign
from ledger.crypto import Signer
from ledger.merkle import leaf_hash
from tests.api.test_verify import ANA, BEN, ENTRY, KEYS, checkpoint, proof
from tests.web.asking import Ask, in_node

SIGNER, OTHER = Signer("label", bytes(range(32))), Signer("label", bytes(32))
PATH, DAY = "/C/CSQU3054383/22/S/0K3V9ZQ1", 20_787
CLAIMS = Claims(3, DAY, 40, leaf_hash(ENTRY)[:16])
DIGITS = sign(PATH, CLAIMS, SIGNER)
POLICY = f"{KEYS}group g 2 ana ben caro\nquorum g\n"
SAID = {
    "it was signed here with key {kid} on {day}, for this label and no other": "good",
    "its signature cannot be read: no label was printed so here": "unreadable",
    "it says that key {kid} signed it, and this browser knows no such key of this site": "unknown-key",
    "its signature does not fit this label: it was made up, or taken from another one": "forged",
}
WAYS = pytest.mark.parametrize("ask", [in_node, partial(in_node, plain=True)], ids=["hashing browser", "plain script"])


def key(**of: Any) -> dict[str, Any]:
    public = b64encode(SIGNER.key.public).decode()
    return {"kid": 3, "public": public, "opened_at": "2026-01-01T00:00:00Z", "closed_at": None, "reason": None, "since": None, **of}


def at_the_terminal(path: str, digits: str) -> str:
    try:
        checked(path, digits, {3: SIGNER.key.public})
    except BadLabel as bad:
        return bad.reason
    return "good"


def changed(text: str, random: Random, alphabet: str) -> str:
    at = random.randrange(len(text))
    return text[:at] + random.choice(alphabet.replace(text[at], "")) + text[at + 1 :]


@WAYS
def test_of_every_label_the_script_says_what_the_terminal_says(ask: Ask) -> None:
    random = Random(9)  # noqa: S311 - the same in every run
    plain = ask is not in_node
    changes = [(PATH, changed(DIGITS, random, "0123456789")) for _ in range(5 if plain else 40)]
    changes += [(changed(PATH, random, "ABCDEFGHJK0123456789/"), DIGITS) for _ in range(2 if plain else 20)]
    odd = [
        "0",
        "1",
        "01" + DIGITS,
        DIGITS + "0",
        DIGITS[:-1],
        "9" * 320,
        "9" * 321,
        "1" * 5_000,
        "-1",
        "\uff11\uff12",
        DIGITS + " ",
        "0x1f",
    ]
    elsewhere = [sign("/K/0K3V9ZQ1", CLAIMS, SIGNER), sign(PATH, CLAIMS, OTHER), sign(PATH, Claims(4, DAY, 40, bytes(16)), SIGNER)]
    whole = bytearray(int(DIGITS).to_bytes(90))
    for at, value in ((0, 2), (1, 2), (57, 255), (89, 255)):
        elsewhere.append(str(int.from_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])))
    cases = [(PATH, DIGITS), *changes, *((PATH, each) for each in (*odd, *elsewhere))]

    said = [each["is"][0]["english"] for each in ask([("label", path, digits, [key()]) for path, digits in cases])]

    assert [SAID[each] for each in said] == [at_the_terminal(*each) for each in cases]
    assert {SAID[each] for each in said} == set(SAID.values())


def test_a_path_is_a_label_for_the_page_where_it_is_one_for_the_house() -> None:
    paths = [
        PATH, PATH.lower(), "/L/BU-002/S/0K3V9ZQ1", "/l/main/bu-002/s/0k3v9zq1", "/K/0K3V9ZQ1", "/k/0k3v9zq1",
        "/01/09506000134352/10/BU-002/21/0K3V9ZQ1", "/00/195060001343527777", "/C/CSQU3054383", "/C/CSQU3054383/22", "/l/BU-002",
        "/K/0K3V9ZQI", "/K/0K3V9ZQ", "/K/0K3V9ZQ12", "/00/1950600013435277", "/01/0950600013435/10/B/21/0K3V9ZQ1", "/C/A/0/S/0K3V9ZQ1",
        "/office", "/K/0K3V9ZQ1.json", "/L/A/B/C/S/0K3V9ZQ1", "/01/09506000134352/10/B/21/",
    ]  # fmt: skip

    page = [each["is"] for each in in_node([("labelAt", f"/cacao{path}", "/cacao") for path in paths])]
    house = [label_at(path.upper()) for path in paths]

    assert [each and (each["path"], each["values"]["serial"]) for each in page] == [each and (each[0], each[2]) for each in house]
    assert sum(each is not None for each in house) == 8


def test_what_became_of_the_key_is_said() -> None:
    fates = [
        {}, {"closed_at": "2026-12-02T10:00:00-05:00", "reason": "rotated"},
        {"closed_at": "2026-11-29T23:00:00-05:00", "reason": "rotated"}, {"closed_at": "2026-11-20T10:00:00-05:00", "reason": "lost"},
        {"opened_at": "2026-12-01T00:00:00Z"}, {"opened_at": "2026-12-03T00:00:00Z"},
        {"closed_at": "2026-12-02T10:00:00-05:00", "reason": "compromised", "since": "2026-12-01T00:00:00-05:00"},
        {"closed_at": "2026-12-02T10:00:00-05:00", "reason": "compromised"},
    ]  # fmt: skip

    said = [each["is"] for each in in_node([("label", PATH, DIGITS, [key(**fate)]) for fate in fates])]

    ours = ("true", "it was signed here with key {kid} on {day}, for this label and no other")
    shut = ("false", "it says that it was issued on {day}, when label key {kid} was not open")
    theirs = "label key {kid} is in the hands of others: its signature shows nothing, the label's page says what is known of it"
    assert [[(each["mark"], each["english"]) for each in clauses] for clauses in said] == [
        [ours], [ours], [ours], [shut], [ours], [shut], [("unknown", theirs)], [("unknown", theirs)],
    ]  # fmt: skip
    assert all(clauses[0]["values"] == {"kid": 3, "day": DAY} for clauses in said)


def test_the_printing_is_found_in_the_log_or_not_and_why() -> None:
    whole, leaf = proof(ANA, BEN).hex(), json.dumps({"leaf_hash": b64encode(leaf_hash(ENTRY)).decode()}).encode().hex()
    wrong = json.dumps({"leaf_hash": b64encode(leaf_hash(b"{}")).decode()}).encode().hex()
    cases = [
        (DIGITS, whole, leaf, POLICY), (DIGITS, whole, leaf, ""), (DIGITS, None, None, POLICY), (DIGITS, whole, wrong, POLICY),
        (sign(PATH, Claims(3, DAY, 39, CLAIMS.digest), SIGNER), whole, leaf, POLICY),
        (sign(PATH, Claims(3, DAY, 40, leaf_hash(b"{}")[:16]), SIGNER), whole, wrong, POLICY),
        (DIGITS, proof(ANA).hex(), leaf, POLICY), (DIGITS, checkpoint(ANA).hex(), leaf, POLICY), (DIGITS, whole, b"[]".hex(), POLICY),
    ]  # fmt: skip

    said = [each["is"] for each in in_node([("printing", *each) for each in cases])]

    another = "entry {position} of the log is another than that for which the label was signed"
    assert [[(each["mark"], each["english"].partition(" (")[0]) for each in clauses][:2] for clauses in said] == [
        [("true", "its printing stands at position {position} of {size} in the log {origin}"),
         ("true", "its log signed it, with the key {key}")],
        [("true", "its printing stands at position {position} of {size} in the log {origin}"),
         ("unknown", "nobody's signature was checked: give the keys that count")],
        [("unknown", "entry {position}, which recorded the printing, is not under the log's signature yet")],
        [("false", another)], [("false", another)],
        [("false", "the proof does not lead where it should"), ("true", "its log signed it, with the key {key}")],
        [("true", "its printing stands at position {position} of {size} in the log {origin}"),
         ("true", "its log signed it, with the key {key}")],
        [("unknown", "the proof of its printing cannot be read")], [("unknown", "the proof of its printing cannot be read")],
    ]  # fmt: skip
    assert said[6][2]["mark"] == "false"
    assert said[0][0]["values"]["position"] == "41"
