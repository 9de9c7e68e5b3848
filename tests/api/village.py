"""Farmers with plots, for tests: enrolled by somebody who works for an organisation."""

from typing import Any
from uuid import uuid4

from starlette.testclient import TestClient

from api.house import House

JUNE = "2026-06-02T10:00:00-05:00"
SQUARE = [[-76.500, -6.500], [-76.499, -6.500], [-76.499, -6.499], [-76.500, -6.499], [-76.500, -6.500]]
"""Of about 1.22 hectares, longitude first."""


def given(browser: TestClient, *bodies: dict[str, Any]) -> None:
    """Commands as one act, by one who works for an organisation, and shown."""
    answer = browser.post("/commands", json={"all": [{"id": str(uuid4()), **body} for body in bodies]})
    assert answer.status_code in (200, 201), answer.text
    app: Any = browser.app
    assert app.state.house.follower.wait_for(size(app.state.house), 10)


def size(house: House) -> int:
    with house.pool.connection() as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    return int(row[0]) if row else -1


def farmer(browser: TestClient, id_: str, name: str, *plots: str) -> None:
    """Enrol a farmer with plots."""
    enrolled = {"do": "enrol-party", "party_id": id_, "role": "farmer", "name": name, "district": "220101", "enrolled_at": JUNE}
    plot = {
        "do": "register-plot", "holder_id": id_, "area_ha": "1.223", "district": "220101", "system": "agroforestry", "planted_at": JUNE,
        "surveyed_at": JUNE, "accuracy_m": "3", "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    }  # fmt: skip
    given(browser, enrolled, *(plot | {"plot_id": each} for each in plots))
