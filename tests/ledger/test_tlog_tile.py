"""Tiles and bundles: where they lie, what is in them, and that roots and proofs come out of them as out of the entries."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from ledger.merkle import HASH_BYTES, Range, check_consistency, check_inclusion, consistency, inclusion, leaf_hash, root_of
from ledger.tile import WIDTH, Bundle, Tile, bundle, bundle_path, parse, path, reader, tiles, tiles_between, unbundled
from tests.ledger.golden_log import ROOT, SIZE, leaves, lines, tile_hashes
from tests.vectors import Tally

SIZES = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, *range(1_400, 1_400 * 42, 1_400), SIZE]


def test_a_log_of_70000_has_the_root_that_another_program_finds() -> None:
    other = InmemoryTree(algorithm="sha256")
    for line in lines():
        other.append_entry(line)
    whole, heads = reader(SIZE, lambda level, index: tile_hashes()[level, index]), [Range()]
    for before, after in pairwise([0, *sorted(SIZES)]):
        heads.append(heads[-1].extend(leaves()[before:after]))

    assert len(SIZES) == 50
    assert [head.size for head in heads[1:]] == sorted(SIZES)
    for head in heads:
        theirs = other.get_root(head.size)
        assert head.root() == theirs
        assert reader(head.size, lambda level, index: tile_hashes()[level, index])(0, head.size) == theirs
    assert whole(0, SIZE).hex() == ROOT


def test_a_log_of_70000_has_the_tiles_of_the_specification(tlog: Path, tally: Tally) -> None:
    figures = json.loads((tlog / "c2sp-examples" / "tile-paths.json").read_bytes())

    def found(size: int) -> dict[str, int]:
        counts = {f"level{tile.level}_full": 0 for tile in tiles(size)}
        for tile in tiles(size):
            counts[f"level{tile.level}_{'full' if tile.width == WIDTH else 'partial'}"] = (
                tile.width if tile.width < WIDTH else tile.index + 1
            )
        return {name: count for name, count in counts.items() if count}

    places = dict(figures["index_encoding"])
    agrees = {f"place of {index}": path(Tile(0, index, WIDTH)) == f"tile/0/{place}" for index, place in places.items()}
    agrees |= {f"read {place}": parse(f"tile/3/{place}.p/7") == Tile(3, index, 7) for index, place in places.items()}
    tally("c2sp-examples/tile-paths", agrees | {"70000": found(70_000) == figures["tree_70000"], "256": found(256) == figures["tree_256"]})
    assert [path(tile) for tile in tiles(SIZE) if tile.width < WIDTH or tile.level] == [
        "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1",
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)  # the first one makes all tiles
@given(st.integers(1, SIZE), st.data())
def test_proofs_come_out_of_tiles_as_out_of_entries(size: int, data: st.DataObject) -> None:
    asked: list[tuple[int, int]] = []

    def hashes(level: int, index: int) -> bytes:
        asked.append((level, index))
        return tile_hashes()[level, index]

    subtree = reader(size, hashes)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    root, old_root = subtree(0, size), Range().extend(leaves()[:old]).root()

    assert root == root_of(leaves()[:size])
    check_inclusion(leaves()[index], index, size, inclusion(index, size, subtree), root)
    check_consistency(old, size, consistency(old, size, subtree), old_root, root)
    assert len(asked) == len(set(asked)) <= 9  # a path down and the right edge, of three levels each


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_what_a_log_has_more_is_what_it_had_not(one: int, other: int) -> None:
    old, new = sorted((one, other))

    assert set(tiles_between(old, new)) == set(tiles(new)) - set(tiles(old))
    assert len(list(tiles_between(old, new))) == len(set(tiles_between(old, new)))


@given(st.integers(0, 200_000))
def test_each_level_holds_one_hash_for_every_full_tile_below(size: int) -> None:
    widths: dict[int, int] = {}
    for tile in tiles(size):
        widths[tile.level] = widths.get(tile.level, 0) + tile.width

    assert widths == {level: size // 256**level for level in range(8) if size // 256**level}


def test_a_tile_that_holds_too_little_is_named() -> None:
    subtree = reader(300, lambda level, index: tile_hashes(200).get((level, index), b""))

    with pytest.raises(ValueError, match=r"^tile/0/000 holds 200 hashes, 256 are needed$"):
        subtree(128, 256)
    assert subtree(128, 192) == root_of(leaves()[128:192])


@pytest.mark.parametrize(("lo", "hi"), [(1, 3), (0, 301), (4, 4), (-8, 0), (6, 4)])
def test_leaves_that_are_no_subtree_have_no_hash(lo: int, hi: int) -> None:
    with pytest.raises(ValueError, match=f"^leaves {lo} to {hi - 1} are no subtree of a tree of 300$"):
        reader(300, lambda level, index: tile_hashes(300)[level, index])(lo, hi)


@given(st.integers(0, 63), st.integers(0, 10**18 - 1), st.integers(1, WIDTH))
def test_an_address_is_read_as_it_was_written(level: int, index: int, width: int) -> None:
    assert parse(path(Tile(level, index, width))) == Tile(level, index, width)
    assert parse(bundle_path(index, width)) == Bundle(index, width)


@pytest.mark.parametrize(
    "written",
    [
        "", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile/0/000\n", "tile/0/00", "tile/0/0000", "tile/0/x000",
        "tile/00/000", "tile/01/000", "tile/64/000", "tile/-1/000", "tile/+1/000", "tile/1_0/000", "tile/²/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/x000/000", "tile/0/001/000", "tile/0/x001/x000", "tile/0/x001000", "tile/0/X001/000",
        f"tile/0/{'x001/' * 6}001",
        "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/01", "tile/0/000.p/256", "tile/0/000.p/257", "tile/0/000.p/999", "tile/0/000.p/",
        "tile/0/000.p", "tile/0/000.p/+1", "tile/0/000.p/1_0", "tile/0/000.p/1/", "tile/entries/x000/000", "tile/entries/000.p/256",
        "tile/entry/000", "tile/Entries/000", "tile/0/../0/000", "tile/0/000?x", "tile//000",
    ],
)  # fmt: skip
def test_an_address_in_any_other_form_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"tile"):
        parse(written)


@given(st.lists(st.binary(max_size=300), max_size=WIDTH))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert unbundled(bundle(entries)) == entries


def test_a_bundle_holds_entries_of_65535_bytes_and_none_longer() -> None:
    assert unbundled(bundle([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(ValueError, match=r"^an entry of 65,536 bytes; a bundle holds 65,535 at most$"):
        bundle([b"", bytes(65_536)])


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x01", b"\x00\x02a", b"\x00\x01a\x00", b"\x00\x01a\x00\x05bcde"])
def test_a_bundle_that_ends_within_an_entry_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=f"^the bundle ends within entry {1 if data.startswith(bytes([0, 1, 97])) else 0}$"):
        unbundled(data)


def test_the_golden_logs_bundles_and_tiles_are_ours(tlog: Path, tally: Tally) -> None:
    entries = [each.encode() for each in json.loads((tlog / "tessera-golden-log.meta.json").read_bytes())["entries"]]
    folder, agrees = tlog / "tessera-golden-log", {}
    for file in sorted((folder / "tile").rglob("*.p/*")):
        address = file.relative_to(folder).as_posix()
        named, data = parse(address), file.read_bytes()
        first = entries[: named.width]
        ours = bundle(first) if isinstance(named, Bundle) else b"".join(map(leaf_hash, first))
        agrees[address] = data == ours and (bundle_path(*named) if isinstance(named, Bundle) else path(named)) == address
        if isinstance(named, Bundle):
            agrees[address] &= unbundled(data) == first

    assert len(agrees) == 30
    tally("tessera-golden-log/tile", agrees)


def test_a_real_logs_tiles_are_as_wide_as_their_addresses_say(tlog: Path, tally: Tally) -> None:
    folder = tlog / "sunlight-navigli2025h2"
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in (folder / "tile").rglob("*") if file.is_file()}
    held = {(of.level, of.index): data for address, data in files.items() if isinstance(of := parse(address), Tile)}
    hashes = b"".join(held[0, index] for index in range(4))
    ours = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    above = {(1, 0): b"".join(root_of(ours[at : at + WIDTH]) for at in range(0, 3 * WIDTH, WIDTH))}

    tally("sunlight-navigli2025h2", {address: len(data) == parse(address).width * HASH_BYTES for address, data in files.items()})
    assert {path(tile) for tile in tiles(778) if tile.level == 0} == files.keys()
    assert reader(778, lambda level, index: (held | above)[level, index])(0, 778) == root_of(ours)
