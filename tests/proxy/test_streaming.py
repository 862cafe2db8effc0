"""Answers that are handed over before their end."""

from __future__ import annotations

import asyncio
import gzip
import random
import zlib
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from models.errors import UpstreamFailed, UpstreamTimeout
from models.vocabulary import UpstreamFailure
from proxy.message import Answer
from proxy.streaming import StreamLimits
from tests.harness.waiting import eventually
from tests.proxy.sending import open_egress, request
from tests.upstreams.canned import OK, reply
from tests.upstreams.scripted import read_head, scripted

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"
LARGE = random.Random(1).randbytes(1_000_000)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def streaming(url: str, method: str = "GET", **more: Any) -> Any:
    return request(url, method, streams=True, **more)


async def whole(answer: Answer) -> bytes:
    """The body, also of an answer that came at once."""
    if answer.rest is None:
        return answer.body
    async with aclosing(answer.rest):
        return answer.body + b"".join([piece async for piece in answer.rest])


async def take(answer: Answer, come: list[bytes]) -> None:
    async for piece in answer.rest:
        come.append(piece)  # noqa: PERF401  what came before a failure stays


async def settled(written: list[int]) -> int:
    """The length of a list to which nothing more is added."""
    length = -1
    while length != len(written):
        length = len(written)
        await asyncio.sleep(0.2)
    return length


def speaks(*said: bytes) -> Callable[..., Any]:
    """Answer each request of a connection with these bytes."""

    async def talk(reader, writer):
        while await read_head(reader):
            for piece in said:
                writer.write(piece)
                await writer.drain()

    return talk


async def test_events_come_one_by_one():
    async def talk(reader, writer):
        await read_head(reader)
        writer.write(EVENTS + CHUNKED + b"\r\n")
        for number in range(3):
            await go_on.wait()
            go_on.clear()
            writer.write(chunk(b"data: %d\n\n" % number))
        writer.write(END)

    go_on, come = asyncio.Event(), []
    async with scripted(talk) as server, open_egress() as egress:
        answer = await egress.send(streaming(server.url))
        assert (answer.status, answer.body) == (200, b"")
        go_on.set()
        async for piece in answer.rest:
            come.append(piece)
            go_on.set()

    assert come == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n"]


@pytest.mark.parametrize(
    "said",
    [
        reply(LARGE, "image/png"),
        b"HTTP/1.1 201 Made\r\n" + CHUNKED + b"\r\n" + chunk(LARGE) + END,
        reply(gzip.compress(LARGE[:-5]) + gzip.compress(LARGE[-5:]), "image/png", "200 OK", "Content-Encoding: gzip"),
        EVENTS + CHUNKED + b"Content-Encoding: deflate\r\n\r\n" + chunk(zlib.compress(LARGE)) + END,
    ],
    ids=["length", "chunks", "gzip", "deflate"],
)
async def test_a_long_answer_arrives_as_it_was_sent_and_leaves_its_connection(said):
    async with scripted(speaks(said)) as server, open_egress() as egress:
        first = await whole(await egress.send(streaming(server.url)))
        second = await whole(await egress.send(streaming(server.url)))
        connections = server.connections

    assert first == second == LARGE
    assert connections == 1


async def test_a_connection_that_serves_the_next_call_is_left_alone():
    async with scripted(speaks(reply(LARGE))) as server, open_egress() as egress:
        first = await egress.send(streaming(server.url))
        await take(first, [])
        second = await egress.send(streaming(server.url))
        await first.rest.aclose()

        assert await whole(second) == LARGE
        assert server.connections == 1


async def test_what_has_come_is_decoded_in_turns():
    turns = 0

    async def turn():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    said = EVENTS + CHUNKED + b"Content-Encoding: gzip\r\n\r\n" + chunk(gzip.compress(bytes(50_000_000)))
    async with scripted(speaks(said, END)) as server, open_egress() as egress:
        answer = await egress.send(streaming(server.url))
        ticking = asyncio.create_task(turn())
        size = len(await whole(answer))
        ticking.cancel()

    assert size == 50_000_000
    assert turns >= 190  # 256 kB for each


async def test_a_stream_may_have_any_number_of_members():
    said = b"".join(chunk(gzip.compress(b"data: %d\n\n" % number)) for number in range(1100))
    head = EVENTS + CHUNKED + b"Content-Encoding: gzip\r\n\r\n"
    async with scripted(speaks(head, said, END)) as server, open_egress() as egress:
        assert (await whole(await egress.send(streaming(server.url)))).endswith(b"data: 1099\n\n")


async def test_what_follows_an_end_is_bounded():
    async def talk(reader, writer):
        await read_head(reader)
        writer.write(EVENTS + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"data"))
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with scripted(talk) as server, open_egress() as egress:
        answer = await egress.send(streaming(server.url))
        with pytest.raises(UpstreamFailed, match="more than 1 MB follows"):
            await whole(answer)


async def test_says_the_length_of_what_is_not_decoded():
    async with scripted(speaks(reply(LARGE))) as server, open_egress() as egress:
        answer = await egress.send(streaming(server.url))
        await answer.rest.aclose()

    assert answer.rest.length == len(LARGE)


@pytest.mark.parametrize(
    "said",
    [
        OK,
        reply(LARGE[: 64 * 1024]),
        reply(LARGE, "text/plain", "401 No"),
        reply(LARGE, "text/plain", "503 Busy"),
        reply(gzip.compress(zlib.compress(LARGE)) * 2, "x/y", "200 OK", "Content-Encoding: deflate, gzip"),
    ],
    ids=["small", "64 kB", "refusal", "busy", "a list of codings"],
)
async def test_other_answers_are_read_whole(said):
    async with scripted(speaks(said)) as server, open_egress() as egress:
        answer = await egress.send(streaming(server.url, "POST"))

    assert answer.rest is None
    assert answer.body


async def test_nothing_streams_that_was_not_asked_to():
    async with scripted(speaks(reply(LARGE))) as server, open_egress() as egress:
        assert (await egress.send(request(server.url))).body == LARGE


@pytest.mark.parametrize(
    ("said", "reason", "words"),
    [
        (EVENTS + CHUNKED + b"\r\n" + chunk(b"data"), UpstreamFailure.BAD_RESPONSE, "early, after 4 bytes"),
        (EVENTS + b"Content-Length: 9\r\n\r\ndata", UpstreamFailure.BAD_RESPONSE, "early, after 4 of 9 bytes"),
        (EVENTS + CHUNKED + b"\r\n" + chunk(b"data") + b"zz\r\n", UpstreamFailure.BAD_RESPONSE, "chunk size"),
        (
            EVENTS + CHUNKED + b"Content-Encoding: gzip\r\n\r\n" + chunk(gzip.compress(b"data")[:-2]) + END,
            UpstreamFailure.BAD_RESPONSE,
            "gzip ends early",
        ),
    ],
    ids=["chunks", "length", "framing", "coding"],
)
async def test_a_part_is_never_taken_for_the_whole(said, reason, words):
    async def talk(reader, writer):
        await read_head(reader)
        head, _, rest = said.partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        await handed_over.wait()
        writer.write(rest)
        writer.close()

    handed_over, come = asyncio.Event(), []
    async with scripted(talk) as server, open_egress() as egress:
        answer = await egress.send(streaming(server.url))
        handed_over.set()
        with pytest.raises(UpstreamFailed, match=words) as failed:
            await take(answer, come)

    assert b"".join(come) == b"data"
    assert (failed.value.reason, failed.value.external_status) == (reason, 200)


@pytest.mark.parametrize(
    ("limits", "words"),
    [(StreamLimits(silent=0.05), "sent nothing more"), (StreamLimits(whole=0.05), "did not end within 0.05 seconds")],
)
async def test_a_silent_stream_ends(limits, words):
    async with scripted(speaks(EVENTS + CHUNKED + b"\r\n")) as server, open_egress(stream_limits=limits) as egress:
        answer = await egress.send(streaming(server.url))
        with pytest.raises(UpstreamTimeout, match=words):
            await whole(answer)
        await eventually(server.is_left)


async def test_a_stream_that_nobody_takes_ends_in_its_time():
    limits = StreamLimits(whole=0.05)
    async with scripted(speaks(EVENTS + CHUNKED + b"\r\n")) as server, open_egress(stream_limits=limits) as egress:
        await egress.send(streaming(server.url))
        await eventually(server.is_left)


async def test_reads_no_more_than_the_client_takes():
    async def talk(reader, writer):
        await read_head(reader)
        writer.write(EVENTS + b"Content-Length: 50000000\r\n\r\n")
        for _ in range(50):
            writer.write(bytes(1_000_000))
            written.append(1)
            await writer.drain()

    written: list[int] = []
    async with scripted(talk) as server, open_egress() as egress:
        answer = await egress.send(streaming(server.url))
        ahead = await settled(written)
        size = len(await whole(answer))

    assert ahead < 25  # what the sockets of the system hold
    assert size == 50_000_000


async def test_a_stream_holds_its_place_until_it_is_closed():
    async with scripted(speaks(EVENTS + CHUNKED + b"\r\n")) as server, open_egress(per_host=1) as egress:
        answer = await egress.send(streaming(server.url))
        waiting = asyncio.create_task(egress.send(streaming(server.url)))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await answer.rest.aclose()
        await (await waiting).rest.aclose()
        await eventually(server.is_left)
