"""Whole seasons, worked out by an independent program: every kilogram is where it should be, and nothing sound is called suspicious."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.auditing import found
from api.house import House
from projections.balance import By, Wanted, balance, whole
from projections.findings import CHECKS
from projections.flow import flow
from projections.office_stock import outturn
from projections.yields import chains
from tests.api.conftest import with_season
from tests.projections.test_balance import BYS, grams

SHARED = Path(__file__).resolve().parents[3] / "shared" / "season"


@pytest.fixture(scope="module", params=["small", "medium"])
def season(
    request: Any, cluster: str, need: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, Path]]:
    """A season's house, and the folder of its answers."""
    folder = need(SHARED / request.param)
    with with_season(cluster, tmp_path_factory.mktemp("home"), folder) as house:
        yield house, folder / "expected"


def expected(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def test_all_that_was_harvested_is_loaded_lost_on_hand_or_gone_as_water(season: tuple[House, Path]) -> None:
    house, folder = season
    totals = expected(folder, "totals")
    with house.reading(None) as conn:
        for by in ("season", "holder", "site"):
            row = whole(balance(conn, None, by))  # type: ignore[arg-type]

            assert row.harvested == grams(totals["harvested_kg"])
            assert row.loaded == grams(totals["loaded_kg"])
            assert row.lost == grams(totals["lost_kg"])
            assert row.on_hand == sum(map(grams, totals["on_hand_kg"].values()))
            assert (row.bought, row.sold) == (0, 0)
            assert row.stepped == row.water == row.harvested - row.loaded - row.lost - row.on_hand


@pytest.mark.parametrize("by", BYS)
def test_what_came_in_is_what_went_out_was_lost_and_is_on_hand(season: tuple[House, Path], by: By) -> None:
    house, _ = season
    with house.reading(None) as conn:
        rows = balance(conn, None, by)

    assert len(rows) >= 3
    assert [row for row in rows if row.carried + row.harvested + row.bought + row.made + row.stuffed == 0] == []
    assert [row for row in rows if row.came != row.went + row.lost + row.on_hand] == []


def test_what_every_lot_was_and_has_left_is_as_expected(season: tuple[House, Path]) -> None:
    house, folder = season
    lots = expected(folder, "lots")
    with house.reading(None) as conn:
        rows = balance(conn, None, "lot")

    assert {row.key.removeprefix("main/"): (row.form, row.came, row.on_hand) for row in rows} == {
        lot: (of["form"], grams(of["kg"]), grams(of["on_hand"])) for lot, of in lots.items()
    }


def test_what_every_holder_has_on_hand_is_as_expected(season: tuple[House, Path]) -> None:
    house, folder = season
    on_hand: dict[tuple[str, str], int] = defaultdict(int)
    for of in expected(folder, "lots").values():
        on_hand[of["holder"], of["form"]] += grams(of["on_hand"])
    with house.reading(None) as conn:
        rows = balance(conn, None, "holder")

    assert {(row.key.removeprefix("main/"), row.form): row.on_hand for row in rows} == on_hand


def test_what_every_container_holds_is_as_expected(season: tuple[House, Path]) -> None:
    house, folder = season
    loaded = {number: grams(of["kg"]) for number, of in expected(folder, "containers").items()}
    with house.reading(None) as conn:
        rows = balance(conn, None, "container")

    assert {row.key.removeprefix("stuffing:").partition("@")[0]: row.stuffed for row in rows} == {no: kg for no, kg in loaded.items() if kg}


def test_the_way_of_the_beans_carries_all_grams_through_every_cut(season: tuple[House, Path]) -> None:
    house, folder = season
    totals = expected(folder, "totals")
    with house.reading(None) as conn:
        way = flow(conn, None)
    at = [group.column for group in way.groups]
    cuts = [sum(of for (a, b), of in way.links.items() if at[a] <= cut < at[b]) for cut in range(max(at))]
    into: dict[tuple[str, str], int] = defaultdict(int)
    for (_, end), of in way.links.items():
        into[way.groups[end].sort, way.groups[end].form] += of

    assert len(cuts) >= 6
    assert set(cuts) == {grams(totals["harvested_kg"])}
    assert [(a, b) for a, b in way.links if at[a] >= at[b]] == []
    assert max(map(at.count, at)) <= 40
    assert into["container", "dry"] == grams(totals["loaded_kg"])
    assert into["lost", ""] == grams(totals["lost_kg"])
    assert {form: into["on-hand", form] for form in totals["on_hand_kg"]} == {form: grams(kg) for form, kg in totals["on_hand_kg"].items()}


def test_the_wet_beans_behind_a_lot_are_those_that_its_own_page_tells(season: tuple[House, Path]) -> None:
    house, _ = season
    with house.reading(None) as conn:
        dry = [row.key for row in balance(conn, None, "lot", Wanted(form="dry"))][:300:7]
        told = {lot: found.of_wet for lot in dry if (found := outturn(conn, lot)) and found.of_wet}
        shares = chains(conn, [f"lot:{lot}" for lot in told])

    assert len(told) > 20
    assert shares == {f"lot:{lot}": pytest.approx(float(share), rel=1e-12) for lot, share in told.items()}


def test_a_sound_season_is_not_drowned_in_findings(season: tuple[House, Path]) -> None:
    house, folder = season
    through: list[int] = []
    findings = found(house, None, through.append)
    counts = {check: count for check in CHECKS if (count := [each.check for each in findings].count(check))}

    assert counts == {"small": {}, "medium": {"yield": 2, "outturn": 6}}[folder.parent.name]
    assert [each.check for each in findings] == sorted((each.check for each in findings), key=CHECKS.index)
    assert all(each.positions for each in findings)
    assert sum(through) == len(CHECKS)
