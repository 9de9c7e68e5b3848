"""Whether labels can be read after what happens to them: `python -m tests.labels.readable` prints how many of each kind and size were.

Each label is drawn as a thermal printer of 203 dots an inch prints it, then blurred, turned, stained, made noisy, or all of it, and
read by zxing-cpp. What happens to a label is decided by its own seed: the same labels give the same table.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import product
from typing import Final

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from labels.job import page_of
from labels.label import Own, Plan, Sort, plan
from labels.marks import Code
from labels.paper import DPI, PAPERS
from labels.qr import QUIET
from labels.raster import png
from labels.words import SECOND
from tests.labels.made import SORTS, made

Picture = Image.Image
_WHITE, _GREY, _TABLE, _MARGIN = 255, 128, 200, 80
_DOTS: Final = DPI / 25.4


@dataclass(frozen=True)
class Page:
    """A page of labels as it comes out of the printer, on a table, and where its codes are: left, top and side, in dots."""

    picture: Picture
    codes: tuple[tuple[float, float, float], ...]


def printed(laid: Plan, owns: list[Own]) -> Page:
    """A page of labels."""
    page = page_of(laid, owns)
    sheet = Image.open(BytesIO(png(page, DPI))).convert("L")
    around = Image.new("L", (sheet.width + 2 * _MARGIN, sheet.height + 2 * _MARGIN), _TABLE)
    around.paste(sheet, (_MARGIN, _MARGIN))
    codes = [mark for mark in page.marks if isinstance(mark, Code)]
    places = ((_MARGIN + each.x * _DOTS, _MARGIN + each.y * _DOTS, len(each.modules) * each.module * _DOTS) for each in codes)
    return Page(around, tuple(places))


def blurred(page: Page, dice: random.Random) -> Page:
    """Held too near: black and white run into each other over a quarter of a millimetre."""
    return replace(page, picture=page.picture.filter(ImageFilter.GaussianBlur(dice.uniform(1.5, 2.0))))


def turned(page: Page, dice: random.Random) -> Page:
    """Held askew, up to twenty degrees; where the codes are then is not said any more."""
    return Page(page.picture.rotate(dice.uniform(-20, 20), Image.Resampling.BICUBIC, expand=True, fillcolor=_TABLE), ())


def noisy(page: Page, dice: random.Random) -> Page:
    """Taken in a dark store: every dot's grey is off, by a sixth of the whole range as a rule."""
    size, wide = page.picture.size, dice.uniform(0.49, 0.60)  # of an even spread over 256 greys, whose usual distance is 74
    grain = Image.frombytes("L", size, dice.randbytes(size[0] * size[1])).point(lambda grey: round(_GREY + (grey - _GREY) * wide))
    return replace(page, picture=ImageChops.add(page.picture, grain, scale=1, offset=-_GREY))


def stained(page: Page, dice: random.Random) -> Page:
    """A blot on each code, as wide as 3 to 9 % of it, black or bleached."""
    picture = page.picture.copy()
    pen = ImageDraw.Draw(picture)
    for left, top, side in page.codes:
        wide = side * dice.uniform(0.03, 0.09)
        x, y = left + dice.uniform(0, side - wide), top + dice.uniform(0, side - wide)
        pen.ellipse((x, y, x + wide, y + wide), fill=dice.choice((0, _WHITE)))
    return replace(page, picture=picture)


DAMAGES: Final[dict[str, Callable[[Page, random.Random], Page]]] = {
    "clean": lambda page, _: page,
    "blurred": blurred,
    "turned": turned,
    "stained": stained,
    "noisy": noisy,
    "all at once": lambda page, dice: noisy(turned(blurred(stained(page, dice), dice), dice), dice),
}
"""What happens to a label."""


def readings(sort: Sort, paper: str, second: str, *, signed: bool, of: Iterable[str] = DAMAGES) -> dict[str, bool]:
    """Damage -> whether all codes of a page said afterwards what they were to say."""
    it = made(sort, signed=signed)
    laid = plan(it.label, PAPERS[paper], second, it.own())
    owns = [it.own(number) for number in range(laid.paper.many)]
    page, wanted = printed(laid, owns), sorted(own.text for own in owns)
    dice = random.Random(f"{sort} {paper} {second} {signed}")  # noqa: S311 - damage, no secret
    return {name: read(DAMAGES[name](page, dice).picture) == wanted for name in of}


def read(picture: Picture) -> list[str]:
    """What a scanner reads, sorted."""
    return sorted(code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode))


def module(sort: Sort, paper: str, *, signed: bool) -> tuple[int, float]:
    """Modules across a label's code with its quiet zone, and how wide one is, in millimetres."""
    it = made(sort, signed=signed)
    laid = plan(it.label, PAPERS[paper], "en", it.own())
    (code,) = (mark for mark in laid.own(it.own()) if isinstance(mark, Code))
    return len(code.modules) + 2 * QUIET, code.module


def main() -> int:
    """Print the table: labels read of labels tried, one language each."""
    print(f"{'label':10} {'paper':6} {'signed':7} {'modules':>9} {'mm':>6}  " + "  ".join(f"{name:>11}" for name in DAMAGES))
    missed: Counter[str] = Counter()
    for sort, paper, signed in product(SORTS, PAPERS, (True, False)):
        tried = [readings(sort, paper, second, signed=signed) for second in SECOND]
        across, wide = module(sort, paper, signed=signed)
        cells = (f"{sum(each[name] for each in tried)} of {len(tried)}" for name in DAMAGES)
        print(f"{sort:10} {paper:6} {'yes' if signed else 'no':7} {across:>9} {wide:>6.3f}  " + "  ".join(f"{cell:>11}" for cell in cells))
        missed.update(name for each in tried for name, was in each.items() if not was)
    total = len(SORTS) * len(PAPERS) * 2 * len(SECOND)
    print(f"{'all':10} {'':6} {'':7} {'':>9} {'':>6}  " + "  ".join(f"{f'{total - missed[name]} of {total}':>11}" for name in DAMAGES))
    return 1 if missed["clean"] else 0


if __name__ == "__main__":
    sys.exit(main())
