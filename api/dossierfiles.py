"""A dossier as files: data, the boundaries of its plots as GeoJSON, and the entries behind it, each with where its proof is."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import orjson

from api.house import House
from domain.values import bare, plain
from ledger.schema import Connection
from projections.dossier import Dossier, Land, Lot, Purchase, lines

DECIMALS: Final = 6
"""Of degrees in boundaries: a tenth of a metre, and what the EU's deforestation regulation asks for."""
_PARTS: Final = 1_000_000
_NEWLINE: Final = orjson.OPT_APPEND_NEWLINE


def kilos(grams: int) -> str:
    """Grams as kilograms, in decimals as written."""
    return plain(Decimal(grams) / 1000)


def hectares(square_metres: int) -> str:
    """Square metres as hectares, in decimals as written."""
    return plain(Decimal(square_metres) / 10_000)


def part(share: Fraction) -> str:
    """A share to a millionth."""
    return plain(Decimal(round(share * _PARTS)) / _PARTS)


def thousandths(number: int | None) -> str | None:
    """Thousandths as decimals; None stays None."""
    return None if number is None else plain(Decimal(number) / 1000)


def data(it: Dossier) -> bytes:
    """All of a dossier but boundaries and entries, as JSON."""
    said = {
        "container": it.of.container_no, "first": it.of.first, "holder": bare(it.of.holder), "opened_at": it.of.opened_at,
        "seal": it.of.seal_no, "sealed_at": it.of.sealed_at, "destination": it.of.destination, "weight_kg": kilos(it.grams),
        "loaded": [{"lot": bare(lot), "weight_kg": kilos(grams), "bags": bags} for lot, grams, bags in it.loads],
        "plots": [_plot(each) for each in it.plots], "purchases": [_purchase(each) for each in it.purchases],
        "lots": [_lot(each) for each in it.lots], "certificates": [],
    }  # fmt: skip
    return orjson.dumps(said, option=orjson.OPT_INDENT_2 | _NEWLINE)


def _plot(of: Land) -> dict[str, Any]:
    return {
        "plot": bare(of.plot), "farmers": [bare(farmer) for farmer in of.farmers], "share": part(of.share), "district": of.district,
        "area_ha": hectares(of.area_m2), "given_as": of.shape, "accuracy_m": thousandths(of.accuracy_mm), "system": of.system,
        "planted_at": of.planted_at, "surveyed_at": of.surveyed_at,
    }  # fmt: skip


def _purchase(of: Purchase) -> dict[str, Any]:
    return {
        "lot": bare(of.lot), "at": of.at, "seller": bare(of.seller), "buyer": bare(of.buyer), "form": of.form,
        "weight_kg": kilos(of.grams), "price_pen_kg": thousandths(of.price_pen_kg), "premium_pct": thousandths(of.premium),
    }  # fmt: skip


def _lot(of: Lot) -> dict[str, Any]:
    return {
        "lot": bare(of.lot), "form": of.form, "made_by": of.made_by, "made_at": of.ended_at, "weight_kg": kilos(of.grams),
        "share": part(of.share), "entry": of.position,
    }  # fmt: skip


def plots(house: House, conn: Connection, it: Dossier) -> bytes:
    """The plots as GeoJSON (RFC 7946), longitude first; one whose boundary was erased is there without."""
    opened = house.vault.open(conn, [f"plot:{each.plot}" for each in it.plots])
    features = [
        {
            "type": "Feature",
            "geometry": _rounded(found.content.get("geometry")) if (found := opened.get(f"plot:{each.plot}")) else None,
            "properties": _plot(each),
        }
        for each in it.plots
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features}, option=_NEWLINE)


def _rounded(value: Any) -> Any:  # noqa: ANN401 - a geometry, or a part of one
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, DECIMALS) if isinstance(value, float) else value


def history(conn: Connection, it: Dossier, root: str) -> bytes:
    """The entries, one JSON object a line: position, the entry's very text, and the address of its proof."""
    return b"".join(_entries(conn, it, root))


def _entries(conn: Connection, it: Dossier, root: str) -> Iterator[bytes]:
    for position, line in lines(conn, it.entries):
        proof = f"{root}/proofs/{position}.tlog-proof"
        yield orjson.dumps({"position": position, "entry": line.decode(), "proof": proof}, option=_NEWLINE)
