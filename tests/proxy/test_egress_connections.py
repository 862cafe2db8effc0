"""Connections that are closed by the other side as a request goes out on them: nothing is sent twice unasked."""

from __future__ import annotations

import asyncio

import pytest

from models.errors import UpstreamFailed, UpstreamTimeout
from models.vocabulary import TokenEndpointAuth, UpstreamFailure
from proxy.call import Answer, call
from proxy.egress import IDLE_SECONDS
from proxy.oauth.endpoint import RefreshToken, TokenEndpoint, fetch_token
from tests.proxy.sending import open_egress, request
from tests.upstreams.canned import OK


async def test_a_post_that_is_not_pooled_finds_an_open_connection(upstream):
    upstream.drops_second = True

    async with open_egress() as egress:
        answers = [
            await egress.send(request(f"{upstream.url}/ok", "POST", body=b"{}", pooled=False)) for _ in range(3)
        ]

    assert [answer.status for answer in answers] == [200] * 3
    assert (upstream.connections, len(upstream.requests), upstream.dropped) == (3, 3, [])
    assert all(b"connection: close" in one.raw.lower() for one in upstream.requests)


async def test_a_token_is_asked_for_over_a_connection_of_its_own(upstream):
    upstream.drops_second = True
    endpoint = TokenEndpoint(
        url=f"{upstream.url}/token", client_id="a", client_secret="b", auth=TokenEndpointAuth.BASIC
    )

    async with open_egress() as egress:
        answers = [
            await fetch_token(egress, endpoint, RefreshToken(token=token), lane="acme") for token in ("t1", "t2")
        ]

    assert [answer.access_token for answer in answers] == ["a-token-of-the-vendor"] * 2
    assert (upstream.connections, upstream.dropped) == (2, [])


async def test_a_pooled_post_that_was_lost_is_not_sent_again(upstream):
    upstream.drops_second = True
    post = request(f"{upstream.url}/ok", "POST", body=b"{}")

    async with open_egress() as egress:
        first = await call(egress, post)
        second = await call(egress, post)

    assert isinstance(first, Answer)
    assert (second.error.reason, second.attempts) == (UpstreamFailure.UNREACHABLE, 1)
    assert (upstream.connections, len(upstream.requests), len(upstream.dropped)) == (1, 1, 1)


async def test_a_pooled_get_that_was_lost_is_asked_again_over_another_connection(upstream):
    upstream.drops_second = True

    async with open_egress() as egress:
        answers = [await call(egress, request(f"{upstream.url}/ok")) for _ in range(2)]

    assert [(answer.status, answer.attempts) for answer in answers] == [(200, 1), (200, 2)]
    assert (upstream.connections, len(upstream.dropped)) == (2, 1)


async def test_a_connection_is_left_before_the_other_side_gives_it_up(upstream):
    upstream.drops_second = True

    async with open_egress(idle_seconds=0.05) as egress:
        await egress.send(request(f"{upstream.url}/ok", "POST", body=b"{}"))
        await asyncio.sleep(0.2)  # longer does no harm
        answer = await egress.send(request(f"{upstream.url}/ok", "POST", body=b"{}"))

    assert answer.status == 200
    assert (upstream.connections, upstream.dropped) == (2, [])
    assert IDLE_SECONDS < 5, "as Node.js, uvicorn and Apache keep them"


async def test_a_post_that_may_repeat_is_sent_again_over_a_fresh_connection(upstream):
    upstream.drops_second = True
    post = request(f"{upstream.url}/ok", "POST", body=b"{}", repeats_stale=True)

    async with open_egress() as egress:
        answers = [await egress.send(post) for _ in range(3)]

    assert [answer.status for answer in answers] == [200] * 3
    assert (upstream.connections, len(upstream.requests), len(upstream.dropped)) == (3, 3, 2)
    assert {one.raw for one in (*upstream.requests, *upstream.dropped)} == {upstream.requests[0].raw}


async def test_a_fresh_connection_that_is_closed_without_an_answer_is_a_failure_at_once(upstream):
    async with open_egress() as egress:
        for path in ("/reset", "/empty"):
            with pytest.raises(UpstreamFailed):
                await egress.send(request(f"{upstream.url}{path}", "POST", body=b"{}", repeats_stale=True))

    assert (upstream.connections, len(upstream.requests)) == (2, 2)


async def test_a_stale_connection_is_replaced_once_only(upstream):
    async with open_egress() as egress:
        await egress.send(request(f"{upstream.url}/ok", "POST", body=b"{}"))
        with pytest.raises(UpstreamFailed):
            await egress.send(request(f"{upstream.url}/reset", "POST", body=b"{}", repeats_stale=True))

    assert (upstream.connections, len(upstream.requests)) == (2, 3)


async def test_an_answer_that_has_begun_is_never_asked_for_again(upstream):
    upstream.answers["/cut"] = b"HTTP/1.1 200 OK\r\nContent-Le"

    async with open_egress() as egress:
        await egress.send(request(f"{upstream.url}/ok", "POST", body=b"{}"))
        with pytest.raises(UpstreamFailed):
            await egress.send(request(f"{upstream.url}/cut", "POST", body=b"{}", repeats_stale=True))

    assert (upstream.connections, len(upstream.requests)) == (1, 2)


async def test_a_repetition_has_only_the_time_that_is_left(upstream):
    upstream.drops_second = True

    async with open_egress() as egress:
        await egress.send(request(f"{upstream.url}/ok", "POST", body=b"{}"))
        with pytest.raises(UpstreamTimeout):
            await egress.send(request(f"{upstream.url}/silent", "POST", body=b"{}", seconds=0.3, repeats_stale=True))

    assert (upstream.connections, len(upstream.dropped)) == (2, 1)


async def test_200_posts_to_a_server_that_closes_as_they_come_are_answered():
    idle, seen = 0.01, []

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            while True:
                seen.append((head, await reader.readexactly(2)))
                writer.write(OK)
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), idle)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with open_egress() as egress:
        for number in range(200):
            answer = await egress.send(request(url, "POST", body=b"{}", repeats_stale=True))
            assert answer.status == 200
            await asyncio.sleep(idle * (0.9 + number % 20 / 100))
    server.close()

    assert len(seen) == 200
