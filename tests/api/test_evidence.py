"""Evidence to go: an auditor leaves with a zip and a Python, and needs nobody; what was changed on the way is found."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create
from api.evidence import verify
from api.evidence.package import NoEvidence, gathered, of_container, of_lots, sampled, write
from api.house import House
from api.imports import Import
from api.publishing import policy
from api.sample import write_season
from api.season import Folder
from ledger.crypto import Signer
from tests.api.conftest import house_of_its_own
from tests.api.people import signed_in
from tests.api.test_crash import wait_until
from tests.api.test_reopen import published

ORG = "main/AG-01"


@pytest.fixture(scope="module")
def signed(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The sample season, written by one organisation, signed."""
    folder = tmp_path_factory.mktemp("sample")
    write_season(folder)
    with house_of_its_own(cluster, tmp_path_factory.mktemp("home")) as house, TestClient(create(house)):
        Import(Folder(folder, "main"), house.writer, house.url, org=ORG).take()
        with house.pool.connection() as conn:
            ((size,),) = conn.execute("SELECT size FROM ledger.head").fetchall()
        assert house.follower.wait_for(size, 60)
        wait_until(lambda: published(house.url) == size)
        yield house


def sealed_container(house: House) -> str:
    with house.pool.connection() as conn:
        ((number,),) = conn.execute("SELECT container_no FROM views.containers WHERE sealed_at IS NOT NULL ORDER BY 1 LIMIT 1").fetchall()
    return str(number)


def packed(house: House, title: str, nodes: list[str], org: str | None = None) -> bytes:
    out = io.BytesIO()
    write(house, gathered(house, org, title, nodes), out)
    return out.getvalue()


@pytest.fixture(scope="module")
def package(signed: House) -> bytes:
    return packed(signed, *of_container(signed, None, sealed_container(signed)))


@pytest.fixture
def unpacked(package: bytes, tmp_path: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(package)).extractall(tmp_path / "it")
    return tmp_path / "it"


def manifest(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return said


def bare(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A Python that sees nothing of ours and no package of anybody's."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", *words], cwd=folder, env={}, capture_output=True, text=True, check=False
    )


def test_the_package_is_checked_with_python_alone(unpacked: Path) -> None:
    done = bare(unpacked)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"TRUE: {len(manifest(unpacked)['entries'])} entries" in done.stdout
    assert "those in the package itself" in done.stdout


def test_keys_from_elsewhere_are_believed_and_no_others(unpacked: Path, signed: House, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text(policy(signed))
    (tmp_path / "others").write_text(f"log {Signer.new(signed.settings.origin).key}\nquorum none\n")
    (tmp_path / "broken").write_text("log nobody\n")
    assert bare(unpacked, "--policy", str(tmp_path / "theirs")).returncode == 0
    assert bare(unpacked, "--policy", str(tmp_path / "others")).returncode == 1
    assert bare(unpacked, "--policy", str(tmp_path / "broken")).returncode == 2


def test_everything_the_container_rests_on_is_in_it(unpacked: Path, signed: House) -> None:
    kinds = [json.loads(path.read_bytes())["kind"] for path in (unpacked / "entries").iterdir()]
    number = sealed_container(signed)
    with signed.pool.connection() as conn:
        plots = {plot for (plot,) in conn.execute(
            "SELECT plot FROM views.origins JOIN views.containers USING (stuffing) WHERE container_no = %s", (number,))}  # fmt: skip
    facts = [json.loads(path.read_bytes()) for path in sorted((unpacked / "entries").iterdir())]
    assert {body["fact"]["plot_id"] for body in facts if body["kind"] == "plot-registered.v1"} >= plots
    assert {"container-sealed.v1", "lot-loaded.v1", "lots-dried.v1", "harvest-recorded.v1", "party-enrolled.v1"} <= set(kinds)
    assert {body["fact"]["container_no"] for body in facts if body["kind"] == "container-sealed.v1"} == {number}


def test_names_and_boundaries_are_what_the_entries_committed_to(unpacked: Path) -> None:
    contents = [json.loads(path.read_bytes())["content"] for path in (unpacked / "sealed").iterdir()]
    assert any('"name"' in each for each in contents)
    assert any('"geometry"' in each for each in contents)


CHANGES = {
    "a byte of an entry": ("entries", lambda data: data.replace(b'"grams":', b'"grams":1', 1)),
    "an entry's proof": ("proofs", lambda data: data.replace(b"index ", b"index 1", 1)),
    "a hash of a proof": ("proofs", lambda data: data.replace(b"\n\n", b"A\n\n", 1)),
    "the signed size": ("proofs", lambda data: data.replace(b"/cacao\n", b"/cacao\n1", 1)),
    "the opened content": ("sealed", lambda data: data.replace(b'"content":"{', b'"content":"{ ', 1)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_on_the_way_is_found(unpacked: Path, change: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder, how = CHANGES[change]
    for path in sorted((unpacked / folder).iterdir()):
        changed = how(path.read_bytes())
        if changed != path.read_bytes():
            path.write_bytes(changed)
            break
    else:
        pytest.fail("nothing was changed")
    assert verify.main([str(unpacked)]) == 1
    assert f"entry {int(path.name[:9])}:" in capsys.readouterr().out


def test_what_is_missing_is_found(unpacked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = min((unpacked / "entries").iterdir())
    first.unlink()
    assert verify.main([str(unpacked)]) == 1
    assert "cannot be read" in capsys.readouterr().out
    shutil.rmtree(unpacked / "entries")
    (unpacked / "manifest.json").unlink()
    assert verify.main([str(unpacked)]) == 2


def test_what_is_not_on_the_list_was_not_checked_and_is_named(unpacked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (unpacked / "entries" / "000999999.json").write_bytes(b'{"kind":"lot-bought.v1"}')
    assert verify.main([str(unpacked)]) == 1
    assert "entries/000999999.json is not on the package's list" in capsys.readouterr().out
    (unpacked / "manifest.json").write_text(json.dumps(manifest(unpacked) | {"entries": [], "sealed": []}))
    assert verify.main([str(unpacked)]) == 1
    assert "it shows nothing" in capsys.readouterr().out


def test_the_balance_is_that_of_the_containers_lots(unpacked: Path, signed: House) -> None:
    rows = list(csv.DictReader(io.StringIO((unpacked / "balance.csv").read_text(encoding="utf-8"), newline="")))
    with signed.pool.connection() as conn:
        loaded = dict(
            conn.execute(
                "SELECT lot, sum(grams) FROM views.loads JOIN views.containers USING (stuffing) WHERE container_no = %s GROUP BY 1",
                (sealed_container(signed),),
            ).fetchall()
        )
    assert loaded
    assert loaded.keys() <= {row["lot"] for row in rows}
    for row in rows:
        kg = {name: Decimal(value) for name, value in row.items() if name.endswith("_kg")}
        came = kg["carried_kg"] + kg["harvested_kg"] + kg["bought_kg"] + kg["made_kg"]
        assert came == kg["stepped_kg"] + kg["sold_kg"] + kg["loaded_kg"] + kg["lost_kg"] + kg["on_hand_kg"], row
        assert kg["loaded_kg"] * 1000 >= loaded.get(row["lot"], 0)


def test_the_reports_say_it_in_both_languages(unpacked: Path, signed: House) -> None:
    number = sealed_container(signed)
    spanish, english = ((unpacked / name).read_text(encoding="utf-8") for name in ("informe.html", "report.html"))
    assert 'lang="es"' in spanish
    assert "Balance de masa" in spanish
    assert "Check it yourself" in english
    assert f"container {number} was sealed" in english
    assert len(manifest(unpacked)["entries"]) == english.count("<tr id=")


def test_a_sample_is_drawn_again_with_the_same_seed(signed: House) -> None:
    one, again, other = (sampled(signed, None, 5, seed) for seed in (7, 7, 8))
    assert one == again != other
    assert len(one[1]) == 5
    assert packed(signed, *one) == packed(signed, *again)


def test_an_organisation_leaves_with_its_own_alone(signed: House, tmp_path: Path) -> None:
    number = sealed_container(signed)
    out = packed(signed, *of_container(signed, ORG, number), ORG)
    zipfile.ZipFile(io.BytesIO(out)).extractall(tmp_path)
    assert {json.loads(path.read_bytes())["org"] for path in (tmp_path / "entries").iterdir()} == {ORG}
    for org in ("main/ZZ-01", "main/EX-99"):
        with pytest.raises(NoEvidence, match=f"no container {number} is known here"):
            of_container(signed, org, number)
        with pytest.raises(NoEvidence):
            of_lots(signed, org, [sampled(signed, None, 1, 1)[1][0].removeprefix("lot:")])
    with pytest.raises(NoEvidence, match="no container CSQU3054383"):
        of_container(signed, None, "CSQU3054383")


def test_an_auditor_who_is_signed_in_takes_it_away(signed: House) -> None:
    number = sealed_container(signed)
    with signed_in(signed, None, "auditor") as auditor, signed_in(signed, None, "exporter") as exporter:
        taken = auditor.get(f"/evidence/{number}.zip")
        assert (exporter.get(f"/evidence/{number}.zip").status_code, auditor.get("/evidence/CSQU3054383.zip").status_code) == (403, 404)
        assert f"/evidence/{number}.zip" in auditor.get(f"/containers/{number}").text
        assert "/evidence/" not in exporter.get(f"/containers/{number}").text
    assert taken.headers["content-type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(taken.content)).testzip() is None


def test_the_terminal_writes_it_too(signed: House, tmp_path: Path) -> None:
    env = {"DATABASE_URL": signed.url, "CACAO_HOME": str(signed.settings.folder), "CACAO_URL": signed.settings.base}
    command = [sys.executable, "-c", "from api.cli import main; main()", "evidence", "--sample", "3", "--seed", "9", "--json"]
    file = tmp_path / "sample.zip"
    done = subprocess.run([*command, "-o", str(file)], env=os.environ | env, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["about"].startswith("3 of ")) == (0, True), done.stderr
    assert file.read_bytes() == packed(signed, *sampled(signed, None, 3, 9))
    again = subprocess.run([*command, "-o", str(file)], env=os.environ | env, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "is there already" in again.stderr
