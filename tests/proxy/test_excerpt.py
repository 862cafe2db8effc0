"""Answers of which the head counts: no body, however bad, changes the status or costs time or memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from models.errors import UpstreamFailed, UpstreamTimeout
from models.vocabulary import UpstreamFailure
from proxy.message import Excerpt
from tests.proxy.sending import open_egress, request
from tests.proxy.test_egress_faults import MEGABYTE, resident_bytes, watch_memory
from tests.upstreams.canned import reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def notice(url: str, **fields: object):
    """A request as deliveries send them, of an excerpt that waits for nobody."""
    usual = {"body": b'{"a":1}', "excerpt": Excerpt(most_bytes=4096, seconds=0.2), "repeats_stale": True}
    return request(url, "POST", **usual | fields)


@asynccontextmanager
async def receiver(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A receiver that does with each connection as told, and closes it then."""

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the hub left
        finally:
            writer.close()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def read_request(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(len(b'{"a":1}'))


@pytest.mark.parametrize("path", ["/drip", "/big", "/big?length=1", "/bomb", "/big?bytes=50000000&length=1"])
async def test_an_endless_dripping_or_exploding_body_is_a_success_that_costs_little(path, faults):
    async with open_egress() as egress:
        await egress.send(notice(f"{faults.url}/ok"))
        before = resident_bytes()
        peak, stop = [before], asyncio.Event()
        watch = asyncio.create_task(watch_memory(peak, stop))
        began = time.monotonic()

        answer = await egress.send(notice(f"{faults.url}{path}", seconds=20))

        took = time.monotonic() - began
        stop.set()
        await watch
        assert egress._lanes._lanes == {}
    assert answer.status == 200
    assert len(answer.body) <= 4096
    assert took < 4  # a fifth of the request's whole time
    assert max(peak) - before < 5 * MEGABYTE


BROKEN = {
    "cut": (HEAD + b"Content-Length: 1000\r\n\r\nabc", b"abc"),
    "bad chunk at once": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", b""),
    "bad second chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n", b"abc"),
    "cut chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc", b"abc"),
    "endless chunk line": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 100_000, b""),
    "too long": (HEAD + b"Content-Length: 3\r\n\r\nabcHTTP/1.1 500 Evil\r\n\r\n", b"abc"),
    "no length": (HEAD + b"\r\nabc", b"abc"),
    "a body with 204": (b"HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n\r\nabc", b""),
    "interim answers first": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + HEAD + b"\r\nabc",
        b"abc",
    ),
    "an event stream": (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n", b"data: 1\n\n"),
}


@pytest.mark.parametrize(("raw", "body"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_body_does_not_change_the_status(raw, body, upstream):
    upstream.answers["/it"] = raw

    async with open_egress() as egress:
        answers = [await egress.send(notice(f"{upstream.url}/it", pooled=True)) for _ in range(2)]

    assert [answer.status for answer in answers] == [204 if b" 204 " in raw else 200] * 2
    assert [answer.body for answer in answers] == [body] * 2
    assert upstream.connections == 2, "a connection whose answer has no end is left"


@pytest.mark.parametrize("path", ["/garbage", "/empty", "/two-lengths", "/huge-header", "/reset"])
async def test_a_broken_head_is_a_failure(path, upstream):
    async with open_egress() as egress:
        with pytest.raises(UpstreamFailed):
            await egress.send(notice(f"{upstream.url}{path}"))

    assert len(upstream.requests) == 1


@pytest.mark.parametrize("path", ["/silent", "/slow-headers"])
async def test_the_head_must_come_in_time(path, faults):
    async with open_egress() as egress:
        with pytest.raises(UpstreamTimeout) as failure:
            await egress.send(notice(f"{faults.url}{path}", seconds=0.3))

    assert failure.value.reason is UpstreamFailure.TIMEOUT


async def test_a_body_that_outlasts_the_whole_time_is_no_time_out(faults):
    began = time.monotonic()

    async with open_egress() as egress:
        answer = await egress.send(
            notice(f"{faults.url}/drip", seconds=0.4, excerpt=Excerpt(most_bytes=4096, seconds=60))
        )

    assert answer.status == 200
    assert 0 < len(answer.body) < 4096
    assert 0.3 < time.monotonic() - began < 12  # a fifth of the excerpt's time


async def test_reads_so_many_bytes_and_keeps_the_connection_only_if_that_was_all(upstream):
    async def lengths(size: int) -> list[int]:
        answers = [await egress.send(notice(f"{upstream.url}/echo", body=bytes(size))) for _ in range(2)]
        return [len(answer.body) for answer in answers]

    async with open_egress() as egress:
        short = await lengths(1000)
        kept = upstream.connections
        long = await lengths(4 * MEGABYTE)

    assert 1000 < short[0] < 4096
    assert (kept, long, upstream.connections) == (1, [4096] * 2, 2)


async def test_an_excerpt_comes_in_pieces():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for piece in (HEAD + b"Content-Length: 6\r\n\r\n", b"abc", b"def"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    async with receiver(talk) as url, open_egress() as egress:
        answer = await egress.send(notice(f"{url}/", excerpt=Excerpt(most_bytes=4096, seconds=5)))

    assert answer.body == b"abcdef"


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
async def test_a_coded_body_is_left_out_and_none_is_asked_for(coding, upstream):
    upstream.answers["/coded"] = reply(b"\x1f\x8bnot gzip", "text/plain", "200 OK", f"Content-Encoding: {coding}")
    upstream.answers["/plain"] = reply(b"words", "text/plain", "200 OK", "Content-Encoding: identity")

    async with open_egress() as egress:
        coded = await egress.send(notice(f"{upstream.url}/coded"))
        plain = await egress.send(notice(f"{upstream.url}/plain"))

    assert (coded.status, coded.body, dict(coded.headers)["Content-Encoding"]) == (200, b"", coding)
    assert (plain.status, plain.body) == (200, b"words")
    assert upstream.requests[0].header("Accept-Encoding") == ["identity"]


@pytest.mark.parametrize("takes_it_later", [False, True])
async def test_an_early_answer_counts_and_stops_a_request_that_is_not_taken(takes_it_later):
    taken = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.05)  # until the hub waits
        writer.write(b"HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.05 if takes_it_later else 60)
        while part := await reader.read(MEGABYTE):
            taken += len(part)

    excerpt = Excerpt(most_bytes=1, seconds=0.5)
    async with receiver(talk) as url, open_egress() as egress:
        answer = await egress.send(notice(f"{url}/", body=bytes(30 * MEGABYTE), seconds=1, excerpt=excerpt))

    assert answer.status == 413
    assert taken < 20 * MEGABYTE


async def test_an_excerpt_of_a_cancelled_call_ends():
    answered = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b"Content-Length: 9\r\n\r\nabc")
        answered.set()
        await reader.read()

    async with receiver(talk) as url, open_egress() as egress:
        call = asyncio.create_task(egress.send(notice(f"{url}/", excerpt=Excerpt(most_bytes=9, seconds=60))))
        await answered.wait()
        await asyncio.sleep(0.05)
        call.cancel()

        with pytest.raises(asyncio.CancelledError):
            await call
        assert egress._lanes._lanes == {}
