"""`cacao trace` at the terminal: the tree both ways, with grams and shares."""

from dataclasses import asdict
from fractions import Fraction
from typing import Any

from rich.tree import Tree

from api import terminal
from api.house import House
from domain.values import bare, kilograms
from projections.trace import Part, Trace, Unknown, trace

SHOWN = 40


def show(house: House, sort: Any, id_: str, at: int | None = None, *, as_json: bool) -> int:  # noqa: ANN401 - checked by the caller
    """Print the tree of a thing, now or as the record stood at a position; exit code 1 where it is unknown."""
    key = id_ if sort in ("container", "clone") or "/" in id_ else f"main/{id_}"
    try:
        with house.pool.connection() as conn:
            found = trace(conn, sort, key, at)
    except Unknown as unknown:
        terminal.say(f"cacao: {unknown}")
        return 1
    if as_json:
        terminal.data(as_data(found))
    else:
        terminal.out.print(_tree(found))
    return 0


def as_data(found: Trace) -> dict[str, Any]:
    """The whole trace as JSON: exact shares as fractions, grams rounded to thousandths of a gram beside them."""
    return {
        "sort": found.sort,
        "id": found.id,
        "position": found.position,
        "up": {"parts": [_part(part) for part in found.up], "edges": [edge[:3] for edge in found.up_edges]},
        "down": {"parts": [_part(part) for part in found.down], "edges": [edge[:3] for edge in found.down_edges]},
        "grafts": [asdict(graft) for graft in found.grafts],
    }


def _part(part: Part) -> dict[str, Any]:
    return {"node": part.node, "share": str(part.share), "share_rounded": round(float(part.share), 9), "grams": round(float(part.grams), 3)}


def _tree(found: Trace) -> Tree:
    tree = Tree(f"[bold]{found.sort} {bare(found.id)}[/] at position {found.position:,}")
    for way, parts in (("up: made of", found.up), ("down: went into", found.down)):
        for prefix, name in (("plot:", "plots"), ("lot:", "lots"), ("stuffing:", "containers")):
            if of := [part for part in parts if part.node.startswith(prefix)]:
                _branch(tree, f"{way} {len(of):,} {name}", of)
    if found.grafts:
        branch = tree.add(f"grafts: {', '.join(sorted({graft.clone for graft in found.grafts}))}")
        for graft in found.grafts[:SHOWN]:
            branch.add(
                f"{graft.grafted} buds of {graft.clone} on plot {bare(graft.plot)},"
                f" from mother plot {bare(graft.mother_plot)} ({bare(graft.budwood)})"
            )
        _more(branch, len(found.grafts))
    return tree


def _branch(tree: Tree, title: str, parts: list[Part]) -> None:
    branch = tree.add(title)
    for part in parts[:SHOWN]:
        branch.add(f"{_name(part.node)}  {_percent(part.share)}  {kilograms(round(part.grams))}")
    _more(branch, len(parts))


def _more(branch: Tree, count: int) -> None:
    if count > SHOWN:
        branch.add(f"and {count - SHOWN:,} more: --json prints all")


def _name(node: str) -> str:
    return bare(node.partition(":")[2]).partition("@")[0]


def _percent(share: Fraction) -> str:
    return f"{float(share) * 100:.3f} %"
