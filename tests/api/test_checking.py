"""`cacao fsck` at the terminal: exit codes, words, JSON; and what a view was made to say wrongly."""

import json
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api.app import create
from api.checking import run
from api.examples import EXAMPLES
from api.house import House
from api.publishing import last_signed
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.merkle import leaf_hash, root_of
from tests.api.test_crash import wait_until


@pytest.fixture
def signed(house: House) -> House:
    """A house with the examples in it, signed."""
    with TestClient(create(house)):
        house.writer.submit(Act([COMMANDS.validate_python(body) for body in EXAMPLES], "u-x", "main")).result()
        wait_until(lambda: b"\n%d\n" % len(EXAMPLES) in (last_signed(house).read() or b""))
        assert house.follower.wait_for(len(EXAMPLES), 20)
    return house


def looked(house: House, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = run(house, views=True, as_json=True)
    return code, json.loads(capsys.readouterr().out)


def test_where_all_is_well_the_root_is_that_of_the_stored_bytes(signed: House, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = looked(signed, capsys)
    with psycopg.connect(signed.url) as conn:
        leaves = [leaf_hash(bytes(line)) for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]
    assert (code, said["size"], said["root"], said["findings"]) == (0, len(EXAMPLES), root_of(leaves).hex(), [])
    assert {each["view"] for each in said["views"]} >= {"lots", "plots", "timeline"}
    assert run(signed, views=False, as_json=False) == 0


def test_a_changed_entry_is_named_and_ends_with_1(signed: House, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(signed.url, autocommit=True) as conn:
        conn.execute("UPDATE ledger.entries SET line = set_byte(line, 20, get_byte(line, 20) # 1) WHERE position = 13")
    code, said = looked(signed, capsys)
    assert code == 1
    assert 13 in [each["position"] for each in said["findings"]]
    assert run(signed, views=False, as_json=False) == 1
    assert "entry 13 is not the one that was hashed" in " ".join(capsys.readouterr().out.split())


def test_a_view_that_says_otherwise_is_named_and_made_again(signed: House, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(signed.url, autocommit=True) as conn:
        assert conn.execute("UPDATE views.lots SET grams = grams + 1 WHERE form = 'dry'").rowcount
    code, said = looked(signed, capsys)
    assert (code, [each["values"] for each in said["findings"]]) == (1, [{"view": "lots"}])
    assert looked(signed, capsys)[0] == 0


def test_without_the_logs_key_nothing_counts_as_signed(signed: House, capsys: pytest.CaptureFixture[str]) -> None:
    signed.settings.log_key.unlink()
    code, said = looked(signed, capsys)
    assert code == 1
    assert any("key is gone" in each["sentence"] for each in said["findings"])
    assert not signed.settings.log_key.exists()
