"""All settings, read once from the environment. The README says of each what an attacker who controls it could do."""

from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, HttpUrl, NonNegativeInt, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

GUARDED: Final = r"https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:[0-9]+)?(/[^\s?#]*)?"
"""An address at which nobody listens in: under TLS, or on this computer."""


class Settings(BaseSettings):
    """Where the ledger lives, what it is called, and how much it takes from whom."""

    model_config = SettingsConfigDict(env_prefix="CACAO_", extra="ignore")

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """Any PostgreSQL 15 or later; without it the program starts its own in CACAO_HOME/pg."""
    home: Path = Path("~/.cacao")
    """The program's own folder: database, keys, labels of the demo."""
    url: HttpUrl = HttpUrl("http://localhost:8000")
    """The public address, as labels print it."""
    origin: str = "localhost/cacao"
    """The name of the log, for ever: a schema-less URL."""
    publish: bool = True
    """Whether this process signs the log's heads; where several machines serve one ledger, the one that has the key and the file."""
    policy: Path | None = None
    """A C2SP tlog-policy file: the witnesses that are asked to cosign each head, and how many of them must have."""
    key: str | None = None
    """The key encryption key of the vault, 64 hexadecimal digits; without it the file CACAO_HOME/keys/vault.key."""

    oidc_issuer: str = Field(default="", pattern=f"^({GUARDED}|)$")
    """The OpenID Connect provider at which an organisation's people sign in, as its documents write it; without it there is none."""
    oidc_client: str = ""
    """The name under which that provider knows this house."""
    oidc_secret: SecretStr = SecretStr("")
    """What proves to that provider that it is this house; without it the house is a public client."""
    oidc_name: str = ""
    """What people call that provider: it stands on the button. Without it, its host."""

    metrics: Literal["loopback", "all"] = "loopback"
    """Who may read /metrics and /healthz."""
    behind: NonNegativeInt = 20_000
    """Entries that the views may lag behind before /readyz says no."""

    theme: Path | None = None
    """A TOML file with the look of public pages: name, colours, logo and link of whoever shows them; without it they look like ours."""
    country_header: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,40}$")
    """The header in which the proxy in front says the caller's country as two letters; without it no country is counted."""

    rate_token: NonNegativeInt = 1_200
    """Requests a minute with one token or session; 0 sets no limit."""
    rate_address: NonNegativeInt = 3_000
    """Requests a minute from one address, behind which a whole town may be; 0 sets no limit."""
    connections: PositiveInt = 900
    """Connections that are open at once."""
    requests: PositiveInt = 256
    """Requests that are under way at once."""
    body_seconds: PositiveInt = 60
    """Within which a body must have arrived."""
    idle_seconds: PositiveInt = 20
    """After which a connection that asks nothing more is closed."""
    stop_seconds: PositiveInt = 20
    """Within which requests under way are answered when the server is stopped."""

    webhooks_local: bool = False
    """Whether webhooks may lead to machines of our own network, and to http."""

    body_bytes: PositiveInt = 4_000_000
    """The largest body."""
    upload_bytes: PositiveInt = 50_000_000
    """The largest body of a form with files."""
    result_bytes: PositiveInt = 50_000_000
    """The largest answer that is made whole; one that is streamed is not bounded."""
    url_bytes: PositiveInt = 8_000
    """The longest address, with its query."""
    header_bytes: PositiveInt = 32_000
    """All headers of a request together."""
    json_depth: PositiveInt = 32
    """How deep a JSON body may be nested."""
    batch: PositiveInt = 1_000
    """Commands in one body."""

    @property
    def folder(self) -> Path:
        """CACAO_HOME, absolute."""
        return self.home.expanduser().resolve()

    @property
    def base(self) -> str:
        """CACAO_URL without a slash at its end."""
        return str(self.url).rstrip("/")

    @property
    def oidc_shown(self) -> str:
        """What the provider is called on pages; empty where there is none."""
        return self.oidc_issuer and (self.oidc_name or urlsplit(self.oidc_issuer).hostname or "")

    @property
    def vault_key(self) -> Path:
        """The file of the key encryption key, apart from the database's folder."""
        return self.folder / "keys" / "vault.key"

    @property
    def log_key(self) -> Path:
        """The file of the key that signs the log's heads."""
        return self.folder / "keys" / "log.key"

    @property
    def last_signed(self) -> Path:
        """The file of the last signed head, apart from the database."""
        return self.folder / "signed" / "checkpoint"

    @property
    def erased(self) -> Path:
        """The file that remembers which subjects were erased, apart from the database: an older copy of that brings nobody back."""
        return self.folder / "erased"

    @property
    def token(self) -> Path:
        """The file of the token that opens the door for writing."""
        return self.folder / "keys" / "token"
