"""The resolver of GS1 Digital Link: a test for each of GS1's rules, and nothing to be found out by trying serials or pallets."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create
from api.house import House
from tests.api.numbered import (
    BASE,
    GLN,
    GTIN,
    LINKSET,
    LOT,
    NEVER,
    PALLET,
    PRIVATE,
    THEIRS,
    VOC,
    VOID,
    alike,
    leads,
    listed,
    numbered,
    squeezed,
)


@pytest.fixture(scope="module")
def house(furnished: House) -> House:
    return numbered(furnished)


@pytest.fixture(scope="module")
def ask(house: House) -> Iterator[TestClient]:
    with TestClient(create(house), base_url=BASE, follow_redirects=False, headers={"accept": "*/*"}) as client:
        yield client


def test_get_head_and_options_are_answered(ask: TestClient) -> None:
    for path in (f"/01/{GTIN}", f"/00/{PALLET}", f"/414/{GLN}", f"/417/{GLN}"):
        got, head, options = ask.get(path), ask.head(path), ask.options(path)
        assert (got.status_code, head.content, head.headers.get("location")) == (head.status_code, b"", got.headers.get("location"))
        assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert ask.post(f"/01/{GTIN}").status_code == 405


def test_any_site_may_ask(ask: TestClient) -> None:
    answers = [
        ask.get(f"/01/{GTIN}"),
        ask.get(f"/01/{GTIN}", headers=LINKSET),
        ask.get("/01/1"),
        ask.get(f"/01/{GTIN}/10/{LOT}/21/SACK0001"),
    ]
    answers += [ask.get("/.well-known/gs1resolver"), ask.options(f"/01/{GTIN}"), ask.get(f"/01/{GTIN}?linkType=gs1:epcis")]

    assert [answer.status_code for answer in answers] == [307, 200, 400, 200, 200, 204, 404]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}
    assert {answer.headers["access-control-expose-headers"] for answer in answers} == {"Link"}


@pytest.mark.parametrize(
    "path",
    [
        "/01/09521234000014", "/01/9521234000013", "/01/", f"/01/{GTIN}/10", f"/01/{GTIN}/21/1/10/L", f"/01/{GTIN}?10=LOT",
        f"/01/{GTIN}?17=261301",
        f"/01/{GTIN}/10/{'L' * 21}", f"/01/{GTIN}?99=", "/00/095212340000000014", "/414/9521234000021",
        f"/01/{GTIN}/10/{LOT}/21/SACK0001?01={GTIN}",
        "/01/09521234000014/10/BU-002/21/SACK0001", f"/414/{GLN}/10/L",
    ],
)  # fmt: skip
def test_bad_syntax_is_said_with_400_to_programs_and_people(ask: TestClient, path: str) -> None:
    told, shown = ask.get(path), ask.get(path, headers={"accept": "text/html", "accept-language": "en"})

    assert (told.status_code, told.json()["code"]) == (400, "malformed")
    assert shown.status_code == 400
    assert "no link of GS1" in shown.text


def test_no_error_is_answered_with_200(ask: TestClient) -> None:
    for path in (
        "/01/09521234000099",
        "/414/9521234000037",
        "/417/9520006000015",
        f"/01/{GTIN}?linkType=gs1:none",
        "/products/1",
        "/places/1",
    ):
        assert ask.get(path).status_code == 404
        assert ask.get(path, headers={"accept": "text/html"}).status_code == 404
    assert ask.get("/01/09521234000099", headers=LINKSET).status_code == 404


def test_a_slash_at_the_end_is_tolerated(ask: TestClient) -> None:
    assert leads(ask, f"/01/{GTIN}/") == leads(ask, f"/01/{GTIN}") == (307, f"/products/{GTIN}")
    assert ask.get(f"/01/{GTIN}/10/{LOT}/21/SACK0001/").status_code == 200


def test_all_links_are_listed_on_demand_as_rfc_9264_says(ask: TestClient) -> None:
    by_header = ask.get(f"/01/{GTIN}/10/{LOT}", headers=LINKSET)

    assert (
        by_header.json() == ask.get(f"/01/{GTIN}/10/{LOT}?linkType=linkset").json() == ask.get(f"/01/{GTIN}/10/{LOT}?linkType=all").json()
    )
    assert list(by_header.json()) == ["linkset"]
    assert by_header.headers["vary"].startswith("Accept, ")


def test_links_of_all_levels_up_to_the_key_are_listed(ask: TestClient) -> None:
    found = listed(ask, f"/01/{GTIN}/10/{LOT}/21/SACK0001")

    assert list(found) == [f"/01/{GTIN}/10/{LOT}/21/SACK0001", f"/01/{GTIN}/10/{LOT}", f"/01/{GTIN}"]
    assert [sorted(name.removeprefix(VOC) for name in of if name.startswith(VOC)) for of in found.values()] == [
        ["defaultLink", "dpp", "traceability"], ["defaultLink", "dpp", "traceability"], ["defaultLink", "masterData", "pip"],
    ]  # fmt: skip
    assert found[f"/01/{GTIN}/10/{LOT}"][VOC + "traceability"][0]["href"] == f"{BASE}/l/{LOT}"


def test_every_link_says_where_it_leads_its_sort_title_and_languages(ask: TestClient) -> None:
    for of in listed(ask, f"/01/{GTIN}/10/{LOT}").values():
        for sort, links in ((name.removeprefix(VOC), each) for name, each in of.items() if name.startswith(VOC)):
            for link in links:
                assert link["href"].startswith(f"{BASE}/")
                assert link["title"]
                assert sort == "defaultLink" or link["type"] == ("application/json" if sort == "masterData" else "text/html")
                assert sort in ("defaultLink", "masterData") or {"es", "en"} <= set(link["hreflang"])


def test_the_default_link_has_no_attributes_and_is_listed_under_what_it_is(ask: TestClient) -> None:
    for path in (f"/01/{GTIN}/10/{LOT}/21/SACK0001", f"/414/{GLN}", f"/417/{GLN}", f"/00/{PALLET}"):
        for of in listed(ask, path).values():
            (default,) = of[VOC + "defaultLink"]
            assert set(default) == {"href", "title"}
            assert [name for name, links in of.items() if name.startswith(VOC) and links[0]["href"] == default["href"]][1:]


def test_however_particular_a_request_there_is_a_default(ask: TestClient) -> None:
    assert leads(ask, f"/01/{GTIN}/10/{LOT}") == (307, f"/l/{LOT}")
    for path in ("22/V", "21/S", "235/T", "10/NONE", "22/V/10/NONE/21/S", "10/NONE/21/S/"):
        assert leads(ask, f"/01/{GTIN}/{path}")[0] == 307, path
    assert leads(ask, f"/01/{GTIN}/10/NONE") == leads(ask, f"/01/{GTIN}/21/S") == (307, f"/products/{GTIN}")


def test_all_qualifiers_of_a_key_are_taken(ask: TestClient) -> None:
    assert leads(ask, f"/414/{GLN}/254/DOOR-1") == leads(ask, f"/414/{GLN}/7040/1ABC") == (307, f"/places/{GLN}")
    assert leads(ask, f"/417/{GLN}/7040/1ABC") == (307, f"/places/{GLN}")
    assert leads(ask, f"/01/{GTIN}/22/V/10/{LOT}") == (307, f"/l/{LOT}")


def test_the_sort_of_link_that_is_asked_for_is_followed_in_each_spelling(ask: TestClient) -> None:
    for sort in ("gs1:pip", "https://ref.gs1.org/voc/pip", "https://gs1.org/voc/pip", "gs1%3Apip"):
        status, where = leads(ask, f"/01/{GTIN}/10/{LOT}?linkType={sort}")
        assert (status, where.partition("?")[0]) == (307, f"/products/{GTIN}")
    assert leads(ask, f"/01/{GTIN}/10/{LOT}?linkType=gs1:dpp")[1].startswith(f"/l/{LOT}?")
    assert leads(ask, f"/01/{GTIN}/10/{LOT}?linkType=gs1:defaultLink")[1].startswith(f"/l/{LOT}?")


@pytest.mark.parametrize("sort", ["gs1:epcis", "gs1:certificationInfo", "gs1:nothing", "pip", "", "schema:review"])
def test_a_sort_of_link_that_is_not_there_is_not_found(ask: TestClient, sort: str) -> None:
    assert ask.get(f"/01/{GTIN}/10/{LOT}?linkType={sort}").status_code == 404


def test_the_whole_query_is_passed_on(ask: TestClient) -> None:
    assert leads(ask, f"/01/{GTIN}?a=1&b=%20x&3103=000195&lang=en") == (307, f"/products/{GTIN}?a=1&b=%20x&3103=000195&lang=en")
    assert leads(ask, f"/01/{GTIN}?linkType=gs1:pip&a=1") == (307, f"/products/{GTIN}?linkType=gs1:pip&a=1")


def test_the_list_is_named_in_the_link_header_with_all_links(ask: TestClient) -> None:
    redirected, shown = ask.get(f"/01/{GTIN}/10/{LOT}").headers["link"], ask.get(f"/01/{GTIN}/10/{LOT}/21/SACK0001").headers["link"]

    assert f'<{BASE}/01/{GTIN}/10/{LOT}?linkType=linkset>; rel="linkset"; type="application/linkset+json"' in redirected
    assert f'<{BASE}/products/{GTIN}>; rel="{VOC}pip"; type="text/html"; title="Product"' in redirected
    assert (
        shown == f'<{BASE}/01/{GTIN}/10/{LOT}/21/SACK0001?linkType=linkset>; rel="linkset"; type="application/linkset+json"; title="Links"'
    )


def test_the_resolver_describes_itself_and_what_makes_json_ld_of_its_lists(ask: TestClient) -> None:
    said = ask.get("/.well-known/gs1resolver").json()
    context = ask.get(said["jsonLdContextLocation"].removeprefix(BASE))

    assert (said["resolverRoot"], said["supportedPrimaryKeys"]) == (BASE, ["00", "01", "414", "417"])
    assert said["supportedLinkType"] == [{"namespace": VOC, "prefix": "gs1:"}]
    assert (context.headers["content-type"], context.json()["@context"][0]["@vocab"]) == ("application/ld+json", VOC)
    assert (
        'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"' in ask.get(f"/01/{GTIN}", headers=LINKSET).headers["link"]
    )


def test_a_compressed_address_is_answered_as_what_it_stands_for_which_is_named(ask: TestClient) -> None:
    label, lot, product = squeezed(GTIN, LOT, "SACK0001"), squeezed(GTIN, LOT), squeezed(GTIN)

    assert (ask.get(f"/{label}").text, ask.get(f"/{label}").status_code) == (ask.get(f"/01/{GTIN}/10/{LOT}/21/SACK0001").text, 200)
    assert f'<{BASE}/01/{GTIN}/10/{LOT}/21/SACK0001>; rel="owl:sameAs"' in ask.get(f"/{label}").headers["link"]
    assert f'<{BASE}/01/{GTIN}/10/{LOT}>; rel="owl:sameAs"' in ask.head(f"/{lot}/").headers["link"]
    assert leads(ask, f"/{lot}?a=1") == leads(ask, f"/01/{GTIN}/10/{LOT}?a=1") == (307, f"/l/{LOT}?a=1")
    assert leads(ask, f"/{product}?linkType=gs1:pip")[1].startswith(f"/products/{GTIN}?")
    assert list(listed(ask, f"/{lot}")) == [f"/01/{GTIN}/10/{LOT}", f"/01/{GTIN}"], "the uncompressed address is what is spoken of"
    assert leads(ask, f"/01/{GTIN}/{squeezed(lot=LOT)}") == (307, f"/l/{LOT}"), "its key alone is legible"
    assert ask.options(f"/{lot}").status_code == 204
    for nothing in (squeezed("09521234000099"), "AAAAAAAAAAAA", label[:-4], f"{label}AAAA"):
        assert ask.get(f"/{nothing}").status_code in (400, 404)


def test_a_page_is_in_the_language_that_its_reader_likes(ask: TestClient) -> None:
    for language, word in (("es", "Producto"), ("en", "Product<")):
        assert word in ask.get(f"/products/{GTIN}", headers={"accept-language": language}).text
        assert f"?lang={language}" in leads(ask, f"/01/{GTIN}?lang={language}")[1]


def test_a_printed_labels_address_is_answered_by_its_page(ask: TestClient) -> None:
    for path in (f"/01/{GTIN}/10/{LOT}/21/SACK0001", f"/00/{PALLET}", f"/01/{GTIN}/10/{LOT}/21/SACK0001?linkType=gs1:traceability"):
        shown, told = ask.get(path), ask.get(path.partition("?")[0] + ".json")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert (told.status_code, told.headers["content-type"]) == (200, "application/json")
        assert LOT in shown.text


def test_serials_and_pallets_that_are_unknown_void_or_not_public_are_one_answer(ask: TestClient) -> None:
    serials = [f"/01/{GTIN}/10/{LOT}/21/N0NE0000", f"/01/{GTIN}/10/{LOT}/21/V01DSACK", f"/01/{THEIRS}/10/DR-001/21/PR1VATE1"]
    pallets = [f"/00/{each}" for each in (NEVER, VOID, PRIVATE)]
    ((status, *_),), listing = alike(ask, serials + pallets), LINKSET["accept"]

    assert status == 404
    assert len(alike(ask, pallets, accept=listing)) == 1
    assert len(alike(ask, [f"{each}?linkType=gs1:dpp" for each in pallets])) == 1
    assert len(alike(ask, [f"/01/{GTIN}/10/{LOT}/21/{each}" for each in ("SACK0001", "V01DSACK", "N0NE0000")], accept=listing)) == 1


def test_a_lot_that_is_not_public_is_as_one_that_never_was(ask: TestClient) -> None:
    for accept in ("*/*", "application/linkset+json"):
        assert len(alike(ask, [f"/01/{THEIRS}/10/{each}" for each in ("DR-001", "DR-991", LOT)], accept=accept)) == 1
    assert leads(ask, f"/01/{THEIRS}/10/DR-001") == (307, f"/products/{THEIRS}")


def test_an_organisation_is_named_only_where_anybody_may_know_its_name(ask: TestClient) -> None:
    site = ask.get("/places/9520005000016.json").json()

    assert site == {"gln": "9520005000016", "stands_for": "site", "organisation": "Acopio Sisa", "district": "220501", "example": True}
    assert ask.get("/places/9520006000015").status_code == 404
    assert "Hanse Kakao" not in ask.get("/places/9520006000015").text
    assert ask.get("/417/9520005000016").status_code == 404, "a site is no organisation"
