"""Shares are exact: they add up to one, and up is the inverse of down, over any graph of lots."""

from fractions import Fraction

import hypothesis.strategies as st
from hypothesis import given

from projections.lineage import Edge, drawn_into, shares_above, shares_below


@st.composite
def graphs(draw: st.DrawFn) -> list[Edge]:
    """Plots, harvest lots, then lots each made of earlier ones, and one container loaded at several positions."""
    plots = draw(st.integers(1, 4))
    edges = [Edge(f"plot:{at % plots}", f"lot:{at}", draw(st.integers(1, 10**6)), at) for at in range(plots + draw(st.integers(0, 3)))]
    made = [edge.dst for edge in edges]
    for position in range(len(edges), len(edges) + draw(st.integers(0, 8))):
        sources = draw(st.lists(st.sampled_from(made), min_size=1, max_size=4, unique=True))
        edges += [Edge(src, f"lot:{position}", draw(st.integers(1, 10**6)), position) for src in sources]
        made.append(f"lot:{position}")
    last = edges[-1].position
    loads = draw(st.lists(st.sampled_from(made), min_size=1, max_size=4))
    return edges + [Edge(src, "stuffing:C@1", draw(st.integers(1, 10**6)), last + at) for at, src in enumerate(loads, 1)]


def above(node: str, edges: list[Edge]) -> list[Edge]:
    """What `up` reads, by an independent walk."""
    found: set[Edge] = set()
    todo = [node]
    while todo:
        reached = [edge for edge in edges if edge.dst == todo[-1] and edge not in found]
        todo.pop()
        found.update(reached)
        todo += [edge.src for edge in reached]
    return sorted(found, key=lambda edge: -edge.position)


def below(node: str, edges: list[Edge]) -> list[Edge]:
    """What `down` reads: all edges into any node below."""
    nodes, todo = {node}, [node]
    while todo:
        at = todo.pop()
        further = {edge.dst for edge in edges if edge.src == at} - nodes
        nodes |= further
        todo += further
    return sorted((edge for edge in edges if edge.dst in nodes - {node}), key=lambda edge: edge.position)


def by_recursion(node: str, plot: str, edges: list[Edge]) -> Fraction:
    """The definition: a lot's share is its inputs' shares weighted by the grams drawn from each."""
    if node.startswith("plot:"):
        return Fraction(node == plot)
    into = [edge for edge in edges if edge.dst == node]
    return sum((by_recursion(edge.src, plot, edges) * edge.grams for edge in into), Fraction(0)) / sum(edge.grams for edge in into)


@given(graphs())
def test_the_shares_of_the_plots_add_up_to_one(edges: list[Edge]) -> None:
    shares = shares_above("stuffing:C@1", above("stuffing:C@1", edges), "plot:")

    assert sum(shares.values()) == 1


@given(graphs())
def test_up_is_the_inverse_of_down(edges: list[Edge]) -> None:
    shares = shares_above("stuffing:C@1", above("stuffing:C@1", edges), "plot:")

    for plot in {edge.src for edge in edges if edge.src.startswith("plot:")}:
        from_plot = shares_below({plot: Fraction(1)}, below(plot, edges))
        assert from_plot.get("stuffing:C@1", 0) == shares.get(plot, 0) == by_recursion("stuffing:C@1", plot, edges)


@given(graphs())
def test_what_comes_from_all_plots_is_everything(edges: list[Edge]) -> None:
    plots = {edge.src: Fraction(1) for edge in edges if edge.src.startswith("plot:")}

    shares = shares_below(plots, sorted(edges, key=lambda edge: edge.position))

    assert {node: share for node, share in shares.items() if node not in plots} == dict.fromkeys(drawn_into(edges), Fraction(1))


def test_repeated_halving_stays_exact() -> None:
    """Denominators far beyond any float: a lot halved into the next a hundred times beside fresh beans of another plot."""
    edges = [Edge("plot:A", "lot:0", 1, 0)]
    for at in range(1, 101):
        edges += [Edge("plot:B", f"lot:b{at}", 1, 2 * at - 1), Edge(f"lot:{at - 1}" if at > 1 else "lot:0", f"lot:{at}", 1, 2 * at)]
        edges.append(Edge(f"lot:b{at}", f"lot:{at}", 1, 2 * at))

    shares = shares_above("lot:100", sorted(edges, key=lambda edge: -edge.position), "plot:")

    assert shares == {"plot:A": Fraction(1, 2**100), "plot:B": 1 - Fraction(1, 2**100)}
