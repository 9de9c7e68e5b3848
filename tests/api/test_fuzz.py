"""What the OpenAPI document says is what the doors do: a seeded part of the calls of `tests/fuzz.py`, as each of its callers."""

import pytest
from fastapi import Response

from api.app import create
from api.house import House
from tests.fuzz import CALLERS, QUICK, RULES, bearer, fuzzed


@pytest.mark.parametrize("caller", CALLERS)
def test_no_call_is_answered_otherwise_than_the_document_says(furnished: House, caller: str) -> None:
    outcome = fuzzed(create(furnished), bearer(furnished, caller), "--max-examples", "4", "--seed", "7", rules=RULES + QUICK)

    assert outcome.found == ""
    assert outcome.of(5) == 0
    assert outcome.calls > 200
    assert outcome.of(2) > 40
    assert (outcome.of(2) * 10 < outcome.of(4)) == (caller == "nobody")  # pages and proofs are for everybody


def test_a_door_that_is_not_as_the_document_says_is_found(furnished: House) -> None:
    app = create(furnished)

    @app.get("/lie", responses={404: {"description": "Never."}})
    def lie() -> Response:
        return Response("no", 418)

    outcome = fuzzed(app, None, "--include-path", "/lie", "--phases", "fuzzing")

    assert "Undocumented status code" in outcome.found
    assert outcome.statuses[418] > 0
