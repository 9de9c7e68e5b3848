"""Numbers that the world reads: prefixes which GS1 licensed to an organisation, the products and places numbered under them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal, assert_never

from pydantic import AfterValidator, Field

from domain.identity import is_gs1_number
from domain.party import Party
from domain.values import Command, District, Fact, Id, Key, Moment, Refused, States, Text, found, in_time, known, new

_SHORTEST, _LONGEST = 4, 12
_NOT_LICENSED: Final = re.compile(r"0000|02|04|05|2|97[789]|98[1-4]|99")
"""How numbers begin that GS1 licenses to nobody: 8-digit numbers, in-house numbers, coupons, refunds, books and periodicals."""


def _licensed(prefix: str) -> str:
    if _NOT_LICENSED.match(prefix):
        raise ValueError("wanted a prefix that GS1 licenses to organisations, not one of in-house numbers, coupons or publications")
    return prefix


def _checked(number: str) -> str:
    if not is_gs1_number(number, len(number)):
        raise ValueError("wanted a number whose last digit is the check digit of the others")
    return number


Prefix = Annotated[str, Field(pattern=r"^[0-9]{4,12}$", examples=["9521234"]), AfterValidator(_licensed)]
"""A GS1 Company Prefix, as the licence writes it."""
Gtin = Annotated[str, Field(pattern=r"^[0-9]{14}$", examples=["09521234000013"]), AfterValidator(_checked)]
"""A product's number; one of 8, 12 or 13 digits is written with zeros before it."""
Gln = Annotated[str, Field(pattern=r"^[0-9]{13}$", examples=["9521234000020"]), AfterValidator(_checked)]
Sscc = Annotated[str, Field(pattern=r"^[0-9]{18}$", examples=["095212340000000013"]), AfterValidator(_checked)]
"""The number of a pallet or another thing that is shipped."""
ProductName = Annotated[Text, Field(max_length=80)]


def prefix_tags(number: str) -> tuple[str, ...]:
    """Tags of all prefixes under which a GTIN, an SSCC (their first digit is no part of it) or a GLN may be."""
    rest = number if len(number) == len("9521234000020") else number[1:]
    return tuple(f"{Gs1Prefix.tag}:{rest[:length]}" for length in range(_SHORTEST, _LONGEST + 1))


def prefix_of(states: States, number: str) -> "Gs1Prefix | None":
    """The prefix under which a GTIN, SSCC or GLN is; None where none was recorded. Reads all of `prefix_tags`."""
    return next((state for state in [states.get(tag) for tag in prefix_tags(number)] if state is not None), None)


class RecordGs1Prefix(Command):
    """Record that GS1 licensed a prefix to an organisation; no prefix that begins with it, or with which it begins, is recorded twice."""

    do: Literal["record-gs1-prefix"] = "record-gs1-prefix"
    prefix: Prefix
    org_id: Id
    recorded_at: Moment

    def reads(self) -> Iterable[str]:
        shorter = (f"{Gs1Prefix.tag}:{part}" for part in _parts(self.prefix))
        return f"party:{self.key(self.org_id)}", *shorter, f"{Gs1Prefix.tag}:{self.prefix}", f"{Gs1Range.tag}:{self.prefix}"


class RegisterProduct(Command):
    """Register a product under a prefix of its organisation. Its names are public: no person's belongs there."""

    do: Literal["register-product"] = "register-product"
    gtin: Gtin
    org_id: Id
    name_es: ProductName | None = None
    name_en: ProductName | None = None
    registered_at: Moment

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.org_id)}", f"{Product.tag}:{self.gtin}", *prefix_tags(self.gtin)


class RecordGln(Command):
    """Record the number of an organisation itself (`party`) or of a site of it; a site's `district` is public."""

    do: Literal["record-gln"] = "record-gln"
    gln: Gln
    org_id: Id
    stands_for: Literal["site", "party"]
    district: District | None = None
    recorded_at: Moment

    def reads(self) -> Iterable[str]:
        return f"party:{self.key(self.org_id)}", f"{Place.tag}:{self.gln}", *prefix_tags(self.gln)


Gs1Command = RecordGs1Prefix | RegisterProduct | RecordGln


class Gs1PrefixRecorded(Fact):
    kind: Literal["gs1-prefix-recorded.v1"] = "gs1-prefix-recorded.v1"
    prefix: str
    org_id: Key
    recorded_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        ranges = (f"{Gs1Range.tag}:{part}" for part in _parts(self.prefix))
        return [f"{Gs1Prefix.tag}:{self.prefix}", f"party:{self.org_id}", *ranges]

    def happened(self) -> Moment:
        return self.recorded_at


class ProductRegistered(Fact):
    """`prefix` is the one under which the number is."""

    kind: Literal["product-registered.v1"] = "product-registered.v1"
    gtin: str
    prefix: str
    org_id: Key
    name_es: str | None
    name_en: str | None
    registered_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"{Product.tag}:{self.gtin}", f"{Gs1Prefix.tag}:{self.prefix}", f"party:{self.org_id}"]

    def happened(self) -> Moment:
        return self.registered_at


class GlnRecorded(Fact):
    """`prefix` is the one under which the number is."""

    kind: Literal["gln-recorded.v1"] = "gln-recorded.v1"
    gln: str
    prefix: str
    org_id: Key
    stands_for: Literal["site", "party"]
    district: District | None
    recorded_at: Moment

    def tags(self, position: int) -> list[str]:  # noqa: ARG002 - one shape for all facts
        return [f"{Place.tag}:{self.gln}", f"{Gs1Prefix.tag}:{self.prefix}", f"party:{self.org_id}"]

    def happened(self) -> Moment:
        return self.recorded_at


Gs1Fact = Gs1PrefixRecorded | ProductRegistered | GlnRecorded


@dataclass(frozen=True, slots=True)
class Gs1Prefix:
    """What is remembered of a prefix: whose it is."""

    tag: ClassVar[str] = "gs1-prefix"
    prefix: str
    org_id: Key
    recorded_at: Moment


@dataclass(frozen=True, slots=True)
class Gs1Range:
    """That a longer prefix was recorded which begins with these digits."""

    tag: ClassVar[str] = "gs1-range"
    prefix: str


@dataclass(frozen=True, slots=True)
class Product:
    """What is remembered of a product: whose it is."""

    tag: ClassVar[str] = "product"
    org_id: Key
    registered_at: Moment


@dataclass(frozen=True, slots=True)
class Place:
    """What is remembered of a GLN: that it was recorded."""

    tag: ClassVar[str] = "gln"


def evolve(key: str, fact: Gs1PrefixRecorded | ProductRegistered) -> Gs1Prefix | Product:
    """What a prefix or product is after `fact`."""
    if isinstance(fact, Gs1PrefixRecorded):
        return Gs1Prefix(key, fact.org_id, fact.recorded_at)
    return Product(fact.org_id, fact.registered_at)


def decide(command: Gs1Command, states: States, as_of: Moment) -> Gs1Fact:
    """The fact that answers `command`. Raises Refused."""
    org_id = command.key(command.org_id)
    since = [("the organisation's enrolment", found(states, Party, org_id).enrolled_at)]
    match command:
        case RecordGs1Prefix():
            _free(command.prefix, states)
            in_time((command.recorded_at,), since, as_of)
            return Gs1PrefixRecorded(prefix=command.prefix, org_id=org_id, recorded_at=command.recorded_at)
        case RegisterProduct():
            new(states, Product, command.gtin)
            prefix = _licence(command.gtin, org_id, states, command.registered_at, since, as_of)
            said = command.model_dump(include={"gtin", "name_es", "name_en", "registered_at"})
            return ProductRegistered(**said, prefix=prefix, org_id=org_id)
        case RecordGln():
            new(states, Place, command.gln)
            prefix = _licence(command.gln, org_id, states, command.recorded_at, since, as_of)
            said = command.model_dump(include={"gln", "stands_for", "district", "recorded_at"})
            return GlnRecorded(**said, prefix=prefix, org_id=org_id)
        case _:
            assert_never(command)


def _parts(prefix: str) -> Iterable[str]:
    """Shorter prefixes with which one begins."""
    return (prefix[:length] for length in range(_SHORTEST, len(prefix)))


def _free(prefix: str, states: States) -> None:
    """One prefix belongs to one organisation. Raises Refused `duplicate-id`."""
    new(states, Gs1Prefix, prefix)
    longer = known(states, Gs1Range, prefix)
    shorter = [known(states, Gs1Prefix, part) for part in _parts(prefix)]
    for other in [*(each.prefix for each in shorter if each), *([longer.prefix] if longer else [])]:
        raise Refused("duplicate-id", "GS1 prefix {found} was accepted before: {id} overlaps with it", found=other, id=prefix)


def _licence(number: str, org_id: Key, states: States, at: Moment, since: list[tuple[str, Moment]], as_of: Moment) -> str:
    """The organisation's prefix under which a number is. Raises Refused `in-the-future`, `before-origin`, `not-held`."""
    prefix = prefix_of(states, number)
    mine = prefix if prefix and prefix.org_id == org_id else None
    in_time((at,), [*since, *([("the GS1 prefix", mine.recorded_at)] if mine else [])], as_of)
    if mine is None:
        raise Refused("not-held", "{number} is under no GS1 prefix that was recorded of this organisation", number=number)
    return mine.prefix
