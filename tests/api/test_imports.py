"""A season folder in, answers out: the same answers whatever happens on the way."""

import csv
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from api.house import House
from api.imports import Import
from api.report import write_answers, write_people, write_refused
from api.sample import write_season
from api.season import FILES, Folder, NotASeason
from domain.values import CODES
from projections import follow

SHARED = Path(__file__).resolve().parents[3] / "shared" / "season"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("season")
    write_season(folder)
    return folder


def take(house: House, folder: Path, report: Path, book: str = "main", *, rehearse: bool = False) -> Import:
    writer = house.rehearsal() if rehearse else house.writer
    run = Import(Folder(folder, book), writer, house.url, rehearse=rehearse)
    run.take()
    with follow.connected(house.url) as conn:
        follow.catch_up(conn)
    write_refused(run, report)
    write_people(run, report)
    if not rehearse:
        write_answers(house.url, book, report)
    return run


def differences(expected: Path, actual: Path, *only: str) -> str:
    command = [sys.executable, SHARED / "compare.py", expected, actual, *(("--only", ",".join(only)) if only else ())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def cells(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))[1:]


def size(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("season", ["small", "medium"])
def test_a_season_gives_the_answers_of_the_independent_program(house: House, tmp_path: Path, shared_season: Path, season: str) -> None:
    take(house, shared_season / season, tmp_path / "report")

    assert differences(shared_season / season / "expected", tmp_path / "report") == ""


@pytest.fixture
def shared_season(need: object) -> Path:
    assert callable(need)
    folder = need(SHARED)
    assert isinstance(folder, Path)
    return folder


OURS = {"unknown-user", "unknown-device", "unknown-entry", "unknown-subject", "erased", "not-annullable", "rests-on-it"} | {
    "unknown-label", "unknown-label-key", "unknown-share",
}  # fmt: skip
"""Codes that a season cannot meet: it knows no users and no labels, erases nobody, annuls and shares nothing."""


def test_every_refusal_code_of_a_season_is_met(house: House, tmp_path: Path, shared_season: Path) -> None:
    run = take(house, shared_season / "small", tmp_path)

    assert {each.answer for each in run.answers(repeats=False)} == set(CODES) - OURS


def test_the_sample_season_is_refused_where_it_was_meant_to_be(house: House, tmp_path: Path) -> None:
    expected = write_season(tmp_path / "season")

    run = take(house, tmp_path / "season", tmp_path / "report")

    refused = cells(tmp_path / "report" / "refused.csv")
    assert [(file, int(row), id_, code) for file, row, id_, code in refused] == list(expected.refused)
    repeats = cells(tmp_path / "report" / "repeats.csv")
    assert [(file, int(row), id_) for file, row, id_ in repeats] == list(expected.repeats)
    assert sum(run.counts().values()) == sum(run.folder.season.rows.values())


def test_a_folder_imported_twice_changes_nothing_the_second_time(house: House, tmp_path: Path, sample: Path) -> None:
    take(house, sample, tmp_path / "first")
    entries = size(house.url)

    take(house, sample, tmp_path / "second")

    assert size(house.url) == entries
    assert texts(tmp_path / "second") == texts(tmp_path / "first")


def test_a_changed_folder_is_another_import_whose_old_rows_are_repeats(house: House, tmp_path: Path, sample: Path) -> None:
    take(house, sample, tmp_path / "first")
    entries = size(house.url)
    changed = shutil.copytree(sample, tmp_path / "changed")
    with (changed / "parties.csv").open("a", encoding="utf-8") as file:
        file.write("FA-9999,farmer,Nadie Conocido,,,F,220505,2024-01-01T00:00:00-05:00\n")

    run = take(house, changed, tmp_path / "second")

    assert size(house.url) == entries + 1
    assert run.counts()[0, "accepted"] == 1


def test_two_imports_of_one_folder_at_once_answer_each_row_once(house: House, sample: Path, tmp_path: Path) -> None:
    runs = [Import(Folder(sample, "main"), house.writer, house.url) for _ in range(2)]
    threads = [threading.Thread(target=run.take) for run in runs]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert runs[0].counts() == runs[1].counts()
    assert sum(runs[0].counts().values()) == sum(runs[0].folder.season.rows.values())
    take(house, sample, tmp_path / "report")


def test_two_books_may_use_the_same_ids(house: House, tmp_path: Path, sample: Path) -> None:
    take(house, sample, tmp_path / "one")

    take(house, sample, tmp_path / "two", book="selva")

    for name in ("lots.json", "plots.json"):
        one, two = (json.loads((tmp_path / book / name).read_text(encoding="utf-8")) for book in ("one", "two"))
        assert one.keys() == two.keys()


def test_a_rehearsal_gives_the_same_refusals_and_appends_nothing(house: House, tmp_path: Path, sample: Path) -> None:
    take(house, sample, tmp_path / "rehearsed", rehearse=True)
    assert size(house.url) == 0

    take(house, sample, tmp_path / "taken")

    for name in ("refused.csv", "repeats.csv", "refused.html"):
        assert (tmp_path / "rehearsed" / name).read_bytes() == (tmp_path / "taken" / name).read_bytes()


def test_the_refused_page_shows_each_row_as_it_was_written_with_its_sentence(house: House, tmp_path: Path, sample: Path) -> None:
    run = take(house, sample, tmp_path)

    page = (tmp_path / "refused.html").read_text(encoding="utf-8")
    for each in run.answers(repeats=False):
        assert each.answer in page
    assert '<html lang="es"' in page


def broken(sample: Path, folder: Path, name: str, text: str) -> Path:
    shutil.copytree(sample, folder)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("lots.csv", "", ""),
        ("harvests.csv", "lot,plot,kg\n", "the header is not lot_id,plot_id,kg,from_at,to_at"),
        ("season.json", "{}", "season.json"),
        ("season.json", '{"season":"2026","as_of":"2026-10-31"}', "as_of: wanted a time"),
    ],
)
def test_a_folder_that_is_not_a_season_is_refused_as_a_whole(sample: Path, tmp_path: Path, name: str, text: str, words: str) -> None:
    folder = broken(sample, tmp_path / "broken", name, text)
    if not words:
        (folder / "steps.csv").unlink()
        words = "no steps.csv"

    with pytest.raises(NotASeason, match=words):
        Folder(folder, "main")


def rows_of(sample: Path, tmp_path: Path, name: str, text: bytes) -> list[str]:
    folder = shutil.copytree(sample, tmp_path / "odd")
    (folder / name).write_bytes(text)
    at = [file.name for file in FILES].index(name)
    return [
        type(row.asks).__name__ if not isinstance(row.asks, str) else row.asks for row in Folder(folder, "main").rows() if row.file == at
    ]


HEADER = b"loss_id,lot_id,kg,reason,lost_at\n"
GOOD = b"L-1,H-1,1.5,sample,2026-01-01T00:00:00-05:00\n"


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        (GOOD, ["WriteOff"]),
        (b"\n", ["Unreadable"]),
        (b"L-1,H-1,1.5,sample,2026-01-01T00:00:00-05:00,\n", ["Unreadable"]),
        (b"L-1,H-1, 1.5,sample,2026-01-01T00:00:00-05:00\n", ["Unreadable"]),
        (b"L-1,H-1,1.5,sample,2026-01-01T00:00:00Z\n", ["Unreadable"]),
        (b"L-1,H-1,1.5,sample,2026-01-01T00:00:60-05:00\n", ["Unreadable"]),
        ("L-1,H-1,\u0661.5,sample,2026-01-01T00:00:00-05:00\n".encode(), ["Unreadable"]),
        (b"L-1,H-1,1.5,sample,\xff\xfe\n", ["Unreadable"]),
        (b"L-1,H-1,1.5,sam\x00ple,2026-01-01T00:00:00-05:00\n", ["Unreadable"]),
        (b'"L-1","H-1","1.5","sample","2026-01-01T00:00:00-05:00"\n', ["WriteOff"]),
        (GOOD.replace(b"\n", b"\r\n") + GOOD, ["WriteOff", "WriteOff"]),
        (b'"' + b"x" * 2_000_000 + b'"\n' + GOOD, ["Unreadable", "WriteOff"]),
    ],
)
def test_a_row_is_read_as_the_rules_say_and_never_guessed(sample: Path, tmp_path: Path, line: bytes, reads: list[str]) -> None:
    assert rows_of(sample, tmp_path, "losses.csv", HEADER + line) == reads


@pytest.mark.parametrize(
    "feature",
    [
        "null",
        "[]",
        '"x"',
        "{}",
        '{"properties":null}',
        '{"properties":{"plot_id":5},"geometry":{}}',
        '{"properties":{"plot_id":"\\ud800"}}',
    ],
)
def test_a_feature_that_cannot_be_read_is_one_malformed_row(sample: Path, tmp_path: Path, feature: str) -> None:
    text = f'{{"type":"FeatureCollection","features":[{feature},{feature}]}}'

    assert rows_of(sample, tmp_path, "plots.geojson", text.encode()) == ["Unreadable", "Unreadable"]
