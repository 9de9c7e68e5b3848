"""Proofs to keep: spelled and read as others spell and read them, and believed only where entry, path, checkpoint and policy agree."""

import json
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from shutil import copyfile

import pytest

import ledger
from ledger.checkpoint import Checkpoint, cosign
from ledger.crypto import Signer
from ledger.merkle import Unproven, check_inclusion, inclusion, leaf_hash, root_of
from ledger.note import WITNESS, BadSignature, Malformed, Unsigned, Verify, spell
from ledger.policy import Policy
from ledger.policy import parse as parse_policy
from ledger.proof import TlogProof, check, parse
from tests.ledger.golden_log import leaves, line
from tests.vectors import VERIFIERS, Tally

LOG = Signer("cacao.example/log", bytes(32))
WITNESSES = [Signer(f"w{n}.example", bytes([n]) * 32, WITNESS) for n in (1, 2, 3)]
SIZE, INDEX = 300, 257
HEAD = Checkpoint(LOG.name, SIZE, root_of(leaves()[:SIZE]))
PATH = tuple(inclusion(INDEX, SIZE, lambda lo, hi: root_of(leaves()[lo:hi])))
NAMED = [f"witness w{n} {each.key}" for n, each in enumerate(WITNESSES, 1)]
POLICY = parse_policy("\n".join([f"log {LOG.key}", *NAMED, "group g 2 w1 w2 w3", "quorum g", ""]))


def proof(*seen_by: Signer, log: Signer = LOG) -> TlogProof:
    """A proof under a checkpoint that the log and these witnesses signed."""
    cosigned = [cosign(each, HEAD.text(), 1_700_000_000 + at) for at, each in enumerate(seen_by)]
    return TlogProof(INDEX, PATH, spell(HEAD.text(), [log.line(HEAD.text()), *cosigned]))


def test_a_proof_is_spelled_as_another_program_spells_it(tlog: Path, tally: Tally) -> None:
    vectors = json.loads((tlog / "tlog-proof" / "cases.json").read_bytes())["marshal"]
    agrees = {}
    for case in vectors:
        extra = b64decode(case["extra"]) if "extra" in case else None
        made = TlogProof(case["index"], tuple(map(b64decode, case["hashes"])), case["checkpoint"].encode(), extra)
        agrees[case["want"]] = made.spell() == case["want"] and parse(case["want"].encode()) == made

    tally("tlog-proof/spelled", agrees)


def test_a_proof_that_another_program_refuses_is_refused(tlog: Path, tally: Tally) -> None:
    def is_refused(text: str) -> bool:
        try:
            parse(text.encode())
        except Malformed:
            return True
        return False

    vectors = json.loads((tlog / "tlog-proof" / "cases.json").read_bytes())["unmarshal_errors"]
    tally("tlog-proof/refused", {case["proof"]: is_refused(case["proof"]) for case in vectors})


@VERIFIERS
def test_an_entry_is_proven_and_seen(verify: Verify) -> None:
    written = proof(WITNESSES[0], WITNESSES[2]).spell().encode()
    seen = check(parse(written), leaf_hash(line(INDEX)), POLICY, verify)

    assert (seen.checkpoint, seen.log, seen.witnesses) == (HEAD, LOG.key, {"w1": 1_700_000_000, "w3": 1_700_000_001})
    assert check(proof(), leaf_hash(line(INDEX)), Policy.of(LOG.key), verify).witnesses == {}


def test_another_entry_is_not_proven() -> None:
    for other in (line(INDEX - 1), line(INDEX) + b"\n", b""):
        with pytest.raises(Unproven, match=r"^the proof leads to the root "):
            check(proof(*WITNESSES), leaf_hash(other), POLICY)


@pytest.mark.parametrize("hashes", [PATH[:-1], (*PATH, PATH[0]), PATH[::-1], ()])
def test_another_path_is_not_a_proof(hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(Unproven):
        check(proof(*WITNESSES)._replace(hashes=hashes), leaf_hash(line(INDEX)), POLICY)


def test_too_few_witnesses_prove_nothing() -> None:
    with pytest.raises(Unproven, match=r"^seen by 1 of 3 witnesses \(w2\), 2 are needed$"):
        check(proof(WITNESSES[1]), leaf_hash(line(INDEX)), POLICY)
    with pytest.raises(Unproven, match=r"^seen by 0 of 3 witnesses \(none\), 2 are needed$"):
        check(proof(Signer.new("w1.example", WITNESS)), leaf_hash(line(INDEX)), POLICY)


def test_a_log_that_the_policy_does_not_name_proves_nothing() -> None:
    with pytest.raises(Unsigned, match=r"^no log of the policy signed the checkpoint of cacao\.example/log$"):
        check(proof(*WITNESSES, log=Signer.new(LOG.name)), leaf_hash(line(INDEX)), POLICY)


def test_a_changed_checkpoint_proves_nothing() -> None:
    changed = proof(*WITNESSES).checkpoint.replace(b"\n300\n", b"\n301\n")

    with pytest.raises(BadSignature):
        check(proof()._replace(checkpoint=changed), leaf_hash(line(INDEX)), POLICY)


WHOLE = proof(*WITNESSES).spell().encode()
HASH = b64encode(PATH[0])
INDEX_LINE = b"index 257\n"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n\n", WHOLE[1:], b"\n" + WHOLE, b"\xef\xbb\xbf" + WHOLE, WHOLE.replace(b"@v1", b"@v2"), WHOLE.replace(b"@v1\n", b"@v1\r\n"),
        WHOLE.replace(INDEX_LINE, b""), WHOLE.replace(INDEX_LINE, b"index\n"), WHOLE.replace(INDEX_LINE, INDEX_LINE * 2),
        *(WHOLE.replace(INDEX_LINE, b"index %s\n" % size) for size in (b"+5", b"007", b"1_000", b"-5", b"0x1", b" 5", b"5 ", b"5\r", b"")),
        WHOLE.replace(INDEX_LINE, b"index 9223372036854775808\n"), WHOLE.replace(INDEX_LINE, b"Index 257\n"),
        WHOLE.replace(INDEX_LINE, INDEX_LINE + b"extra AAAA\n"), WHOLE.replace(INDEX_LINE, b"extra AAB=\n" + INDEX_LINE),
        WHOLE.replace(INDEX_LINE, b"extra AAAA\nextra AAAA\n" + INDEX_LINE), WHOLE.replace(INDEX_LINE, b"extra\n" + INDEX_LINE),
        WHOLE.replace(HASH, b64encode(PATH[0][:31])), WHOLE.replace(HASH, b64encode(PATH[0] + b"x")), WHOLE.replace(HASH, HASH[:-1]),
        *(WHOLE.replace(HASH, HASH + more) for more in (b" ", b"\r", b"=")), WHOLE.replace(HASH, b" " + HASH),
        WHOLE.replace(HASH, HASH[:-2] + bytes([HASH[-2] + 1]) + b"="), WHOLE.replace(HASH, b""), WHOLE.partition(b"\n\n")[0],
        WHOLE.replace(HASH, b"\n".join([HASH] * 64)), WHOLE.replace(HASH, b"\xff" * 44), WHOLE + b"x", WHOLE + b"\n", WHOLE[:-1],
    ],
)  # fmt: skip
def test_a_proof_in_any_other_form_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        check(parse(data), leaf_hash(line(INDEX)), POLICY)


def test_the_formats_need_python_alone(tmp_path: Path) -> None:
    """They travel with what they check: copied elsewhere, to a Python without packages, they judge as here."""
    (tmp_path / "ledger").mkdir()
    for name in ("merkle", "tile", "ed25519", "note", "checkpoint", "policy", "proof"):
        copyfile(Path(ledger.__file__).parent / f"{name}.py", tmp_path / "ledger" / f"{name}.py")
    script = """import sys; sys.path.append(sys.argv[1])
from ledger import merkle, policy, proof, tile
trust, leaf = policy.parse(sys.argv[2]), merkle.leaf_hash(bytes.fromhex(sys.argv[3]))
print(sorted(proof.check(proof.parse(sys.stdin.buffer.read()), leaf, trust).witnesses))"""
    policy = "\n".join([f"log {LOG.key}", *NAMED, "group g 2 w1 w2 w3", "quorum g"])
    words = [sys.executable, "-I", "-S", "-c", script, str(tmp_path), policy]

    right = subprocess.run([*words, line(INDEX).hex()], input=proof(*WITNESSES[:2]).spell().encode(), capture_output=True, check=True)
    wrong = subprocess.run([*words, line(0).hex()], input=proof(*WITNESSES[:2]).spell().encode(), capture_output=True, check=False)

    assert right.stdout == b"['w1', 'w2']\n"
    assert wrong.returncode == 1
    assert b"ledger.merkle.Unproven: the proof leads to the root " in wrong.stderr


def test_extra_data_go_along_and_nobody_signed_them() -> None:
    carried = proof(*WITNESSES)._replace(extra=b"anything at all")

    assert parse(carried.spell().encode()) == carried
    check(carried, leaf_hash(line(INDEX)), POLICY)
    assert parse(carried._replace(extra=b"").spell().encode()).extra == b""


def test_proofs_of_another_format_stand_on_the_same_tree(tlog: Path, tally: Tally) -> None:
    """Sigsum: a leaf is checksum, signature and hash of the key. Its test messages are `foo-N` right of blanks, to 31, and a newline."""
    proofs = json.loads((tlog / "sigsum" / "proofs.json").read_bytes())["ascii_v2"]
    agrees = {}
    for number, text in zip((1, 4), proofs, strict=True):
        said = dict(re.findall("^(leaf|size|root_hash)=(.+)$", text, re.MULTILINE))
        key_hash, signature = map(bytes.fromhex, said["leaf"].split())
        leaf = leaf_hash(sha256(f"foo-{number}\n".rjust(32).encode()).digest() + signature + key_hash)
        path = [bytes.fromhex(each) for each in re.findall("^node_hash=(.+)$", text, re.MULTILINE)]
        check_inclusion(leaf, number - 1, int(said["size"]), path, bytes.fromhex(said["root_hash"]))
        agrees[number] = (int(said["size"]), len(path)) == (number, number // 2)

    tally("sigsum/proofs", agrees, {"their keys are not published": ["both signatures of the log"]})
