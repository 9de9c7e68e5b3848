"""No personal data in entries, views, pages, errors or the server's log: every name, document and phone of a season is looked for."""

import csv
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api.app import create
from api.examples import EXAMPLES
from api.house import House
from api.imports import Import
from api.sample import write_season
from api.season import Folder
from projections import follow


@pytest.fixture
def season(house: House, tmp_path: Path) -> Path:
    write_season(tmp_path / "season")
    Import(Folder(tmp_path / "season", "main"), house.writer, house.url).take()
    with follow.connected(house.url) as conn:
        follow.catch_up(conn)
    return tmp_path / "season"


def personal(season: Path) -> set[str]:
    """Every name, document and phone that stands in the season's parties."""
    rows = csv.DictReader((season / "parties.csv").read_text(encoding="utf-8").splitlines())
    return {row[column] for row in rows for column in ("name", "document", "phone") if row.get(column)}


def coordinates(season: Path) -> set[float]:
    features = json.loads((season / "plots.geojson").read_text(encoding="utf-8"))["features"]
    return {number for feature in features for number in flat((feature["geometry"] or {}).get("coordinates"))}


def flat(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for each in value:
            yield from flat(each)
    elif isinstance(value, int | float):
        yield float(value)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif value is not None:
        yield str(value)


def test_no_name_document_or_phone_stands_in_any_entry(house: House, season: Path) -> None:
    with psycopg.connect(house.url) as conn:
        lines = [bytes(line) for (line,) in conn.execute("SELECT line FROM ledger.entries")]
    written = {text for line in lines for text in strings(json.loads(line))}

    wanted = personal(season)
    assert len(wanted) > 100
    assert not wanted & written
    assert not [text for text in wanted for line in lines if text.encode() in line]


def test_no_coordinate_stands_in_any_entry(house: House, season: Path) -> None:
    with psycopg.connect(house.url) as conn:
        lines = b"\n".join(bytes(line) for (line,) in conn.execute("SELECT line FROM ledger.entries"))

    numbers = {f"{abs(number)}" for number in coordinates(season) if len(f"{abs(number)}") > 7}
    assert len(numbers) > 100
    assert not [number for number in numbers if number.encode() in lines]


@pytest.mark.parametrize("schema", ["views", "ledger", "vault", "log", "access", "scans"])
def test_no_table_holds_personal_data_in_the_clear(house: House, season: Path, schema: str) -> None:
    with psycopg.connect(house.url) as conn:
        tables = [name for (name,) in conn.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (schema,))]
        dumped = "\n".join(text for table in tables for (text,) in conn.execute(f"SELECT t::text FROM {schema}.{table} t"))

    assert tables
    for text in personal(season):
        assert text.isdigit() or text not in dumped
        assert text.encode().hex() not in dumped


def test_what_is_sealed_opens_again_for_who_has_the_key(house: House, season: Path) -> None:
    rows = {row["party_id"]: row for row in csv.DictReader((season / "parties.csv").read_text(encoding="utf-8").splitlines())}
    with psycopg.connect(house.url) as conn:
        parties = [party for (party,) in conn.execute("SELECT party FROM views.parties")]
        opened_ = house.vault.open(conn, [f"party:{party}" for party in parties])

    assert len(opened_) == len(parties)
    for party in parties:
        content = opened_[f"party:{party}"].content
        assert content["document"] == (rows[party.removeprefix("main/")]["document"] or None)


def test_the_servers_log_and_answers_repeat_nothing_that_somebody_wrote(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = {"name": "Rosa Tuanama Secreta", "document": "99887766", "phone": "912345678"}
    farmer = next(body for body in EXAMPLES if body.get("role") == "farmer")
    with TestClient(create(house), headers={"Authorization": f"Bearer {house.token()}"}) as client:
        answers = [
            client.post("/commands", json=farmer | secret),
            client.post("/commands", json=farmer | secret | {"name": "Otra Secreta"}),
            client.post("/commands", json=farmer | {"document": "99887766x", "phone": "91234567x"}),
            client.post("/commands", json=[farmer | {"sex": secret["name"]}]),
            client.post("/commands", json=farmer | {secret["name"]: secret["document"]}),
            client.get(f"/search?q={secret['name']}"),
            client.get(f"/l/{secret['document']}"),
            client.get(f"/nowhere/{secret['document']}"),
            client.get(f"/commands?{secret['document']}"),
        ]

    for answer in answers[:5]:
        assert not [text for text in (*secret.values(), "Otra Secreta", "99887766x") if text in answer.text], answer.text
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "asyncio")))
    assert "POST /commands" in logged
    assert not [text for text in (*secret.values(), "Secreta", "Rosa") if text in logged]
