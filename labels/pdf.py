"""A sheet as PDF, for printers: the only file that imports reportlab."""

from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labels.marks import HEIGHT, WIDTH, Code, Mark, Rule, Sheet, Text, face
from labels.qr import runs

_PLAIN, _BOLD = "Label", "Label-Bold"
registerFont(TTFont(_PLAIN, str(face(bold=False))))
registerFont(TTFont(_BOLD, str(face(bold=True))))


def pdf(sheet: Sheet) -> bytes:
    """The sheet as a PDF of one page, fonts embedded; the same sheet gives the same bytes."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH * mm, HEIGHT * mm), invariant=1, lang="es", initialFontName=_PLAIN)
    canvas.setTitle(sheet.title)
    canvas.setAuthor("Cacao Ledger")
    canvas.setViewerPreference("PrintScaling", "None")
    for mark in sheet.marks:
        _draw(canvas, mark)
    canvas.save()
    return file.getvalue()


def _draw(canvas: Canvas, mark: Mark) -> None:
    match mark:
        case Text(x, y, size, _, words, bold):
            canvas.setFont(_BOLD if bold else _PLAIN, size * mm)
            canvas.drawString(x * mm, (HEIGHT - y) * mm, words)
        case Rule(x, y, width, height):
            canvas.rect(x * mm, (HEIGHT - y - height) * mm, width * mm, height * mm, stroke=0, fill=1)
        case Code():
            _draw_code(canvas, mark)


def _draw_code(canvas: Canvas, code: Code) -> None:
    path = canvas.beginPath()
    side = code.module * mm
    for x, y, length in runs(code.modules):
        path.rect(code.x * mm + x * side, (HEIGHT - code.y) * mm - (y + 1) * side, length * side, side)
    canvas.drawPath(path, stroke=0, fill=1)
