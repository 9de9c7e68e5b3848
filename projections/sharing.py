"""What is shown of containers to whom: dossiers that are shared for a time, and organisations that show what they paid."""

from typing import Final, NamedTuple

from ledger.schema import Connection
from projections.containers import stuffing
from projections.view import Fact, Rows, View, annullable, table


def _shared(position: int, fact: Fact) -> Rows:
    names = ("holder_id", "for_id", "shared_at", "until")
    yield "shared", (fact["share_id"], stuffing(fact), fact["stuffing"], *(fact[name] for name in names), position, fact["org"])


def _ended(position: int, fact: Fact) -> Rows:
    yield "share_ends", (fact["share_id"], fact["holder_id"], fact["ended_at"], position, fact["org"])


def _published(position: int, fact: Fact) -> Rows:
    yield "publications", (stuffing(fact), fact["holder_id"], True, fact["published_at"], position, fact["org"])


def _withdrawn(position: int, fact: Fact) -> Rows:
    yield "publications", (stuffing(fact), fact["holder_id"], False, fact["withdrawn_at"], position, fact["org"])


SHARING: Final = View(
    "sharing",
    annullable(
        table(
            "shared",
            "share text, stuffing text, first int8, holder text, for_party text, shared_at text, until text, position int8, org text",
            "share",
            "stuffing",
            "for_party",
            theirs="{org} OR {holder}",
        ),
        table(
            "share_ends", "share text, holder text, ended_at text, position int8, org text", "position", "share", theirs="{org} OR {holder}"
        ),
        table(
            "publications",
            "stuffing text, holder text, shown bool, at text, position int8, org text",
            "position",
            "stuffing",
            theirs="{org} OR {holder}",
        ),
    ),
    {
        "container-shared.v1": _shared,
        "share-ended.v1": _ended,
        "price-published.v1": _published,
        "price-withdrawn.v1": _withdrawn,
    },
)


class Share(NamedTuple):
    """A dossier that was shared: of which stuffing, by its holder, with whom (None: whoever has the link), and when it ends or ended."""

    share: str
    stuffing: str
    first: int
    holder: str
    for_party: str | None
    shared_at: str
    until: str
    ended_at: str | None
    position: int

    @property
    def container_no(self) -> str:
        """The container's number."""
        return self.stuffing.removeprefix("stuffing:").partition("@")[0]

    def holds(self, now: str) -> bool:
        """Whether it opens the dossier at a moment."""
        return self.ended_at is None and self.shared_at <= now <= self.until


_SHARES: Final = """SELECT s.share, s.stuffing, s.first, s.holder, s.for_party, s.shared_at, s.until,
 (SELECT min(e.ended_at) FROM views.share_ends e WHERE e.share = s.share), s.position FROM views.shared s WHERE """


def share(conn: Connection, id_: str) -> Share | None:
    """One share by its id, whether it holds or not."""
    row = conn.execute(f"{_SHARES} s.share = %s", (id_,)).fetchone()
    return Share(*row) if row else None


def shares(conn: Connection, number: str, holder: str) -> list[Share]:
    """All that an organisation shared of a container, on all its voyages, the latest first."""
    of = "s.stuffing IN (SELECT c.stuffing FROM views.containers c WHERE c.container_no = %s)"
    rows = conn.execute(f"{_SHARES} {of} AND s.holder = %s ORDER BY s.position DESC", (number, holder))
    return [Share(*row) for row in rows]


def shared_with(conn: Connection, party: str, now: str) -> list[Share]:
    """What is shared with a party at a moment, the latest first; for a connection that sees all."""
    rows = conn.execute(f"{_SHARES} s.for_party = %s ORDER BY s.position DESC", (party,))
    return [each for each in (Share(*row) for row in rows) if each.holds(now)]


def publishers(conn: Connection, node: str) -> list[str]:
    """The organisations that show what they paid for the beans in a stuffing; on a connection of the office, only one's own."""
    rows = conn.execute(
        "SELECT holder FROM (SELECT DISTINCT ON (holder) holder, shown FROM views.publications WHERE stuffing = %s"
        " ORDER BY holder, position DESC) AS latest WHERE shown ORDER BY holder",
        (node,),
    )
    return [holder for (holder,) in rows]


def shown_by(conn: Connection, holder: str) -> list[str]:
    """The containers for whose beans an organisation shows what it paid, each once, by their numbers."""
    rows = conn.execute(
        "SELECT DISTINCT substring(stuffing from 'stuffing:(.*)@') FROM (SELECT DISTINCT ON (stuffing) stuffing, shown"
        " FROM views.publications WHERE holder = %s ORDER BY stuffing, position DESC) AS latest WHERE shown ORDER BY 1",
        (holder,),
    )
    return [number for (number,) in rows]
