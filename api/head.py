"""The log's newest head as pages tell it: how large, when it was signed, and how many witnesses have cosigned it."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from api import witnesses
from api.house import House
from api.lately import Lately
from ledger import note, witnessed
from ledger.checkpoint import parse
from ledger.schema import Connection

SECONDS: Final = 1.0
"""How long a head is told on."""
LATE_SECONDS: Final = 60.0
"""An entry that waits longer than this to be signed is said to."""
_SIGNED: Final = """SELECT signed_at, (SELECT convert_from(line, 'UTF8')::jsonb ->> 'seen' FROM ledger.entries WHERE position = c.size + 1)
 FROM log.checkpoints c WHERE origin = %s AND size = %s"""


class Head(NamedTuple):
    """Entries under the signed head, when it was signed, and how many of how many witnesses cosigned it.

    `waiting`: since when the first entry that is not under it waits; `enough`: whether the witnesses are the quorum of the house's policy.
    """

    size: int
    signed_at: str
    waiting: str | None
    cosigned: int
    witnesses: int
    enough: bool

    @property
    def moment(self) -> datetime:
        """When it was signed."""
        return datetime.fromisoformat(self.signed_at)

    def late(self, now: datetime | None = None) -> bool:
        """Whether something was written that is not signed, though there was time enough."""
        if self.waiting is None:
            return False
        return ((now or datetime.now(UTC)) - datetime.fromisoformat(self.waiting)).total_seconds() > LATE_SECONDS


def newest(conn: Connection, house: House) -> Head | None:
    """The head that `/checkpoint` shows, or None where none is signed yet."""
    shown = witnesses.shown(conn, house)
    if shown is None:
        return None
    size = parse(note.parse(shown).text).size
    row = conn.execute(_SIGNED, (house.settings.origin, size)).fetchone()
    if row is None:
        return None
    policy = witnesses.configured(house)
    seen = witnessed.seen_by(shown, policy)
    return Head(size, row[0], row[1], len(seen), len(policy.witnesses), bool(policy.witnesses) and policy.satisfied(seen))


_LATELY: Final[Lately[Head | None]] = Lately(SECONDS, 8)


def lately(house: House) -> Head | None:
    """The same, asked for once a second."""

    def ask() -> Head | None:
        with house.pool.connection() as conn:
            return newest(conn, house)

    return _LATELY.get((house.url, house.settings.origin), ask)
