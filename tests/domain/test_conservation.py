"""Kilograms do not come from nowhere: whatever is asked, what was harvested is on hand, lost, loaded, or gone in a step."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.container import LotLoaded
from domain.lot import HarvestRecorded, LotWrittenOff
from domain.step import Stepped
from domain.values import Refused
from domain.vocabulary import decide, evolve, listens

JUNE, JULY = (f"2026-0{month}-02T10:00:00-05:00" for month in (6, 7))
WISH = st.fixed_dictionaries(
    {
        "do": st.sampled_from(
            ["record-harvest", "buy-lot", "ferment-lots", "dry-lots", "blend-lots", "split-lot", "write-off", "load-lot"]
        ),
        "first": st.integers(0, 20),
        "lots": st.integers(1, 3),
        "thousandths": st.sampled_from([0, 1, 250, 500, 1000, 1000, 1001]),
        "made": st.sampled_from([0, 500, 1000, 1000, 1000, 1001]),
        "alike": st.sampled_from([True, True, True, False]),
    }
)
"""What somebody may want: of lots that are alike (or not), so many thousandths of each, making so many thousandths of all that."""


def kilograms(grams: int) -> str:
    return f"{grams // 1000}.{grams % 1000:03d}"


def body(wish: dict[str, Any], new: str, lots: dict[str, Any]) -> dict[str, Any]:
    """The differences of a command that may or may not be allowed."""
    first = list(lots)[wish["first"] % len(lots)]
    kin = [id_ for id_, lot in lots.items() if not wish["alike"] or (lot.form, lot.holder_id) == (lots[first].form, lots[first].holder_id)]
    at = kin.index(first)
    chosen = (kin[at:] + kin[:at])[
        : 1 if wish["do"] == "split-lot" else max(wish["lots"], 2) if wish["do"] == "blend-lots" else wish["lots"]
    ]
    drawn = {id_: lots[id_].on_hand * wish["thousandths"] // 1000 for id_ in chosen}
    holder = lots[first].holder_id.removeprefix("main/")
    if wish["do"] == "buy-lot":
        holder = "COOP" if holder == "FARMER" else "FARMER"
    if wish["do"] == "record-harvest":
        return {"lot_id": new, "kg": kilograms(wish["thousandths"] * 40)}
    if wish["do"] in ("write-off", "load-lot"):
        return {"lot_id": first, "kg": kilograms(drawn[first])} | ({"loss_id": new} if wish["do"] == "write-off" else {})
    inputs = [{"lot_id": id_, "kg": kilograms(grams)} for id_, grams in drawn.items()]
    if wish["do"] == "blend-lots" and len(inputs) == 1:
        inputs.append({"lot_id": "NOBODYS", "kg": "1"})
    made = kilograms(sum(drawn.values()) * wish["made"] // 1000)
    return {"lot_id": new, "holder_id": holder, "inputs": inputs, "kg": made, "started_at": JUNE}


@given(st.lists(WISH, min_size=5, max_size=25))
def test_kilograms_are_conserved_by_any_sequence(ask: Callable[..., Any], world: Any, wishes: list[dict[str, Any]]) -> None:
    states, left = dict(world), 0
    harvested = sum(state.on_hand for tag, state in states.items() if tag.startswith("lot:"))
    for position, wish in enumerate(wishes, start=100):
        lots = {tag.removeprefix("lot:main/"): state for tag, state in states.items() if tag.startswith("lot:")}
        try:
            fact = decide(ask(wish["do"], body(wish, f"N-{position}", lots)), states, JULY)
        except Refused:
            continue
        for tag in fact.tags(position):
            if not tag.startswith("stuffing:") and fact.model_dump()["kind"] in listens(tag):
                states[tag] = evolve(tag, states.get(tag), fact, position)
        match fact:
            case HarvestRecorded():
                harvested += fact.grams
            case Stepped():
                left += sum(draw.grams for draw in fact.inputs) - fact.grams
            case LotWrittenOff() | LotLoaded():
                left += fact.grams

        on_hand = [state.on_hand for tag, state in states.items() if tag.startswith("lot:")]
        assert sum(on_hand) + left == harvested
        assert min(on_hand) >= 0
