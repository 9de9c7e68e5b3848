"""`cacao verify`: true, false or no verdict, one sentence in each language, and an exit code; no ledger and no network."""

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create
from api.house import House
from api.verifying import BROKEN, FALSE, TRUE, Trust, trusted, verify
from ledger.checkpoint import Checkpoint, cosign
from ledger.crypto import Signer
from ledger.merkle import consistency, inclusion, root_of
from ledger.note import WITNESS, Malformed, spell
from ledger.policy import parse
from ledger.proof import TlogProof
from tests.api.test_crash import wait_until
from tests.fuzz import furnish
from tests.ledger.golden_log import leaves, line

CACAO = Path(sys.executable).parent / "cacao"
LOG, ANA, BEN, CARO = (Signer(name, bytes([n]) * 32, WITNESS if n else 1) for n, name in enumerate(("cacao.example/log", "a", "b", "c")))
SIZE, INDEX = 300, 40
ENTRY = line(INDEX)
KEYS = f"log {LOG.key}\nwitness ana {ANA.key}\nwitness ben {BEN.key}\nwitness caro {CARO.key}\n"
TWO = Trust(parse(f"{KEYS}group g 2 ana ben caro\nquorum g\n"))
NO_WITNESS = Trust(parse(f"log {LOG.key}\nquorum none\n"))
OWN = Trust(own=LOG.key)


def subtree(lo: int, hi: int) -> bytes:
    return root_of(leaves()[lo:hi])


def checkpoint(*seen_by: Signer, origin: str = LOG.name) -> bytes:
    text = Checkpoint(origin, SIZE, subtree(0, SIZE)).text()
    return spell(text, [LOG.line(text), *(cosign(each, text, 1_700_000_000) for each in seen_by)])


def proof(*seen_by: Signer) -> bytes:
    return TlogProof(INDEX, inclusion(INDEX, SIZE, subtree), checkpoint(*seen_by)).spell().encode()


def included(**other: Any) -> bytes:
    proven = [b64(each) for each in inclusion(INDEX, SIZE, subtree)]
    said = {"index": INDEX, "size": SIZE, "leaf_hash": b64(leaves()[INDEX]), "root": b64(subtree(0, SIZE)), "proof": proven}
    return json.dumps(said | other).encode()


def grown(old: int = 130, **other: Any) -> bytes:
    proven = [b64(each) for each in consistency(old, SIZE, subtree)]
    said = {"old": old, "new": SIZE, "old_root": b64(subtree(0, old)), "new_root": b64(subtree(0, SIZE)), "proof": proven}
    return json.dumps(said | other).encode()


def b64(hash_: bytes) -> str:
    return b64encode(hash_).decode()


def named(value: object) -> str | None:
    """A case is named by its number and by what is said of it, not by all the bytes that it is about."""
    return value[:80] if isinstance(value, str) else "" if isinstance(value, bytes) else None


OWN_ALONE = "this house's own key signed it, and nothing else was checked: --policy names keys that you have from elsewhere"
UNCHECKED = "nobody's signature was checked: --policy names the keys that count"
STANDS = "True: the entry stands at position 41 of 300 in the log cacao.example/log; "
ROOTS = "nobody signed its roots here: compare them with those of a signed checkpoint."


@pytest.mark.parametrize(
    ("data", "entry", "trust", "said"),
    [
        (proof(ANA, BEN), ENTRY, TWO, f"{STANDS}its log signed it; seen by 2 of 3 witnesses: ana, ben."),
        (proof(), ENTRY, Trust(parse(f"{KEYS}quorum none\n")), f"{STANDS}its log signed it; seen by 0 of 3 witnesses."),
        (proof(ANA), ENTRY, NO_WITNESS, f"{STANDS}its log signed it; the policy names no witness."),
        (proof(ANA), ENTRY, OWN, f"{STANDS}{OWN_ALONE}."),
        (proof(ANA), ENTRY, Trust(), f"{STANDS}{UNCHECKED}."),
        (
            checkpoint(BEN, CARO), None, TWO,
            "True: the log cacao.example/log had 300 entries; its log signed it; seen by 2 of 3 witnesses: ben, caro.",
        ),
        (checkpoint(), None, OWN, f"True: the log cacao.example/log had 300 entries; {OWN_ALONE}."),
        (included(), None, Trust(), f"True: an entry with this hash stands at position 41 of 300; {ROOTS}"),
        (included(), ENTRY, OWN, f"True: the entry stands at position 41 of 300; {ROOTS}"),
        (grown(), None, Trust(), f"True: the log of 300 entries begins with that of 130, unchanged; {ROOTS}"),
        (grown(0), None, Trust(), f"True: the log of 300 entries begins with that of 0, unchanged; {ROOTS}"),
    ],
    ids=named,
)  # fmt: skip
def test_what_is_true_is_said_with_who_vouches_for_it(data: bytes, entry: bytes | None, trust: Trust, said: str) -> None:
    verdict = verify(data, entry, trust)

    assert (verdict.sentence("en"), verdict.code) == (said, TRUE)


OTHER_ROOT = b64(bytes(32))


@pytest.mark.parametrize(
    ("data", "entry", "trust", "said"),
    [
        (proof(ANA), ENTRY, TWO, "seen by 1 of 3 witnesses (ana), and the policy asks for 2."),
        (proof(), ENTRY, TWO, "seen by 0 of 3 witnesses, and the policy asks for 2."),
        (proof(ANA, BEN), line(41), TWO, "the proof does not lead where it should (the proof leads to the root "),
        (proof(ANA, BEN), ENTRY + b"\n", TWO, "an entry has no newline at its end: without the one in the file it would be true."),
        (included(), ENTRY + b"\n", OWN, "an entry has no newline at its end: without the one in the file it would be true."),
        (included(), line(41), OWN, "the proof does not lead where it should (the entry has the hash "),
        (included(index=41), None, OWN, "the proof does not lead where it should (the proof leads to the root "),
        (included(index=300), None, OWN, "the proof does not lead where it should (there is no entry 300 in a log of 300)."),
        (included(index=-1), None, OWN, "the proof does not lead where it should (there is no entry -1 in a log of 300)."),
        (included(root=OTHER_ROOT), None, OWN, "the proof does not lead where it should (the proof leads to the root "),
        (included(proof=[]), None, OWN, "the proof does not lead where it should (the proof has 0 hashes, not 9)."),
        (grown(old_root=OTHER_ROOT), None, OWN, "the proof does not lead where it should (the proof leads to the old root "),
        (grown(new_root=OTHER_ROOT), None, OWN, "the proof does not lead where it should (the proof leads to the new root "),
        (grown(old=131, new=130), None, OWN, "the proof does not lead where it should (a log of 130 cannot begin with one of 131)."),
        (
            checkpoint(ANA, BEN).replace(b"\n300\n", b"\n301\n"), None, TWO,
            "a signature does not hold: what was signed is another text (the signature of cacao.example/log does not hold).",
        ),
        (
            checkpoint(), None, Trust(own=Signer(LOG.name, b"\x09" * 32).key),
            "nobody whose signature counts signed it (nobody whose key is known signed it: cacao.example/log).",
        ),
        (checkpoint(ANA, BEN, origin="other.example"), None, TWO, "nobody whose signature counts signed it (no log of the policy signed "),
    ],
    ids=named,
)  # fmt: skip
def test_what_is_false_is_said_with_what_was_found(data: bytes, entry: bytes | None, trust: Trust, said: str) -> None:
    verdict = verify(data, entry, trust)

    assert verdict.sentence("en").startswith(f"False: {said}")
    assert verdict.code == FALSE


UNREAD = "no proof and no checkpoint can be read in it ("
FIELDS = f"{UNREAD}wanted index, size, leaf_hash, root, proof, or old, new, old_root, new_root, proof)."


@pytest.mark.parametrize(
    ("data", "entry", "trust", "said"),
    [
        (b"", None, TWO, UNREAD), (b"hello\n", None, TWO, UNREAD), (b"\xff\xfe\n\n", None, TWO, UNREAD),
        (proof(ANA)[:-1], ENTRY, TWO, UNREAD),
        (proof(ANA).replace(b"@v1", b"@v2"), ENTRY, TWO, UNREAD), (proof(ANA).replace(b"index 40", b"index 040"), ENTRY, TWO, UNREAD),
        (b"x" * 2_000_001, None, TWO, f"{UNREAD}2,000,001 bytes)."), (b"{", None, OWN, f"{UNREAD}it is not JSON in UTF-8)."),
        (b"{}", None, OWN, FIELDS), (b'{"a":' * 5_000, None, OWN, f"{UNREAD}it is not JSON in UTF-8)."),
        (included(index=True), None, OWN, FIELDS),
        (included(index="40"), None, OWN, FIELDS), (included(index=40.0), None, OWN, FIELDS), (included(more=1), None, OWN, FIELDS),
        (included(proof=[1]), None, OWN, f"{UNREAD}'!' is not base64)."),
        (included(root="AA=="), None, OWN, f"{UNREAD}'AA==' spells 1 bytes, not 32)."),
        (included().replace(b'"index": 40', b'"index": 040'), None, OWN, f"{UNREAD}it is not JSON in UTF-8)."),
        (checkpoint(), None, Trust(), f"the log cacao.example/log had 300 entries; {UNCHECKED}."),
        (checkpoint(origin="other.example"), None, OWN, f"the log other.example had 300 entries; {UNCHECKED}."),
        (proof(ANA), None, OWN, f"a proof is of an entry: give its exact bytes with --entry; {OWN_ALONE}."),
        (checkpoint(), ENTRY, OWN, "a checkpoint shows no entry: give the entry's .tlog-proof."),
        (grown(), ENTRY, OWN, "a proof of consistency shows no entry: give the entry's .tlog-proof."),
        (grown(), None, TWO, "a policy is about signatures, and a proof as JSON has none: give the .tlog-proof."),
        (included(), ENTRY, TWO, "a policy is about signatures, and a proof as JSON has none: give the .tlog-proof."),
    ],
    ids=named,
)  # fmt: skip
def test_what_cannot_be_judged_is_said_with_why(data: bytes, entry: bytes | None, trust: Trust, said: str) -> None:
    verdict = verify(data, entry, trust)

    assert verdict.sentence("en").startswith(f"No verdict: {said}")
    assert verdict.code == BROKEN


def test_a_witness_that_is_not_in_the_quorum_does_not_count() -> None:
    verdict = verify(checkpoint(ANA, BEN), None, Trust(parse(f"{KEYS}group g all ben caro\nquorum g\n")))

    assert verdict.sentence("es") == "Falso: visto por 1 de 2 testigos (ben), y la política pide 2."


def test_what_a_file_says_does_not_command_the_terminal() -> None:
    verdict = verify(checkpoint(origin="log\x9b2J\u202e.example"), None, Trust())

    assert verdict.sentence("en").startswith("No verdict: the log log\ufffd2J\ufffd.example had 300 entries;")


def test_braces_in_a_file_are_only_braces() -> None:
    assert "{size}{0.x}" in verify(checkpoint(origin="log{size}{0.x}"), None, Trust()).sentence("en")


def test_without_a_policy_this_houses_own_key_counts_where_it_has_one(tmp_path: Path) -> None:
    assert trusted(None, tmp_path / "log.key") == Trust()
    (tmp_path / "log.key").write_text(f"{LOG}\n")
    assert trusted(None, tmp_path / "log.key") == OWN
    assert trusted(b"quorum none\n", tmp_path / "log.key") == Trust(parse("quorum none\n"))
    with pytest.raises(Malformed):
        trusted(b"quorum most\n", tmp_path / "log.key")


def run(home: Path, *words: str | Path, entry: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    """The program as a person starts it, where there is no database to be had."""
    environment = {"CACAO_HOME": str(home), "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PATH": "/usr/bin:/bin"}
    return subprocess.run([CACAO, "verify", *words], env=environment, capture_output=True, input=entry, check=False, timeout=60)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with what an auditor took home."""
    (tmp_path / "41.tlog-proof").write_bytes(proof(ANA, CARO))
    (tmp_path / "policy").write_text(f"{KEYS}group g 2 ana ben caro\nquorum g\n")
    (tmp_path / "41.json").write_bytes(ENTRY)
    return tmp_path


def test_a_proof_is_verified_at_the_terminal_in_two_languages(kept: Path) -> None:
    done = run(kept / "home", kept / "41.tlog-proof", "--policy", kept / "policy", "--entry", kept / "41.json")

    spanish, english = done.stdout.decode().splitlines()
    assert spanish.startswith("Verdadero: el asiento está en la posición 41 de 300 del registro cacao.example/log; lo firmó su registro; ")
    assert spanish.endswith("; visto por 2 de 3 testigos: ana, caro.")
    assert english == f"{STANDS}its log signed it; seen by 2 of 3 witnesses: ana, caro."
    assert (done.returncode, done.stderr) == (0, b"")
    assert not (kept / "home").exists()


def test_an_entry_that_comes_in_is_judged_and_json_is_one_document(kept: Path) -> None:
    right, wrong = (
        run(kept, kept / "41.tlog-proof", "--policy", kept / "policy", "--entry", "-", "--json", entry=entry) for entry in (ENTRY, line(7))
    )
    said = json.loads(right.stdout)

    assert (right.returncode, wrong.returncode) == (0, 1)
    assert json.loads(wrong.stdout)["verdict"] == "false"
    assert {said.pop("es")[:9], said.pop("en")[:4]} == {"Verdadero", "True"}
    assert said == {
        "verdict": "true", "what": "tlog-proof", "position": 41, "origin": LOG.name, "size": 300, "root": subtree(0, SIZE).hex(),
        "checked_with": "policy", "log": str(LOG.key), "witnesses": {"ana": 1_700_000_000, "caro": 1_700_000_000},
    }  # fmt: skip


@pytest.mark.parametrize("absent", ["41.tlog-proof", "policy", "41.json"])
def test_a_file_that_is_not_there_is_named(kept: Path, absent: str) -> None:
    (kept / absent).unlink()

    done = run(kept, kept / "41.tlog-proof", "--policy", kept / "policy", "--entry", kept / "41.json")

    assert done.stdout.decode().splitlines()[1] == f"No verdict: {kept / absent} cannot be read (No such file or directory)."
    assert done.returncode == 2


def test_a_policy_that_cannot_be_read_gives_no_verdict(kept: Path) -> None:
    (kept / "policy").write_text("quorum most\n")

    done = run(kept, kept / "41.tlog-proof", "--policy", kept / "policy", "--entry", kept / "41.json")

    assert "line 1 of the policy: most is no witness and no group of the lines above" in done.stdout.decode()
    assert done.returncode == 2


def test_a_key_of_the_house_that_cannot_be_read_gives_no_verdict_and_is_not_shown(kept: Path) -> None:
    (kept / "keys").mkdir()
    (kept / "keys" / "log.key").write_text("PRIVATE+KEY+secret")

    done = run(kept, kept / "41.tlog-proof", "--entry", kept / "41.json")

    assert done.returncode == 2
    assert "PRIVATE+KEY+secret" not in done.stdout.decode() + done.stderr.decode()


def test_what_a_house_serves_is_true(house: House) -> None:
    """Entries written, a head signed, proofs fetched: all of it holds with the policy that was fetched."""
    furnish(house)
    with TestClient(create(house)) as client:
        wait_until(lambda: client.get("/checkpoint").status_code == 200)
        note, trust = client.get("/checkpoint").content, Trust(parse(client.get("/policy").text))
        size = int(note.split(b"\n")[1])
        proven, longer = (client.get(f"/{path}").content for path in (f"proofs/{size}.tlog-proof", f"consistency/1/{size}.json"))
    with house.pool.connection() as conn:
        ((entry,),) = conn.execute("SELECT line FROM ledger.entries WHERE position = %s", (size,)).fetchall()

    assert verify(note, None, trust).code == TRUE
    assert verify(proven, bytes(entry), trust).code == TRUE
    assert verify(proven, bytes(entry)[:-1], trust).code == FALSE
    assert verify(longer, None, Trust()).code == TRUE
