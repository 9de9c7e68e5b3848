"""One server a house, found again by its pid file, and stopped."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from api.settings import Settings
from ledger.server import Server

FORGOTTEN_SECONDS: Final = 5
"""What `cacao stop` waits for beyond the server's own time."""


def pid_file(settings: Settings) -> Path:
    """Where the running server's pid stands."""
    return settings.folder / "serve.pid"


@contextmanager
def noted(settings: Settings) -> Iterator[None]:
    """Note the pid while serving."""
    path = pid_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(os.getpid()), encoding="ascii")
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            if int(path.read_text(encoding="ascii")) == os.getpid():
                path.unlink()


def serving(settings: Settings) -> psutil.Process | None:
    """The running server of a house; a pid that now belongs to another program is not it."""
    try:
        process = psutil.Process(int(pid_file(settings).read_text(encoding="ascii")))
        return process if any("cacao" in part for part in process.cmdline()) else None
    except (OSError, ValueError, psutil.Error):
        return None


def stop(settings: Settings) -> list[str]:
    """Stop the server and our own PostgreSQL, gently; returns what was stopped."""
    stopped = []
    if (process := serving(settings)) and process.pid != os.getpid():
        process.send_signal(signal.SIGTERM)
        with suppress(psutil.TimeoutExpired):
            process.wait(settings.stop_seconds + FORGOTTEN_SECONDS)
        stopped.append("server")
    if not settings.database_url:
        server = Server(settings.folder / "pg")
        if server.running():
            server.stop()
            stopped.append("PostgreSQL")
    return stopped


def free(host: str, port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def lan_address() -> str:
    """The address of this machine on the local network, as other machines see it; 127.0.0.1 where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # TEST-NET: no packet is sent, the kernel only picks a route
        return str(probe.getsockname()[0])
    return "127.0.0.1"
