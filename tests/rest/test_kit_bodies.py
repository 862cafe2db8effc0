"""Large bodies in the kit: they stall nobody, and all of them together have a limit."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager

import httpx
import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resolvers.caller import Caller
from rest.kit import Asked, Put, Refusal
from tests.harness.server import PLAIN_HTTP, RunningHub
from tests.harness.stalls import Stalls
from tests.harness.tenants import Tenant
from tests.harness.waiting import eventually
from tests.rest.speaking import PREFIX, shown, small, speaking
from wire.arrivals import Arrivals
from wire.body import BodyLimits

MB = 1_000_000
MOST = 64 * MB
#: Of all bodies of the dialect at once, as its server counts.
ROOM = 70 * MB
TURN = 0.05


async def _measure(caller: Caller, size: int) -> int:
    return size


def _size(asked: Asked) -> tuple[int]:
    """The number of members, or of a text's characters."""
    value = asked.members()["value"]
    return (len(value),)


def _refuse(refusal: Refusal) -> dict[str, object]:
    return {"sentence": refusal.message}


@pytest.fixture(scope="module")
def spoken(hub: RunningHub) -> Iterator[RunningHub]:
    """`PUT /large` takes 64 MB, `/usual` a megabyte; both say how long their member `value` is."""
    with _speaking(hub, seconds=60) as running:
        yield running


class Counted:
    """ASGI middleware: notes the size of each part of a body that has been received."""

    def __init__(self, app: ASGIApp, *, parts: list[int]) -> None:
        self._app, self._parts = app, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_noted() -> Message:
            message = await receive()
            self._parts.append(len(message.get("body", b"")))
            return message

        await self._app(scope, receive_noted, send)


def _speaking(
    hub: RunningHub, *, seconds: float, room: int = ROOM, parts: list[int] | None = None
) -> AbstractContextManager[RunningHub]:
    dialect = small(
        Put("/large", _measure, _size, shown, most_bytes=MOST),
        Put("/usual", _measure, _size, shown),
        refuse=_refuse,
    )
    limits = BodyLimits(seconds=seconds)
    middleware = [Middleware(Counted, parts=[] if parts is None else parts), Middleware(Arrivals, limit=room)]
    return speaking(hub.app.state.hub, dialect, limits=limits, middleware=middleware)


@pytest.fixture
async def client(spoken: RunningHub, organization: Tenant):
    """For the organization's administrator."""
    async with _client(spoken, organization) as client:
        yield client


def _client(spoken: RunningHub, organization: Tenant) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {organization.token}", "Content-Type": "application/json"}
    return httpx.AsyncClient(base_url=spoken.url + PREFIX, headers=headers, timeout=60, **PLAIN_HTTP)


def _framed(value: bytes) -> bytes:
    return b'{"value":' + value + b"}"


_MEMBERS = _framed(b"{" + b",".join(b'"%d":1' % number for number in range(99_000)) + b"}")
_MORE = _framed(b"{" + b",".join(b'"%d":1' % number for number in range(490_000)) + b"}")
_TEXT = _framed(b'"' + b"a,[" * 21_333_300 + b'"')
LARGE = {
    "one long text": (_TEXT, 200, 63_999_900),
    "many members": (_MEMBERS, 200, 99_000),
    "too many members": (_MORE, 413, "The JSON has more than 100000 values; send it in parts."),
    "lists in a list": (_framed(b"[" + b"[]," * 21_000_000 + b"0]"), 413, None),
    "lists in lists": (_framed(b"[" * 30 * MB + b"]" * 30 * MB), 413, None),
    "an open text": (b'{"value":"' + b"a" * 60 * MB, 400, None),
    "many numbers": (_framed(b'"' + b"1234567890123456789," * 300_000 + b'"'), 200, 6_000_000),
}


@pytest.mark.parametrize("name", LARGE)
async def test_a_large_body_does_not_stall_the_event_loop(name: str, spoken: RunningHub, client: httpx.AsyncClient):
    body, status, told = LARGE[name]

    stalls = await spoken.run(Stalls().__aenter__())
    answer = await client.put("/large", content=body)
    await spoken.run(stalls.__aexit__())

    assert answer.status_code == status, answer.text[:300]
    assert told is None or told in (answer.json(), answer.json().get("sentence") if status != 200 else None)
    assert stalls.longest < TURN


async def test_most_bytes_is_of_one_endpoint(spoken: RunningHub, client: httpx.AsyncClient, organization: Tenant):
    body = _framed(b'"' + b"a" * MB + b'"')

    usual, large = await client.put("/usual", content=body), await client.put("/large", content=body)
    with Sender(spoken, organization.token, size=MOST + 1) as sender:
        beyond = await asyncio.to_thread(sender.answer)

    assert [one.status_code for one in (usual, large)] == [413, 200]
    assert beyond.startswith("HTTP/1.1 413 ")
    assert str(MOST) in beyond


class Sender:
    """A request that is sent in parts."""

    def __init__(self, spoken: RunningHub, token: str, *, size: int = MOST) -> None:
        host, port = spoken.url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=20)
        self._socket.sendall(
            f"PUT {PREFIX}/large HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n".encode()
        )

    def send(self, size: int) -> None:
        """Send so many bytes, as far as they are taken."""
        self._socket.sendall(b" " * size)

    def answer(self) -> str:
        """The head of the answer and its body."""
        received = b""
        while part := self._socket.recv(65_536):
            received += part
        return received.decode()

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


async def test_bodies_that_exceed_the_room_together_are_refused(
    spoken: RunningHub, organization: Tenant, client: httpx.AsyncClient
):
    with Sender(spoken, organization.token) as first:
        await asyncio.to_thread(first.send, 40 * MB)
        second = await client.put("/large", content=_framed(b'"' + b"a" * 40 * MB + b'"'))
    third = await _answer(client, _framed(b'"' + b"a" * 40 * MB + b'"'), until=200)

    assert (second.status_code, second.headers["retry-after"]) == (429, "5")
    assert "send this one again" in second.json()["sentence"]
    assert third.status_code == 200


async def test_small_bodies_are_taken_beyond_the_room(hub: RunningHub, organization: Tenant):
    parts: list[int] = []
    with _speaking(hub, seconds=60, room=MB, parts=parts) as full, Sender(full, organization.token) as sender:
        await asyncio.to_thread(sender.send, MB)
        await eventually(lambda: _arrived(parts, MB))  # with another body beside it, its last part would be refused
        async with _client(full, organization) as client:
            large = await client.put("/large", content=_framed(b'"' + b"a" * 70_000 + b'"'))
            small = await client.put("/large", content=_framed(b'"' + b"a" * 60_000 + b'"'))

    assert (large.status_code, small.status_code) == (429, 200)


async def test_a_body_that_comes_slowly_ends_and_gives_its_room_back(hub: RunningHub, organization: Tenant):
    with _speaking(hub, seconds=0.3, room=MB) as hurried:
        with Sender(hurried, organization.token) as slow:
            await asyncio.to_thread(slow.send, MB)
            ended = await asyncio.to_thread(slow.answer)
        async with _client(hurried, organization) as client:
            next_one = await _answer(client, _framed(b'"' + b"a" * (MB // 2) + b'"'), until=200)

    assert ended.startswith("HTTP/1.1 408 ")
    assert next_one.status_code == 200


async def _arrived(parts: list[int], size: int) -> bool:
    return sum(parts) == size


async def _answer(client: httpx.AsyncClient, body: bytes, *, until: int) -> httpx.Response:
    """The answer once the hub has received all of another sender, or noticed that it has left."""
    for _ in range(200):
        answer = await client.put("/large", content=body)
        if answer.status_code == until:
            break
        await asyncio.sleep(0.02)
    return answer
