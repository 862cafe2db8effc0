"""Large bodies: written as fast as they are taken, and no task keeps the loop for itself."""

from __future__ import annotations

import asyncio
import gc
import resource
from pathlib import Path
from urllib.parse import urlsplit

from proxy.answer_reader import AnswerReader
from proxy.http1 import Connection
from proxy.inflight import Inflight
from tests.proxy.sending import names, open_egress, request
from tests.upstreams.canned import OK, reply
from tests.upstreams.faults import FaultServer
from tests.upstreams.scripted import read_head, scripted
from tests.upstreams.tls import contexts

LARGE = bytes(10_000_000)


async def test_writes_no_more_than_the_other_side_takes():
    async def talk(reader, writer):
        await read_head(reader)
        started.set()
        await go_on.wait()
        await reader.readexactly(len(body))
        writer.write(OK)

    started, go_on = asyncio.Event(), asyncio.Event()
    body = bytes(40_000_000)
    async with scripted(talk) as server, open_egress() as egress:
        call = asyncio.create_task(egress.send(request(f"{server.url}/ok", "POST", body=body, seconds=60)))
        await started.wait()
        before = _resident_bytes()
        for _ in range(200):
            await asyncio.sleep(0)
        grown = _resident_bytes() - before
        go_on.set()
        answer = await call

    assert answer.status == 200
    assert grown < 10_000_000  # without back pressure all of it lies in the transport


async def test_takes_an_answer_that_comes_while_the_request_is_written():
    async def talk(reader, writer):
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10):
            piece = await reader.readexactly(1_000_000)
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async with scripted(talk) as server, open_egress() as egress:
        answer = await egress.send(request(f"{server.url}/echo", "POST", body=LARGE, seconds=60))

    assert answer.body == LARGE


async def test_takes_the_refusal_of_a_body_that_is_not_read():
    async def talk(reader, writer):
        await read_head(reader)
        await asyncio.sleep(0.1)  # so that the writer waits; without the pause it just has more to write
        writer.write(reply(b"too large", "text/plain", "413 Content Too Large", "Connection: close"))
        await asyncio.sleep(60)  # nothing more is read

    async with scripted(talk) as server, open_egress() as egress:
        answer = await egress.send(request(f"{server.url}/ok", "POST", body=bytes(40_000_000)))

    assert answer.status == 413


async def test_a_call_that_is_cancelled_as_its_connection_breaks_leaves_no_error_to_nobody():
    async def talk(reader, _writer):
        await read_head(reader)
        await asyncio.sleep(60)  # nothing more is read, so that the call waits

    loop, left = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, about: left.append(about["message"]))
    async with scripted(talk) as server:
        address = urlsplit(server.url)
        _, connection = await loop.create_connection(Connection, address.hostname, address.port)
        share = Inflight(1_000_000).share("")
        reader = AnswerReader(most=1, is_head=False)
        call = asyncio.create_task(connection.exchange(b"POST / HTTP/1.1\r\n\r\n", LARGE, reader, share))
        await asyncio.sleep(0.1)
        connection.connection_lost(ConnectionResetError("broken"))
        call.cancel()
        await asyncio.wait([call])
    del call, connection
    gc.collect()
    loop.set_exception_handler(None)

    assert left == []


async def test_large_bodies_pass_in_both_directions_over_one_connection_of_tls(tmp_path):
    server_side, client_side = contexts(tmp_path, "upstream.test")
    resolve = names({"upstream.test": ["127.0.0.1"]})

    with FaultServer(tls=server_side) as upstream:
        async with open_egress(resolve=resolve, tls=client_side, max_answer_bytes=20_000_000) as egress:
            url = f"https://upstream.test:{upstream.port}/echo"
            answers = [await egress.send(request(url, "POST", body=LARGE, seconds=60)) for _ in range(2)]

    assert [answer.body.endswith(LARGE) for answer in answers] == [True, True]
    assert upstream.connections == 1


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
