"""A sheet as SVG, for screens and for whoever lays it out anew."""

from xml.sax.saxutils import escape

from labels.marks import Code, Mark, Rule, Sheet, Text
from labels.qr import svg_path

_FONTS = "Bitstream Vera Sans, DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"


def svg(sheet: Sheet) -> bytes:
    """The sheet as an SVG document in UTF-8; one user unit is a millimetre."""
    size = f'width="{sheet.width:g}mm" height="{sheet.height:g}mm" viewBox="0 0 {sheet.width:g} {sheet.height:g}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}',
        f'  role="img" xml:lang="es" font-family="{_FONTS}">',
        f"<title>{escape(sheet.title)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *map(_element, sheet.marks),
        "</svg>",
    ]
    return "\n".join([*lines, ""]).encode()


def _element(mark: Mark) -> str:
    match mark:
        case Text():
            return _text(mark)
        case Rule(x, y, width, height):
            return f'<rect x="{x:.3f}" y="{y:.3f}" width="{width:.3f}" height="{height:.3f}"/>'
        case Code(x, y, module, modules):
            place = f"translate({x:.3f} {y:.3f}) scale({module:g})"
            return f'<path transform="{place}" shape-rendering="crispEdges" d="{svg_path(modules)}"/>'


def _text(text: Text) -> str:
    # textLength: a reader without our font squeezes the one it has, so nothing leaves its place.
    place = f'x="{text.x:.3f}" y="{text.y:.3f}" font-size="{text.size:.3f}" textLength="{text.width:.3f}"'
    weight = ' font-weight="bold"' if text.bold else ""
    return f'<text {place} lengthAdjust="spacingAndGlyphs"{weight}>{escape(text.words)}</text>'
