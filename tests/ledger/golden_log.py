"""A log of 70,000 entries that is the same at every run: its lines, its leaf hashes, and its tiles kept as a log keeps them."""

from functools import cache
from hashlib import sha256

from ledger.merkle import HASH_BYTES, leaf_hash, root_of
from ledger.tile import WIDTH, tiles

SIZE = 70_000
ROOT = "d9ff413d47471ca30a4297be1af75e5627a0aa625d24dafc386ed3dfec8c5158"
"""Its root, as pymerkle 7.0.0 works it out."""


def line(index: int) -> bytes:
    """An entry: its length, like its content, follows from its index alone."""
    return sha256(b"%d" % index).hexdigest()[: index % 61].encode() + b"%d" % index


@cache
def lines() -> list[bytes]:
    return [line(index) for index in range(SIZE)]


@cache
def leaves() -> list[bytes]:
    return [leaf_hash(each) for each in lines()]


@cache
def tile_hashes(size: int = SIZE) -> dict[tuple[int, int], bytes]:
    """All tiles of the log at a size, by level and index, made as the specification says: a full tile gives one hash above."""
    level, made = leaves()[:size], {}
    for tile in tiles(size):
        if tile.level and (tile.level, 0) not in made:
            level = [root_of(level[at : at + WIDTH]) for at in range(0, len(level) - len(level) % WIDTH, WIDTH)]
        made[tile.level, tile.index] = b"".join(level[tile.index * WIDTH : tile.index * WIDTH + tile.width])
        assert len(made[tile.level, tile.index]) == tile.width * HASH_BYTES
    return made
