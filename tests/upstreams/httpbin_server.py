"""httpbin in a process of its own: prints its port, serves until standard input ends."""

from __future__ import annotations

import sys
import threading

from httpbin import app
from werkzeug.serving import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *parts: object) -> None:
        """Say nothing: a test's output is its own."""


def main() -> None:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
