"""People at the doors of a house, for tests: an organisation, somebody who works for it, and their browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from starlette.testclient import TestClient

from api import people
from api.access import COOKIE
from api.app import create
from api.house import House
from api.people import operator
from domain.party import EnrolParty

PLACE = "https://cacao.example"
FROM_US = {"Origin": PLACE}
"""What a browser says of a form that stands on our own page; the house must be opened with `url=PLACE`."""


def organisation(house: House, id_: str, role: str = "aggregator", book: str = "main") -> str:
    """Enrol an organisation; returns its key."""
    body: dict[str, Any] = {"role": role, "name": f"Cooperativa {id_}", "district": "220101", "enrolled_at": "2026-01-01T00:00:00-05:00"}
    people.done(house, operator(house), EnrolParty(id=uuid4(), book=book, party_id=id_, **body))
    return f"{book}/{id_}"


def admitted(house: House, org: str | None, role: str, name: str = "Rosa Quispe") -> str:
    """Admit somebody in a role; returns the user's id."""
    return people.admit(house, operator(house), name, role, org)  # type: ignore[arg-type]


@contextmanager
def signed_in(house: House, org: str | None, role: str, user: str = "") -> Iterator[TestClient]:
    """The browser of somebody who works for an organisation in a role, signed in on a device of theirs."""
    user = user or admitted(house, org, role)
    secret = people.begin(house, people.enrol(house, user, "link", "invited by a test"), "link")
    with TestClient(create(house), base_url=PLACE, follow_redirects=False, headers=FROM_US, cookies={COOKIE: secret}) as browser:
        yield browser
