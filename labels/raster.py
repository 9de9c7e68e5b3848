"""Letters measured, and a sheet as dots for label printers: the only file that imports pillow."""

from functools import cache, lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from labels.marks import HEIGHT, WIDTH, Code, Mark, Rule, Sheet, Text, face
from labels.qr import runs

DPI = 300
_DOTS = DPI / 25.4
_UNITS = 2048


def width(words: str, size: float, *, bold: bool) -> float:
    """Millimetres that `words` take on a line at an em of `size` millimetres, without kerning (PDF has none)."""
    return sum(_advance(letter, bold=bold) for letter in words) * size


def png(sheet: Sheet) -> bytes:
    """The sheet as a PNG of 300 dots an inch, which it says of itself; black and white only, for printers have no grey."""
    image = Image.new("1", (round(WIDTH * _DOTS), round(HEIGHT * _DOTS)), 1)
    pen = ImageDraw.Draw(image)
    for mark in sheet.marks:
        _draw(pen, mark)
    about = PngInfo()
    about.add_itxt("Title", sheet.title)
    file = BytesIO()
    image.save(file, "PNG", dpi=(DPI, DPI), pnginfo=about, optimize=True)
    return file.getvalue()


@lru_cache(maxsize=64)
def _font(size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face(bold=bold), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _advance(letter: str, *, bold: bool) -> float:
    return _font(_UNITS, bold=bold).getlength(letter) / _UNITS


def _draw(pen: ImageDraw.ImageDraw, mark: Mark) -> None:
    match mark:
        case Text():
            _write(pen, mark)
        case Rule(x, y, width, height):
            _fill(pen, x, y, width, height)
        case Code(x, y, module, modules):
            for column, row, length in runs(modules):
                _fill(pen, x + column * module, y + row * module, length * module, module)


def _write(pen: ImageDraw.ImageDraw, text: Text) -> None:
    # Letter by letter: pillow rounds each advance to whole dots, and a long line would outgrow its measure.
    font, x = _font(text.size * _DOTS, bold=text.bold), text.x
    for letter in text.words:
        pen.text((x * _DOTS, text.y * _DOTS), letter, fill=0, anchor="ls", font=font)
        x += width(letter, text.size, bold=text.bold)


def _fill(pen: ImageDraw.ImageDraw, x: float, y: float, width: float, height: float) -> None:
    left, top, right, bottom = (round(edge * _DOTS) for edge in (x, y, x + width, y + height))
    pen.rectangle((left, top, right - 1, bottom - 1), fill=0)
