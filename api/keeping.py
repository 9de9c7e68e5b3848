"""`cacao backup` and `cacao restore` at the terminal: a bar, what was written, and where the keys lie that are not in it."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from psycopg import OperationalError

from api import erased, terminal
from api.backup import KEYS, LEDGER, VAULT, Manifest, Restored, back_up, beside, restore
from api.house import House, opened, own_database, vault_key
from api.pgtools import Failed
from api.reopening import NOTHING, Outcome, Wanted, compared
from api.running import serving
from api.settings import Settings
from ledger import log, reopen, schema
from ledger.entry import now
from ledger.server import Server
from ledger.vault import Vault, WrongKey

WRITTEN, READ = 4, 3
"""Steps of a backup, and of a restore."""


def keep(house: House, folder: Path, keys: Path | None, *, as_json: bool) -> int:
    """Back up into a new folder. Exit code 2 where it could not be done."""
    keys = keys or beside(folder)
    try:
        with terminal.bar("backup", WRITTEN) as progress:
            manifest = back_up(house.url, folder, keys, progress)
    except Failed as failed:
        terminal.say(f"cacao: {failed}")
        return 2
    _tell(manifest, folder, as_json=as_json, keys=str(keys / KEYS))
    where = "CACAO_KEY holds" if house.settings.key else f"{house.settings.vault_key} is"
    terminal.say(f"{keys / KEYS} opens {VAULT} for those who were not erased: only the newest is kept, and is to be kept, 30 days at most.")
    terminal.say(f"The key that opens both is NOT in the backup: {where} it; without it nothing can be read. Keep a copy apart.")
    terminal.say(f"{LEDGER} may be kept for ever.")
    return 0


def bring_back(settings: Settings, folder: Path, keys: Path | None, wanted: Wanted = NOTHING, *, without_vault: bool, as_json: bool) -> int:
    """Restore into an empty database, then compare with what was signed; until that is done it is read only.

    Exit code 1 where a key is not what it must be, or where it stays read only; 2 where it could not be done.
    """
    if serving(settings):
        terminal.say("cacao: the server is running: `cacao stop` stops it")
        return 2
    try:
        url = settings.database_url or own_database(Server(settings.folder / "pg"))
        with terminal.bar("restore", READ) as progress:
            restored = restore(url, folder, None if without_vault else keys or beside(folder), progress)
    except (Failed, OperationalError) as failed:
        terminal.say(f"cacao: {str(failed).splitlines()[0]}")
        return 2
    schema.install(url)  # rights are not in a backup: they are given anew
    log.install(url)
    with schema.connect(url) as conn:
        reopen.seal(conn, now(datetime.now(UTC)))
    erased.finish(settings, url)
    figures = {"erased_since": restored.erased_since, "without_key": restored.without_key}
    code = max(0 if without_vault else _complete(restored), _opened(settings, url))
    outcome = Outcome(1, [UNCOMPARED]) if code else _compared(settings, wanted)
    _tell(restored.manifest, folder, as_json=as_json, **figures, reopened=outcome.code == 0, said=outcome.said, **outcome.found)
    if without_vault:
        terminal.say("The vault was left out: names, documents, phones and boundaries are gone, as if all had been erased.")
    for each in outcome.said:
        terminal.say(each)
    return max(code, outcome.code)


UNCOMPARED: Final = "It is read only: mend this, then `cacao reopen` compares it with what was signed."


def _compared(settings: Settings, wanted: Wanted) -> Outcome:
    with opened(settings) as house:
        return compared(house, wanted)


def _complete(restored: Restored) -> int:
    """Whether the keys were those of this backup or newer ones."""
    if restored.erased_since:
        terminal.say(f"Erased after this backup: {restored.erased_since}. They stay erased, and `cacao serve` writes it down again.")
    if restored.without_key:
        terminal.say(f"cacao: without a key, and not erased as far as anybody said: {restored.without_key}. Are these the newest keys?")
    return int(restored.without_key > 0)


def _opened(settings: Settings, url: str) -> int:
    """Whether the key that lies here is the vault's."""
    try:
        with schema.connect(url, schema.SERVER) as conn:
            Vault(vault_key(settings, conn)).check(conn)
    except WrongKey as wrong:
        terminal.say(f"cacao: the data are restored, but {wrong}")
        return 1
    return 0


def _tell(manifest: Manifest, folder: Path, *, as_json: bool, **further: object) -> None:
    if as_json:
        terminal.data(asdict(manifest) | {"folder": str(folder)} | further)
        return
    rows = [(name, (folder / name).stat().st_size, digest) for name, digest in manifest.files.items() if (folder / name).exists()]
    terminal.table(f"{manifest.size:,} entries, root {manifest.root}, {manifest.made}", ("file", "bytes", "SHA-256"), rows)
