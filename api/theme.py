"""A buyer's look for public pages, from one small file: a name, a few colours that can be read, a logo that can do nothing, a link."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from api.drawing import BadDrawing, cleaned, pictured

HERE: Final = Path(__file__).parent
MOST_BYTES: Final = 4_000
"""Of the theme's file."""
ENOUGH: Final = 4.5
"""The contrast of words with their ground (WCAG 2.2 AA)."""
FOR_LINES: Final = 3.0
"""The same for lines that are needed to understand a drawing."""
SCHEMES: Final = ("light", "dark")
_READ: Final = [
    *(("words", *pair, ENOUGH) for pair in product(("ink", "soft", "link"), ("paper", "ground"))),
    ("the map's lines", "edge", "ground", FOR_LINES),
]
"""What must be told from what, and how well; on buttons it is the paper's colour on the link's."""
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class BadTheme(ValueError):
    """The file that CACAO_THEME names is no theme; says why."""


class Colours(BaseModel):
    """The colours of one scheme that may be others: of the page, of fields and the map, of words, of lesser words, of links and buttons."""

    model_config = ConfigDict(extra="forbid")
    paper: Colour | None = None
    ground: Colour | None = None
    ink: Colour | None = None
    soft: Colour | None = None
    link: Colour | None = None
    line: Colour | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=40)
    link: str | None = Field(default=None, pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$", max_length=120)
    logo: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*\.(svg|png)$")
    light: Colours = Colours()
    dark: Colours = Colours()

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not self.name.isprintable():
            raise ValueError("name: wanted signs that can be printed")
        for scheme in SCHEMES:
            of: Colours = getattr(self, scheme)
            for what, one, other, least in _unread(usual()[scheme] | of.model_dump(exclude_none=True)):
                raise ValueError(f"{scheme}: {what}: {one} on {other} is too faint, wanted a contrast of at least {least}")
        return self


class Theme(BaseModel):
    """A checked theme, ready to serve. `logo` is served as `media`; `style` sets the colours."""

    name: str
    link: str | None
    logo: bytes | None
    media: Literal["image/svg+xml", "image/png"] = "image/svg+xml"
    style: str
    version: str


@cache
def theme(path: Path | None) -> Theme | None:
    """The theme of a file, read once; None without one. Raises BadTheme."""
    if path is None:
        return None
    file = _parsed(path)
    try:
        logo = _logo(path.parent / file.logo) if file.logo else None
    except (OSError, BadDrawing) as bad:
        why = f"cannot be read ({type(bad).__name__})" if isinstance(bad, OSError) else str(bad)
        raise BadTheme(f"CACAO_THEME: {file.logo}: {why}") from None
    style = _style(file)
    version = sha256(style.encode() + (logo or b"")).hexdigest()[:10]
    media: Literal["image/svg+xml", "image/png"] = "image/png" if file.logo and file.logo.endswith(".png") else "image/svg+xml"
    return Theme(name=file.name, link=file.link, logo=logo, media=media, style=style, version=version)


def _parsed(path: Path) -> _File:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadTheme(f"CACAO_THEME: {path}: larger than {MOST_BYTES:,} bytes")
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as bad:
        first = bad.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        why = first["msg"].removeprefix("Value error, ")
        raise BadTheme(f"CACAO_THEME: {path}: {f'{where}: ' if where else ''}{why}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as bad:
        raise BadTheme(f"CACAO_THEME: {path} cannot be read: {type(bad).__name__}") from None


def _logo(path: Path) -> bytes:
    return pictured(path.read_bytes()) if path.suffix == ".png" else cleaned(path.read_bytes())


@cache
def usual() -> Mapping[str, dict[str, str]]:
    """Our own colours by scheme, as the style sheet has them: light first, dark second."""
    parts = (HERE / "static" / "cacao.css").read_text(encoding="utf-8").split("@media")[:2]
    return {scheme: dict(re.findall(r"--(\w+):(#\w{6})", part)) for scheme, part in zip(SCHEMES, parts, strict=True)}


def _unread(colours: Mapping[str, str]) -> Iterator[tuple[str, str, str, float]]:
    for what, words, ground, least in _READ:
        one, other = colours[words], colours[ground]
        if contrast(one, other) < least:
            yield what, f"{words} {one}", f"{ground} {other}", least


def contrast(one: str, other: str) -> float:
    """The contrast of two colours `#rrggbb` as WCAG 2.2 defines it: 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004 - WCAG's
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _style(file: _File) -> str:
    """The colours that are set, and where the logo stands."""
    of = {scheme: _set(getattr(file, scheme)) for scheme in SCHEMES}
    logo = ".brand img{height:2.25rem;width:auto;vertical-align:middle;margin-right:.6rem}\n" if file.logo else ""
    dark = f"@media screen and (prefers-color-scheme:dark){{{of['dark']}}}\n" if of["dark"] else ""
    return f"{of['light']}\n{dark}{logo}"


def _set(of: Colours) -> str:
    colours = ";".join(f"--{name}:{colour}" for name, colour in of.model_dump(exclude_none=True).items())
    return f":root{{{colours}}}" if colours else ""
