"""Who may do what, when: grants and devices as they were given and revoked, the same after a rebuild."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.house import House
from ledger.schema import Connection
from projections import follow
from projections.rebuild import rebuild
from projections.users import roles_at

MAY, JUNE, JULY, AUGUST = (f"2026-0{month}-02T10:00:00-05:00" for month in (5, 6, 7, 8))
COOP = {"do": "enrol-party", "party_id": "AG-1", "role": "aggregator", "name": "Acopio", "district": "220501", "enrolled_at": MAY}
ADMIT = {"do": "admit-user", "user_id": "U-1", "name": "Nelly", "org_id": "AG-1", "role": "buyer", "admitted_at": MAY}
DEVICE = {"do": "enrol-device", "user_id": "U-1", "device_id": "D-1", "sort": "token", "credential": "00ff", "enrolled_at": MAY}


@pytest.fixture
def conn(house: House) -> Iterator[Connection]:
    with follow.connected(house.url) as conn:
        yield conn


def test_a_role_is_held_from_its_grant_to_its_last_moment_or_its_revocation(
    house: House, conn: Connection, tell: Callable[..., None]
) -> None:
    tell(
        house, COOP, ADMIT,
        {"do": "grant-role", "user_id": "U-1", "role": "auditor", "granted_at": JUNE, "until": JULY},
        {"do": "revoke-role", "user_id": "U-1", "org_id": "AG-1", "role": "buyer", "revoked_at": JULY},
    )  # fmt: skip

    assert roles_at(conn, "U-1", "2026-05-02T09:59:59-05:00") == []
    assert roles_at(conn, "U-1", MAY) == [("main/AG-1", "buyer")]
    assert roles_at(conn, "U-1", JUNE) == [(None, "auditor"), ("main/AG-1", "buyer")]
    assert roles_at(conn, "U-1", JULY) == [(None, "auditor")]
    assert roles_at(conn, "U-1", AUGUST) == []


def test_a_revocation_ends_the_grant_before_it_and_not_the_one_after(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    revoke = {"do": "revoke-role", "user_id": "U-1", "org_id": "AG-1", "role": "buyer", "revoked_at": JUNE}
    again = {"do": "grant-role", "user_id": "U-1", "org_id": "AG-1", "role": "buyer", "granted_at": JUNE}
    tell(house, COOP, ADMIT, revoke, again)

    def grants() -> list[Any]:
        return conn.execute('SELECT "user", role, since, until, revoked_at, position, org FROM views.users ORDER BY position').fetchall()

    expected = [("U-1", "buyer", MAY, None, JUNE, 2, "main/AG-1"), ("U-1", "buyer", JUNE, None, None, 4, "main/AG-1")]
    assert grants() == expected
    rebuild(house.url)
    assert grants() == expected


def test_a_device_shows_whose_it_is_what_it_may_do_and_when_it_was_revoked(
    house: House, conn: Connection, tell: Callable[..., None]
) -> None:
    revoke = {"do": "revoke-device", "device_id": "D-1", "revoked_at": JUNE}
    tell(
        house, COOP, ADMIT, DEVICE | {"scopes": ["buy-lot", "read"], "until": JULY}, DEVICE | {"device_id": "D-2", "scopes": []}, revoke
    )  # fmt: skip

    assert conn.execute("SELECT * FROM views.devices ORDER BY device").fetchall() == [
        ("D-1", "U-1", "token", "00ff", ["buy-lot", "read"], MAY, JULY, JUNE, 3, "main"),
        ("D-2", "U-1", "token", "00ff", [], MAY, None, None, 4, "main"),
    ]
    _, compared = rebuild(house.url)
    assert all(each.before == each.after for each in compared)


def test_no_name_of_a_user_stands_in_a_view(house: House, conn: Connection, tell: Callable[..., None]) -> None:
    tell(house, COOP, ADMIT)

    dumped = [row for (row,) in conn.execute("SELECT u::text FROM views.users u")]
    assert len(dumped) == 1
    assert "Nelly" not in dumped[0]
