"""A plot: a piece of land under cacao, held by one party, with a boundary that is put away; surveyed again, and passed on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final, Literal, assert_never

from pydantic import AfterValidator, WithJsonSchema

from domain.geometry import agrees, cell, in_peru, positions
from domain.party import Party
from domain.values import (
    Command,
    District,
    Fact,
    Id,
    Key,
    Moment,
    Quantity,
    Refused,
    Sealed,
    States,
    bare,
    found,
    in_time,
    new,
    thousandths,
)

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


class _Survey(Command):
    """A GeoJSON boundary (or a point up to 4 ha) is personal: it is put away, never in an entry."""

    personal: ClassVar[frozenset[str]] = frozenset({"geometry"})
    plot_id: Id
    area_ha: Quantity
    surveyed_at: Moment
    accuracy_m: Quantity
    geometry: Geometry


class RegisterPlot(_Survey):
    """Register a plot by its first survey. Its GeoJSON boundary (or a point up to 4 ha) is personal: put away, never in an entry."""

    do: Literal["register-plot"] = "register-plot"
    holder_id: Id
    district: District
    system: Literal["agroforestry", "full_sun"]
    planted_at: Moment

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.holder_id)}", f"plot:{self.key(self.plot_id)}"


class ResurveyPlot(_Survey):
    """Survey a plot again. Its GeoJSON boundary (or a point up to 4 ha) is personal: put away, never in an entry."""

    do: Literal["resurvey-plot"] = "resurvey-plot"

    def reads(self) -> Iterable[str]:
        return (f"plot:{self.key(self.plot_id)}",)


class TransferPlot(Command):
    """Pass a plot on to another holder: it was sold, inherited or leased."""

    do: Literal["transfer-plot"] = "transfer-plot"
    plot_id: Id
    to_id: Id
    transferred_at: Moment

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.to_id)}", f"plot:{self.key(self.plot_id)}"


PlotCommand = RegisterPlot | ResurveyPlot | TransferPlot


class _Surveyed(Sealed):
    """`area_m2` as declared; `cell` the 10-km cell of its middle (south-west corner, hundredths of a degree), as public pages show it."""

    plot_id: Key
    holder_id: Key
    area_m2: int
    shape: Literal["polygon", "point"]
    cell: str
    surveyed_at: Moment
    accuracy_mm: int

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"plot:{self.plot_id}", f"party:{self.holder_id}"]

    def happened(self) -> Moment:
        return self.surveyed_at


class PlotRegistered(_Surveyed):
    kind: Literal["plot-registered.v1"] = "plot-registered.v1"
    district: District
    system: Literal["agroforestry", "full_sun"]
    planted_at: Moment

    def under(self) -> str:
        return f"party:{self.holder_id}"


class PlotResurveyed(_Surveyed):
    kind: Literal["plot-resurveyed.v1"] = "plot-resurveyed.v1"

    def under(self) -> str:
        return f"plot:{self.plot_id}"


class PlotTransferred(Fact):
    """`subject` is the new holder's, under which later surveys are put away."""

    kind: Literal["plot-transferred.v1"] = "plot-transferred.v1"
    plot_id: Key
    from_id: Key
    to_id: Key
    transferred_at: Moment
    subject: str | None

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"plot:{self.plot_id}", f"party:{self.from_id}", f"party:{self.to_id}"]

    def happened(self) -> Moment:
        return self.transferred_at


@dataclass(frozen=True, slots=True)
class Plot:
    """What is remembered of a plot: who holds it, their subject, since when it is known, and when it was last passed on."""

    tag: ClassVar[str] = "plot"
    holder_id: Key
    surveyed_at: Moment
    subject: str | None = None
    transferred_at: Moment | None = None

    def origins(self) -> list[tuple[str, Moment]]:
        """Before these the holder had no plot: what a time may not precede."""
        passed_on = [] if self.transferred_at is None else [("the transfer of the plot", self.transferred_at)]
        return [("the plot's survey", self.surveyed_at), *passed_on]


PlotFact = PlotRegistered | PlotResurveyed | PlotTransferred


def evolve(plot: Plot | None, fact: PlotFact) -> Plot | None:
    """What a plot is after `fact`; its first survey stays its origin."""
    match fact:
        case PlotRegistered():
            return Plot(fact.holder_id, fact.surveyed_at, fact.seal.subject if fact.seal else None)
        case PlotResurveyed():
            return plot
        case PlotTransferred():
            return plot and replace(plot, holder_id=fact.to_id, subject=fact.subject, transferred_at=fact.transferred_at)
        case _:
            assert_never(fact)


def decide(command: PlotCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case RegisterPlot():
            return _register(command, states, as_of)
        case ResurveyPlot():
            return _resurvey(command, states, as_of)
        case TransferPlot():
            return _transfer(command, states, as_of)
        case _:
            assert_never(command)


def _surveyed(command: RegisterPlot | ResurveyPlot, holder_id: Key) -> dict[str, Any]:
    """What a survey found, judged."""
    corners = positions(command.geometry)
    in_peru(corners)
    agrees(corners, command.area_ha)
    return {
        "plot_id": command.key(command.plot_id),
        "holder_id": holder_id,
        "area_m2": thousandths(command.area_ha, "area_ha") * 10,
        "shape": "point" if len(corners) == 1 else "polygon",
        "cell": cell(corners),
        "surveyed_at": command.surveyed_at,
        "accuracy_mm": thousandths(command.accuracy_m, "accuracy_m", zero=True),
    }


def _register(command: RegisterPlot, states: States, as_of: Moment) -> PlotRegistered:
    holder_id, key = command.key(command.holder_id), command.key(command.plot_id)
    holder = found(states, Party, holder_id)
    new(states, Plot, key)
    found_there = _surveyed(command, holder_id)
    if command.planted_at > as_of:
        raise Refused("in-the-future", "planted {found}, later than {allowed}", found=command.planted_at, allowed=as_of)
    in_time((command.surveyed_at,), [("the holder's enrolment", holder.enrolled_at)], as_of)
    return PlotRegistered(**found_there, district=command.district, system=command.system, planted_at=command.planted_at)


def _resurvey(command: ResurveyPlot, states: States, as_of: Moment) -> PlotResurveyed:
    plot = found(states, Plot, command.key(command.plot_id))
    found_there = _surveyed(command, plot.holder_id)
    in_time((command.surveyed_at,), [("the plot's survey", plot.surveyed_at)], as_of)
    return PlotResurveyed(**found_there)


def _transfer(command: TransferPlot, states: States, as_of: Moment) -> PlotTransferred:
    to_id, key = command.key(command.to_id), command.key(command.plot_id)
    to, plot = found(states, Party, to_id), found(states, Plot, key)
    in_time((command.transferred_at,), [("the holder's enrolment", to.enrolled_at), *plot.origins()], as_of)
    if plot.holder_id == to_id:
        raise Refused("already", "plot {plot} is held by {holder} already", plot=command.plot_id, holder=bare(to_id))
    return PlotTransferred(plot_id=key, from_id=plot.holder_id, to_id=to_id, transferred_at=command.transferred_at, subject=to.subject)
