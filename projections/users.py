"""Users: in which roles, for whom and how long; and what they sign in with. Names are joined from the vault when shown."""

from typing import NamedTuple

from ledger.schema import Connection
from projections.view import Fact, Rows, View, table


def _granted(position: int, fact: Fact) -> Rows:
    since = fact.get("admitted_at") or fact["granted_at"]
    subject = (fact.get("seal") or {}).get("subject")
    yield "users", (fact["user_id"], fact["role"], since, fact["until"], None, subject, position, fact["org_id"])


def _enrolled(position: int, fact: Fact) -> Rows:
    names = ("device_id", "user_id", "sort", "credential", "scopes", "enrolled_at", "until")
    yield "devices", (*(fact[name] for name in names), None, position, fact["org"])


_OF_GRANT = """UPDATE {0}.users SET revoked_at = %(revoked_at)s WHERE position = (SELECT max(position) FROM {0}.users
 WHERE "user" = %(user_id)s AND role = %(role)s AND org IS NOT DISTINCT FROM %(org_id)s AND position < %(position)s)"""
_OF_DEVICE = "UPDATE {0}.devices SET revoked_at = %(revoked_at)s WHERE device = %(device_id)s"
_OF_PERSON = """WITH erased AS (SELECT "user" FROM {0}.users WHERE subject = %(subject)s),
devices AS (UPDATE {0}.devices SET revoked_at = %(erased_at)s
  WHERE revoked_at IS NULL AND position < %(position)s AND "user" IN (TABLE erased))
UPDATE {0}.users SET revoked_at = %(erased_at)s WHERE revoked_at IS NULL AND position < %(position)s AND "user" IN (TABLE erased)"""
_UPDATES = {"role-revoked.v1": _OF_GRANT, "device-revoked.v1": _OF_DEVICE, "subject-erased.v1": _OF_PERSON}


def _settle(conn: Connection, schema: str, facts: list[tuple[int, Fact]]) -> None:
    """What was revoked: the last grant of the role before, the device, or all that somebody had whose data were erased."""
    for position, fact in facts:
        conn.execute(_UPDATES[fact["kind"]].format(schema), {**fact, "position": position})


USERS = View(
    "users",
    (
        table(
            "users",
            '"user" text, role text, since text, until text, revoked_at text, subject text, position int8, org text',
            "position",
            '"user"',
            "org",
            "subject",
        ),
        table(
            "devices",
            'device text, "user" text, sort text, credential text, scopes text[], enrolled_at text, until text, revoked_at text,'
            " position int8, org text",
            "device",
            '"user"',
            theirs='"user" IN (SELECT "user" FROM {schema}.users)',
        ),
    ),
    {"user-admitted.v1": _granted, "role-granted.v1": _granted, "device-enrolled.v1": _enrolled},
    _settle,
    frozenset(_UPDATES),
)
"""A row of `users` is one grant; its `org` is the organisation for which the role is held, NULL where it is held for the house.
`subject` stands in the row of the admission: under it the name is put away."""


class Grant(NamedTuple):
    """One role that a user was given: for which organisation (None: the house), since when, its last moment, when it was taken."""

    user: str
    org: str | None
    role: str
    since: str
    until: str | None
    revoked_at: str | None

    def held(self, at: str) -> bool:
        """Whether the role was held at a moment."""
        return self.since <= at and (self.until is None or at <= self.until) and (self.revoked_at is None or at < self.revoked_at)


def grants(conn: Connection, org: str | None) -> list[Grant]:
    """All grants ever made for an organisation, or, with None, all there are; by user, the latest first."""
    found = conn.execute(
        'SELECT "user", org, role, since, until, revoked_at FROM views.users WHERE %(org)s::text IS NULL OR org = %(org)s'
        ' ORDER BY "user", position DESC',
        {"org": org},
    )
    return [Grant(*row) for row in found]


def roles_at(conn: Connection, user: str, moment: str) -> list[tuple[str | None, str]]:
    """(organisation, role) that a user holds at a moment; no organisation stands for the house, and comes first."""
    found = conn.execute(
        'SELECT DISTINCT org, role FROM views.users WHERE "user" = %(user)s AND since <= %(moment)s'
        " AND (until IS NULL OR %(moment)s <= until) AND (revoked_at IS NULL OR %(moment)s < revoked_at) ORDER BY org NULLS FIRST, role",
        {"user": user, "moment": moment},
    )
    return [(org, role) for org, role in found]
