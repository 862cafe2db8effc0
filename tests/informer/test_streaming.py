"""The transparent proxy, for answers that are long or do not end: passed on while they come."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from models.tables import Dispatch
from models.vocabulary import DispatchOutcome
from tests.harness.apps import Apps
from tests.harness.waiting import eventually
from tests.informer.conftest import BASE, REQUEST, Informer, records
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer
from tests.upstreams.scripted import Scripted, read_head, scripted

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE = bytes(range(256)) * 4096


def opened(client: Informer, **request: Any) -> Any:
    """The call of an integration's API, whose answer is read as it comes."""
    return client.http.stream("POST", f"{BASE}{REQUEST}", headers=client.headers, json=request)


async def point(client: Informer, server: Scripted | FaultServer) -> None:
    await client.make(authType="bearer", apiBaseUri=server.url)
    await client.ok("POST", "/integrations/stock/connect", {"token": "t-4711"}, 201)


async def ended(apps: Apps) -> Dispatch:
    """The one record, once it has its outcome."""

    async def look() -> Dispatch | None:
        (record,) = await records(apps)
        return record if record.outcome else None

    return await eventually(look)


async def test_events_reach_the_client_as_they_come(client: Informer, apps: Apps):
    async def talk(reader, writer):
        await read_head(reader)
        writer.write(EVENTS)
        for number in range(3):
            await go_on.acquire()
            writer.write(b"9\r\ndata: %d\n\n\r\n" % number)
        writer.write(b"0\r\n\r\n")

    go_on = asyncio.Semaphore(1)
    come = []
    async with scripted(talk) as server:
        await point(client, server)
        async with opened(client, url="/events") as answer:
            (record,) = await records(apps)
            assert (record.outcome, record.external_status) == (None, None)  # under way
            async for piece in answer.aiter_bytes():
                come.append(piece)
                go_on.release()

    assert come == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n"]
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["x-accel-buffering"] == "no"
    record = await ended(apps)
    assert (record.outcome, record.external_status, record.response_bytes) == (DispatchOutcome.SUCCEEDED, 200, 27)


async def test_a_body_that_is_larger_than_memory_allows_is_passed_on(client: Informer, apps: Apps, upstream):
    await point(client, upstream)
    size = 0

    async with opened(client, url="/big?length=1&bytes=30000000") as answer:
        async for piece in answer.aiter_bytes():
            size += len(piece)

    assert (size, answer.headers["content-length"]) == (30_000_000, "30000000")
    record = await ended(apps)
    assert (record.outcome, record.response_bytes, record.error) == (DispatchOutcome.SUCCEEDED, size, None)


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Content-Length: 300000"])
async def test_a_body_that_is_cut_is_cut_for_the_client(framing: str, client: Informer, apps: Apps):
    async def talk(reader, writer):
        await read_head(reader)
        size = b"" if framing.startswith("Content") else b"30d40\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n%b" % (framing.encode(), size) + bytes(200_000))
        await writer.drain()
        writer.close()

    async with scripted(talk) as server:
        await point(client, server)
        with pytest.raises(httpx.RemoteProtocolError):
            await client("POST", REQUEST, {"url": "/file"})

    record = await ended(apps)
    assert (record.outcome, record.external_status) == (DispatchOutcome.UPSTREAM_FAILED, 200)
    assert record.response_bytes == 200_000
    assert record.error.startswith("The answer of the remote service is broken: it ends early, after 200000")


async def test_a_client_that_leaves_ends_the_call(client: Informer, apps: Apps):
    async def talk(reader, writer):
        await read_head(reader)
        writer.write(EVENTS + b"1\r\na\r\n")

    async with scripted(talk) as server:
        await point(client, server)
        async with opened(client, url="/events") as answer:
            assert await anext(answer.aiter_bytes()) == b"a"
            assert server.open == 1
        await eventually(server.is_left)

    record = await ended(apps)
    assert (record.outcome, record.response_bytes) == (DispatchOutcome.SUCCEEDED, 1)
    assert record.error == "The caller did not take the whole answer."


async def test_an_answer_that_is_kept_for_its_key_is_read_whole(client: Informer, upstream: FaultServer):
    await point(client, upstream)
    upstream.answers["/file"] = reply(LARGE, "image/png")

    answers = [
        await client("POST", REQUEST, {"url": "/file", "method": "POST"}, headers={"Idempotency-Key": "one"})
        for _ in range(2)
    ]

    assert [answer.content for answer in answers] == [LARGE, LARGE]
    assert upstream.seen["/file"] == 1


async def test_a_coding_that_is_not_undone_is_named(client: Informer, upstream: FaultServer):
    await point(client, upstream)
    upstream.answers["/file"] = reply(b"\x0b\x02\x80abc\x03", "text/plain", "200 OK", "Content-Encoding: br")

    async with opened(client, url="/file") as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])

    assert (raw, answer.headers["content-encoding"]) == (b"\x0b\x02\x80abc\x03", "br")
