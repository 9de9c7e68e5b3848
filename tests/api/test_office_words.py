"""All that stock, steps, containers and nursery say is said in Spanish too."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from jinja2.ext import babel_extract

from api.look import catalog
from api.office import history, steps, stock

HERE = Path(__file__).resolve().parents[2] / "api"
TEMPLATES = ("container", "containers", "label_printing", "labels", "labels_new", "lot", "nursery", "stock", "takes")
SAYS = {"Field": (1,), "Act": (1, 2), "Step": (3, 4, 5), "Form": (1, 2)}
"""Call -> which of its arguments a reader sees, where they stand as text."""
ALIKE = {"Incoterm"}


def of_template(name: str) -> Iterator[str]:
    with (HERE / "templates/office" / f"{name}.html").open("rb") as file:
        for _, message, _, _ in extract(babel_extract, file, DEFAULT_KEYWORDS, (), {"newstyle_gettext": "true", "silent": "false"}):
            yield message if isinstance(message, str) else message[0]


def of_code(name: str) -> Iterator[str]:
    for call in ast.walk(ast.parse((HERE / "office" / f"{name}.py").read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SAYS:
            said = [call.args[at] for at in SAYS[call.func.id] if at < len(call.args)]
            said += [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
            yield from (word.value for word in said if isinstance(word, ast.Constant) and isinstance(word.value, str))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_speaks_spanish(name: str) -> None:
    said = set(of_template(name))

    assert said
    assert said - catalog("es").keys() == set()


@pytest.mark.parametrize("name", ["containers", "nursery", "steps"])
def test_a_form_speaks_spanish(name: str) -> None:
    said = set(of_code(name)) - ALIKE

    assert len(said) > 8
    assert said - catalog("es").keys() == set()


def test_histories_lists_and_choices_speak_spanish() -> None:
    words = {*history.TEMPLATES, *history.REASONS.values(), *stock.MADE.values(), *(label for _, label, _, _ in stock._DO), *stock._HEAD}
    words |= {shown for methods in steps._METHODS.values() for _, shown in methods} | {label for _, label in steps._SHARES}

    assert words - catalog("es").keys() == set()
