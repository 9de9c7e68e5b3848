"""`cacao mirror` of a house that is served: all of it, in its place, and nothing that does not lead to the head that was signed."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from api import people
from api.fetching import Line, Reply
from api.house import House
from api.mirrored import run
from api.mirroring import CONTRADICTS
from ledger import checkpoint, note
from ledger.checkpoint import Checkpoint
from ledger.crypto import Signer
from ledger.merkle import leaf_hash, root_of
from ledger.mirror import Mirror
from ledger.note import WITNESS
from ledger.tile import tiles, unbundled
from tests.api.chromium import free_port
from tests.api.network import LOG, ORIGIN, Network, at_a_port, expected, network, written
from tests.api.people import admitted, organisation
from tests.api.test_crash import CACAO, environment
from tests.api.test_log import stored, write

__all__ = ["network"]


@pytest.fixture(scope="module")
def house(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with 600 entries and a few, for the tests that change no entry for good."""
    with ExitStack() as stack:
        made = Network(tmp_path_factory.mktemp("shared"), cluster, stack).house()
        write(made, 600)
        yield made


@pytest.fixture(scope="module")
def url(house: House) -> Iterator[str]:
    with at_a_port(house) as url:
        written(house, len(stored(house)))
        yield url


def copied(url: str, folder: Path, house: House | None = None, *, policy: Path | None = None, entries: bool = False) -> int:
    return run(url, folder, house.token() if house else None, policy, entries=entries, as_json=True)


def files(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file() and "lock" not in file.name
    }


def test_a_mirror_grows_with_the_log_and_holds_all_of_it_and_no_more(
    network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house, folder = network.house(), tmp_path / "mirror"
    with at_a_port(house) as url:
        for size in (1, 255, 256, 257, 600):
            written(house, size)
            assert copied(url, folder, house) == 0

            said = json.loads(capsys.readouterr().out)
            lines = stored(house)
            root = root_of(map(leaf_hash, lines))
            held = files(folder)
            assert note.parse(held.pop("checkpoint")).text == Checkpoint(ORIGIN, size, root).text()
            assert held.pop("log.vkey").decode() == f"{LOG.key}\n"
            assert held == expected(lines)
            assert (said["origin"], said["size"], said["root"], said["entries"]) == (ORIGIN, size, root.hex(), True)
            assert said["trusted"] == ("first seen" if size == 1 else "kept")
            mirror = Mirror(folder)
            assert list(mirror.entries()) == lines
            assert list(mirror.entries(size // 3, size - size // 4)) == lines[size // 3 : size - size // 4]
            found = mirror.check()
            assert (found.seen.checkpoint.root, found.tiles, found.entries) == (root, len(list(tiles(size))), size)
        assert copied(url, folder, house) == 0
        assert {name: json.loads(capsys.readouterr().out)[name] for name in ("tiles",)} == {"tiles": 0}


def test_a_mirror_that_was_interrupted_goes_on_where_it_stopped(
    house: House, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, asked, ask, whole = tmp_path / "mirror", [], Line.ask, expected(stored(house))

    def until(count: int) -> None:
        def counted(line: Line, method: str, address: str, **of: dict[str, str]) -> Reply:
            if len(asked) == count:
                raise KeyboardInterrupt
            asked.append(address)
            return ask(line, method, address, **of)  # type: ignore[arg-type]

        asked.clear()
        monkeypatch.setattr(Line, "ask", counted)

    for count in (1, 3, 5, 5, 5):
        until(count)
        with pytest.raises(KeyboardInterrupt):
            copied(url, folder, house)
        assert "checkpoint" not in files(folder)
        assert all(whole[address] == data for address, data in files(folder).items())
    until(1_000)
    assert copied(url, folder, house) == 0

    assert files(folder).items() > whole.items()
    assert not [each for each in asked if each in ("/tile/0/000", "/tile/0/001", "/tile/entries/000")]  # these were there


def flip(house: House, level: int, index: int, byte: int) -> None:
    with psycopg.connect(house.url) as conn:
        flipped = "set_byte(hashes, %(byte)s, get_byte(hashes, %(byte)s) # 1)"
        conn.execute(
            f"UPDATE log.tiles SET hashes = {flipped} WHERE level = %(level)s AND index = %(index)s",
            {"level": level, "index": index, "byte": byte},
        )


@pytest.mark.parametrize(
    ("level", "index", "byte", "why"),
    [
        (0, 0, 5, "tile/0/000, as it is served, does not lead to the root"),
        (0, 1, 8_191, "tile/0/001, as it is served, does not lead to the root"),
        (0, 2, 40, "the tiles lead to the root"),
        (1, 0, 33, "the tiles lead to the root"),
    ],
)
def test_a_bit_that_is_flipped_in_a_served_tile_is_found(
    house: House, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], level: int, index: int, byte: int, why: str
) -> None:
    flip(house, level, index, byte)
    try:
        assert copied(url, tmp_path / "mirror") == 1
    finally:
        flip(house, level, index, byte)

    assert why in capsys.readouterr().err
    assert {"checkpoint", "log.vkey"}.isdisjoint(files(tmp_path / "mirror"))


def test_an_entry_that_is_not_the_one_that_was_signed_is_found(
    house: House, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mirror"
    change = "UPDATE ledger.entries SET line = set_byte(line, 9, get_byte(line, 9) # 1) WHERE position = 290"
    with psycopg.connect(house.url, autocommit=True) as conn:
        conn.execute(change)
        try:
            assert copied(url, folder) == 0
            assert copied(url, folder, house) == 1
        finally:
            conn.execute(change)

    assert "tile/entries/001 holds other entries than those under its tile" in capsys.readouterr().err
    assert Mirror(folder).check().entries == 256


def test_a_log_that_was_rewritten_is_refused_and_the_old_copy_kept(
    house: House, url: str, network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.mirroring.sleep", lambda _seconds: None)
    assert copied(url, tmp_path / "first", house) == 0
    before, lines = files(tmp_path / "first"), stored(house)
    other = network.house()
    with at_a_port(other) as there:
        for size in (250, len(lines), 1_000):
            written(other, size)
            folder = tmp_path / f"{size}"
            shutil.copytree(tmp_path / "first", folder)
            assert copied(there, folder, other) == 1

            said, after = capsys.readouterr().err, files(folder)
            assert checkpoint.parse(note.opened(after.pop(CONTRADICTS), [LOG.key]).text).size == size
            assert after == before
            for written_ in (lines, stored(other)):
                assert f"{len(written_):,}" in said
                assert f" with root {root_of(map(leaf_hash, written_)).hex()}" in said


def test_who_may_not_read_all_entries_copies_tiles_alone(
    house: House, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mirror"
    org = organisation(house, f"ZZ-{len(stored(house))}")
    theirs, ours = (people.machine(house, admitted(house, of, "auditor"), (), None) for of in (org, None))
    written(house, len(stored(house)))

    assert copied(url, folder) == 0
    assert "Tiles only" in capsys.readouterr().err
    assert copied(url, folder, entries=True) == 2
    assert "answered 401: entries are for a token that may read those of all" in capsys.readouterr().err
    assert run(url, folder, theirs, None, entries=False, as_json=False) == 2
    assert "answered 403" in capsys.readouterr().err
    assert run(url, folder, ours, None, entries=True, as_json=False) == 0
    assert list(Mirror(folder).entries()) == stored(house)


def test_whose_signatures_are_wanted_must_have_signed(house: House, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stranger, far = Signer.new(ORIGIN), Signer.new("w.example", WITNESS)
    policies = []
    for number, lines in enumerate(((f"log {LOG.key}", "quorum none"), (f"log {stranger.key}", "quorum none"))):
        policies.append(tmp_path / f"policy-{number}")
        policies[-1].write_text("\n".join(lines), encoding="ascii")
    seen = tmp_path / "policy-2"
    seen.write_text(f"log {LOG.key}\nwitness far {far.key}\nquorum far\n", encoding="ascii")

    assert copied(url, tmp_path / "a", policy=policies[1]) == 1
    assert copied(url, tmp_path / "a", policy=seen) == 1
    assert "seen by 0 of 1 witnesses" in capsys.readouterr().err
    assert copied(url, tmp_path / "a", policy=policies[0]) == 0
    assert json.loads(capsys.readouterr().out)["trusted"] == "policy"
    assert "log.vkey" not in files(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "log.vkey").write_text(f"{stranger.key}\n", encoding="ascii")
    assert copied(url, tmp_path / "b") == 1  # the key first seen was another
    assert copied(url, tmp_path / "c", policy=tmp_path / "none") == 2
    assert house.trouble is None


def test_what_cannot_be_done_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.mirroring.sleep", lambda _seconds: None)
    assert copied(f"http://127.0.0.1:{free_port()}", tmp_path / "a") == 2
    assert "/checkpoint: no answer" in capsys.readouterr().err
    assert run("http://ledger.example", tmp_path / "a", "secret", None, entries=False, as_json=False) == 2
    assert "a token is sent over https:// only" in capsys.readouterr().err
    assert copied("ledger.example", tmp_path / "a") == 2


def test_a_folder_in_which_another_run_is_at_work_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert copied("http://localhost:1", tmp_path) == 2
    assert "another cacao mirror is at work" in capsys.readouterr().err


def test_the_command_copies_with_a_token_of_the_environment(house: House, url: str, tmp_path: Path) -> None:
    words = [CACAO, "mirror", url, tmp_path / "m", "--json"]
    done = subprocess.run(words, env=environment(tmp_path) | {"CACAO_TOKEN": house.token()}, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["size"] == len(stored(house))
    assert unbundled((tmp_path / "m" / "tile" / "entries" / "000").read_bytes()) == stored(house)[:256]
