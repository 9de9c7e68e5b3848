"""A history made by chance, for tests: beans that are made, moved and lost, plots that change hands, mistakes and doubts."""

from random import Random
from typing import Any
from uuid import UUID

from api.house import House
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted
from projections import follow

EARLY, WHEN, LATER = "2024-01-01T00:00:00-05:00", "2026-05-02T10:00:00-05:00", "2026-05-03T10:00:00-05:00"
NUMBERS, PLOTS, FARMERS = ("CSQU3054383", "TRHU6368220"), ("P-1", "P-2", "P-3"), ("FA-1", "FA-2")
AG = "main/AG-1"


class Chance:
    """Commands by chance; what the rules refuse does not happen."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.draw, self.size = house, Random(seed), 0  # noqa: S311 - the same history every time
        self.lots: list[str] = []

    def tell(self, org: str, do: str, **body: Any) -> bool:
        command = COMMANDS.validate_python({"do": do, "id": UUID(int=self.draw.getrandbits(128), version=4), **body})
        (answer,) = self.house.writer.submit(Act([command], "test", org)).result()
        self.size = answer.positions[-1] if isinstance(answer, Accepted) else self.size
        return isinstance(answer, Accepted)

    def begin(self) -> None:
        for party, role in (("AG-1", "aggregator"), ("EX-1", "exporter"), *((farmer, "farmer") for farmer in FARMERS)):
            self.tell(AG, "enrol-party", party_id=party, role=role, name=f"Name {party}", district="220505", enrolled_at=EARLY)
        for at, plot in enumerate(PLOTS):
            self.plot(plot, at)

    def plot(self, plot: str, at: int) -> bool:
        point = {"type": "Point", "coordinates": [-76.4, -6.5 - at / 10]}
        where = {"plot_id": plot, "area_ha": f"1.{self.draw.randint(1, 9)}", "accuracy_m": "3", "geometry": point, "surveyed_at": EARLY}
        farmer = self.draw.choice(FARMERS)
        return self.tell(AG, "register-plot", holder_id=farmer, district="220505", system="agroforestry", planted_at=EARLY, **where)

    def lot(self) -> str:
        return self.draw.choice(self.lots or ["H-0"])

    def kg(self) -> str:
        return str(self.draw.randint(1, 60))

    def step(self) -> None:
        getattr(
            self, self.draw.choice(("harvest", "made", "made", "made", "lose", "box", "box", "land", "annul", "annul", "doubt", "other"))
        )()

    def harvest(self) -> None:
        lot = f"H-{self.draw.randint(1, 40)}"
        if self.tell(AG, "record-harvest", lot_id=lot, plot_id=self.draw.choice(PLOTS), kg="100", from_at=WHEN, to_at=WHEN):
            self.lots.append(lot)

    def made(self) -> None:
        do, lot, kg = self.draw.choice(("buy-lot", "ferment-lots", "dry-lots", "split-lot")), f"L-{self.draw.randint(1, 60)}", self.kg()
        out = kg if do in ("buy-lot", "split-lot") else str(max(1, int(kg) - 1))
        of = {"inputs": [{"lot_id": self.lot(), "kg": kg}], "kg": out, "started_at": WHEN, "ended_at": WHEN}
        of |= {"price_pen_kg": "3.2"} if do == "buy-lot" else {}
        if self.tell(AG, do, lot_id=lot, holder_id="AG-1", **of):
            self.lots.append(lot)

    def lose(self) -> None:
        self.tell(AG, "write-off", loss_id=f"X-{self.draw.randint(1, 99)}", lot_id=self.lot(), kg="1", reason="sample", lost_at=LATER)

    def box(self) -> None:
        number, act = self.draw.choice(NUMBERS), self.draw.choice(("open", "load", "load", "seal", "depart", "sell", "empty"))
        of: dict[str, Any] = {
            "open": {"holder_id": "AG-1"}, "load": {"lot_id": self.lot(), "kg": "1", "bags": "1"}, "seal": {"seal_no": "S-1"},
            "depart": {"destination": "NLRTM"}, "empty": {},
            "sell": {"buyer_id": "EX-1", "contract_no": "C-1", "price_usd_t": "8000", "incoterm": "FOB"},
        }[act]  # fmt: skip
        self.tell(AG, f"{act}-{'lot' if act == 'load' else 'container'}", container_no=number, at=LATER, **of)

    def land(self) -> None:
        plot, point = self.draw.choice(PLOTS), {"type": "Point", "coordinates": [-76.4, -6.5]}
        if self.draw.random() < 0.5:
            self.tell(AG, "transfer-plot", plot_id=plot, to_id=self.draw.choice((*FARMERS, "AG-1")), transferred_at=LATER)
        else:
            area = f"2.{self.draw.randint(1, 9)}"
            self.tell(AG, "resurvey-plot", plot_id=plot, area_ha=area, surveyed_at=LATER, accuracy_m="2", geometry=point)

    def annul(self) -> None:
        self.tell(AG, "annul-fact", position=self.draw.randint(1, self.size), reason="practice", annulled_at=LATER)

    def doubt(self) -> None:
        self.tell(AG, "question-fact", position=self.draw.randint(1, self.size), reason="weight", questioned_at=LATER)
        self.tell(AG, "settle-question", position=self.size, outcome=self.draw.choice(("upheld", "dismissed")), settled_at=LATER)

    def other(self) -> None:
        self.plot(self.draw.choice((*PLOTS, "P-4")), self.draw.randint(0, 3))
        self.tell(AG, "offer-lot", lot_id=self.lot(), to_id="EX-1", offered_at=LATER)
        self.tell(AG, "amend-party", party_id=self.draw.choice((*FARMERS, "AG-1")), phone="942000111", amended_at=LATER)


def happened(house: House, entries: int, seed: int = 20260502) -> Chance:
    """A history of so many entries, which the views show."""
    made = Chance(house, seed)
    made.begin()
    while made.size < entries:
        made.step()
    with follow.connected(house.url) as conn:
        follow.catch_up(conn)
    return made
