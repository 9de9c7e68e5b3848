"""The three forms of a label, looked at as a scanner and a printer do."""

import subprocess
from collections.abc import Callable
from io import BytesIO
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from PIL import Image

from labels.sheet import ContainerLabel, Form, draw

Scan = Callable[[Image.Image], list[zxingcpp.Barcode]]
Find = Callable[[str], str]
QUIETLY = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"]
QUIETLY += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
TWICE = ["--force-device-scale-factor=2", "--window-size=400,562"]


def of_png(label: ContainerLabel, _: Path, __: Find) -> Image.Image:
    return Image.open(BytesIO(draw(label, "png")))


def of_pdf(label: ContainerLabel, folder: Path, program: Find) -> Image.Image:
    """As a label printer of 203 dots an inch would get it."""
    (folder / "label.pdf").write_bytes(draw(label, "pdf"))
    subprocess.run([program("pdftoppm"), "-r", "203", "-png", "-singlefile", "label.pdf", "pdf"], cwd=folder, check=True, timeout=60)
    return Image.open(folder / "pdf.png")


def of_svg(label: ContainerLabel, folder: Path, program: Find) -> Image.Image:
    """As a browser shows it at twice the usual 96 dots an inch."""
    (folder / "label.svg").write_bytes(draw(label, "svg"))
    places = [f"--user-data-dir={folder / 'profile'}", f"--screenshot={folder / 'svg.png'}", (folder / "label.svg").as_uri()]
    subprocess.run([program("chromium"), *QUIETLY, *TWICE, *places], cwd=folder, check=True, timeout=120, capture_output=True)
    return Image.open(folder / "svg.png")


RASTERS = {"png": of_png, "pdf": of_pdf, "svg": of_svg}


@pytest.mark.parametrize("form", RASTERS)
def test_every_form_of_the_label_opens_the_containers_page(
    form: str, tmp_path: Path, program: Find, scan: Scan, public: ContainerLabel
) -> None:
    picture = RASTERS[form](public, tmp_path, program)

    assert [code.text for code in scan(picture)] == ["https://cacao.example/c/TRHU6368220/2421"]


@pytest.mark.parametrize("form", RASTERS)
def test_every_form_of_a_draft_opens_the_page_on_this_computer(
    form: str, tmp_path: Path, program: Find, scan: Scan, draft: ContainerLabel
) -> None:
    picture = RASTERS[form](draft, tmp_path, program)

    assert [code.text for code in scan(picture)] == ["http://localhost:8000/c/TRHU6368220/2421"]


@pytest.mark.parametrize("form", RASTERS)
def test_every_form_fills_the_same_places_with_black(form: str, tmp_path: Path, program: Find, draft: ContainerLabel) -> None:
    """In squares of 7.5 mm no form has more than a tenth more or less black than the PNG."""
    grid = 14, 20
    one, other = (
        RASTERS[kind](draft, tmp_path, program).convert("L").resize((1050, 1480)).resize(grid, Image.Resampling.BOX).tobytes()
        for kind in ("png", form)
    )

    assert max(abs(first - second) for first, second in zip(one, other, strict=True)) <= 25


@pytest.mark.parametrize("name", ["public", "draft"])
def test_the_printed_code_has_modules_and_a_quiet_zone_that_a_phone_wants(name: str, scan: Scan, request: pytest.FixtureRequest) -> None:
    picture = of_png(request.getfixturevalue(name), Path(), str).convert("L")
    corner = scan(picture)[0].position
    left, top, right, bottom = (corner.top_left.x, corner.top_left.y, corner.bottom_right.x, corner.bottom_right.y)
    across = [picture.getpixel((x, top + 5)) for x in range(left + 2, right)]
    finder = len(list(next(groupby(across))[1])) + 2
    module = finder / 7
    around = picture.crop((round(left - 4 * module), round(top - 4 * module), round(right + 4 * module), round(bottom + 4 * module)))
    around.paste(255, (round(3.9 * module), round(3.9 * module), round(around.width - 3.9 * module), round(around.height - 3.9 * module)))

    assert across[0] == 0
    assert module * 25.4 / 300 >= 0.75
    assert around.getextrema() == (255, 255)


def test_a_png_says_its_size_and_holds_only_black_and_white(draft: ContainerLabel) -> None:
    data = draw(draft, "png")
    picture = Image.open(BytesIO(data))

    assert picture.size == (1240, 1748)
    assert b"pHYs" + (11811).to_bytes(4) * 2 + b"\1" in data
    assert set(picture.convert("L").tobytes()) == {0, 255}
    assert picture.info["Title"] == "BORRADOR / DRAFT: Cacao en grano / Cocoa beans: TRHU6368220"


def test_a_pdf_is_one_a6_page_with_its_letters_inside(public: ContainerLabel, tmp_path: Path, program: Find) -> None:
    (tmp_path / "label.pdf").write_bytes(draw(public, "pdf"))
    about, fonts = (
        subprocess.run([program(tool), "label.pdf"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        for tool in ("pdfinfo", "pdffonts")
    )
    facts = dict(line.split(":", 1) for line in about.splitlines())
    across, down = (float(part) for part in facts["Page size"].replace("pts", "x").split("x")[:2])

    assert facts["Title"].strip() == "Cacao en grano / Cocoa beans: TRHU6368220"
    assert facts["Pages"].strip() == "1"
    assert (across, down) == pytest.approx((105 / 25.4 * 72, 148 / 25.4 * 72), abs=0.01)
    assert [line.split()[-5] for line in fonts.splitlines()[2:]] == ["yes", "yes"]


def test_a_pdf_can_be_read_aloud_with_its_accents(draft: ContainerLabel, tmp_path: Path, program: Find) -> None:
    (tmp_path / "label.pdf").write_bytes(draw(draft, "pdf"))
    words = subprocess.run([program("pdftotext"), "label.pdf", "-"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert "Esta dirección solo funciona en esta computadora" in words
    assert "TRHU 636822 0" in words


def test_an_svg_is_a6_in_millimetres_with_a_title_and_one_path(public: ContainerLabel) -> None:
    root = ET.fromstring(draw(public, "svg"))  # noqa: S314 our own document
    space = "{http://www.w3.org/2000/svg}"

    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("105mm", "148mm", "0 0 105 148")
    assert root.findtext(f"{space}title") == "Cacao en grano / Cocoa beans: TRHU6368220"
    assert len(root.findall(f"{space}path")) == 1


@pytest.mark.parametrize("form", ["pdf", "svg", "png"])
def test_the_same_label_gives_the_same_bytes(form: Form, public: ContainerLabel, draft: ContainerLabel) -> None:
    assert draw(public, form) == draw(public, form) != draw(draft, form)
