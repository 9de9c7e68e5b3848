"""The way of the beans as a picture, drawn here: columns of bars joined by ribbons, each as wide as its grams; no script, no other host."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

PITCH, BAR, LINE, GAP = 200.0, 12.0, 18.0, 4.0
"""From one column to the next, a bar's width, the height that a label needs, and the room between."""
_TALL: Final = 560.0
"""Height of all grams together."""
_HEAD, _PAD, _FONT = 34.0, 8.0, 12.0
_SIGN: Final = 6.6
"""Width of a sign, on average."""
LONGEST: Final = 26


class Node(NamedTuple):
    """A bar: its column, what stands beside it, what it says at length, where it leads (nowhere: empty), its shade."""

    column: int
    label: str
    title: str
    href: str
    shade: str


class Words(NamedTuple):
    """What the picture says in a language: its title, a description, and a head for each column."""

    title: str
    description: str
    heads: Sequence[str]


class Box(NamedTuple):
    """Where a bar stands, and the box of its label."""

    x: float
    y: float
    height: float
    label: tuple[float, float, float, float]
    text: str


class Ribbon(NamedTuple):
    """A link from one bar's right side to another's left one: the middles of its ends, and its width."""

    start: int
    end: int
    x0: float
    y0: float
    x1: float
    y1: float
    width: float


class Picture(NamedTuple):
    """All bars and ribbons in their places."""

    width: float
    height: float
    boxes: list[Box]
    ribbons: list[Ribbon]


Links = Mapping[tuple[int, int], int]


def laid(nodes: Sequence[Node], links: Links) -> Picture:
    """Bars beside each other by column, in an order in which ribbons cross little; a bar takes at least the height of its label."""
    scale = _TALL / max(1, sum(grams for (start, _), grams in links.items() if nodes[start].column == 0))
    heights = [grams * scale for grams in _weights(len(nodes), links)]
    boxes: dict[int, Box] = {}
    columns = max((node.column for node in nodes), default=0) + 1
    needed = [sum(max(heights[at], LINE) + GAP for at in _of(nodes, column)) for column in range(columns)]
    for column in range(columns):
        y = _HEAD + (max(needed) - needed[column]) / 2
        for at in _ordered(_of(nodes, column), links, boxes, heights):
            slot = max(heights[at], LINE)
            boxes[at] = _box(nodes[at], y + (slot - heights[at]) / 2, heights[at])
            y += slot + GAP
    placed = [boxes[at] for at in range(len(nodes))]
    return Picture(columns * PITCH + _PAD, _HEAD + max(needed, default=0) + _PAD, placed, _ribbons(placed, links, scale))


def _weights(count: int, links: Links) -> list[int]:
    """What passes each bar: what comes in, or goes out where nothing came in."""
    ins, outs = [0] * count, [0] * count
    for (start, end), grams in links.items():
        outs[start] += grams
        ins[end] += grams
    return [max(pair) for pair in zip(ins, outs, strict=True)]


def _of(nodes: Sequence[Node], column: int) -> list[int]:
    return [at for at, node in enumerate(nodes) if node.column == column]


def _ordered(column: list[int], links: Links, boxes: Mapping[int, Box], heights: Sequence[float]) -> list[int]:
    """By the middle of what flows in; the first column by size."""
    drawn: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for (start, end), grams in links.items():
        if start in boxes:
            drawn[end].append((boxes[start].y + boxes[start].height / 2, grams))
    middles = {at: sum(y * grams for y, grams in of) / sum(grams for _, grams in of) for at, of in drawn.items()}
    return sorted(column, key=lambda at: (middles.get(at, 0.0), -heights[at], at))


def _box(node: Node, y: float, height: float) -> Box:
    text = node.label if len(node.label) <= LONGEST else f"{node.label[: LONGEST - 1]}…"
    x = _PAD + node.column * PITCH
    return Box(x, y, height, (x + BAR + 5, y + height / 2 - _FONT / 2 - 1, len(text) * _SIGN, _FONT + 2), text)


def _ribbons(boxes: Sequence[Box], links: Links, scale: float) -> list[Ribbon]:
    """Each link's two ends: ribbons leave and reach a bar in the order of the bars that they join it with."""
    width = {link: grams * scale for link, grams in links.items()}
    leave, reach = [box.y for box in boxes], [box.y for box in boxes]
    starts, ends = {}, {}
    for start, end in sorted(links, key=lambda link: (boxes[link[1]].x, boxes[link[1]].y, link)):
        starts[start, end] = leave[start] + width[start, end] / 2
        leave[start] += width[start, end]
    for start, end in sorted(links, key=lambda link: (boxes[link[0]].x, boxes[link[0]].y, link)):
        ends[start, end] = reach[end] + width[start, end] / 2
        reach[end] += width[start, end]
    return [
        Ribbon(*link, boxes[link[0]].x + BAR, starts[link], boxes[link[1]].x, ends[link], width[link])
        for link in sorted(links, key=lambda link: (-links[link], link))
    ]


def svg(nodes: Sequence[Node], links: Links, words: Words) -> str:
    """The picture as an SVG element, to stand in a page; the same links give the same text."""
    picture = laid(nodes, links)
    wide, tall = f"{picture.width:.0f}", f"{picture.height:.0f}"
    frame = f'viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}" xmlns="http://www.w3.org/2000/svg"'
    heads = (f'<text class="head" x="{_PAD + at * PITCH:.0f}" y="16">{escape(head)}</text>' for at, head in enumerate(words.heads))
    return "".join(
        (
            f'<svg class="flow" role="group" aria-labelledby="flow-title flow-about" {frame}>',
            f'<title id="flow-title">{escape(words.title)}</title><desc id="flow-about">{escape(words.description)}</desc>',
            '<g class="ribbons">',
            *(_ribbon(each, nodes) for each in picture.ribbons),
            "</g>",
            *heads,
            *_bars(nodes, picture.boxes),
            "</svg>",
        )
    )


def _ribbon(of: Ribbon, nodes: Sequence[Node]) -> str:
    middle = (of.x0 + of.x1) / 2
    path = f"M{of.x0:.1f} {of.y0:.2f}C{middle:.1f} {of.y0:.2f} {middle:.1f} {of.y1:.2f} {of.x1:.1f} {of.y1:.2f}"
    return f'<path class="{nodes[of.start].shade}" d="{path}" stroke-width="{of.width:.3f}"/>'


def _bars(nodes: Sequence[Node], boxes: Sequence[Box]) -> Iterator[str]:
    for node, box in zip(nodes, boxes, strict=True):
        bar = f'<rect class="{node.shade}" x="{box.x:.1f}" y="{box.y:.2f}" width="{BAR:.0f}" height="{box.height:.2f}"/>'
        text = f'<text x="{box.label[0]:.1f}" y="{box.label[1] + _FONT - 1:.2f}">{escape(box.text)}</text>'
        told = f"<title>{escape(node.title)}</title>{bar}{text}"
        yield f"<a href={quoteattr(node.href)}>{told}</a>" if node.href else f"<g>{told}</g>"
