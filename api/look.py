"""How pages speak and look: templates, languages, figures and dates as each of them writes these, and the report of refused rows."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone
from babel.numbers import format_decimal, format_percent, get_decimal_symbol
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api import map as maps
from api.languages import LOCALES, NAMES, OFFICE, Language, catalog, plural
from api.problems import MEANINGS
from projections.few import Area, Month

__all__ = ["Language", "accepted", "catalog", "cell", "counted", "drawn", "look", "refused_page", "region", "said", "sentence", "style"]
HERE: Final = Path(__file__).parent
_PERU: Final = get_timezone("America/Lima")
_ALIKE: Final = 3
_TO: Final = "\u2060\u2013\u2060"
"""A dash at which no line breaks."""
_LONGEST: Final = 2_000
_JOINTS: Final = re.compile(r"(, | and | or | of |^lot )")
DEPARTMENTS: Final = {
    "01": "Amazonas", "02": "Áncash", "03": "Apurímac", "04": "Arequipa", "05": "Ayacucho", "06": "Cajamarca", "07": "Callao",
    "08": "Cusco", "09": "Huancavelica", "10": "Huánuco", "11": "Ica", "12": "Junín", "13": "La Libertad", "14": "Lambayeque",
    "15": "Lima", "16": "Loreto", "17": "Madre de Dios", "18": "Moquegua", "19": "Pasco", "20": "Piura", "21": "Puno",
    "22": "San Martín", "23": "Tacna", "24": "Tumbes", "25": "Ucayali",
}  # fmt: skip
"""First two digits of an INEI district code -> the department."""

RefusedRow = tuple[str, int, Sequence[str], str, str, Mapping[str, str]]
"""File, number of the row, its cells as written, code, sentence and the sentence's values."""


def said(language: Language, english: str) -> str:
    """A message in a language; where it has none, in English."""
    return catalog(language).get(english, (english,))[0]


def counted(language: Language, one: str, many: str, n: int) -> str:
    """A message for one or many, in a language."""
    return catalog(language).get(one, (one, many))[plural(language)(n)]


def sentence(language: Language, template: str, values: Mapping[str, str]) -> str:
    """A refusal's sentence in a language; those of its values that are words are said in it too."""
    return said(language, template).format(**{name: _word(language, value) for name, value in values.items()})


def _word(language: Language, value: str) -> str:
    """A value that is words, whole or word by word; whatever is no word of ours stays."""
    if value in catalog(language):
        return said(language, value)
    return "".join(said(language, part) for part in _JOINTS.split(value))


@dataclass(frozen=True, slots=True)
class Look:
    """The look in one language."""

    language: Language
    templates: Environment

    def render(self, template: str, **of: Any) -> str:  # noqa: ANN401 - what a template shows
        """A page."""
        return self.templates.get_template(template).render(**of)


@cache
def look(language: Language) -> Look:
    """The look in a language; templates and messages are read once."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: said(language, message), lambda one, many, n: counted(language, one, many, n), newstyle=True
    )
    env.filters |= _filters(LOCALES[language])
    env.globals |= {
        "language": language, "languages": OFFICE, "tongues": NAMES, "region": region, "cell": partial(cell, language=language),
        "css": style, "version": version, "bound": maps.CLASSES,
    }  # fmt: skip
    return Look(language, env)


def _filters(locale: str) -> dict[str, Callable[..., str]]:
    spaced = locale.startswith(("es", "de", "fr"))
    return {
        "number": lambda value: format_decimal(value, "#,##0.###", locale=locale),
        "percent": lambda share: format_percent(share, "0.0 %" if spaced else "0.0%", locale=locale),
        "month": lambda month: _month(month, locale),
        "day": lambda day: format_date(date.fromisoformat(str(day)[:10]), "long", locale=locale),
        "moment": lambda moment: _moment(moment, locale),
        "country": lambda code: str(Locale.parse(locale).territories.get(code, code)),
    }


def _month(month: Month, locale: str) -> str:
    return str(format_skeleton("yMMMM", date.fromisoformat(f"{month}-01"), locale=locale))


def _moment(moment: datetime | str, locale: str) -> str:
    """Day and minute as Peru's clocks showed them, which is said."""
    there = (moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)).astimezone(_PERU)
    return f"{format_date(there, 'long', locale=locale)}, {format_time(there, 'HH:mm', locale=locale)} (UTC\u22125)"


def region(district: str) -> str:
    """The department in which a district lies."""
    return DEPARTMENTS.get(district[:2], "Perú")


def cell(code: str, language: Language) -> str:
    """A cell by the degrees between which it lies."""
    (west, south), words = maps.corner(code), _words(language)
    between = partial(_between, LOCALES[language])
    return f"{between(south, words.north, words.south)}, {between(west, words.east, words.west)}"


def _between(locale: str, low: int, above: str, below: str) -> str:
    near, far = (format_decimal(Decimal(abs(end)) / 100, "0.00", locale=locale) for end in sorted((low, low + maps.CELL), key=abs))
    return f"{near}{_TO}{far}°{below if low < 0 else above}"


def _words(language: Language) -> maps.Words:
    sides = said(language, "N"), said(language, "S"), said(language, "E"), said(language, "W")
    point = get_decimal_symbol(LOCALES[language])
    return maps.Words(said(language, "Map: squares of 10 km from which the beans come"), *sides, point=point)


def drawn(language: Language, cells: Iterable[Area]) -> Markup | None:
    """The map of cells, or None where there are none to draw."""
    named = [area for area in cells if area.code]
    told = any(area.share is not None for area in named)
    squares = [_square(language, area, told=told) for area in named]
    return Markup(maps.svg(squares, _words(language))) if squares else None  # noqa: S704 - our own, escaped where it is made


def _square(language: Language, area: Area, *, told: bool) -> maps.Square:
    """A cell shaded by its share; where no share is told, all alike; where it is told with others, an outline."""
    place = cell(area.code or "", language)
    if area.share is None:
        return maps.Square(area.code or "", 0 if told else _ALIKE, place)
    return maps.Square(area.code or "", maps.shade(area.share), f"{place}: {look(language).templates.filters['percent'](area.share)}")


@cache
def style() -> Markup:
    """The style sheet's text, for documents that must stand alone."""
    return Markup((HERE / "static" / "cacao.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


@cache
def version(name: str) -> str:
    """What changes when a static file changes."""
    return digest((HERE / "static" / name).read_bytes())


def digest(file: bytes) -> str:
    """The version of a file with that content, as addresses say it."""
    return sha256(file).hexdigest()[:10]


def refused_page(rows: Iterator[RefusedRow], counts: Mapping[str, int]) -> Iterator[str]:
    """A document of its own for people: refused rows by file, each with its sentence in Spanish and English; made as the rows come.

    `counts` says how many rows were refused by each code. It shows rows as they were written, so it is for those who wrote them.
    """
    files = ((name, map(_refused, of)) for name, of in groupby(rows, key=lambda row: row[0]))
    stream = look("es").templates.get_template("refused.html").stream(files=files, counts=counts, meanings=MEANINGS)
    stream.enable_buffering(100)
    yield from stream


def _refused(row: RefusedRow) -> dict[str, Any]:
    _, number, cells, code, template, values = row
    return {
        "number": number,
        "written": _legible(",".join(cells)),
        "code": code,
        "spanish": _legible(sentence("es", template, values)),
        "english": _legible(sentence("en", template, values)),
    }


def _legible(written: str) -> str:
    """Text as it can stand in a page: what is no character becomes �, and what has no end is cut."""
    text = written[:_LONGEST].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    shown = "".join(sign if sign.isprintable() else "�" for sign in text)
    return shown if len(written) <= _LONGEST else f"{shown}…"


def accepted(header: str, among: Sequence[Language] = OFFICE) -> Language:
    """The language of ours that a reader likes best; Spanish where none is said."""
    best: tuple[float, Language] = (0.0, "es")
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        for language in among:
            if tag.lower().split("-")[0] == language and (liking := _weight(weight)) > best[0]:
                best = (liking, language)
    return best[1]


def _weight(written: str) -> float:
    return float(written) if re.fullmatch(r"[01](\.[0-9]{1,3})?", written) else 1.0 if not written else 0.0
