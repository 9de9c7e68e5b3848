"""A long PDF, written to a file while it is made, so that ten thousand pages take no more memory than one.

ISO 32000-1. What is on every page is kept once, as a form that pages draw; only places of objects in the file are remembered.
"""

import zlib
from array import array
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from labels.marks import Code, Mark, Rule, Text, face
from labels.qr import runs
from labels.raster import width

_MM: Final = 72 / 25.4  # points in a millimetre
_FIRST, _LAST = 32, 255
_CODING: Final = "cp1252"  # WinAnsiEncoding, which has all letters that the languages of labels need
_BOX: Final = "[-183 -236 1287 928]"  # of Bitstream Vera, in thousandths of an em
_CATALOG, _PAGES, _INFO, _FONTS = 1, 2, 3, (4, 5)
_FIXED: Final = 5


class Writes(Protocol):
    """A file open for writing bytes."""

    def write(self, data: bytes, /) -> int:
        """Write all of it."""
        ...


class Book:
    """A PDF under way. Call `form` and `page` as often as needed, then `close` once; the same calls give the same bytes."""

    def __init__(self, file: Writes, title: str) -> None:
        self._file, self._at = file, 0
        self._places, self._pages = array("Q", [0] * (_FIXED + 1)), array("Q")
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        for number, bold in zip(_FONTS, (False, True), strict=True):
            self._font(number, bold=bold)
        self._object(_INFO, f"<< /Title {_text(title)} /Author (Cacao Ledger) /Producer (Cacao Ledger) >>".encode())

    def form(self, marks: Iterable[Mark], across: float, down: float) -> int:
        """What many pages show, `across` x `down` millimetres: its name for `page`."""
        matter = f"/Type /XObject /Subtype /Form /BBox [0 0 {across:g} {down:g}] {_RESOURCES}"
        return self._stream(_ops(marks, down).encode(_CODING), matter)

    def page(self, across: float, down: float, labels: Sequence[tuple[float, float, int, float, Iterable[Mark]]]) -> None:
        """A page of `across` x `down` millimetres: of each label its left and top edge, its form, its height, and its own marks."""
        parts = [f"q 1 0 0 1 {x:g} {down - y - tall:g} cm /L{form} Do\n{_ops(marks, tall)}Q\n" for x, y, form, tall, marks in labels]
        content = self._stream((f"{_MM:.6f} 0 0 {_MM:.6f} 0 0 cm\n" + "".join(parts)).encode(_CODING))
        used = " ".join(f"/L{form} {form} 0 R" for form in sorted({form for _, _, form, _, _ in labels}))
        self._pages.append(
            self._object(
                None,
                f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {across * _MM:.3f} {down * _MM:.3f}] /Contents {content} 0 R"
                f" /Resources << /Font {_FONTS_USED} /XObject << {used} >> >> >>".encode(),
            )
        )

    def close(self) -> None:
        """Write what a reader looks for first: the list of pages, and where everything is. The file itself stays open."""
        self._places[_PAGES] = self._at
        self._write(f"{_PAGES} 0 obj\n<< /Type /Pages /Count {len(self._pages)} /Kids [\n".encode())
        for number in self._pages:
            self._write(b"%d 0 R\n" % number)
        self._write(b"] >>\nendobj\n")
        prefers = "/Lang (es) /ViewerPreferences << /PrintScaling /None >>"
        self._object(_CATALOG, f"<< /Type /Catalog /Pages {_PAGES} 0 R {prefers} >>".encode())
        start, size = self._at, len(self._places)
        self._write(f"xref\n0 {size}\n0000000000 65535 f \n".encode())
        for place in self._places[1:]:
            self._write(b"%010d 00000 n \n" % place)
        trailer = f"trailer\n<< /Size {size} /Root {_CATALOG} 0 R /Info {_INFO} 0 R >>\nstartxref\n{start}\n%%EOF\n"
        self._write(trailer.encode())

    def _font(self, number: int, *, bold: bool) -> None:
        name, data = ("BitstreamVeraSans-Bold" if bold else "BitstreamVeraSans-Roman"), face(bold=bold).read_bytes()
        file = self._stream(data, f"/Length1 {len(data)}")
        about = f"/FontBBox {_BOX} /ItalicAngle 0 /Ascent 928 /Descent -236 /CapHeight 729 /StemV {140 if bold else 80}"
        described = self._object(None, f"<< /Type /FontDescriptor /FontName /{name} /Flags 32 {about} /FontFile2 {file} 0 R >>".encode())
        letters = (bytes([code]).decode(_CODING, "replace") for code in range(_FIRST, _LAST + 1))
        widths = " ".join(str(round(width(letter, 1000, bold=bold))) for letter in letters)
        self._object(
            number,
            f"<< /Type /Font /Subtype /TrueType /BaseFont /{name} /Encoding /WinAnsiEncoding /FirstChar {_FIRST} /LastChar {_LAST}"
            f" /Widths [{widths}] /FontDescriptor {described} 0 R >>".encode(),
        )

    def _stream(self, data: bytes, matter: str = "") -> int:
        packed = zlib.compress(data, 6)
        head = f"<< /Filter /FlateDecode /Length {len(packed)} {matter} >>\nstream\n".encode()
        return self._object(None, head + packed + b"\nendstream")

    def _object(self, number: int | None, body: bytes) -> int:
        if number is None:
            number = len(self._places)
            self._places.append(0)
        self._places[number] = self._at
        self._write(b"%d 0 obj\n" % number + body + b"\nendobj\n")
        return number

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._at += len(data)


_FONTS_USED: Final = f"<< /F0 {_FONTS[0]} 0 R /F1 {_FONTS[1]} 0 R >>"
_RESOURCES: Final = f"/Resources << /Font {_FONTS_USED} >>"


def _ops(marks: Iterable[Mark], tall: float) -> str:
    """Marks as a page draws them, in millimetres from the bottom left corner of something so `tall`."""
    return "".join(_op(mark, tall) for mark in marks)


def _op(mark: Mark, tall: float) -> str:
    match mark:
        case Text(x, y, size, _, words, bold):
            return f"BT /F{int(bold)} {size:.4f} Tf {x:.4f} {tall - y:.4f} Td ({_escaped(words)}) Tj ET\n"
        case Rule(x, y, across, down):
            return f"{x:.4f} {tall - y - down:.4f} {across:.4f} {down:.4f} re f\n"
        case Code(x, y, module, modules):
            black = "".join([f"{column} {row} {length} 1 re\n" for column, row, length in runs(modules)])
            return f"q {module:g} 0 0 {-module:g} {x:.4f} {tall - y:.4f} cm\n{black}f Q\n"


def _escaped(words: str) -> str:
    """Words between parentheses; letters that no label's language has become question marks."""
    known = words.encode(_CODING, "replace").decode(_CODING)
    return known.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _text(words: str) -> str:
    """Words that a reader shows in a title: UTF-16, in hexadecimal digits."""
    return f"<FEFF{words.encode('utf-16-be').hex().upper()}>"
