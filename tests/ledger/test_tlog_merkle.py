"""Proofs of inclusion and consistency: those of the reference implementation, all small trees, and every bit that could be changed."""

import json
from base64 import b64decode
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.merkle import Range, Unproven, check_consistency, check_inclusion, consistency, inclusion, root_of
from tests.vectors import Tally

LEAVES = [sha256(b"\x00" + str(n).encode()).digest() for n in range(1_100)]
PLACEHOLDERS = "additional/sizes-are-equal-one-and-proof-is-empty.json"
NOT_32 = "their roots are placeholders of 12 bytes"


@cache
def mth(lo: int, hi: int) -> bytes:
    """RFC 6962, 2.1, of leaves lo to hi - 1."""
    if lo == hi:
        return sha256(b"").digest()
    if hi - lo == 1:
        return LEAVES[lo]
    middle = lo + cut(hi - lo)
    return sha256(b"\x01" + mth(lo, middle) + mth(middle, hi)).digest()


def cut(size: int) -> int:
    """The largest power of two smaller than the size."""
    power = 1
    while 2 * power < size:
        power *= 2
    return power


def path(m: int, lo: int, hi: int) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962, 2.1.1; m counts from lo."""
    if hi - lo == 1:
        return []
    k = cut(hi - lo)
    return [*path(m, lo, lo + k), mth(lo + k, hi)] if m < k else [*path(m - k, lo + k, hi), mth(lo, lo + k)]


def subproof(m: int, lo: int, hi: int, whole: bool) -> list[bytes]:  # noqa: FBT001 - as the RFC writes it
    """SUBPROOF(m, D[n], b) of RFC 6962, 2.1.2."""
    if m == hi - lo:
        return [] if whole else [mth(lo, hi)]
    k = cut(hi - lo)
    if m <= k:
        return [*subproof(m, lo, lo + k, whole), mth(lo + k, hi)]
    return [*subproof(m - k, lo + k, hi, False), mth(lo, lo + k)]  # noqa: FBT003


def refused(check: Callable[..., None], *what: Any) -> bool:
    try:
        check(*what)
    except Unproven:
        return True
    return False


def test_every_root_to_1100_is_that_of_the_naive_tree() -> None:
    head = Range()
    for size in range(1_101):
        assert head.root() == root_of(LEAVES[:size]) == mth(0, size)
        head = head.extend(LEAVES[size : size + 1])


def test_every_entry_of_every_tree_to_130_is_proven_and_some_of_each_to_1100() -> None:
    for size in range(1, 1_101):
        for index in range(size) if size <= 130 else {0, 1, size // 2, cut(size) - 1, cut(size), size - 1}:
            proof = inclusion(index, size, mth)
            assert proof == path(index, 0, size)
            check_inclusion(LEAVES[index], index, size, proof, mth(0, size))


def test_every_pair_of_sizes_to_130_is_proven() -> None:
    for new in range(131):
        for old in range(new + 1):
            proof = consistency(old, new, mth)
            assert proof == (subproof(old, 0, new, True) if old else [])  # noqa: FBT003
            check_consistency(old, new, proof, mth(0, old), mth(0, new))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 13])
def test_no_bit_of_an_inclusion_proof_may_be_another(size: int) -> None:
    root = mth(0, size)
    for index in range(size):
        leaf, proof = LEAVES[index], inclusion(index, size, mth)
        whole = [leaf, root, *proof]
        for at, bit in ((at, bit) for at in range(len(whole)) for bit in range(256)):
            changed = [flipped(each, bit) if n == at else each for n, each in enumerate(whole)]
            assert refused(check_inclusion, changed[0], index, size, changed[2:], changed[1])
        for bit in range(64):
            assert refused(check_inclusion, leaf, index ^ 1 << bit, size, proof, root)


@pytest.mark.parametrize("new", [2, 3, 7, 8, 13])
def test_no_bit_of_a_consistency_proof_may_be_another(new: int) -> None:
    for old in range(new + 1):
        whole = [mth(0, old), mth(0, new), *consistency(old, new, mth)]
        # whoever had nothing is told a root, and has nothing with which to doubt it
        for at, bit in ((at, bit) for at in range(len(whole)) for bit in range(256) if (old, at) != (0, 1)):
            changed = [flipped(each, bit) if n == at else each for n, each in enumerate(whole)]
            assert refused(check_consistency, old, new, changed[2:], changed[0], changed[1])


def flipped(hash_: bytes, bit: int) -> bytes:
    return (int.from_bytes(hash_) ^ 1 << bit).to_bytes(32)


@pytest.mark.parametrize(
    "proof",
    [[], [mth(0, 1)], [mth(0, 1), mth(2, 4), mth(4, 5), mth(4, 5)], [mth(0, 1)[:31], mth(2, 4), mth(4, 5)]],
    ids=["none", "short", "long", "31 bytes"],
)
def test_a_proof_of_another_shape_is_refused(proof: list[bytes]) -> None:
    with pytest.raises(Unproven, match=f"^the proof has {len(proof)} hashes, not 3$|^a hash has 31 bytes, not 32$"):
        check_inclusion(LEAVES[1], 1, 5, proof, mth(0, 5))
    with pytest.raises(Unproven, match=f"^the proof has {len(proof) + 1} hashes, not 4$|^a hash has 31 bytes, not 32$"):
        check_consistency(3, 5, [mth(2, 3), *proof], mth(0, 3), mth(0, 5))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (6, 5), (-1, 5)])
def test_an_entry_beyond_the_log_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(Unproven, match=f"^there is no entry {index} in a log of {size}$"):
        check_inclusion(LEAVES[0], index, size, [], mth(0, size))
    with pytest.raises(ValueError, match=f"^no leaf {index} in a tree of {size}$"):
        inclusion(index, size, mth)


@pytest.mark.parametrize(("old", "new"), [(6, 5), (-1, 5), (1, 0)])
def test_a_log_does_not_shrink(old: int, new: int) -> None:
    with pytest.raises(Unproven, match=f"^a log of {new} cannot begin with one of {old}$"):
        check_consistency(old, new, [], mth(0, 1), mth(0, 1))
    with pytest.raises(ValueError, match=f"^a tree of {new} does not begin with one of {old}$"):
        consistency(old, new, mth)


def test_two_histories_of_one_size_are_told_apart() -> None:
    with pytest.raises(Unproven, match=f"^the proof leads to the old root {mth(0, 4).hex()}, not to {mth(1, 5).hex()}$"):
        check_consistency(4, 4, [], mth(1, 5), mth(0, 4))


def b64(written: str | None) -> bytes:
    return b64decode(written or "", validate=True)


def included(case: dict[str, Any], start: int, size: int) -> bool:
    proof = [b64(each) for each in case["proof"] or []]
    return refused(check_inclusion, b64(case["leafHash"]), case["leafIdx"] - start, size, proof, b64(case["root"])) == case["wantErr"]


def grown(case: dict[str, Any], old: int, new: int) -> bool:
    proof = [b64(each) for each in case["proof"] or []]
    return refused(check_consistency, old, new, proof, b64(case["root1"]), b64(case["root2"])) == case["wantErr"]


def cases(tlog: Path, folder: str) -> dict[str, dict[str, Any]]:
    testdata = tlog / "transparency-dev-merkle" / "testdata"
    return {path.relative_to(testdata).as_posix(): json.loads(path.read_bytes()) for path in (testdata / folder).rglob("*.json")}


def test_inclusion_is_judged_as_by_the_reference_implementation(tlog: Path, tally: Tally) -> None:
    agrees = {name: included(case, 0, case["treeSize"]) for name, case in cases(tlog, "inclusion").items()}

    assert len(agrees) == 98
    tally("transparency-dev-merkle/inclusion", agrees)


def test_consistency_is_judged_as_by_the_reference_implementation(tlog: Path, tally: Tally) -> None:
    found = cases(tlog, "consistency")
    del found[f"consistency/{PLACEHOLDERS}"]

    assert len(found) == 97
    tally(
        "transparency-dev-merkle/consistency",
        {name: grown(case, case["size1"], case["size2"]) for name, case in found.items()},
        {NOT_32: [PLACEHOLDERS]},
    )


def test_an_entry_of_a_subtree_is_one_of_a_tree_that_begins_later(tlog: Path, tally: Tally) -> None:
    found = cases(tlog, "subtreeinclusion")
    subtrees = {name: case for name, case in found.items() if is_subtree(case["start"], case["end"])}

    assert (len(found), len(subtrees)) == (204, 185)
    tally(
        "transparency-dev-merkle/subtreeinclusion",
        {name: included(case, case["start"], case["end"] - case["start"]) for name, case in subtrees.items()},
        {"their ranges are no subtrees: we have no ranges to refuse": found.keys() - subtrees.keys()},
    )


def is_subtree(start: int, end: int) -> bool:
    """Whether leaves start to end - 1 are a subtree, as draft-ietf-plants-merkle-tree-certs defines it."""
    return start < end and start % (1 << (end - start - 1).bit_length()) == 0


def test_a_subtree_at_the_beginning_is_an_earlier_tree(tlog: Path, tally: Tally) -> None:
    found = cases(tlog, "subtreeconsistency")
    del found[f"subtreeconsistency/{PLACEHOLDERS}"]
    earlier = {name: case for name, case in found.items() if case["start"] == 0 < case["end"]}

    assert (len(found), len(earlier)) == (117, 90)
    tally(
        "transparency-dev-merkle/subtreeconsistency",
        {name: grown(case, case["end"], case["size"]) for name, case in earlier.items()},
        {NOT_32: [PLACEHOLDERS], "their subtrees are empty or begin later: ours never do": found.keys() - earlier.keys()},
    )
