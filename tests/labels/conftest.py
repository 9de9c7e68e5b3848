"""Labels to test, and the scanner every test reads them with."""

import os
import shutil
from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image

from labels.sheet import ContainerLabel, container_label

Scan = Callable[[Image.Image], list[zxingcpp.Barcode]]
Find = Callable[[str], str]


@pytest.fixture(scope="session")
def public() -> ContainerLabel:
    return container_label("https://cacao.example", "TRHU6368220", 2421, seal="PE 0123456", grams=17_545_809, farms=312)


@pytest.fixture(scope="session")
def draft() -> ContainerLabel:
    return container_label("http://localhost:8000", "TRHU6368220", 2421, seal=None, grams=17_500_000, farms=None)


@pytest.fixture(scope="session")
def scan() -> Scan:
    """All QR codes that zxing finds in a picture."""
    return lambda picture: list(zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode))


@pytest.fixture(scope="session")
def program() -> Find:
    """The path of a program of this machine; a test that needs one which is absent is skipped, but fails in CI."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            give_up = pytest.fail if os.environ.get("CACAO_CI") == "1" else pytest.skip
            give_up(f"{name} is not installed, and only it can show what this form looks like")
        return path

    return find
