"""A remote service in the test's own loop: it gives pages of items, and takes orders under idempotency keys."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.upstreams.canned import reply

REASONS = {200: "OK", 201: "Created", 404: "Not Found"}


@dataclass(kw_only=True)
class Asked:
    """A request as the service got it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(kw_only=True)
class Answer:
    """An answer of the service; `after`: it waits for this before it answers."""

    body: Any = None
    status: int = 200
    headers: tuple[str, ...] = ()
    after: Callable[[], Awaitable[Any]] | None = None


@dataclass(kw_only=True)
class Shop:
    """`asked`: all requests; `orders`: bodies by the idempotency key under which they came first.

    `answer` may answer a request in place of the usual one.
    """

    url: str = ""
    items: list[Any] = field(default_factory=list)
    page_size: int = 10
    asked: list[Asked] = field(default_factory=list)
    orders: dict[str, Any] = field(default_factory=dict)
    answer: Callable[[Asked], Answer | None] = lambda asked: None

    def sent(self, path: str) -> list[Asked]:
        """The requests to a path."""
        return [one for one in self.asked if one.path == path]

    @property
    def keys(self) -> Counter[str]:
        """How often each key came."""
        return Counter(one.headers["idempotency-key"] for one in self.asked if "idempotency-key" in one.headers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                asked = await read_request(reader)
                self.asked.append(asked)
                answer = self.answer(asked) or self._usual(asked)
                if answer.after is not None:
                    await answer.after()
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                status = f"{answer.status} {REASONS.get(answer.status, 'Odd')}"
                writer.write(reply(body, "application/json", status, *answer.headers))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _usual(self, asked: Asked) -> Answer:
        if asked.path == "/items":
            page = int(asked.query.get("page", 0))
            part = self.items[page * self.page_size :][: self.page_size]
            return Answer(body={"data": part})
        if asked.path == "/orders":
            key = asked.headers.get("idempotency-key", str(len(self.asked)))
            self.orders.setdefault(key, asked.body)
            return Answer(body={"id": f"order-{len(self.orders)}"}, status=201)
        return Answer(body={"message": "nothing here"}, status=404)


async def read_request(reader: asyncio.StreamReader) -> Asked:
    """The next request of a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Asked(method=method, path=parts.path, query=query, headers=headers, body=json.loads(raw) if raw else None)


@asynccontextmanager
async def open_shop(*, port: int = 0, **facts: Any) -> AsyncIterator[Shop]:
    """A service for as long as the block lasts; on a free port for 0."""
    shop = Shop(**facts)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await shop.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    shop.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield shop
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
