"""Letters measured, and a sheet as dots for label printers: the only file that imports pillow."""

from functools import cache, lru_cache
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from labels.marks import Code, Mark, Rule, Sheet, Text, face
from labels.qr import runs

DPI = 300
_INCH = 25.4
_UNITS = 2048
_WHITE = 255


def width(words: str, size: float, *, bold: bool) -> float:
    """Millimetres that `words` take on a line at an em of `size` millimetres, without kerning (PDF has none)."""
    return sum(_advance(letter, bold=bold) for letter in words) * size


def png(sheet: Sheet, dpi: float = DPI) -> bytes:
    """The sheet as a PNG of so many dots an inch, which it says of itself; black and white only, for printers have no grey."""
    image = _picture(sheet, dpi / _INCH)
    about = PngInfo()
    about.add_itxt("Title", sheet.title)
    file = BytesIO()
    image.save(file, "PNG", dpi=(dpi, dpi), pnginfo=about, optimize=True)
    return file.getvalue()


class Dots(NamedTuple):
    """Black in a box whose top left dot is at `x`, `y`: rows from the top, eight dots a byte, the leftmost the highest bit, 1 black."""

    x: int
    y: int
    rows: tuple[bytes, ...]


def dots(sheet: Sheet, dpi: float) -> Dots:
    """All black of a sheet as dots, in the smallest box that begins at whole bytes; no rows where it is white."""
    image = ImageChops.invert(_picture(sheet, dpi / _INCH))
    left, top, right, bottom = image.getbbox() or (0, 0, 0, 0)
    left -= left % 8
    box = image.crop((left, top, right, bottom))
    across, data = (box.width + 7) // 8, box.tobytes()
    return Dots(left, top, tuple(data[at * across : (at + 1) * across] for at in range(box.height)))


def _picture(sheet: Sheet, dots: float) -> Image.Image:
    """The sheet, so many dots a millimetre."""
    image = Image.new("1", (round(sheet.width * dots), round(sheet.height * dots)), _WHITE)
    pen = ImageDraw.Draw(image)
    for mark in sheet.marks:
        _draw(pen, mark, dots)
    return image


@lru_cache(maxsize=64)
def _font(size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face(bold=bold), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _advance(letter: str, *, bold: bool) -> float:
    return _font(_UNITS, bold=bold).getlength(letter) / _UNITS


def _draw(pen: ImageDraw.ImageDraw, mark: Mark, dots: float) -> None:
    match mark:
        case Text():
            _write(pen, mark, dots)
        case Rule(x, y, width, height):
            _fill(pen, (x, y, width, height), dots)
        case Code(x, y, module, modules):
            for column, row, length in runs(modules):
                _fill(pen, (x + column * module, y + row * module, length * module, module), dots)


def _write(pen: ImageDraw.ImageDraw, text: Text, dots: float) -> None:
    # Letter by letter: pillow rounds each advance to whole dots, and a long line would outgrow its measure.
    font, x = _font(text.size * dots, bold=text.bold), text.x
    for letter in text.words:
        pen.text((x * dots, text.y * dots), letter, fill=0, anchor="ls", font=font)
        x += width(letter, text.size, bold=text.bold)


def _fill(pen: ImageDraw.ImageDraw, box: tuple[float, float, float, float], dots: float) -> None:
    x, y, width, height = box
    left, top, right, bottom = (round(edge * dots) for edge in (x, y, x + width, y + height))
    pen.rectangle((left, top, right - 1, bottom - 1), fill=0)
