"""Kilograms do not come from nowhere: whatever is asked, what was harvested is on hand, lost, loaded, or gone in a step."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.lot import Drawing, HarvestRecorded, Made
from domain.step import Stepped
from domain.values import Refused
from domain.vocabulary import decide, evolve, listens

JULY = "2026-07-02T10:00:00-05:00"
WEIGHT = st.integers(0, 60_000).map(lambda grams: f"{grams / 1000:.3f}")
LOTS = st.lists(st.integers(0, 12), min_size=2, max_size=4, unique=True)
WISHES = st.lists(
    st.tuples(
        st.sampled_from(["record-harvest", "buy-lot", "ferment-lots", "dry-lots", "blend-lots", "split-lot", "write-off", "load-lot"]),
        LOTS,
        st.lists(WEIGHT, min_size=4, max_size=4),
        st.sampled_from(["0", "0.001", "0.5", "1", "1", "1.001"]),
        st.sampled_from(["FARMER", "FARMER", "COOP"]),
    ),
    max_size=30,
)


def wish(do: str, new: int, lots: list[int], weights: list[str], part: str, holder: str) -> dict[str, Any]:
    """Differences of a command that may or may not be allowed."""
    drawn = lots[:1] if do == "split-lot" else lots
    asks = [{"lot_id": f"L-{lot}", "kg": kg} for lot, kg in zip(drawn, weights, strict=False)]
    total = f"{sum(float(ask['kg']) for ask in asks) * float(part):.3f}"
    return {
        "record-harvest": {"lot_id": f"L-{new}", "kg": weights[0]},
        "write-off": {"loss_id": f"X-{new}", "lot_id": f"L-{lots[0]}", "kg": weights[0]},
        "load-lot": {"lot_id": f"L-{lots[0]}", "kg": weights[0]},
    }.get(do, {"lot_id": f"L-{new}", "holder_id": holder, "inputs": asks, "kg": total})


@given(WISHES)
def test_kilograms_are_conserved_by_any_sequence(ask: Callable[..., Any], world: Any, wishes: list[Any]) -> None:
    states = {tag: state for tag, state in world.items() if not tag.startswith("lot:")}
    harvested = left = 0
    for new, (do, *wanted) in enumerate([("record-harvest", [0, 1], ["50.000"], "1", "FARMER")] * 3 + wishes):
        command = ask(do, wish(do, new, *wanted))
        try:
            fact = decide(command, states, JULY)
        except Refused:
            continue
        for tag in fact.tags(new):
            if not tag.startswith("stuffing:") and fact.kind in listens(tag):
                states[tag] = evolve(tag, states.get(tag), fact, new)
        match fact:
            case HarvestRecorded():
                harvested += fact.grams
            case Stepped():
                left += sum(draw.grams for draw in fact.inputs) - fact.grams
            case Drawing():
                left += 0 if isinstance(fact, Made) else fact.grams

        lots = [state.on_hand for tag, state in states.items() if tag.startswith("lot:")]
        assert sum(lots) + left == harvested
        assert min(lots) >= 0
