"""The picture of the way of the beans: as wide as its grams, everything in its column, and labels that can be read."""

import re
from collections import defaultdict
from itertools import combinations
from xml.etree import ElementTree as ET

import hypothesis.strategies as st
import pytest
from hypothesis import given

from api.sankey import BAR, PITCH, Node, Picture, Words, laid, svg

SVG = "{http://www.w3.org/2000/svg}"
WORDS = Words("The way <of> the beans", "300 kg & more", ["Farms", "Wet", "Now"])
Flow = tuple[list[Node], dict[tuple[int, int], int]]


def node(column: int, at: int) -> Node:
    return Node(column, f"LOT-{at:06}", f"LOT-{at:06}: 1 kg", f"/stock/{at}?lang=es&x", "wet")


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Columns of bars; every gram goes on to a later column until it reaches the last one."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=5))
    nodes = [node(column, at) for column, size in enumerate(sizes) for at in range(size)]
    links: dict[tuple[int, int], int] = defaultdict(int)
    left = [draw(st.integers(1, 10**9)) if each.column == 0 else 0 for each in nodes]
    for at, each in enumerate(nodes):
        later = [to for to, other in enumerate(nodes) if other.column > each.column]
        for to in draw(st.lists(st.sampled_from(later), max_size=3, unique=True)) if later else []:
            part = draw(st.integers(0, left[at]))
            left[at], left[to] = left[at] - part, left[to] + part
            links[at, to] += part
        if later and left[at]:
            links[at, later[-1]] += left[at]
            left[later[-1]] += left[at]
    return nodes, {link: grams for link, grams in links.items() if grams}


@given(flows())
def test_all_ribbons_through_a_cut_are_together_as_wide_as_all_grams(flow: Flow) -> None:
    nodes, links = flow
    picture = laid(nodes, links)
    last = max(each.column for each in nodes)

    for cut in range(last):
        widths = [each.width for each in picture.ribbons if nodes[each.start].column <= cut < nodes[each.end].column]
        assert sum(widths) == pytest.approx(560)


@given(flows())
def test_a_ribbon_is_as_wide_as_its_grams(flow: Flow) -> None:
    nodes, links = flow
    whole = sum(grams for (start, _), grams in links.items() if nodes[start].column == 0)

    for ribbon in laid(nodes, links).ribbons:
        assert ribbon.width == pytest.approx(560 * links[ribbon.start, ribbon.end] / whole)


@given(flows())
def test_ribbons_leave_and_reach_a_bar_beside_each_other_and_fill_it(flow: Flow) -> None:
    nodes, links = flow
    picture = laid(nodes, links)
    for at, box in enumerate(picture.boxes):
        left = sorted((each.y0 - each.width / 2, each.y0 + each.width / 2) for each in picture.ribbons if each.start == at)
        reached = sorted((each.y1 - each.width / 2, each.y1 + each.width / 2) for each in picture.ribbons if each.end == at)
        for side in filter(None, (left, reached)):
            assert side[0][0] == pytest.approx(box.y)
            assert side[-1][1] == pytest.approx(box.y + box.height)
            assert [end for _, end in side[:-1]] == pytest.approx([start for start, _ in side[1:]])


def overlapping(picture: Picture) -> list[tuple[str, str]]:
    """Labels whose boxes share ground."""

    def apart(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        return any(one[axis] + one[axis + 2] <= other[axis] or other[axis] + other[axis + 2] <= one[axis] for axis in (0, 1))

    return [(one.text, other.text) for one, other in combinations(picture.boxes, 2) if not apart(one.label, other.label)]


def season(lots: int) -> Flow:
    """So many lots: most are small purchases, which are fermented, dried and blended few by few."""
    sizes = [lots // 4, lots // 2, lots // 8, lots // 16, lots // 16]
    nodes = [node(column, at) for column, size in enumerate(sizes) for at in range(size)]
    first = [sum(sizes[:column]) for column in range(len(sizes))]
    links = {}
    for column, size in enumerate(sizes[:-1]):
        for at in range(size):
            links[first[column] + at, first[column + 1] + at % sizes[column + 1]] = (at % 7 + 1) * 1000
    return nodes, links


def test_labels_do_not_overlap_at_two_hundred_lots() -> None:
    nodes, links = season(200)
    picture = laid(nodes, links)

    assert len(nodes) == 199
    assert overlapping(picture) == []
    assert all(x >= 0 and x + width <= picture.width and y >= 0 and y + height <= picture.height
               for x, y, width, height in (box.label for box in picture.boxes))  # fmt: skip
    assert all(box.label[0] + box.label[2] <= box.x + PITCH for box in picture.boxes)


@given(flows())
def test_labels_overlap_in_no_picture_and_stand_beside_their_bars(flow: Flow) -> None:
    picture = laid(*flow)

    assert overlapping(picture) == []
    assert all(box.x + BAR < box.label[0] for box in picture.boxes)
    assert all(box.label[1] < box.y + box.height / 2 < box.label[1] + box.label[3] for box in picture.boxes)


def test_a_long_label_is_cut_and_told_whole() -> None:
    long = Node(0, "cooperativa 2026-05 (1 234 lotes)", "cooperativa 2026-05 (1 234 lotes): 1 kg", "", "wet")
    drawn = svg([long, node(1, 1)], {(0, 1): 5}, WORDS)

    assert laid([long, node(1, 1)], {(0, 1): 5}).boxes[0].text == "cooperativa 2026-05 (1 23…"
    assert "cooperativa 2026-05 (1 234 lotes): 1 kg" in drawn


def read(drawing: str) -> ET.Element:
    return ET.fromstring(drawing)  # noqa: S314 - our own drawing


def test_the_drawing_says_what_it_shows_and_every_bar_leads_on() -> None:
    nodes, links = season(32)
    drawn = svg(nodes, links, WORDS)
    tree = read(drawn)
    told = {each.get("id"): each.text for each in tree if each.get("id")}

    assert told == {"flow-title": WORDS.title, "flow-about": WORDS.description}
    assert (tree.get("aria-labelledby") or "").split() == list(told)
    assert [link.get("href") for link in tree.iter(f"{SVG}a")] == [each.href for each in nodes]
    assert [link.findtext(f"{SVG}title") for link in tree.iter(f"{SVG}a")] == [each.title for each in nodes]
    assert len(tree.findall(f".//{SVG}g[@class='ribbons']/{SVG}path")) == len(links)
    assert [head.text for head in tree.iter(f"{SVG}text") if head.get("class") == "head"] == ["Farms", "Wet", "Now"]
    assert svg(nodes, dict(reversed(links.items())), WORDS) == drawn
    assert not re.search(r"(?i)<script|style=|url\(|on[a-z]+=", drawn)


def test_a_bar_without_a_page_leads_nowhere() -> None:
    tree = read(svg([node(0, 1)._replace(href=""), node(1, 2)], {(0, 1): 5}, WORDS))

    assert len(list(tree.iter(f"{SVG}a"))) == 1
    assert len(list(tree.iter(f"{SVG}rect"))) == 2
