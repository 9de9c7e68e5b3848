"""Each fault is planted once and found, with its entries; what is sound is left in peace."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.house import House
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted
from ledger.writer import Writer
from projections import follow
from projections.checks_beans import outturns, repeated
from projections.checks_labels import labelled
from projections.checks_land import bought, overlapping, picked, yields_of_plots
from projections.checks_seal import sealed
from projections.findings import Finding, written_until
from tests.projections.test_accounts import buy, enrol, plot
from tests.projections.test_balance import BOX, harvest, on, step

MAY, JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7))
ORG = "main/AG-1"
SIDE = 0.001
"""Of a square of 1.22 hectares, in degrees."""


def day(number: int) -> str:
    """A moment of May."""
    return f"2026-05-{number:02d}T10:00:00-05:00"


def square(plot_id: str, holder: str, east: float, accuracy: str = "3") -> dict[str, Any]:
    """A plot of 1.22 hectares, so many degrees east of a place."""
    west, south = -76.5 + east, -6.5
    corners = [[west, south], [west + SIDE, south], [west + SIDE, south + SIDE], [west, south + SIDE], [west, south]]
    shape = {"geometry": {"type": "Polygon", "coordinates": [corners]}, "area_ha": "1.22", "accuracy_m": accuracy}
    return plot(plot_id, holder) | shape


@pytest.fixture
def village(house: House, tell: Callable[..., None]) -> House:
    """Two farmers with a hectare each, and a cooperative: five entries."""
    roles = {"FA-1": "farmer", "FA-2": "farmer", "AG-1": "aggregator"}
    tell(house, *(enrol(party, role) for party, role in roles.items()), plot("P-1", "FA-1"), plot("P-2", "FA-2"), org=ORG)
    return house


Check = Callable[..., list[Finding]]


def look(house: House, check: Check, *more: Any, org: str = ORG) -> list[Finding]:
    with house.reading(org) as conn:
        return check(conn, org, *more)


def told(findings: list[Finding]) -> list[tuple[str, tuple[str, ...], tuple[int, ...]]]:
    return [(str(each), tuple(key for _, key in each.about), each.positions) for each in findings]


def test_a_plot_that_gives_more_than_a_hectare_can_is_found(village: House, tell: Callable[..., None]) -> None:
    # 2,000 kg dry at 0.38 are 5,263.2 kg wet of one hectare in a year
    tell(village, *(harvest(f"A-{n}", "1000", day(n)) for n in range(1, 6)), org=ORG)
    tell(village, harvest("B-1", "263.1", day(6)) | {"plot_id": "P-1"}, harvest("C-1", "5000", day(6)) | {"plot_id": "P-2"}, org=ORG)
    assert look(village, yields_of_plots) == []

    tell(village, harvest("B-2", "0.2", day(7)), org=ORG)
    said = "plot P-1 gave 2,000 kg of dry beans a hectare in 2026 (wet ones taken as 0.38); 2,000 kg are possible"
    assert told(look(village, yields_of_plots)) == [(said, ("main/P-1",), (6, 7, 8, 9, 10, 11, 13))]
    assert look(village, yields_of_plots, org="main/ZZ-1") == []


def test_dry_beans_heavier_or_lighter_than_the_wet_ones_behind_them_are_found(village: House, tell: Callable[..., None]) -> None:
    tell(
        village, harvest("H-1", "1000", MAY), buy("B-1", "AG-1", "H-1", "1000", "3"),
        step("ferment-lots", "F-1", "450", JUNE, ("B-1", "500")), step("dry-lots", "D-1", "94.5", JUNE, ("F-1", "202.5")),
        step("dry-lots", "D-2", "94.7", JULY, ("F-1", "202.5")), step("dry-lots", "D-3", "29.9", JULY, ("B-1", "100")),
        step("dry-lots", "D-4", "30", JULY, ("B-1", "100")),
        org=ORG,
    )  # fmt: skip

    # 202.5 of 450 kg fermented stand for 225 kg wet: 94.5 of them are 0.42, 94.7 are 0.4209
    assert told(look(village, outturns)) == [
        ("lot D-2 weighs 94.7 kg dry, 0.4209 of the 225 kg of wet beans behind it; 0.30 to 0.42 is usual", ("main/D-2",), (8, 10)),
        ("lot D-3 weighs 29.9 kg dry, 0.2990 of the 100 kg of wet beans behind it; 0.30 to 0.42 is usual", ("main/D-3",), (7, 11)),
    ]


def test_beans_picked_faster_than_a_hectare_gives_are_found(village: House, tell: Callable[..., None]) -> None:
    tell(village, harvest("A-1", "600", day(1)), harvest("A-2", "452.6", day(1)), harvest("A-3", "900", day(2)), org=ORG)
    assert look(village, picked) == []

    tell(village, harvest("A-4", "152.7", day(2)), org=ORG)
    said = "1,053 kg of wet beans a hectare were picked on plot P-1 on 2026-05-02: 1,052.7 kg; at most 1,053 kg a hectare can be picked"
    assert told(look(village, picked)) == [(said, ("main/P-1",), (8, 9))]


def test_more_wet_beans_bought_of_a_farmer_in_a_day_than_their_land_gives_are_found(village: House, tell: Callable[..., None]) -> None:
    small = {"plot_id": "P-3"}
    tell(village, *(harvest(f"A-{n}", "900", day(n)) for n in (1, 11, 21)), plot("P-3", "FA-1") | {"area_ha": "0.5"}, org=ORG)
    tell(village, harvest("C-1", "450", day(4)) | small, of_two("B-1", ("A-1", "900"), ("A-11", "100"), JUNE), org=ORG)
    tell(village, of_two("B-2", ("A-21", "900"), ("C-1", "450"), JULY), org=ORG)  # of a hectare and a half
    assert look(village, bought) == []

    tell(village, buy("B-3", "AG-1", "A-11", "53", "3"), org=ORG)
    said = "AG-1 bought 1,053 kg of wet beans of FA-1 on 2026-06-02: 1,053 kg a hectare of their plots; at most 1,053 can be picked"
    assert told(look(village, bought)) == [(said, ("main/FA-1", "main/AG-1"), (11, 13))]


def of_two(lot: str, one: tuple[str, str], other: tuple[str, str], at: str) -> dict[str, Any]:
    """A purchase of kilograms of two lots."""
    drawn = {"inputs": [{"lot_id": source, "kg": kg} for source, kg in (one, other)], "kg": str(int(one[1]) + int(other[1]))}
    return buy(lot, "AG-1", "", "", "3") | drawn | {"started_at": at, "ended_at": at}


def purchases(*weights: tuple[int, str, str]) -> Iterator[dict[str, Any]]:
    """(day of May, farmer's number, kilograms) -> a purchase of each."""
    for at, (number, farmer, kg) in enumerate(weights):
        yield buy(f"B-{at}", "AG-1", f"H-{farmer}", kg, "3") | {"started_at": day(number), "ended_at": day(number)}


@pytest.fixture
def harvested(village: House, tell: Callable[..., None]) -> House:
    """Two lots of a thousand kilograms, to be sold bit by bit: seven entries."""
    tell(village, harvest("H-1", "1000", day(1)), harvest("H-2", "1000", day(1)) | {"plot_id": "P-2"}, org=ORG)
    return village


def test_one_farmers_weight_that_comes_three_times_in_thirty_days_is_found(harvested: House, tell: Callable[..., None]) -> None:
    tell(harvested, *purchases((2, "1", "41.3"), (3, "2", "41.3"), (4, "1", "27.9"), (12, "1", "41.3")), org=ORG)
    assert look(harvested, repeated) == []

    late = buy("B-9", "AG-1", "H-1", "41.3", "3") | {"started_at": day(31), "ended_at": day(31)}
    tell(harvested, late, org=ORG)
    said = "AG-1 bought exactly 41.3 kg 3 times between 2026-05-02 and 2026-05-31, of FA-1; chance gives twice at most"
    assert told(look(harvested, repeated)) == [(said, (ORG, "main/FA-1"), (8, 11, 12))]


def test_a_buyers_weight_that_comes_again_and_again_in_a_week_is_found_whoever_sells(harvested: House, tell: Callable[..., None]) -> None:
    tell(harvested, *purchases((2, "1", "50.5"), (3, "2", "50.5"), (4, "1", "33.1"), (5, "2", "50.5"), (6, "1", "50.5")), org=ORG)

    said = "AG-1 bought exactly 50.5 kg 4 times between 2026-05-02 and 2026-05-06, of FA-1, FA-2; chance gives twice at most"
    assert told(look(harvested, repeated)) == [(said, (ORG, "main/FA-1", "main/FA-2"), (8, 9, 11, 12))]


def test_weights_that_repeat_no_more_than_the_buyers_others_are_left_in_peace(harvested: House, tell: Callable[..., None]) -> None:
    """Scales that tell tens of kilograms alone: every weight repeats."""
    tell(harvested, *purchases(*((2 + n, "12"[n % 2], f"{(3, 4, 5)[n % 3]}0") for n in range(18))), org=ORG)

    assert look(harvested, repeated) == []


def overlaps(house: House) -> list[Finding]:
    return look(house, overlapping, house.vault)


def test_ground_that_two_holders_claim_is_found(village: House, tell: Callable[..., None]) -> None:
    tell(village, square("P-3", "FA-1", 0), square("P-4", "FA-2", 0.75 * SIDE), square("P-5", "FA-1", 0.1 * SIDE), org=ORG)

    # the square measures 110.6 m by 110.6 m, and P-4 shares a quarter of it with P-3, 35 hundredths with P-5
    assert [(each.about, each.positions, each.values["share"]) for each in overlaps(village)] == [
        ((("plot", "main/P-4"), ("plot", "main/P-5")), (7, 8), "35"),
        ((("plot", "main/P-3"), ("plot", "main/P-4")), (6, 7), "25"),
    ]
    said = str(overlaps(village)[1])
    assert float(said.partition(" by ")[2].partition(" m²")[0].replace(",", "")) == pytest.approx(110.6 * 110.6 / 4, rel=0.01)
    assert said.startswith("plots P-3 of FA-1 and P-4 of FA-2 overlap by 3,0")
    assert look(village, overlapping, village.vault, org="main/ZZ-1") == []


@pytest.mark.parametrize(("accuracy", "many"), [("2", 1), ("3", 0)])
def test_an_overlap_within_what_the_surveys_may_err_is_left_in_peace(
    village: House, tell: Callable[..., None], accuracy: str, many: int
) -> None:
    five_metres = 5 / 110_600
    tell(village, square("P-3", "FA-1", 0, accuracy), square("P-4", "FA-2", SIDE - five_metres, accuracy), org=ORG)

    assert len(overlaps(village)) == many


def test_a_point_within_another_holders_boundary_is_found(village: House, tell: Callable[..., None]) -> None:
    def point(plot_id: str, holder: str, lon: float) -> dict[str, Any]:
        return plot(plot_id, holder) | {"geometry": {"type": "Point", "coordinates": [lon, -6.4995]}}

    tell(village, square("P-3", "FA-1", 0), point("P-4", "FA-2", -76.4995), point("P-5", "FA-2", -76.49904), point("P-6", "FA-1", -76.4995),
         org=ORG)  # fmt: skip

    assert told(overlaps(village)) == [("the point of plot P-4 of FA-2 lies within plot P-3 of FA-1", ("main/P-4", "main/P-3"), (6, 7))]


def test_beans_dated_after_the_seal_are_found_where_the_record_was_changed(village: House, tell: Callable[..., None]) -> None:
    """No rule lets them in: so somebody changed what one sees."""
    shipped(village, lambda *bodies: tell(village, *bodies, org=ORG))
    assert look(village, sealed, lambda _: 0) == []
    with follow.connected(village.url) as conn:
        conn.execute("UPDATE views.lots SET ended_at = %s WHERE lot = 'main/B-1'", (JULY,))

    said = f"of beans in container {BOX}, sealed at {JUNE}, lots are dated after the seal: B-1"
    assert told(look(village, sealed, lambda _: 0)) == [(said, (f"stuffing:{BOX}@9",), (7,))]


def shipped(house: House, give: Callable[..., None], seal: str = JUNE) -> None:
    """A harvest that is bought, dried, loaded and sealed."""
    del house
    give(harvest("H-1", "100", MAY), buy("B-1", "AG-1", "H-1", "100", "3") | {"started_at": MAY, "ended_at": MAY})
    give(step("dry-lots", "D-1", "38", MAY, ("B-1", "100")), on("open-container", BOX, MAY, holder_id="AG-1"))
    give(on("load-lot", BOX, MAY, lot_id="D-1", kg="38", bags="1"), on("seal-container", BOX, seal, seal_no="S-1"))


class Clock:
    """A house's writer whose clock is set."""

    def __init__(self, house: House) -> None:
        self._house, self.at = house, datetime.now(UTC) + timedelta(days=1)
        self._writer = Writer(house.url, house.vault, clock=lambda: self.at)

    def __call__(self, *bodies: dict[str, Any]) -> None:
        commands = [COMMANDS.validate_python({"id": uuid4(), **body}) for body in bodies]
        assert all(isinstance(each, Accepted) for each in self._writer.ask(Act(commands, "test", ORG, as_of="2029-01-01T00:00:00-05:00")))
        with follow.connected(self._house.url) as conn:
            follow.catch_up(conn)

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
def clock(village: House) -> Iterator[Clock]:
    made = Clock(village)
    yield made
    made.close()


def moment(at: datetime) -> str:
    return (at - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S-05:00")


def late(house: House) -> list[Finding]:
    def until(at: datetime) -> int:
        with house.pool.connection() as conn:
            return written_until(conn, at)

    return look(house, sealed, until)


def test_what_was_written_of_a_containers_beans_only_after_its_seal_is_found(village: House, clock: Clock) -> None:
    clock(on("open-container", BOX, MAY, holder_id="AG-1"), harvest("H-1", "100", MAY))
    clock.at += timedelta(hours=2)
    seal = moment(clock.at - timedelta(hours=1))
    clock(buy("B-1", "AG-1", "H-1", "100", "3"), step("dry-lots", "D-1", "38", JUNE, ("B-1", "100")))
    clock(on("load-lot", BOX, JUNE, lot_id="D-1", kg="38", bags="1"), on("seal-container", BOX, seal, seal_no="S-1"))
    test = {"moisture_pct": "7", "beans_100g": "90", "mouldy_pct": "0", "slaty_pct": "0", "defective_pct": "0"}
    clock({"do": "inspect-lot", "lot_id": "D-1", "inspected_at": JULY, **test})
    clock({"do": "inspect-lot", "lot_id": "D-1", "inspected_at": moment(clock.at), **test})

    said = f"container {BOX} was sealed at {seal}; of beans in it was written only afterwards: B-1, D-1"
    assert told(late(village)) == [(said, (f"stuffing:{BOX}@6",), (8, 9, 10, 12))]


def test_a_container_written_as_it_was_filled_and_one_written_from_paper_are_left_in_peace(village: House, clock: Clock) -> None:
    shipped(village, clock, seal=moment(clock.at + timedelta(seconds=1)))
    assert late(village) == []

    paper = {BOX: "MSKU9070323", "H-1": "H-2", "B-1": "B-2", "D-1": "D-2"}
    clock.at += timedelta(days=9)
    shipped(village, lambda *bodies: clock(*(renamed(body, paper) for body in bodies)))
    assert late(village) == []


def renamed(body: Any, names: dict[str, str]) -> Any:
    """The same body with other names."""
    if isinstance(body, dict):
        return {name: renamed(value, names) for name, value in body.items()}
    return [renamed(each, names) for each in body] if isinstance(body, list) else names.get(body, body)


def test_a_moment_of_writing_is_the_position_of_the_last_entry_written_then(village: House, clock: Clock) -> None:
    began = clock.at
    clock(harvest("H-1", "1", MAY))
    clock.at += timedelta(minutes=1)
    clock(harvest("H-2", "1", MAY), harvest("H-3", "1", MAY))
    with village.pool.connection() as conn:
        at = [written_until(conn, began + timedelta(seconds=seconds)) for seconds in (-100_000, -1, 0, 59, 60, 9_999)]

    assert at == [0, 5, 6, 6, 8, 8]


def test_labels_that_say_more_than_their_lot_weighed_are_found_until_what_is_too_many_is_voided(
    village: House, tell: Callable[..., None]
) -> None:
    sacks = {"do": "print-lot-labels", "lot_id": "B-1", "sort": "sack", "public": False, "net_kg": "20", "printed_at": JUNE}
    tell(village, harvest("H-1", "50", MAY), buy("B-1", "AG-1", "H-1", "50", "9"), org=ORG)
    tell(village, sacks | {"serials": ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC"]}, org=ORG)
    assert not look(village, labelled), "the last sack is not full"

    tell(village, sacks | {"serials": ["DDDDDDDD"]}, org=ORG)
    said = "labels of sacks of lot B-1 that count say 80 kg, and the lot weighed 50 kg: void those that are on no beans"
    assert told(look(village, labelled)) == [(said, ("main/B-1",), (7, 8, 9))]

    tell(village, {"do": "void-labels", "serials": ["BBBBBBBB"], "reason": "other", "voided_at": JUNE}, org=ORG)
    assert not look(village, labelled)
