"""Checkpoints: a log's head as signed text, and the cosignatures of those who saw it."""

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint, cosign, cosigned_at, cosigned_message, parse
from ledger.crypto import Signer
from ledger.merkle import check_consistency, check_inclusion, consistency, inclusion, leaf_hash, root_of
from ledger.note import WITNESS, BadSignature, Key, Malformed, Unsigned, Verify, opened, spell
from ledger.note import parse as parse_note
from tests.vectors import VERIFIERS, Tally, checker

ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
TEXT = f"cacao.example/log\n0\n{ROOT}\n"
SEEN_BY = Signer("witness.example/w1", bytes(32), WITNESS)


def test_a_checkpoint_is_three_lines() -> None:
    checkpoint = Checkpoint("cacao.example/log", 0, sha256(b"").digest())

    assert checkpoint.text() == TEXT
    assert parse(TEXT) == checkpoint


def test_further_lines_are_kept_and_mean_nothing() -> None:
    read = parse(f"{TEXT}one\ntwo three\n")

    assert (read[:3], read.extensions) == (parse(TEXT)[:3], ("one", "two three"))
    assert read.text() == f"{TEXT}one\ntwo three\n"


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "a\n", "a\n1\n", f"a\n1\n{ROOT}", f"\n1\n{ROOT}\n", f"a\n\n{ROOT}\n", f"a\n1\n{ROOT}\n\n", f"a\n1\n{ROOT}\n\nb\n",
        f"a\n1\n{ROOT}\nb",
        *(f"a\n{size}\n{ROOT}\n" for size in ("+5", "007", "1_000", "-1", " 1", "1 ", "0x1", "9223372036854775808", "٣")),
        *(f"a\n1\n{b64encode(bytes(length)).decode()}\n" for length in (0, 31, 33)), f"a\n1\n{ROOT[:-2]}V=\n", f"a\n1\n{ROOT[:-1]}\n",
        f"a\n1\n{ROOT} \n", f"a\n1\n {ROOT}\n", f"a\r\n1\r\n{ROOT}\r\n",
    ],
)  # fmt: skip
def test_a_checkpoint_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_trees_are_read_as_another_program_reads_them(tlog: Path, tally: Tally) -> None:
    vectors = json.loads((tlog / "golang-mod" / "tree.json").read_bytes())
    root, origin = leaf_hash(vectors["record"].encode()), "go.sum database tree"
    first, *extended = vectors["good_with_extension_lines"]

    def is_ours(text: str) -> bool:
        try:
            return parse(text)[:3] == (origin, 123_456_789_012, root)
        except Malformed:
            return False

    agrees = {text: is_ours(text) for text in (vectors["tree"], *extended)} | {text: not is_ours(text) for text in vectors["bad"]}
    assert not first.endswith("\n")
    tally("golang-mod/tree", agrees, {"it does not end in a newline, as the text of every note does": [repr(first)]})


@VERIFIERS
def test_the_golden_checkpoints_are_signed_again_byte_for_byte(tlog: Path, tally: Tally, verify: Verify) -> None:
    meta = json.loads((tlog / "tessera-golden-log.meta.json").read_bytes())
    signer, leaves = Signer.parse(meta["test_skey"]), [leaf_hash(each.encode()) for each in meta["entries"]]
    agrees = {}
    for name, size in [*((f"checkpoint.{size}", size) for size in range(16)), ("checkpoint", 15)]:
        data = (tlog / "tessera-golden-log" / name).read_bytes()
        ours = Checkpoint("example.com/log/testdata", size, root_of(leaves[:size]))
        read = parse(opened(data, [Key.parse(meta["vkey"])], verify).text)
        agrees[name] = read == ours and spell(ours.text(), [signer.line(ours.text())]) == data

    tally(f"tessera-golden-log/checkpoint ({checker(verify)})", agrees)


def test_all_proofs_between_the_golden_checkpoints_hold(tlog: Path, tally: Tally) -> None:
    meta = json.loads((tlog / "tessera-golden-log.meta.json").read_bytes())
    leaves = [leaf_hash(each.encode()) for each in meta["entries"]]
    roots = [parse(parse_note((tlog / "tessera-golden-log" / f"checkpoint.{size}").read_bytes()).text).root for size in range(16)]
    agrees = {}
    for size in range(1, 16):
        for at in range(size):
            check_inclusion(leaves[at], at, size, inclusion(at, size, lambda lo, hi: root_of(leaves[lo:hi])), roots[size])
            proof = consistency(at + 1, size, lambda lo, hi: root_of(leaves[lo:hi]))
            check_consistency(at + 1, size, proof, roots[at + 1], roots[size])
            agrees[size, at] = len(proof) <= 5

    assert len(agrees) == 120
    tally("tessera-golden-log/proofs of each pair", agrees)


@VERIFIERS
def test_cosignatures_of_a_real_witness_hold(tlog: Path, tally: Tally, verify: Verify) -> None:
    folder, agrees = tlog / "sunlight-skylight", {}
    for about in sorted(folder.rglob("*.v0.json")):
        keys = [Key.parse(vkey) for vkey in json.loads(about.read_bytes())["verifier_keys"]]
        (file,) = about.parent.glob("*/checkpoint") if about.parent.name != "witness" else about.parent.glob("0*/checkpoint")
        note = opened(file.read_bytes(), keys, verify)
        ((key, signature),) = note.verified
        head = parse(note.text)
        # the folder of a log is the SHA-256 of its origin, where its witness keeps it
        agrees[about.name, file.parent.name] = (key.type, head.size, cosigned_at(signature)) == (WITNESS, 300, 1_767_139_200) and (
            file.parent.name == sha256(head.origin.encode()).hexdigest()
        )

    assert len(agrees) == 3
    left = "the log's own signature is of Certificate Transparency (type 5, ECDSA)"
    tally(f"sunlight-skylight/cosignatures ({checker(verify)})", agrees, {left: ["tree/checkpoint with tree/log.v3.json"]})
    with pytest.raises(Unsigned):
        opened((folder / "tree" / "checkpoint").read_bytes(), keys, verify)
    assert parse(parse_note((folder / "tree" / "checkpoint").read_bytes()).text).size == 300


def test_an_entry_of_another_log_stands_under_its_checkpoint(tlog: Path, tally: Tally) -> None:
    entry = json.loads((tlog / "rekor-v2" / "example-entry.json").read_bytes())
    proof, body = entry["inclusionProof"], b64decode(entry["canonicalizedBody"])
    note = parse_note(proof["checkpoint"]["envelope"].encode())
    head = parse(note.text)
    check_inclusion(
        leaf_hash(body), int(proof["logIndex"]), int(proof["treeSize"]), [b64decode(each) for each in proof["hashes"]], head.root
    )
    agrees = {
        "entry": (head.origin, head.size) == ("rekor-local", 1),
        "root": b64decode(proof["rootHash"]).decode() == head.root.hex(),
        "key id": b64decode(entry["logId"]["keyId"])[:4] == note.signatures[0].id,
    }

    tally("rekor-v2", agrees, {"the key of its checkpoint is not published": ["the signature"]})


@VERIFIERS
def test_a_witness_says_when_it_saw_a_checkpoint(verify: Verify) -> None:
    note = opened(spell(TEXT, [cosign(SEEN_BY, TEXT, 1_679_315_147)]), [SEEN_BY.key], verify)

    assert [(key, cosigned_at(signature)) for key, signature in note.verified] == [(SEEN_BY.key, 1_679_315_147)]
    assert cosigned_message(TEXT, 1_679_315_147) == b"cosignature/v1\ntime 1679315147\n" + TEXT.encode()


@pytest.mark.parametrize("at", [0, 7, 8, 71])
def test_neither_time_nor_signature_of_a_witness_can_be_changed(at: int) -> None:
    name, written = cosign(SEEN_BY, TEXT, 1_679_315_147).split()[1:]
    signed = bytearray(b64decode(written))
    signed[4 + at] ^= 1
    changed = f"— {name} {b64encode(signed).decode()}\n"

    with pytest.raises(BadSignature):
        opened(spell(TEXT, [changed]), [SEEN_BY.key])


def test_a_witness_cosigns_checkpoints_alone_with_its_own_sort_of_key_and_a_time_that_fits() -> None:
    with pytest.raises(Malformed):
        cosign(SEEN_BY, "anything\n", 1)
    with pytest.raises(ValueError, match=r"^the key cacao\.example is of type 1: a witness signs with a key of type 4$"):
        cosign(Signer.new("cacao.example"), TEXT, 1)
    with pytest.raises(BadSignature):
        opened(spell(TEXT, [cosign(SEEN_BY, TEXT, 1 << 63)]), [SEEN_BY.key])
    assert opened(spell(TEXT, [cosign(SEEN_BY, TEXT, (1 << 63) - 1)]), [SEEN_BY.key]).verified


def test_the_log_and_a_witness_of_one_name_have_two_ids() -> None:
    log, witness = Signer("cacao.example/log", bytes(32)), Signer("cacao.example/log", bytes(32), WITNESS)
    note = spell(TEXT, [log.line(TEXT), cosign(witness, TEXT, 9)])

    assert log.key.id != witness.key.id
    assert [key for key, _ in opened(note, [witness.key]).verified] == [witness.key]
    assert [key for key, _ in opened(note, [log.key, witness.key]).verified] == [log.key, witness.key]
