"""The way of the beans in words: what each bar of the picture is called, and where it leads."""

from decimal import Decimal
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup

from api import sankey
from api.access import Actor
from api.cache import Ask
from api.look import counted, look, said
from api.roles import may_read
from domain.values import bare
from projections.flow import Flow, Group

BALANCE: Final = "/office/balance"
_HEADS: Final = {0: "Farms", 1: "Wet", 2: "Fermented", 3: "Dried", 4: "Blended, split, sold on", 9: "Where they are now"}
_MANY: Final = {
    "plots": ("%(num)s plot", "%(num)s plots"), "from": ("%(num)s seller", "%(num)s sellers"), "lots": ("%(num)s lot", "%(num)s lots"),
    "container": ("%(num)s container", "%(num)s containers"), "sold": ("%(num)s buyer", "%(num)s buyers"),
}  # fmt: skip
_ENDS: Final = {"lost": "lost", "water": "water and pulp"}
_ABOUT: Final = "{kg} kg, from the left to the right: each bar and ribbon is as wide as its kilograms. The table below it says the same."


class Link(NamedTuple):
    """One row of the table beside the picture."""

    start: sankey.Node
    end: sankey.Node
    kg: Decimal


class Way(NamedTuple):
    """The picture, and the same as rows, the largest first."""

    picture: Markup
    links: list[Link]


def way(ask: Ask, who: Actor, of: Flow) -> Way | None:
    """The picture of a flow in the asker's language; None where nothing flowed."""
    if not of.links:
        return None
    weights = {at: max(pair) for at, pair in _passing(of).items()}
    nodes = [_node(ask, who, group, weights.get(at, 0)) for at, group in enumerate(of.groups)]
    whole = sum(grams for (start, _), grams in of.links.items() if of.groups[start].column == 0)
    about = said(ask.language, _ABOUT).format(kg=_number(ask, whole))
    words = sankey.Words(said(ask.language, "The way of the beans"), about, [_head(ask, *column) for column in of.columns])
    drawn = Markup(sankey.svg(nodes, of.links, words))  # noqa: S704 - our own, escaped where it is made
    largest = sorted(of.links.items(), key=lambda link: (-link[1], link[0]))
    return Way(drawn, [Link(nodes[start], nodes[end], Decimal(grams) / 1000) for (start, end), grams in largest])


def _passing(of: Flow) -> dict[int, tuple[int, int]]:
    """Grams into and out of each group."""
    passing: dict[int, tuple[int, int]] = {}
    for (start, end), grams in of.links.items():
        into, out = passing.get(start, (0, 0))
        passing[start] = into, out + grams
        into, out = passing.get(end, (0, 0))
        passing[end] = into + grams, out
    return passing


def _head(ask: Ask, stage: int, depth: int) -> str:
    head = said(ask.language, _HEADS[stage])
    return f"{head} ({depth + 1})" if depth else head


def _number(ask: Ask, grams: int) -> str:
    return look(ask.language).templates.filters["number"](Decimal(grams) / 1000)  # type: ignore[no-any-return]


def _node(ask: Ask, who: Actor, group: Group, grams: int) -> sankey.Node:
    label = _label(ask, group)
    path = _path(who, group)
    lang = ("&" if "?" in path else "?") + urlencode({"lang": ask.language}) if path and ask.chosen else ""
    href = f"{urlsplit(ask.house.settings.base).path}{path}{lang}" if path else ""
    return sankey.Node(group.column, label, f"{label}: {_number(ask, grams)} kg", href, group.form or group.sort)


def _label(ask: Ask, group: Group) -> str:
    match group.sort:
        case "lost" | "water":
            return said(ask.language, _ENDS[group.sort])
        case "on-hand":
            return said(ask.language, "on hand: {beans}").format(beans=said(ask.language, f"{group.form} beans"))
        case "container" if group.key:
            return group.key.partition("@")[0]
        case "sold" if group.key:
            return said(ask.language, "sold to {buyer}").format(buyer=bare(group.key))
    if group.key:
        return bare(group.key)
    many = counted(ask.language, *_MANY[group.sort], group.size) % {"num": group.size}
    shared = " ".join(each for each in (bare(group.holder), group.month) if each)
    return f"{shared} ({many})" if shared else many


def _path(who: Actor, group: Group) -> str:
    """The page of what a group is, or a list of what is in it; nowhere where the role may not read that."""
    match group.sort:
        case "plots" if group.key:
            return f"/land/{bare(group.key)}" if may_read(who.roles, "plots") else ""
        case "plots":
            there = f"/farmers/{bare(group.holder)}" if group.holder else "/farmers"
            return there if may_read(who.roles, "farmers") else ""
        case "container":
            return f"/c/{group.key.replace('@', '/')}" if group.key else f"{BALANCE}?by=container"
        case "on-hand":
            return "/stock"
        case "lots" if group.key:
            return f"/stock/{group.key}"
        case "lots":
            asked = {"form": group.form, "holder": group.holder, "made": group.month}
            return f"{BALANCE}?{urlencode({'by': 'lot', **{name: value for name, value in asked.items() if value}}, safe='/')}"
    return f"{BALANCE}?by=holder"
