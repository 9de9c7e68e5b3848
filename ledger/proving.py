"""Proofs out of the log's tiles: that an entry is in a tree, that one tree begins with another; bundles of the entries themselves."""

from typing import Final, NamedTuple

from ledger import log
from ledger.merkle import Subtree, consistency, inclusion, node_hash, split
from ledger.schema import Connection
from ledger.tile import WIDTH

Nodes = dict[tuple[int, int], bytes]
"""(first leaf, leaf after the last) -> the hash of a perfect subtree: it never changes, whatever the tree grows to."""
MOST_NODES: Final = 50_000


class Included(NamedTuple):
    """The leaf of an entry, the hashes from it upward, and the root they lead to."""

    leaf: bytes
    hashes: list[bytes]
    root: bytes


class Grown(NamedTuple):
    """Two roots, and the hashes that lead from the one to the other."""

    old_root: bytes
    new_root: bytes
    hashes: list[bytes]


def included(conn: Connection, index: int, size: int, kept: Nodes | None = None) -> Included:
    """Proof for a leaf in the tree of the first `size` entries, which the tiles must cover. `kept`: nodes that were worked out before."""
    subtree = _remembering(log.tree(conn, size), kept)
    return Included(subtree(index, index + 1), inclusion(index, size, subtree), subtree(0, size))


def grown(conn: Connection, old: int, new: int, kept: Nodes | None = None) -> Grown:
    """Proof from one size to another, which the tiles must cover."""
    subtree = _remembering(log.tree(conn, new), kept)
    return Grown(subtree(0, old), subtree(0, new), consistency(old, new, subtree))


def _remembering(subtree: Subtree, kept: Nodes | None) -> Subtree:
    """The same hashes; those of whole tiles and above are worked out once."""
    if kept is None:
        return subtree

    def remembered(lo: int, hi: int) -> bytes:
        count = hi - lo
        if count & count - 1:
            middle = lo + split(count)
            return node_hash(remembered(lo, middle), remembered(middle, hi))
        if count < WIDTH:
            return subtree(lo, hi)
        if (lo, hi) not in kept:
            if len(kept) >= MOST_NODES:
                kept.clear()
            kept[lo, hi] = subtree(lo, hi)
        return kept[lo, hi]

    return remembered


def lines(conn: Connection, index: int, width: int) -> list[bytes]:
    """The stored bytes of the entries of one bundle."""
    first = index * WIDTH
    rows = conn.execute(
        "SELECT line FROM ledger.entries WHERE position > %s AND position <= %s ORDER BY position", (first, first + width), binary=True
    )
    return [bytes(line) for (line,) in rows]
