"""`cacao backup` and `cacao restore` at the terminal: a bar, what was written, and where the keys lie that are not in it."""

from dataclasses import asdict
from pathlib import Path

from psycopg import OperationalError

from api import terminal
from api.backup import LEDGER, VAULT, Manifest, back_up, restore
from api.house import House, own_database, vault_key
from api.pgtools import Failed
from api.running import serving
from api.settings import Settings
from ledger import schema
from ledger.server import Server
from ledger.vault import Vault, WrongKey

STEPS = 3


def keep(house: House, folder: Path, *, as_json: bool) -> int:
    """Back up into a new folder. Exit code 2 where it could not be done."""
    try:
        with terminal.bar("backup", STEPS) as progress:
            manifest = back_up(house.url, folder, progress)
    except Failed as failed:
        terminal.say(f"cacao: {failed}")
        return 2
    _tell(manifest, folder, as_json=as_json)
    _keys(house.settings)
    terminal.say(f"Delete {VAULT} after 30 days, in every copy: an old one undoes erasures. {LEDGER} may be kept for ever.")
    return 0


def bring_back(settings: Settings, folder: Path, *, without_vault: bool, as_json: bool) -> int:
    """Restore into an empty database. Exit code 1 where the key does not open what was restored, 2 where it could not be done."""
    if serving(settings):
        terminal.say("cacao: the server is running: `cacao stop` stops it")
        return 2
    try:
        url = settings.database_url or own_database(Server(settings.folder / "pg"))
        with terminal.bar("restore", STEPS) as progress:
            manifest = restore(url, folder, progress, without_vault=without_vault)
    except (Failed, OperationalError) as failed:
        terminal.say(f"cacao: {str(failed).splitlines()[0]}")
        return 2
    schema.install(url)  # rights are not in a backup: they are given anew
    _tell(manifest, folder, as_json=as_json)
    if without_vault:
        terminal.say("The vault was left out: names, documents, phones and boundaries are gone, as if all had been erased.")
        return 0
    return _opened(settings, url)


def _opened(settings: Settings, url: str) -> int:
    """Whether the key that lies here is the vault's."""
    try:
        with schema.connect(url, schema.SERVER) as conn:
            Vault(vault_key(settings, conn)).check(conn)
    except WrongKey as wrong:
        terminal.say(f"cacao: the data are restored, but {wrong}")
        return 1
    return 0


def _tell(manifest: Manifest, folder: Path, *, as_json: bool) -> None:
    if as_json:
        terminal.data(asdict(manifest) | {"folder": str(folder)})
        return
    rows = [(name, (folder / name).stat().st_size, digest) for name, digest in manifest.files.items() if (folder / name).exists()]
    terminal.table(f"{manifest.size:,} entries, root {manifest.root}, {manifest.made}", ("file", "bytes", "SHA-256"), rows)


def _keys(settings: Settings) -> None:
    where = "CACAO_KEY holds" if settings.key else f"{settings.vault_key} is"
    terminal.say(f"The keys are NOT in the backup: {where} the vault's key; without it the vault cannot be read. Keep a copy apart.")
