"""A text as a QR code: the only file that imports qrcode."""

from collections.abc import Iterator

from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode

Matrix = tuple[tuple[bool, ...], ...]

QUIET = 4
"""Modules that must stay white on every side of the code (ISO/IEC 18004)."""


def matrix(text: str, mask: int | None = None) -> Matrix:
    """The smallest QR code of error level M for `text`, its long runs of digits and capitals in the modes that take less room: rows from
    the top, true is dark, without quiet zone.

    `mask` (0 to 7) is the mask that is taken; None judges all eight, which takes nine tenths of the time.
    Raises ValueError if the text is longer than any code holds (2,331 bytes).
    """
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=mask)
    code.add_data(text)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise ValueError(f"a text of {len(text):,} characters is too long for a QR code") from error
    return tuple(tuple(map(bool, row)) for row in code.get_matrix())


def runs(modules: Matrix) -> Iterator[tuple[int, int, int]]:
    """Dark modules lying side by side, as (column, row, length), in modules from the top left."""
    for y, row in enumerate(modules):
        x, ended = 0, (*row, False)
        while True in row[x:]:
            start = row.index(True, x)
            x = ended.index(False, start)
            yield start, y, x - start


def svg_path(modules: Matrix) -> str:
    """All dark modules as the `d` of one SVG path, one unit a module."""
    return "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in runs(modules))


def blocks(text: str) -> str:
    """A text as a QR for the terminal: two modules a character, quiet zone of four, dark on light."""
    modules = matrix(text)
    side = len(modules)
    padded = (
        [[False] * (side + 8) for _ in range(4)]
        + [[False] * 4 + list(row) + [False] * 4 for row in modules]
        + [[False] * (side + 8) for _ in range(5)]
    )
    pairs = (zip(padded[at], padded[at + 1], strict=True) for at in range(0, side + 8, 2))
    return "\n".join(
        "".join({(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}[pair] for pair in row) for row in pairs
    )
