"""The house's own token, apart from the house: who only wants to know it need not wait for all parts."""

import secrets

from api.settings import Settings
from ledger.vault import secret


def token(settings: Settings) -> str:
    """The token that opens the door for writing; made, readable by its owner alone, where there is none."""
    secret(settings.token, lambda: f"cacao_{secrets.token_urlsafe(32)}")
    return settings.token.read_text(encoding="ascii").strip()
