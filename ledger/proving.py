"""Proofs out of the log's tiles: that an entry is in a tree, that one tree begins with another; bundles of the entries themselves."""

from typing import NamedTuple

from ledger import log
from ledger.merkle import consistency, inclusion
from ledger.schema import Connection
from ledger.tile import WIDTH


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


def included(conn: Connection, index: int, size: int) -> Included:
    """Proof for a leaf in the tree of the first `size` entries, which the tiles must cover."""
    subtree = log.tree(conn, size)
    return Included(subtree(index, index + 1), inclusion(index, size, subtree), subtree(0, size))


def grown(conn: Connection, old: int, new: int) -> Grown:
    """Proof from one size to another, which the tiles must cover."""
    subtree = log.tree(conn, new)
    return Grown(subtree(0, old), subtree(0, new), consistency(old, new, subtree))


def lines(conn: Connection, index: int, width: int) -> list[bytes]:
    """The stored bytes of the entries of one bundle."""
    first = index * WIDTH
    rows = conn.execute(
        "SELECT line FROM ledger.entries WHERE position > %s AND position <= %s ORDER BY position", (first, first + width), binary=True
    )
    return [bytes(line) for (line,) in rows]
