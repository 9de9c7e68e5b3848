"""A device: what a user signs in with (a passkey, a link, a token or another house's word) until it is revoked.

A device's id is of the whole house, as a user's is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, assert_never

from pydantic import AfterValidator, Field

from domain.user import present
from domain.values import Command, Fact, Id, Moment, Refused, States, found, in_order, in_time, new


def _printable(credential: str) -> str:
    if not credential.isascii() or not credential.isprintable():
        raise ValueError("wanted printable ASCII text")
    return credential


def _order(scope: str) -> str:
    if not all(word.isascii() and word.isalpha() and word.islower() for word in scope.split("-")):
        raise ValueError("wanted names of commands such as buy-lot, or read")
    return scope


DeviceSort = Literal["passkey", "link", "token", "oidc"]
Credential = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_printable)]
Scope = Annotated[str, Field(max_length=40), AfterValidator(_order)]


class EnrolDevice(Command):
    """Enrol what a user signs in with. `credential` is a public key or a hash, nothing secret; no scopes mean all that the roles allow."""

    do: Literal["enrol-device"] = "enrol-device"
    user_id: Id
    device_id: Id
    sort: DeviceSort
    credential: Credential
    scopes: Annotated[tuple[Scope, ...], Field(max_length=50, strict=False)]
    enrolled_at: Moment
    until: Moment | None = None

    def reads(self) -> Iterable[str]:
        return f"user:{self.user_id}", f"device:{self.device_id}"


class RevokeDevice(Command):
    """Let nobody sign in with a device any more."""

    do: Literal["revoke-device"] = "revoke-device"
    device_id: Id
    revoked_at: Moment

    def reads(self) -> Iterable[str]:
        return (f"device:{self.device_id}",)


DeviceCommand = EnrolDevice | RevokeDevice


class _OfDevice(Fact):
    device_id: str
    user_id: str

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"device:{self.device_id}", f"user:{self.user_id}"]


class DeviceEnrolled(_OfDevice):
    """`until` is the last moment at which it may be used."""

    kind: Literal["device-enrolled.v1"] = "device-enrolled.v1"
    sort: DeviceSort
    credential: str
    scopes: tuple[str, ...]
    enrolled_at: Moment
    until: Moment | None

    def happened(self) -> Moment:
        return self.enrolled_at


class DeviceRevoked(_OfDevice):
    kind: Literal["device-revoked.v1"] = "device-revoked.v1"
    revoked_at: Moment

    def happened(self) -> Moment:
        return self.revoked_at


@dataclass(frozen=True, slots=True)
class Device:
    """What is remembered of a device: whose it is, since when, and whether it was revoked."""

    tag: ClassVar[str] = "device"
    user_id: str
    enrolled_at: Moment
    revoked: bool = False


DeviceFact = DeviceEnrolled | DeviceRevoked


def evolve(device: Device | None, fact: DeviceFact) -> Device | None:
    """What a device is after `fact`."""
    if isinstance(fact, DeviceEnrolled):
        return Device(fact.user_id, fact.enrolled_at)
    return device and replace(device, revoked=True)


def decide(command: DeviceCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    match command:
        case EnrolDevice():
            return _enrol(command, states, as_of)
        case RevokeDevice():
            return _revoke(command, states, as_of)
        case _:
            assert_never(command)


def _enrol(command: EnrolDevice, states: States, as_of: Moment) -> DeviceEnrolled:
    user = present(states, command.user_id)
    new(states, Device, command.device_id)
    in_time((command.enrolled_at,), [("the user's admission", user.admitted_at)], as_of)
    in_order(command.enrolled_at, command.until)
    return DeviceEnrolled(
        device_id=command.device_id,
        user_id=command.user_id,
        sort=command.sort,
        credential=command.credential,
        scopes=command.scopes,
        enrolled_at=command.enrolled_at,
        until=command.until,
    )


def _revoke(command: RevokeDevice, states: States, as_of: Moment) -> DeviceRevoked:
    device = found(states, Device, command.device_id)
    in_time((command.revoked_at,), [("the device's enrolment", device.enrolled_at)], as_of)
    if device.revoked:
        raise Refused("already", "device {device} was revoked before", device=command.device_id)
    return DeviceRevoked(device_id=command.device_id, user_id=device.user_id, revoked_at=command.revoked_at)
