"""RFC 6962 hashing: the head commits to every entry, in its place."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32


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
            return sha256(b"").digest()
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
