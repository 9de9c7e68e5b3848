"""What is stored is read for ever: one line of each kind, written by hand, each at the position of its place in the file."""

from pathlib import Path
from typing import get_args

import orjson
import pytest

from domain.vocabulary import AnyCommand, AnyFact
from ledger.entry import canonical, read, typed

LINES = (Path(__file__).parent / "entries.jsonl").read_bytes().splitlines()
KINDS = [orjson.loads(line)["kind"] for line in LINES]
PINNED = [pytest.param(position, line, id=kind) for position, (line, kind) in enumerate(zip(LINES, KINDS, strict=True), start=1)]


def test_every_kind_has_one_golden_line_and_every_golden_line_a_kind() -> None:
    assert sorted(KINDS) == sorted(str(each.model_fields["kind"].default) for each in get_args(get_args(AnyFact)[0]))


def test_every_golden_line_was_asked_for_by_a_command_of_today() -> None:
    does = {str(each.model_fields["do"].default) for each in get_args(get_args(AnyCommand)[0])}

    assert {orjson.loads(line)["do"] for line in LINES} <= does


@pytest.mark.parametrize(("position", "line"), PINNED)
def test_an_envelope_has_exactly_these_fields(position: int, line: bytes) -> None:
    body = orjson.loads(line)
    entry = read(position, line)

    assert sorted(body) == ["at", "by", "do", "fact", "id", "kind", "n", "org", "seen", "tags", "v"]
    assert (entry.position, entry.line, entry.kind, list(entry.tags)) == (position, line, body["kind"], body["tags"])
    assert (entry.at, entry.seen, entry.by, entry.org, entry.id) == (body["at"], body["seen"], body["by"], body["org"], body["id"])


@pytest.mark.parametrize(("position", "line"), PINNED)
def test_a_stored_fact_has_all_fields_of_its_kind_and_no_others(position: int, line: bytes) -> None:
    body = orjson.loads(line)
    fact = typed(read(position, line).fact)

    assert orjson.loads(fact.model_dump_json()) == body["fact"] | {"kind": body["kind"]}


@pytest.mark.parametrize(("position", "line"), PINNED)
def test_a_stored_fact_is_found_under_the_same_tags_and_time(position: int, line: bytes) -> None:
    body = orjson.loads(line)
    fact = typed(read(position, line).fact)

    assert fact.tags(position) == body["tags"]
    assert fact.happened() == body["at"]


@pytest.mark.parametrize(("position", "line"), PINNED)
def test_spelling_a_stored_line_again_gives_the_same_bytes(position: int, line: bytes) -> None:
    body = orjson.loads(line)
    again = typed(read(position, line).fact).model_dump(exclude={"kind"})

    assert canonical(body | {"fact": again}) == line
