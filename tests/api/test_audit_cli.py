"""An auditor at the terminal: one entry, the stock and the way of the beans as they stood, and the history by its facets."""

import json
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from api.inspecting import entry, stock
from tests.api.test_audit_as_of import Past, past
from tests.api.test_cli import Terminal, cacao, season

__all__ = ["cacao", "past", "season"]


def test_an_entry_is_told_with_its_leaf_and_what_it_rests_on(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(past.house, past.loaded, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    with psycopg.connect(past.house.url) as conn:
        line = bytes((conn.execute("SELECT line FROM ledger.entries WHERE position = %s", (past.loaded,)).fetchone() or [b""])[0])

    assert told["leaf_hash"] == sha256(b"\0" + line).hexdigest()
    assert told["entry"] == json.loads(line)
    assert (told["annulled_by"], told["rest_on_it"], told["questions"]) == (past.annulled, [], [])
    assert past.loaded - 1 in told["rests_on"]  # the opening of the container
    assert past.loaded - 2 in told["rests_on"]  # the drying that made the lot
    assert entry(past.house, past.loaded, as_json=False) == 0
    assert "30 kg of lot D-1 in 1 bags were loaded" in capsys.readouterr().out
    assert entry(past.house, 10**9, as_json=False) == 1


def test_the_stock_is_told_as_it_stood(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    def told(at: int | None) -> list[tuple[str, int]]:
        assert stock(past.house, "main/COOP", at, as_json=True) == 0
        return [(lot["lot"], lot["grams"]) for lot in json.loads(capsys.readouterr().out)["lots"]]

    assert told(past.harvested) == [("main/H-1", 100_000)]
    assert told(past.loaded) == [("main/H-1", 10_000), ("main/D-1", 2_000)]
    assert told(None) == [("main/H-1", 10_000), ("main/D-1", 32_000)]
    assert stock(past.house, None, past.harvested, as_json=False) == 0
    assert f"as the record stood at entry {past.harvested}" in capsys.readouterr().out


def test_the_terminal_shows_a_moment_of_the_record(cacao: Terminal, season: Path) -> None:
    assert season.exists()
    lines = [json.loads(line) for line in cacao("replay", "--kind", "lot-loaded.v1", "--json").stdout.splitlines()]
    first = lines[0]
    node = next(tag for tag in first["tags"] if tag.startswith("container:")).partition(":")[2]
    then = json.loads(cacao("trace", "container", node, "--as-of", str(first["position"]), "--json").stdout)
    now = json.loads(cacao("trace", "container", node, "--json").stdout)
    before = cacao("trace", "container", node, "--as-of", "1")
    lots = json.loads(cacao("stock", "--as-of", str(first["position"]), "--json").stdout)

    assert then["position"] == first["position"]
    assert {edge[0] for edge in then["up"]["edges"] if edge[1].startswith("stuffing:")} == {f"lot:{first['fact']['lot_id']}"}
    assert len(now["up"]["edges"]) > len(then["up"]["edges"])
    assert (before.returncode, before.stderr.strip()) == (1, f"cacao: there was no container {node} at position 1")
    assert lots["as_of"] == first["position"]
    assert lots["lots"]
    assert cacao("stock", "--as-of", "soon").returncode == 2
    assert {line["kind"] for line in lines} == {"lot-loaded.v1"}
    by_day = cacao("replay", "--day", first["at"][:10], "--kind", "lot-loaded.v1", "--late", "--json").stdout.splitlines()
    assert [json.loads(line)["position"] for line in by_day] == [line["position"] for line in lines if line["at"][:10] == first["at"][:10]]
    assert cacao("entry", str(first["position"])).returncode == 0
