"""The log's doors: a checkpoint within a second of an append, tiles that lead to it, proofs for all; entries for auditors alone."""

import time
from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from api import people
from api.app import create
from api.examples import EXAMPLES
from api.house import House
from api.publishing import last_signed
from domain.vocabulary import COMMANDS
from ledger.act import Act, ReadOnly
from ledger.checkpoint import Checkpoint
from ledger.checkpoint import parse as parse_checkpoint
from ledger.crypto import verify
from ledger.merkle import check_consistency, check_inclusion, leaf_hash, root_of
from ledger.note import opened
from ledger.policy import parse as parse_policy
from ledger.proof import check
from ledger.proof import parse as parse_proof
from ledger.tile import bundle_path, path, tiles, unbundled
from tests.api.people import PLACE, admitted, organisation
from tests.api.test_crash import wait_until

ORG = "main/AG-01"


@pytest.fixture
def reader(house: House) -> Iterator[TestClient]:
    with TestClient(create(house), base_url=PLACE, follow_redirects=False, client=("127.0.0.1", 50_000)) as client:
        yield client


def write(house: House, count: int = 1) -> int:
    """Enrol farmers; returns the ledger's size."""
    bodies = [{**EXAMPLES[0], "id": str(uuid4()), "party_id": f"N-{uuid4().hex[:8].upper()}"} for _ in range(count)]
    answers = house.writer.submit(Act([COMMANDS.validate_python(body) for body in bodies], "u-x", ORG)).result()
    return int(answers[-1].positions[-1])  # type: ignore[union-attr]


def head(reader: TestClient) -> Checkpoint:
    answer = reader.get("/checkpoint")
    policy = parse_policy(reader.get("/policy").text)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return parse_checkpoint(opened(answer.content, [key for key, _ in policy.logs], verify).text)


def reached(reader: TestClient, size: int) -> bool:
    answer = reader.get("/checkpoint")
    return answer.status_code == 200 and parse_checkpoint(answer.text.partition("\n\n")[0] + "\n").size >= size


def stored(house: House) -> list[bytes]:
    with psycopg.connect(house.url) as conn:
        return [bytes(line) for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]


def token(house: House, org: str | None, role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {people.machine(house, admitted(house, org, role), (), None)}"}


def test_a_checkpoint_follows_each_append_within_a_second(house: House, reader: TestClient) -> None:
    for count in (1, 3, 260):
        size = write(house, count)
        began = time.monotonic()
        wait_until(lambda size=size: reached(reader, size))  # type: ignore[misc]
        assert time.monotonic() - began < 3  # a second, and what a busy machine adds
        assert head(reader) == Checkpoint(house.settings.origin, size, root_of(map(leaf_hash, stored(house))))


def test_the_tiles_are_those_of_the_entries(house: House, reader: TestClient) -> None:
    size = write(house, 600)
    wait_until(lambda: reached(reader, size))
    leaves = [leaf_hash(line) for line in stored(house)]
    level_1 = [root_of(leaves[at : at + 256]) for at in (0, 256)]
    for tile in tiles(size):
        answer = reader.get(f"/{path(tile)}")
        wanted = leaves[tile.index * 256 :][: tile.width] if tile.level == 0 else level_1
        assert answer.content == b"".join(wanted), tile
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["access-control-allow-origin"] == "*"
    assert reader.get("/tile/0/000.p/7").content == b"".join(leaves[:7])
    for wrong in (
        "0/002.p/255",
        "0/003",
        "0/000.p/0",
        "0/000.p/256",
        "0/0",
        "1/000",
        "2/000.p/1",
        "64/000.p/1",
        "0/x000/000",
        "00/000",
        "x",
    ):
        assert reader.get(f"/tile/{wrong}").status_code == 404, wrong


def test_bundles_are_for_auditors_of_the_house_alone(house: House, reader: TestClient) -> None:
    organisation(house, "AG-01")
    size = write(house, 300)
    auditor, theirs = token(house, None, "auditor"), token(house, ORG, "auditor")
    wait_until(lambda: reached(reader, size))
    lines = stored(house)
    for index, width in ((0, 256), (1, 44), (1, 3)):
        answer = reader.get(f"/{bundle_path(index, width)}", headers=auditor)
        assert unbundled(answer.content) == lines[index * 256 :][:width]
        assert answer.headers["cache-control"].startswith("private")
    assert reader.get(f"/{bundle_path(0, 256)}").status_code == 401
    assert reader.get(f"/{bundle_path(0, 256)}", headers=theirs).status_code == 403
    assert reader.get(f"/{bundle_path(0, 256)}", headers=token(house, None, "exporter")).status_code == 403
    assert reader.get("/tile/entries/009", headers=auditor).status_code == 404


def test_every_entry_has_a_proof_to_keep(house: House, reader: TestClient) -> None:
    size = write(house, 20)
    wait_until(lambda: reached(reader, size))
    policy = parse_policy(reader.get("/policy").text)
    later = write(house, 20)
    wait_until(lambda: reached(reader, later))
    lines = stored(house)
    for position in (1, size, later):
        answer = reader.get(f"/proofs/{position}.tlog-proof")
        proof = parse_proof(answer.content)
        assert proof.index == position - 1
        assert check(proof, leaf_hash(lines[position - 1]), policy, verify).checkpoint.size == later
        assert answer.headers["content-disposition"] == f'attachment; filename="{position}.tlog-proof"'
    earlier = parse_proof(reader.get(f"/proofs/1.tlog-proof?size={size}").content)
    assert check(earlier, leaf_hash(lines[0]), policy, verify).checkpoint.size == size
    for wrong in (f"{later + 1}.tlog-proof", "0.tlog-proof", f"{later}.tlog-proof?size={size}", "1.tlog-proof?size=7", "x.tlog-proof"):
        assert reader.get(f"/proofs/{wrong}").status_code in (404, 422), wrong


def hashes(body: dict[str, Any], *names: str) -> list[bytes]:
    return [b64decode(body[name]) for name in names]


def test_any_two_sizes_have_a_proof(house: House, reader: TestClient) -> None:
    size = write(house, 30)
    wait_until(lambda: reached(reader, size))
    leaves = [leaf_hash(line) for line in stored(house)]
    for old, new in ((0, 5), (5, 5), (1, size), (7, 11), (16, 30), (0, 0)):
        body = reader.get(f"/consistency/{old}/{new}.json").json()
        old_root, new_root = hashes(body, "old_root", "new_root")
        assert (old_root, new_root) == (root_of(leaves[:old]), root_of(leaves[:new]))
        check_consistency(old, new, list(map(b64decode, body["proof"])), old_root, new_root)
    for of in (13, size):
        body = reader.get(f"/proofs/9.json?size={of}").json()
        leaf, root = hashes(body, "leaf_hash", "root")
        assert (leaf, root) == (leaves[8], root_of(leaves[:of]))
        check_inclusion(leaf, 8, of, list(map(b64decode, body["proof"])), root)
    for wrong in (f"consistency/1/{size + 1}", "consistency/9/8", f"proofs/{size + 1}", "proofs/9.json?size=8"):
        assert reader.get(f"/{wrong.removesuffix('.json')}.json" if "?" not in wrong else f"/{wrong}").status_code == 404, wrong


def test_when_history_was_changed_nothing_is_signed_and_every_page_says_so(house: House, reader: TestClient) -> None:
    size = write(house, 5)
    wait_until(lambda: reached(reader, size))
    before, kept = reader.get("/checkpoint").content, last_signed(house).read()
    assert 'role="alert"' not in reader.get("/").text
    with psycopg.connect(house.url, autocommit=True) as conn:
        conn.execute(
            "UPDATE ledger.entries SET line = convert_to(replace(convert_from(line, 'UTF8'), 'N-', 'M-'), 'UTF8') WHERE position = 2"
        )
        conn.execute("TRUNCATE log.tiles")
        conn.execute("UPDATE log.tree SET size = 0")
    write(house)
    wait_until(lambda: house.trouble is not None)

    assert (reader.get("/checkpoint").content, last_signed(house).read()) == (before, kept)
    well = reader.get("/healthz")
    assert well.status_code == 503
    assert "not signed since" in well.json()["log"]
    for page in ("/", "/signin", "/c/CSQU3054383", "/nowhere"):
        text = reader.get(page, headers={"Accept": "text/html", "Accept-Language": "es"}).text
        assert "ya no se firma" in text, page
        assert "ledger" not in text.partition("ya no se firma")[2][:300]  # the whole of it is in Spanish
    assert "not signed any more" in reader.get("/", headers={"Accept-Language": "en"}).text
    with pytest.raises(ReadOnly):  # what was written now would go on from another history than the one that was signed
        write(house)
    with house.pool.connection() as conn:
        assert conn.execute("SELECT size FROM ledger.head").fetchone() == (size + 1,)
