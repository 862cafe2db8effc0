"""An issuer of JWTs on loopback: real keys, and a real server for its JWK set."""

from __future__ import annotations

import json
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

AUDIENCE = "patchbay"
KINDS = {"RS256": ("RSA", 2048), "ES256": ("EC", "P-256"), "Ed25519": ("OKP", "Ed25519")}
_ANY = JWSRegistry(algorithms=["RS256", "PS256", "ES256", "Ed25519"], strict_check_header=False)
Key = RSAKey | ECKey | OKPKey | OctKey


class Issuer:
    """`keys` are published at `url`; `status` is how the server answers, `requests` how often it was asked."""

    def __init__(self) -> None:
        self.main = _main_key()
        self.keys: list[Key] = [self.main]
        self.status = 200
        self.requests = 0
        self.hold = 0.0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests += 1
                time.sleep(issuer.hold)
                body = json.dumps(issuer.document()).encode()
                self.send_response(issuer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"
        self.name = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Issuer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, kid: str | None, algorithm: str, **facts: Any) -> Key:
        """A new key, published from now on."""
        key = make_key(algorithm, **({"kid": kid} if kid else {}), **facts)
        self.keys.append(key)
        return key

    def document(self) -> dict[str, Any]:
        """The JWK set."""
        return {"keys": [key.as_dict(private=False) for key in self.keys if not isinstance(key, OctKey)]}

    def claims(self, subject: str, **more: Any) -> dict[str, Any]:
        """Good claims, unless told otherwise; None leaves one out."""
        now = int(time.time())
        claims = {"iss": self.name, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 300} | more
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self,
        subject: str,
        *,
        key: Key | None = None,
        header: dict[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """A signed JWT."""
        signed_by = key or self.main
        head = {"alg": "RS256", "kid": signed_by.kid} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(head, self.claims(subject, **more), signed_by, registry=_ANY)


@cache
def _main_key() -> Key:
    """One for every issuer: to make it takes a core a tenth of a second."""
    return make_key("RS256", kid="main")


def make_key(algorithm: str, **facts: Any) -> Key:
    """A private key for an algorithm."""
    kind, size = KINDS[algorithm]
    return JWKRegistry.generate_key(kind, size, parameters=facts or None)
