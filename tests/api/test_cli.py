"""The door at the terminal: data on stdout, talk on stderr, exit codes that mean something."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import zxingcpp
from PIL import Image
from psycopg import conninfo

from api.cli import app
from api.sample import write_season

CACAO = Path(sys.executable).parent / "cacao"
Done = subprocess.CompletedProcess


class Terminal:
    """The program as a person starts it."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url

    def __call__(self, *words: str | Path, **settings: str) -> "Done[str]":
        environment = os.environ | {"CACAO_HOME": str(self.home), "DATABASE_URL": self.url, "COLUMNS": "140"} | settings
        return subprocess.run([CACAO, *map(str, words)], env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def cacao(url: str, tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "home", url)


@pytest.fixture
def season(cacao: Terminal, tmp_path: Path) -> Path:
    folder = tmp_path / "season"
    write_season(folder)
    assert cacao("import", folder).returncode == 0
    return folder


@pytest.mark.parametrize("command", [each.name or each.callback.__name__ for each in app.registered_commands if each.callback])
def test_every_command_explains_itself(command: str) -> None:
    done = subprocess.run([CACAO, command, "--help"], capture_output=True, text=True, check=True)

    assert "Usage" in done.stdout


def test_an_import_prints_a_table_or_json(cacao: Terminal, season: Path) -> None:
    table, data = cacao("import", season), cacao("import", season, "--json")

    assert "accepted" in table.stdout
    assert json.loads(data.stdout)["files"]["parties.csv"]["malformed"] == 1


def test_an_import_of_something_else_is_refused_in_words(cacao: Terminal, tmp_path: Path) -> None:
    done = cacao("import", tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "A season folder holds all of its files" in done.stderr


def test_a_file_cut_short_is_noticed(cacao: Terminal, season: Path) -> None:
    lines = (season / "losses.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (season / "losses.csv").write_text("".join(lines[:-5]), encoding="utf-8")

    assert "was the file cut short?" in cacao("import", season).stderr


def test_a_container_is_traced_to_plots_and_a_plot_to_the_container(cacao: Terminal, season: Path) -> None:
    assert season.exists()
    up = json.loads(cacao("trace", "container", "KAWU2607135", "--json").stdout)
    plots = {part["node"]: part["share"] for part in up["up"]["parts"] if part["node"].startswith("plot:")}
    plot, share = next(iter(plots.items()))

    down = json.loads(cacao("trace", "plot", plot.removeprefix("plot:"), "--json").stdout)

    assert share in [part["share"] for part in down["down"]["parts"] if part["node"].startswith("stuffing:KAWU2607135@")]
    assert "up: made of" in cacao("trace", "container", "KAWU2607135").stdout


@pytest.mark.parametrize(
    ("words", "code"), [(("container", "CSQU3054383"), 1), (("lot", "H-9"), 1), (("bean", "1"), 2), (("clone", "X"), 1)]
)
def test_what_cannot_be_traced_is_said_and_exits_so(cacao: Terminal, words: tuple[str, str], code: int) -> None:
    done = cacao("trace", *words)

    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("cacao: ")


def test_the_history_is_told_up_to_a_position_and_of_a_tag(cacao: Terminal, season: Path) -> None:
    assert season.exists()
    told = cacao("replay", "--until", "5").stdout.splitlines()
    data = [json.loads(line) for line in cacao("replay", "--tag", "container:KAWU2607135", "--json").stdout.splitlines()]

    assert [line.split()[0] for line in told] == ["1", "2", "3", "4", "5"]
    assert data[0]["kind"] == "container-opened.v1"
    assert all("container:KAWU2607135" in entry["tags"] for entry in data)
    assert cacao("replay", "--until", data[0]["seen"], "--json").stdout
    assert cacao("replay", "--until", "2000-01-01T00:00:00Z").stdout == ""
    assert cacao("replay", "--until", "soon").returncode == 2


def test_a_rebuild_finds_a_view_that_was_changed(cacao: Terminal, season: Path) -> None:
    assert season.exists()
    assert cacao("rebuild").returncode == 0
    with psycopg.connect(cacao.url) as conn:
        conn.execute("UPDATE views.lots SET grams = grams + 1 WHERE lot = (SELECT min(lot) FROM views.lots)")

    differs = cacao("rebuild", "--json")

    assert differs.returncode == 1
    assert [view["view"] for view in json.loads(differs.stdout)["views"] if view["before"] != view["after"]] == ["lots"]
    assert cacao("rebuild").returncode == 0


@pytest.mark.parametrize("form", ["png", "pdf", "svg"])
def test_a_label_is_drawn_and_says_draft_on_this_computer(cacao: Terminal, season: Path, tmp_path: Path, form: str) -> None:
    assert season.exists()
    done = cacao("label", "KAWU2607135", "-o", tmp_path / f"label.{form}")

    assert done.returncode == 0
    assert "DRAFT" in done.stderr
    if form == "png":
        [code] = zxingcpp.read_barcodes(Image.open(tmp_path / "label.png"))
        assert code.text.startswith("http://localhost:8000/c/KAWU2607135/")


def test_a_label_of_an_unknown_container_is_refused(cacao: Terminal, tmp_path: Path) -> None:
    assert cacao("label", "KAWU2607135", "-o", tmp_path / "x.pdf").returncode == 1
    assert cacao("label", "KAWU2607135", "-o", tmp_path / "x.doc").returncode == 2
    assert not list(tmp_path.glob("x.*"))


def test_the_token_is_made_once_and_kept_from_others(cacao: Terminal) -> None:
    first, second = cacao("token"), cacao("token")

    assert first.stdout == second.stdout
    assert (cacao.home / "keys" / "token").stat().st_mode & 0o077 == 0


def test_doctor_finds_a_sound_house_sound(cacao: Terminal, season: Path) -> None:
    assert season.exists()
    findings = {each["what"]: each for each in json.loads(cacao("doctor", "--json").stdout)}

    assert {name for name, each in findings.items() if each["state"] == "wrong"} == set()
    at, _, size = findings["views"]["found"].removeprefix("at ").partition(" of ")
    assert int(at) == int(size) > 2_000
    assert findings["fsync"]["found"] == "on"


def test_doctor_finds_a_lost_key_and_a_lost_database(cacao: Terminal, season: Path) -> None:
    assert season.exists()
    (cacao.home / "keys" / "vault.key").rename(cacao.home / "keys" / "elsewhere")

    lost = cacao("doctor", "--json")
    assert lost.returncode == 1
    assert [each["what"] for each in json.loads(lost.stdout) if each["state"] == "wrong"] == ["vault"]
    assert not (cacao.home / "keys" / "vault.key").exists()
    assert "put it back" in cacao("replay").stderr

    nowhere = cacao("doctor", "--json", DATABASE_URL="host=127.0.0.1 port=9 dbname=x")
    assert [each["what"] for each in json.loads(nowhere.stdout) if each["state"] == "wrong"] == ["database"]


def test_doctor_says_what_an_administrator_must_run_where_the_login_may_not(cluster: str, tmp_path: Path) -> None:
    """A login without CREATEROLE on a database of its own: the ledger works, and doctor gives the statements."""
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS cacao_plain_login")
        conn.execute("CREATE ROLE cacao_plain_login LOGIN PASSWORD 'plain'")
        conn.execute("CREATE DATABASE plain_house OWNER cacao_plain_login")
    try:
        cacao = Terminal(
            tmp_path / "home",
            conninfo.make_conninfo(cluster, dbname="plain_house", user="cacao_plain_login", password="plain"),  # noqa: S106 - of a role that lives for this test
        )
        write_season(tmp_path / "season")
        assert cacao("import", tmp_path / "season").returncode == 0
        done = cacao("doctor", "--json")
        roles = next(each for each in json.loads(done.stdout) if each["what"] == "roles")
        assert (done.returncode, roles["state"]) == (1, "wrong")
        assert "GRANT cacao_server TO <login>;" in roles["mend"]
    finally:
        with psycopg.connect(cluster, autocommit=True) as conn:
            conn.execute("DROP DATABASE plain_house WITH (FORCE)")
            conn.execute("DROP ROLE cacao_plain_login")


def test_stop_says_when_nothing_runs(cacao: Terminal) -> None:
    assert "nothing was running" in cacao("stop").stderr


@pytest.mark.parametrize("module", ["api.running", "api.keeping", "api.erasing", "api.cli"])
def test_who_serves_no_page_does_not_wait_for_what_serves_and_draws(module: str) -> None:
    asked = f"import sys, {module}; print({{'uvicorn', 'api.app', 'PIL', 'reportlab', 'qrcode'}} & sys.modules.keys())"

    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "set()\n"
