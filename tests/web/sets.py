"""Other people's vectors as questions to the page's scripts, each with what is right; and the spellings that ours refuse in Python."""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ledger import crypto
from ledger.merkle import consistency, inclusion, leaf_hash, root_of
from tests.ledger import test_tlog_checkpoint as checkpoints
from tests.ledger import test_tlog_note as notes
from tests.ledger import test_tlog_policy as policies
from tests.ledger import test_tlog_proof as proofs
from tests.ledger.test_tlog_crypto import wycheproof
from tests.ledger.test_tlog_merkle import PLACEHOLDERS, b64, cases, is_subtree

Answer = dict[str, Any]


class Case(NamedTuple):
    """One question, and whether an answer to it is right."""

    name: str
    asked: list[Any]
    right: Callable[[Answer], bool]


def refuses(*kinds: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.get("not") in kinds


def shows(wanted: object) -> Callable[[Answer], bool]:
    return lambda answer: answer == {"is": wanted}


def proves(wanted: bool) -> Callable[[Answer], bool]:  # noqa: FBT001 - it is what is wanted
    """A check of the tree answers with the reason why not."""
    return lambda answer: isinstance(answer.get("is"), str) and (answer["is"] == "") == wanted


def included(name: str, case: dict[str, Any], start: int, size: int) -> Case:
    path = [b64(each).hex() for each in case["proof"] or []]
    asked = ["included", b64(case["leafHash"]).hex(), str(case["leafIdx"] - start), str(size), path, b64(case["root"]).hex()]
    return Case(name, asked, proves(not case["wantErr"]))


def grown(name: str, case: dict[str, Any], old: int, new: int) -> Case:
    path = [b64(each).hex() for each in case["proof"] or []]
    return Case(name, ["grown", str(old), str(new), path, b64(case["root1"]).hex(), b64(case["root2"]).hex()], proves(not case["wantErr"]))


def tree_inclusion(tlog: Path) -> Iterator[Case]:
    yield from (included(name, case, 0, case["treeSize"]) for name, case in cases(tlog, "inclusion").items())
    for name, case in cases(tlog, "subtreeinclusion").items():
        if is_subtree(case["start"], case["end"]):
            yield included(name, case, case["start"], case["end"] - case["start"])


def tree_consistency(tlog: Path) -> Iterator[Case]:
    for name, case in cases(tlog, "consistency").items():
        if not name.endswith(PLACEHOLDERS):
            yield grown(name, case, case["size1"], case["size2"])
    for name, case in cases(tlog, "subtreeconsistency").items():
        if case["start"] == 0 < case["end"] and not name.endswith(PLACEHOLDERS):
            yield grown(name, case, case["end"], case["size"])


def go_notes(tlog: Path) -> Iterator[Case]:
    vectors = json.loads((tlog / "golang-mod" / "note.json").read_bytes())
    named = {vkey.partition("+")[0]: vkey for vkey in vectors["vkeys"].values()}
    for case in vectors["open"]:
        word = (case["error"] or "").removeprefix("note has ").partition(" ")[0]
        vkeys = [vectors["vkeys"][name] for name in case["keys"]]
        signed_by = [named[name] for name in case.get("verified") or []]
        right = refuses(notes.REFUSALS[word].__name__) if word else shows(signed_by)
        yield Case(case["name"], ["opened", b64decode(case["msg_b64"]).hex(), vkeys], right)
    yield from (Case(f"key of {name}", ["key", vkey], shows(vkey)) for name, vkey in vectors["vkeys"].items())
    others = notes.others(vectors["vkeys"]["peter"]) | {vkey: vkey for vkey in vectors["bad_vkeys"]} | {"nothing": ""}
    yield from (Case(name, ["key", vkey], refuses("Malformed")) for name, vkey in others.items())


def go_trees(tlog: Path) -> Iterator[Case]:
    vectors = json.loads((tlog / "golang-mod" / "tree.json").read_bytes())
    ours = shows(["go.sum database tree", "123456789012", leaf_hash(vectors["record"].encode()).hex()])
    good = [each for each in vectors["good_with_extension_lines"] if each.endswith("\n")]
    yield from (Case(text, ["checkpoint", text], ours) for text in [vectors["tree"], *good])
    yield from (Case(text, ["checkpoint", text], lambda answer: not ours(answer)) for text in vectors["bad"])


def example_note(tlog: Path) -> Iterator[Case]:
    vector = json.loads((tlog / "c2sp-examples" / "signed-note.json").read_bytes())
    yield Case("opened", ["opened", vector["note"].encode().hex(), [vector["vkey"]]], shows([vector["vkey"]]))


def golden_log(tlog: Path) -> Iterator[Case]:
    meta = json.loads((tlog / "tessera-golden-log.meta.json").read_bytes())
    leaves = [leaf_hash(each.encode()) for each in meta["entries"]]
    roots = [root_of(leaves[:size]).hex() for size in range(16)]
    for size in range(16):
        data = (tlog / "tessera-golden-log" / f"checkpoint.{size}").read_bytes()
        text = data.decode().partition("\n\n")[0] + "\n"
        yield Case(f"signed {size}", ["opened", data.hex(), [meta["vkey"]]], shows([meta["vkey"]]))
        yield Case(f"head of {size}", ["checkpoint", text], shows(["example.com/log/testdata", str(size), roots[size]]))
        for at in range(size):
            path = [each.hex() for each in inclusion(at, size, lambda lo, hi: root_of(leaves[lo:hi]))]
            longer = [each.hex() for each in consistency(at + 1, size, lambda lo, hi: root_of(leaves[lo:hi]))]
            yield Case(f"{at} in {size}", ["included", leaves[at].hex(), str(at), str(size), path, roots[size]], proves(True))  # noqa: FBT003
            yield Case(f"{at + 1} to {size}", ["grown", str(at + 1), str(size), longer, roots[at + 1], roots[size]], proves(True))  # noqa: FBT003


def cosigned(tlog: Path) -> Iterator[Case]:
    for about in sorted((tlog / "sunlight-skylight").rglob("*.v0.json")):
        vkeys = json.loads(about.read_bytes())["verifier_keys"]
        (file,) = about.parent.glob("*/checkpoint") if about.parent.name != "witness" else about.parent.glob("0*/checkpoint")
        yield Case(f"{about.name} {file.parent.name}", ["opened", file.read_bytes().hex(), vkeys], lambda answer: len(answer["is"]) == 1)


def kept_proofs(tlog: Path) -> Iterator[Case]:
    vectors = json.loads((tlog / "tlog-proof" / "cases.json").read_bytes())
    for case in vectors["marshal"]:
        read = [str(case["index"]), [b64decode(each).hex() for each in case["hashes"]], case["checkpoint"].encode().hex()]
        yield Case(case["want"], ["proof", case["want"].encode().hex()], shows(read))
    yield from (Case(case["proof"], ["proof", case["proof"].encode().hex()], refuses("Malformed")) for case in vectors["unmarshal_errors"])


def signatures(tlog: Path) -> Iterator[Case]:
    for case in wycheproof(tlog, "ed25519"):
        yield Case(str(case["tcId"]), ["ed25519", case["publicKey"]["pk"], case["sig"], case["msg"]], shows(case["result"] == "valid"))


def odd_signatures(tlog: Path) -> Iterator[Case]:
    for case in json.loads((tlog / "cctv-ed25519" / "ed25519vectors.json").read_bytes()):
        of = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"]), case["msg"].encode()
        yield Case(str(case["number"]), ["ed25519", *(each.hex() for each in of)], shows(crypto.verify(*of)))


SETS = {
    "transparency-dev-merkle/inclusion": (tree_inclusion, 98 + 185), "transparency-dev-merkle/consistency": (tree_consistency, 97 + 90),
    "golang-mod/note": (go_notes, 2_294), "golang-mod/tree": (go_trees, 6), "c2sp-examples/signed-note": (example_note, 1),
    "tessera-golden-log/checkpoint": (golden_log, 272), "sunlight-skylight/cosignatures": (cosigned, 3),
    "tlog-proof/read": (kept_proofs, 10), "wycheproof/ed25519": (signatures, 151), "cctv-ed25519/as OpenSSL": (odd_signatures, 914),
}  # fmt: skip
"""Set -> where its cases come from, and how many there are."""


def left_out(tlog: Path, what: str, asked: Collection[str]) -> dict[str, list[str]]:
    """Vectors of a set that are not asked, which are those that Python's tests leave out, and why."""
    if what == "golang-mod/tree":
        return {"it does not end in a newline, as the text of every note does": ["one of its good ones"]}
    if not what.startswith("transparency-dev-merkle/"):
        return {}
    sort = what.partition("/")[2]
    every = [name for each in (sort, f"subtree{sort}") for name in cases(tlog, each)]
    return {"as in Python: placeholders for roots, or subtrees that ours never are": [name for name in every if name not in asked]}


def listed(test: Any) -> list[Any]:
    """The cases with which a test of the Python formats is parametrised."""
    return [case for mark in test.pytestmark if mark.name == "parametrize" for case in mark.args[1]]


def other_spellings() -> Iterator[Case]:
    """All that the Python formats refuse for how it is spelled."""
    for data in listed(notes.test_a_note_in_any_other_form_is_refused):
        yield Case(f"note {data!r}", ["note", data.hex()], refuses("Malformed"))
    for written in [*listed(notes.test_a_signature_whose_base64_has_a_second_spelling_is_refused)]:
        data = notes.SIGNED.replace(notes.B64.encode(), written.encode())
        yield Case(f"signature {written!r}", ["opened", data.hex(), [str(notes.SIGNER.key)]], refuses("Malformed", "BadSignature"))
    for written in listed(notes.test_a_number_in_any_other_form_is_refused):
        yield Case(f"number {written!r}", ["number", written], refuses("Malformed"))
    for written in ("AAAAAAB=", "AAAAAAA", "AAAAAAA=\n", " AAAAAAA=", "AAAA\nAAA=", "AAAAAAA==", "AAAAAAA=A", "AAAAAA-=", "é", "\ufeff"):
        yield Case(f"base64 {written!r}", ["base64", written], refuses("Malformed"))
    for text in listed(checkpoints.test_a_checkpoint_in_any_other_form_is_refused):
        yield Case(f"checkpoint {text!r}", ["checkpoint", text], refuses("Malformed"))
    for data in listed(proofs.test_a_proof_in_any_other_form_is_refused):
        policy = "\n".join([f"log {proofs.LOG.key}", *proofs.NAMED, "group g 2 w1 w2 w3", "quorum g"])
        yield Case(
            f"proof {data!r}", ["judge", data.hex(), proofs.line(proofs.INDEX).hex(), policy], lambda answer: answer["is"]["code"] == 2
        )
    for line, why in listed(policies.test_a_line_in_any_other_form_is_refused_by_its_number):
        text = "\n".join([*policies.LINES, line, "quorum none" if "quorum" not in line else "", ""])
        yield Case(f"policy {line!r}", ["policy", text], refused_as(rf"^line 5 of the policy: .*({why})"))


def refused_as(pattern: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.get("not") == "Malformed" and re.search(pattern, answer["why"]) is not None
