"""The last head that was signed, in a file apart from the database: what is signed next must go on from it.

What survives a crash: the file holds one whole signed checkpoint, the old one or the new one. Whoever can write it can make the log
sign a second history; whoever can only write the database cannot.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


class LastSigned:
    """One signed checkpoint in a file, replaced by compare-and-swap. Safe for several processes of one machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes | None:
        """The checkpoint, or None where nothing was ever signed."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def swap(self, old: bytes | None, new: bytes) -> bool:
        """Put `new` in the place of `old`, on the disk before this returns; False, and nothing changed, where another stands there."""
        with self._alone():
            if self.read() != old:
                return False
            draft = self.path.with_name(f".{self.path.name}.{uuid4().hex}")
            with draft.open("xb") as file:
                file.write(new)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
            synced(self.path.parent)
            return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def synced(path: Path) -> None:
    """Have the disk keep what stands in a file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
