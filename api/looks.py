"""Shared dossiers as links: made, checked, and every look at one written down before it is answered."""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, NamedTuple

from api.house import House
from api.settings import Settings
from ledger.schema import Connection
from ledger.vault import key_from
from projections.sharing import Share, share

Way = Literal["link", "account"]
What = Literal["page", "data", "plots", "history"]
_LINK: Final = re.compile(r"([A-Z0-9-]{1,20})\.([A-Za-z0-9_-]{22})")
_UNDER: Final = b"cacao-ledger/share/v1\n"
_BYTES: Final = 16
"""Of the code in a link: 128 bits."""
_TO_MINUTES: Final = 16
MOST: Final = 200
"""Looks that are listed."""


class Look(NamedTuple):
    """How often within a minute something of a dossier was opened, by the link or by somebody signed in."""

    share: str
    minute: str
    way: str
    what: str
    n: int


def key_file(settings: Settings) -> Path:
    """Where the key of all links lies: without it, links that are out lead nowhere."""
    return settings.folder / "keys" / "share.key"


def mac(settings: Settings, share_id: str) -> str:
    """The code of a share's link: HMAC-SHA256, its first 128 bits in base64url. Raises WrongKey."""
    code = hmac.digest(key_from(key_file(settings)), _UNDER + share_id.encode(), sha256)
    return urlsafe_b64encode(code[:_BYTES]).decode().rstrip("=")


def link(settings: Settings, share_id: str) -> str:
    """The address that opens a shared dossier, below the house's own."""
    return f"/d/{share_id}.{mac(settings, share_id)}"


def opened_by(house: House, conn: Connection, written: str) -> Share | None:
    """The share that a link's last part opens now; None for one that is forged, ended, over, not begun, or for one party alone.

    All of it is looked at, whatever is wrong, so that no answer comes sooner than another.
    """
    found = _LINK.fullmatch(written)
    share_id, code = found.groups() if found else ("-", "-" * 22)
    genuine = hmac.compare_digest(mac(house.settings, share_id), code)
    it = share(conn, share_id)
    holds = it is not None and it.for_party is None and it.holds(house.now())
    return it if genuine and holds else None


_NOTE: Final = """INSERT INTO scans.opened (share, minute, way, what, stuffing, holder, n) VALUES (%s, %s, %s, %s, %s, %s, 1)
ON CONFLICT (share, minute, way, what, stuffing) DO UPDATE SET n = scans.opened.n + 1"""
_LOOKS: Final = f"""SELECT share, minute, way, what, n FROM scans.opened WHERE stuffing = ANY(%s) AND holder = %s
 ORDER BY minute DESC, share, way, what LIMIT {MOST}"""


def note(conn: Connection, of: Share, way: Way, what: What, now: str) -> None:
    """Write a look down: the minute at Peru's time, and by which way; of whoever looked, nothing."""
    conn.execute(_NOTE, (of.share, now[:_TO_MINUTES].replace("T", " "), way, what, of.first, of.holder))


def looks(conn: Connection, of: Sequence[Share], holder: str) -> list[Look]:
    """Looks at dossiers by an organisation's shares; the latest first."""
    return [Look(*row) for row in conn.execute(_LOOKS, ([each.first for each in of], holder))]
