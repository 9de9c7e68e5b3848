"""A user: a person who uses the system, and the roles in which they do; their name is put away.

A user's id is of the whole house, not of a book: it is chosen where the user is admitted, says nothing of the person, and stands as
`by` in the entries they write.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, assert_never

from domain.party import Party
from domain.values import Command, Fact, Id, Key, Moment, Refused, Sealed, States, Text, bare, found, in_order, in_time, new

UserRole = Literal["buyer", "plant", "exporter", "extensionist", "auditor", "administrator"]
"""What one may do: `buyer` buys in the field, `plant` runs a fermentary or warehouse."""


class _InRole(Command):
    """`org_id` is the organisation for which the role is held; without one it is held for the house."""

    user_id: Id
    org_id: Id | None = None
    role: UserRole

    def reads(self) -> Iterable[str]:
        user = f"user:{self.user_id}"
        return (user,) if self.org_id is None else (f"party:{self.key(self.org_id)}", user)

    def org(self) -> Key | None:
        """The organisation as a key."""
        return None if self.org_id is None else self.key(self.org_id)


class AdmitUser(_InRole):
    """Admit a person in a first role. The name is personal: it is put away, never in an entry."""

    personal: ClassVar[frozenset[str]] = frozenset({"name"})
    do: Literal["admit-user"] = "admit-user"
    name: Text
    admitted_at: Moment
    until: Moment | None = None


class GrantRole(_InRole):
    """Give a user a further role. To change the end of one that is held, revoke it and grant it anew."""

    do: Literal["grant-role"] = "grant-role"
    granted_at: Moment
    until: Moment | None = None


class RevokeRole(_InRole):
    """Take a role from a user."""

    do: Literal["revoke-role"] = "revoke-role"
    revoked_at: Moment


UserCommand = AdmitUser | GrantRole | RevokeRole


class _OfRole(Fact):
    """`until` is the last moment at which the role is held."""

    user_id: str
    org_id: Key | None
    role: UserRole

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"user:{self.user_id}", *([] if self.org_id is None else [f"party:{self.org_id}"])]


class UserAdmitted(_OfRole, Sealed):
    kind: Literal["user-admitted.v1"] = "user-admitted.v1"
    admitted_at: Moment
    until: Moment | None

    def whose(self) -> Key | None:
        return self.org_id

    def happened(self) -> Moment:
        return self.admitted_at


class RoleGranted(_OfRole):
    kind: Literal["role-granted.v1"] = "role-granted.v1"
    granted_at: Moment
    until: Moment | None

    def happened(self) -> Moment:
        return self.granted_at


class RoleRevoked(_OfRole):
    kind: Literal["role-revoked.v1"] = "role-revoked.v1"
    revoked_at: Moment

    def happened(self) -> Moment:
        return self.revoked_at


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that was given and not revoked: for which organisation, since when, and its last moment."""

    org_id: Key | None
    role: UserRole
    since: Moment
    until: Moment | None

    def holds(self, at: Moment) -> bool:
        """Whether it has not ended by then."""
        return self.until is None or at <= self.until


@dataclass(frozen=True, slots=True)
class User:
    """What is remembered of a user: since when, in which roles, under which subject the name is put away, and whether it was erased."""

    tag: ClassVar[str] = "user"
    admitted_at: Moment
    grants: frozenset[Grant]
    subject: str | None = None
    erased: bool = False


UserFact = UserAdmitted | RoleGranted | RoleRevoked


def evolve(user: User | None, fact: UserFact) -> User | None:
    """What a user is after `fact`."""
    if isinstance(fact, UserAdmitted):
        grants = frozenset({Grant(fact.org_id, fact.role, fact.admitted_at, fact.until)})
        return User(fact.admitted_at, grants, fact.seal.subject if fact.seal else None)
    if user is None:
        return None
    others = frozenset(grant for grant in user.grants if (grant.org_id, grant.role) != (fact.org_id, fact.role))
    match fact:
        case RoleGranted():
            return replace(user, grants=others | {Grant(fact.org_id, fact.role, fact.granted_at, fact.until)})
        case RoleRevoked():
            return replace(user, grants=others)
        case _:
            assert_never(fact)


def decide(command: UserCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case AdmitUser():
            return _admit(command, states, as_of)
        case GrantRole():
            return _grant(command, states, as_of)
        case RevokeRole():
            return _revoke(command, states, as_of)
        case _:
            assert_never(command)


def _organisation(command: UserCommand, states: States) -> list[tuple[str, Moment]]:
    """The organisation must be known, and none is a farmer; its enrolment as an origin of what is done."""
    key = command.org()
    if key is None:
        return []
    party = found(states, Party, key)
    if party.role == "farmer":
        raise Refused("unknown-party", "no organisation {id} was ever accepted: {id} is a farmer", id=bare(key))
    return [("the organisation's enrolment", party.enrolled_at)]


def _held(command: GrantRole | RevokeRole, user: User, at: Moment) -> Grant | None:
    """The grant by which the user holds the role at a moment."""
    grants = (grant for grant in user.grants if (grant.org_id, grant.role) == (command.org(), command.role))
    return next((grant for grant in grants if grant.holds(at)), None)


def _admit(command: AdmitUser, states: States, as_of: Moment) -> UserAdmitted:
    origins = _organisation(command, states)
    new(states, User, command.user_id)
    in_time((command.admitted_at,), origins, as_of)
    in_order(command.admitted_at, command.until)
    return UserAdmitted(
        user_id=command.user_id, org_id=command.org(), role=command.role, admitted_at=command.admitted_at, until=command.until
    )


def present(states: States, user_id: str) -> User:
    """A user who can be given something. Raises Refused `unknown-user`, `erased`."""
    user = found(states, User, user_id)
    if user.erased:
        raise Refused("erased", "the data of {id} were erased", id=user_id)
    return user


def _grant(command: GrantRole, states: States, as_of: Moment) -> RoleGranted:
    origins = _organisation(command, states)
    user = present(states, command.user_id)
    in_time((command.granted_at,), [*origins, ("the user's admission", user.admitted_at)], as_of)
    in_order(command.granted_at, command.until)
    if _held(command, user, command.granted_at):
        raise Refused("already", "user {user} is {role} already", user=command.user_id, role=command.role)
    return RoleGranted(user_id=command.user_id, org_id=command.org(), role=command.role, granted_at=command.granted_at, until=command.until)


def _revoke(command: RevokeRole, states: States, as_of: Moment) -> RoleRevoked:
    origins = _organisation(command, states)
    user = found(states, User, command.user_id)
    grant = _held(command, user, command.revoked_at)
    since = [("the grant of the role", grant.since)] if grant else []
    in_time((command.revoked_at,), [*origins, ("the user's admission", user.admitted_at), *since], as_of)
    if grant is None:
        raise Refused("already", "user {user} is not {role}, or no longer", user=command.user_id, role=command.role)
    return RoleRevoked(user_id=command.user_id, org_id=command.org(), role=command.role, revoked_at=command.revoked_at)
