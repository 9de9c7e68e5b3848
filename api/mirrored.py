"""`cacao mirror` at the terminal: alone in its folder, with a bar, and a sentence for every end."""

import fcntl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from api import terminal
from api.mirroring import Copied, Copying, NotCopied, Rewritten
from ledger.merkle import Unproven
from ledger.mirror import KEY
from ledger.note import BadSignature, Unsigned
from ledger.policy import Policy
from ledger.policy import parse as parse_policy


def run(url: str, folder: Path, token: str | None, policy: Path | None, *, entries: bool, as_json: bool) -> int:
    """Copy what is new. Exit code 1 where the log is not what it was or what was signed, 2 where it could not be done."""
    try:
        with _alone(folder), closing(Copying(url, folder, token, _policy(policy), entries=entries)) as copying:
            copied = copying.take(terminal.bar)
    except (Rewritten, Unproven, Unsigned, BadSignature) as no:
        terminal.say(f"cacao: {no}")
        return 1
    except (NotCopied, OSError, ValueError) as failure:
        terminal.say(f"cacao: {failure}")
        return 2
    _tell(copied, folder, whole=entries or token is not None, as_json=as_json)
    return 0


def _policy(path: Path | None) -> Policy | None:
    return parse_policy(path.read_text(encoding="utf-8")) if path else None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotCopied(f"another cacao mirror is at work in {folder}") from None
        yield


def _tell(copied: Copied, folder: Path, *, whole: bool, as_json: bool) -> None:
    head, key = copied.seen.checkpoint, copied.seen.log
    witnesses = ", ".join(copied.seen.witnesses)
    if as_json:
        of = {"origin": head.origin, "size": head.size, "root": head.root.hex(), "key": str(key), "trusted": copied.trusted}
        terminal.data({**of, "witnesses": copied.seen.witnesses, "tiles": copied.tiles, "bundles": copied.bundles, "entries": whole})
    else:
        rows = [(head.origin, head.size, head.root.hex(), copied.tiles, copied.bundles)]
        terminal.table(f"mirror in {folder}", ("log", "entries", "root", "tiles copied", "bundles copied"), rows)
    if copied.trusted == "first seen":
        terminal.say(
            f"The log's key was taken from the log itself and is kept in {folder / KEY}: compare it with one from elsewhere. {key}"
        )
    terminal.say(
        f"Seen by: {witnesses}." if witnesses else "No witness was asked for: two signed histories for two readers would go unseen."
    )
    if not whole:
        terminal.say("Tiles only. For the entries: --token, of one who may read those of all.")
