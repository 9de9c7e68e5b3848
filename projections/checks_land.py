"""Checks of what land can give: by year, by day, and by whether two holders claim the same ground."""

from typing import Final

from domain.geometry import Outline, overlaps, positions
from ledger.schema import Connection
from ledger.vault import Vault
from projections.balance import MINE, read_all
from projections.findings import A_DAY, DRY_PERMILLE, POSSIBLE_KG, Finding, bare, kg

_SQUARE_METRES: Final = 10_000
_YEARS: Final = f"""SELECT l.plot, left(l.ended_at, {{length}}) AS time, sum(l.grams)::int8 AS grams, p.area_m2,
 array_agg(l.position ORDER BY l.position) FROM {{schema}}.lots l JOIN views.plots p ON p.plot = l.plot
 WHERE {MINE} GROUP BY l.plot, time, p.area_m2
 HAVING sum(l.grams) * {DRY_PERMILLE} * {_SQUARE_METRES} * {{parts}} > {POSSIBLE_KG} * 1000000::numeric * p.area_m2
 ORDER BY sum(l.grams) / p.area_m2 DESC, l.plot, time"""


def yields_of_plots(conn: Connection, org: str | None, schema: str = "views") -> list[Finding]:
    """Plots that gave more in a calendar year than a hectare can: beans of elsewhere may run under their name, or their area is wrong."""
    rows = read_all(conn, _YEARS.format(schema=schema, length=4, parts=1), org=org)
    said = "plot {plot} gave {found} kg of dry beans a hectare in {season} (wet ones taken as {factor}); {usual} kg are possible"
    return [
        Finding(
            "yield", (("plot", plot),), said,
            {
                "plot": bare(plot), "season": year, "factor": f"0.{DRY_PERMILLE}".rstrip("0"), "usual": f"{POSSIBLE_KG:,}",
                "found": f"{round(grams * DRY_PERMILLE * _SQUARE_METRES / (area * 1_000_000)):,}",
            },
            tuple(at),
        )
        for plot, year, grams, area, at in rows
    ]  # fmt: skip


def _a_day() -> str:
    return f"{round(POSSIBLE_KG * 1000 / DRY_PERMILLE / A_DAY):,}"


def picked(conn: Connection, org: str | None, schema: str = "views") -> list[Finding]:
    """Plots on which more was picked in a day than a fifth of what a hectare gives in its best year."""
    rows = read_all(conn, _YEARS.format(schema=schema, length=10, parts=A_DAY), org=org)
    said = "{found} kg of wet beans a hectare were picked on plot {plot} on {day}: {kg} kg; at most {usual} kg a hectare can be picked"
    return [
        Finding(
            "picked", (("plot", plot),), said,
            {
                "plot": bare(plot), "day": day, "kg": kg(grams), "found": f"{round(grams * _SQUARE_METRES / (area * 1000)):,}",
                "usual": _a_day(),
            },
            tuple(at),
        )
        for plot, day, grams, area, at in rows
    ]  # fmt: skip


_BOUGHT: Final = f"""SELECT holder, seller, day, sum(grams)::int8,
 (sum(area_m2) FILTER (WHERE nth = 1))::int8, array_agg(DISTINCT position ORDER BY position) FROM (
 SELECT l.holder, l.seller, left(l.ended_at, 10) AS day, h.plot, p.area_m2, e.grams, l.position,
  row_number() OVER (PARTITION BY l.holder, l.seller, left(l.ended_at, 10), h.plot) AS nth
 FROM {{schema}}.lots l JOIN {{schema}}.edges e ON e.dst = 'lot:' || l.lot JOIN {{schema}}.lots h ON h.lot = substr(e.src, 5)
 JOIN views.plots p ON p.plot = h.plot WHERE l.made_by = 'lot-bought.v1' AND {MINE}) AS bought
 GROUP BY holder, seller, day
 HAVING sum(grams) * {DRY_PERMILLE} * {_SQUARE_METRES} * {A_DAY} > {POSSIBLE_KG} * 1000000::numeric * sum(area_m2) FILTER (WHERE nth = 1)
 ORDER BY day, holder, seller"""


def bought(conn: Connection, org: str | None, schema: str = "views") -> list[Finding]:
    """Wet beans that a buyer took from one farmer in a day, beyond what the plots they came from give in a day: wet beans do not keep."""
    said = "{buyer} bought {kg} kg of wet beans of {seller} on {day}: {found} kg a hectare of their plots; at most {usual} can be picked"
    rows = read_all(conn, _BOUGHT.format(schema=schema), org=org)
    return [
        Finding(
            "bought", (("party", seller), ("party", buyer)), said,
            {
                "buyer": bare(buyer), "seller": bare(seller), "day": day, "kg": kg(grams), "usual": _a_day(),
                "found": f"{round(grams * _SQUARE_METRES / (area * 1000)):,}",
            },
            tuple(at),
        )
        for buyer, seller, day, grams, area, at in rows
    ]  # fmt: skip


_PLOTS: Final = """SELECT plot, holder, accuracy_mm, position FROM views.plots
 WHERE %(org)s::text IS NULL OR org = %(org)s OR holder = %(org)s ORDER BY plot"""


def overlapping(conn: Connection, org: str | None, vault: Vault) -> list[Finding]:
    """Plots of two holders that claim the same ground, deeper than their surveys' accuracies: one of them is wrong, or counted twice.

    Boundaries are opened in memory, as far as the asker may see them, and are not told.
    """
    plots = {plot: rest for plot, *rest in read_all(conn, _PLOTS, org=org)}
    opened = vault.open(conn, [f"plot:{plot}" for plot in plots])
    outlines = [
        Outline(plot, positions(of.content["geometry"]), plots[plot][1] / 1000)
        for tag, of in opened.items()
        if (plot := tag.removeprefix("plot:")) in plots
    ]
    found = [each for each in overlaps(sorted(outlines)) if plots[each.one][0] != plots[each.other][0]]
    return [
        Finding(
            "overlap", (("plot", each.one), ("plot", each.other)),
            "plots {one} of {holder} and {other} of {neighbour} overlap by {found} m² ({share} % of the smaller one): more than their"
            " surveys can err" if each.square_metres
            else "the point of plot {one} of {holder} lies within plot {other} of {neighbour}",
            {
                "one": bare(each.one), "other": bare(each.other), "holder": bare(plots[each.one][0]),
                "neighbour": bare(plots[each.other][0]), "found": f"{round(each.square_metres):,}", "share": f"{each.share * 100:.0f}",
            },
            tuple(sorted((plots[each.one][2], plots[each.other][2]))),
        )
        for each in sorted(found, key=lambda each: (-each.square_metres, each.one, each.other))
    ]  # fmt: skip
