"""Addresses and headers that lie: none leads out of the house, none is repeated in an answer, none says who asks but the right one."""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import pytest
from starlette.testclient import TestClient

from api import people
from api.access import COOKIE
from api.app import create
from api.house import House
from tests.api.chromium import free_port, served
from tests.api.people import PLACE
from tests.api.test_doors import NAMED, doors
from tests.fuzz import jack_of_all_trades


def heard(port: int, head: str, path: str = "/", method: str = "GET") -> tuple[int, dict[str, str], str]:
    """The answer to a request written by hand: status, headers, body."""
    text = f"{method} {path} HTTP/1.1\r\n{head}Connection: close\r\nContent-Length: 0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(text.encode("latin-1"))
        parts = []
        with suppress(ConnectionResetError):
            while part := line.recv(65_536):
                parts.append(part)
    first, _, body = b"".join(parts).partition(b"\r\n\r\n")
    status, *rest = first.decode("latin-1").split("\r\n")
    return (
        int(status.split(" ")[1]),
        {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)},
        body.decode("latin-1"),
    )


@pytest.fixture(scope="module")
def port(furnished: House) -> Iterator[int]:
    number = free_port()
    with served(create(furnished), number):
        yield number


@pytest.fixture(scope="module")
def session(furnished: House) -> str:
    """The session of somebody with every role."""
    return people.begin(furnished, people.enrol(furnished, jack_of_all_trades(furnished), "link", "invited by a test"), "link")


PATHS: Final = """/static/../app.py /static/%2e%2e/app.py /static/..%2fapp.py /static/%252e%252e%252fapp.py /static//etc/passwd /static/%00
/static/cacao.css%00.html /static/..%5capp.py /static/. /static/aaaaaLONG /c/%2e%2e /c/..%2f.. /c/%00 /c/%ff%fe /c/\xff /c/LONG
/l/main/%2f /l/%E2%80%AE /search?q=\xff /search?q=%00 /c/X?at=\xff /stock/.. /stock/%00 /stock/main/%00 /stock/%2e%2e%2fcommands
/parties/..%2flots /parties/main%2FFA-0001%00 /plots/%00 /buy/%00 /buy/FA-0001?lot=%00 /pay/%00 /farmers/%00 /farmers?after=%00
/land/%00 /land/%00/survey /receipts/%00 /receipts/BU-001?weighed=%00 /containers/%00 /containers/%00/load /invite/%00 /invite/LONG
/devices/%00 /people/%00 /daybook?day=%00 /daybook.csv?day=%0d%0aX-Injected:%201 /entries?tag=%00 /lots?after=%00 /% /%zz /%c0%ae%c0%ae/
//evil.example/ /\\evil.example //evil.example/stock/ /signin/ /stock/ /signin?next=%0d%0aX-Injected:%201 /?lang=es%0d%0aX-Injected:%201
/search?q=X&lang=es%0d%0aX-Injected:%201 /c/csqu3054383?x=%0d%0aX-Injected:%201 /c/csqu3054383?\xe9
/farmers/find?lang=es%0d%0aX-Injected:%201 /buy/find?lang=//evil.example /c/%0d%0aX-Injected:%201 /invite/%0d%0aX-Injected:%201
/entries?limit=1&x=%0d%0aX-Injected:%201""".split()
"""Addresses as they are sent; LONG stands for two thousand signs, \\xff for that byte."""


@pytest.mark.parametrize("signed", [False, True], ids=["nobody", "somebody"])
def test_no_address_leads_out_of_the_house_or_fails(port: int, session: str, signed: bool) -> None:  # noqa: FBT001 - a parameter
    head = "Host: cacao.example\r\n" + (f"Cookie: {COOKIE}={session}\r\n" if signed else "")
    for path in PATHS:
        status, headers, body = heard(port, head, path.replace("LONG", "A" * 2_000))

        assert status < 500, path
        assert "x-injected" not in headers, path
        assert not re.search(r"Compose and open|root:|\[project\]", body), path
        assert re.fullmatch(r"|/(?![/\\]).*", headers.get("location", "")), path
        assert headers.get("x-content-type-options", "nosniff") == "nosniff"


LIES: Final = """Host: evil.example
X-Forwarded-Host: evil.example
X-Forwarded-Proto: evil.example
X-Forwarded-Prefix: /evil.example
X-Forwarded-For: evil.example
Forwarded: host=evil.example;for=evil.example
X-Original-URL: /evil.example
X-Rewrite-URL: /evil.example
X-Host: evil.example
Referer: https://evil.example/
Cacao-Org: evil.example
Accept-Language: evil.example
User-Agent: evil.example
"""


def test_no_answer_repeats_what_a_request_says_of_itself(furnished: House, port: int, session: str) -> None:
    head = LIES.replace("\n", "\r\n") + f"Cookie: {COOKIE}={session}\r\n"
    asked = [path for method, path in doors(furnished) if method == "GET" and path not in ("/healthz", "/metrics")]
    seen = 0
    for path in asked:
        address = re.sub(r"\{(\w+)(:path)?\}", lambda found: NAMED.get(found[1], "x"), path)
        for each in (address, f"{address}/"):
            status, headers, body = heard(port, head, each)
            assert "evil.example" not in f"{headers}{body}", each
            seen += status == 200

    assert seen > 30


@pytest.mark.parametrize("host", ["", "Host: a\r\nHost: b\r\n", "Host: a b\r\n", "Host: x/livez?\r\n", "Host: x@y:z\r\n", "Host: \xff\r\n"])
def test_a_host_that_is_none_gives_no_other_page(port: int, host: str) -> None:
    status, _, body = heard(port, host, "/problems/gain")

    assert status == 400 or (status, "/problems/gain" in body or "kilogram" in body) == (200, True)


@pytest.mark.parametrize("back", [
    "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/%2f/evil.example", "/%5cevil.example", "/.evil",
    "/@evil", "\t//evil.example", "/\n/evil.example", "https:evil.example", "/office?x=//evil", "/office#evil", "evil", "///evil.example",
    "/;@evil",
])  # fmt: skip
def test_signing_in_leads_to_no_other_house(furnished: House, back: str) -> None:
    with TestClient(create(furnished), base_url=PLACE) as nobody:
        page = nobody.get("/signin", params={"next": back}).text
        kept = nobody.get("/signin", params={"next": "/farmers/FA-0001"}).text

    assert re.findall(r'data-next="([^"]*)"', page) == ["/office"]
    assert re.findall(r'data-next="([^"]*)"', kept) == ["/farmers/FA-0001"]


def test_a_method_is_the_one_that_is_sent(furnished: House, port: int) -> None:
    head = f"Host: cacao.example\r\nAuthorization: Bearer {furnished.token()}\r\nX-HTTP-Method-Override: DELETE\r\n"
    for method in ("GET", "POST", "PUT", "PATCH", "TRACE", "OPTIONS", "CONNECT", "DELETED"):
        status, headers, _ = heard(port, head, "/webhooks/W-7Q3M9K2FHXWV4TRB?_method=DELETE", method)
        assert status in (400, 405), method
        assert status == 400 or headers["allow"] == "DELETE", method


@pytest.mark.parametrize(
    "name", ["cacao", "__Secure-cacao", "__host-cacao", "__Host-Cacao", "__Host-cacao-oidc", "__Host-cacao[]", "$__Host-cacao"]
)
def test_a_session_under_another_name_is_none(port: int, session: str, name: str) -> None:
    signed, other = (heard(port, f"Host: x\r\nCookie: {each}={session}\r\n", "/devices")[0] for each in (COOKIE, name))

    assert (signed, other) == (200, 303)


def test_who_says_twice_with_a_token_who_asks_is_nobody(furnished: House, port: int, session: str) -> None:
    good, bad, cookie = f"Authorization: Bearer {furnished.token()}\r\n", "Authorization: Bearer x\r\n", f"Cookie: {COOKIE}={session}\r\n"

    heads = [
        good,
        good + bad,
        bad + good,
        good + good,
        bad + cookie,
        cookie + bad,
        good.replace(" B", "  B"),
        good.replace("Bearer", "Basic"),
    ]

    assert [heard(port, f"Host: x\r\n{head}", "/lots")[0] for head in heads] == [200, 401, 401, 401, 401, 401, 200, 401]


def test_of_two_sessions_the_last_one_counts(port: int, session: str) -> None:
    for cookies, status in ((f"{COOKIE}=x; {COOKIE}={session}", 200), (f"{COOKIE}={session}; {COOKIE}=x", 303), (f"{COOKIE}=", 303)):
        assert heard(port, f"Host: x\r\nCookie: {cookies}\r\n", "/devices")[0] == status, cookies
