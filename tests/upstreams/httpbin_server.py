"""httpbin in a process of its own: prints its port, serves until standard input ends."""

from __future__ import annotations

import importlib
import sys
import threading

import werkzeug.http
from werkzeug.datastructures import Authorization
from werkzeug.serving import WSGIRequestHandler, make_server

# httpbin 0.10.0, the last without a pin on greenlet, asks for a name that werkzeug 3 has dropped.
werkzeug.http.parse_authorization_header = Authorization.from_header


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *parts: object) -> None:
        """Say nothing: a test's output is its own."""


def main() -> None:
    app = importlib.import_module("httpbin").app
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
