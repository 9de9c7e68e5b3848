"""A mirror's folder: what is missing or was changed in it is named, and what is outgrown goes only where something wider is there."""

from pathlib import Path

import pytest

from ledger import note
from ledger.checkpoint import Checkpoint
from ledger.crypto import Signer
from ledger.merkle import Unproven, leaf_hash, root_of
from ledger.mirror import Incomplete, Mirror
from ledger.note import BadSignature, Unsigned
from ledger.policy import Policy
from ledger.tile import bundle, bundle_path, path, tiles

LOG = Signer.new("log.example/mirrored")
LINES = [b"entry %d" % number for number in range(600)]


def head(size: int) -> bytes:
    text = Checkpoint(LOG.name, size, root_of(map(leaf_hash, LINES[:size]))).text()
    return note.spell(text, [LOG.line(text)])


def put(mirror: Mirror, size: int, *, entries: bool = True) -> None:
    """A copy of the first entries."""
    leaves = [leaf_hash(line) for line in LINES[:size]]
    level_1 = [root_of(leaves[at : at + 256]) for at in range(0, size - 255, 256)]
    for tile in tiles(size):
        mirror.write(path(tile), b"".join((leaves, level_1)[tile.level][tile.index * 256 :][: tile.width]))
        if entries and tile.level == 0:
            mirror.write(bundle_path(tile.index, tile.width), bundle(LINES[tile.index * 256 :][: tile.width]))
    mirror.write("log.vkey", f"{LOG.key}\n".encode())
    assert mirror.keep(mirror.note(), head(size))


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    made = Mirror(tmp_path / "deep" / "mirror")
    put(made, 300)
    return made


def test_what_is_whole_is_found_whole(mirror: Mirror) -> None:
    steps: list[int] = []
    found = mirror.check(progress=steps.append)
    assert (found.seen.checkpoint.size, found.tiles, found.entries, sum(steps)) == (300, 3, 300, 5)
    assert list(mirror.entries(250, 260)) == LINES[250:260]
    assert list(mirror.entries(300)) == list(mirror.entries(20, 20)) == []


@pytest.mark.parametrize("address", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"])
@pytest.mark.parametrize("change", ["flip", "cut", "further", "gone"])
def test_whatever_is_changed_or_missing_is_found(mirror: Mirror, address: str, change: str) -> None:
    data = mirror.read(address) or b""
    if change == "gone":
        (mirror.folder / address).unlink()
    else:
        flipped = bytes([*data[:20], data[20] ^ 1, *data[21:]])
        mirror.write(address, {"flip": flipped, "cut": data[:-1], "further": data + b"x"}[change])

    if change == "gone" and "entries" in address:
        assert mirror.check().entries == (0 if address == "tile/entries/000" else 256)
    else:
        with pytest.raises(Incomplete if change == "gone" else Unproven):
            mirror.check()
    if address != "tile/1/000.p/1":
        with pytest.raises((Incomplete, Unproven)):
            list(mirror.entries())


def test_a_head_that_the_key_did_not_sign_is_not_believed(mirror: Mirror) -> None:
    stranger = Signer.new(LOG.name)
    with pytest.raises(Unsigned):
        mirror.check(Policy.of(stranger.key))
    assert mirror.keep(head(300), head(300).replace(b"\n300\n", b"\n299\n"))
    with pytest.raises(BadSignature):
        mirror.check()


def test_more_than_was_copied_is_not_given(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(Incomplete, match="holds 300 entries, not 301"):
        list(mirror.entries(0, 301))
    with pytest.raises(Incomplete, match="nothing whole was copied yet"):
        list(Mirror(tmp_path / "empty").entries())
    assert (Mirror(tmp_path / "empty").checkpoint(), Mirror(tmp_path / "empty").key()) == (None, None)


def test_what_is_outgrown_goes_where_something_wider_is_there(mirror: Mirror) -> None:
    draft = mirror.folder / "tile" / "0" / ".000.draft"
    draft.write_bytes(b"")
    put(mirror, 600, entries=False)
    mirror.tidy()

    left = {file.relative_to(mirror.folder).as_posix() for file in (mirror.folder / "tile").rglob("*") if file.is_file()}
    assert left == {path(tile) for tile in tiles(600)} | {"tile/entries/000", "tile/entries/001.p/44"}
    assert not (mirror.folder / "tile" / "0" / "001.p").exists()
    put(mirror, 600)
    mirror.tidy()
    assert not (mirror.folder / "tile" / "entries" / "001.p").exists()
    assert mirror.check().entries == 600
