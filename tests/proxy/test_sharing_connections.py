"""Which calls may follow each other on a connection: nothing of one tenant or credential reaches another."""

from __future__ import annotations

import asyncio

import pytest

from models.errors import UpstreamFailed, UpstreamTimeout
from proxy.pool import Pool
from tests.harness.waiting import eventually
from tests.proxy.sending import names, open_egress, request
from tests.upstreams.canned import OK, reply
from tests.upstreams.scripted import read_head, scripted

#: To a server that ignores the length of a body, the begin of a request that the next one completes.
SMUGGLED = b"GET /echo?stolen HTTP/1.1\r\nX-Rest: "


@pytest.mark.parametrize(
    "other", [{"lane": "other"}, {"credential": "b"}, {"credential": ""}, {"url": "http://b.example:{port}/ok"}]
)
async def test_a_smuggled_request_takes_nothing_of_another_tenant_or_credential(other, upstream):
    upstream.ignores_bodies = True
    resolve = names({"a.example": ["127.0.0.1"], "b.example": ["127.0.0.1"]})
    usual = {"url": f"http://a.example:{upstream.port}/ok", "credential": "a"}
    theirs = usual | other | {"headers": (("Authorization", "Bearer theirs"),)}
    theirs["url"] = theirs["url"].format(port=upstream.port)

    async with open_egress(resolve=resolve) as egress:
        await egress.send(request(**usual, method="POST", body=SMUGGLED))
        answer = await egress.send(request(**theirs))

    assert answer.body == b'{"ok":true}'
    assert upstream.connections == 2
    assert [one.target for one in upstream.requests] == ["/ok", "/ok"]


async def test_the_same_credential_shares_connections_in_any_spelling_of_the_host(upstream):
    resolve = names({"a.example": ["127.0.0.1"]})

    async with open_egress(resolve=resolve) as egress:
        for host in ("a.example", "A.Example", "a.example."):
            await egress.send(request(f"http://{host}:{upstream.port}/ok", credential="a"))

    assert upstream.connections == 1


async def test_keeps_so_many_idle_connections_and_leaves_the_oldest(upstream):
    async with open_egress() as egress:
        egress._pool = Pool(60, most=2)
        for credential in ("a", "b", "c", "c", "b"):
            await egress.send(request(f"{upstream.url}/ok", credential=credential))
        kept = upstream.connections
        await egress.send(request(f"{upstream.url}/ok", credential="a"))

    assert (kept, upstream.connections) == (3, 4)


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("GET", reply(b"{}", "text/plain", "200 OK", "Connection: close")),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
        ("GET", OK + b"junk"),
        ("GET", OK + OK),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
        ("HEAD", OK),
    ],
    ids=["close", "1.0", "junk", "two", "204", "204-body", "304", "head", "head-body"],
)
async def test_leaves_a_connection_that_is_not_fit_for_another_exchange(method, answer, upstream):
    upstream.drops_second = True
    upstream.answers["/it"] = answer

    async with open_egress() as egress:
        answers = [await egress.send(request(f"{upstream.url}/it", method)) for _ in range(2)]

    assert [one.status for one in answers] == [int(answer[9:12])] * 2
    assert (upstream.connections, upstream.dropped) == (2, [])


async def test_keeps_a_connection_of_http_1_0_that_asks_for_it(upstream):
    upstream.drops_second = True
    upstream.answers["/it"] = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"

    async with open_egress() as egress:
        await egress.send(request(f"{upstream.url}/it"))
        with pytest.raises(UpstreamFailed):
            await egress.send(request(f"{upstream.url}/it"))

    assert (upstream.connections, len(upstream.dropped)) == (1, 1)


async def test_leaves_a_connection_after_an_answer_that_came_before_the_body_was_taken():
    async def talk(reader, writer):
        await read_head(reader)
        writer.write(OK)
        await asyncio.sleep(60)  # the body stays where it is

    async with scripted(talk) as server, open_egress() as egress:
        for _ in range(2):
            answer = await egress.send(request(f"{server.url}/ok", "POST", body=bytes(20_000_000)))

        assert (answer.status, server.connections) == (200, 2)


async def test_leaves_a_connection_on_which_bytes_came_unasked():
    async def talk(reader, writer):
        await read_head(reader)
        writer.write(OK)
        await asyncio.sleep(0.05)
        writer.write(OK.replace(b"true", b"evil"))
        await writer.drain()
        came.set()

    came = asyncio.Event()
    async with scripted(talk) as server, open_egress() as egress:
        await egress.send(request(f"{server.url}/ok"))
        await came.wait()
        came.clear()
        answer = await egress.send(request(f"{server.url}/ok"))

        assert (answer.body, server.connections) == (b'{"ok":true}', 2)


@pytest.mark.parametrize("ended", ["cancelled", "timed out"])
async def test_a_call_that_ends_before_its_answer_closes_its_connection(ended):
    async def talk(reader, writer):
        await read_head(reader)
        asked.set()

    asked = asyncio.Event()
    async with scripted(talk) as server, open_egress() as egress:
        call = asyncio.create_task(
            egress.send(request(f"{server.url}/ok", seconds=60 if ended == "cancelled" else 0.1))
        )
        await asked.wait()
        if ended == "cancelled":
            call.cancel()
        with pytest.raises(asyncio.CancelledError if ended == "cancelled" else UpstreamTimeout):
            await call

        await eventually(server.is_left)
