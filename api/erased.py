"""What follows an erasure on this machine, whoever gave the command: it is remembered outside the database, and its traces go.

The file `CACAO_HOME/erased` has one line an erasure: subject, basis, moment. Whatever older copy of the database is opened here, what
the file names is destroyed in it before anybody reads.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from api import sessions
from api.settings import Settings
from ledger import erase
from ledger.erase import Erasure
from ledger.schema import ERASER, SERVER, connect


def finish(settings: Settings, url: str, users: Iterable[str] = ()) -> int:
    """Finish all erasures that an entry, the vault or this machine knows of; how many rows were destroyed. Safe to call at any time.

    What survives a crash: the entry and the destruction are one commit, and the rest is done at the next opening.
    """
    known = remembered(settings.erased)
    with connect(url, ERASER) as conn:
        destroyed = erase.finish(conn, known)
        there = {each.subject for each in known}
        further = [each for each in erase.listed(conn) if each.subject not in there]
    remember(settings.erased, further)
    with connect(url, SERVER) as conn:
        for user in users:
            sessions.forget(conn, user)
    if destroyed or further:
        erase.tidy(url)
    return destroyed


def remembered(path: Path) -> list[Erasure]:
    """What a file remembers; a line that was not written whole is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Erasure(*words) for line in lines if len(words := line.split()) == len(Erasure._fields)]


def remember(path: Path, erasures: Iterable[Erasure]) -> None:
    """Add erasures to a file that its owner alone can read; on the disk when it returns."""
    written = "".join(f"\n{' '.join(each)}" for each in erasures)
    if written:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
            file.write(f"{written}\n")
            file.flush()
            os.fsync(file.fileno())
