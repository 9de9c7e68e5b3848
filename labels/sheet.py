"""A container's label: what it says and where on the paper it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, assert_never

from labels.lines import Frame, Side, bilingual, clean, fitted
from labels.link import container_link, is_loopback, short_address
from labels.marks import POINT, WIDTH, Code, Mark, Rule, Sheet, Text
from labels.pdf import pdf
from labels.qr import QUIET, matrix
from labels.raster import png
from labels.svg import svg

Form = Literal["pdf", "svg", "png"]

_LEFT = 6.0
_ACROSS = WIDTH - 2 * _LEFT
_DOT = 0.125  # a dot of a thermal printer (203 an inch): on whole dots all modules print equally large
_SMALLEST_MODULE = 0.5
_FEWEST_FARMS_NAMED = 5


@dataclass(frozen=True)
class ContainerLabel:
    """What one label says.

    `number` is the ISO 6346 number without spaces; `seal` is None while not sealed; `grams` is the weight of
    the beans; `farms` is how many they came from, None meaning fewer than 5; `link` is what the QR code
    opens, `address` what one types instead; a `draft` says that both work only on the computer that drew it.
    """

    number: str
    seal: str | None
    grams: int
    farms: int | None
    link: str
    address: str
    draft: bool


def container_label(base_url: str, number: str, stuffing: int, *, seal: str | None, grams: int, farms: int | None) -> ContainerLabel:
    """The label of one stuffing at `base_url`: a draft exactly when nobody else could open that address.

    Raises ValueError if `base_url` is not fit for a label.
    """
    link, address = container_link(base_url, number, stuffing), short_address(base_url, number)
    return ContainerLabel(number, seal, grams, farms, link, address, draft=is_loopback(base_url))


def draw(label: ContainerLabel, form: Form) -> bytes:
    """The label as a file, A6 portrait; the same label gives the same bytes.

    Raises ValueError if its link is too long for a QR code that a phone reads on a door.
    """
    sheet = lay_out(label)
    match form:
        case "pdf":
            return pdf(sheet)
        case "svg":
            return svg(sheet)
        case "png":
            return png(sheet)
        case _:
            assert_never(form)


def lay_out(label: ContainerLabel) -> Sheet:
    """The label as marks in millimetres, before it has a form. Raises ValueError as `draw` does."""
    title = f"Cacao en grano / Cocoa beans: {clean(label.number)}"
    return Sheet(f"BORRADOR / DRAFT: {title}" if label.draft else title, tuple(_marks(label)))


def _marks(label: ContainerLabel) -> Iterator[Mark]:
    yield from bilingual("Cacao en grano", "/ Cocoa beans", _row(5, 7), 16 * POINT)
    yield from fitted(_grouped(label.number), _row(12, 12.5), 36 * POINT)
    if label.draft:
        yield from _draft(26)
    yield _code(label.link, top=47.5 if label.draft else 25, bottom=108.5)
    yield from bilingual("Escanee para ver el origen", "/ Scan to see the origin", _row(108.5, 6), 10.5 * POINT, Side.MIDDLE)
    yield from fitted(label.address, _row(115, 7.5), 13 * POINT, Side.MIDDLE)
    yield Rule(_LEFT, 124, _ACROSS, 0.4)
    yield from _facts(label)


def _draft(top: float) -> Iterator[Mark]:
    yield Rule(_LEFT, top, _ACROSS, 1)
    yield from fitted("BORRADOR / DRAFT", _row(top + 1.5, 11), 27 * POINT, Side.MIDDLE)
    yield from fitted("Esta dirección solo funciona en esta computadora", _row(top + 12, 4), 9 * POINT, Side.MIDDLE)
    yield from fitted("This address works only on this computer", _row(top + 16, 4), 8 * POINT, Side.MIDDLE, bold=False)
    yield Rule(_LEFT, top + 20.5, _ACROSS, 1)


def _row(top: float, height: float) -> Frame:
    return Frame(_LEFT, top, _ACROSS, height)


def _code(link: str, top: float, bottom: float) -> Code:
    modules = matrix(link)
    across = len(modules) + 2 * QUIET
    module = (bottom - top) / across // _DOT * _DOT
    if module < _SMALLEST_MODULE:
        raise ValueError(f"the link has {len(link):,} characters: its QR code would be too fine to read on a door")
    side = len(modules) * module
    return Code((WIDTH - side) / 2, (top + bottom - side) / 2, module, modules)


def _facts(label: ContainerLabel) -> Iterator[Text]:
    seal, weight, farms = (_row(top, 6) for top in (125.5, 131.5, 137.5))
    yield from _name("Precinto", "/ Seal", seal)
    yield from _seal(label.seal, seal)
    yield from _name("Peso", "/ Weight", weight)
    yield from _value(_kilograms(label.grams), weight)
    yield from _name("Fincas", "/ Farms", farms)
    yield from _farms(label.farms, farms)


def _name(spanish: str, english: str, row: Frame) -> Iterator[Text]:
    return bilingual(spanish, english, row, 11 * POINT, bold=False)


def _value(words: str, row: Frame) -> Iterator[Text]:
    return fitted(words, Frame(row.x + 40, row.y, row.width - 40, row.height), 13 * POINT, Side.RIGHT)


def _seal(seal: str | None, row: Frame) -> Iterator[Text]:
    if seal and clean(seal):
        return _value(seal, row)
    return bilingual("sin precinto", "/ not sealed", row, 13 * POINT, Side.RIGHT)


def _farms(farms: int | None, row: Frame) -> Iterator[Text]:
    if farms is None or farms < _FEWEST_FARMS_NAMED:
        return bilingual("menos de 5", "/ fewer than 5", row, 13 * POINT, Side.RIGHT)
    return _value(f"{farms:,}", row)


def _grouped(number: str) -> str:
    return f"{number[:4]} {number[4:10]} {number[10:]}"


def _kilograms(grams: int) -> str:
    whole, rest = divmod(grams, 1000)
    return f"{whole:,}.{rest:03d}".rstrip("0").rstrip(".") + " kg"
