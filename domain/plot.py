"""A plot: a piece of land under cacao, held by one party, with a boundary that is put away."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, WithJsonSchema

from domain.geometry import agrees, cell, in_peru, positions
from domain.party import Party
from domain.values import Command, District, Fact, Id, Key, Moment, Quantity, Refused, Seal, States, found, in_time, new, thousandths

_DEEPEST: Final = 16


def _shallow(geometry: Any, depth: int = _DEEPEST) -> Any:  # noqa: ANN401 - judged by the rules; here only that it ends
    if not depth:
        raise ValueError("wanted a GeoJSON geometry")
    if isinstance(geometry, dict | list):
        for part in geometry.values() if isinstance(geometry, dict) else geometry:
            _shallow(part, depth - 1)
    return geometry


Geometry = Annotated[
    Any, AfterValidator(_shallow), WithJsonSchema({"type": "object", "description": "GeoJSON Polygon or Point, longitude first"})
]


class RegisterPlot(Command):
    """Register a plot by its GeoJSON boundary (or a point up to 4 ha). The geometry is personal: it is put away, never in an entry."""

    personal: ClassVar[frozenset[str]] = frozenset({"geometry"})
    do: Literal["register-plot"] = "register-plot"
    plot_id: Id
    holder_id: Id
    area_ha: Quantity
    district: District
    system: Literal["agroforestry", "full_sun"]
    planted_at: Moment
    surveyed_at: Moment
    accuracy_m: Quantity
    geometry: Geometry

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.holder_id)}", f"plot:{self.key(self.plot_id)}"


class PlotRegistered(Fact):
    """`area_m2` as declared; `cell` the 10-km cell of its middle (south-west corner, hundredths of a degree), as public pages show it."""

    kind: Literal["plot-registered.v1"] = "plot-registered.v1"
    plot_id: Key
    holder_id: Key
    area_m2: int
    district: District
    system: Literal["agroforestry", "full_sun"]
    shape: Literal["polygon", "point"]
    cell: str
    planted_at: Moment
    surveyed_at: Moment
    accuracy_mm: int
    seal: Seal | None = None

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"plot:{self.plot_id}", f"party:{self.holder_id}"]

    def happened(self) -> Moment:
        return self.surveyed_at


@dataclass(frozen=True, slots=True)
class Plot:
    """What is remembered of a plot: who holds it, and since when it is known."""

    tag: ClassVar[str] = "plot"
    holder_id: Key
    surveyed_at: Moment


def evolve(fact: PlotRegistered) -> Plot:
    """What a plot is after it was registered."""
    return Plot(fact.holder_id, fact.surveyed_at)


def decide(command: RegisterPlot, states: States, as_of: Moment) -> PlotRegistered:
    """The fact that answers `command`. Raises Refused."""
    holder_id, key = command.key(command.holder_id), command.key(command.plot_id)
    holder = found(states, Party, holder_id)
    new(states, Plot, key)
    corners = positions(command.geometry)
    in_peru(corners)
    agrees(corners, command.area_ha)
    area, accuracy = thousandths(command.area_ha, "area_ha"), thousandths(command.accuracy_m, "accuracy_m", zero=True)
    if command.planted_at > as_of:
        raise Refused("in-the-future", "planted {found}, later than {allowed}", found=command.planted_at, allowed=as_of)
    in_time((command.surveyed_at,), [("the holder's enrolment", holder.enrolled_at)], as_of)
    return PlotRegistered(
        plot_id=key,
        holder_id=holder_id,
        area_m2=area * 10,
        district=command.district,
        system=command.system,
        shape="point" if len(corners) == 1 else "polygon",
        cell=cell(corners),
        planted_at=command.planted_at,
        surveyed_at=command.surveyed_at,
        accuracy_mm=accuracy,
    )
