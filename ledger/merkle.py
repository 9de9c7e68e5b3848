"""RFC 6962: the head commits to every entry, in its place; proofs show it to who has the head alone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
EMPTY: Final = sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""The RFC 6962 hash of the leaves `lo` to `hi - 1`. `lo` is a multiple of the largest power of two below the number of leaves."""


class Unproven(Exception):
    """A proof does not show what it should."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and two hashes."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Range:
    """A compact range: the roots of the perfect subtrees that make up a tree of `size` leaves, largest first."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def extend(self, leaves: Iterable[bytes]) -> "Range":
        """The range after further leaf hashes."""
        size, nodes = self.size, list(self.nodes)
        for leaf in leaves:
            node, rest = leaf, size
            while rest & 1:
                node = sha256(b"\x01" + nodes.pop() + node).digest()
                rest >>= 1
            nodes.append(node)
            size += 1
        return Range(size, tuple(nodes))

    def root(self) -> bytes:
        """The tree head: SHA-256 of nothing for the empty tree."""
        if not self.nodes:
            return EMPTY
        *rest, root = self.nodes
        for node in reversed(rest):
            root = node_hash(node, root)
        return root

    def packed(self) -> bytes:
        """All nodes as one string, as the head row keeps them."""
        return b"".join(self.nodes)


def unpacked(size: int, packed: bytes) -> Range:
    """The range of a head row. Raises ValueError where bytes and size do not agree."""
    if len(packed) != size.bit_count() * HASH_BYTES:
        raise ValueError(f"a head of size {size} with {len(packed)} bytes of nodes")
    return Range(size, tuple(packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)))


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The tree head over leaf hashes."""
    return Range().extend(leaves).root()


def split(size: int) -> int:
    """The largest power of two below a size of two or more: how many leaves stand to the left."""
    return 1 << (size - 1).bit_length() - 1


def inclusion(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The audit path of a leaf, from its sibling up. Raises ValueError where there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    lo, hi, path = 0, size, []
    while hi - lo > 1:
        middle = lo + split(hi - lo)
        path.append(subtree(middle, hi) if index < middle else subtree(lo, middle))
        lo, hi = (lo, middle) if index < middle else (middle, hi)
    return path[::-1]


def consistency(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """The proof that a tree begins with an older one; empty from nothing, and to itself. Raises ValueError where old is the larger."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not begin with one of {old}")
    if old == 0:
        return []
    lo, hi, proof = 0, new, []
    while old < hi:
        middle = lo + split(hi - lo)
        proof.append(subtree(middle, hi) if old <= middle else subtree(lo, middle))
        lo, hi = (lo, middle) if old <= middle else (middle, hi)
    return [*([subtree(lo, hi)] if lo else []), *proof[::-1]]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """That the leaf stands at the index in the tree of that size and root. Raises Unproven."""
    if not 0 <= index < size:
        raise Unproven(f"there is no entry {index} in a log of {size}")
    inner = (index ^ (size - 1)).bit_length()
    _shaped(proof, inner + (index >> inner).bit_count(), leaf, root)
    node = leaf
    for level, other in enumerate(proof):
        node = node_hash(other, node) if level >= inner or index >> level & 1 else node_hash(node, other)
    if node != root:
        raise Unproven(f"the proof leads to the root {node.hex()}, not to {root.hex()}")


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """That the new tree begins with the old one, leaf by leaf. Raises Unproven."""
    if not 0 <= old <= new:
        raise Unproven(f"a log of {new} cannot begin with one of {old}")
    if old in (0, new):
        _shaped(proof, 0, old_root, new_root)
        _same("old", old_root, new_root if old else EMPTY)
        _same("new", new_root, new_root if new else EMPTY)
        return
    perfect = (old & -old).bit_length() - 1
    last = old - 1 >> perfect
    inner = (last ^ (new - 1 >> perfect)).bit_length()
    begun = [old_root] if last == 0 else []
    _shaped(proof, inner + (last >> inner).bit_count() + 1 - len(begun), old_root, new_root)
    seed, *others = [*begun, *proof]
    first = second = seed
    for level, other in enumerate(others):
        if level >= inner or last >> level & 1:
            first, second = node_hash(other, first), node_hash(other, second)
        else:
            second = node_hash(second, other)
    _same("old", old_root, first)
    _same("new", new_root, second)


def _same(which: str, root: bytes, led_to: bytes) -> None:
    if root != led_to:
        raise Unproven(f"the proof leads to the {which} root {led_to.hex()}, not to {root.hex()}")


def _shaped(proof: Sequence[bytes], wanted: int, *further: bytes) -> None:
    if len(proof) != wanted:
        raise Unproven(f"the proof has {len(proof)} hashes, not {wanted}")
    for each in (*proof, *further):
        if len(each) != HASH_BYTES:
            raise Unproven(f"a hash has {len(each)} bytes, not {HASH_BYTES}")
