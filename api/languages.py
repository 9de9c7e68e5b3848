"""Which languages are spoken where: two in the office; in public, each into which everything public is translated, and no other.

What is public is looked up in the sources, so that nobody has to remember a list: the texts of public templates, and of public modules.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Final, Literal, get_args

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment, meta, nodes
from jinja2.ext import extract_from_ast

Language = Literal["es", "en", "de", "fr", "it", "nl"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
OFFICE: Final[tuple[Language, ...]] = ("es", "en")
"""Those in which everything is said: English is in the sources, and Spanish is held complete by a test."""
NAMES: Final[Mapping[Language, str]] = {
    "es": "Español", "en": "English", "de": "Deutsch", "fr": "Français", "it": "Italiano", "nl": "Nederlands",
}  # fmt: skip
LOCALES: Final[Mapping[Language, str]] = {"es": "es_PE", "en": "en", "de": "de", "fr": "fr", "it": "it", "nl": "nl"}
"""Whose numbers and dates a language writes."""
HERE: Final = Path(__file__).parent
SOURCES: Final = HERE.parent
_ELSEWHERE: Final = frozenset({"api/giving.py", "api/guard.py", "api/machines.py", "api/problems.py", "ledger/decision.py"})
"""Modules that public ones are made with, and whose words are for those who write: why a command is refused."""
_MEANINGS: Final = ("api/problems.py", "MEANINGS")
"""The one table of a module whose values are public, and the rest of it is not."""
_SAYING: Final = {"_", "said", "counted", "message"}
_SAID_BY_SCRIPTS: Final = re.compile(r'\b_\("([^"]+)"\)')


@cache
def _read(language: Language) -> Catalog:
    path = HERE / "locales" / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Catalog()
    with path.open("rb") as file:
        return read_po(file)


@cache
def catalog(language: Language) -> Mapping[str, tuple[str, ...]]:
    """English message -> its translation, for one and for many where it counts; empty for English."""
    found = (message for message in _read(language) if message.id and message.string and not message.fuzzy)
    return {forms(message.id)[0]: forms(message.string) for message in found}


def forms(written: object) -> tuple[str, ...]:
    """What a message says for one and for many; for most messages there is one form."""
    return (written,) if isinstance(written, str) else tuple(map(str, written)) if isinstance(written, list | tuple) else ("",)


@cache
def plural(language: Language) -> Callable[[int], int]:
    """Which form a number takes: French counts none as one."""
    return c2py(_read(language).plural_expr)


def said_by_scripts(text: str) -> list[str]:
    """What a script says to people: marked in it as `_("…")`."""
    return _SAID_BY_SCRIPTS.findall(text)


@cache
def _tree(module: str) -> ast.Module:
    path = SOURCES / module
    return ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])


def _imported(module: str) -> Iterator[str]:
    """Files of ours that a module is made with."""
    for node in _tree(module).body:
        if isinstance(node, ast.ImportFrom) and (name := node.module) and name.partition(".")[0] in ("api", "ledger"):
            within = name.replace(".", "/")
            yield from (f"{within}/{each.name}.py" for each in node.names)
            yield f"{within}.py"


def _serves(module: str) -> bool:
    """Whether a module has public pages, or answers where nobody is known yet."""
    if module != "api/limits.py" and "from api.cache import" not in (SOURCES / module).read_text(encoding="utf-8"):
        return False  # most are not taken apart for it: this is done at every start
    named = (node for node in _tree(module).body if isinstance(node, ast.ImportFrom) and node.module == "api.cache")
    return module == "api/limits.py" or any(each.name == "serve" for node in named for each in node.names)


@cache
def public_modules() -> frozenset[str]:
    """Modules whose words and templates anybody may see: those with public pages, and what these are made with."""
    waiting = [name for path in sorted((SOURCES / "api").glob("*.py")) if _serves(name := f"api/{path.name}")]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and (SOURCES / name).exists():
            found.add(name)
            waiting += _imported(name)
    return frozenset(found - _ELSEWHERE)


@cache
def _nodes(module: str) -> tuple[ast.expr, ...]:
    """The calls and texts of a module. What `ast.walk` gives, in a third of its time."""
    waiting: list[ast.AST] = [_tree(module)]
    found: list[ast.expr] = []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call | ast.Constant):
            found.append(node)
        for value in vars(node).values():
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list):
                waiting += [each for each in value if isinstance(each, ast.AST)]
    return tuple(found)


def _texts(module: str) -> frozenset[str]:
    """Every text that stands in a module."""
    return frozenset(node.value for node in _nodes(module) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _values(module: str, table: str) -> frozenset[str]:
    """The texts that are values of a table of a module."""
    named = (node for node in _tree(module).body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == table)
    values = (value for node in named if isinstance(node.value, ast.Dict) for value in node.value.values)
    return frozenset(each.value for each in values if isinstance(each, ast.Constant) and isinstance(each.value, str))


@cache
def _given(module: str) -> frozenset[str]:
    """Every text that stands in the call of something that says it."""
    calls = (node for node in _nodes(module) if isinstance(node, ast.Call) and _named(node.func) in _SAYING)
    given = (each.value for call in calls for each in call.args if isinstance(each, ast.Constant))
    return frozenset(each for each in given if isinstance(each, str))


def _named(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


@cache
def public_templates() -> frozenset[str]:
    """The templates that public modules name, and those that these are made with."""
    found: set[str] = set()
    waiting = {text for module in public_modules() for text in _texts(module) if re.fullmatch(r"[a-z]+\.html", text)}
    while waiting:
        name = waiting.pop()
        if name in found or not (HERE / "templates" / name).exists():
            continue
        found.add(name)
        waiting |= {each for each in meta.find_referenced_templates(_template(name)) if each}
    return frozenset(found)


@cache
def _template(name: str) -> nodes.Template:
    env = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    env.extend(newstyle_gettext=True)  # a message keeps its %(name)s
    return env.parse((HERE / "templates" / name).read_text(encoding="utf-8"))


def _of_template(name: str) -> Iterator[tuple[str, ...]]:
    """The messages of a template, each in its forms."""
    for _, _, message in extract_from_ast(_template(name), babel_style=False):
        yield tuple(each for each in message or () if each)


@cache
def public_messages() -> Mapping[str, int]:
    """English message that anybody may see -> how many forms it has.

    In modules a message is any text that Spanish translates, wherever it stands, and a single word only where it is given to be said:
    that Spanish has all, a test of its own holds.
    """
    spanish = catalog("es")
    scripts = sorted((HERE / "static").glob("*.js"))
    words = {text for module in public_modules() for text in _texts(module) if text in spanish and " " in text.strip()} | _values(
        *_MEANINGS
    )
    words |= {text for module in public_modules() for text in _given(module) if text in spanish}
    words |= {text for path in scripts for text in said_by_scripts(path.read_text(encoding="utf-8"))}
    found = {text: len(spanish.get(text, ("",))) for text in words}
    return found | {each[0]: len(each) for name in public_templates() for each in _of_template(name)}


def missing(language: Language, among: Iterable[str] | None = None) -> list[str]:
    """What anybody may see and a language does not say, or says without the forms that counting needs."""
    there, wanted = catalog(language), public_messages()
    return sorted(each for each in (wanted if among is None else among) if not _whole(there.get(each, ()), wanted.get(each, 1)))


def _whole(said: tuple[str, ...], many: int) -> bool:
    return len(said) == many and all(said)


@cache
def shipped() -> tuple[Language, ...]:
    """The languages of public pages, found at the start: those of the office, and each further one that says everything public."""
    return tuple(each for each in LANGUAGES if each in OFFICE or not missing(each))
