"""The parts of a page that are of one label: made once for all labels of a printing of which the same may be said, then filled in."""

from dataclasses import replace
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from api.cache import Ask
from api.known import Place
from api.lately import Lately
from api.look import Language, look
from api.shown import GAP, told
from api.verdict import Known, grouped, verdict
from labels.link import label_link
from labels.signed import BadLabel, Claims
from projections.labels import Label

_MADE: Final[Lately["Parts"]] = Lately(2.0, 512)


class Parts(NamedTuple):
    """What can be said of a label, and how to check it without us."""

    scan: Markup
    keep: Markup


def parts(ask: Ask, place: Place, digits: str | None, of: Known, label: Label) -> Parts:
    """The parts of one label's page."""
    base, good = ask.house.settings.base, isinstance(of.signature, Claims)
    root = urlsplit(base).path
    masked = replace(of, label=label._replace(serial=GAP.format("s")))
    made = _MADE.get((base, ask.language, *_key(masked)), lambda: _made(ask.language, root, masked, label))
    values = {
        "s": grouped(place.serial), "n": place.serial, "p": place.path, "t": f"{root}{place.path.lower()}.json",
        "u": escape(label_link(base, place.of, place.serial, digits if good else None)),
    }  # fmt: skip
    return Parts(*(_filled(each, values) for each in made))


def _key(of: Known) -> tuple[object, ...]:
    """All on which the parts rest, but for what is filled in."""
    signature = of.signature.reason if isinstance(of.signature, BadLabel) else of.signature
    seen = of.seen and (of.seen.total, of.seen.days, *of.seen.countries)
    return of.label, signature, of.key, of.agrees, of.holder, of.head, tuple(of.doubts), seen, of.number, of.seal


def _made(language: Language, root: str, of: Known, label: Label) -> Parts:
    marks = {name: GAP.format(letter) for name, letter in {"path": "p", "serial": "n", "link": "u", "twin": "t"}.items()}
    about = {**marks, "root": root, "printing": label.position, "good": isinstance(of.signature, Claims)}
    proven = of.head is not None and of.head.size >= label.position
    keep = look(language).render("keep.html", proven=proven, **about)
    return Parts(told(language, verdict(of), seen=of.seen, **about), Markup(keep))  # noqa: S704 - our own template, which escapes


def _filled(part: Markup, values: dict[str, str]) -> Markup:
    text = str(part)
    for letter, value in values.items():
        text = text.replace(GAP.format(letter), value)
    return Markup(text)  # noqa: S704 - our own: an address, a serial
