"""A vendor on loopback whose tokens end, rotate and fail as a test wants: an API, its token endpoint."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

CLIENT = {"clientId": "hub", "clientSecret": "client-secret-0123"}
_BASIC = "Basic aHViOmNsaWVudC1zZWNyZXQtMDEyMw=="


class Vendor:
    """Runs in threads of its own. A context manager.

    `/api` answers 200 to the token that is `valid` and 401 to others, with `challenge` and `complaint`; paths in
    `closed` answer their own status, headers and body to every token; `/token` gives `at-1`, `at-2` …, each of which
    is the valid one from then on; `/revoke` takes anything. A refresh token is good once where `rotates`. `fault`
    is the status and the body that `/token` answers instead; `before_answer` is called when an answer is ready.
    Calls with `at-0` wait for each other at the `meeting`.
    """

    def __init__(self) -> None:
        self.valid = "at-0"
        self.refresh_tokens = {"rt-0"}
        self.rotates = True
        self.expires_in: Any = 3600
        self.scope: Any = None
        self.extra: dict[str, Any] = {}
        self.challenge: str | None = None
        self.complaint: Any = {"error": "invalid_token"}
        self.closed: dict[str, tuple[int, str | None, Any]] = {}
        self.knows_after = 0
        self.meeting = threading.Barrier(1)
        self.pause = 0.0
        self.delay = 0.0
        self.fault: tuple[int, Any] | None = None
        self.before_answer: Callable[[], None] = lambda: None
        self.counts: Counter[str] = Counter()
        self.asked: list[dict[str, str]] = []
        self.revoked: list[str] = []
        self.revocation_status = 200
        self.tokens_seen: list[str] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.vendor = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="vendor", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def auth(self) -> dict[str, Any]:
        """An integration's auth group for this vendor, as the graph takes it."""
        own = {"tokenUrl": f"{self.url}/token", "revocationUrl": f"{self.url}/revoke", "scopes": ["read", "write"]}
        return {"type": "OAUTH2", "apiBaseUrl": self.url, **CLIENT, **own}

    def api(self, path: str, authorization: str) -> tuple[int, str | None, Any]:
        """Status, challenge and body. A new token is known after so many refusals of it as `knows_after` says."""
        token = authorization.removeprefix("Bearer ")
        time.sleep(self.pause)
        if token == "at-0":
            self.meeting.wait(30)
        with self._lock:
            self.tokens_seen.append(token)
            self.counts["api"] += 1
            known = self.tokens_seen.count(token) > self.knows_after or token == "at-0"
            if path in self.closed:
                return self.closed[path]
            good = token == self.valid and known
        return (200, None, {"token": token}) if good else (401, self.challenge, self.complaint)

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        time.sleep(self.delay)
        with self._lock:
            self.counts["token"] += 1
            self.asked.append(form)
            if self.fault is not None:
                return self.fault
            if authorization != _BASIC:
                return 401, {"error": "invalid_client"}
            return self._grant(form)

    def revoke(self, form: dict[str, str]) -> tuple[int, Any]:
        with self._lock:
            self.counts["revoke"] += 1
            if self.revocation_status == 200:
                self.revoked.append(form["token"])
        return self.revocation_status, {}

    def _grant(self, form: dict[str, str]) -> tuple[int, Any]:
        number = next(self._numbers)
        answer: dict[str, Any] = {"access_token": f"at-{number}", "token_type": "Bearer"}
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return 400, {"error": "invalid_grant", "error_description": "It was used before."}
            if self.rotates:
                self.refresh_tokens = {f"rt-{number}"}
                answer["refresh_token"] = f"rt-{number}"
        self.valid = f"at-{number}"
        told = {"expires_in": self.expires_in, "scope": self.scope} | self.extra
        return 200, answer | {name: value for name, value in told.items() if value is not None}


class _Server(ThreadingHTTPServer):
    vendor: Vendor
    request_queue_size = 256


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._call()

    def do_POST(self) -> None:
        vendor, body = self.server.vendor, self.rfile.read(int(self.headers.get("Content-Length", 0)))
        form = dict(parse_qsl(body.decode()))
        authorization = self.headers.get("Authorization", "")
        if self.path == "/token":
            self._answer(*vendor.token(form, authorization))
        elif self.path == "/revoke":
            self._answer(*vendor.revoke(form))
        else:
            self._call()

    def _call(self) -> None:
        status, challenge, body = self.server.vendor.api(self.path, self.headers.get("Authorization", ""))
        self._answer(status, body, challenge)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: Any, challenge: str | None = None) -> None:
        if self.path == "/token":
            self.server.vendor.before_answer()
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if challenge is not None:
                self.send_header("WWW-Authenticate", challenge)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # the hub is gone
