"""A sheet as PDF, for printers: the only file that imports reportlab."""

from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labels.marks import Code, Mark, Rule, Sheet, Text, face
from labels.qr import runs

_PLAIN, _BOLD = "Label", "Label-Bold"
registerFont(TTFont(_PLAIN, str(face(bold=False))))
registerFont(TTFont(_BOLD, str(face(bold=True))))


def pdf(sheet: Sheet) -> bytes:
    """The sheet as a PDF of one page, fonts embedded; the same sheet gives the same bytes."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=(sheet.width * mm, sheet.height * mm), invariant=1, lang="es", initialFontName=_PLAIN)
    canvas.setTitle(sheet.title)
    canvas.setAuthor("Cacao Ledger")
    canvas.setViewerPreference("PrintScaling", "None")
    for mark in sheet.marks:
        _draw(canvas, mark, sheet.height)
    canvas.save()
    return file.getvalue()


def _draw(canvas: Canvas, mark: Mark, height: float) -> None:
    match mark:
        case Text(x, y, size, _, words, bold):
            canvas.setFont(_BOLD if bold else _PLAIN, size * mm)
            canvas.drawString(x * mm, (height - y) * mm, words)
        case Rule(x, y, across, down):
            canvas.rect(x * mm, (height - y - down) * mm, across * mm, down * mm, stroke=0, fill=1)
        case Code():
            _draw_code(canvas, mark, height)


def _draw_code(canvas: Canvas, code: Code, height: float) -> None:
    path = canvas.beginPath()
    side = code.module * mm
    for x, y, length in runs(code.modules):
        path.rect(code.x * mm + x * side, (height - code.y) * mm - (y + 1) * side, length * side, side)
    canvas.drawPath(path, stroke=0, fill=1)
