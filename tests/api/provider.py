"""An OpenID Connect provider for tests, a process of its own: pyop decides, and whoever types a name is that person.

Arguments: its port, the client's name, the client's secret, and the addresses to which it may send people back.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

from Cryptodome.PublicKey import RSA
from jwkest.jwk import RSAKey
from pyop.authz_state import AuthorizationState
from pyop.exceptions import OAuthError
from pyop.provider import Provider
from pyop.subject_identifier import HashBasedSubjectIdentifierFactory
from pyop.userinfo import Userinfo

FORM = """<!doctype html><title>Log in</title><form method="post"><input name="user" aria-label="Name"><button>Log in</button></form>"""
PEOPLE = ("ana", "beto", "carla")


def provider(issuer: str, client: str, secret: str, back: list[str]) -> Provider:
    """A provider that knows some people and one client. pyop begins under https alone, so its issuer is set afterwards."""
    made = Provider(
        RSAKey(key=RSA.generate(2048), use="sig", alg="RS256", kid="first"),
        {
            "issuer": "https://localhost",
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        },
        AuthorizationState(HashBasedSubjectIdentifierFactory("salt")),
        {client: {"client_secret": secret, "redirect_uris": back, "response_types": ["code"]}},
        Userinfo({name: {} for name in PEOPLE}),
    )
    made.configuration_information["issuer"] = issuer
    return made


class Doors(BaseHTTPRequestHandler):
    """What the provider answers."""

    of: Provider

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        if path == "/.well-known/openid-configuration":
            self._json(200, self.of.provider_configuration.to_dict())
        elif path == "/keys":
            self._json(200, self.of.jwks)
        else:
            self.of.parse_authentication_request(query)
            self._answer(200, FORM, "text/html")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if urlsplit(self.path).path == "/token":
            try:
                self._json(200, self.of.handle_token_request(body, dict(self.headers.items())).to_dict())
            except OAuthError as error:
                self._json(400, {"error": error.oauth_error})
            return
        asked = self.of.parse_authentication_request(urlsplit(self.path).query)
        if user := parse_qs(body).get("user", [""])[0]:
            to = self.of.authorize(asked, user).request(asked["redirect_uri"])
        else:
            to = f"{asked['redirect_uri']}?error=access_denied&state={dict(parse_qsl(urlsplit(self.path).query))['state']}"
        self._answer(303, "", "text/plain", to)

    def _json(self, status: int, body: object) -> None:
        self._answer(status, json.dumps(body), "application/json")

    def _answer(self, status: int, body: str, media_type: str, to: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        if to:
            self.send_header("Location", to)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    port, client, secret, *back = sys.argv[1:]
    Doors.of = provider(f"http://127.0.0.1:{port}", client, secret, back)
    ThreadingHTTPServer(("127.0.0.1", int(port)), Doors).serve_forever()
