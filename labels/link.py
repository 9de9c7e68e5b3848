"""An identity as an address, so that whoever stands at a container's door can open its page."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


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
