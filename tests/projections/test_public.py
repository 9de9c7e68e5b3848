"""What public pages are told: nothing of fewer than five families, by any row or by taking one row from another."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import pytest

from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted
from ledger.schema import connect
from ledger.vault import Vault
from ledger.writer import Writer
from projections import follow, public
from projections.few import Origin
from projections.public import Container, Lot

HERE, THERE, FAR = "-7650/-657", "-7641/-657", "-7452/-936"
MAY = "2026-05-{:02d}T10:00:00-05:00"
NUMBER, ORGANISATION = "TRHU6368220", "20100000025"


def told(of: Origin) -> tuple[list[tuple[str | None, str]], list[tuple[str | None, str | None]]]:
    """Codes and shares of districts and of cells."""
    return (
        [(area.code, str(area.share)) for area in of.districts],
        [(area.code, None if area.share is None else str(area.share)) for area in of.cells],
    )


class Season:
    """A ledger made by hand: farmers, one plot each, whose harvests are bought, dried and loaded."""

    def __init__(self, writer: Writer, url: str, vault: Vault) -> None:
        self.writer, self.url, self.vault = writer, url, vault
        follow.install(url)
        self.party("AG", "aggregator", "20100000017")
        self.party("EX", "exporter", ORGANISATION)
        self.party("BU", "buyer", None)

    def ask(self, do: str, **body: Any) -> int:
        command = COMMANDS.validate_python({"do": do, "id": str(uuid4()), **body})
        (answer,) = self.writer.submit(Act([command], "test", "main")).result()
        assert isinstance(answer, Accepted), answer
        return answer.positions[0]

    def party(self, id_: str, role: str, document: str | None) -> None:
        self.ask(
            "enrol-party", party_id=id_, role=role, name=f"Name of {id_}", document=document, district="220505", enrolled_at=MAY.format(1)
        )

    def farmers(self, names: Iterable[str], district: str, at: tuple[float, float]) -> None:
        for name in names:
            self.party(name, "farmer", None)
            place = {"type": "Point", "coordinates": list(at)}
            self.ask("register-plot", plot_id=f"P-{name}", holder_id=name, area_ha="2", district=district, system="agroforestry",
                     planted_at=MAY.format(1), surveyed_at=MAY.format(1), accuracy_m="3", geometry=place)  # fmt: skip
            self.ask("record-harvest", lot_id=f"H-{name}", plot_id=f"P-{name}", kg="100", from_at=MAY.format(2), to_at=MAY.format(2))
            self.step("buy-lot", f"B-{name}", "AG", {f"H-{name}": "100"}, "100", 3, price_pen_kg="3.21")

    def step(self, do: str, lot: str, holder: str, inputs: dict[str, str], kg: str, day: int, **own: str) -> None:
        draws = [{"lot_id": source, "kg": drawn} for source, drawn in inputs.items()]
        self.ask(do, lot_id=lot, holder_id=holder, inputs=draws, kg=kg, started_at=MAY.format(day), ended_at=MAY.format(day), **own)

    def dry(self, lot: str, names: Iterable[str], kg: str = "40") -> None:
        """One dry lot of the exporter, from the whole harvests of these farmers."""
        self.step("dry-lots", f"D-{lot}", "AG", {f"B-{name}": "100" for name in names}, kg, 8)
        self.step("buy-lot", lot, "EX", {f"D-{lot}": kg}, kg, 9, price_pen_kg="11.11")

    def load(self, *lots: str, kg: str = "40") -> int:
        first = self.ask("open-container", container_no=NUMBER, holder_id="EX", at=MAY.format(10))
        for lot in lots:
            self.ask("load-lot", container_no=NUMBER, lot_id=lot, kg=kg, bags="1", at=MAY.format(11))
        return first

    def seal(self) -> None:
        self.ask("seal-container", container_no=NUMBER, seal_no="PE1", at=MAY.format(12))

    def sell(self) -> None:
        terms = {"contract_no": "C-77", "price_usd_t": "6543.21", "incoterm": "FOB"}
        self.ask("sell-container", container_no=NUMBER, buyer_id="BU", at=MAY.format(13), **terms)

    def container(self, first: int | None = None) -> Container:
        found = self.look(lambda conn: public.container(conn, self.vault, NUMBER, first))
        assert found
        return found

    def lot(self, id_: str) -> Lot | None:
        return self.look(lambda conn: public.lot(conn, f"main/{id_}"))

    def look(self, question: Callable[[Any], Any]) -> Any:
        with follow.connected(self.url) as conn:
            follow.catch_up(conn)
        with connect(self.url) as conn:
            return question(conn)


@pytest.fixture
def season(writer: Writer, ledger: str, vault: Vault) -> Season:
    return Season(writer, ledger, vault)


SIX, TWO = [f"A{n}" for n in range(6)], ["Z0", "Z1"]


@pytest.fixture
def stuffed(season: Season) -> Season:
    """Six farmers here and two far away; a lot of each group, both loaded."""
    season.farmers(SIX, "220505", (-76.45, -6.5))
    season.farmers(TWO, "250103", (-74.5, -9.3))
    season.dry("L-SIX", SIX)
    season.dry("L-TWO", TWO)
    season.load("L-SIX", "L-TWO")
    return season


def test_a_sealed_container_tells_its_origin(stuffed: Season) -> None:
    stuffed.seal()
    it = stuffed.container()

    assert (it.stage, it.weight_kg, it.bags, it.traced, it.holder) == ("sealed", 80, 2, True, "Name of EX")
    assert (it.origin.families, it.origin.plots) == (8, 8)
    assert told(it.origin) == ([(None, "1")], [(HERE, None), (None, "1")])
    assert [step.step for step in it.steps] == ["sealed", "loaded", "resold", "dried", "bought", "harvested"]


def test_an_open_container_tells_no_shares_so_that_loading_a_lot_does_not_tell_where_it_comes_from(stuffed: Season) -> None:
    it = stuffed.container()

    assert (it.stage, it.origin.families, it.harvested, it.lineage_lots) == ("open", 8, [], None)
    assert {area.share for area in (*it.origin.districts, *it.origin.cells)} == {None}
    assert {step.weight_kg for step in it.steps} == {None}
    assert [fact.code for fact in it.not_known][:3] == ["no-seal", "no-departure", "no-sale"]


def test_a_lot_of_fewer_than_five_families_has_a_page_that_tells_no_place(stuffed: Season) -> None:
    few, many = stuffed.lot("L-TWO"), stuffed.lot("L-SIX")

    assert few
    assert many
    assert few.origin == Origin()
    assert (many.origin.families, [area.code for area in many.origin.districts]) == (6, ["220505"])
    assert [area.share for area in many.origin.districts] == [None]


def test_a_lot_that_was_not_loaded_is_as_unknown_as_one_that_is_not_there(stuffed: Season) -> None:
    assert stuffed.lot("D-L-SIX") is stuffed.lot("NOWHERE") is None


def test_a_step_or_month_of_fewer_than_five_families_has_no_figures(season: Season) -> None:
    season.farmers(TWO, "250103", (-74.5, -9.3))
    season.dry("L-TWO", TWO)
    season.load("L-TWO")
    season.seal()
    it = season.container()

    assert (it.origin, it.harvested, it.clones, it.lineage_lots) == (Origin(), [], [], None)
    assert {(step.first, step.lots, step.weight_kg) for step in it.steps if step.step not in ("loaded", "sealed")} == {(None, None, None)}


def test_a_person_who_buys_is_not_named(stuffed: Season) -> None:
    stuffed.seal()
    stuffed.sell()
    it = stuffed.container()

    assert (it.stage, it.buyer) == ("sold", None)
    assert "buyer-not-named" in [fact.code for fact in it.not_known]


def test_plots_given_by_points_are_counted_only_where_five_families_stand_behind_them(stuffed: Season) -> None:
    points = [fact for fact in stuffed.container().not_known if fact.code == "points-only"]

    assert [(fact.count, fact.of) for fact in points] == [(8, 8)]


def test_each_voyage_of_a_number_has_a_page_of_its_own(stuffed: Season) -> None:
    stuffed.seal()
    first = stuffed.container().first
    stuffed.ask("empty-container", container_no=NUMBER, at=MAY.format(14))
    second = stuffed.ask("open-container", container_no=NUMBER, holder_id="EX", at=MAY.format(15))

    assert (stuffed.container().first, stuffed.container(first).latest, stuffed.container().weight_kg) == (second, False, 0)
    assert stuffed.look(lambda conn: public.container(conn, stuffed.vault, NUMBER, second + 1)) is None
    assert [voyage.first for voyage in stuffed.look(public.newest)] == [second, first]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("trhu 636822 0", f"/c/{NUMBER}"),
        ("TRHU-6368220", f"/c/{NUMBER}"),
        ("l-six", "/l/L-SIX"),
        ("main/L-SIX", "/l/L-SIX"),
        ("D-L-SIX", None),
        ("A0", None),
    ],
)
def test_whatever_has_a_page_is_found_by_what_people_type(stuffed: Season, asked: str, found: str | None) -> None:
    assert stuffed.look(lambda conn: public.find(conn, asked)) == found
