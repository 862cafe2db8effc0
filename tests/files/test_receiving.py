"""Bytes as they come in over a socket: not one more than was promised, in time, and never half."""

import asyncio
import os
import socket
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import psutil
import pytest

from models.vocabulary import UploadPurpose
from resolvers.uploads.content import MOST_BYTES
from tests.door.server import drain
from tests.files.conftest import refused
from tests.files.pictures import SVG
from tests.harness.backends import both


async def test_reads_no_more_of_200_megabytes_than_was_promised(uploads, organization, assets):
    promised = await uploads.create(size=1000)
    before = psutil.Process(os.getpid()).memory_info().rss

    sent, answer = await asyncio.to_thread(flood, uploads, organization.token, promised["url"])
    grown = psutil.Process(os.getpid()).memory_info().rss - before

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent < 50_000_000
    assert grown < 20_000_000
    assert [asset.filled_at for asset in await assets()] == [None]


async def test_cuts_bytes_that_drip(strict, organization, assets):
    promised = await strict.create(size=1000)
    path = promised["url"].removeprefix("https://hub.example.com")

    async with raw_put(strict, organization.token, path, "Content-Length: 1000") as (reader, writer):
        writer.write(b"a")
        head = await asyncio.wait_for(reader.readline(), 30)

    assert head == b"HTTP/1.1 408 Request Timeout\r\n"
    assert [asset.filled_at for asset in await assets()] == [None]


async def test_a_client_that_leaves_leaves_nothing(uploads, organization, assets):
    promised = await uploads.create(size=len(SVG))

    async with raw_put(uploads, organization.token, promised["url"], f"Content-Length: {len(SVG)}") as (_, writer):
        writer.write(SVG[:10])
        await writer.drain()
    again = await uploads.put(promised["url"], SVG)

    assert again.status_code == 200
    assert [asset.content for asset in await assets()] == [SVG]


@both
async def test_takes_one_of_two_puts_at_once(uploads, organization, assets):
    promised = await uploads.create(size=len(SVG))
    framing = f"Content-Length: {len(SVG)}\r\nExpect: 100-continue"
    drawn = [SVG, SVG.replace(b"Box", b"Bin")]

    async with AsyncExitStack() as stack:
        puts = [
            await stack.enter_async_context(raw_put(uploads, organization.token, promised["url"], framing))
            for _ in drawn
        ]
        asked = await _the_first_asked_for_more(puts, 2)
        for (_, writer), content in zip(asked, drawn, strict=True):
            writer.write(content)
        answers = [await reader.readuntil(b"}") for reader, _ in asked]

    won = [b"HTTP/1.1 200 OK" in answer for answer in answers]
    assert sorted(won) == [False, True]
    assert b"HTTP/1.1 409 Conflict" in answers[won.index(False)]
    assert [asset.content for asset in await assets()] == [drawn[won.index(True)]]


async def test_holds_few_bodies_of_one_organization_at_once(uploads, stranger, organization, assets):
    urls = [(await uploads.create(size=len(SVG)))["url"] for _ in range(3)]
    framing = f"Content-Length: {len(SVG)}\r\nExpect: 100-continue"

    async with AsyncExitStack() as stack:
        puts = [await stack.enter_async_context(raw_put(uploads, organization.token, url, framing)) for url in urls]
        (first, _), *_ = running = await _the_first_asked_for_more(puts, 2)
        (waiting,) = [put for put in puts if put not in running]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting[0].readexactly(1), 0.5)
        await stranger.send(SVG)
        running[0][1].write(SVG)
        done = await first.readuntil(b"}")
        asked = await asyncio.wait_for(waiting[0].readline(), 30)

    assert b"HTTP/1.1 200 OK" in done
    assert asked == b"HTTP/1.1 100 Continue\r\n"
    assert sorted(asset.filled_at is not None for asset in await assets()) == [False, False, True]


async def test_takes_encoded_bytes_not_at_all(uploads, assets):
    promised = await uploads.create(size=len(SVG))

    assert refused(await uploads.put(promised["url"], SVG, **{"Content-Encoding": "gzip"}), 415) == "BAD_REQUEST"
    assert [asset.filled_at for asset in await assets()] == [None]


@both
async def test_takes_a_document_of_64_megabytes(uploads, assets):
    content = b"a: 1\n".ljust(MOST_BYTES[UploadPurpose.DOCUMENT], b"#")

    upload_id = await uploads.send(content, "DOCUMENT")

    (asset,) = await assets()
    assert (asset.id, asset.size, asset.content_type) == (upload_id, len(content), "application/yaml")
    assert asset.content == content


def flood(uploads, token, path):
    """Put 200 MB without a length: how much of it could be sent, and the answer."""
    sent = 0
    with socket.create_connection((uploads.http.base_url.host, uploads.http.base_url.port), 10) as connection:
        connection.sendall(head_of_put(token, path, "Transfer-Encoding: chunked"))
        with suppress(OSError):
            while sent < 200_000_000:
                connection.sendall(b"10000\r\n" + bytes(65_536) + b"\r\n")
                sent += 65_536
        return sent, drain(connection)


def head_of_put(token, path, framing):
    """The head of a request whose body is still to come."""
    return f"PUT {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n".encode()


async def _the_first_asked_for_more(puts, count):
    """Those `count` connections that the server asks for a body first."""
    asks = {asyncio.ensure_future(put[0].readuntil(b"100 Continue")): put for put in puts}
    found = []
    while len(found) < count:
        done, _ = await asyncio.wait(asks, return_when=asyncio.FIRST_COMPLETED)
        found += [asks.pop(one) for one in done]
    for one in asks:
        one.cancel()
    await asyncio.gather(*asks, return_exceptions=True)
    return found


@asynccontextmanager
async def raw_put(uploads, token, path, framing):
    """A connection on which the head of a PUT has been sent, and no byte of its body."""
    url = uploads.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(head_of_put(token, path, framing))
    try:
        yield reader, writer
    finally:
        writer.close()
