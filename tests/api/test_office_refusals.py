"""Every form of the office, with one field after another filled in wrongly: the sentence stands by that field, all else stays as typed."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api import people
from api.house import House
from api.people import operator
from domain.user import GrantRole
from tests.api.people import admitted, organisation, signed_in
from tests.api.village import JUNE, farmer, given, size

BOX = "CSQU3054383"
LONG = "x" * 201
TICKED, WET = ("checkbox", "radio"), ("take-C-1", "take-C-2")
PAGES = [
    "/buy/F-1", "/containers", *(f"/containers/{BOX}/{act}" for act in ("load", "seal", "depart", "sell", "empty")), "/farmers/new",
    "/farmers/F-1", "/farmers/F-1/plots/new", "/land/PL-1", "/pay/F-1", "/pay/F-1?ahead=1", "/people", "/prices", "/stock/S-1",
    *(f"/step/{step}" for step in ("ferment", "dry", "blend", "split", "inspect", "lose")),
    *(f"/nursery/{act}" for act in ("raise", "hand-out", "take-back", "cut", "graft", "count")),
]  # fmt: skip
GOOD = {
    "weighings": "24.5", "corners": "-6.5, -76.5\n-6.5, -76.499\n-6.499, -76.499", "area_ha": "0.611", "document": "45678901",
    "phone": "987654321", "name": "Abel", "container_no": BOX, "destination": "NLRTM", "mother_plot_id": "PL-1", "plot_id": "PL-1",
    "handout_id": "E-1", "lot_id": "C-1", "price_pen_kg": "9.5", "pen": "5", **{f"premium_{row}": f"Aroma {row}" for row in (1, 2, 3)},
}  # fmt: skip
BY_KIND = {"decimal": "1.5", "numeric": "7", "date": "2020-03-01", "datetime-local": "2026-06-02T11:00", "text": "X-1", "textarea": ""}
WRONG = {"decimal": "x", "numeric": "x", "date": "2026-13-40", "datetime-local": "2026-13-40T10:00", "text": LONG, "textarea": "x"}


@dataclass
class Control:
    """What can be filled in or chosen, and what the page says of it."""

    kind: str
    value: str
    of: dict[str, str | None]
    folded: bool
    options: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """The forms of a page by their actions, and the words of its paragraphs by their ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, Control]] = {}
        self.words: dict[str, str] = {}
        self._controls: dict[str, Control] = {}
        self._last = Control("", "", {}, folded=False)
        self._folds: list[bool] = []
        self._paragraph = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        kind = str(of.get("type") or tag)
        match tag:
            case "form":
                self._controls = {} if of.get("method") == "get" else self.forms.setdefault(str(of.get("action")), {})
            case "details":
                self._folds.append("open" not in of)
            case "p":
                self._paragraph = str(of.get("id") or "")
            case "option":
                self._last.options.append(str(of["value"]))
                if self._last.kind == "select" and ("selected" in of or len(self._last.options) == 1):
                    self._last.value = str(of["value"])
            case "input" if kind in TICKED and "checked" not in of:
                self._controls.setdefault(str(of["name"]), Control(kind, "", of, folded=any(self._folds)))
            case "input" | "select" | "textarea":
                kind = str(of.get("inputmode")) if kind == "text" else kind
                self._last = self._controls[str(of["name"])] = Control(kind, str(of.get("value") or ""), of, folded=any(self._folds))

    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self._folds.pop()
        if tag == "p":
            self._paragraph = ""
        if tag == "textarea":
            self._last = Control("", "", {}, folded=False)

    def handle_data(self, data: str) -> None:
        if self._last.kind == "textarea":
            self._last.value += data
        if self._paragraph:
            self.words[self._paragraph] = self.words.get(self._paragraph, "") + data.strip()


@pytest.fixture(scope="module")
def office(fresh_house: House) -> Iterator[TestClient]:
    """Somebody who may do everything in a cooperative that has some of everything."""
    coop = organisation(fresh_house, "COOP")
    organisation(fresh_house, "EX-1", "exporter")
    user = admitted(fresh_house, coop, "administrator")
    for role in ("buyer", "plant", "exporter", "extensionist"):
        people.done(
            fresh_house, operator(fresh_house), GrantRole(id=uuid4(), user_id=user, org_id="COOP", role=role, granted_at=fresh_house.now())
        )
    with ExitStack() as stack:
        browser = stack.enter_context(signed_in(fresh_house, coop, "", user))
        farmer(browser, "F-1", "Nélida Cachique Ruiz", "PL-1")
        given(browser, *THINGS)
        yield browser


def lot(do: str, id_: str, of: str, kg: str, **further: str) -> dict[str, Any]:
    return {"do": do, "lot_id": id_, "holder_id": "COOP", "inputs": [{"lot_id": of, "kg": kg}], "kg": kg, "started_at": JUNE,
            "ended_at": JUNE, **further}  # fmt: skip


THINGS = [
    {"do": "record-harvest", "lot_id": "H-1", "plot_id": "PL-1", "kg": "90", "from_at": JUNE, "to_at": JUNE},
    lot("buy-lot", "C-1", "H-1", "60", price_pen_kg="9"),
    lot("buy-lot", "C-2", "H-1", "30", price_pen_kg="9"),
    lot("ferment-lots", "T-1", "C-1", "40"),
    lot("dry-lots", "S-1", "T-1", "20"),
    {"do": "set-price", "price_id": "PR-1", "holder_id": "COOP", "form": "wet", "price_pen_kg": "9", "valid_from": JUNE,
     "premiums": [{"name": "Aroma", "pct": "10"}]},
    {"do": "open-container", "container_no": BOX, "holder_id": "COOP", "at": JUNE},
    {"do": "raise-seedlings", "nursery_id": "COOP", "nursery_lot_id": "V-1", "species": "plantain", "count": "50", "raised_at": JUNE},
    {"do": "hand-out-seedlings", "handout_id": "E-1", "nursery_lot_id": "V-1", "party_id": "F-1", "plot_id": "PL-1", "count": "5",
     "return_due": "10", "handed_at": JUNE},
]  # fmt: skip


def filled(controls: dict[str, Control]) -> dict[str, str]:
    """A form filled in well: what stands there stays, all wet lots are taken (or all there are), the rest is what it may be."""
    sent = {name: of.value for name, of in controls.items() if of.kind not in (*TICKED, "file")}
    for name, of in controls.items():
        if of.kind == "select":
            sent[name] = of.value or next(filter(None, of.options))
        elif name in sent and not of.value and of.kind != "hidden":
            sent[name] = GOOD.get(name, BY_KIND[of.kind])
    boxes = {name: str(of.of["value"]) for name, of in controls.items() if of.kind in TICKED}
    return sent | ({name: value for name, value in boxes.items() if name in WET} or boxes)


def mistakes(name: str, of: Control) -> list[str]:
    """Wrong things to fill in."""
    wrong = ["nonsense" if of.kind == "select" else WRONG[of.kind]]
    wrong += ["999999"] if name.startswith("kg") else []
    wrong += ["NOWHERE-9"] if "list" in of.of else []
    return wrong + ([""] if "required" in of.of else [])


@pytest.mark.parametrize("page", PAGES)
def test_a_field_filled_in_wrongly_is_told_of_and_the_rest_stays(office: TestClient, fresh_house: House, page: str) -> None:
    forms, before, broken = Forms(office.get(page).text).forms, size(fresh_house), 0

    for action, controls in forms.items():
        for name, of in controls.items():
            if of.kind in ("hidden", "file", *TICKED) or action.endswith(("/find", "/grant")):
                continue
            good = filled(controls)
            if name.startswith(("kg-", "bags-")) and f"take-{name.partition('-')[2]}" not in good:
                continue
            for mistake in mistakes(name, of):
                typed = good | {name: mistake}
                check(office.post(action, data=typed), action, name, typed)
                broken += 1

    assert broken
    assert size(fresh_house) == before


def check(answer: Any, action: str, name: str, typed: dict[str, str]) -> None:
    case, there = (action, name, typed[name][:20]), Forms(answer.text)
    assert answer.status_code == 422, case
    controls = there.forms[action]
    its = controls[name]
    assert f"{name}-wrong" in str(its.of.get("aria-describedby")).split(), (case, {k: v for k, v in there.words.items() if "wrong" in k})
    assert (its.of.get("aria-invalid"), its.folded) == ("true", False), case
    sentence = there.words[f"{name}-wrong"]
    assert len(sentence) > 10, case
    assert its.kind == "select" or not re.search(r"\b[a-z]+_[a-z_]+|inputs|premiums|\bpct\b", sentence), (case, sentence)
    shown = {each: controls[each].value for each in typed if not (each == name and its.kind == "select")}
    assert shown == {each: typed[each] for each in shown}, case


def test_lots_of_which_none_is_marked_are_told_of_where_they_stand(office: TestClient) -> None:
    good = filled(Forms(office.get("/step/ferment").text).forms["/step/ferment"])
    typed = {name: value for name, value in good.items() if not name.startswith("take-")}
    answer = office.post("/step/ferment", data=typed)

    assert answer.status_code == 422
    assert re.search('<fieldset[^>]* id="takes" aria-describedby="takes-wrong"', answer.text)
    assert Forms(answer.text).words["takes-wrong"] == "«Qué lotes»: hay 0, se esperaban al menos 1"


def test_a_map_that_cannot_be_read_is_told_of_at_the_file_and_the_rest_stays(office: TestClient) -> None:
    typed = filled(Forms(office.get("/land/PL-1").text).forms["/land/PL-1/survey"])
    answer = office.post("/land/PL-1/survey", data=typed, files={"map": ("plot.geojson", b"{}", "application/geo+json")})
    controls = Forms(answer.text).forms["/land/PL-1/survey"]

    assert answer.status_code == 422
    assert (controls["map"].of["aria-describedby"], controls["map"].folded) == ("map-wrong", False)
    assert {name: controls[name].value for name in typed} == typed
