"""Answers of remote services count in memory until a client has them, and a slow client gets them in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from proxy.egress import Egress
from tests.harness.server import served
from tests.harness.waiting import eventually
from tests.proxy.sending import open_egress, request
from tests.upstreams.canned import reply
from wire.delivery import Delivery

LARGE = bytes(range(250)) * 80_000  # more than sockets take by themselves


def relaying(egress: Egress, url: str) -> Starlette:
    async def relay(_request: Request) -> Response:
        return Response((await egress.send(request(f"{url}/large"))).body)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with egress:
            yield

    return Starlette(routes=[Route("/", relay)], middleware=[Middleware(Delivery)], lifespan=lifespan)


async def test_an_answer_counts_until_the_client_has_taken_it(upstream):
    upstream.answers["/large"] = reply(LARGE)
    egress = open_egress(max_answer_bytes=50_000_000)

    async def in_memory(count: int) -> bool:
        return sum(budget.used for budget in list(egress._inflight._budgets.values())) == count

    with served(relaying(egress, upstream.url)) as hub:
        host, port = hub.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        await eventually(lambda: in_memory(len(LARGE)), seconds=20)
        body = await reader.read()
        await eventually(lambda: in_memory(0), seconds=20)
        writer.close()

    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body == LARGE
