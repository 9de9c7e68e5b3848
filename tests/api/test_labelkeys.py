"""Keys for labels: private halves stay files of one machine, public halves are entries and open to all."""

import stat
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import labelkeys
from api.app import create
from api.cli import app
from api.doctor import _label_keys
from api.house import House
from api.labelkeys import NoKey
from api.people import NotDone, operator
from ledger.crypto import verify
from projections.labels import label_keys


@pytest.fixture(scope="module")
def keys(fresh_house: House) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What anybody reads of the keys, without the copy that is kept for a while."""
    with TestClient(create(fresh_house)) as client:

        def read() -> list[dict[str, Any]]:
            client.app.state.pages._kept.clear() if hasattr(client.app.state, "pages") else None  # type: ignore[attr-defined]
            answer = client.get("/label-keys")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            return list(answer.json()["keys"])

        yield read


def private(house: House) -> set[str]:
    return {path.name for path in (house.settings.folder / "keys").glob("label-*")}


def test_a_key_is_opened_signs_is_rotated_and_closed(fresh_house: House, keys: Callable[[], list[dict[str, Any]]]) -> None:
    house, who, before = fresh_house, operator(fresh_house), len(keys())

    kid = labelkeys.open_key(house, who)
    assert labelkeys.current(house) == kid == before + 1
    opened = keys()[-1]
    assert opened == {
        "kid": kid, "public": opened["public"], "opened_at": opened["opened_at"], "closed_at": None, "reason": None, "since": None,
    }  # fmt: skip
    assert verify(b64decode(opened["public"]), labelkeys.signer(house, kid).sign(b"a label"), b"a label")
    assert stat.S_IMODE(labelkeys.path_of(house.settings, kid).stat().st_mode) == 0o600

    assert labelkeys.rotate(house, who) == labelkeys.current(house) == kid + 1
    assert [(key["kid"], key["reason"]) for key in keys()[-2:]] == [(kid, "rotated"), (kid + 1, None)]
    assert private(house) & {f"label-{kid}.key", f"label-{kid + 1}.key"} == {f"label-{kid + 1}.key"}, "nothing is left to leak"
    with pytest.raises(NoKey, match=rf"label key {kid} was closed \(rotated\)"):
        labelkeys.signer(house, kid)

    labelkeys.close_key(house, who, kid, "compromised", opened["opened_at"])
    assert keys()[-2]["since"] == opened["opened_at"], "of a rotated key it may come out later that others have it"
    with pytest.raises(NotDone, match="no label key 9999"):
        labelkeys.close_key(house, who, 9999, "lost")
    with house.pool.connection() as conn:
        assert set(labelkeys.halves(label_keys(conn))) == {key["kid"] for key in keys()}


def test_a_private_half_that_is_gone_or_another_is_told_and_signs_nothing(fresh_house: House) -> None:
    house = fresh_house
    other, kid = (labelkeys.open_key(house, operator(house)) for _ in range(2))
    path = labelkeys.path_of(house.settings, kid)
    mine = path.read_text()

    for found in (None, "nonsense", labelkeys.path_of(house.settings, other).read_text()):
        path.unlink(missing_ok=True)
        if found:
            path.write_text(found)
        with pytest.raises(NoKey):
            labelkeys.signer(house, kid)
        assert labelkeys.current(house) == other
        with house.pool.connection() as conn:
            findings = [each.found for each in _label_keys(house.settings, conn) if each.state != "ok"]
        assert [f"label key {kid} is open" in each for each in findings if f"label-{kid}.key" in each] == [True]

    path.write_text(mine)
    assert labelkeys.current(house) == kid


def test_a_private_half_that_outlived_its_key_is_found(fresh_house: House) -> None:
    """As a kill between the entry and the file would leave it."""
    kid = labelkeys.open_key(fresh_house, operator(fresh_house))
    left = labelkeys.path_of(fresh_house.settings, kid)
    private = left.read_text()
    labelkeys.close_key(fresh_house, operator(fresh_house), kid, "rotated")
    assert not left.exists()
    left.write_text(private)

    with fresh_house.pool.connection() as conn:
        found = [each.found for each in _label_keys(fresh_house.settings, conn) if each.state != "ok"]

    left.unlink()
    assert any(f"label-{kid}.key is there still" in each for each in found)


def test_the_list_is_kept_by_phones_and_says_when_nothing_changed(fresh_house: House) -> None:
    with TestClient(create(fresh_house)) as client:
        first = client.get("/label-keys")
        again = client.get("/label-keys", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"].startswith("public, max-age=")
    assert (again.status_code, again.content) == (304, b"")


def test_keys_are_opened_listed_and_closed_at_the_terminal(fresh_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_house.url)
    monkeypatch.setenv("CACAO_HOME", str(fresh_house.settings.folder))
    run = CliRunner().invoke

    kid = run(app, ["label", "key", "open"]).stdout.strip()
    assert labelkeys.current(fresh_house) == int(kid)
    assert run(app, ["label", "key", "close", kid, "--reason", "lost"], input="n\n").exit_code == 1
    assert labelkeys.current(fresh_house) == int(kid), "who does not say yes closes nothing"
    assert run(app, ["label", "key", "close", kid, "--reason", "lost", "--yes"]).exit_code == 0
    assert run(app, ["label", "key", "close", kid, "--reason", "stolen", "--yes"]).exit_code == 2
    listed = run(app, ["label", "key", "list", "--json"]).stdout
    assert f'"kid": {kid}' in listed
    assert '"reason": "lost"' in listed
