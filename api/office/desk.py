"""What buying, farmers, prices and the day book share: acting for an organisation, finding a farmer, céntimos and days."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request, Response

from api.access import Actor
from api.forms import gone
from api.house import House
from api.office.frame import book_of
from domain.label import SERIAL
from ledger.schema import Connection
from projections import labels, office, office_farmers
from projections.office_farmers import Farmer

MOST: Final = 50
"""Farmers that a page lists at once."""
ID: Final = re.compile(r"[A-Z0-9-]{1,20}")
_CARD: Final = re.compile(rf"(?:.*/K/)?({SERIAL})(?:\?S=[0-9]*)?")
_DISTRICT, _PHONE, _DOCUMENT = re.compile(r"[0-9]{2,6}"), re.compile(r"[0-9]{9}"), re.compile(r"[0-9]{8}|[0-9]{11}")
_CENTIMOS: Final = 100


@dataclass(frozen=True, slots=True)
class Card:
    """A farmer as a list shows them."""

    id: str
    name: str
    district: str


def key_of(actor: Actor, id_: str) -> str:
    """An id of the actor's book as a key."""
    return f"{book_of(actor)}/{id_}"


def bare(key: str) -> str:
    """The id of a key."""
    return key.rpartition("/")[2]


def org_id(actor: Actor) -> str:
    """The id of the actor's organisation."""
    return bare(actor.org or "")


def onward(request: Request, path: str) -> Response:
    """On to another page of ours, in the language that was chosen."""
    lang = request.query_params.get("lang")
    return gone(request, f"{path}{'&' if '?' in path else '?'}lang={lang}" if lang in ("es", "en") else path)


def proposed(house: House, actor: Actor, sort: str, letter: str) -> str:
    """The next free id of a sort, by the numbers of the whole book."""
    with house.reading(None) as conn:
        return office.next_id(conn, sort, book_of(actor), letter, house.now()[:4])


def own_name(house: House, actor: Actor) -> str:
    """The name of the actor's own organisation; whoever enrolled it sealed it."""
    tag = f"party:{actor.org}"
    with house.reading(None) as conn:
        opened = house.vault.open(conn, [tag])
    return str(opened[tag].content.get("name", "")) if tag in opened else org_id(actor)


def person(house: House, actor: Actor, party: str) -> dict[str, Any]:
    """What is known of a party's person: name, document, phone; empty where it may not be seen, or was erased."""
    tag = f"party:{party}"
    with house.reading(actor.org) as conn:
        opened = house.vault.open(conn, [tag])
    return opened[tag].content if tag in opened else {}


def cards(house: House, actor: Actor, listed: Iterable[Farmer]) -> list[Card]:
    """Farmers with their names, as they are listed."""
    found = list(listed)
    with house.reading(actor.org) as conn:
        opened = house.vault.open(conn, [f"party:{each.party}" for each in found])
    named = {tag: str(of.content.get("name", "")) for tag, of in opened.items()}
    return [Card(bare(each.party), named.get(f"party:{each.party}", ""), each.district) for each in found]


def search(house: House, actor: Actor, asked: str) -> list[Card]:
    """Farmers by code or card (its number, or what a scanner reads on it), name, phone, document, or the first digits of their district.

    MOST + 1 at most.
    """
    code = bare(asked.strip()).upper()
    with house.reading(actor.org) as conn:
        one = office_farmers.farmer(conn, actor.org, key_of(actor, code)) if ID.fullmatch(code) else None
        one = one or _by_card(conn, actor, asked)
        listed = [one] if one else office_farmers.farmers(conn, actor.org)
        opened = {} if one else house.vault.open(conn, [f"party:{each.party}" for each in listed])
    if one:
        return cards(house, actor, listed)
    people = [(each, opened[tag].content if (tag := f"party:{each.party}") in opened else {}) for each in listed]
    hits = [each for each, of in people if _is_meant(asked, each, of)]
    return cards(house, actor, hits[: MOST + 1])


def _by_card(conn: Connection, actor: Actor, asked: str) -> Farmer | None:
    """The farmer whose card was typed or scanned, where it counts and the organisation gave it."""
    found = _CARD.fullmatch("".join(asked.split()).upper())
    card = labels.label(conn, found[1]) if found else None
    if card is None or card.party is None or card.void or card.holder != actor.org:
        return None
    return office_farmers.farmer(conn, actor.org, card.party)


def _is_meant(asked: str, farmer: Farmer, of: dict[str, Any]) -> bool:
    digits = "".join(asked.split())
    if _PHONE.fullmatch(digits):
        return bool(of.get("phone") == digits)
    if _DOCUMENT.fullmatch(digits):
        return bool(of.get("document") == digits)
    if _DISTRICT.fullmatch(digits):
        return farmer.district.startswith(digits)
    wanted, there = _words(asked), _words(str(of.get("name", "")))
    return bool(wanted) and all(any(word.startswith(each) for word in there) for each in wanted)


def _words(written: str) -> list[str]:
    """Words without accents and capitals."""
    spread = unicodedata.normalize("NFKD", written.casefold())
    return re.findall(r"\w+", "".join(sign for sign in spread if not unicodedata.combining(sign)))


def soles(centimos: int) -> str:
    """Céntimos as soles, as people in Peru write them."""
    sign, whole = "-" if centimos < 0 else "", abs(centimos)
    return f"{sign}{whole // _CENTIMOS:,}.{whole % _CENTIMOS:02d}"


def a_kg(thousandths: int) -> str:
    """A price in thousandths of a sol as people write it: with two decimals, or three where it has them."""
    return f"{thousandths / 1000:,.3f}" if thousandths % 10 else f"{thousandths / 1000:,.2f}"


def pen(centimos: int) -> str:
    """Céntimos as a command says them."""
    return f"{centimos // _CENTIMOS}.{centimos % _CENTIMOS:02d}"
