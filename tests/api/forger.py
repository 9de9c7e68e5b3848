"""A provider that lies, for tests: its ID tokens are what the test wants them to be, signed as the test wants."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.api.connecting import CLIENT

KEY, OTHER_KEY = (RSAKey.generate_key(2048, {"kid": "first"}) for _ in range(2))
Signs = Callable[[dict[str, Any]], str]


def signed(claims: dict[str, Any], key: RSAKey = KEY) -> str:
    """As an honest provider signs; with another key, as one who poses as it."""
    return jwt.encode({"alg": "RS256", "kid": "first"}, claims, key, algorithms=["RS256"])


def unsigned(claims: dict[str, Any]) -> str:
    """With nothing, and saying so."""
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def signed_with_what_is_public(claims: dict[str, Any]) -> str:
    """With the public key taken for a shared secret."""
    body = f"{_part({'alg': 'HS256', 'kid': 'first'})}.{_part(claims)}"
    mac = hmac.digest(KEY.as_pem(private=False), body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass
class Forger:
    """What it publishes, and what its next ID token says."""

    issuer: str
    published: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    signs: Signs = signed

    def says(self, path: str) -> dict[str, Any]:
        """What it answers at a path."""
        about = {"issuer": self.issuer} | {
            name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        }
        now = int(time.time())
        honest = {"iss": self.issuer, "sub": "ana@cooperative.example", "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = {name: value for name, value in (honest | self.claims).items() if value is not None}
        return {
            "/.well-known/openid-configuration": about | self.published,
            "/jwks_uri": {"keys": [KEY.as_dict(private=False)]},
            "/token_endpoint": {"access_token": "x", "token_type": "Bearer", "id_token": self.signs(claims)},
        }[path]


@contextmanager
def forging() -> Iterator[Forger]:
    """A forger at a free port of this computer."""

    class Doors(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(forger.says(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Doors) as server:
        forger = Forger(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield forger
        server.shutdown()
        thread.join()
