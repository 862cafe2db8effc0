"""What a bad upstream does is an outcome, within the time and the size that were set."""

from __future__ import annotations

import asyncio
import gzip
import resource
import time
from pathlib import Path

import pytest

from models.errors import InvalidInput, UpstreamFailed, UpstreamTimeout
from models.vocabulary import UpstreamFailure
from proxy.call import Answer
from tests.proxy.sending import open_egress, request

MEGABYTE = 1024 * 1024


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@pytest.mark.parametrize("path", ["/silent", "/slow-headers", "/drip"])
async def test_the_deadline_holds_whatever_trickles_in(path, faults):
    began = time.monotonic()

    async with open_egress() as egress:
        with pytest.raises(UpstreamTimeout) as failure:
            await egress.send(request(f"{faults.url}{path}", seconds=0.4))

    assert 0.4 <= time.monotonic() - began < 20
    assert failure.value.reason is UpstreamFailure.TIMEOUT
    assert failure.value.message == "The remote service did not answer in time."


@pytest.mark.parametrize("path", ["/big", "/big?length=1", "/bomb"])
async def test_an_endless_or_exploding_body_is_cut_and_costs_little_memory(path, faults):
    async with open_egress() as egress:
        await egress.send(request(f"{faults.url}/ok"))
        before = resident_bytes()
        peak, stop = [before], asyncio.Event()
        watch = asyncio.create_task(watch_memory(peak, stop))

        with pytest.raises(UpstreamFailed) as failure:
            await egress.send(request(f"{faults.url}{path}", seconds=20))

        stop.set()
        await watch
    assert failure.value.reason is UpstreamFailure.TOO_LARGE
    assert failure.value.external_status == 200
    assert failure.value.message == "The answer is larger than 10485760 bytes."
    assert max(peak) - before < 20 * MEGABYTE


async def watch_memory(peak: list[int], stop: asyncio.Event) -> None:
    while not stop.is_set():
        peak.append(resident_bytes())
        await asyncio.sleep(0)


async def test_a_body_of_just_the_cap_is_taken(upstream):
    upstream.answers["/even"] = b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1000
    upstream.answers["/odd"] = b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1001

    async with open_egress(max_answer_bytes=1000) as egress:
        answer = await egress.send(request(f"{upstream.url}/even"))
        with pytest.raises(UpstreamFailed) as failure:
            await egress.send(request(f"{upstream.url}/odd"))

    assert answer.body == b"a" * 1000
    assert failure.value.reason is UpstreamFailure.TOO_LARGE


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/reset", UpstreamFailure.UNREACHABLE),
        ("/empty", UpstreamFailure.UNREACHABLE),
        ("/garbage", UpstreamFailure.BAD_RESPONSE),
        ("/short", UpstreamFailure.BAD_RESPONSE),
        ("/bad-chunk", UpstreamFailure.BAD_RESPONSE),
        ("/cut-chunk", UpstreamFailure.BAD_RESPONSE),
        ("/two-lengths", UpstreamFailure.BAD_RESPONSE),
        ("/bad-gzip", UpstreamFailure.BAD_RESPONSE),
        ("/huge-header", UpstreamFailure.BAD_RESPONSE),
    ],
)
async def test_a_broken_answer_is_a_failure_and_a_post_is_sent_once(path, reason, upstream):
    async with open_egress() as egress:
        with pytest.raises(UpstreamFailed) as failure:
            await egress.send(request(f"{upstream.url}{path}", "POST", body=b"{}"))

    assert failure.value.reason is reason
    assert upstream.host not in failure.value.message
    assert len(upstream.requests) == 1


async def test_a_failed_exchange_leaves_the_pool_usable(upstream):
    async with open_egress() as egress:
        for path in ("/short", "/bad-chunk", "/big?bytes=20000000"):
            with pytest.raises(UpstreamFailed):
                await egress.send(request(f"{upstream.url}{path}"))
        answer = await egress.send(request(f"{upstream.url}/ok"))

    assert answer.body == b'{"ok":true}'


async def test_keeps_connections_alive(upstream):
    async with open_egress() as egress:
        for _ in range(5):
            await egress.send(request(f"{upstream.url}/ok"))

    assert upstream.connections == 1


async def test_sends_the_request_as_it_was_made(upstream):
    headers = (("Authorization", "Bearer t"), ("X-Name", "Zoë"), ("Content-Type", "application/json"))
    made = request(f"{upstream.url}/echo/a%2Fb?q=%20x&q=2", "PATCH", headers=headers, body=b'{"a":1}')

    async with open_egress() as egress:
        answer = await egress.send(made)

    assert answer.body.decode().split("\r\n") == [
        "PATCH /echo/a%2Fb?q=%20x&q=2 HTTP/1.1",
        f"Host: 127.0.0.1:{upstream.port}",
        "User-Agent: Patchbay",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
        "Authorization: Bearer t",
        "X-Name: Zoë",
        "Content-Type: application/json",
        "Content-Length: 7",
        "",
        '{"a":1}',
    ]


async def test_sends_large_bodies_whole(upstream):
    body = bytes(range(256)) * 20_000

    async with open_egress() as egress:
        await egress.send(request(f"{upstream.url}/ok", "POST", body=body))

    assert upstream.requests[0].body == body


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
async def test_a_header_that_slipped_through_is_not_sent(value, upstream):
    async with open_egress() as egress:
        with pytest.raises(InvalidInput) as refusal:
            await egress.send(request(f"{upstream.url}/echo", headers=(("X-Bad", value),)))

    assert refusal.value.path == ("headers",)
    assert upstream.requests == []


async def test_keeps_no_cookie(upstream):
    async with open_egress() as egress:
        first = await egress.send(request(f"{upstream.url}/cookie"))
        await egress.send(request(f"{upstream.url}/ok"))
        await egress.send(request(f"{upstream.url}/ok", lane="other"))

    assert ("Set-Cookie", "session=upstream; Path=/") in first.headers
    assert [received.header("Cookie") for received in upstream.requests] == [[], [], []]


async def test_decompresses_what_was_compressed(upstream):
    packed = gzip.compress(b'{"a":1}')
    upstream.answers["/gzip"] = (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    )

    async with open_egress() as egress:
        answer = await egress.send(request(f"{upstream.url}/gzip"))

    assert answer.body == b'{"a":1}'


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_speaks_every_method_with_a_real_server(method, httpbin):
    body = None if method == "GET" else b'{"n":1}'
    headers = (("Content-Type", "application/json"),)

    async with open_egress() as egress:
        answer = await egress.send(request(f"{httpbin}/{method.lower()}?a=1", method, body=body, headers=headers))

    assert answer.status == 200
    assert answer.content_type == "application/json"
    assert b'"args":{"a":"1"}' in answer.body
    assert (b'"json":{"n":1}' in answer.body) is (method != "GET")


@pytest.mark.parametrize("status", [204, 304, 400, 404, 500, 503])
async def test_an_error_status_is_an_answer(status, httpbin):
    async with open_egress() as egress:
        answer = await egress.send(request(f"{httpbin}/status/{status}", "POST"))

    assert isinstance(answer, Answer)
    assert (answer.status, answer.attempts) == (status, 1)
