"""The sample season keeps its own rules: checked here without the generator's bookkeeping and without the importer."""

import csv
import json
import re
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import pytest
from pyproj import Geod
from shapely.geometry import shape
from stdnum import iso6346
from stdnum.pe import ruc

from api.sample import Expected, write_season

Rows = list[dict[str, Any]]
REGIONS = {"22", "25", "10"}
HOME = {"party_id": "parties.csv", "plot_id": "plots.geojson", "nursery_lot_id": "nursery_lots.csv", "budwood_id": "budwood.csv"}
HOME |= {"handout_id": "handouts.csv", "graft_id": "grafts.csv", "holder_id": "parties.csv", "nursery_id": "parties.csv"}
HOME |= {"buyer_id": "parties.csv", "mother_plot_id": "plots.geojson"}


class Season:
    """A written folder, its rows as text, and those of them that an import accepts."""

    def __init__(self, folder: Path, expected: Expected) -> None:
        self.folder, self.expected = folder, expected
        self.note = json.loads((folder / "season.json").read_text(encoding="utf-8"))
        self.rows = {name: read(folder / name) for name in self.note["rows"]}
        out = {(file, row) for file, row, *_ in (*expected.refused, *expected.repeats)}
        self.accepted = {name: [row for n, row in enumerate(rows, 1) if (name, n) not in out] for name, rows in self.rows.items()}


def read(path: Path) -> Rows:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [feature["properties"] | {"geometry": feature["geometry"]} for feature in features]


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Season:
    folder = tmp_path_factory.mktemp("season")
    return Season(folder, write_season(folder))


def inputs(step: dict[str, str]) -> list[tuple[str, Decimal]]:
    return [(lot, Decimal(kg)) for lot, kg in (part.split(":") for part in step["inputs"].split("|"))]


def origins(season: Season) -> dict[str, dict[str, Fraction]]:
    """The plots of each lot, as exact shares."""
    shares: dict[str, dict[str, Fraction]] = {row["lot_id"]: {row["plot_id"]: Fraction(1)} for row in season.accepted["harvests.csv"]}
    for step in season.accepted["steps.csv"]:
        total = sum(kg for _, kg in inputs(step))
        mixed: dict[str, Fraction] = defaultdict(Fraction)
        for lot, kg in inputs(step):
            for plot, share in shares[lot].items():
                mixed[plot] += share * Fraction(kg) / Fraction(total)
        shares[step["lot_id"]] = mixed
    return shares


def test_the_same_season_is_written_every_time(season: Season, tmp_path: Path) -> None:
    again = write_season(tmp_path / "again")
    assert again == season.expected
    names = sorted(path.name for path in season.folder.iterdir())
    assert len(names) == 14
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (season.folder / name).read_bytes(), name


def test_the_counts_in_the_note_are_true(season: Season) -> None:
    assert season.note["rows"] == {name: len(rows) for name, rows in season.rows.items()}
    assert 1500 <= sum(season.note["rows"].values()) <= 2500


def test_sixty_farmers_of_both_sexes_live_in_three_regions(season: Season) -> None:
    farmers = [row for row in season.accepted["parties.csv"] if row["role"] == "farmer"]
    assert 55 <= len(farmers) <= 65
    assert {row["district"][:2] for row in farmers} == REGIONS
    assert min(Counter(row["sex"] for row in farmers).values()) >= 15
    assert len({row["name"] for row in farmers}) == len(farmers)


def test_documents_are_empty_a_dni_or_a_ruc_with_its_check_digit(season: Season) -> None:
    for row in season.accepted["parties.csv"]:
        assert re.fullmatch("|[0-9]{8}", row["document"]) or ruc.is_valid(row["document"]), row["party_id"]
        assert row["role"] == "farmer" or row["document"].startswith("20")


def test_in_each_region_some_cells_hold_five_farmers_and_some_do_not(season: Season) -> None:
    cells: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    for plot in season.accepted["plots.geojson"]:
        centre = shape(plot["geometry"]).centroid
        cells[plot["district"][:2], floor(centre.x / 0.09), floor(centre.y / 0.09)].add(plot["holder_id"])
    for region in REGIONS:
        sizes = [len(farmers) for (place, *_), farmers in cells.items() if place == region]
        assert sum(size >= 5 for size in sizes) >= 2
        assert min(sizes) < 5


def test_outlines_agree_with_the_hectares_beside_them_and_do_not_overlap(season: Season) -> None:
    earth, outlines = Geod(ellps="WGS84"), [(plot, shape(plot["geometry"])) for plot in season.accepted["plots.geojson"]]
    for number, (plot, outline) in enumerate(outlines):
        if outline.geom_type == "Point":
            assert 0 < plot["area_ha"] <= 4
            continue
        hectares = abs(earth.geometry_area_perimeter(outline)[0]) / 10_000
        assert abs(hectares - plot["area_ha"]) <= 0.02 * plot["area_ha"], plot["plot_id"]
        assert outline.is_valid
        assert not any(outline.intersects(other) for _, other in outlines[:number])


def test_container_numbers_are_valid_and_all_but_one_wrong_one_are_told(season: Season) -> None:
    opened = [row["container_no"] for row in season.accepted["containers.csv"] if row["action"] == "open"]
    assert opened == list(season.expected.containers)
    assert all(iso6346.is_valid(number) and number[3] == "U" for number in opened)
    wrong = [written for _, _, written, code in season.expected.refused if code == "bad-container-number"]
    assert len(wrong) == 1
    assert not iso6346.is_valid(wrong[0])


def test_ids_are_well_formed_and_used_once(season: Season) -> None:
    seen: set[str] = set()
    for name in ("parties.csv", "plots.geojson", "nursery_lots.csv", "budwood.csv", "handouts.csv", "returns.csv", "grafts.csv"):
        ids = [next(iter(row.values())) for row in season.accepted[name]]
        assert len(set(ids)) == len(ids), name
        seen.update(ids)
    lots = [row["lot_id"] for name in ("harvests.csv", "steps.csv") for row in season.accepted[name]]
    assert len(set(lots)) == len(lots)
    assert all(re.fullmatch("[A-Z0-9-]{1,20}", written) for written in seen.union(lots))


def test_nothing_is_overdrawn_and_every_kilogram_is_accounted_for(season: Season) -> None:
    left = {row["lot_id"]: Decimal(row["kg"]) for row in season.accepted["harvests.csv"]}
    harvested, gone = sum(left.values()), Decimal(0)
    for step in season.accepted["steps.csv"]:
        made = Decimal(step["kg"])
        for lot, kg in inputs(step):
            left[lot] -= kg
            assert left[lot] >= 0, step
        weight = sum(kg for _, kg in inputs(step))
        assert made < weight if step["step"] in {"ferment", "dry"} else made == weight, step
        left[step["lot_id"]], gone = made, gone + weight - made
    loads = [row for row in season.accepted["containers.csv"] if row["action"] == "load"]
    for row in (*season.accepted["losses.csv"], *loads):
        left[row["lot_id"]] -= Decimal(row["kg"])
        assert left[row["lot_id"]] >= 0, row
        gone += Decimal(row["kg"])
    assert harvested == sum(left.values()) + gone


def test_each_step_keeps_to_one_holder_and_to_the_forms_it_takes(season: Season) -> None:
    holders = {plot["plot_id"]: plot["holder_id"] for plot in season.accepted["plots.geojson"]}
    lots = {row["lot_id"]: (holders[row["plot_id"]], "wet") for row in season.accepted["harvests.csv"]}
    for step in season.accepted["steps.csv"]:
        ((holder, form),) = {lots[lot] for lot, _ in inputs(step)}
        assert (step["holder_id"] != holder) == (step["step"] == "buy"), step
        assert form == {"ferment": "wet", "dry": "fermented"}.get(step["step"], form), step
        lots[step["lot_id"]] = step["holder_id"], {"ferment": "fermented", "dry": "dry"}.get(step["step"], form)
    loads = [row for row in season.accepted["containers.csv"] if row["action"] == "load"]
    assert {lots[row["lot_id"]] for row in loads} == {("EX-01", "dry")}


def test_no_row_is_earlier_than_what_it_refers_to(season: Season) -> None:
    times = {name: [time for time in row if time.endswith("_at") and time != "planted_at"] for name, (row, *_) in season.rows.items()}
    when: dict[tuple[str, str], str] = {}
    for name, rows in season.accepted.items():
        for row in rows:
            own = [row[time] for time in (*times[name], "at") if row.get(time)]
            referred = [when[HOME[cell], row[cell]] for cell in HOME if row.get(cell) and HOME[cell] != name]
            lots = (
                [lot for lot, _ in inputs(row)]
                if name == "steps.csv"
                else [row["lot_id"]]
                if name != "harvests.csv" and row.get("lot_id")
                else []
            )
            referred += [when["lot", lot] for lot in lots]
            assert max(referred, default="") <= min(own), (name, row)
            assert max(own) <= season.note["as_of"]
            when["lot" if name in {"harvests.csv", "steps.csv"} else name, row.get("lot_id") or next(iter(row.values()))] = max(own)


def test_seedlings_buds_and_returns_stay_within_what_there_is(season: Season) -> None:
    left = {row["nursery_lot_id"]: int(row["count"]) for row in season.accepted["nursery_lots.csv"]}
    left |= {row["budwood_id"]: 3 * int(row["sticks"]) for row in season.accepted["budwood.csv"]}
    for row in season.accepted["handouts.csv"]:
        left[row["nursery_lot_id"]] -= int(row["count"])
        left[row["handout_id"]], left["due-" + row["handout_id"]] = int(row["count"]), int(row["return_due"])
    for row in season.accepted["returns.csv"]:
        left["due-" + row["handout_id"]] -= int(row["count"])
    plots = {row["handout_id"]: row["plot_id"] for row in season.accepted["handouts.csv"]}
    for row in season.accepted["grafts.csv"]:
        left[row["budwood_id"]] -= int(row["grafted"])
        left[row["handout_id"]] -= int(row["grafted"])
        assert plots[row["handout_id"]] == row["plot_id"]
        assert int(row["grafted"]) > 0
    assert min(left.values()) >= 0


def test_two_containers_are_full_of_beans_of_several_regions_and_share_a_lot(season: Season) -> None:
    shares, plots = origins(season), {plot["plot_id"]: plot for plot in season.accepted["plots.geojson"]}
    loads = [row for row in season.accepted["containers.csv"] if row["action"] == "load"]
    lots = {number: {row["lot_id"] for row in loads if row["container_no"] == number} for number in season.expected.containers}
    sold = [row["container_no"] for row in season.accepted["containers.csv"] if row["action"] == "sell"]
    assert sold == list(season.expected.containers[:2])
    for number in sold:
        assert 20_000 <= sum(Decimal(row["kg"]) for row in loads if row["container_no"] == number) <= 25_000
        origin = [plots[plot] for lot in lots[number] for plot in shares[lot]]
        assert len({plot["holder_id"] for plot in origin}) >= 40
        assert {plot["district"][:2] for plot in origin} == REGIONS
    assert lots[sold[0]] & lots[sold[1]]


def test_yields_are_those_of_a_real_farm(season: Season) -> None:
    hectares = sum(plot["area_ha"] for plot in season.accepted["plots.geojson"])
    wet = sum(float(row["kg"]) for row in season.accepted["harvests.csv"])
    assert 1000 <= wet / hectares <= 1500
    made = {row["lot_id"]: row for row in season.accepted["steps.csv"]}
    for row in season.accepted["steps.csv"]:
        if row["step"] == "dry":
            sources = [made[lot] for lot, _ in inputs(row)]
            assert 0.36 <= float(row["kg"]) / float(sum(kg for source in sources for _, kg in inputs(source))) <= 0.40


def test_the_faults_are_of_many_kinds_and_point_at_the_rows_they_name(season: Season) -> None:
    told = season.expected
    assert 12 <= len(told.refused) <= 18
    assert len({code for *_, code in told.refused}) >= 10
    assert 2 <= len(told.repeats) <= 4
    order = [(list(season.rows).index(file), row) for file, row, *_ in told.refused]
    assert order == sorted(order)
    for file, number, written in (*(refused[:3] for refused in told.refused), *told.repeats):
        row = season.rows[file][number - 1]
        assert written == row[{"containers.csv": "container_no", "steps.csv": "lot_id"}.get(file, next(iter(row)))]


def test_a_repeat_says_what_an_accepted_row_said_before_it(season: Season) -> None:
    for file, number, _ in season.expected.repeats:
        row = season.rows[file][number - 1]
        assert row in season.rows[file][: number - 1]
        assert row in season.accepted[file]
