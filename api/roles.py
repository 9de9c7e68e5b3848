"""What each role may command and read, and whose: the one table, `roles.toml`, as the doors ask it."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

Whose = Literal["own", "farmers", "offered", "self", "written"]
READS: Final = ("farmers", "plots", "nursery", "lots", "containers", "prices", "money", "entries", "users")
"""What can be read that is not public."""
OWN: Final = "self"
"""The role in which everybody enrols and revokes what they sign in with."""
ADMINISTRATOR: Final = "administrator"
"""Who annuls whatever was written for the organisation."""
OPERATOR: Final = "operator"
"""Who holds the keys of the house; no person has this role."""
EVERYBODY: Final = frozenset({"enrol-device"})
"""Commands that every role may give, for oneself."""
_OWN: Final = frozenset({"enrol-device", "revoke-device"})


@dataclass(frozen=True, slots=True)
class Role:
    """One role: its words, the commands it may give (their `do`), and what it may read (of READS)."""

    es: str
    en: str
    commands: frozenset[str]
    reads: frozenset[str]


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, list[str]]]]:
    with Path(__file__).with_name("roles.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def touches() -> Mapping[str, Mapping[Whose, tuple[str, ...]]]:
    """Command -> whose -> the fields of it that name things which must be theirs."""
    return {do: {whose: tuple(fields) for whose, fields in of.items()} for do, of in _table()["touches"].items()}  # type: ignore[misc]


@cache
def roles() -> Mapping[str, Role]:
    """Role -> what it may do; `*` stands for all."""
    return {
        name: Role(str(of["es"]), str(of["en"]), _all(of["commands"], touches()), _all(of["reads"], READS))
        for name, of in _table()["roles"].items()
    }


def _all(listed: list[str], every: Iterable[str]) -> frozenset[str]:
    return frozenset(every if listed == ["*"] else listed)


def may_command(held: Iterable[str], do: str) -> bool:
    """Whether one of the roles held may give a command."""
    return any(do in EVERYBODY or do in (_OWN if role == OWN else roles()[role].commands) for role in held)


def may_read(held: Iterable[str], what: str) -> bool:
    """Whether one of the roles held may read something of READS."""
    return any(what in roles()[role].reads for role in held)


def _named(do: str, named: list[tuple[str, Role]]) -> str:
    return "all" if do in EVERYBODY else ", ".join(name for name, role in named if do in role.commands) or OPERATOR


def rows() -> list[tuple[str, str, str, str]]:
    """The table for people: what, whose, by which roles they may be commanded or read."""
    named = [(name, role) for name, role in roles().items() if name != OPERATOR]
    told = []
    for do, of in touches().items():
        whose = "; ".join(f"{each}: {', '.join(fields)}" for each, fields in of.items()) or "-"
        told.append(("command", do, whose, _named(do, named)))
    told += [("read", what, "own", ", ".join(name for name, role in named if what in role.reads)) for what in READS]
    return told
