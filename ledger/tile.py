"""C2SP tlog-tiles: the tree and the entries cut into pieces that never change, each with one address, so that anybody may keep them."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple

from ledger.merkle import EMPTY, HASH_BYTES, Subtree, node_hash, root_of, split

WIDTH: Final = 256
MOST_BYTES: Final = 65_535
"""The longest entry that a bundle holds."""


class Tile(NamedTuple):
    """Hashes that stand beside each other: of level 0 the leaves, of each further level one for a full tile below."""

    level: int
    index: int  # type: ignore[assignment]  # as the specification calls it; nobody asks a tuple for its index()
    width: int


class Bundle(NamedTuple):
    """The entries under a tile of level 0."""

    index: int  # type: ignore[assignment]  # as the specification calls it; nobody asks a tuple for its index()
    width: int


def path(tile: Tile) -> str:
    """The address of a tile, without a slash before it."""
    return f"tile/{tile.level}/{_place(tile.index, tile.width)}"


def bundle_path(index: int, width: int) -> str:
    """The address of the entries under a tile of level 0."""
    return f"tile/entries/{_place(index, width)}"


def _place(index: int, width: int) -> str:
    thousands, digits = divmod(index, 1000)
    place = f"{digits:03}"
    while thousands:
        thousands, digits = divmod(thousands, 1000)
        place = f"x{digits:03}/{place}"
    return place if width == WIDTH else f"{place}.p/{width}"


def parse(written: str) -> Tile | Bundle:
    """What an address names. There is one way to write each. Raises ValueError."""
    read = re.fullmatch(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?", written)
    if not read:
        raise ValueError(f"{written[:80]!r} is not the address of a tile")
    level, place, partial = read.groups()
    index, width = int(place.replace("x", "").replace("/", "")), int(partial or WIDTH)
    named = Bundle(index, width) if level == "entries" else Tile(int(level), index, width)
    if written != (bundle_path(*named) if isinstance(named, Bundle) else path(named)) or not 0 < width <= WIDTH:
        raise ValueError(f"{written[:80]!r} is not how the address of a tile is written")
    if isinstance(named, Tile) and named.level > 63:  # noqa: PLR2004 - by the specification
        raise ValueError(f"{written[:80]!r}: levels end at 63")
    return named


def tiles(size: int) -> Iterator[Tile]:
    """All tiles of a tree of that size, level by level; the last of a level may be partial."""
    return tiles_between(0, size)


def tiles_between(old: int, new: int) -> Iterator[Tile]:
    """The tiles that a tree of size new has and the same tree at size old had not."""
    level = 0
    while new:
        if new > old:
            yield from (Tile(level, index, WIDTH) for index in range(old // WIDTH, new // WIDTH))
            if width := new % WIDTH:
                yield Tile(level, new // WIDTH, width)
        level, old, new = level + 1, old // WIDTH, new // WIDTH


def reader(size: int, hashes: Callable[[int, int], bytes]) -> Subtree:
    """The subtrees of a tree of that size, worked out from its tiles.

    `hashes(level, index)` gives a tile's hashes, one after another, as far as they are there; each tile is asked for once.
    Raises ValueError where a tile holds less than the tree needs.
    """
    read = cache(hashes)

    def subtree(lo: int, hi: int) -> bytes:
        count = hi - lo
        if lo == hi == 0:
            return EMPTY
        if not 0 <= lo < hi <= size or lo % (1 << (count - 1).bit_length()):
            raise ValueError(f"leaves {lo} to {hi - 1} are no subtree of a tree of {size}")
        if count & count - 1:
            middle = lo + split(count)
            return node_hash(subtree(lo, middle), subtree(middle, hi))
        level = (count.bit_length() - 1) // 8
        index, first = divmod(lo >> 8 * level, WIDTH)
        end = first + (count >> 8 * level)
        data = read(level, index)
        if len(data) < end * HASH_BYTES:
            raise ValueError(f"{path(Tile(level, index, WIDTH))} holds {len(data) // HASH_BYTES} hashes, {end} are needed")
        return root_of(data[at : at + HASH_BYTES] for at in range(first * HASH_BYTES, end * HASH_BYTES, HASH_BYTES))

    return subtree


def bundle(lines: Iterable[bytes]) -> bytes:
    """Entries as a bundle holds them, each behind its length in two bytes. Raises ValueError."""
    parts = []
    for line in lines:
        if len(line) > MOST_BYTES:
            raise ValueError(f"an entry of {len(line):,} bytes; a bundle holds {MOST_BYTES:,} at most")
        parts += [len(line).to_bytes(2), line]
    return b"".join(parts)


def unbundled(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError where it ends within one."""
    at, lines = 0, list[bytes]()
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start])
        if start > len(data) or at > len(data):
            raise ValueError(f"the bundle ends within entry {len(lines)}")
        lines.append(data[start:at])
    return lines
