"""A machine that is sent things, for tests: an HTTP server of this computer that answers as it was told, and keeps what came."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.api.test_crash import wait_until


@dataclass
class Got:
    """One request, and the status it was answered with."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int


@dataclass
class Receiver:
    """Answers with the statuses in order, then with `usual`; 0 closes the line without an answer."""

    statuses: list[int] = field(default_factory=list)
    usual: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"{}"
    got: list[Got] = field(default_factory=list)
    url: str = ""

    def taken(self) -> list[Got]:
        return [each for each in self.got if 200 <= each.status < 300]

    def wait(self, count: int) -> None:
        """Until so many requests came."""
        wait_until(lambda: len(self.got) >= count)


@contextmanager
def receiving(receiver: Receiver, trust: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Listen on a port of this computer; with a context, by TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            status = receiver.statuses.pop(0) if receiver.statuses else receiver.usual
            receiver.got.append(Got(self.path, dict(self.headers.items()), body, status))
            if not status:
                return
            self.send_response(status)
            for name, value in (receiver.headers | {"Content-Length": str(len(receiver.answer))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(receiver.answer)

        def log_message(self, *_of: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if trust:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
    receiver.url = f"{'https' if trust else 'http'}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
