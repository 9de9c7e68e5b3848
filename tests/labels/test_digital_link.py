"""GS1 Digital Link: other people's vectors, each counted, and what the library alone would take."""

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from biip.gs1_digital_link_uris import GS1DigitalLinkURI

from labels.digital_link import (
    COUPONS,
    NO_ATTRIBUTES,
    QUALIFIERS,
    STEM,
    BadLink,
    Elements,
    brackets,
    escape,
    message,
    read,
    read_brackets,
    read_message,
    spell,
    unescape,
)
from labels.gs1values import CHECK_DIGITS, check_digit
from labels.link import Of, label_link
from tests.vectors import GS1, Tally

NAMES = "names such as /gtin/ for numbers: GS1 has withdrawn them"
UNKNOWN = "numbers that are no identifier of GS1's: nothing here could say what they hold"
COUPON = "coupons of North America: refused here, whatever they hold"
COUNTRIES = "numbers of countries and currencies: no list of others is kept here"
Vectors = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def gs1(need: Callable[[Path], Path]) -> Path:
    return need(Path(__file__).resolve().parents[3] / "shared" / "conformance" / "gs1-digital-link")


@pytest.fixture(scope="session")
def vectors(gs1: Path) -> Vectors:
    return lambda name: json.loads((gs1 / "vectors" / f"{name}.json").read_text(encoding="utf-8"))


def tried(do: Callable[..., Any], *given: Any, **how: Any) -> Any:
    try:
        return do(*given, **how)
    except BadLink:
        return None


def named(cases: list[dict[str, Any]], say: Callable[[dict[str, Any]], str]) -> Mapping[str, dict[str, Any]]:
    """Cases by what is asked and the number of it: some stand there twice."""
    return {f"{number} {say(case)}": case for number, case in enumerate(cases)}


def apart(cases: Mapping[str, Any], left_out: Mapping[str, Collection[str]]) -> Mapping[str, Any]:
    gone = {name for names in left_out.values() for name in names}
    return {name: case for name, case in cases.items() if name not in gone}


def test_links_are_read_as_gs1s_own_engine_reads_them(vectors: Vectors, tally: Tally) -> None:
    cases = named(vectors("digital_link_parse"), lambda case: case["uri"])
    options = {name: case.get("options", {}) for name, case in cases.items()}
    left_out = {
        NAMES: [name for name, of in options.items() if of.get("permit_convenience_alphas") and cases[name]["valid"]],
        UNKNOWN: [name for name, of in options.items() if of.get("permit_unknown_ais") and cases[name]["valid"]],
    }
    agrees = {}
    for name, case in apart(cases, left_out).items():
        found = tried(read, case["uri"], short_gtins=options[name].get("permit_zero_suppressed_gtin", False))
        agrees[name] = (found is not None) == case["valid"] and (found is None or message(found) == case["element_string"])

    assert len(agrees) == 76
    tally(f"{GS1}digital_link_parse", agrees, left_out)


def test_links_are_read_as_another_small_parser_reads_them(vectors: Vectors, tally: Tally) -> None:
    cases = named(vectors("simple_parser"), lambda case: case["uri"])
    left_out = {UNKNOWN: [name for name, case in cases.items() if "(89)" in case.get("bracketed", "")]}
    agrees = {}
    for name, case in apart(cases, left_out).items():
        found = tried(read, case["uri"], short_gtins=True)
        said = found and (message(found), brackets(found), dict(found))
        agrees[name] = said == ((case["unbracketed"], case["bracketed"], json.loads(case["json"])) if case["valid"] else None)

    assert len(agrees) == 38
    tally(f"{GS1}simple_parser", agrees, left_out)


def test_links_are_spelled_as_gs1s_own_engine_spells_them(vectors: Vectors, tally: Tally) -> None:
    cases = named(vectors("digital_link_generate"), lambda case: case["bracketed_ai"])
    left_out = {UNKNOWN: [name for name, case in cases.items() if case["ok"] and case.get("options")]}
    agrees = {
        name: tried(lambda case: spell(read_brackets(case["bracketed_ai"]), case["stem"] or STEM), case) == case.get("uri")
        for name, case in apart(cases, left_out).items()
    }

    assert len(agrees) == 14
    tally(f"{GS1}digital_link_generate", agrees, left_out)


def test_elements_are_read_as_gs1s_own_engine_reads_them(vectors: Vectors, tally: Tally) -> None:
    typed = named(vectors("ai_bracketed_parse"), lambda case: case["bracketed_ai"])
    scanned = named(vectors("element_string_check"), lambda case: case["element_string"])
    found = {name: tried(read_brackets, case["bracketed_ai"]) for name, case in typed.items()}

    tally(
        f"{GS1}ai_bracketed_parse",
        {name: (found[name] and message(found[name])) == case.get("element_string") for name, case in typed.items()},
    )
    tally(
        f"{GS1}element_string_check",
        {name: (tried(read_message, case["element_string"]) is not None) == case["valid"] for name, case in scanned.items()},
    )
    assert (len(typed), len(scanned)) == (18, 53)


def test_values_that_cannot_be_are_refused(vectors: Vectors, tally: Tally) -> None:
    cases = named(vectors("linter"), lambda case: f"{case['bracketed_ai']} {case['lint']}")
    left_out = {
        COUPON: [name for name, case in cases.items() if case["bracketed_ai"][1:5] in COUPONS],
        COUNTRIES: [name for name, case in cases.items() if "_ISO" in case["lint"]],
    }
    agrees = {
        name: (tried(read_brackets, case["bracketed_ai"]) is not None) == (case["lint"] == "OK")
        for name, case in apart(cases, left_out).items()
    }

    assert {why: len(names) for why, names in left_out.items()} == {COUPON: 36, COUNTRIES: 3}
    assert all(tried(read_brackets, cases[name]["bracketed_ai"]) is None for name in left_out[COUPON])
    tally(f"{GS1}linter", agrees, left_out)


def test_values_are_escaped_and_unescaped_as_gs1s_own_engine_does(vectors: Vectors, tally: Tally) -> None:
    for name, do in (("uri_escape", escape), ("uri_unescape", unescape)):
        cases = named(vectors(name), lambda case: case["text"])
        tally(f"{GS1}{name}", {at: (do(of["text"]), do(of["text"], query=True)) == (of["path"], of["query"]) for at, of in cases.items()})


def test_keys_qualifiers_and_check_digits_are_those_of_gs1s_dictionary(gs1: Path, tally: Tally) -> None:
    text = (gs1 / "gs1-syntax-dictionary" / "gs1-syntax-dictionary.txt").read_text(encoding="utf-8")
    agrees = {}
    for line in (line.partition("#")[0].split() for line in text.splitlines() if line[:1].isdecimal()):
        first, _, last = line[0].partition("-")
        flags = line[1] if not line[1][0].isalpha() else ""
        keys = [each.partition("=")[2] for each in line if each.partition("=")[0] == "dlpkey"]
        rows = [tuple(filter(None, (tuple(row.split(",")) if row else () for row in key.split("|")))) for key in keys]
        for number in range(int(first), int(last or first) + 1):
            ai = f"{number:0{len(first)}}"
            agrees[ai] = (
                (rows or [None])[0] == QUALIFIERS.get(ai)
                and ("?" not in flags) == (ai in NO_ATTRIBUTES)
                and any("csum" in each.split(",") for each in line) == (ai in CHECK_DIGITS)
            )

    assert len(agrees) == 541
    tally(f"{GS1}syntax dictionary", agrees)


@pytest.mark.parametrize(
    "uri",
    [
        "HtTpS://a/01/09521234000013", "https://a/01/9521234000013", "https://a/01/09521234000013?99=", "https://a/01/09521234000013?123=5",
        "https://a/01/09521234000013?10=LOT", "https://a/01/09521234000013?99=X&99=X", "https://[fe80::1%25eth0]/01/09521234000013",
        "https://a/01/09521234000013?17=261301",
    ],
)  # fmt: skip
def test_what_the_library_alone_takes_is_refused_by_our_gate(uri: str) -> None:
    assert GS1DigitalLinkURI.parse(uri).element_strings if "17=" not in uri else True
    with pytest.raises(BadLink):
        read(uri)


def test_what_looks_like_a_key_may_stand_before_the_key() -> None:
    assert read("https://a/01/faux/01/09521234000013/10/01") == (("01", "09521234000013"), ("10", "01"))


def test_what_is_printed_as_a_code_is_such_a_link_signed_or_not() -> None:
    sack, pallet = Of(lot="main/B-000769", gtin="09521234000013"), Of(lot="main/B-000769", sscc="095212340000000013")

    for base in ("https://cacao.example", "https://cacao.example/folder"):
        assert read(label_link(base, sack, "0K3V9ZQ1", "1" * 215)) == read(label_link(base, sack, "0K3V9ZQ1"))
        assert read(label_link(base, sack, "0K3V9ZQ1")) == (("01", "09521234000013"), ("10", "B-000769"), ("21", "0K3V9ZQ1"))
        assert read(label_link(base, pallet, "095212340000000013")) == (("00", "095212340000000013"),)


def test_a_link_of_ours_is_read_back_and_every_wrong_check_digit_refused() -> None:
    lot: Elements = (("01", "09521234000013"), ("10", "B-000769"), ("21", "0K3V9ZQ1"))
    link = spell(lot, "https://cacao.example")

    assert link == "https://cacao.example/01/09521234000013/10/B-000769/21/0K3V9ZQ1"
    assert read(link) == lot
    assert [digit for digit in "0123456789" if tried(read, f"https://a/01/0952123400001{digit}")] == [check_digit("0952123400001")]
    with pytest.raises(BadLink, match="twice"):
        spell([*lot, ("10", "OTHER")])
    with pytest.raises(BadLink, match="none of the identifiers is a key"):
        spell([("10", "LOT")])
