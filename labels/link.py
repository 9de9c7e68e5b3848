"""An identity as an address, so that whoever stands at a container's door can open its page."""

import re
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from domain.label import SERIAL

_LABEL: Final = re.compile(
    rf"(?P<whole>/(?:C/(?P<no>[A-Z0-9-]{{1,20}})/(?P<first>[1-9][0-9]{{0,15}})/S"
    rf"|L/(?:(?P<book>[A-Z0-9-]{{1,20}})/)?(?P<lot>[A-Z0-9-]{{1,20}})/S|K|01/(?P<gtin>[0-9]{{14}})/10/(?P<id>[A-Z0-9-]{{1,20}})/21)"
    rf"/(?P<serial>{SERIAL})|/00/(?P<sscc>[0-9]{{18}}))\Z"
)
MISREAD: Final = str.maketrans("OIL", "011")
"""Letters that no serial has, and what people who type one by hand meant."""


class Of(NamedTuple):
    """What a label is on: a stuffing of a container, a lot by its key BOOK/ID (with its product, or as a pallet), or, with nothing, a card.

    `stuffing` is the position at which it was opened; `gtin` and `sscc` where the holder has numbers of GS1.
    """

    container_no: str | None = None
    stuffing: int | None = None
    lot: str | None = None
    gtin: str | None = None
    sscc: str | None = None


def label_path(of: Of, serial: str) -> str:
    """The path of one printed label beneath the house's address, in upper case as labels print and sign it."""
    if of.sscc:
        return f"/00/{of.sscc}"
    if of.gtin and of.lot:
        return f"/01/{of.gtin}/10/{of.lot.rpartition('/')[2]}/21/{serial}"
    if of.lot:
        return f"/L/{of.lot.removeprefix('main/').upper()}/S/{serial}"
    return f"/C/{of.container_no}/{of.stuffing}/S/{serial}" if of.container_no else f"/K/{serial}"


def label_link(base_url: str, of: Of, serial: str, digits: str | None = None) -> str:
    """The whole address of a label: `HTTPS://CACAO.EXAMPLE/L/B-000769/S/0K3V9ZQ1`, with `?s=` and the digits where it is signed.

    Scheme and host in upper case are the same address, and shorter as a code; a folder beneath the host keeps its case.
    Raises ValueError if `base_url` is not fit for a label.
    """
    base = _base(base_url)
    return f"{base.scheme.upper()}://{base.netloc.upper()}{base.path}{label_path(of, serial)}" + (f"?s={digits}" if digits else "")


def label_at(path: str) -> tuple[str, Of, str] | None:
    """The label that a path leads to, in upper case and without the folder it may be in: its own path, what it is on, its serial."""
    found = _LABEL.search(path)
    if not found:
        return None
    book, lot = (found["book"] or "main").lower(), found["lot"] or found["id"]
    of = Of(found["no"], int(found["first"]) if found["first"] else None, lot and f"{book}/{lot}", found["gtin"], found["sscc"])
    return found["whole"], of, found["serial"] or found["sscc"]


def container_link(base_url: str, number: str, stuffing: int) -> str:
    """The page of one stuffing of a container: `https://cacao.example/c/TRHU6368220/2421`.

    `stuffing` is the ledger position at which this stuffing was opened: the label stays true when the
    container number comes back on a later voyage. Raises ValueError if `base_url` is not fit for a label.
    """
    base = _base(base_url)
    return f"{base.scheme}://{base.netloc}{base.path}/c/{number}/{stuffing}"


def lot_link(base_url: str, key: str) -> str:
    """The page of a lot by its key BOOK/ID, the book hidden where it is the first: `https://cacao.example/l/B-000769`.

    Raises ValueError if `base_url` is not fit for a label.
    """
    base = _base(base_url)
    return f"{base.scheme}://{base.netloc}{base.path}/l/{key.removeprefix('main/')}"


def short_address(base_url: str, number: str) -> str:
    """The page of a container as one types it by hand: `cacao.example/c/TRHU6368220`.

    Raises ValueError if `base_url` is not fit for a label.
    """
    base = _base(base_url)
    return f"{base.netloc}{base.path}/c/{number}"


def is_loopback(base_url: str) -> bool:
    """Whether only the computer that serves this address can open it.

    Raises ValueError if `base_url` is not fit for a label.
    """
    host = (_base(base_url).hostname or "").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _base(base_url: str) -> SplitResult:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{base_url!r} is no web address: wanted one such as https://cacao.example")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("the address for labels holds a query, a fragment or a password: wanted one such as https://cacao.example")
    return parts._replace(path=parts.path.rstrip("/"))
