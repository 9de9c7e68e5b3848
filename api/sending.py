"""One POST to an address that somebody gave: signed, bounded in time, and never to a machine of our own network.

The standard library's http.client, because it follows no redirect, asks no proxy, and takes a socket that we connected ourselves: so it
is the address that was looked at which is spoken to, whatever its name means a moment later.
"""

import hmac
import socket
import ssl
import threading
from base64 import b64decode, b64encode
from contextlib import closing
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

SECONDS: Final = 10.0
"""For the whole of it, from connecting to the answer's first line and headers."""
CONNECT_SECONDS: Final = 4.0
LONGEST: Final = 500
MARK: Final = "whsec_"
"""What a secret begins with, as the Standard Webhooks write it."""
_PORTS: Final = {"https": 443, "http": 80}
_UNICAST: Final = IPv6Network("2000::/3")


class NotSent(Exception):
    """Nothing was taken; the words say why, and repeat nothing of address or answer."""


def readable(url: str, *, local: bool) -> SplitResult:
    """An address as it may be given: https, or also http with `local`. Raises ValueError."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or set(url) & set(' "<>\\^`{|}#'):
        raise ValueError(f"wanted an address of at most {LONGEST} ASCII characters without spaces or a fragment")
    parts = urlsplit(url)
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise ValueError("wanted an address that begins with https://")
    if not parts.hostname or "@" in parts.netloc or parts.port == 0:
        raise ValueError("wanted a host, without user name or password")
    return parts


def addresses(host: str, port: int, *, local: bool) -> list[str]:
    """The numbers of a host. Raises NotSent where one of them is not of the open internet, unless `local`."""
    try:
        found = list(dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    except (OSError, UnicodeError):
        found = []
    if not found or not (local or all(is_open(each) for each in found)):
        raise NotSent("the host has no address on the open internet")
    return found


def is_open(number: str) -> bool:
    """Whether an IP address is one of the open internet, and no way round into a closed network."""
    address = ip_address(number.partition("%")[0])
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address.sixtofour or address.teredo):
        return False
    return address.is_global and not address.is_multicast


def signature(secret: str, id_: str, timestamp: int, body: bytes) -> str:
    """The signature of a message, as the Standard Webhooks want it."""
    key = b64decode(secret.removeprefix(MARK))
    return "v1," + b64encode(hmac.digest(key, f"{id_}.{timestamp}.".encode() + body, "sha256")).decode()


def post(url: str, body: bytes, headers: dict[str, str], *, local: bool) -> int:
    """POST to an address; returns the status of the answer, whose body is not read. Raises NotSent."""
    try:
        parts = readable(url, local=local)
        port = parts.port or _PORTS[parts.scheme]
        host = parts.hostname or ""
        with closing(_connected(addresses(host, port, local=local), port)) as line, closing(line.dup()) as handle:
            timer = threading.Timer(SECONDS, _cut, [handle])
            timer.start()
            try:
                return _asked(parts, host, port, line, body, headers)
            finally:
                timer.cancel()
    except (OSError, HTTPException, ValueError) as failure:
        raise NotSent(f"no answer ({type(failure).__name__})") from None


def _connected(numbers: list[str], port: int) -> socket.socket:
    failure: OSError = OSError("no address")
    for number in numbers[:3]:
        try:
            return socket.create_connection((number, port), CONNECT_SECONDS)
        except OSError as error:
            failure = error
    raise failure


def _cut(line: socket.socket) -> None:
    line.shutdown(socket.SHUT_RDWR)


def _asked(parts: SplitResult, host: str, port: int, line: socket.socket, body: bytes, headers: dict[str, str]) -> int:
    line.settimeout(SECONDS)
    if parts.scheme == "https":
        conn: HTTPConnection = HTTPSConnection(host, port, context=_trusted())
        conn.sock = _trusted().wrap_socket(line, server_hostname=host)
    else:
        conn = HTTPConnection(host, port)
        conn.sock = line
    with closing(conn):
        conn.request("POST", f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", body, headers)
        return conn.getresponse().status


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()
