"""Mistakes at the doors: who may annul, question and settle what, and that a second import revives nothing."""

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.access import Actor
from api.examples import EXAMPLES
from api.giving import give
from api.house import House
from api.imports import Import
from api.roles import OPERATOR
from api.sample import write_season
from api.season import Folder
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted, Answer, Denied
from projections import follow
from projections.rebuild import rebuild

OURS, THEIRS = "main/AG-01", "main/ZZ-01"
WHEN = "2026-11-01T10:00:00-05:00"
BEFORE = [body for body in EXAMPLES if body["do"] not in ("annul-fact", "question-fact", "settle-question")]
AT: dict[str, int] = {str(body["do"]): at for at, body in enumerate(BEFORE, 1)}
"""Command -> where its last example stands."""


@pytest.fixture
def ours(house: House) -> House:
    """A house in which all was written for one organisation."""
    answers = house.writer.ask(Act([COMMANDS.validate_python(body) for body in BEFORE], "u-ours", OURS))
    assert all(isinstance(answer, Accepted) for answer in answers)
    return house


def asks(house: House, role: str, do: str, position: int, org: str | None = OURS) -> Answer:
    said = {
        "annul-fact": {"reason": "entered-twice", "annulled_at": WHEN},
        "question-fact": {"reason": "weight", "questioned_at": WHEN},
        "settle-question": {"outcome": "dismissed", "settled_at": WHEN},
    }
    body: dict[str, Any] = {"do": do, "id": uuid4(), "position": position, **said[do]}
    return give(house, Actor("U-1", org, (role,), "D-1", session=True), [COMMANDS.validate_python(body)])[0]


def code(answer: Answer) -> str:
    return answer.code if isinstance(answer, Denied) else type(answer).__name__


@pytest.mark.parametrize(
    ("role", "do", "expected"),
    [
        ("buyer", "make-payment", "Accepted"),
        ("buyer", "write-off", "forbidden"),
        ("plant", "write-off", "Accepted"),
        ("plant", "make-payment", "forbidden"),
        ("exporter", "record-harvest", "forbidden"),
        ("extensionist", "resurvey-plot", "Accepted"),
        ("administrator", "write-off", "Accepted"),
        ("administrator", "make-payment", "Accepted"),
        ("auditor", "write-off", "forbidden"),
    ],
)
def test_one_annuls_what_one_may_record_and_an_administrator_anything(ours: House, role: str, do: str, expected: str) -> None:
    assert code(asks(ours, role, "annul-fact", AT[do])) == expected


@pytest.mark.parametrize("do", ["annul-fact", "question-fact"])
def test_what_was_written_for_another_organisation_is_unknown_word_for_word(ours: House, do: str) -> None:
    theirs, nothing = (asks(ours, "administrator", do, position, THEIRS) for position in (AT["write-off"], 9_999))

    assert isinstance(theirs, Denied)
    assert isinstance(nothing, Denied)
    assert (theirs.code, theirs.template) == (nothing.code, nothing.template) == ("unknown-entry", "no {thing} {id} was ever accepted")


@pytest.mark.parametrize("role", ["buyer", "plant", "exporter", "extensionist", "auditor", "administrator"])
def test_everybody_questions_what_was_written_for_their_organisation(ours: House, role: str) -> None:
    assert code(asks(ours, role, "question-fact", AT["write-off"])) == "Accepted"


def test_a_question_is_settled_by_administrators_and_auditors_of_whom_it_concerns(ours: House) -> None:
    question = asks(ours, "auditor", "question-fact", AT["write-off"], org=None)
    assert isinstance(question, Accepted)
    [position] = question.positions

    assert code(asks(ours, "plant", "settle-question", position)) == "forbidden"
    assert code(asks(ours, "administrator", "settle-question", position, THEIRS)) == "unknown-entry"
    assert code(asks(ours, "administrator", "settle-question", position)) == "Accepted"
    assert code(asks(ours, "auditor", "settle-question", position, org=None)) == "already"


def test_people_of_the_house_annul_anybodys_within_their_role_and_the_operator_anything(ours: House) -> None:
    assert code(asks(ours, "plant", "annul-fact", AT["make-payment"], org=None)) == "forbidden"
    assert code(asks(ours, "plant", "annul-fact", AT["write-off"], org=None)) == "Accepted"
    assert code(asks(ours, "administrator", "annul-fact", AT["make-payment"], org=None)) == "Accepted"
    assert code(asks(ours, OPERATOR, "annul-fact", AT["pay-advance"], org=None)) == "Accepted"
    assert code(asks(ours, "administrator", "annul-fact", 9_999, org=None)) == "unknown-entry"


def test_a_second_import_does_not_revive_what_was_annulled(house: House, tmp_path: Path) -> None:
    write_season(tmp_path / "season")
    Import(Folder(tmp_path / "season", "main"), house.writer, house.url).take()
    with follow.connected(house.url) as conn:
        follow.catch_up(conn)
        lost = conn.execute("SELECT loss, position FROM views.losses ORDER BY position DESC LIMIT 3").fetchall()
        answers = [asks(house, OPERATOR, "annul-fact", position, org=None) for _, position in lost]
        assert [type(answer) for answer in answers] == [Accepted] * 3

        again = shutil.copytree(tmp_path / "season", tmp_path / "again")
        season = json.loads((again / "season.json").read_text()) | {"seed": 1}
        (again / "season.json").write_text(json.dumps(season))
        second = Import(Folder(again, "main"), house.writer, house.url)
        second.take()

        assert {answer for _, answer in second.counts()} & {"accepted"} == set()
        follow.catch_up(conn)
        assert conn.execute("SELECT count(*) FROM views.losses WHERE loss = ANY(%s)", ([loss for loss, _ in lost],)).fetchone() == (0,)
    assert all(each.before == each.after for each in rebuild(house.url)[1])
