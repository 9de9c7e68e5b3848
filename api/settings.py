"""All settings, read once from the environment. The README says of each what an attacker who controls it could do."""

from pathlib import Path

from pydantic import Field, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the ledger lives and what it is called."""

    model_config = SettingsConfigDict(env_prefix="CACAO_", extra="ignore")

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """Any PostgreSQL 15 or later; without it the program starts its own in CACAO_HOME/pg."""
    home: Path = Path("~/.cacao")
    """The program's own folder: database, keys, labels of the demo."""
    url: HttpUrl = HttpUrl("http://localhost:8000")
    """The public address, as labels print it."""
    origin: str = "localhost/cacao"
    """The name of the log, for ever: a schema-less URL."""
    key: str | None = None
    """The key encryption key of the vault, 64 hexadecimal digits; without it the file CACAO_HOME/keys/vault.key."""

    @property
    def folder(self) -> Path:
        """CACAO_HOME, absolute."""
        return self.home.expanduser().resolve()

    @property
    def base(self) -> str:
        """CACAO_URL without a slash at its end."""
        return str(self.url).rstrip("/")

    @property
    def vault_key(self) -> Path:
        """The file of the key encryption key, apart from the database's folder."""
        return self.folder / "keys" / "vault.key"

    @property
    def token(self) -> Path:
        """The file of the token that opens the door for writing."""
        return self.folder / "keys" / "token"
