"""Serve a house: apart from what finds a running server again, which need not load all pages for it."""

from api.app import create
from api.house import House
from api.listening import listen
from api.running import noted
from api.witnesses import configured


def serve(house: House, host: str, port: int) -> None:
    """Serve a house, its pid noted, until SIGTERM or SIGINT. Raises BadPolicy before that."""
    configured(house)
    with noted(house.settings):
        listen(create(house), host, port, house.settings)
