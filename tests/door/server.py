"""The endpoint over the toy graph, served by uvicorn on a socket in a thread of its own."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from strawberry.http.ides import get_graphql_ide_html

from models.errors import TooMany, Unauthenticated, Unavailable
from resolvers.turns import Share
from schema.door.admission import Admission
from schema.door.endpoint import GraphQLEndpoint
from schema.door.limits import Limits
from tests.door.toy import toy_schema
from tests.harness.server import PLAIN_HTTP
from wire.body import BodyLimits

BODY_SECONDS = 1.0


@dataclass
class Door:
    """A running server; `added` is what mutations did, `logged` what was said in its logs."""

    port: int
    added: list[int] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    def post(self, query: str, accept: str = "application/json", **more: Any) -> httpx.Response:
        return self.send(json={"query": query, **more}, headers={"accept": accept})

    def send(self, method: str = "POST", **more: Any) -> httpx.Response:
        with httpx.Client(**PLAIN_HTTP, timeout=60) as client:
            return client.request(method, self.url, **more)

    def raw(self, request: bytes, timeout: float = 10) -> bytes:
        """All that the server answers until it closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            connection.sendall(request)
            return drain(connection)


def drain(connection: socket.socket) -> bytes:
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except (TimeoutError, ConnectionResetError):
        received += b"<no close>"
    return received


class _Listener(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def _app(door: Door) -> Starlette:
    log = logging.getLogger(f"tests.door.{door.port}")
    log.addHandler(_Listener(door.logged))

    async def authenticate(request: Request, _: Share) -> dict[str, Any]:
        match request.headers.get("authorization"):
            case "Bearer wrong":
                raise Unauthenticated
            case "Bearer often":
                raise TooMany("Slow down.", retry_after_seconds=9)
            case "Bearer away":
                raise Unavailable("The database is away; try again.")
        return {"who": request.headers.get("authorization", "nobody"), "added": door.added}

    def page(request: Request) -> Response:
        return HTMLResponse(get_graphql_ide_html())

    endpoint = GraphQLEndpoint(
        schema=toy_schema(),
        admission=Admission(Limits()),
        authenticate=authenticate,
        log=log,
        body=BodyLimits(seconds=BODY_SECONDS),
        page=page,
    )
    return Starlette(routes=[Route("/graphql", endpoint)])


def serve(http: str) -> Iterator[Door]:
    listener = socket.create_server(("127.0.0.1", 0))  # which listens, so that nobody comes too soon
    door = Door(listener.getsockname()[1])
    for name in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).addHandler(_Listener(door.logged))
        logging.getLogger(name).setLevel(logging.INFO)
    config = uvicorn.Config(_app(door), http=http, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    httpx.get(door.url, **PLAIN_HTTP, timeout=60)
    yield door
    server.should_exit = True
    thread.join()
    listener.close()
