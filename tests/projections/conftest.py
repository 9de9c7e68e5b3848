"""Commands as bodies, told to a house whose views have caught up."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from api.house import House
from domain.vocabulary import COMMANDS
from ledger.act import Act
from ledger.decision import Accepted
from projections import follow

AS_OF = "2026-12-31T10:00:00-05:00"


@pytest.fixture
def tell() -> Callable[..., None]:
    """Give commands in order, all of which are accepted, in the name of an organisation; then the views show them."""

    def give(house: House, *bodies: dict[str, Any], org: str = "main") -> None:
        commands = [COMMANDS.validate_python({"id": uuid4(), **body}) for body in bodies]
        answers = house.writer.ask(Act(commands, "test", org, as_of=AS_OF))
        assert [answer for answer in answers if not isinstance(answer, Accepted)] == []
        with follow.connected(house.url) as conn:
            follow.catch_up(conn)

    return give
