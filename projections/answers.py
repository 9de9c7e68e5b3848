"""The answers of a book: lots, containers, plots and totals in the shapes of a season folder's `expected/`."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from ledger.schema import Connection
from projections.lineage import up
from projections.shares import Shares, bare

Answer = dict[str, Any]
_FILES = {
    "parties.csv": "SELECT count(*) FROM views.parties WHERE book = %s",
    "plots.geojson": "SELECT count(*) FROM views.plots WHERE book = %s",
    "nursery_lots.csv": "SELECT count(*) FROM views.nursery_lots WHERE split_part(nursery_lot, '/', 1) = %s",
    "budwood.csv": "SELECT count(*) FROM views.budwood WHERE split_part(budwood, '/', 1) = %s",
    "handouts.csv": "SELECT count(*) FROM views.handouts WHERE split_part(handout, '/', 1) = %s",
    "returns.csv": "SELECT count(*) FROM views.returns WHERE split_part(return, '/', 1) = %s",
    "grafts.csv": "SELECT count(*) FROM views.grafts WHERE split_part(graft, '/', 1) = %s",
    "graft_counts.csv": "SELECT count(*) FROM views.graft_counts WHERE split_part(graft, '/', 1) = %s",
    "harvests.csv": "SELECT count(*) FROM views.lots WHERE book = %s AND plot IS NOT NULL",
    "steps.csv": "SELECT count(*) FROM views.lots WHERE book = %s AND plot IS NULL",
    "inspections.csv": "SELECT count(*) FROM views.inspections WHERE split_part(lot, '/', 1) = %s",
    "losses.csv": "SELECT count(*) FROM views.losses WHERE split_part(lot, '/', 1) = %s",
}
_CONTAINER_ROWS = """SELECT sum(1 + (sealed_at IS NOT NULL)::int + (departed_at IS NOT NULL)::int + (sold_at IS NOT NULL)::int
 + (emptied_at IS NOT NULL)::int) + (SELECT count(*) FROM views.loads l JOIN views.containers c USING (stuffing) WHERE c.book = %(book)s)
 FROM views.containers WHERE book = %(book)s"""
_ON_HAND = "coalesce((SELECT sum(e.grams) FROM views.edges e WHERE e.src = 'lot:' || l.lot), 0)"


def kg(grams: float | Fraction | None) -> float | int | None:
    """Kilograms of grams, for people's eyes; a whole number stays one."""
    if grams is None:
        return None
    value = round(float(Fraction(grams) / 1000), 9)
    return int(value) if value.is_integer() else value


def rounded(shares: dict[str, Fraction]) -> dict[str, float]:
    """Shares for people's eyes: nine decimals, in the order of their names."""
    return {name: round(float(share), 9) for name, share in sorted(shares.items())}


def lots(conn: Connection, book: str, shares: Shares) -> Iterator[tuple[str, Answer]]:
    """Every lot of a book."""
    found = conn.execute(
        f"SELECT lot, grams, grams - {_ON_HAND}, form, holder, ended_at FROM views.lots l WHERE book = %s ORDER BY lot", (book,)
    )
    for lot, grams, left, form, holder, ended_at in found:
        yield (
            str(bare(lot)),
            {
                "kg": kg(grams),
                "on_hand": kg(left),
                "form": form,
                "holder": bare(holder),
                "ended_at": ended_at,
                "plots": rounded(shares.of(lot)),
            },
        )


def containers(conn: Connection, book: str) -> Iterator[tuple[str, Answer]]:
    """The latest stuffing of every container that a party of the book opened."""
    found = conn.execute(
        "SELECT DISTINCT ON (container_no) container_no, stuffing, seal_no, holder, buyer, sealed_at FROM views.containers"
        " WHERE book = %s ORDER BY container_no, first DESC",
        (book,),
    ).fetchall()
    for number, node, seal, holder, buyer, sealed_at in found:
        loaded, bags = _one(
            conn, "SELECT coalesce(sum(grams), 0)::int8, coalesce(sum(bags), 0)::int8 FROM views.loads WHERE stuffing = %s", node
        )
        yield (
            number,
            {
                "kg": kg(loaded),
                "bags": bags,
                "seal": seal,
                "holder": bare(holder),
                "buyer": bare(buyer),
                "sealed_at": sealed_at,
                "plots": rounded(origins(conn, node)),
                **about_plots(conn, node),
                "lots": sorted({str(bare(edge.src)) for edge in up(conn, [node]) if edge.src.startswith("lot:")}),
            },
        )


def origins(conn: Connection, node: str) -> dict[str, Fraction]:
    """Plot (bare) -> exact share, of a stuffing."""
    found = conn.execute(
        "SELECT o.plot, o.parts, c.whole FROM views.origins o JOIN views.containers c USING (stuffing) WHERE stuffing = %s", (node,)
    )
    return {str(bare(plot)): Fraction(int(parts), int(whole)) for plot, parts, whole in found}


def about_plots(conn: Connection, node: str) -> Answer:
    """Farmers, hectares, districts and clones of a stuffing's plots."""
    farmers, square_metres, districts = _one(
        conn,
        "SELECT count(DISTINCT holder), coalesce(sum(area_m2), 0)::int8, coalesce(array_agg(DISTINCT district ORDER BY district), '{}')"
        " FROM views.origins JOIN views.plots USING (plot) WHERE stuffing = %s",
        node,
    )
    (clones,) = _one(
        conn,
        "SELECT coalesce(array_agg(DISTINCT clone ORDER BY clone), '{}') FROM views.origins"
        " JOIN views.grafts USING (plot) WHERE stuffing = %s",
        node,
    )
    return {"farmers": farmers, "hectares": square_metres / 10_000, "districts": districts, "clones": clones}


def _one(conn: Connection, query: str, *values: Any) -> Any:  # noqa: ANN401 - a row
    return conn.execute(query, values).fetchone()


def plots(conn: Connection, book: str, shares: Shares) -> Iterator[tuple[str, Answer]]:
    """Every plot of a book: what was planted, grafted, harvested and sold, and where its beans went."""
    sold, shipped = _sold(conn, shares), _shipped(conn)
    planted, returned, grafted = _planted(conn), _returned(conn), _grafted(conn)
    harvested: dict[str, int] = dict(
        conn.execute("SELECT plot, sum(grams)::int8 FROM views.lots WHERE plot IS NOT NULL GROUP BY plot").fetchall()
    )
    for plot, holder, area in conn.execute(
        "SELECT plot, holder, area_m2 FROM views.plots WHERE book = %s ORDER BY plot", (book,)
    ).fetchall():
        seedlings, due = planted.get(plot, ({}, 0))
        yield (
            str(bare(plot)),
            {
                "holder": bare(holder),
                "area_ha": area / 10_000,
                "seedlings": seedlings,
                "returns_due": due,
                "returned": returned.get(plot, 0),
                **grafted.get(plot, {"grafted": 0, "alive": 0, "clones": {}, "mothers": []}),
                "harvested_kg": kg(harvested.get(plot, 0)),
                "sold_kg": kg(sold.get(str(bare(plot)), 0)),
                "containers": {number: kg(grams) for number, grams in sorted(shipped.get(plot, {}).items())},
            },
        )


def _sold(conn: Connection, shares: Shares) -> dict[str, Fraction]:
    """Grams sold by farmers, by plot, as weighed at the sale."""
    sold: dict[str, Fraction] = defaultdict(Fraction)
    for src, grams in conn.execute(
        "SELECT e.src, e.grams FROM views.lots l JOIN views.parties p ON p.party = l.seller JOIN views.edges e ON e.dst = 'lot:' || l.lot"
        " WHERE p.role = 'farmer'"
    ):
        for plot, share in shares.of(src.removeprefix("lot:")).items():
            sold[plot] += share * grams
    return sold


def _shipped(conn: Connection) -> dict[str, dict[str, Fraction]]:
    """Plot -> container -> grams loaded, by share, of each container's latest stuffing."""
    shipped: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for plot, number, parts, whole, grams in conn.execute(
        "SELECT o.plot, c.container_no, o.parts, c.whole, (SELECT sum(grams) FROM views.loads l WHERE l.stuffing = c.stuffing)::int8"
        " FROM (SELECT DISTINCT ON (container_no) * FROM views.containers ORDER BY container_no, first DESC) c"
        " JOIN views.origins o USING (stuffing)"
    ):
        shipped[plot][number] = Fraction(int(parts), int(whole)) * grams
    return shipped


def _planted(conn: Connection) -> dict[str, tuple[dict[str, int], int]]:
    planted: dict[str, tuple[dict[str, int], int]] = {}
    for plot, species, count, due in conn.execute(
        "SELECT plot, species, sum(count)::int8, sum(return_due)::int8 FROM views.handouts GROUP BY plot, species ORDER BY plot, species"
    ):
        seedlings, owed = planted.get(plot, ({}, 0))
        planted[plot] = ({**seedlings, species: count}, owed + due)
    return planted


def _returned(conn: Connection) -> dict[str, int]:
    return dict(
        conn.execute("SELECT plot, sum(r.count)::int8 FROM views.returns r JOIN views.handouts USING (handout) GROUP BY plot").fetchall()
    )


def _grafted(conn: Connection) -> dict[str, Answer]:
    grafted: dict[str, Answer] = {}
    for plot, clone, mother, buds, alive in conn.execute(
        "SELECT g.plot, g.clone, g.mother_plot, g.grafted, coalesce((SELECT alive FROM views.graft_counts c WHERE c.graft = g.graft"
        " ORDER BY counted_at DESC LIMIT 1), 0) FROM views.grafts g ORDER BY g.clone"
    ):
        of = grafted.setdefault(plot, {"grafted": 0, "alive": 0, "clones": {}, "mothers": []})
        of["grafted"] += buds
        of["alive"] += alive
        of["clones"][clone] = of["clones"].get(clone, 0) + buds
        of["mothers"] = sorted({*of["mothers"], str(bare(mother))})
    return grafted


def totals(conn: Connection, book: str) -> Answer:
    """Sums of a book."""
    rows = {name: _one(conn, query, book)[0] for name, query in _FILES.items()}
    rows["containers.csv"] = int(conn.execute(_CONTAINER_ROWS, {"book": book}).fetchone()[0] or 0)  # type: ignore[index]
    hand: dict[str, int] = dict(
        conn.execute(f"SELECT form, sum(grams - {_ON_HAND})::int8 FROM views.lots l WHERE book = %s GROUP BY form", (book,)).fetchall()
    )
    return {
        "rows": rows,
        "harvested_kg": kg(_sum(conn, "SELECT sum(grams) FROM views.lots WHERE book = %s AND plot IS NOT NULL", book)),
        "bought_kg": kg(
            _sum(
                conn,
                "SELECT sum(grams) FROM views.lots l JOIN views.parties p ON p.party = l.seller WHERE l.book = %s AND p.role = 'farmer'",
                book,
            )
        ),
        "lost_kg": kg(_sum(conn, "SELECT sum(grams) FROM views.losses WHERE split_part(lot, '/', 1) = %s", book)),
        "loaded_kg": kg(_sum(conn, "SELECT sum(grams) FROM views.loads WHERE split_part(lot, '/', 1) = %s", book)),
        "on_hand_kg": {form: kg(hand.get(form, 0)) for form in ("wet", "fermented", "dry")},
        "hectares": _sum(conn, "SELECT sum(area_m2) FROM views.plots WHERE book = %s", book) / 10_000,
        "farmers": _sum(conn, "SELECT count(*) FROM views.parties WHERE book = %s AND role = 'farmer'", book),
        "women": _sum(conn, "SELECT count(*) FROM views.parties WHERE book = %s AND role = 'farmer' AND sex = 'F'", book),
    }


def _sum(conn: Connection, query: str, book: str) -> int:
    return int(_one(conn, query, book)[0] or 0)
