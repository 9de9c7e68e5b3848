"""Requests that another program's witness was tested with, sent to ours in order."""

import json
from pathlib import Path

from starlette.testclient import TestClient

from api.witness import create, opened
from ledger.note import LOG, Key
from tests.vectors import Tally


def test_other_peoples_requests_are_answered_as_the_specification_says(tmp_path: Path, tlog: Path, tally: Tally) -> None:
    vectors = json.loads((tlog / "tlog-witness" / "litewitness-add-checkpoint.json").read_text(encoding="utf-8"))
    log = Key(vectors["log_origin"], LOG, bytes.fromhex(vectors["log_pubkey_hex"]))
    agrees = {}
    with TestClient(create(opened(tmp_path, vectors["witness_name"], [str(log)]), "")) as client:
        for number, case in enumerate(vectors["cases"]):
            unknown = "unknown log" in case["body_contains"]  # that build says 403 here, the specification 404
            answer = client.post("/add-checkpoint", content=case["request"].encode())
            right = answer.status_code == (404 if unknown else case["status"])
            said = f"{number}: {case['status']}{' there, 404 in the specification' if unknown else ''}"
            agrees[said] = right and all(words in answer.text for words in case["body_contains"])

    assert len(agrees) == 9
    tally("tlog-witness/add-checkpoint", agrees)
