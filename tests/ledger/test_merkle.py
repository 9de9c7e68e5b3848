"""The head is that of RFC 6962, leaf by leaf and in any portions, as others compute it too."""

import json
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import Range, leaf_hash, node_hash, unpacked
from tests.vectors import Tally

ENTRIES = [f"entry {n}".encode() for n in range(130)]
LEAVES = [sha256(b"\x00" + entry).digest() for entry in ENTRIES]


def mth(entries: list[bytes]) -> bytes:
    """Merkle Tree Hash as RFC 6962, 2.1 defines it: by the largest power of two below the size."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    split = 1 << ((len(entries) - 1).bit_length() - 1)
    return sha256(b"\x01" + mth(entries[:split]) + mth(entries[split:])).digest()


def test_the_empty_tree_and_the_empty_leaf_are_those_of_the_rfc() -> None:
    assert Range().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.parametrize("size", range(131))
def test_a_head_is_that_of_the_rfc(size: int) -> None:
    head = Range().extend(LEAVES[:size])

    assert (head.size, head.root()) == (size, mth(ENTRIES[:size]))
    assert len(head.nodes) == size.bit_count()


@given(st.lists(st.integers(0, 130), max_size=8))
def test_portions_make_no_difference(cuts: list[int]) -> None:
    head = Range()
    for start, end in pairwise(sorted({0, *cuts, 130})):
        head = head.extend(LEAVES[start:end])
        assert head.root() == mth(ENTRIES[:end])

    assert head == Range().extend(LEAVES)


@given(st.lists(st.binary(max_size=40), max_size=40))
def test_any_entries_have_the_head_of_the_rfc(entries: list[bytes]) -> None:
    assert Range().extend(map(leaf_hash, entries)).root() == mth(entries)


def test_extending_leaves_the_range_before_as_it_was() -> None:
    before = Range().extend(LEAVES[:3])

    before.extend(LEAVES[3:])

    assert (before.size, before.root()) == (3, mth(ENTRIES[:3]))


@given(st.integers(0, 130))
def test_a_packed_range_is_unpacked_as_it_was(size: int) -> None:
    head = Range().extend(LEAVES[:size])

    assert len(head.packed()) == 32 * size.bit_count()
    assert unpacked(size, head.packed()) == head


@pytest.mark.parametrize(("size", "length"), [(0, 32), (1, 0), (1, 31), (1, 64), (3, 32), (4, 64), (7, 95)])
def test_a_head_row_whose_bytes_and_size_disagree_is_refused(size: int, length: int) -> None:
    with pytest.raises(ValueError, match=f"^a head of size {size} with {length} bytes of nodes$"):
        unpacked(size, bytes(length))


def test_hashes_are_those_of_the_reference_implementation(tlog: Path, tally: Tally) -> None:
    vectors = json.loads((tlog / "transparency-dev-merkle" / "rfc6962-hashes.json").read_bytes())

    agrees = {"empty": Range().root().hex() == vectors["empty_root"]}
    agrees |= {f"leaf {each['data_hex']}": leaf_hash(bytes.fromhex(each["data_hex"])).hex() == each["hash"] for each in vectors["leaf"]}
    for each in vectors["node"]:
        left, right = bytes.fromhex(each["left_hex"]), bytes.fromhex(each["right_hex"])
        agrees[f"node {each['left_hex']} {each['right_hex']}"] = node_hash(left, right).hex() == each["hash"]

    tally("transparency-dev-merkle/rfc6962-hashes", agrees)


def test_a_real_logs_full_tile_is_one_perfect_tree(tlog: Path) -> None:
    tile = (tlog / "sunlight-navigli2025h2" / "tile" / "0" / "000").read_bytes()
    leaves = [tile[at : at + 32] for at in range(0, len(tile), 32)]
    level = leaves
    while len(level) > 1:
        level = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)]

    assert len(leaves) == 256
    assert Range().extend(leaves).nodes == tuple(level)
