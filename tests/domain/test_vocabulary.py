"""What holds for every command: it can be read, it is decided from what it says it reads, and none can be forgotten."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from domain.values import CODES, Code, Command, Sealed
from domain.vocabulary import COMMANDS, FACTS, LISTENS, AnyCommand, AnyFact, decide, listens

ROOT = Path(__file__).resolve().parents[2]
JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (6, 7))
MAY_BE_EMPTY = {
    "enrol-party": {"document", "phone", "sex"},
    "buy-lot": {"premium_pct"},
    "ferment-lots": {"method", "max_temp_c", "turns"},
    "dry-lots": {"method", "moisture_pct"},
    "amend-party": {"name", "document", "phone"},
    "offer-lot": {"until"},
    "print-lot-labels": {"gtin", "sscc", "kid", "net_kg"},
    "print-container-labels": {"sscc", "kid"},
    "print-card": {"kid"},
    "reprint-labels": {"kid"},
    "close-label-key": {"since"},
    "register-product": {"name_es", "name_en"},
    "record-gln": {"district"},
    "share-container": {"for_id"},
    "set-price": {"valid_to"},
    "make-payment": {"lot_id"},
    "admit-user": {"org_id", "until"},
    "grant-role": {"org_id", "until"},
    "revoke-role": {"org_id"},
    "enrol-device": {"until"},
    "annul-fact": {"corrected_by"},
    "erase-subject": {"user_id", "subject"},
}
"""Command -> what may be empty; for the season's commands, as its rules say (a clone depends on its species)."""
OURS = {
    "unknown-label", "unknown-label-key", "unknown-share", "unknown-user", "unknown-device", "unknown-subject", "erased", "unknown-entry",
    "not-annullable", "rests-on-it",
}  # fmt: skip
"""Codes that a season cannot meet: it knows neither users nor mistakes."""
DOES: dict[str, type[Command]] = {str(each.model_fields["do"].default): each for each in get_args(get_args(AnyCommand)[0])}


def test_codes_are_the_seasons_in_the_order_in_which_they_are_checked_and_a_few_of_ours() -> None:
    assert [code for code in CODES if code not in OURS] == (
        "malformed unknown-party unknown-plot unknown-lot unknown-nursery-lot unknown-budwood unknown-handout unknown-graft "
        "unknown-container duplicate-id bad-geometry swapped-coordinates outside-region needs-polygon area-mismatch "
        "bad-container-number bad-quantity in-the-future before-origin not-held wrong-form overdrawn gain "
        "sealed not-sealed empty already"
    ).split()
    assert set(CODES) >= OURS
    assert get_args(Code) == CODES


def test_every_command_has_a_good_example_and_a_name_that_is_an_order(good: Mapping[str, Any]) -> None:
    assert set(DOES) == set(good)
    assert not [do for do in DOES if do != do.lower() or "-" not in do]


@pytest.mark.parametrize("do", DOES)
def test_every_command_is_decided_and_its_fact_can_be_read_back(accepted: Callable[..., Any], do: str) -> None:
    fact = accepted(do)

    assert fact.happened() == JUNE
    assert FACTS.validate_python(fact.model_dump(mode="json"), strict=False) == fact


@pytest.mark.parametrize("do", DOES)
def test_a_decision_asks_only_for_what_the_command_says_it_reads(ask: Callable[..., Any], world: Mapping[str, Any], do: str) -> None:
    asked: set[str] = set()

    class Watched(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            asked.add(key)
            return super().get(key, default)

    decide(ask(do), Watched(world), JULY)

    assert asked == set(ask(do).reads())


@pytest.mark.parametrize("do", DOES)
def test_what_a_command_reads_is_something_that_is_remembered(ask: Callable[..., Any], do: str) -> None:
    assert {tag.partition(":")[0] for tag in ask(do).reads()} <= {*LISTENS, "entry"}, "what is asked about entries is looked up"


@pytest.mark.parametrize("do", DOES)
def test_what_is_personal_is_sealed_and_stands_in_no_fact(
    ask: Callable[..., Any], accepted: Callable[..., Any], world: Mapping[str, Any], do: str
) -> None:
    command, fact = ask(do), accepted(do)

    assert isinstance(fact, Sealed) == bool(command.personal)
    assert not set(type(fact).model_fields) & set(command.personal)
    if isinstance(fact, Sealed) and (under := fact.under()):
        assert under in command.reads()
        assert hasattr(world[under], "subject")


def _held(value: Any) -> set[type]:
    if isinstance(value, dict):
        return {kind for each in value.values() for kind in _held(each)}
    if isinstance(value, list | tuple):
        return {kind for each in value for kind in _held(each)}
    return {type(value)}


@pytest.mark.parametrize("do", DOES)
def test_facts_hold_whole_numbers_and_texts_alone(accepted: Callable[..., Any], do: str) -> None:
    assert _held(accepted(do).model_dump()) <= {int, str, bool, type(None)}


@pytest.mark.parametrize("do", DOES)
def test_commands_hold_no_floats(ask: Callable[..., Any], do: str) -> None:
    assert float not in _held(ask(do).model_dump(exclude={"geometry"}))
    assert Decimal in _held(ask(do).model_dump()) or do in (
        "enrol-party", "open-container", "seal-container", "depart-container", "empty-container",
        "amend-party", "transfer-plot", "offer-lot", "admit-user", "grant-role", "revoke-role", "enrol-device", "revoke-device",
        "annul-fact", "question-fact", "settle-question", "erase-subject",
        "print-container-labels", "print-card", "void-labels", "reprint-labels", "open-label-key", "close-label-key",
        "record-gs1-prefix", "register-product", "record-gln",
        "share-container", "end-share", "publish-price", "withdraw-price",
    )  # fmt: skip


@pytest.mark.parametrize(("do", "field"), [(do, field) for do, each in DOES.items() for field in each.model_fields if field != "book"])
def test_a_field_is_needed_unless_it_may_be_empty(ask: Callable[..., Any], good: Mapping[str, Any], do: str, field: str) -> None:
    body = {"do": do, "id": str(ask(do).id)} | good[do]
    without = {name: value for name, value in body.items() if name != field}

    if field in MAY_BE_EMPTY.get(do, ()):
        assert getattr(COMMANDS.validate_python(without), field) is None
    else:
        with pytest.raises(ValidationError, match=field):
            COMMANDS.validate_python(without)


@pytest.mark.parametrize("do", DOES)
def test_a_field_that_is_not_a_commands_own_cannot_be_read(ask: Callable[..., Any], do: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        ask(do, {"colour": "red"})


def test_an_order_that_nobody_knows_cannot_be_read(ask: Callable[..., Any]) -> None:
    with pytest.raises(ValidationError, match="burn-lot"):
        ask("write-off", {"do": "burn-lot"})


def test_nothing_is_changed_once_it_was_said(ask: Callable[..., Any], accepted: Callable[..., Any]) -> None:
    for said in (ask("write-off"), accepted("write-off")):
        with pytest.raises(ValidationError, match="frozen"):
            said.lot_id = "OTHER"


def test_kinds_are_past_versioned_and_listened_to_by_something() -> None:
    kinds = {str(each.model_fields["kind"].default) for each in get_args(get_args(AnyFact)[0])}

    assert {kind[-3:] for kind in kinds} == {".v1"}
    assert set().union(*(listens(f"{prefix}:x") for prefix in LISTENS)) == kinds - {"fact-questioned.v1", "question-settled.v1"}


@pytest.fixture
def mypy(tmp_path: Path) -> Callable[[], tuple[int, str]]:
    """Types of a copy of the domain, checked as the project checks them."""
    shutil.copytree(ROOT / "domain", tmp_path / "domain", ignore=shutil.ignore_patterns("__pycache__"))
    arguments = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache"), "-p", "domain"]

    def check() -> tuple[int, str]:
        env = {name: value for name, value in os.environ.items() if name not in ("MYPYPATH", "PYTHONPATH")}
        done = subprocess.run(
            [sys.executable, "-m", "mypy", *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120
        )
        return done.returncode, done.stdout + done.stderr

    return check


def test_a_command_that_is_not_decided_does_not_pass_the_type_checker(mypy: Callable[[], tuple[int, str]], tmp_path: Path) -> None:
    assert mypy()[0] == 0, "the domain as it is passes"

    vocabulary = tmp_path / "domain" / "vocabulary.py"
    (tmp_path / "domain" / "forgotten.py").write_text(
        '"""A command that nobody decides."""\n\nfrom typing import Literal\n\nfrom domain.values import Command\n\n\n'
        'class BurnLot(Command):\n    """Burn."""\n\n    do: Literal["burn-lot"] = "burn-lot"\n'
    )
    before = vocabulary.read_text()
    after = before.replace("    PartyCommand\n    | PlotCommand", "    BurnLot | PartyCommand\n    | PlotCommand").replace(
        "from domain.graft import", "from domain.forgotten import BurnLot\nfrom domain.graft import", 1
    )
    assert after.count("BurnLot") == 2
    vocabulary.write_text(after)

    code, said = mypy()

    assert code == 1
    assert 'Argument 1 to "assert_never" has incompatible type "BurnLot"' in said
