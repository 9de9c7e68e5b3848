"""A container whose dossier can be shared, for tests: beans of six farmers, five bought by its holder, one by somebody else before."""

from typing import Any, Final
from uuid import uuid4

import orjson

from api.house import House
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted
from tests.api.people import organisation

NUMBER, HOLDER, OTHER, BUYER = "CSQU3054383", "main/COOP", "main/AG-02", "main/BU-01"
JAN, MAY, JUNE = "2026-01-02T10:00:00-05:00", "2026-05-02T10:00:00-05:00", "2026-06-02T10:00:00-05:00"
FAR: Final = "2099-12-31T23:59:59-05:00"
PRICES: Final = {"F-1": "3.00", "F-2": "3.10", "F-3": "3.20", "F-4": "3.30", "F-5": "3.40", "F-6": "9.87"}
"""What each farmer was paid a kilogram of wet beans; F-1 with a premium of a tenth, F-6 by somebody else than the holder."""
CORNER: Final = -76.5123456
"""Of F-1's plot; no public page tells it."""


def ring(west: float) -> list[list[float]]:
    """A square of about 1.22 hectares from its west side."""
    east = round(west + 0.001, 7)
    return [[west, -6.5], [east, -6.5], [east, -6.499], [west, -6.499], [west, -6.5]]


def told(house: House, *bodies: dict[str, Any], org: str = HOLDER) -> list[int]:
    """Commands in the name of an organisation, accepted and shown; their positions."""
    act = Act([COMMANDS.validate_json(orjson.dumps({"id": str(uuid4()), **body})) for body in bodies], "u-test", org, as_of=FAR)
    answers = house.writer.submit(act).result()
    positions = [at for each in answers if isinstance(each, Accepted) for at in each.positions]
    assert len(positions) == len(bodies), answers
    assert house.follower.wait_for(max(positions), 10)
    return positions


def _farmer(at: int, id_: str, kg: str) -> list[dict[str, Any]]:
    shape = {"type": "Polygon", "coordinates": [ring(round(CORNER - at / 100, 7))]}
    where = {"district": "220505", "system": "agroforestry", "planted_at": JAN, "surveyed_at": JAN, "accuracy_m": "3", "area_ha": "1.223"}
    return [
        {"do": "enrol-party", "party_id": id_, "role": "farmer", "name": f"Rosa Tuanama {id_}", "district": "220505", "enrolled_at": JAN},
        {"do": "register-plot", "plot_id": f"P-{at}", "holder_id": id_, "geometry": shape, **where},
        {"do": "record-harvest", "lot_id": f"H-{at}", "plot_id": f"P-{at}", "kg": kg, "from_at": MAY, "to_at": MAY},
    ]


def _buy(lot: str, holder: str, source: str, kg: str, price: str, premium: str | None = None) -> dict[str, Any]:
    step = {"inputs": [{"lot_id": source, "kg": kg}], "kg": kg, "started_at": MAY, "ended_at": MAY}
    return {"do": "buy-lot", "lot_id": lot, "holder_id": holder, "price_pen_kg": price, "premium_pct": premium, **step}


def stuffed(house: House) -> int:
    """Fill and seal the container; the position at which it was opened. F-5 gave 200 kg, the others 100 kg each."""
    for id_, role in (("COOP", "exporter"), ("AG-02", "aggregator"), ("BU-01", "buyer"), ("BU-02", "buyer")):
        organisation(house, id_, role)
    weights = {id_: "200" if id_ == "F-5" else "100" for id_ in PRICES}
    for at, (id_, kg) in enumerate(weights.items(), 1):
        told(house, *_farmer(at, id_, kg), org=OTHER if id_ == "F-6" else HOLDER)
    told(house, _buy("B-6", "AG-02", "H-6", "100", PRICES["F-6"]), org=OTHER)
    mine = [id_ for id_ in PRICES if id_ != "F-6"]
    told(house, *(_buy(f"B-{id_[2:]}", "COOP", f"H-{id_[2:]}", weights[id_], PRICES[id_], "10" if id_ == "F-1" else None) for id_ in mine))
    inputs = [{"lot_id": "C-6", "kg": "100"}, *({"lot_id": f"B-{id_[2:]}", "kg": weights[id_]} for id_ in mine)]
    dried = {"do": "dry-lots", "lot_id": "D-1", "holder_id": "COOP", "inputs": inputs, "kg": "250", "started_at": MAY, "ended_at": MAY}
    opened, *_ = told(
        house,
        {"do": "open-container", "container_no": NUMBER, "holder_id": "COOP", "at": MAY},
        _buy("C-6", "COOP", "B-6", "100", "4.56"),
        dried,
        {"do": "load-lot", "container_no": NUMBER, "at": JUNE, "lot_id": "D-1", "kg": "200", "bags": "4"},
        {"do": "seal-container", "container_no": NUMBER, "at": JUNE, "seal_no": "PE0041207"},
    )
    return opened
