"""The languages of public pages: one is spoken when everything is said in it, rightly formed, and remembered by the address."""

import gzip
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from babel import Locale
from starlette.testclient import TestClient

from api import languages, look
from api.languages import LANGUAGES, LOCALES, OFFICE, catalog, missing, public_messages, public_modules, public_templates, shipped

SEALED = "KAWU2607135"
STYLE = len(gzip.compress((languages.HERE / "static/cacao.css").read_bytes(), 6))
FURTHER = [each for each in LANGUAGES if each not in OFFICE]
PLACES = ["/", f"/c/{SEALED}", "/c/KAWU2610289", "/l/X-0010", "/verify", "/problems/gain", "/c/NOWHERE"]
SAME = {"Destination (UN/LOCODE)", *"Code Form Container container Label District Districts Hectares Product Organisation N S E W".split()}
"""Messages that are the same word in one language or another."""


@pytest.fixture
def anew() -> Iterator[None]:
    """Translations are read again, before a test and after it."""
    caches = (languages._read, catalog, languages.plural, public_messages, public_modules, public_templates, shipped, look.look)
    for each in caches:
        each.cache_clear()
    yield
    for each in caches:
        each.cache_clear()


def test_every_language_is_complete_and_so_all_six_are_spoken() -> None:
    assert {language: missing(language) for language in LANGUAGES if language != "en"} == {each: [] for each in LANGUAGES if each != "en"}
    assert shipped() == LANGUAGES


def test_what_is_public_is_found_in_the_sources() -> None:
    found, modules = public_messages(), public_modules()

    assert {"api/pages.py", "api/verdict.py", "api/labelpages.py", "api/limits.py", "api/kept.py", "ledger/log.py"} <= modules
    assert not [name for name in modules if name.startswith("api/office/")]
    assert {"home.html", "container.html", "lot.html", "verify.html", "message.html", "base.html", "origin.html"} <= public_templates()
    assert not [name for name in public_templates() if name.startswith("office/") or name in {"signin.html", "evidence.html"}]
    assert {"From the tree to the container", "Not found", "More is asked for than is on hand.", "Not shown", "NE"[0]} <= found.keys()
    assert found["%(num)s lot"] == 2
    assert "Day book" not in found


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize("loss", ["gone", "empty", "fuzzy", "one form"])
def test_a_language_that_lacks_one_translation_is_not_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str) -> None:
    whole = (languages.HERE / "locales/de/LC_MESSAGES/messages.po").read_text(encoding="utf-8")
    entry = next(each for each in whole.split("\n\n") if 'msgid "%(num)s lot"\n' in each)
    comment, _, words = entry.partition("\n")
    lost = {
        "gone": "",
        "empty": re.sub(r'(msgstr\[.\]) ".*"', r'\1 ""', entry),
        "fuzzy": f"{comment}\n#, fuzzy\n{words}",
        "one form": re.sub(r'(msgstr\[1\]) ".*"', r'\1 ""', entry),
    }[loss]
    for language in LANGUAGES:
        there = tmp_path / f"locales/{language}/LC_MESSAGES"
        there.mkdir(parents=True)
        if language != "en":
            text = (languages.HERE / f"locales/{language}/LC_MESSAGES/messages.po").read_text(encoding="utf-8")
            (there / "messages.po").write_text(text.replace(entry, lost) if language == "de" else text, encoding="utf-8")
    for folder in ("templates", "static"):
        (tmp_path / folder).symlink_to(languages.HERE / folder)
    monkeypatch.setattr(languages, "HERE", tmp_path)

    assert missing("de") == ["%(num)s lot"]
    assert shipped() == ("es", "en", "fr", "it", "nl")


@pytest.mark.parametrize("language", FURTHER)
def test_a_translation_names_the_same_values_and_is_no_english(language: languages.Language) -> None:
    said = catalog(language)
    for english, forms in said.items():
        for form in forms:
            assert set(re.findall(r"%\(\w+\)s|\{\w+\}", english)) == set(re.findall(r"%\(\w+\)s|\{\w+\}", form)), english
            assert "  " not in form
            assert form == form.strip()
    counted = {english for english, forms in said.items() if len(forms) > 1}
    assert {english for english, forms in said.items() if english in forms} <= SAME | counted | {"Container %(number)s", "Lot %(id)s"}


def test_every_translation_has_a_word_for_the_translator() -> None:
    for language in FURTHER:
        assert [message.id for message in languages._read(language) if message.id and not any(message.auto_comments)] == []
        assert "Glossary:" in languages._read(language).header_comment


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_public_page_is_whole_in_every_language(reader: TestClient, language: languages.Language) -> None:
    others = {word for english, forms in catalog("es").items() for word in (english, *forms) if len(word) > 25 and "%" not in word}
    own = {word for english, forms in catalog(language).items() for word in forms} or set(catalog("es"))

    for path in PLACES:
        answer = reader.get(f"{path}?lang={language}")
        text = unescape(re.sub(r'<script type="application/json".*?</script>', "", answer.text, flags=re.DOTALL))
        assert answer.headers["Content-Language"] == language
        assert f'<html lang="{language}">' in text
        assert re.findall(r'hreflang="(\w+)"', text) == [*LANGUAGES, *LANGUAGES]
        assert [word for word in others - own if word in text] == [], path
        assert len(gzip.compress(answer.content, 6)) + STYLE < 14 * 1024


def test_numbers_and_dates_are_written_as_each_language_writes_them(reader: TestClient) -> None:
    kg = int(float(reader.get(f"/c/{SEALED}.json").json()["weight_kg"]))
    grouped = {"es": ",", "en": ",", "de": ".", "fr": "\u202f", "it": ".", "nl": "."}
    july = {"es": "julio de 2026", "en": "July 2026", "de": "Juli 2026", "fr": "juillet 2026", "it": "luglio 2026", "nl": "juli 2026"}

    for language in LANGUAGES:
        text = unescape(reader.get(f"/c/{SEALED}?lang={language}").text)
        assert f"{kg // 1000}{grouped[language]}{kg % 1000:03}" in text
        assert f'<time datetime="2026-07">{july[language]}</time>' in text
        assert (">76,5°" in text, ">76.5°" in text) == (language not in OFFICE, language in OFFICE)
        assert Locale.parse(LOCALES[language]).language == language


def test_days_moments_and_countries_are_said_in_words() -> None:
    of = {each: look.look(each).templates.filters for each in LANGUAGES}

    assert of["de"]["day"]("2026-12-01T02:00:00-05:00") == "1. Dezember 2026"
    assert of["nl"]["day"]("2026-12-01") == "1 december 2026"
    assert of["it"]["moment"]("2026-12-01T04:05:00+00:00") == "30 novembre 2026, 23:05 (UTC\u22125)"
    assert [of[each]["country"]("DE") for each in LANGUAGES] == ["Alemania", "Germany", "Deutschland", "Allemagne", "Germania", "Duitsland"]
    assert of["fr"]["country"]("XX") == "XX"
    assert of["de"]["percent"](0.125) == "12,5 %"


def test_none_counts_as_one_in_french_alone() -> None:
    forms = "%(num)s lot", "%(num)s lots"

    assert [look.counted("fr", *forms, n) for n in (0, 1, 2)] == ["%(num)s lot", "%(num)s lot", "%(num)s lots"]
    assert [look.counted("de", *forms, n) for n in (0, 1, 2)] == ["%(num)s Partien", "%(num)s Partie", "%(num)s Partien"]


def test_a_choice_is_remembered_by_the_address_and_needs_no_cookie(reader: TestClient) -> None:
    answer = reader.get(f"/c/{SEALED}?lang=nl", headers={"Accept-Language": "fr"})

    assert set(re.findall(r'href="(/[lc]?[^"]*)"', answer.text.replace("/static/", "!"))) & {"/l/X-0010?lang=nl", "/?lang=nl"}
    assert "set-cookie" not in answer.headers
    assert reader.get(f"/c/{SEALED}?lang=pt", headers={"Accept-Language": "fr"}).headers["Content-Language"] == "fr"


def test_the_office_and_signing_in_speak_spanish_and_english(reader: TestClient) -> None:
    for wanted, spoken in (("de", "es"), ("de, en;q=0.5", "en")):
        answer = reader.get("/signin?lang=de", headers={"Accept-Language": wanted})
        assert answer.headers["Content-Language"] == spoken
        assert set(re.findall(r'hreflang="(\w+)"', answer.text)) == {"es", "en"}
