"""Concurrent calls of several processes on an expired token: token requests. `python benches/refresh.py`.

For each database: several server processes, and calls that all use one connection whose access token has expired.
The vendor takes half a second for a token and counts requests. The run fails if a call fails.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from databases import databases
from measured import command
from processes import HERE, Program, free_port

_TOKEN_SECONDS = 0.5
_APP = """mutation ($input: CreateIntegrationInput!) { answer: createIntegration(input: $input) {
  ... on IntegrationPayload { integration { id } } ... on Problem { code message } } }"""
_CONNECT = """mutation ($input: CreateConnectionInput!) { answer: createConnection(input: $input) {
  ... on ConnectionPayload { connection { id } } ... on Problem { code message } } }"""
_DISPATCH = """mutation ($input: DispatchInput!) { answer: dispatch(input: $input) {
  ... on DispatchPayload { dispatch { outcome } } ... on Problem { code message } } }"""


def main() -> None:
    """Measure and print."""
    given = _arguments()
    print("| database | processes | calls | refreshes at the vendor | seconds |\n|---|--:|--:|--:|--:|")
    for kind in given.databases.split(","):
        with tempfile.TemporaryDirectory(prefix="patchbay-refresh-") as name, ExitStack() as stack:
            counts = stack.enter_context(_vendor())
            seconds = _measure(stack, kind, Path(name), counts, given)
            print(f"| {kind} | {given.processes} | {given.calls} | {counts['/token']} | {seconds:.1f} |", flush=True)
            assert counts["/api"] == given.calls, counts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, with commas between")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--calls", type=int, default=100, help="all at once, over all processes")
    return parser.parse_args()


def _measure(stack: ExitStack, kind: str, home: Path, counts: Counter[str], given: argparse.Namespace) -> float:
    store = stack.enter_context(databases(kind, home))
    settings = {"home": home, "database_url": store.make("hub"), "egress_allow": "127.0.0.0/8"}
    for arguments in (("init",), ("migrate",), ("org", "create", "Bench", "--slug", "bench")):
        command(HERE.parent, settings, *arguments)
    token = command(HERE.parent, settings, "token", "create", "bench").strip()
    urls = [_serve(stack, home, settings | {"port": free_port()}) for _ in range(given.processes)]
    _fill(urls[0], token, counts)
    call = {"capability": {"named": {"handler": "SHOP", "name": "GET"}}}
    began = time.monotonic()
    with ThreadPoolExecutor(given.calls) as pool:
        targets = itertools.islice(itertools.cycle(urls), given.calls)
        answers = list(pool.map(lambda url: _ask(url, token, _DISPATCH, call), targets))
    assert all(answer["dispatch"]["outcome"] == "SUCCEEDED" for answer in answers), answers
    return time.monotonic() - began


def _serve(stack: ExitStack, home: Path, settings: dict[str, Any]) -> str:
    program = Program(f"hub-{settings['port']}", "server.py", log=home, cwd=HERE.parent, settings=settings)
    stack.callback(program.end)
    program.wait_until_it_listens(settings["port"])
    return f"http://127.0.0.1:{settings['port']}/graphql"


def _fill(url: str, token: str, counts: Any) -> None:
    client = {"clientId": "hub", "clientSecret": "secret", "tokenUrl": f"{counts.url}/token"}
    auth = {"type": "OAUTH2", "apiBaseUrl": counts.url, **client}
    capability = {"name": "GET", "method": "GET", "endpoint": "/api"}
    app = _ask(url, token, _APP, {"name": "Shop", "auth": auth, "capabilities": [capability]})
    over = {"accessToken": "at-0", "refreshToken": "rt-0", "expiresAt": "2020-01-01T00:00:00Z"}
    _ask(url, token, _CONNECT, {"integrationId": app["integration"]["id"], "secret": {"oauth2": over}})


def _ask(url: str, token: str, document: str, given: dict[str, Any]) -> Any:
    body = json.dumps({"query": document, "variables": {"input": given}}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as response:
        answer = json.load(response)
    if "code" in (answer.get("data") or {"answer": {"code": None}})["answer"]:
        raise RuntimeError(f"The hub refused: {answer}")
    return answer["data"]["answer"]


class _Counts(Counter[str]):
    url = ""


@contextmanager
def _vendor() -> Iterator[_Counts]:
    """Counts requests by path. Issues a new token each time, and accepts any."""
    counts, turn = _Counts(), threading.Lock()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with turn:
                counts[self.path] += 1
                number, body = counts["/token"], b"{}"
            if self.path == "/token":
                self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(_TOKEN_SECONDS)
                fresh = {"access_token": f"at-{number}", "refresh_token": f"rt-{number}", "expires_in": 3600}
                body = json.dumps(fresh | {"token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  named by the standard library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    counts.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield counts
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
