"""Before a command is decided: may this actor give it, and is all that it touches theirs? What is not theirs answers as if unknown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.access import Actor
from api.roles import ADMINISTRATOR, EVERYBODY, OPERATOR, OWN, Whose, may_command, touches
from domain.values import Command
from ledger.decision import Denied
from ledger.schema import Connection

MADE: Final = {
    "enrol-party": "party:party_id", "register-plot": "plot:plot_id", "raise-seedlings": "nursery-lot:nursery_lot_id",
    "hand-out-seedlings": "handout:handout_id", "graft-plants": "graft:graft_id", "record-harvest": "lot:lot_id",
    "buy-lot": "lot:lot_id", "ferment-lots": "lot:lot_id", "dry-lots": "lot:lot_id", "blend-lots": "lot:lot_id",
    "split-lot": "lot:lot_id", "open-container": "container:container_no",
    **dict.fromkeys(("print-lot-labels", "print-container-labels", "print-card", "reprint-labels"), "label:serials"),
    "admit-user": "user:user_id", "enrol-device": "device:device_id",
    "share-container": "share:share_id",
}  # fmt: skip
"""Command -> what it makes, and the field that names it: in the same list it is theirs before any view shows it."""
_LABELS: Final = ("serials", "replaced")
_SORTS: Final = {
    "party_id": "party", "holder_id": "party", "nursery_id": "party", "payer_id": "party", "to_id": "party", "org_id": "party",
    "issuer_id": "party",
    "plot_id": "plot", "mother_plot_id": "plot", "nursery_lot_id": "nursery-lot", "handout_id": "handout", "graft_id": "graft",
    "lot_id": "lot", "inputs": "lot", "container_no": "container", "user_id": "user", "device_id": "device", "share_id": "share",
    "serials": "label", "replaced": "label",
    "position": "entry",
}  # fmt: skip
_OF_THE_HOUSE: Final = ("container_no", "user_id", "device_id", "share_id", "position", *_LABELS)
"""Names that are of no book."""
_OWNERS: Final = """
WITH asked AS (SELECT split_part(tag, ':', 1) AS what, substr(tag, strpos(tag, ':') + 1) AS key, tag FROM unnest(%(tags)s::text[]) AS tag),
held AS (
  SELECT tag, key AS holder FROM asked WHERE what = 'party'
  UNION ALL SELECT tag, holder FROM asked JOIN views.plots ON what = 'plot' AND plot = key
  UNION ALL SELECT tag, nursery FROM asked JOIN views.nursery_lots ON what = 'nursery-lot' AND nursery_lot = key
  UNION ALL SELECT tag, nursery FROM asked JOIN views.handouts h ON what = 'handout' AND handout = key
    JOIN views.nursery_lots n ON n.nursery_lot = h.nursery_lot
  UNION ALL SELECT tag, holder FROM asked JOIN views.grafts g ON what = 'graft' AND graft = key JOIN views.plots p ON p.plot = g.plot
  UNION ALL SELECT tag, holder FROM asked JOIN views.lots ON what = 'lot' AND lot = key
  UNION ALL SELECT tag, holder FROM asked JOIN views.labels ON what = 'label' AND serial = key
  UNION ALL SELECT tag, holder FROM asked JOIN views.shared ON what = 'share' AND share = key
  UNION ALL (SELECT DISTINCT ON (tag) tag, holder FROM asked JOIN views.containers ON what = 'container' AND container_no = key
    ORDER BY tag, first DESC))
SELECT held.tag, held.holder, p.role, p.org,
  EXISTS (SELECT FROM views.offers o WHERE held.tag = 'lot:' || o.lot AND o.to_party = %(org)s AND (o.until IS NULL OR o.until >= %(now)s))
FROM held JOIN views.parties p ON p.party = held.holder
UNION ALL SELECT DISTINCT tag, '', 'user', u.org, false FROM asked
  JOIN views.users u ON what = 'user' AND u."user" = key AND u.org = %(org)s
UNION ALL SELECT DISTINCT tag, '', 'user', u.org, false FROM asked JOIN views.devices d ON what = 'device' AND device = key
  JOIN views.users u ON u."user" = d."user" AND u.org = %(org)s
UNION ALL SELECT tag, e.said ->> 'do', 'entry', e.said ->> 'org', false FROM asked CROSS JOIN LATERAL (
  SELECT convert_from(line, 'UTF8')::jsonb AS said FROM ledger.entries WHERE position = CASE WHEN what = 'entry' THEN key::int8 END) e
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a thing: a party in its role, by whom it was enrolled, and whether the thing is offered to the asker.

    Of an entry (whose role is `entry`), `holder` is the command that it answers and `org` the organisation for which it was written.
    """

    holder: str
    role: str
    org: str | None
    offered: bool = False


@dataclass(slots=True)
class Guard:
    """What is known of the things that an actor's commands touch; `now` is a moment at Peru's offset."""

    actor: Actor
    now: str
    owners: dict[str, Owner] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)

    def unseen(self, commands: Iterable[Command]) -> list[str]:
        """Tags that must be looked for before the commands can be judged."""
        wanted = dict.fromkeys(tag for command in commands for whose, tag in _touched(command) if whose != "self" and self._judged(whose))
        return [tag for tag in wanted if tag not in self.owners]

    def look(self, conn: Connection, tags: Sequence[str]) -> None:
        """Look for who holds things."""
        if tags:
            found = conn.execute(_OWNERS, {"tags": list(tags), "org": self.actor.org, "now": self.now})
            self.owners |= {tag: Owner(holder, role, org, offered) for tag, holder, role, org, offered in found}

    def claims(self, command: Command) -> None:
        """What a command makes is theirs for the rest of the list."""
        self.claimed |= self.makes(command)

    def makes(self, command: Command) -> set[str]:
        """The tags of what a command makes, where later commands can touch it."""
        sort, _, name = MADE.get(command.do, "").partition(":")  # type: ignore[attr-defined]
        return {f"{sort}:{_key(command, name, id_)}" for id_ in _named(command, name)} if name and self.actor.org is not None else set()

    def open(self, command: Command) -> set[str]:
        """Tags that a command touches and of which nothing is known yet."""
        return {tag for _, tag in _touched(command) if tag not in self.owners and tag not in self.claimed}

    def denies(self, command: Command) -> Denied | None:
        """Why a command may not be given; None where it may."""
        do = command.do  # type: ignore[attr-defined]
        machine = not self.actor.session and not {OPERATOR, OWN} & set(self.actor.roles)
        unscoped = do not in self.actor.scopes if self.actor.scopes else machine and do in EVERYBODY
        if unscoped or not may_command(self.actor.roles, do):
            roles = ", ".join(self.actor.roles) or "no role"
            return Denied("forbidden", "{roles} may not {do}", {"roles": roles, "do": do})
        if self.actor.org is not None and do == "enrol-party" and getattr(command, "role", "") != "farmer":
            return Denied("forbidden", "an organisation enrols farmers; organisations are enrolled by the house", {})
        for whose, tag in _touched(command):
            if self._judged(whose) and not self._theirs(whose, tag):
                sort, _, key = tag.partition(":")
                values = {"thing": sort.replace("-", " "), "id": key.rpartition("/")[2]}
                return Denied(f"unknown-{sort}", "no {thing} {id} was ever accepted", values)
            if do == "annul-fact" and not self._annuls(tag):
                values = {"roles": ", ".join(self.actor.roles), "do": self.owners[tag].holder}
                return Denied("forbidden", "{roles} may not annul what {do} recorded", values)
        return None

    def _judged(self, whose: Whose) -> bool:
        """Whether it matters whose something is: a person of the house touches anybody's, but for what is of persons and entries."""
        return self.actor.org is not None or whose == "self" or (whose == "written" and OPERATOR not in self.actor.roles)

    def _annuls(self, tag: str) -> bool:
        """Whether the actor may annul an entry that is theirs: an administrator any, others what they could have recorded."""
        roles = self.actor.roles
        return bool({OPERATOR, ADMINISTRATOR} & set(roles)) or may_command(roles, self.owners[tag].holder)

    def _theirs(self, whose: Whose, tag: str) -> bool:
        if whose == "self":
            return tag == f"user:{self.actor.name}" or OPERATOR in self.actor.roles
        owner = self.owners.get(tag)
        if owner is None:
            return tag in self.claimed
        if whose == "written":
            return self.actor.org in (None, owner.org)
        if owner.holder == self.actor.org or (owner.role == "user" and owner.org == self.actor.org):
            return True
        farmer = owner.role == "farmer" and owner.org == self.actor.org
        return (whose in ("farmers", "offered") and farmer) or (whose == "offered" and owner.offered)


def _touched(command: Command) -> Iterable[tuple[Whose, str]]:
    """(whose, tag) of all that a command touches and that must be theirs."""
    for whose, fields in touches()[command.do].items():  # type: ignore[attr-defined]
        for name in fields:
            for id_ in _named(command, name):
                if id_ is not None or name == "org_id":
                    yield whose, f"{_SORTS[name]}:{_key(command, name, id_)}"


def _named(command: Command, name: str) -> Sequence[Any]:
    """The ids in a field."""
    value = getattr(command, name)
    return [ask.lot_id for ask in value] if name == "inputs" else value if name in _LABELS else [value]


def _key(command: Command, name: str, id_: Any) -> str:  # noqa: ANN401 - an id, or None for the house
    return str(id_) if name in _OF_THE_HOUSE else command.key(id_) if id_ is not None else "-"
