"""A buyer's look: colours that cannot be read and logos that could do something are refused; what is shown stays small and is our own."""

import gzip
import re
import struct
import zlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.app import create
from api.cache import SECURITY
from api.cli import app
from api.drawing import MOST_SENT, BadDrawing, cleaned, pictured
from api.house import House
from api.look import HERE
from api.theme import BadTheme, contrast, theme

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 10"{}>{}</svg>'
THEME = """
name = "Kontor & Söhne"
link = "https://kontor.example/kakao"
logo = "logo.svg"
[light]
link = "#0b3d91"
paper = "#ffffff"
[dark]
link = "#9db8ff"
"""


def written(folder: Path, text: str, **files: bytes) -> Path:
    for name, data in files.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    path = folder / "theme.toml"
    path.write_text(text, encoding="utf-8")
    return path


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*further: bytes, width: int = 4, height: int = 3) -> bytes:
    """A grey picture."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(further) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def branded(sample_house: House, tmp_path: Path) -> Iterator[TestClient]:
    """The sample's pages as a buyer shows them."""
    logo = SVG.format(' onload=""'.replace('onload=""', 'id="k"'), '<path d="M0 0h40v10z" style="fill:#0b3d91;-inkscape-x:1"/>')
    sample_house.settings.theme = written(tmp_path, THEME, logo_svg=logo.encode())
    yield TestClient(create(sample_house), headers={"Accept-Language": "de"})
    sample_house.settings.theme = None


def test_public_pages_carry_the_buyers_name_colours_logo_and_link(branded: TestClient) -> None:
    answer = branded.get("/c/KAWU2607135")
    text, sheet = unescape(answer.text), branded.get(re.findall(r'href="(/theme\.css\?v=\w+)"', answer.text)[0])
    logo = branded.get(re.findall(r'src="(/theme/logo\?v=\w+)" alt=""', answer.text)[0])

    assert "<title>Container KAWU2607135 · Kontor & Söhne</title>" in text
    assert '<a href="https://kontor.example/kakao">Kontor & Söhne</a>' in text
    assert "Das Register wird mit Cacao Ledger geführt." in text
    assert text.index("cacao.css") < text.index("theme.css")
    assert ":root{--paper:#ffffff;--link:#0b3d91}" in sheet.text
    assert "@media screen and (prefers-color-scheme:dark){:root{--link:#9db8ff}}" in sheet.text
    assert [each.headers["Content-Type"] for each in (sheet, logo)] == ["text/css; charset=utf-8", "image/svg+xml"]
    assert [each.headers["Content-Security-Policy"] for each in (sheet, logo)] == [SECURITY["Content-Security-Policy"]] * 2
    assert {"style-src 'self'", "img-src 'self' data:"} <= set(answer.headers["Content-Security-Policy"].split("; "))
    assert {each.headers["Cache-Control"] for each in (sheet, logo)} == {"public, max-age=31536000, immutable"}
    assert {branded.get(f"/theme{each}?v=0").headers["Cache-Control"] for each in (".css", "/logo")} == {"no-store"}
    assert ET.fromstring(logo.text)[0].attrib == {"d": "M0 0h40v10z", "fill": "#0b3d91"}  # noqa: S314 - made here


def test_a_page_in_a_buyers_look_still_comes_with_the_first_answer(branded: TestClient) -> None:
    bodies = [branded.get(path).content for path in ("/c/KAWU2607135", "/theme.css")] + [(HERE / "static/cacao.css").read_bytes()]

    assert sum(len(gzip.compress(each, 6)) for each in bodies) + MOST_SENT < 14 * 1024


def test_the_office_and_signing_in_look_as_ever(branded: TestClient) -> None:
    text = branded.get("/signin", headers={"Accept-Language": "es"}).text

    assert "Cacao Ledger</a>" in text
    assert "theme" not in text


def test_without_a_theme_there_is_nothing_of_one(reader: TestClient) -> None:
    assert [reader.get(path).status_code for path in ("/theme.css", "/theme/logo")] == [404, 404]
    assert "theme" not in reader.get("/").text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name = ", "cannot be read: TOMLDecodeError"),
        ("", "name: Field required"),
        ('name = "K"\nfont = "Comic"', "font: Extra inputs are not permitted"),
        ('name = "K\\u202e"', "signs that can be printed"),
        ('name = "K"\nlink = "javascript:alert(1)"', "link: String should match pattern"),
        ('name = "K"\nlogo = "../../etc/passwd.png"', "logo: String should match pattern"),
        ('name = "K"\nlogo = "gone.svg"', "gone.svg: cannot be read (FileNotFoundError)"),
        ('name = "K"\n[light]\nlink = "red"', "light.link: String should match pattern"),
        (
            'name = "K"\n[light]\nlink = "#ee8833"',
            "light: words: link #ee8833 on paper #fdfaf5 is too faint, wanted a contrast of at least 4.5",
        ),
        ('name = "K"\n[dark]\npaper = "#777777"', "dark: words: ink #f3eadf on paper #777777 is too faint"),
        ('name = "K"\n[light]\nground = "#5a3a22"', "light: words: ink"),
        ("#" * 4_001, "larger than 4,000 bytes"),
    ],
)
def test_a_theme_that_is_not_good_is_refused_with_the_reason(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadTheme) as refused:
        theme(written(tmp_path, text))

    assert str(refused.value).startswith("CACAO_THEME: ")
    assert why in str(refused.value)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the example that is said everywhere: just not enough


@pytest.mark.parametrize(
    ("drawing", "why"),
    [
        (SVG.format("", "<script>alert(1)</script>"), "<script>"),
        (SVG.format("", "<style>*{fill:red}</style>"), "<style>"),
        (SVG.format("", "<g><foreignObject/></g>"), "<foreignObject>"),
        (SVG.format("", '<image href="data:image/png;base64,AA"/>'), "<image>"),
        (SVG.format("", "<text>Kontor</text>"), "letters as shapes"),
        (SVG.format("", '<a href="https://evil.example"><path d="M0 0"/></a>'), "<a>"),
        (SVG.format("", '<animate attributeName="href"/>'), "<animate>"),
        (SVG.format("", '<use href="#a"/>'), "<use>"),
        (SVG.format(' onload="alert(1)"', ""), "onload"),
        (SVG.format("", '<linearGradient xlink:href="https://evil.example/#a"/>'), "outside itself"),
        (SVG.format("", '<path d="M0 0" fill="url(https://evil.example/a)"/>'), "no plain colour"),
        (SVG.format("", '<path d="M0 0" style="fill:u\\72l(//evil.example)"/>'), "no plain colour"),
        (SVG.format("", '<path d="M0 0" style="fill:url(//evil.example"/>'), "no plain colour"),
        ('<!DOCTYPE svg [<!ENTITY a "aa">]>' + SVG.format("", "&a;"), "entities"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "an <svg>"),
        (SVG.replace(' viewBox="0 0 40 10"', "").format("", ""), "viewBox"),
        ("not xml", "no SVG"),
        (SVG.format("", "<g>" * 40 + "</g>" * 40), "too deep"),
        (SVG.format("", f'<path d="{"M1 1" * 5_000}"/>'), "larger than 20,000"),
    ],
)
def test_a_logo_that_could_do_more_than_be_looked_at_is_refused(drawing: str, why: str) -> None:
    with pytest.raises(BadDrawing, match=re.escape(why)):
        cleaned(drawing.encode())


def test_of_a_logo_shapes_and_colours_are_left() -> None:
    gradient = '<defs><linearGradient id="a"><stop offset="0" stop-color="rgb(1, 2, 3)"/></linearGradient></defs>'
    noise = '<!-- made with --><metadata><x/></metadata><b:script xmlns:b="urn:b">alert(1)</b:script>'
    left = cleaned(
        SVG.format(' width="1" b="2"', f'{noise}{gradient}<path d="M0 0" fill="url(#a)" class="c" data-x="1"/>').encode()
    ).decode()

    assert 'stop-color="rgb(1, 2, 3)"' in left
    assert 'fill="url(#a)"' in left
    assert not [each for each in ("made with", "metadata", "alert", "class", "data-x", 'b="2"') if each in left]
    assert cleaned(left.encode()).decode() == left


def test_of_a_picture_only_the_picture_is_left_and_it_is_whole_and_small() -> None:
    whole = png(chunk(b"tEXt", b"Author\0Rosa"))
    noise = chunk(b"IDAT", bytes(range(256)) * 20)

    assert pictured(whole) == png()
    for bad in (whole[:-6], whole.replace(b"Rosa", b"Lisa"), b"GIF89a", png(width=4_000, height=3_000), png(noise), b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(BadDrawing):
            pictured(bad)


def test_the_server_does_not_start_with_a_bad_theme_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACAO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CACAO_THEME", str(written(tmp_path, 'name = "K"\n[dark]\nlink = "#222222"')))
    for command in (["serve", "--port", "0"], ["demo", "--port", "0"]):
        ended = CliRunner().invoke(app, command)

        assert ended.exit_code == 2
        assert "dark: words: link #222222 on paper" in re.sub(r"\s+", " ", ended.output)
    assert not (tmp_path / "home").exists()


def test_dark_colours_are_for_screens_so_that_paper_stays_readable() -> None:
    style = (HERE / "static" / "cacao.css").read_text(encoding="utf-8")

    assert re.findall(r"@media ([^{]*prefers-color-scheme:dark\))", style) == ["screen and (prefers-color-scheme:dark)"]
