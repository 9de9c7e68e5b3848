"""Every kilogram is accounted for, by hand: two seasons of a farmer, a cooperative and an exporter."""

from collections.abc import Callable
from typing import Any

import pytest

from api.house import House
from projections import follow
from projections.balance import By, Row, Wanted, balance, whole
from projections.flow import flow
from projections.past import cut
from projections.yields import Edge, Lot, Made, chains, judged, outturns, wet_behind, yields
from tests.projections.test_accounts import buy, enrol, plot

BYS: tuple[By, ...] = ("season", "holder", "site", "lot", "container")
LAST_YEAR, MAY, JUNE, JULY, AUGUST = ("2025-12-02T10:00:00-05:00", *(f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7, 8)))
BOX, CLOSED = "CSQU3054383", "MSKU9070323"


def grams(kg: float) -> int:
    return round(kg * 1000)


def step(do: str, lot: str, kg: str, at: str, *inputs: tuple[str, str], holder: str = "AG-1") -> dict[str, Any]:
    drawn = [{"lot_id": lot, "kg": kg} for lot, kg in inputs]
    return {"do": do, "lot_id": lot, "holder_id": holder, "inputs": drawn, "kg": kg, "started_at": at, "ended_at": at}


def on(do: str, container: str, at: str, **of: str) -> dict[str, Any]:
    return {"do": do, "container_no": container, "at": at, **of}


def harvest(lot: str, kg: str, at: str) -> dict[str, Any]:
    return {"do": "record-harvest", "lot_id": lot, "plot_id": "P-1", "kg": kg, "from_at": at, "to_at": at}


def loss(loss_id: str, lot: str, kg: str, at: str) -> dict[str, Any]:
    return {"do": "write-off", "loss_id": loss_id, "lot_id": lot, "kg": kg, "reason": "spoiled", "lost_at": at}


@pytest.fixture
def cooperative(house: House, tell: Callable[..., None]) -> House:
    """100 kg of last year, 40 sold then and 30 this year, and 200 kg of this year: fermented, dried, loaded, sold on, unloaded."""
    roles = {"FA-1": "farmer", "AG-1": "aggregator", "EX-1": "exporter"}
    enrolled = [enrol(party, role) | {"enrolled_at": "2025-01-02T10:00:00-05:00"} for party, role in roles.items()]
    land = plot("P-1", "FA-1") | {"planted_at": LAST_YEAR, "surveyed_at": "2025-01-02T10:00:00-05:00"}
    tell(
        house, *enrolled, land, harvest("H-1", "100", LAST_YEAR),
        buy("B-1", "AG-1", "H-1", "40", "3") | {"started_at": LAST_YEAR, "ended_at": LAST_YEAR},
        buy("B-2", "AG-1", "H-1", "30", "3"), loss("L-1", "H-1", "5", JUNE), harvest("H-2", "200", MAY),
        buy("B-3", "AG-1", "H-2", "200", "3"),
        step("ferment-lots", "F-1", "210", JUNE, ("B-1", "40"), ("B-2", "30"), ("B-3", "170")),
        step("dry-lots", "D-1", "80", JULY, ("F-1", "200")), step("dry-lots", "D-2", "10", JULY, ("B-3", "25")),
        step("blend-lots", "X-1", "84.5", JULY, ("D-1", "75"), ("D-2", "10")), loss("L-2", "X-1", "0.5", JULY),
        on("open-container", BOX, JULY, holder_id="AG-1"), on("load-lot", BOX, JULY, lot_id="X-1", kg="30", bags="1"),
        on("seal-container", BOX, JULY, seal_no="S-1"), on("open-container", CLOSED, JULY, holder_id="AG-1"),
        on("load-lot", CLOSED, JULY, lot_id="X-1", kg="20", bags="1"), on("seal-container", CLOSED, JULY, seal_no="S-2"),
        on("empty-container", CLOSED, AUGUST),
        org="main/AG-1",
    )  # fmt: skip
    tell(house, buy("E-1", "EX-1", "X-1", "14", "9") | {"started_at": AUGUST, "ended_at": AUGUST}, org="main/EX-1")
    return house


def row(key: str, form: str, **kg: float) -> Row:
    return Row(key, form)._replace(**{name: grams(of) for name, of in kg.items()})


def test_a_season_begins_with_what_the_last_one_ended_with(cooperative: House) -> None:
    with cooperative.reading(None) as conn:
        rows = balance(conn, None, "season")

    assert rows == [
        row("2025", "wet", harvested=100, bought=40, sold=40, on_hand=100),
        row("2026", "wet", carried=100, harvested=200, bought=230, stepped=265, sold=230, lost=5, on_hand=30),
        row("2026", "fermented", made=210, stepped=200, on_hand=10, water=30),
        row("2026", "dry", made=174.5, bought=14, stepped=85, sold=14, loaded=50, lost=0.5, on_hand=39, water=135.5),
    ]
    assert whole(rows) == row("", "", harvested=300, stepped=165.5, loaded=50, lost=5.5, on_hand=79, water=165.5)


def test_holders_places_lots_and_containers_balance_by_hand(cooperative: House) -> None:
    with cooperative.reading(None) as conn:
        assert balance(conn, None, "holder") == [
            row("main/AG-1", "wet", bought=270, stepped=265, on_hand=5),
            row("main/AG-1", "fermented", made=210, stepped=200, on_hand=10, water=30),
            row("main/AG-1", "dry", made=174.5, stepped=85, sold=14, loaded=50, lost=0.5, on_hand=25, water=135.5),
            row("main/EX-1", "dry", bought=14, on_hand=14),
            row("main/FA-1", "wet", harvested=300, sold=270, lost=5, on_hand=25),
        ]
        assert [each.key for each in balance(conn, None, "site")] == ["220501"] * 3
        assert balance(conn, None, "lot", Wanted(form="dry", holder="main/AG-1")) == [
            row("main/D-1", "dry", made=80, stepped=75, on_hand=5, water=120),
            row("main/D-2", "dry", made=10, stepped=10, water=15),
            row("main/X-1", "dry", made=84.5, sold=14, loaded=50, lost=0.5, on_hand=20, water=0.5),
        ]
        assert [each.key for each in balance(conn, None, "lot", Wanted(after="main/D-2", most=2))] == ["main/E-1", "main/F-1"]
        assert [each.key for each in balance(conn, None, "lot", Wanted(made="2025"))] == ["main/B-1", "main/H-1"]
        assert [(each.stuffed, each.emptied, each.on_hand) for each in balance(conn, None, "container")] == [
            (30_000, 0, 30_000), (20_000, 20_000, 0),
        ]  # fmt: skip


def test_an_organisation_sees_what_crossed_its_border(cooperative: House) -> None:
    with cooperative.reading("main/AG-1") as conn:
        assert whole(balance(conn, "main/AG-1", "season")) == row(
            "", "", harvested=300, stepped=165.5, sold=14, loaded=50, lost=5.5, on_hand=65, water=165.5
        )
        own = flow(conn, "main/AG-1")
    with cooperative.reading("main/EX-1") as conn:
        assert balance(conn, "main/EX-1", "holder") == [row("main/EX-1", "dry", bought=14, on_hand=14)]
        assert whole(balance(conn, "main/EX-1", "season")) == row("", "", bought=14, on_hand=14)
        theirs = flow(conn, "main/EX-1")

    assert [(group.sort, group.key) for group in theirs.groups] == [("from", "main/AG-1"), ("lots", "main/E-1"), ("on-hand", "dry")]
    assert list(theirs.links.values()) == [14_000, 14_000]
    sold = next(at for at, group in enumerate(own.groups) if group.sort == "sold")
    assert own.groups[sold].key == "main/EX-1"
    assert [of for (_, end), of in own.links.items() if end == sold] == [14_000]


def test_the_balance_of_the_past_is_what_it_was(cooperative: House, tell: Callable[..., None]) -> None:
    with cooperative.reading("main/AG-1") as conn:
        before = {by: balance(conn, "main/AG-1", by) for by in BYS}
    with follow.connected(cooperative.url) as conn:
        size = follow.position(conn)
    tell(cooperative, harvest("H-9", "50", AUGUST), loss("L-9", "X-1", "20", AUGUST), on("empty-container", BOX, AUGUST), org="main/AG-1")

    with cooperative.reading("main/AG-1") as conn:
        cut(conn, size)
        assert {by: balance(conn, "main/AG-1", by, schema="past") for by in BYS} == before
        assert balance(conn, "main/AG-1", "holder") != before["holder"]
        assert balance(conn, "main/AG-1", "container") != before["container"]


def test_yields_are_what_came_out_of_what_went_in(cooperative: House) -> None:
    with cooperative.reading(None) as conn:
        of = yields(conn, None, "holder")
        season, *rest = outturns(conn, None, "season", ["2025", "2026"])
        lots = {each.key: each for each in outturns(conn, None, "lot", ["main/B-1", "main/D-1", "main/D-2", "main/F-1", "main/X-1"])}

    assert of.keys() == {"main/AG-1"}
    assert of["main/AG-1"][1:] == (Made(240_000, 210_000), Made(200_000, 80_000), Made(25_000, 10_000))
    assert (season.key, rest) == ("2026", [])
    assert (season.fermenting, season.drying, season.drying_wet) == (0.875, 0.4, 0.4)
    assert season.chain == pytest.approx(90 / (200 / 0.875 + 25))  # 80 kg and 10 kg dry, of 228.57 kg and 25 kg wet
    assert (lots["main/F-1"].fermenting, lots["main/F-1"].chain, lots["main/D-2"].chain) == (0.875, None, 0.4)
    assert lots["main/D-1"].chain == pytest.approx(0.35)  # 80 kg of 200 kg fermented, of 240 kg wet that gave 210 kg
    assert lots["main/X-1"].chain == pytest.approx(84.5 / (75 / 0.35 + 10 / 0.4))
    assert (lots["main/X-1"].usual, "main/B-1" in lots) == ("usual", False)


def test_what_an_exporter_cannot_see_behind_its_beans_is_not_judged(cooperative: House) -> None:
    with cooperative.reading("main/EX-1") as conn:
        assert chains(conn, ["lot:main/E-1"]) == {}


@pytest.mark.parametrize(
    ("share", "said"), [(0.2999, "low"), (0.3, "usual"), (0.38, "usual"), (0.42, "usual"), (0.4201, "high"), (None, None)]
)
def test_dry_beans_of_wet_ones_are_usual_from_30_to_42_hundredths(share: float | None, said: str | None) -> None:
    assert judged(share) == said


def test_a_lot_stands_for_its_parts_of_the_wet_beans_behind_it() -> None:
    edges = [
        Edge("plot:P", "lot:W", 100, 1), Edge("lot:W", "lot:F", 60, 2), Edge("lot:F", "lot:D", 40, 3), Edge("lot:W", "lot:D2", 30, 4),
        Edge("lot:D", "lot:X", 10, 5), Edge("lot:D2", "lot:X", 5, 5), Edge("lot:UNSEEN", "lot:Y", 5, 6), Edge("lot:D", "lot:Y", 5, 6),
        Edge("lot:Y", "lot:Z", 1, 7),
    ]  # fmt: skip
    lots = {
        "W": Lot("wet", 100), "F": Lot("fermented", 50), "D": Lot("dry", 20), "D2": Lot("dry", 10), "X": Lot("dry", 15),
        "Y": Lot("dry", 10), "Z": Lot("dry", 1),
    }  # fmt: skip

    # F: 60 wet; D: 40 of 50 of F: 48; D2: 30; X: half of D and half of D2: 24 + 15; Y and Z come in part from where one cannot see
    assert wet_behind(edges, lots) == {"lot:W": 100, "lot:F": 60, "lot:D": 48, "lot:D2": 30, "lot:X": 39}


def test_nothing_balances_nothing(house: House) -> None:
    with house.reading(None) as conn:
        assert [balance(conn, None, by) for by in BYS] == [[]] * 5
        assert flow(conn, None).links == {}
