"""A copy of a log in a folder, laid out as it is served (C2SP tlog-tiles): read, and checked against the head that was signed.

What survives a crash: each file is whole or not there, and the checkpoint is put there last, when all that it covers is.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

from ledger import checkpoint, crypto, note
from ledger.checkpoint import Checkpoint
from ledger.merkle import EMPTY, HASH_BYTES, Unproven, leaf_hash, root_of
from ledger.note import Key
from ledger.policy import Policy, Seen
from ledger.signed import LastSigned, synced
from ledger.tile import WIDTH, Tile, bundle_path, parse, path, reader, tiles_between, unbundled

CHECKPOINT, KEY = "checkpoint", "log.vkey"


class Incomplete(Exception):
    """Something that the head covers is not in the folder."""


class Found(NamedTuple):
    """What a whole look through a mirror found right: the head, how many tiles, and how many entries from the first on."""

    seen: Seen
    tiles: int
    entries: int


def at(size: int, level: int, index: int) -> Tile:
    """A tile as wide as a tree of that size has it."""
    return Tile(level, index, min(WIDTH, (size >> 8 * level) - index * WIDTH))


def descend(head: Checkpoint, after: int, get: Callable[[Tile], bytes]) -> Iterator[tuple[Tile, bytes | None]]:
    """The tiles that a tree of `after` leaves had not, from the top down; each full one with the root that it must have.

    `get` gives those above it; partial ones together are the head's root, which is seen to first. Raises Unproven.
    """
    edge = reader(head.size, lambda level, index: get(at(head.size, level, index)))
    try:
        found = edge(0, head.size) if head.size else EMPTY
    except ValueError as short:
        raise Unproven(str(short)) from None
    if found != head.root:
        raise Unproven(f"the tiles lead to the root {found.hex()}, and {head.root.hex()} was signed")
    for tile in sorted(tiles_between(after, head.size), key=lambda each: (-each.level, each.index)):
        if tile.width < WIDTH:
            yield tile, None
        else:
            place = tile.index % WIDTH * HASH_BYTES
            yield tile, get(at(head.size, tile.level + 1, tile.index // WIDTH))[place : place + HASH_BYTES]


def leads(tile: Tile, data: bytes, root: bytes | None) -> bool:
    """Whether bytes are the tile: as many hashes, with that root where it is known."""
    hashes = (data[place : place + HASH_BYTES] for place in range(0, len(data), HASH_BYTES))
    return len(data) == tile.width * HASH_BYTES and (root is None or root_of(hashes) == root)


def lines_under(hashes: bytes, bundle: bytes, address: str) -> list[bytes]:
    """The entries of a bundle, whose hashes are the tile's. Raises Unproven."""
    try:
        lines = unbundled(bundle)
    except ValueError as broken:
        raise Unproven(f"{address}: {broken}") from None
    if b"".join(map(leaf_hash, lines)) != hashes:
        raise Unproven(f"{address} holds other entries than those under its tile")
    return lines


class Mirror:
    """A folder with a log's checkpoint, tiles and, where its owner may read them, entries."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self._kept = LastSigned(folder / CHECKPOINT)

    def note(self) -> bytes | None:
        """The signed checkpoint that all else here was checked against; None in a folder that has none yet."""
        return self._kept.read()

    def checkpoint(self) -> Checkpoint | None:
        """What the note says. Its signature was looked at when it was put here, and is by `check`. Raises Malformed."""
        kept = self.note()
        return checkpoint.parse(note.parse(kept).text) if kept else None

    def key(self) -> Key | None:
        """The log's key as it was first seen. Raises Malformed."""
        kept = self.read(KEY)
        return Key.parse(kept.decode().strip()) if kept else None

    def keep(self, before: bytes | None, after: bytes) -> bool:
        """Put a checkpoint here, all of whose tiles are; False where another was put here meanwhile."""
        return self._kept.swap(before, after)

    def read(self, address: str) -> bytes | None:
        """A file, or None."""
        try:
            return (self.folder / address).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, address: str, data: bytes) -> None:
        """Put a file here, whole and on the disk."""
        file = self.folder / address
        for folder in reversed([each for each in file.parents if not each.exists()]):
            folder.mkdir(exist_ok=True)
            synced(folder.parent)
        draft = file.with_name(f".{file.name}.{uuid4().hex}")
        with draft.open("xb") as open_:
            open_.write(data)
            open_.flush()
            os.fsync(open_.fileno())
        draft.replace(file)
        synced(file.parent)

    def entries(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        """The entries at the positions after + 1 to upto, each the one whose hash stands in its tile. Raises Incomplete and Unproven."""
        head = self._head()
        upto = head.size if upto is None else upto
        if upto > head.size:
            raise Incomplete(f"the mirror holds {head.size:,} entries, not {upto:,}")
        for index in range(after // WIDTH, -(-upto // WIDTH)):
            first = index * WIDTH
            yield from self._lines(head, index)[max(after - first, 0) : upto - first]

    def check(self, policy: Policy | None = None, progress: Callable[[int], None] = lambda _more: None) -> Found:
        """Look through all of it: signature (by the policy, or the key first seen), tiles up to the root, entries as far as they are here.

        Raises Incomplete, Malformed, Unsigned, BadSignature and Unproven.
        """
        head, key = self._head(), self.key()
        policy = policy or (Policy.of(key) if key else Policy((), {}, {}, "none"))
        seen = policy.seen(self.note() or b"", crypto.verify)
        count = 0
        for tile, root in descend(head, 0, self._tile):
            if not leads(tile, self._tile(tile), root):
                raise Unproven(f"{path(tile)} does not lead to the root that was signed")
            count += 1
            progress(1)
        entries = 0
        while entries < head.size and self.read(bundle_at(head.size, entries // WIDTH)) is not None:
            entries += len(self._lines(head, entries // WIDTH))
            progress(1)
        return Found(seen, count, entries)

    def tidy(self) -> None:
        """Remove drafts, and partial tiles and bundles in whose place there is something wider. Nobody else may be at work here."""
        size = self._head().size
        for file in [each for each in (self.folder / "tile").rglob("*") if each.is_file()]:
            if file.name.startswith(".") or self._outgrown(file.relative_to(self.folder).as_posix(), size):
                file.unlink()
                if not any(file.parent.iterdir()):
                    file.parent.rmdir()

    def _outgrown(self, address: str, size: int) -> bool:
        try:
            of = parse(address)
        except ValueError:
            return False
        now = path(at(size, of.level, of.index)) if isinstance(of, Tile) else bundle_at(size, of.index)
        return now != address and (self.folder / now).exists()

    def _head(self) -> Checkpoint:
        head = self.checkpoint()
        if head is None:
            raise Incomplete(f"{self.folder / CHECKPOINT} is not there: nothing whole was copied yet")
        return head

    def _tile(self, tile: Tile) -> bytes:
        data = self.read(path(tile))
        if data is None:
            raise Incomplete(f"{path(tile)} is not there")
        return data

    def _lines(self, head: Checkpoint, index: int) -> list[bytes]:
        address = bundle_at(head.size, index)
        data = self.read(address)
        if data is None:
            raise Incomplete(f"{address} is not there: the mirror has the entries not, or not all")
        return lines_under(self._tile(at(head.size, 0, index)), data, address)


def bundle_at(size: int, index: int) -> str:
    """The address of a bundle as wide as a tree of that size has it."""
    return bundle_path(index, at(size, 0, index).width)
